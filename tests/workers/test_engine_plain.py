"""Events that only add to a history, decided apart from the others: it makes no difference but to the time it takes."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import Town

LISTENER = """
name: Listener
entry:
  event: Never
exceptions:
  - event: session_started
steps:
  - {id: pause, kind: wait, for: 1 h}
"""
SECOND = timedelta(seconds=1)
USERS = ("", "", "u1", "u2", "u3")
DEVICES = ("", "d1", "d2", "d3")
CONTEXTS: tuple[dict[str, Any], ...] = (
    *({}, {}, {"locale": "pt-BR"}, {"timezone": "Asia/Tokyo"}, {"active": False}, {"channel": "mobile"}),
)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def add_workspaces(town: Town, serial: int) -> tuple[Any, Any]:
    """Two that differ in one thing: in the second a journey listens for the beginning of visits, so that no event of it
    is plain."""
    from tertulia.data.models import Source, Workspace
    from tertulia.store.sealing import seal

    made = []
    for name in ("quiet", "heard"):
        row = Workspace.objects.create(
            name=name, slug=f"{name}{serial}", country="BR", currency="BRL", link_key=seal(b"k" * 32)
        )
        Source.objects.create(workspace=row, name="Shop", write_key=f"wk_{name}{serial}", kind="javascript")
        made.append(row)
    town.workspace = made[1]
    town.publish(LISTENER)
    return made[0], made[1]


def tell(chance: random.Random, serial: int) -> dict[str, Any]:
    """Something that a customer did, now or up to an hour and a half ago, rarely longer."""
    user, device = chance.choice(USERS), chance.choice(DEVICES)
    late = timedelta(minutes=chance.choice((0, 0, 0, 1, 20, 31, 90, 60 * 24 * 8)))
    call = chance.choice(("track", "track", "track", "page", "screen", "identify", "alias"))
    facts: dict[str, Any] = {"user": user or ("" if device else "u1"), "device": device}
    if call == "identify":
        facts |= {"traits": {"plan": chance.choice("ab")}}
    elif call == "alias":
        facts |= {"user": "u1", "previous": chance.choice(("u2", "d3", "x"))}
    else:
        facts |= {"name": chance.choice(("Seen\tit", "Added \\ to cart", "Application Backgrounded"))}
        facts |= {"properties": {"text": 'a "quoted"\n\\line'}, "context": chance.choice(CONTEXTS)}
    return {"call": call, "message_id": f"m{serial}", "late": late, **facts}


def read_all(town: Town, workspace: int) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that came of it; contacts by the order in which they were made."""
    contacts = [row[0] for row in town.rows("select id from contact where workspace = %s order by id >> 8", workspace)]
    rank = {contact_id: n for n, contact_id in enumerate(contacts)} | {0: None, None: None}
    return {
        "events": sorted(
            (rank[row[0]], *row[1:])
            for row in town.rows(
                """select contact_id, type, name, case when type = 'derived' then '' else message_id end, occurred_at,
                          received_at, user_id, anonymous_id, properties ->> 'text', context::text,
                          properties ->> 'duration_s', properties ->> 'events'
                   from event where workspace = %s""",
                workspace,
            )
        ),
        "contacts": [
            (*row[:4], rank[row[4]], *row[5:])
            for row in town.rows(
                """select active_at, locale, zone, attributes, merged_into, changed ->> 'plan' from contact
                   where workspace = %s order by id >> 8""",
                workspace,
            )
        ],
        "visits": sorted(
            (rank[row[0]], *row[1:])
            for row in town.rows("select contact_id, started_at, ends_at from session where workspace = %s", workspace)
        ),
        "identities": sorted(
            (row[0], row[1], rank[row[2]])
            for row in town.rows("select kind, value, contact_id from identity where workspace = %s", workspace)
        ),
        "tallies": town.rows(
            "select type, name, sum(count) from event_tally where workspace = %s group by 1, 2 order by 1, 2", workspace
        ),
    }


@pytest.mark.parametrize("seed", range(4))
def test_E6_plain_events_come_to_what_all_events_come_to(town: Town, seed: int) -> None:
    """The same events in two workspaces, plain in one of them: histories, visits, who was seen when and who is who are
    the same."""
    chance = random.Random(seed)
    quiet, heard = add_workspaces(town, seed)
    serial = 0
    for _ in range(12):
        for _ in range(chance.choice((1, 3, 8, 15))):
            serial += chance.random() > 0.1  # sometimes the same one again (E1)
            told = tell(random.Random(f"{seed}:{serial}"), serial)
            late = told.pop("late")
            for workspace in (quiet, heard):
                town.workspace = workspace
                town.append_event(**told, at=town.now - late)
            town.now += SECOND
        town.advance(timedelta(minutes=chance.choice((0, 1, 10, 45))))
    found = read_all(town, quiet.pk)
    assert found == read_all(town, heard.pk)
    assert len(found["events"]) > 40
    assert len(found["visits"]) + sum(row[2] == "session_ended" for row in found["events"]) > 1
