"""Visits (R6) through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import Town

from tertulia.actions import cycle
from tertulia.core.entries import EventEntry, key_of
from tertulia.core.sessions import BACKGROUNDED, ENDED, STARTED
from tertulia.ids import shard_of_contact
from tertulia.store.clock import real_now
from tertulia.store.log import NewEntry

MINUTE = timedelta(minutes=1)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1", client_side=True)
        made._change_epoch()
        yield made


def read_ends(town: Town) -> list[dict[str, Any]]:
    return [row[0] for row in town.rows("select properties from event where name = %s order by occurred_at", ENDED)]


def read_derived(town: Town) -> list[tuple[str, int]]:
    """Names of derived events and the minutes of the hour at which they occurred."""
    rows = town.rows("select name, occurred_at from event where type = 'derived' order by occurred_at, name desc")
    return [(name, at.minute) for name, at in rows]


def test_R6_a_visit_has_a_beginning_and_an_end(town: Town) -> None:
    """What was done in it is told at its end; while it lasts one row stands for it, and afterwards none."""
    town.event("track", user="u1", name="Product Added", properties={"product_id": "p1", "price": 120.5})
    assert town.rows("select count(*) from session") == [(1,)]
    town.advance(29 * MINUTE)
    town.event("page", user="u1", name="Cart")
    town.advance(29 * MINUTE)
    assert read_derived(town) == [(STARTED, 0)]
    town.advance(MINUTE)
    assert read_derived(town) == [(STARTED, 0), (ENDED, 29)]
    [end] = read_ends(town)
    assert (end["cart_value"], end["events"], end["pages"], end["duration_s"]) == (120.5, 2, 1, 29 * 60)
    assert town.rows("select count(*) from session") == [(0,)]


def test_R6_the_background_ends_a_visit_with_all_that_was_stored_before(town: Town) -> None:
    """Also when the visit is spread over several cycles and its last events come together."""
    town.event("screen", user="u1", name="Home")
    town.advance(5 * MINUTE)
    town.append_event("track", user="u1", name="Product Viewed")
    town.append_event("track", user="u1", name=BACKGROUNDED)
    town.drain()
    [end] = read_ends(town)
    assert (end["reason"], end["events"], end["counts"]) == ("background", 3, {"Product Viewed": 1, BACKGROUNDED: 1})


def test_M8_a_visitors_visit_goes_on_as_the_users(town: Town) -> None:
    """The cart that was filled before signing in counts, and there is one end."""
    town.event("identify", user="u1", device="d2", traits={"plan": "pro"})
    town.event("track", device="d1", name="Product Added", properties={"product_id": "p1", "price": 150})
    town.advance(MINUTE)
    town.event("track", user="u1", device="d1", name="Signed In")
    town.advance(MINUTE)
    town.event("page", user="u1", name="Cart")
    town.advance(31 * MINUTE)
    [end] = read_ends(town)
    assert (end["cart_value"], end["events"]) == (150, 3)
    assert town.rows("select contact_id from event where name = %s", ENDED) == [(town.identity("user_id", "u1"),)]


def test_M8_a_long_visit_is_carried_over_whole_though_its_next_event_comes_with_it(town: Town) -> None:
    """The other half of the merge and what the user does next are decided in one cycle."""
    town.event("identify", user="u1", device="d2", traits={"plan": "pro"})
    town.event("track", device="d1", name="Product Added", properties={"product_id": "p1", "price": 150})
    town.advance(20 * MINUTE)
    town.event("page", device="d1", name="Cart")
    town.advance(15 * MINUTE)
    town.append_event("identify", user="u1", device="d1")
    town.engine.run_round()  # asks for the merge
    town.engine.run_round()  # redirects the visitor
    root = town.identity("user_id", "u1")
    assert root is not None
    entry = EventEntry(1, "page", "last", town.now, town.now, name="Account", user_id="u1")
    shard, later = shard_of_contact(root), real_now() + MINUTE  # after the engine's own entry, which has the real time
    town.writer.append(
        town.conn, [NewEntry(shard, town.workspace.pk, key_of(entry), entry, town.now, contact_id=root)], later
    )
    town.conn.commit()
    town.writer.committed()
    town.drain()
    assert read_ends(town) == []
    town.advance(31 * MINUTE)
    [end] = read_ends(town)
    assert (end["cart_value"], end["events"], end["duration_s"]) == (150, 3, 35 * 60)


def test_C5_an_erased_person_has_no_visit(town: Town) -> None:
    """Neither a running one, nor what was derived of it."""
    town.event("page", user="u1", name="Home")
    contact = town.identity("user_id", "u1")
    assert contact is not None
    town.erase(contact)
    town.advance(60 * MINUTE)
    assert town.rows("select count(*) from session") == [(0,)]
    assert read_ends(town) == []


def test_a_visit_that_cannot_be_summed_up_holds_up_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again later."""
    for user in ("u1", "u2", "u3"):
        town.event("page", user=user, name="Home")
    poison = town.identity("user_id", "u2")
    settle = cycle.settle

    def fail(world: Any, row: Any, until: Any) -> None:
        if row.contact_id == poison:
            raise ValueError("poison")
        settle(world, row, until)

    monkeypatch.setattr(cycle, "settle", fail)
    town.advance(31 * MINUTE)
    assert len(read_ends(town)) == 2
    monkeypatch.undo()
    town.advance(31 * MINUTE)
    assert len(read_ends(town)) == 3


def test_R6_what_is_only_told_by_a_server_is_no_visit(town: Town) -> None:
    """An order that was shipped."""
    town.event("track", user="u1", name="Order Shipped", context={"channel": "server"})
    assert read_derived(town) == []


def test_E4_imported_history_begins_ends_and_prolongs_no_visit(town: Town) -> None:
    """However young it is: it stands in the history and nothing follows from it."""
    town.event("page", user="u1", name="Home", imported=True)
    assert town.rows("select name, imported from event") == [("Home", True)]
    assert town.rows("select count(*) from session") == [(0,)]
    town.event("page", user="u1", name="Cart")
    town.advance(10 * MINUTE)
    town.event("track", user="u1", name=BACKGROUNDED, imported=True)
    assert town.rows("select count(*) from session") == [(1,)]
    town.advance(20 * MINUTE)
    [end] = read_ends(town)
    assert (end["events"], end["duration_s"]) == (1, 0)
