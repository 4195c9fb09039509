"""Segments kept by the engine on a real database: who comes and goes, why, and what that begins."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR, add_customer
from tests.workers.town import Town

BUYERS = """
name: Buyers
where: {event: Order Completed, where: {property: total, over: 50}, within: 30 d, at_least: 2}
"""
GOLD = "name: Gold\nwhere: {attribute: tier, is: gold}\n"
WELCOME = """
name: Welcome
entry: {kind: segment, segment: buyers}
steps:
  - {id: hello, kind: message, channels: [sms], text: "Hello {{ contact.name }}"}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def buy(town: Town, user: str, total: float = 60, **facts: Any) -> None:
    """An order."""
    town.event("track", name="Order Completed", user=user, properties={"total": total}, **facts)


def test_R4_who_has_bought_twice_comes_in_and_leaves_with_time(town: Town) -> None:
    """By the day: the second order counts through its thirtieth day, and a journey begins once."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    buyers = town.publish_segment(BUYERS)
    town.publish(WELCOME)
    buy(town, "ana")
    buy(town, "ana", 40)
    assert town.members(buyers) == set()
    buy(town, "ana", 60)
    assert town.members(buyers) == {ana}
    [sent] = town.sending("sms")
    assert sent.text == "Hello Ana"
    assert town.changes(buyers) == [(ana, True, "event", "Order Completed")]
    town.advance(timedelta(days=30))
    assert town.members(buyers) == {ana}
    town.advance(DAY)
    assert town.members(buyers) == set()
    assert town.changes(buyers)[1:] == [(ana, False, "time", "")]
    assert len(town.sending("sms")) == 1


def test_R4_who_was_inside_at_the_launch_does_not_enter_unasked(town: Town) -> None:
    """Entry is by the edge: a segment's launch, and a journey's, begin nothing."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    buy(town, "ana")
    buy(town, "ana")
    buyers = town.publish_segment(BUYERS)
    assert town.members(buyers) == {ana}
    assert town.changes(buyers) == [(ana, True, "definition", "")]
    town.publish(WELCOME)
    buy(town, "ana")
    assert town.sending("sms") == []


def test_an_attribute_and_a_new_contact_are_seen_at_once(town: Town) -> None:
    """By an identify call, and by nothing that was done: everybody is in a segment of who has not."""
    gold = town.publish_segment(GOLD)
    idle = town.publish_segment("name: Idle\nwhere: {none: [{event: Order Completed}]}\n")
    town.event("identify", user="bea", traits={"tier": "Gold"})
    [bea] = town.members(gold)
    assert town.members(idle) == {bea}
    buy(town, "bea")
    assert town.members(idle) == set()
    town.event("identify", user="bea", traits={"tier": "silver"})
    assert town.changes(gold) == [(bea, True, "contact", ""), (bea, False, "contact", "")]


def test_one_segment_inside_another(town: Town) -> None:
    """What changes the inner one changes the outer; a new definition of it too, which starts nothing."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    gold = town.publish_segment(GOLD)
    both = town.publish_segment("name: Both\nwhere: {all: [{segment: gold}, {event: Order Completed}]}\n")
    buy(town, "ana")
    assert town.members(both) == set()
    town.event("identify", user="ana", traits={"tier": "gold"})
    assert town.members(both) == {ana}
    from django.db import transaction

    from tertulia.actions.segments import publish, save_draft

    with transaction.atomic():
        save_draft(gold, None, town.now, "name: Gold\nwhere: {attribute: tier, is: platinum}\n", version=1)
        publish(gold, None, town.now, version=2)
    town.drain()
    assert (town.members(gold), town.members(both)) == (set(), set())
    assert town.changes(both)[-1] == (ana, False, "definition", "")


def test_consent_and_messages_count(town: Town) -> None:
    """A withdrawal, and what became of messages."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    agreed = town.publish_segment("name: Agreed\nwhere: {consent: granted, channel: sms}\n")
    reached = town.publish_segment("name: Reached\nwhere: {message: delivered, within: 7 d}\n")
    town.publish("name: Go\nentry: {event: Go}\nsteps: [{id: m, kind: message, channels: [sms], text: Hi}]\n")
    town.event("track", name="Go", user="ana")
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    assert (town.members(agreed), town.members(reached)) == ({ana}, set())
    town.receipt(sent, "delivered", provider_id="p1")
    assert town.members(reached) == {ana}
    town.withdraw(ana)
    assert town.members(agreed) == set()
    town.advance(timedelta(days=9))
    assert town.members(reached) == set()
    assert [row[2] for row in town.changes(reached)] == ["message", "time"]


def put(town: Town, segment: Any, contact: int, *, on: bool, batch: int) -> None:
    """A person puts somebody on a list."""
    from tertulia.core.entries import ListEntry

    town.append(ListEntry(contact, segment.pk, on, town.now, UUID(int=batch)))
    town.drain()


def test_people_are_put_on_a_list_and_that_begins_a_journey_once(town: Town) -> None:
    """On, on again, off: the journey begins by the first."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    chosen = town.publish_segment("name: Chosen\n")
    inside = town.publish_segment("name: Inside\nwhere: {segment: chosen}\n")
    town.publish(WELCOME.replace("buyers", "chosen"))
    put(town, chosen, ana, on=True, batch=1)
    put(town, chosen, ana, on=True, batch=2)
    assert (town.members(chosen), town.members(inside)) == ({ana}, {ana})
    assert len(town.sending("sms")) == 1
    put(town, chosen, ana, on=False, batch=3)
    assert (town.members(chosen), town.members(inside)) == (set(), set())
    assert [row[1:3] for row in town.changes(chosen)] == [(True, "person"), (False, "person")]


def test_M8_a_merge_unites_what_was_counted_and_starts_nothing(town: Town) -> None:
    """Two orders of two contacts are two of the one they became."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    bea = add_customer(town, "Bea", "+5511987650002", "bea")
    buyers = town.publish_segment(BUYERS)
    town.publish(WELCOME)
    buy(town, "ana")
    buy(town, "bea")
    town.merge(bea, ana)
    assert town.members(buyers) == {ana}
    assert town.sending("sms") == []
    town.unmerge(bea)
    assert town.members(buyers) == set()


def test_E4_imported_history_moves_people_and_starts_nothing(town: Town) -> None:
    """It counts like any event."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    buyers = town.publish_segment(BUYERS)
    town.publish(WELCOME)
    for _ in range(2):
        buy(town, "ana", imported=True, at=town.now - DAY)
    assert town.members(buyers) == {ana}
    assert town.sending("sms") == []


def test_C5_an_erased_person_is_in_no_segment(town: Town) -> None:
    """Nor in the history of one."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    town.publish_segment(GOLD)
    town.publish_segment(BUYERS)
    town.event("identify", user="ana", traits={"tier": "gold"})
    buy(town, "ana")
    town.erase(ana)
    for table in ("segment_member", "segment_change", "activity"):
        assert town.rows(f"select 1 from {table} where contact_id = %s", ana) == []


def test_I11_journeys_that_move_people_into_each_other_come_to_an_end(town: Town) -> None:
    """A writes what brings one into B's segment, B what brings one into A's: the fourth is refused."""
    add_customer(town, "Ana", "+5511987650001", "ana")
    for name, other in (("a", "b"), ("b", "a")):
        town.publish_segment(f"name: {name}\nwhere: {{attribute: side, is: {name}}}\n", key=name)
        town.publish_segment(f"name: Un{name}\nwhere: {{attribute: side, is: {other}}}\n", key=f"un{name}")
    for name, other in (("a", "b"), ("b", "a")):
        town.publish(
            f"name: To {other}\nentry: {{kind: segment, segment: {name}}}\n"
            f"steps: [{{id: move, kind: update, set: {{side: {other}}}}}]\n"
        )
    town.event("identify", user="ana", traits={"side": "a"})
    assert [row[3] for row in town.ledger()] == ["entry.too_deep"]
    assert len(town.past_runs()) == 4


@pytest.mark.parametrize("passed", [HOUR, DAY])
def test_R4_the_turn_of_an_hour_brings_in_who_has_done_nothing(town: Town, passed: timedelta) -> None:
    """And a journey begins by that."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    window = "1 h" if passed == HOUR else "3 d"
    town.publish_segment(f"name: Gone\nwhere: {{event: Seen, last: {{before: {window}}}}}\n")
    town.publish(WELCOME.replace("buyers", "gone"))
    town.event("track", name="Seen", user="ana")
    assert town.sending("sms") == []
    town.advance(2 * passed if passed == HOUR else 4 * passed)
    assert [sent.text for sent in town.sending("sms")] == ["Hello Ana"]
    assert town.rows("select contact_id from segment_member") == [(ana,)]
