"""R5: a journey that only so many enter, on a day and in all, through the engine on a real database."""

from datetime import timedelta

import pytest
from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import CART, DAY, add_customer, add_to_cart
from tests.workers.town import Town

__all__ = ["town"]


def add_customers(town: Town, number: int) -> None:
    for n in range(number):
        add_customer(town, f"C{n}", f"+55119876500{n:02}", f"u{n}")


def entered(town: Town) -> int:
    [(count,)] = town.rows("select coalesce(sum(count), 0)::int from step_tally where what = 'entered'")
    return int(count)


def test_R5_no_more_enter_than_may_on_a_day_and_in_all(town: Town) -> None:
    """Who is refused stands in the ledger with the cap; the next day goes on until all have entered."""
    add_customers(town, 6)
    town.publish(CART + "entries: {per_day: 2, total: 3}\n")
    for n in range(4):
        add_to_cart(town, f"u{n}")
    assert entered(town) == 2
    caps = "select facts ->> 'cap' from ledger where reason = 'entry.cap' order by at"
    assert town.rows(caps) == [("per_day",), ("per_day",)]
    town.advance(DAY)
    for n in range(4, 6):
        add_to_cart(town, f"u{n}")
    assert entered(town) == 3
    assert town.rows(caps)[2:] == [("total",)]


def test_R5_a_day_is_the_journeys_own(town: Town) -> None:
    """In its zone, where it names one: at 23:30 in Lisbon it is the next day in Kiritimati."""
    add_customers(town, 3)
    town.publish(CART + "entries: {per_day: 1}\nzone: Pacific/Kiritimati\n")
    at = town.now.replace(hour=9, minute=59) + DAY
    town.advance(at - town.now)
    add_to_cart(town, "u0")
    add_to_cart(town, "u1")
    assert entered(town) == 1
    town.advance(timedelta(minutes=1))
    add_to_cart(town, "u2")
    assert entered(town) == 2


def test_R5_many_in_one_cycle(town: Town) -> None:
    """Also of people who were never seen before: counted one by one."""
    town.publish(CART + "entries: {total: 3}\n")
    for n in range(8):
        town.append_event("track", device=f"d{n}", name="Product Added", properties={"price": 120})
    town.drain()
    assert entered(town) == 3
    assert town.rows("select count from entry_count where day = '1970-01-01'") == [(3,)]


def test_R5_another_owner_waits_for_the_commit(town: Town) -> None:
    """Two owners count together: the second one locks what the first has written."""
    import psycopg

    from tertulia.actions.config import load_config
    from tertulia.core.world import World
    from tertulia.store.entry_counts import lock_entries

    journey = town.publish(CART + "entries: {total: 3}\n")
    config = load_config(town.conn, "http://localhost")
    town.conn.rollback()
    with psycopg.connect(town.url) as one, psycopg.connect(town.url) as other:
        for conn in (one, other):
            conn.execute("set lock_timeout = '50ms'")
        world = World(town.now, config, iter([1]))
        lock_entries(one, world, [config.journeys[journey.pk]])
        assert set(world.entries[journey.pk].values()) == {0}
        with pytest.raises(psycopg.errors.LockNotAvailable):
            lock_entries(other, World(town.now, config, iter([1])), [config.journeys[journey.pk]])


@pytest.mark.parametrize("kind", ["message", "outcome", "session"])
def test_R5_whatever_starts_it(town: Town, kind: str) -> None:
    """A message, an outcome and a visit's end are counted as events are."""
    from tertulia.data.models import Source

    Source.objects.update(client_side=True)
    add_customers(town, 2)
    entries = {
        "message": "entry: {kind: message}",
        "outcome": "entry: {kind: outcome, outcome: ignored, for: 1 h}",
        "session": "entry: {event: session_ended}",
    }
    town.publish(f"name: Capped\n{entries[kind]}\nentries: {{total: 1}}\nsteps: [{{id: p, kind: wait, for: 9 d}}]\n")
    match kind:
        case "message":
            for n in range(2):
                town.write("telegram", f"tg-{n}", "hello")
        case "outcome":
            town.launch("Hi {{ contact.name }}")
            for sent in town.sending("sms"):
                town.receipt(sent, "delivered")
            town.advance(timedelta(hours=1))
        case _:
            for n in range(2):
                town.event("track", user=f"u{n}", name="Looked")
            town.advance(timedelta(hours=1))
    assert entered(town) == 1
    assert ("", "not_entered", "entry", "entry.cap") in town.ledger()
