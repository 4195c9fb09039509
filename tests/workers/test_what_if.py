"""A simulation and the engine come to the same runs, the same ledger and the same messages."""

from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.emptying import Emptier
from tests.workers.town import NOW, PUBLIC_URL, Town
from tests.workers.what_if_world import (
    DOCUMENTS,
    MINUTE,
    NEW_FROM,
    PEOPLE,
    SEGMENTS,
    Account,
    Arrivals,
    deliver_all,
    list_arrivals,
    number_anew,
    play_for_real,
    play_in_memory,
    settle,
)

from tertulia.core.entries import EventEntry
from tertulia.core.simulation.arrivals import Arrival
from tertulia.core.simulation.members import begin_members
from tertulia.core.simulation.play import Player

UNTIL = timedelta(days=2)


def play_both(url: str, keys: list[str], capped: bool, held: bool, arrivals: Arrivals) -> tuple[Account, Account]:
    """The same story by the engine and by a simulation that begins with the same people. Both give whoever is new the
    same ids, and a story's are the same whenever it is played: what is found by hashes of them does not differ (A1)."""
    from django.db import connections

    from tertulia.actions.config import load_config
    from tertulia.actions.endpoints import EndpointForm, create_endpoint
    from tertulia.actions.hold_out import set_hold_out
    from tertulia.actions.what_if import gather, load_people
    from tertulia.store.db import connect

    number_anew(url)
    with Town(url) as town, closing(connect(url)) as conn:
        known = settle(town)
        if capped:
            from tertulia.actions.caps import create_cap

            create_cap(town.workspace, None, town.now, "two a day", {"limit": 2, "per": "24 h"})
        if held:
            set_hold_out(town.workspace, None, town.now, "50%")
        if any(key.startswith(("in_", "left_")) for key in keys):
            for key, text in SEGMENTS.items():
                town.publish_segment(text, key)
        create_endpoint(town.workspace, None, town.now, "shop", EndpointForm("Shop", "https://api.shop.example"))
        launched = [town.publish(DOCUMENTS[key]).pk for key in keys]
        config = load_config(conn, PUBLIC_URL)
        memory = gather(config, load_people(conn, config, known), NOW)
        conn.rollback()  # its snapshot would keep what the engine writes over
        begin_members(memory, known, NOW)
        memory.rows.serials, town.engine.hands.first.serials = count(NEW_FROM), count(NEW_FROM)
        until = (arrivals[-1][0] if arrivals else NOW) + UNTIL
        played = Account()
        play_in_memory(Player(memory, played.watch, launched=launched), town, deliver_all(town), arrivals, until)
        real = play_for_real(town, arrivals, until)
    connections.close_all()
    return real, played


def check_same(url: str, emptier: Emptier, keys: list[str], capped: bool, held: bool, arrivals: Arrivals) -> None:
    real, played = play_both(url, keys, capped, held, arrivals)
    emptier.empty()
    assert played.runs == real.runs
    assert played.rows == real.rows
    assert played.texts == real.texts
    assert played.steps == real.steps


STORIES = given(
    keys=st.lists(st.sampled_from(sorted(DOCUMENTS)), min_size=1, max_size=3, unique=True),
    capped=st.booleans(),
    held=st.booleans(),
    arrivals=list_arrivals(),
)
UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def at(minutes: int, call: str, name: str = "", **told: Any) -> tuple[datetime, EventEntry]:
    """An event some minutes after the beginning."""
    now = NOW + MINUTE * minutes
    return now, EventEntry(1, call, f"m{minutes}", now, now, name, **told)


def become(user: str, other: str) -> Arrivals:
    """The contact of `other` is merged into the one of `user`, who then fills a cart."""
    return [
        at(1, "track", "Seen", user_id=user),
        at(2, "track", "Seen", user_id=other, anonymous_id="d2"),
        at(3, "alias", user_id=user, previous_id="d2"),
        at(4, "track", "Product Added", user_id=user, properties={"cart": "a", "price": 120}),
    ]


@pytest.mark.parametrize(("user", "other"), [("u1", "u2"), ("u2", "u1"), ("u3", "u1")])
def test_A1_the_same_side_holds_after_a_merge(empty_database: str, emptier: Emptier, user: str, other: str) -> None:
    """Of two who were told apart at one instant, by a launch; and of a newcomer whom somebody known became."""
    check_same(empty_database, emptier, ["launch", "best_hour"], False, True, become(user, other))


@settings(max_examples=12, suppress_health_check=UNCHECKED, deadline=None)
@STORIES
def test_a_simulation_decides_what_the_engine_decides(
    empty_database: str, emptier: Emptier, keys: list[str], capped: bool, held: bool, arrivals: Arrivals
) -> None:
    """Late, doubled and disordered events, visits, shared devices and merges, through steps of every kind."""
    check_same(empty_database, emptier, keys, capped, held, arrivals)


@pytest.mark.soak
@settings(max_examples=1_000, suppress_health_check=UNCHECKED, deadline=None)
@STORIES
def test_a_simulation_decides_what_the_engine_decides_a_thousand_times(
    empty_database: str, emptier: Emptier, keys: list[str], capped: bool, held: bool, arrivals: Arrivals
) -> None:
    """The same, for long."""
    check_same(empty_database, emptier, keys, capped, held, arrivals)


def test_whom_a_list_names_is_found_by_the_user_id_of_events(empty_database: str) -> None:
    """As the engine would find them at their first event, which they have not had."""
    from tertulia.actions.config import load_config
    from tertulia.actions.what_if import find_people, load_people

    with Town(empty_database) as town:
        ana, bia = town.add_contact("Ana", PEOPLE[0][1]), town.add_contact("Bia", PEOPLE[1][1])
        town.list_contact(ana, "C1")
        told = [EventEntry(1, "track", name, NOW, NOW, "Product Viewed", user_id=name) for name in ("C1", "C2")]
        config = load_config(town.conn, PUBLIC_URL)
        found = find_people(town.conn, config, [Arrival(NOW, town.workspace.pk, entry) for entry in told])
        rows = load_people(town.conn, config, {*found, bia}).rows
    assert found == {ana}
    assert {row.id: [linked.identity.value for linked in row.identities] for row in rows} == {ana: ["C1"], bia: []}
