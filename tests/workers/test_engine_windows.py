"""Send windows, quiet hours and the customer's clock through the engine on a real database (Q1-Q3, T4, T5)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.workers.town import NOW, Town

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SPREAD = timedelta(minutes=15)
NINE_TO_NINE = [{"from": "09:00", "to": "21:00"}]

REMINDER = """
name: Reminder
entry: {{event: Product Added}}
{head}
steps:
  - id: remind
    kind: message
    channels: [sms]
    text: Hi {{{{ contact.name }}}}.
    {step}
"""
AT_NINE = """
name: At nine
entry: {event: Product Added}
steps:
  - {id: night, kind: wait, at: "09:00"}
  - {id: remind, kind: message, channels: [sms], text: "Hi {{ contact.name }}."}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """It is Monday, 9:00 UTC, in the winter."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def add_customer(town: Town, phone: str = "+5511987650001", user: str = "u1", zone: str = "") -> int:
    """Somebody who may be written to by SMS; a Brazilian number has no zone of its own, so the workspace's counts."""
    contact = town.add_contact("Ana", phone)
    town.event("identify", user=user, traits={"timezone": zone} if zone else {})
    absorbed = town.identity("user_id", user)
    assert absorbed is not None
    town.merge(absorbed, contact)
    return contact


def set_quiet_hours(town: Town, window: list[dict[str, Any]]) -> None:
    from tertulia.data.models import Workspace

    Workspace.objects.filter(pk=town.workspace.pk).update(send_window=window)
    town._change_epoch()


def remind(town: Town, *, head: str = "", step: str = "", user: str = "u1") -> None:
    town.publish(REMINDER.format(head=head, step=step))
    town.event("track", user=user, name="Product Added")


def read_facts(town: Town, outcome: str) -> list[dict[str, Any]]:
    """What the ledger's rows about messages say, in their order."""
    return [facts for (facts,) in town.rows("select facts from ledger where outcome = %s order by at", outcome)]


def test_Q1_outside_the_quiet_hours_it_is_held_until_they_are_over(town: Town) -> None:
    """In New York it is 4:00. Released soon after 9:00 there, at a place of its own, it passes all gates again."""
    add_customer(town, zone="America/New_York")
    set_quiet_hours(town, NINE_TO_NINE)
    remind(town)
    assert town.sending("sms") == []
    assert town.ledger() == [("remind", "held", "send_window", "send_window.closed")]
    [facts] = read_facts(town, "held")
    assert facts["used"] == {
        "windows": ["workspace"], "closed": "workspace", "opens": "2026-11-02T14:00:00+00:00",
        "zone": "America/New_York", "zone_of": "contact", "local": "2026-11-02T04:00",
    }  # fmt: skip
    town.advance(5 * HOUR - MINUTE)
    assert town.sending("sms") == []
    until = datetime.fromisoformat(facts["until"])
    assert NOW + 5 * HOUR <= until < NOW + 5 * HOUR + SPREAD
    town.advance(until - town.now)
    assert len(town.sending("sms")) == 1


def test_Q1_the_windows_of_workspace_and_journey_hold_together(town: Town) -> None:
    """Open in the workspace from 9:00, in the journey from 12:00; what the step says takes the journey's place."""
    add_customer(town)
    set_quiet_hours(town, NINE_TO_NINE)
    remind(town, head='window: {from: "12:00", to: "23:00"}')
    [facts] = read_facts(town, "held")
    assert (facts["used"]["windows"], facts["used"]["closed"]) == (["workspace", "journey"], "journey")
    assert facts["used"]["opens"] == "2026-11-02T12:00:00+00:00"
    remind(town, head='window: {from: "12:00", to: "23:00"}', step='window: {from: "08:00", to: "10:00"}')
    assert len(town.sending("sms")) == 1


def test_Q1_on_the_wrong_day_it_waits_over_midnight(town: Town) -> None:
    """Only at night from Tuesday to Wednesday."""
    add_customer(town)
    remind(town, head='window: {from: "22:00", to: "02:00", days: [tue]}')
    town.advance(36 * HOUR)
    assert town.sending("sms") == []
    town.advance(HOUR + SPREAD)
    assert len(town.sending("sms")) == 1


def test_Q2_dropped_outside_the_window_it_is_sent_on_no_channel(town: Town) -> None:
    """And the run goes on."""
    contact = add_customer(town)
    remind(town, head='window: {from: "12:00", to: "23:00"}\noutside: drop')
    assert town.past_runs() == [(contact, "completed", "")]
    assert town.rows("select state, reason from delivery") == [("dropped", "send_window.closed")]


def test_R3_who_received_nothing_for_a_closed_window_may_enter_again(town: Town) -> None:
    """An entry counts when a message went out, or when nothing kept one back but the customer's own choices."""
    add_customer(town)
    remind(town, head='window: {from: "12:00", to: "23:00"}\noutside: drop\nreentry: never')
    town.advance(4 * HOUR)
    town.event("track", user="u1", name="Product Added")
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    town.event("track", user="u1", name="Product Added")
    assert [row[3] for row in town.ledger()] == ["send_window.closed", "entry.once", "passed"]
    assert len(town.past_runs()) == 2


def test_Q2_the_next_channel_is_tried(town: Town) -> None:
    """What the step says wins over the journey; the customer has no other app, so nothing goes out."""
    contact = add_customer(town)
    head = 'window: {from: "12:00", to: "23:00"}\noutside: drop'
    document = REMINDER.format(head=head, step="outside: next_channel").replace("[sms]", "[sms, telegram]")
    town.publish(document)
    town.event("track", user="u1", name="Product Added")
    assert town.past_runs() == [(contact, "completed", "")]
    assert sorted(row[3] for row in town.ledger()) == ["address.none", "send_window.closed"]


def test_Q2_a_message_that_makes_sense_for_a_while_is_not_held_longer(town: Town) -> None:
    """At its deadline it is dropped, on every channel, and the run goes on."""
    contact = add_customer(town)
    set_quiet_hours(town, [{"from": "12:00", "to": "21:00"}])
    document = REMINDER.format(head="", step="within: 2 h").replace("[sms]", "[sms, http_sms]")
    town.publish(document)
    town.event("track", user="u1", name="Product Added")
    [facts] = read_facts(town, "held")
    assert facts["until"] == (NOW + 2 * HOUR).isoformat()
    town.advance(2 * HOUR)
    assert town.past_runs() == [(contact, "completed", "")]
    assert town.rows("select state, reason from delivery") == [("dropped", "deadline.passed")]


def test_Q2_held_again_when_the_hours_have_changed(town: Town) -> None:
    """It passes all gates again on release, and each time it is held is a decision of its own."""
    add_customer(town)
    set_quiet_hours(town, [{"from": "10:00", "to": "21:00"}])
    remind(town)
    set_quiet_hours(town, [{"from": "15:00", "to": "21:00"}])
    town.advance(HOUR + SPREAD)
    assert town.sending("sms") == []
    opens = [facts["used"]["opens"] for facts in read_facts(town, "held")]
    assert opens == ["2026-11-02T10:00:00+00:00", "2026-11-02T15:00:00+00:00"]


def test_F4_a_held_message_stays_what_it_was_when_it_was_decided(town: Town) -> None:
    """A transactional one would go out at once and outlive the withdrawal; so the next message of the journey does."""
    contact = add_customer(town)
    set_quiet_hours(town, [{"from": "12:00", "to": "21:00"}])
    journey = town.publish(REMINDER.format(head="", step=""))
    town.event("track", user="u1", name="Product Added")
    town.republish(journey, 2, REMINDER.format(head="class: transactional", step=""))
    town.withdraw(contact)
    town.advance(3 * HOUR + SPREAD)
    assert town.sending("sms") == []
    assert town.rows("select state, reason, class from delivery") == [("dropped", "consent.withdrawn", "marketing")]
    town.event("track", user="u1", name="Product Added")
    assert len(town.sending("sms")) == 1


def test_Q2_an_exception_takes_back_what_is_held(town: Town) -> None:
    """It has not been handed over (X1)."""
    add_customer(town)
    remind(town, head='window: {from: "12:00", to: "23:00"}\nexceptions: [{event: Order Completed}]')
    town.event("track", user="u1", name="Order Completed")
    town.advance(4 * HOUR)
    assert town.sending("sms") == []
    assert town.rows("select state, reason from delivery") == [("revoked", "run.exception")]


def test_Q3_transactional_messages_go_out_at_any_hour(town: Town) -> None:
    """The ledger says that they are exempt."""
    add_customer(town)
    set_quiet_hours(town, [{"from": "12:00", "to": "21:00"}])
    remind(town, head="class: transactional")
    assert len(town.sending("sms")) == 1
    [facts] = read_facts(town, "sent")
    assert dict(facts["passed"])["send_window"] == {"exempt": True}


def test_Q1_windows_that_never_meet_send_nothing(town: Town) -> None:
    """The reason says what to change."""
    add_customer(town)
    set_quiet_hours(town, NINE_TO_NINE)
    remind(town, head='window: {from: "22:00", to: "23:00"}')
    assert town.rows("select state, reason from delivery") == [("dropped", "send_window.never")]


def test_Q1_a_matchs_messages_keep_the_quiet_hours(town: Town) -> None:
    """Each by its own customer's clock; the match goes on until the last is sent."""
    early = town.add_contact("Ana", "+5511987650001")
    late = town.add_contact("Bea", "+351912345601")
    town.rows("update contact set zone = 'America/New_York' where id = %s returning id", early)
    town.rows("update contact set zone = 'Europe/Lisbon' where id = %s returning id", late)
    set_quiet_hours(town, NINE_TO_NINE)
    match = town.launch("{{ link }}")
    assert [sent.to for sent in town.sending("sms")] == ["+351912345601"]
    assert town.progress(early, match)["state"] == "waiting"
    town.advance(5 * HOUR + SPREAD)
    assert {sent.to for sent in town.sending("sms")} == {"+351912345601", "+5511987650001"}


def test_T4_the_journeys_zone_comes_before_the_workspaces(town: Town) -> None:
    """For who has none; a customer's own comes before both."""
    add_customer(town)
    add_customer(town, "+5511987650002", "u2", "Europe/Lisbon")
    remind(town, head='zone: America/New_York\nwindow: {from: "09:00", to: "21:00"}')
    town.event("track", user="u2", name="Product Added")
    assert [sent.to for sent in town.sending("sms")] == ["+5511987650002"]
    [facts] = read_facts(town, "held")
    assert (facts["used"]["zone"], facts["used"]["zone_of"]) == ("America/New_York", "journey")


def test_T4_a_zone_that_nobody_knows_is_told(town: Town) -> None:
    """One that an older database knew, say: the workspace's counts, and the ledger says so."""
    contact = add_customer(town)
    town.rows("update contact set zone = 'Mars/Olympus' where id = %s returning id", contact)
    set_quiet_hours(town, NINE_TO_NINE)
    remind(town)
    [facts] = read_facts(town, "sent")
    assert dict(facts["passed"])["send_window"]["zone_fallback"] == ["contact: Mars/Olympus"]


def test_T5_a_new_zone_moves_a_wait_by_the_clock(town: Town) -> None:
    """9:00 comes five hours later in New York, and a wait of a duration stays."""
    add_customer(town)
    town.advance(-HOUR)
    town.publish(AT_NINE)
    town.publish(AT_NINE.replace("At nine", "In an hour").replace('at: "09:00"', "for: 1 h"))
    town.event("track", user="u1", name="Product Added")
    town.event("identify", user="u1", traits={"timezone": "America/New_York"})
    due = town.rows("select due_at from run_open order by due_at")
    assert due == [(NOW,), (NOW + 5 * HOUR,)]
    town.event("track", user="u1", name="Other", context={"timezone": "Europe/Lisbon"})
    assert town.rows("select due_at from run_open order by due_at") == due
    town.advance(6 * HOUR)
    assert len(town.sending("sms")) == 2


def test_T5_what_any_call_fills_in_moves_it_too(town: Town) -> None:
    """Nobody knew the customer's zone before."""
    add_customer(town)
    town.advance(-HOUR)
    town.publish(AT_NINE)
    town.event("track", user="u1", name="Product Added")
    town.event("track", user="u1", name="Other", context={"timezone": "America/New_York"})
    assert town.rows("select due_at from run_open") == [(NOW + 5 * HOUR,)]


def test_T5_a_zone_that_no_event_told_is_minded_when_the_wait_is_over(town: Town) -> None:
    """A list was imported meanwhile: at 9:00 in London it is 4:00 where the customer is now."""
    contact = add_customer(town)
    town.advance(-HOUR)
    town.publish(AT_NINE)
    town.event("track", user="u1", name="Product Added")
    town.rows("update contact set zone = 'America/New_York' where id = %s returning id", contact)
    town.advance(HOUR)
    assert town.sending("sms") == []
    town.advance(5 * HOUR)
    assert len(town.sending("sms")) == 1


@pytest.mark.parametrize(
    ("late", "sent", "reasons"), [("", 0, ["wait.late"]), (", late: run_now", 1, ["passed"]), (", late: exit", 0, [])]
)
def test_T6_what_the_new_clock_shows_to_be_past_is_late(town: Town, late: str, sent: int, reasons: list[str]) -> None:
    """Nine o'clock was hours ago in Tokyo: by policy it is skipped, sent at once, or the run ends."""
    add_customer(town)
    town.advance(-HOUR)
    town.publish(AT_NINE.replace('at: "09:00"', f'calendar_days: 0, at: "09:00"{late}'))
    town.event("track", user="u1", name="Product Added")
    town.event("identify", user="u1", traits={"timezone": "Asia/Tokyo"})
    assert len(town.sending("sms")) == sent
    assert [row[3] for row in town.ledger()] == reasons


def test_T5_a_paused_journey_waits_until_it_goes_on(town: Town) -> None:
    """What is late by the new clock does not move while timers are frozen (V2)."""
    from tertulia.actions.journeys import pause

    add_customer(town)
    town.advance(-HOUR)
    journey = town.publish(AT_NINE.replace('at: "09:00"', 'calendar_days: 0, at: "09:00", late: run_now'))
    town.event("track", user="u1", name="Product Added")
    pause(journey, None, town.now)
    town.event("identify", user="u1", traits={"timezone": "Asia/Tokyo"})
    assert town.live_runs() == [(town.live_runs()[0][0], "night")]
    assert town.rows("select due_at from run_open") == [(town.now,)]
