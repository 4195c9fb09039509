"""What customers do in a business's apps and sites, through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import NOW, Town

HOUR = timedelta(hours=1)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def contact_of(town: Town, kind: str, value: str) -> int:
    """Whose an identity is, merges followed."""
    contact_id = town.identity(kind, value)
    assert contact_id is not None
    while into := town.rows("select merged_into from contact where id = %s", contact_id)[0][0]:
        contact_id = into
    return contact_id


def user(town: Town, value: str) -> int:
    return contact_of(town, "user_id", value)


def device(town: Town, value: str) -> int:
    return contact_of(town, "anonymous_id", value)


def read(town: Town, contact_id: int, columns: str) -> tuple[Any, ...]:
    [row] = town.rows(f"select {columns} from contact where id = %s", contact_id)
    return row


def test_M1_an_unknown_device_gets_a_contact_and_keeps_it(town: Town) -> None:
    """Named by where it came from; its identity is claimed and lies in the contact's home shard."""
    town.event("page", device="d1", name="Home", properties={"path": "/"}, context={"locale": "pt_BR"})
    town.event("track", device="d1", name="Product Viewed")
    contact = device(town, "d1")
    assert town.rows("select contact_id, name, type from event order by name") == [
        (contact, "Home", "page"),
        (contact, "Product Viewed", "track"),
    ]
    assert read(town, contact, "source, locale, active_at") == ("event:1", "pt-BR", NOW)
    assert town.rows("select kind, trust from contact_identity") == [("anonymous_id", 0)]


def test_M8_a_device_that_turns_out_to_be_a_user_is_merged(town: Town) -> None:
    """Its history becomes the user's; each event keeps the contact that it came to."""
    town.event("page", device="d1", name="Home")
    town.event("identify", user="u1", device="d2")
    before, known = device(town, "d1"), user(town, "u1")
    assert before != known
    town.event("track", user="u1", device="d1", name="Signed In")
    assert device(town, "d1") == user(town, "u1") == known
    assert town.rows("select contact_id from event order by name") == [(known,), (before,), (known,)]
    assert town.rows("select actor, evidence ->> 'rule' from merge where contact_id = %s", before)[0][0] == "event"
