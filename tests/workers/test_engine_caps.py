"""Frequency caps through the engine on a real database (F1-F6, M8)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.workers.town import NOW, Town

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

OFFER = """
name: {name}
entry: {{event: {event}, second: parallel}}
class: {class_}
{head}
steps:
  - id: offer
    kind: message
    channels: [sms]
    text: Hi {{{{ contact.name }}}}.
    {step}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def add_customer(town: Town, phone: str = "+5511987650001", user: str = "u1") -> int:
    """Somebody who may be written to by SMS."""
    contact = town.add_contact("Ana", phone)
    town.event("identify", user=user)
    absorbed = town.identity("user_id", user)
    assert absorbed is not None
    town.merge(absorbed, contact)
    return contact


def set_cap(town: Town, name: str = "two a day", **document: Any) -> None:
    """Two in 24 hours, unless it says otherwise. One of the same name is changed."""
    from tertulia.actions.caps import change_cap, create_cap
    from tertulia.data.models import Cap

    told = {"limit": 2, "per": "24 h"} | document
    if (known := Cap.objects.filter(name=name).first()) is not None:
        change_cap(known, None, town.now, name, told)
    else:
        create_cap(town.workspace, None, town.now, name, told)


def publish_offer(
    town: Town, event: str = "Seen", *, class_: str = "marketing", head: str = "", step: str = ""
) -> None:
    town.publish(OFFER.format(name=event, event=event, class_=class_, head=head, step=step))


def see(town: Town, event: str = "Seen", user: str = "u1") -> None:
    town.event("track", user=user, name=event)


def answer_all(town: Town, outcome: str = "ok") -> None:
    for n, sent in enumerate(town.sending("sms")):
        town.outcome(sent, outcome, provider_id=f"{sent.id}-{n}" if outcome == "ok" else "")


def read_used(town: Town) -> list[dict[str, Any]]:
    """What the cap gate used where it held or dropped."""
    return [facts["used"] for (facts,) in town.rows("select facts from ledger where gate = 'cap' order by at, id")]


def test_F1_the_third_of_two_a_day_waits_until_a_slot_is_free(town: Town) -> None:
    """The ledger names the cap and the deliveries that it counted; a day after the first it goes out."""
    add_customer(town)
    set_cap(town)
    publish_offer(town)
    for _ in range(2):
        see(town)
        answer_all(town)
        town.advance(HOUR)
    see(town)
    assert town.sending("sms") == []
    first = [delivery_id for (delivery_id,) in town.rows("select id from delivery order by sent_at")]
    [used] = read_used(town)
    assert used == {
        "cap": "two a day", "limit": 2, "per": "1 d", "counted": [str(delivery_id) for delivery_id in first],
        "free_at": (NOW + DAY).isoformat(),
    }  # fmt: skip
    town.advance(22 * HOUR - MINUTE)
    assert town.sending("sms") == []
    town.advance(MINUTE)
    assert len(town.sending("sms")) == 1
    passed = [facts["passed"] for (facts,) in town.rows("select facts from ledger where outcome = 'sent' order by at")]
    assert dict(passed[-1])["cap"] == {"caps": [{"cap": "two a day", "counted": 1, "limit": 2}]}


def test_F3_messages_claimed_together_see_each_other(town: Town) -> None:
    """Four journeys begin with one event, and two of their messages go out."""
    add_customer(town)
    add_customer(town, "+5511987650002", "u2")
    set_cap(town)
    for n in range(4):
        town.publish(OFFER.format(name=f"Offer {n}", event="Seen", class_="marketing", head="", step=""))
    see(town)
    see(town, user="u2")
    assert sorted(sent.to for sent in town.sending("sms")) == ["+5511987650001"] * 2 + ["+5511987650002"] * 2
    assert town.rows("select count(*)::int, count(distinct contact_id)::int from slot") == [(4, 2)]


def test_F3_a_failed_message_releases_its_slot_and_the_next_is_woken(town: Town) -> None:
    """At once, not when the slot would have been free."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    see(town)
    [first] = town.sending("sms")
    see(town)
    assert [row[3] for row in town.ledger()] == ["cap.reached", "passed"]
    town.outcome(first, "gone", reason="gone.unknown_user")
    [second] = town.sending("sms")
    assert second.id != first.id
    assert town.rows("select delivery_id from slot") == [(second.id,)]


def test_F3_a_receipt_of_failure_releases_it_too(town: Town) -> None:
    """The provider had taken it, and told later that it did not arrive; told later still that it did, it counts."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    see(town)
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.receipt(first, "failed", provider_id="p1")
    assert town.rows("select count(*)::int from slot") == [(0,)]
    town.receipt(first, "delivered", provider_id="p1")
    assert town.rows("select delivery_id from slot") == [(first.id,)]


def test_F2_F3_the_next_channel_shares_the_slot(town: Town) -> None:
    """One message with two attempts counts once, also against one that waits for a slot meanwhile."""
    contact = add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town, "Other")
    town.add_channel("twilio")
    document = OFFER.format(name="Two ways", event="Seen", class_="marketing", head="", step="")
    town.publish(document.replace("[sms]", "[http_sms, twilio]"))
    see(town)
    [first] = town.sending("sms")
    see(town, "Other")
    town.outcome(first, "fix", reason="fix.content")
    handed = town.rows("select id, step from delivery_open where state = 'sending' and contact_id = %s", contact)
    assert [step for _, step in handed] == ["offer"]
    assert town.rows("select delivery_id, state from slot") == [(handed[0][0], "used")]
    assert town.rows("select count(*)::int from delivery_open where held_by = 'cap'") == [(1,)]


def test_F5_an_important_message_passes_and_does_not_count(town: Town) -> None:
    """Unless a cap says that it counts them."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    publish_offer(town, "Urgent", step="important: true")
    see(town, "Urgent")
    see(town)
    see(town, "Urgent")
    assert len(town.sending("sms")) == 3
    town.advance(25 * HOUR)
    set_cap(town, "all together", limit=1, counts_important=True)
    see(town, "Urgent")
    see(town)
    assert len(town.sending("sms")) == 4
    assert read_used(town)[0]["cap"] == "all together"


def test_F5_transactional_messages_pass_and_take_no_slot(town: Town) -> None:
    """The ledger says that they are exempt."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town, class_="transactional")
    see(town)
    see(town)
    assert len(town.sending("sms")) == 2
    assert town.rows("select count(*)::int from slot") == [(0,)]


def test_F1_a_cap_covers_its_classes_and_channels(town: Town) -> None:
    """One a day of marketing by SMS leaves service messages alone."""
    add_customer(town)
    town.rows("update consent set topic = '*' returning id")
    set_cap(town, limit=1, classes=["marketing"], channels=["sms"])
    set_cap(town, "apps", limit=1, channels=["telegram"])
    publish_offer(town)
    publish_offer(town, "Told", class_="service")
    for event in ("Seen", "Told", "Told", "Seen"):
        see(town, event)
    assert len(town.sending("sms")) == 3


@pytest.mark.parametrize(("at_cap", "reasons"), [("drop", 1), ("next_channel", 2)])
def test_F6_at_a_cap_it_is_dropped_or_tries_the_next_channel(town: Town, at_cap: str, reasons: int) -> None:
    """Either way the run goes on."""
    add_customer(town)
    set_cap(town, limit=1)
    document = OFFER.format(name="Seen", event="Seen", class_="marketing", head="", step=f"at_cap: {at_cap}")
    town.publish(document.replace("[sms]", "[sms, telegram]"))
    see(town)
    answer_all(town)
    see(town)
    assert town.live_runs() == []
    assert len([row for row in town.ledger() if row[1] == "not_sent"]) == reasons


def test_F6_the_more_urgent_is_woken_first(town: Town) -> None:
    """Two wait for one slot; the one with the higher priority takes it, though it is younger."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    for _ in range(3):
        see(town)
        town.advance(MINUTE)
    [first] = town.sending("sms")
    older, younger = (
        id_ for (id_,) in town.rows("select id from delivery_open where held_by = 'cap' order by made_at")
    )
    town.rows("update delivery_open set lane = 1 where id = %s returning id", younger)
    town.outcome(first, "gone", reason="gone.unknown_user")
    assert [sent.id for sent in town.sending("sms")] == [younger]
    assert town.rows("select held_by from delivery_open where id = %s", older) == [("cap",)]


def test_F6_the_oldest_goes_first_when_the_window_is_over(town: Town) -> None:
    """Five wait for the same instant."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    for _ in range(6):
        see(town)
        town.advance(MINUTE)
    answer_all(town)
    [(oldest,)] = town.rows("select id from delivery_open order by made_at limit 1")
    town.advance(DAY)
    assert [sent.id for sent in town.sending("sms")] == [oldest]


def test_F6_what_was_revoked_takes_nobodys_place(town: Town) -> None:
    """A deferred message reserves nothing, and an exception takes it back."""
    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town, head="exceptions: [{event: Bought}]")
    see(town)
    answer_all(town)
    see(town)
    town.event("track", user="u1", name="Bought")
    assert town.rows("select count(*)::int from delivery_open") == [(0,)]
    assert town.rows("select count(*)::int from slot") == [(1,)]


def test_F6_a_cap_that_is_raised_or_gone_holds_nobody_back(town: Town) -> None:
    """What waits is looked at again with the new configuration (E7)."""
    from tertulia.actions.caps import delete_cap, list_caps

    add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    for _ in range(3):
        see(town)
    assert len(town.sending("sms")) == 1
    set_cap(town, limit=2)
    town.drain()
    assert len(town.sending("sms")) == 2
    delete_cap(town.workspace, None, town.now, list_caps(town.workspace)[0].pk)
    town.drain()
    assert len(town.sending("sms")) == 3


def test_Q1_hours_that_begin_sooner_hold_nobody_back(town: Town) -> None:
    """The same of quiet hours."""
    from tertulia.actions.quiet_hours import set_send_window

    add_customer(town)
    set_send_window(town.workspace, None, town.now, [{"from": "12:00", "to": "21:00"}])
    publish_offer(town)
    see(town)
    assert town.sending("sms") == []
    set_send_window(town.workspace, None, town.now, [{"from": "08:00", "to": "21:00"}])
    town.drain()
    assert len(town.sending("sms")) == 1


def test_T5_a_new_zone_releases_what_waits_for_its_hours(town: Town) -> None:
    """By the new clock they have begun."""
    from tertulia.actions.quiet_hours import set_send_window

    add_customer(town)
    set_send_window(town.workspace, None, town.now, [{"from": "16:00", "to": "21:00"}])
    publish_offer(town)
    see(town)
    assert town.sending("sms") == []
    town.event("identify", user="u1", traits={"timezone": "Asia/Tokyo"})
    assert len(town.sending("sms")) == 1


def test_T5_a_zone_comes_with_a_merge(town: Town) -> None:
    """Of who is absorbed: the hours by that clock have begun, and what waits for a time of day has another one."""
    from tertulia.actions.quiet_hours import set_send_window

    contact = add_customer(town)
    other = add_customer(town, "+5511987650002", "u2")
    town.event("identify", user="u2", traits={"timezone": "Asia/Tokyo"})
    set_send_window(town.workspace, None, town.now, [{"from": "16:00", "to": "21:00"}])
    publish_offer(town)
    town.publish('name: Wait\nentry: {event: Seen}\nsteps: [{id: wait, kind: wait, at: "20:00"}]')
    see(town)
    assert town.sending("sms") == []
    town.merge(other, contact)
    assert len(town.sending("sms")) == 1
    assert town.rows("select due_at from run_open where step = 'wait'") == [(town.now + 2 * HOUR,)]


def test_F2_a_matchs_messages_count_and_are_judged(town: Town) -> None:
    """After a journey's message the match's waits its day, and the other way round."""
    contact = add_customer(town)
    set_cap(town, limit=1)
    publish_offer(town)
    see(town)
    answer_all(town)
    match = town.launch("{{ link }}")
    assert town.sending("sms") == []
    assert town.progress(contact, match)["state"] == "waiting"
    town.advance(DAY)
    assert len(town.sending("sms")) == 1
    see(town)
    assert len(town.sending("sms")) == 1
    assert town.rows("select count(*)::int from slot") == [(2,)]


def test_F1_a_calendar_day_is_the_customers(town: Town) -> None:
    """It is 18:00 in Tokyo: six hours later a new day has begun there."""
    contact = add_customer(town)
    town.rows("update contact set zone = 'Asia/Tokyo' where id = %s returning id", contact)
    set_cap(town, limit=1, per="day")
    publish_offer(town)
    see(town)
    see(town)
    assert len(town.sending("sms")) == 1
    town.advance(6 * HOUR)
    assert len(town.sending("sms")) == 2


def test_M8_the_slots_of_a_merged_contact_count(town: Town) -> None:
    """One had a message, the other is the same person; undone, each has its own again."""
    add_customer(town)
    other = add_customer(town, "+5511987650002", "u2")
    set_cap(town, limit=1)
    publish_offer(town)
    see(town, user="u2")
    answer_all(town)
    root = town.identity("user_id", "u1")
    assert root is not None
    town.merge(other, town.rows("select into_id from merge where contact_id = %s", root)[0][0])
    see(town)
    assert town.sending("sms") == []
    town.unmerge(other)
    town.advance(DAY)
    assert len(town.sending("sms")) == 1


def test_C5_an_erasure_takes_the_slots_along(town: Town) -> None:
    """They hold ids only, and go with the contact."""
    contact = add_customer(town)
    publish_offer(town)
    see(town)
    answer_all(town)
    assert town.rows("select contact_id from slot") == [(contact,)]
    town.erase(contact)
    assert town.rows("select count(*)::int from slot") == [(0,)]


def test_F1_a_cap_counts_what_was_sent_before_it_was_set(town: Town) -> None:
    """Slots are kept for a month, and as long as the longest cap looks back."""
    from tertulia.store.slots import forget_slots

    add_customer(town)
    publish_offer(town)
    see(town)
    answer_all(town)
    set_cap(town, limit=1, per="60 d")
    town.advance(40 * DAY)
    assert forget_slots(town.conn, town.now, 10) == 0
    see(town)
    assert [datetime.fromisoformat(used["free_at"]) for used in read_used(town)] == [NOW + 60 * DAY]
    assert [UUID(used["counted"][0]) for used in read_used(town)] == [town.rows("select id from delivery")[0][0]]
    set_cap(town, limit=1, per="30 d")
    assert forget_slots(town.conn, town.now, 10) == 1
    town.conn.commit()
