"""Journeys through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import NOW, Town

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

CART = """
name: Cart reminder
entry:
  event: Product Added
  where: {property: price, over: 100}
exceptions:
  - event: Order Completed
steps:
  - id: pause
    kind: wait
    for: 1 h
  - id: remind
    kind: message
    channels: [sms]
    text: Hi {{ contact.name }}, {{ event.product }} waits.
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def add_customer(town: Town, name: str = "Ana", phone: str = "+5511987650001", user: str = "u1") -> int:
    """Somebody who may be written to by SMS, and whom the shop knows as `user`."""
    contact = town.add_contact(name, phone)
    town.event("identify", user=user, traits={"plan": "free"})
    absorbed = town.identity("user_id", user)
    assert absorbed is not None
    town.merge(absorbed, contact)
    return contact


def add_to_cart(town: Town, user: str = "u1", **facts: Any) -> None:
    properties = {"product": "Chapada coffee", "price": 120} | facts.pop("properties", {})
    town.event("track", user=user, name="Product Added", properties=properties, **facts)


def test_an_event_starts_a_run_that_waits_and_sends(town: Town) -> None:
    """The whole way: event, wait, gates, hand-over, verdict, end."""
    contact = add_customer(town)
    town.publish(CART)
    add_to_cart(town, properties={"price": 99})
    assert town.live_runs() == []
    add_to_cart(town)
    assert town.live_runs() == [(contact, "pause")]
    town.advance(59 * MINUTE)
    assert town.sending("sms") == []
    town.advance(MINUTE)
    [sent] = town.sending("sms")
    assert (sent.to, sent.text) == ("+5511987650001", "Hi Ana, Chapada coffee waits.")
    assert town.live_runs() == [(contact, "remind")]
    town.outcome(sent, "ok", provider_id="p1")
    assert town.live_runs() == []
    assert town.past_runs() == [(contact, "completed", "")]
    assert town.ledger() == [("remind", "sent", "provider", "passed")]
    tallies = town.rows("select step, what, sum(count)::int from step_tally group by 1, 2 order by 1, 2")
    assert tallies == [
        ("", "entered", 1), ("pause", "reached", 1), ("remind", "completed", 1), ("remind", "reached", 1)
    ]  # fmt: skip


def test_X1_an_exception_ends_the_run_at_once(town: Town) -> None:
    """Its timer is gone, and the run is closed by the event's id in the transaction that stores the event."""
    contact = add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    town.advance(10 * MINUTE)
    town.event("track", user="u1", name="Order Completed")
    assert town.live_runs() == []
    assert town.past_runs() == [(contact, "exited", "run.exception")]
    [(event_id,)] = town.rows("select event_id from run")
    assert town.rows("select name from event where id = %s", event_id) == [("Order Completed",)]
    town.advance(2 * HOUR)
    assert town.sending("sms") == []


def test_X1_a_queued_message_is_taken_back(town: Town) -> None:
    """It waited on a channel that was paused."""
    add_customer(town)
    town.publish(CART)
    town.pause_channel("sms")
    add_to_cart(town)
    town.advance(HOUR)
    assert town.rows("select state from delivery_open") == [("queued",)]
    town.event("track", user="u1", name="Order Completed")
    assert town.rows("select state, reason from delivery") == [("revoked", "run.exception")]
    town.resume_channel("sms")
    town.advance(MINUTE)
    assert town.sending("sms") == []


def test_X2_what_was_handed_over_is_only_noted(town: Town) -> None:
    """The commit of the claim is the hand-over."""
    contact = add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    town.advance(HOUR)
    [sent] = town.sending("sms")
    town.event("track", user="u1", name="Order Completed")
    assert town.past_runs() == [(contact, "exited", "run.exception")]
    assert ("remind", "sent", "run", "run.exception_after_handover") in town.ledger()
    town.outcome(sent, "ok", provider_id="p1")
    assert town.rows("select state from delivery") == [("sent",)]


def test_E5_what_occurred_before_the_trigger_does_not_cancel(town: Town) -> None:
    """However late it comes; and what occurred after it does, though it was received first."""
    contact = add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    town.event("track", user="u1", name="Order Completed", at=NOW - MINUTE)
    assert town.live_runs() == [(contact, "pause")]
    town.event("track", user="u1", name="Order Completed")
    assert town.live_runs() == []


def test_E5_an_exception_received_first_keeps_the_run_from_starting(town: Town) -> None:
    """The tombstone is the event itself."""
    add_customer(town)
    town.publish(CART)
    town.advance(HOUR)
    town.event("track", user="u1", name="Order Completed", at=town.now - 10 * MINUTE)
    add_to_cart(town, at=town.now - 20 * MINUTE)
    assert town.live_runs() == []
    assert town.ledger() == [("", "not_entered", "entry", "entry.exception")]
    add_to_cart(town, at=town.now - 5 * MINUTE)
    assert len(town.live_runs()) == 1


def test_X3_an_exception_before_entry_counts_within_its_lookback(town: Town) -> None:
    """And not without one."""
    add_customer(town)
    town.publish(CART.replace("- event: Order Completed", "- {event: Order Completed, lookback: 1 h}"))
    town.event("track", user="u1", name="Order Completed")
    town.advance(30 * MINUTE)
    add_to_cart(town)
    assert town.live_runs() == []
    town.advance(31 * MINUTE)
    add_to_cart(town)
    assert len(town.live_runs()) == 1


def test_X4_the_same_event_as_trigger_and_exception_is_a_debounce(town: Town) -> None:
    """Every view puts the timer off, and the last one's data are sent."""
    contact = add_customer(town)
    town.publish(CART.replace("- event: Order Completed", "- event: Product Added"))
    add_to_cart(town)
    town.advance(40 * MINUTE)
    add_to_cart(town, properties={"product": "Filter"})
    town.advance(40 * MINUTE)
    assert town.sending("sms") == []
    assert town.live_runs() == [(contact, "pause")]
    town.advance(20 * MINUTE)
    [sent] = town.sending("sms")
    assert sent.text == "Hi Ana, Filter waits."


@pytest.mark.parametrize(("second", "live", "told"), [("ignore", 1, 1), ("restart", 1, 0), ("parallel", 2, 0)])
def test_R1_a_second_start_while_one_lives(town: Town, second: str, live: int, told: int) -> None:
    """Stated by each journey; one that is ignored is a row of the ledger."""
    add_customer(town)
    town.publish(CART.replace("  event: Product Added", f"  event: Product Added\n  second: {second}"))
    add_to_cart(town)
    town.advance(30 * MINUTE)
    add_to_cart(town, properties={"product": "Filter"})
    assert len(town.live_runs()) == live
    assert town.ledger() == [("", "not_entered", "entry", "entry.live_run")] * told
    town.advance(30 * MINUTE)
    assert [sent.text for sent in town.sending("sms")] == (
        [] if second == "restart" else ["Hi Ana, Chapada coffee waits."]
    )


def test_R1_a_key_makes_runs_of_their_own(town: Town) -> None:
    """One for each cart."""
    add_customer(town)
    town.publish(CART.replace("  event: Product Added", "  event: Product Added\n  key: cart_id"))
    for cart in ("a", "b", "a"):
        add_to_cart(town, properties={"cart_id": cart})
    assert sorted(town.rows("select key from run_open")) == [("a",), ("b",)]


def test_R2_once_and_never_again(town: Town) -> None:
    """A run that went its way counts."""
    add_customer(town)
    town.publish(CART + "reentry: never\n")
    add_to_cart(town)
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p1")
    town.advance(30 * DAY)
    add_to_cart(town)
    assert town.live_runs() == []
    assert ("", "not_entered", "entry", "entry.once") in town.ledger()


def test_R2_again_after_a_while(town: Town) -> None:
    """From the last message."""
    add_customer(town)
    town.publish(CART + "reentry: {after: 7 d, from: message}\n")
    add_to_cart(town)
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p1")
    town.advance(7 * DAY - MINUTE)
    add_to_cart(town)
    assert town.live_runs() == []
    town.advance(MINUTE)
    add_to_cart(town)
    assert len(town.live_runs()) == 1


def test_R3_who_received_nothing_because_of_an_exception_stays_eligible(town: Town) -> None:
    """They bought, and fill another cart later."""
    add_customer(town)
    town.publish(CART + "reentry: never\n")
    add_to_cart(town)
    town.advance(MINUTE)
    town.event("track", user="u1", name="Order Completed")
    town.advance(DAY)
    add_to_cart(town)
    assert len(town.live_runs()) == 1


def test_E4_an_old_event_starts_nothing(town: Town) -> None:
    """Though it is stored."""
    add_customer(town)
    town.publish(CART)
    town.advance(4 * DAY)
    add_to_cart(town, at=NOW)
    assert town.live_runs() == []


def test_E4_imported_history_starts_nothing_and_may_end_a_run(town: Town) -> None:
    """Who bought is not asked to buy, however that became known."""
    contact = add_customer(town)
    town.publish(CART)
    add_to_cart(town, imported=True)
    assert town.live_runs() == []
    add_to_cart(town)
    assert town.live_runs() == [(contact, "pause")]
    town.event("track", user="u1", name="Order Completed", imported=True)
    assert town.past_runs() == [(contact, "exited", "run.exception")]


def test_E3_attributes_of_the_event_come_before_its_filter(town: Town) -> None:
    """The trigger sees the contact as of that event."""
    add_customer(town)
    town.publish(CART.replace("where: {property: price, over: 100}", "where: {attribute: plan, is: gold}"))
    add_to_cart(town)
    assert town.live_runs() == []
    town.append_event("identify", user="u1", traits={"plan": "gold"})
    town.append_event("track", user="u1", name="Product Added", properties={"product": "x"})
    town.drain()
    assert len(town.live_runs()) == 1


def test_R6_a_visit_that_ended_starts_a_journey(town: Town) -> None:
    """With what was in the cart."""
    from tertulia.data.models import Source

    contact = add_customer(town)
    Source.objects.update(client_side=True)
    town.publish(
        CART.replace("event: Product Added", "event: session_ended").replace("property: price", "property: cart_value")
    )
    add_to_cart(town, properties={"product_id": "p1", "quantity": 1})
    town.advance(31 * MINUTE)
    assert town.live_runs() == [(contact, "pause")]


def test_M8_an_absorbed_contact_has_no_runs(town: Town) -> None:
    """They are closed with their reason, and what they queued is taken back."""
    contact = add_customer(town)
    other = add_customer(town, "Bia", "+5511987650002", "u2")
    town.publish(CART)
    add_to_cart(town)
    town.merge(contact, other)
    assert town.live_runs() == []
    assert town.past_runs() == [(contact, "exited", "run.contact_merged")]
    town.advance(2 * HOUR)
    assert town.sending("sms") == []


def test_C5_an_erased_person_leaves_a_count_and_nothing_else(town: Town) -> None:
    """Runs, and what began them."""
    contact = add_customer(town)
    town.publish(CART)
    add_to_cart(town, properties={"product": "Zanzibar tea"})
    town.erase(contact)
    assert town.live_runs() == []
    assert town.past_runs() == [(contact, "exited", "run.contact_erased")]
    assert town.find_text("Zanzibar") == []


def test_V1_a_run_keeps_the_revision_it_entered_with(town: Town) -> None:
    """The text that was live when it began."""
    add_customer(town)
    journey = town.publish(CART)
    add_to_cart(town)
    town.republish(journey, 2, CART.replace("waits", "is nearly gone"))
    town.advance(HOUR)
    [sent] = town.sending("sms")
    assert sent.text == "Hi Ana, Chapada coffee waits."
    town.outcome(sent, "ok", provider_id="p1")
    add_to_cart(town)
    town.advance(HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["Hi Ana, Chapada coffee is nearly gone."]


@pytest.mark.parametrize(("how", "minutes"), [("shift", 30), ("fire", 0)])
def test_V2_a_pause_freezes_the_timers(town: Town, how: str, minutes: int) -> None:
    """On resuming they go on where they were, or at once where they are overdue."""
    from tertulia.actions.journeys import pause, resume

    add_customer(town)
    journey = town.publish(CART)
    add_to_cart(town)
    town.advance(30 * MINUTE)
    pause(journey, None, town.now)
    town.advance(5 * HOUR)
    assert town.sending("sms") == []
    resume(journey, None, town.now, how)
    town.drain()
    assert bool(town.sending("sms")) is (minutes == 0)
    town.advance(timedelta(minutes=minutes))
    assert len(town.sending("sms")) == 1


def test_V2_what_fell_due_in_a_pause_may_pass(town: Town) -> None:
    """The message behind the wait is not sent, and says why; a wait for an event that ran out goes on as ever."""
    from tertulia.actions.journeys import pause, resume

    add_customer(town)
    journey = town.publish(
        CART
        + """  - {id: later, kind: wait, for: 2 h}
  - {id: again, kind: message, channels: [sms], text: "Still there."}
"""
    )
    add_to_cart(town)
    pause(journey, None, town.now)
    town.advance(5 * HOUR)
    resume(journey, None, town.now, "skip")
    town.drain()
    assert town.sending("sms") == []
    assert ("remind", "not_sent", "run", "wait.overdue") in town.ledger()
    town.advance(2 * HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["Still there."]


def test_V2_closed_lets_runs_finish_and_nobody_enter(town: Town) -> None:
    """Stop entry."""
    from tertulia.actions.journeys import close_entry

    add_customer(town)
    add_customer(town, "Bia", "+5511987650002", "u2")
    journey = town.publish(CART)
    add_to_cart(town)
    close_entry(journey, None, town.now)
    add_to_cart(town, "u2")
    assert ("", "not_entered", "entry", "entry.closed") in town.ledger()
    town.advance(HOUR)
    assert len(town.sending("sms")) == 1


def test_V2_cancel_closes_the_runs(town: Town) -> None:
    """With a reason."""
    from tertulia.actions.journeys import cancel

    contact = add_customer(town)
    journey = town.publish(CART)
    add_to_cart(town)
    cancel(journey, None, town.now)
    town.drain()
    assert town.past_runs() == [(contact, "exited", "run.cancelled")]
    journey.refresh_from_db()
    assert journey.state == "cancelled"


def test_the_next_channel_where_one_does_not_reach(town: Town) -> None:
    """Without an address, and after a refusal."""
    add_customer(town)
    town.publish(CART.replace("channels: [sms]", "channels: [telegram, sms]"))
    add_to_cart(town)
    town.advance(HOUR)
    [sent] = town.sending("sms")
    town.outcome(sent, "gone", reason="gone.unknown")
    assert town.ledger() == [
        ("remind", "failed", "provider", "gone.unknown"),
        ("remind", "not_sent", "address", "address.none"),
        ("remind", "sent", "provider", "passed"),
    ]
    assert [run[1] for run in town.past_runs()] == ["completed"]


def test_S4_a_missing_variable_is_a_verdict_and_the_run_goes_on(town: Town) -> None:
    """The step behind it comes."""
    add_customer(town)
    town.publish(CART.replace("{{ event.product }}", "{{ event.nothing }}"))
    add_to_cart(town)
    town.advance(HOUR)
    assert town.ledger() == [("remind", "not_sent", "render", "render.missing")]
    assert [run[1] for run in town.past_runs()] == ["completed"]


BRANCHES = """
name: Branches
entry: {event: Order Completed}
steps:
  - id: mark
    kind: update
    set: {last_order: {from: order_id}, buyer: true}
  - id: tier
    kind: branch
    branches:
      - when: {attribute: plan, is: gold}
        steps:
          - {id: thank, kind: message, channels: [sms], text: "Thank you, {{ contact.last_order }}"}
    else:
      - id: rated
        kind: wait_for
        event: Order Rated
        at_most: 2 d
        came:
          - {id: stop, kind: exit, reason: rated}
        missed:
          - {id: ask, kind: message, channels: [sms], text: "How was it?"}
  - {id: rest, kind: wait, for: 1 d}
"""


def test_steps_of_every_kind(town: Town) -> None:
    """Update, branch, wait for an event with its time-out, exit, and back to the steps behind."""
    add_customer(town)
    add_customer(town, "Bia", "+5511987650002", "u2")
    add_customer(town, "Cris", "+5511987650003", "u3")
    town.event("identify", user="u3", traits={"plan": "gold"})
    town.publish(BRANCHES)
    for user in ("u1", "u2", "u3"):
        town.event("track", user=user, name="Order Completed", properties={"order_id": f"A-{user}"})
    [sent] = town.sending("sms")
    assert sent.text == "Thank you, A-u3"
    town.advance(DAY)
    town.event("track", user="u1", name="Order Rated")
    assert [run[1:] for run in town.past_runs()] == [("left", "rated")]
    town.outcome(sent, "ok", provider_id="p1")
    town.advance(DAY)
    assert [sent.text for sent in town.sending("sms")] == ["How was it?"]
    assert [step for _, step in town.live_runs()] == ["ask"]
    assert [run[1:] for run in town.past_runs()] == [("left", "rated"), ("completed", "")]


def test_a_run_that_cannot_be_decided_holds_up_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again later."""
    from tertulia.actions import cycle

    contacts = [add_customer(town, f"C{n}", f"+551198765000{n}", f"u{n}") for n in range(3)]
    town.publish(CART)
    for n in range(3):
        add_to_cart(town, f"u{n}")
    advance = cycle.advance

    def fail(world: Any, run: Any, woken: Any) -> None:
        if run.contact_id == contacts[1]:
            raise ValueError("poison")
        advance(world, run, woken)

    monkeypatch.setattr(cycle, "advance", fail)
    town.advance(HOUR)
    assert len(town.sending("sms")) == 2
    monkeypatch.undo()
    town.advance(HOUR)
    assert len(town.sending("sms")) == 3
