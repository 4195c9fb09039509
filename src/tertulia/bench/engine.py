"""`engine`: how fast one engine process decides what is in the log.

A hundred thousand known customers and ten journeys. Of fifty names of events five are named by the journeys; one event
in a hundred starts runs, which wait an hour. What is measured is rounds of the real engine over a log that is full:
read, decide, write, commit. The limit is PostgreSQL's bare COPY of the events that came of it into a table with the
same indexes, measured after it on the same server.
"""

import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from tertulia.bench.harness import Figure, Report, against, copy_bare, fresh_database, share_cpu
from tertulia.bench.people import make_people, place_contact
from tertulia.core.entries import EventEntry, key_of
from tertulia.store.db import connect
from tertulia.store.log import LogWriter, NewEntry

RATE_GOAL_PER_S = 30_000
CONTACTS = 100_000
EVENTS = 300_000
WARM_EVENTS = 20_000
NAMES = 50
JOURNEYS = 10
NAMED = 5  # of the names are listened for
STARTS = 100  # one event in so many starts a run
APPENDED = 5_000
SEED = 20_261_130


def run(contacts: int = CONTACTS) -> Report:
    """Measure; afterwards every event is looked for."""
    chance = random.Random(SEED)  # noqa: S311 (a seed, so that runs can be compared)
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        from tertulia.bench.rounds import drain, measure_rounds
        from tertulia.workers.engine import Engine
        from tertulia.workers.helping import start_helpers

        workspace = _make_workspace(url, contacts)
        with connect(url) as conn, connect(url) as engine_conn, start_helpers(url) as helpers:
            writer = LogWriter.lease(conn, "bench", datetime.now(UTC))
            conn.commit()
            engine = Engine(engine_conn, "https://bench.example", helpers=helpers)
            _append(conn, writer, workspace, _iter_events(chance, contacts, 0, WARM_EVENTS))
            drain(engine)
            _append(conn, writer, workspace, _iter_events(chance, contacts, WARM_EVENTS, EVENTS))
            worked = measure_rounds(url, engine)
        kept, runs = _count(url)
        limit = copy_bare(url, "event", Path(folder) / "rows")
    rate = EVENTS / worked.seconds
    missing = EVENTS + WARM_EVENTS - kept
    return Report(
        "engine",
        (
            against("events", rate, "1/s", limit, f">= {RATE_GOAL_PER_S}/s", rate >= RATE_GOAL_PER_S),
            Figure("missing", missing, "events", goal="0", met=missing == 0),
            Figure("runs", runs, "live runs"),
        ),
        {
            "contacts": contacts,
            "rounds": worked.rounds,
            "events_a_round": round(EVENTS / worked.rounds),
            "cpu_ms_per_event": share_cpu(worked.spent, EVENTS),
        },
    )


def _make_workspace(url: str, contacts: int) -> int:
    """A source, ten journeys, and contacts whose user ids are known."""
    from tertulia.actions.journeys import create_journey, publish
    from tertulia.data.models import Source, Workspace
    from tertulia.store.sealing import seal

    now = datetime.now(UTC)
    workspace = Workspace.objects.create(name="Bench", slug="bench", link_key=seal(b"of a bench only, and long"))
    Source.objects.create(id=1, workspace=workspace, name="Shop", write_key="wk_" + "b" * 32)
    from django.db import transaction

    with transaction.atomic():
        for number in range(JOURNEYS):
            made = create_journey(workspace, None, now, _write_journey(number), name=f"Journey {number}")
            publish(made, None, now, version=1)
    make_people(url, workspace.pk, contacts)
    return int(workspace.pk)


def _write_journey(number: int) -> str:
    """Two journeys listen to each name; the cheapest product starts them."""
    return f"""name: Journey {number}
entry:
  event: Event {number % NAMED}
  where: {{property: price, under: {1_000 * NAMES // NAMED // STARTS}}}
exceptions:
  - event: Event {(number + 1) % NAMED}
    where: {{property: price, over: 995}}
steps:
  - {{id: pause, kind: wait, for: 1 h}}
  - {{id: tell, kind: update, set: {{told: true}}}}
"""


def _iter_events(chance: random.Random, contacts: int, first: int, count: int) -> Iterator[EventEntry]:
    at = datetime.now(UTC)
    for number in range(first, first + count):
        yield EventEntry(
            source_id=1,
            call="track",
            message_id=str(UUID(int=chance.getrandbits(128), version=4)),
            at=at,
            client_at=at,
            name=f"Event {number % NAMES}",
            user_id=f"u{chance.randrange(contacts) + 1}",
            properties={
                "product_id": f"p{number % 5_000}",
                "category": "Coffee",
                "price": chance.randrange(1_000),
                "quantity": 1 + number % 3,
                "currency": "BRL",
            },
            context={"library": {"name": "analytics-python", "version": "2.4.0"}},
        )


def _append(conn: psycopg.Connection, writer: LogWriter, workspace: int, events: Iterator[EventEntry]) -> None:
    """As the edge does, a group at a time."""
    from tertulia.bench.rounds import append_group

    group: list[NewEntry] = []
    for event in events:
        shard, contact_id = place_contact(workspace, int(event.user_id[1:]))
        group.append(NewEntry(shard, workspace, key_of(event), event, event.at, contact_id=contact_id))
        if len(group) == APPENDED:
            append_group(conn, writer, group)
            group.clear()
    append_group(conn, writer, group)


def _count(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as conn:
        row = conn.execute("select (select count(*) from event), (select count(*) from run_open)").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


if __name__ == "__main__":
    print(run().to_json().decode())
