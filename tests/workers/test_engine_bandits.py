"""Bandits (A5), through the engine on a real database."""

from datetime import timedelta

from tests.console.experiments import add_people
from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import HOUR
from tests.workers.town import Town

from tertulia.core.bandits import FLOOR, Outcomes, weigh_ways

__all__ = ["town"]

OFFER = """
name: Offer
entry: {event: Looked}
goal: {event: Bought, within: 2 h}
steps:
  - id: words
    kind: split
    weights: bandit
    ways: [{name: plain, weight: 60, steps: []}, {name: code, weight: 40, steps: []}]
"""


def test_A5_weights_are_set_once_an_hour_for_those_who_come_then(town: Town) -> None:
    """Of people whose time is over; what they were set by is kept, the epoch rises (E7), and the ledger has the weights
    that somebody was assigned with. Without news nothing is set."""
    journey = town.publish(OFFER)
    town.event("track", user="u1", name="Looked")
    assert town.rows("select weight from assignment where way = 'plain'") in ([(6_000,)], [])
    experiment, place = f"{journey.pk}/words", (town.workspace.pk, journey.pk)
    counts = {"plain": (300, 15), "code": (310, 40), "gone": (50, 50)}
    add_people(town.conn, place[0], experiment, place[1], counts, town.now - HOUR, after=timedelta(minutes=30))
    town.conn.commit()
    town.advance(HOUR / 2)
    assert town.rows("select * from split_weights") == []  # nobody's time is over
    [(epoch,)] = town.rows("select epoch from workspace")
    town.advance(HOUR)
    told = weigh_ways({"plain": Outcomes(300, 15), "code": Outcomes(310, 40)})
    assert told["plain"] < 2 * FLOOR
    assert town.rows("select step, weights, counts, at from split_weights") == [
        ("words", told, {"plain": [300, 15], "code": [310, 40]}, town.now - HOUR / 2)
    ]
    assert town.rows("select epoch from workspace") == [(epoch + 1,)]
    users = [f"new{n}" for n in range(12)]
    for user in users:
        town.event("track", user=user, name="Looked")
    found = town.rows("select distinct way, weight from assignment where bucket > 0 and at = %s", town.now)
    assert ("code", told["code"]) in found
    assert set(found) <= set(told.items())
    facts = town.rows("select facts -> 'weights' from ledger where outcome = 'assigned' and at = %s", town.now)
    assert facts == [(told,)] * 12
    town.advance(HOUR)
    assert town.rows("select count(*) from split_weights") == [(1,)]
