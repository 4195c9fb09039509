"""X5: a run ends as soon as the customer becomes what the journey ends for, through the engine on a real database."""

from typing import Any

import pytest
from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import CART, HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Town

__all__ = ["town"]

GOLD = CART + "exit_when: {any: [{attribute: plan, is: gold}, {field: country, is: PT}]}\n"
WRITES = """
name: Writes
entry: {event: Upgraded}
steps:
  - {id: pause, kind: wait, for: 10 min}
  - {id: mark, kind: update, set: {plan: gold}}
  - {id: rest, kind: wait, for: 1 d}
"""


@pytest.mark.parametrize(("traits", "live"), [({"plan": "gold"}, 0), ({"plan": "silver"}, 1), ({}, 1)])
def test_X5_an_event_changes_the_customer(town: Town, traits: dict[str, Any], live: int) -> None:
    """In the transaction that stores it, in the middle of a wait."""
    contact = add_customer(town)
    town.publish(GOLD)
    add_to_cart(town)
    town.event("identify", user="u1", traits=traits)
    assert len(town.live_runs()) == live
    assert town.past_runs() == [(contact, "left", "run.exit_condition")] * (1 - live)


def test_X5_what_is_queued_is_taken_back(town: Town) -> None:
    """As an exception does."""
    add_customer(town)
    town.publish(GOLD)
    town.pause_channel("sms")
    add_to_cart(town)
    town.advance(HOUR)
    town.event("identify", user="u1", traits={"plan": "gold"})
    assert town.rows("select state, reason from delivery") == [("revoked", "run.exit_condition")]


def test_X5_a_step_of_another_journey_changes_the_customer(town: Town) -> None:
    """Its own run goes on."""
    contact = add_customer(town)
    town.publish(GOLD)
    town.publish(WRITES)
    add_to_cart(town)
    town.event("track", user="u1", name="Upgraded")
    town.advance(10 * MINUTE)
    assert town.past_runs() == [(contact, "left", "run.exit_condition")]
    assert [step for _, step in town.live_runs()] == ["rest"]


def test_X5_a_step_ends_its_own_run(town: Town) -> None:
    """And nothing of the steps behind happens."""
    contact = add_customer(town)
    town.publish(WRITES + "exit_when: {attribute: plan, is: gold}\n")
    town.event("track", user="u1", name="Upgraded")
    town.advance(10 * MINUTE)
    assert (town.live_runs(), town.past_runs()) == ([], [(contact, "left", "run.exit_condition")])


def test_X5_who_is_that_already_does_not_enter(town: Town) -> None:
    """The ledger says why."""
    add_customer(town)
    town.publish(GOLD)
    town.event("identify", user="u1", traits={"plan": "gold"})
    add_to_cart(town)
    assert town.live_runs() == []
    assert town.ledger() == [("", "not_entered", "entry", "run.exit_condition")]


@pytest.mark.parametrize(("steered", "moved", "live"), [(False, False, 0), (True, False, 0), (False, True, 1)])
def test_X5_time_alone_ends_a_run(town: Town, steered: bool, moved: bool, live: int) -> None:
    """At the instant that stands in an attribute: with a message that is held, or in a paused journey; not when it was
    put off before."""
    from tertulia.actions.journeys import pause
    from tertulia.actions.why_journey import explain_entry

    contact = add_customer(town)
    town.event("identify", user="u1", traits={"ends": (town.now + 3 * HOUR).isoformat()})
    journey = town.publish(CART + "exit_when: {attribute: ends, at_most: now}\n")
    town.pause_channel("sms")
    add_to_cart(town)
    town.advance(2 * HOUR)
    if steered:
        pause(journey, None, town.now)
    more = explain_entry(town.conn, town.workspace, contact, journey).more
    assert more == "Its exit condition ends it at 2 Nov 2026 12:00, unless the customer changes."
    if moved:
        town.event("identify", user="u1", traits={"ends": (town.now + 9 * HOUR).isoformat()})
    town.advance(HOUR - MINUTE)
    assert len(town.live_runs()) == 1
    town.advance(MINUTE)
    assert (len(town.live_runs()), town.past_runs()) == (live, [(contact, "left", "run.exit_condition")][live:])
    assert town.rows("select state from delivery") == [("revoked",)][live:]


@pytest.mark.parametrize(
    ("exit_when", "undone"), [("{attribute: plan, is: gold}", False), ("{attribute: plan, is: free}", True)]
)
def test_X5_a_merge_changes_the_customer(town: Town, exit_when: str, undone: bool) -> None:
    """What is known of who is absorbed is the customer's own, and no more when that is undone."""
    contact = add_customer(town)
    town.advance(MINUTE)
    other = add_customer(town, "Bia", "+5511987650002", "u2")
    town.event("identify", user="u2", traits={"plan": "gold"})
    if undone:
        town.merge(other, contact)
    town.publish(CART + f"exit_when: {exit_when}\n")
    town.pause_channel("sms")
    add_to_cart(town)
    town.advance(HOUR)
    assert len(town.live_runs()) == 1
    if undone:
        town.unmerge(other)
    else:
        town.merge(other, contact)
    assert (town.live_runs(), town.past_runs()) == ([], [(contact, "left", "run.exit_condition")])
    assert town.rows("select state, reason from delivery") == [("revoked", "run.exit_condition")]


def test_X5_a_segments_new_definition_ends_runs(town: Town) -> None:
    """And its old one does no more; the segment's page names the journey."""
    from django.db import transaction

    from tertulia.actions.segments import find_users, publish, save_draft

    contact = add_customer(town)
    segment = town.publish_segment("name: Left\nwhere: {attribute: plan, is: gone}\n", "left")
    journey = town.publish(CART + "exit_when: {segment: left}\n")
    add_to_cart(town)
    assert (len(town.live_runs()), find_users(segment)) == (1, ([], [journey]))
    town.event("identify", user="u1", traits={"plan": "silver"})
    segment.refresh_from_db()
    text = "name: Left\nwhere: {attribute: plan, is: silver}\n"
    with transaction.atomic():
        saved = save_draft(segment, None, town.now, text, version=segment.version)
        publish(saved, None, town.now, version=saved.version)
    town.advance(MINUTE)
    assert (town.live_runs(), town.past_runs()) == ([], [(contact, "left", "run.exit_condition")])
