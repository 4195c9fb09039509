"""A1: customers are split by weight and stay on their way, through the engine on a real database."""

from collections.abc import Sequence

from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import MINUTE, add_customer
from tests.workers.town import Town

__all__ = ["town"]

SPLIT = """
name: Split
entry: {event: Looked}
steps:
  - id: offer
    kind: split
    ways:
      - {name: A, weight: %d, steps: [{id: a, kind: exit, reason: A}]}
      - {name: B, weight: %d, steps: [{id: b, kind: exit, reason: B}]}
"""


def look(town: Town, users: Sequence[str]) -> list[str]:
    """They come to the split; the ways that they went."""
    went = []
    for user in users:
        before = town.rows("select id from run")
        town.event("track", user=user, name="Looked")
        went += [reason for id_, reason in town.rows("select id, reason from run") if (id_,) not in before]
    return went


def test_A1_a_customer_goes_the_same_way_again_whatever_the_weights(town: Town) -> None:
    """Recorded at the first time, with the weight that it had."""
    users = [f"u{n}" for n in range(12)]
    journey = town.publish(SPLIT % (50, 50))
    first = look(town, users)
    assert set(first) == {"A", "B"}
    rows = town.rows("select way, weight from assignment order by at, contact_id")
    assert sorted(way for way, _ in rows) == sorted(first)
    assert {weight for _, weight in rows} == {5000}
    town.republish(journey, 2, SPLIT % (1, 9999))
    assert look(town, users) == first
    assert set(look(town, [f"new{n}" for n in range(12)])) == {"B"}


def test_A1_a_way_that_is_gone_is_chosen_anew(town: Town) -> None:
    """And what was recorded stays."""
    journey = town.publish(SPLIT % (9999, 1))
    assert look(town, ["u1"]) == ["A"]
    town.republish(journey, 2, (SPLIT % (9999, 1)).replace("name: A,", "name: C,"))
    assert look(town, ["u1"]) == ["A"]  # the first way's steps, under another name
    assert town.rows("select way from assignment") == [("A",)]


def test_A1_of_a_merge_the_older_choice_holds(town: Town) -> None:
    """The absorbed contact was there first."""
    one, other = add_customer(town), add_customer(town, "Bia", "+5511987650002", "u2")
    journey = town.publish(SPLIT % (9999, 1))
    assert look(town, ["u1"]) == ["A"]
    town.advance(MINUTE)
    town.republish(journey, 2, SPLIT % (1, 9999))
    assert look(town, ["u2"]) == ["B"]
    town.merge(one, other)
    assert look(town, ["u1", "u2"]) == ["A", "A"]


def test_C5_an_erased_person_is_on_no_way(town: Town) -> None:
    """The choice goes with them."""
    contact = add_customer(town)
    town.publish(SPLIT % (1, 1))
    look(town, ["u1"])
    town.erase(contact)
    assert town.rows("select way from assignment") == []
