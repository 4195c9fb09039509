"""A long part of the log is decided by an engine and its helper at once, each for its own shards."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
from tests.workers.helping_thread import helping
from tests.workers.town import PUBLIC_URL, Town

from tertulia.core.entries import EventEntry
from tertulia.ids import shard_of_contact
from tertulia.store.db import connect
from tertulia.workers.engine import Engine
from tertulia.workers.helping import HandLost, Helper

CART = """
name: Cart
entry: {event: Product Added}
exceptions:
  - {event: Order Completed}
steps:
  - {id: pause, kind: wait, for: 1 h}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """An engine whose helper takes its half of every part."""
    with Town(empty_database) as made, connect(empty_database) as beside, helping(beside, PUBLIC_URL) as helper:
        made.engine = Engine(made.engine_conn, PUBLIC_URL, name="test", test_clock=True, helpers=[helper])
        made.engine.hands.least = 1
        yield made


def tell(town: Town, serial: int, name: str, user: str, device: str = "") -> None:
    at = town.now - timedelta(minutes=10) + timedelta(seconds=serial)
    town.append(EventEntry(1, "track", f"m{serial}", at, at, name=name, user_id=user, anonymous_id=device))


def meet_users(town: Town) -> tuple[list[str], list[str]]:
    """User ids whose contacts the one hand decides for, and those of the other."""
    users = [f"u{number}" for number in range(40)]
    for serial, user in enumerate(users):
        tell(town, 1000 + serial, "Met", user)
    town.drain()
    odd = [user for user in users if (town.identity("user_id", user) or 0) & 1]
    return [user for user in users if user not in odd], odd


def test_E6_each_contact_is_decided_in_its_order_whichever_hand_has_it(town: Town) -> None:
    """Runs begin and end as they would by one hand, an event that comes twice is stored once (E1), and a device follows
    its user."""
    left, right = meet_users(town)
    town.publish(CART)
    town.drain()
    for serial, user in enumerate((*left, *right)):
        tell(town, serial, "Product Added", user)
        if serial % 2:
            tell(town, 100 + serial, "Order Completed", user)
    tell(town, 1, "Product Added", (*left, *right)[1])
    for serial, (user, device) in enumerate(((left[0], "d1"), (right[0], "d2"))):
        tell(town, 200 + serial, "Page Seen", user, device)
    town.drain()
    for serial, device in enumerate(("d1", "d2")):
        tell(town, 202 + serial, "Page Seen", "", device)
    town.drain()
    users = len(left) + len(right)
    stored = town.rows(
        "select name, count(*) from event where type = 'track' and name <> 'Met' group by name order by 1"
    )
    assert stored == [("Order Completed", users // 2), ("Page Seen", 4), ("Product Added", users)]
    assert town.rows("select count(*) from run_open") == [(users - users // 2,)]
    assert town.rows("select outcome, count(*) from run group by outcome") == [("exited", users // 2)]
    for user, device in ((left[0], "d1"), (right[0], "d2")):
        assert town.identity("anonymous_id", device) == town.identity("user_id", user)
    writers = town.rows("select count(distinct p.writer) from log_position p join log_writer w on w.id = p.writer")
    assert writers == [(1,)]  # known people are decided where they are: neither hand forwarded anything


def test_E6_neither_hand_writes_once_another_engine_has_taken_over(town: Town) -> None:
    """Each fences its own shards."""
    left, right = meet_users(town)
    before = town.rows("select count(*) from event")
    with psycopg.connect(town.url, autocommit=True) as conn:
        conn.execute(
            "update shard_owner set epoch = epoch + 1, owner = 'another', lease_until = now() + interval '1 min'"
        )
    for serial, user in enumerate((left[0], right[0])):
        tell(town, serial, "Page Seen", user)
    town.engine.run_round()
    assert (town.rows("select count(*) from event"), town.engine.epochs) == (before, {})


def test_I3_a_poison_entry_is_parked_alone_by_either_hand(town: Town) -> None:
    """What failed with it is decided singly."""
    left, right = meet_users(town)
    for serial, user in enumerate((*left[:3], *right[:3])):
        tell(town, serial, "Page Seen", user)
    for user in (left[0], right[0]):
        town.append_raw({"type": "outcome"}, shard_of_contact(town.identity("user_id", user) or 0))
    town.drain()
    assert town.rows("select count(*) from event where name = 'Page Seen'") == [(6,)]
    assert town.rows("select count(*) from parked") == [(2,)]


def test_a_helper_is_a_process_and_its_death_ends_the_engines_round(empty_database: str) -> None:
    """Nothing that it had not committed is lost: the next engine finds it in the log."""
    with Town(empty_database) as made, closing(Helper.start(empty_database)) as helper:
        made.engine = Engine(made.engine_conn, PUBLIC_URL, name="test", test_clock=True, helpers=[helper])
        made.engine.hands.least = 1
        left, right = meet_users(made)
        made.drain()
        for serial, user in enumerate((left[0], right[0])):
            tell(made, serial, "Page Seen", user)
        made.drain()
        assert made.rows("select count(*) from event where name = 'Page Seen'") == [(2,)]
        helper.kill()
        tell(made, 2, "Page Seen", right[1])
        with pytest.raises(HandLost):
            made.engine.run_round()
        made.engine_conn.rollback()
        made.engine = Engine(made.engine_conn, PUBLIC_URL, name="test", test_clock=True)
        made.drain()
        assert made.rows("select count(*) from event where name = 'Page Seen'") == [(3,)]
