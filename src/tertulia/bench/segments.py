"""`segments`: how long it takes to count a segment that nobody has counted before, and until an event is seen in one.

A million contacts and fifty million events of the last sixty days, of fifty names, made inside the database. The
segment has two conditions on events of the last thirty days, each of which one contact in ten meets; nothing about it
is kept when it is counted. Beside it stands a bare count of the two names' rows in the same index. Then the segment is
published, the engine looks who belongs, and one more event lets somebody in.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from tertulia.bench.harness import Figure, Report, against, fresh_database
from tertulia.core.entries import EventEntry, key_of
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.db import Conn, connect
from tertulia.store.log import LogWriter, NewEntry

CONTACTS: Final = 1_000_000
EVENTS_EACH: Final = 50  # of a contact
NAMES: Final = 50
DAYS: Final = 60
BATCH: Final = 500_000
COUNT_GOAL_S: Final = 1.0
SEEN_GOAL_S: Final = 2.0
ROUNDS_MAX: Final = 20_000
SEGMENT: Final = """
name: Keen
where:
  all:
    - {event: Name 0, within: 30 d, at_least: 2}
    - {event: Name 1, within: 30 d, at_least: 2}
"""
TIER: Final = "name: Gold\nwhere: {attribute: tier, is: gold}\n"

# What a server needs while it is filled; no count makes use of it.
FILLING: Final = {"max_wal_size": "16GB", "maintenance_work_mem": "1GB"}

MAKE_CONTACTS: Final = """
insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id, attributes, changed,
                     search, source, created_at, updated_at)
select (%(shards)s::smallint[])[(n %% 256) + 1], n * 256 + (n %% 256), %(workspace)s, '', '', '', '', '', '',
       jsonb_build_object('tier', case when n %% 10 = 0 then 'gold' else 'free' end), '{}', '', 'event:1',
       %(now)s, %(now)s
from generate_series(1, %(contacts)s) as n
"""
MAKE_EVENTS: Final = """
insert into event (shard, day, id, workspace, contact_id, source_id, type, name, message_id, user_id, anonymous_id,
                   properties, context, occurred_at, received_at, imported)
select (%(shards)s::smallint[])[(p.n %% 256) + 1], p.at::date, gen_random_uuid(), %(workspace)s,
       p.n * 256 + (p.n %% 256), 1, 'track', 'Name ' || p.kind, '', '', '', '{}', '{}', p.at, p.at, false
from (select 1 + floor(random() * %(contacts)s)::bigint as n, floor(random() * %(names)s)::int as kind,
             %(now)s - random() * make_interval(days => %(days)s) as at
      from generate_series(1, %(count)s)) p
"""


def run(contacts: int = CONTACTS) -> Report:
    """Make, count, publish, and let somebody in."""
    with fresh_database(FILLING) as url:
        now = datetime.now(UTC)
        workspace = _make_workspace(url)
        filled = _fill(url, workspace, contacts, now)
        with connect(url) as conn:
            counted, seconds = _count(conn, workspace, SEGMENT, now)
            golden, cold_s = _count(conn, workspace, TIER, now)
            bare = _count_bare(conn, workspace, now)
        took, members, seen = _publish(url, workspace, contacts)
    return Report(
        "segments",
        (
            against("count", seconds, "s", bare, f"<= {COUNT_GOAL_S} s", seconds <= COUNT_GOAL_S),
            Figure("by_attribute", round(cold_s, 3), "s"),
            Figure("seen_after", round(seen, 3), "s", goal=f"<= {SEEN_GOAL_S} s", met=seen <= SEEN_GOAL_S),
            Figure("published_in", round(took, 1), "s"),
            Figure("share", round(counted / contacts, 4), "of all contacts"),
            Figure("missing", counted - members, "members", goal="0", met=counted == members),
        ),
        {"contacts": contacts, "events": EVENTS_EACH * contacts, "gold": golden, "filled_s": round(filled)},
    )


def _make_workspace(url: str) -> int:
    from tertulia.data.models import Source, Workspace
    from tertulia.store.sealing import seal

    workspace = Workspace.objects.create(name="Bench", slug="bench", link_key=seal(b"of a bench only, and long"))
    Source.objects.create(id=1, workspace=workspace, name="Shop", write_key="wk_" + "b" * 32)
    return int(workspace.pk)


def _fill(url: str, workspace: int, contacts: int, now: datetime) -> float:
    """The rows, and the index by which segments are counted; the others are not read here. How many seconds it took."""
    began = time.perf_counter()
    told = {"shards": list(SHARDS), "workspace": workspace, "contacts": contacts, "now": now}
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set synchronous_commit = off")
        conn.execute(MAKE_CONTACTS, told)
        conn.execute("drop index event_by_contact, event_by_arrival, event_by_name")
        conn.execute("alter table event drop constraint event_pkey")
        told |= {"names": NAMES, "days": DAYS}
        for _ in range(EVENTS_EACH * contacts // BATCH):
            conn.execute(MAKE_EVENTS, {**told, "count": BATCH})
        conn.execute(
            "create index event_by_name on event (workspace, name, occurred_at) include (contact_id, shard, type)"
        )
        conn.execute("alter table event add primary key (shard, day, id)")
        conn.execute("vacuum analyze")
        conn.execute("checkpoint")
    return time.perf_counter() - began


def _count(conn: Conn, workspace: int, text: str, now: datetime) -> tuple[int, float]:
    """How many belong, counted for the first time, and how long that took."""
    from tertulia.core.segments import compile_segment
    from tertulia.documents.segments import read_segment
    from tertulia.store.segment_sql import Place, count_members

    node = compile_segment("s", {"s": (0, read_segment(text).where)})
    place = Place(workspace, now, {}, {}, frozenset())
    began = time.perf_counter()
    found = count_members(conn, node, place)
    seconds = time.perf_counter() - began
    conn.rollback()
    return found, seconds


def _count_bare(conn: Conn, workspace: int, now: datetime) -> float:
    """What the same rows cost that are only counted."""
    began = time.perf_counter()
    since = now - timedelta(days=30)
    for name in ("Name 0", "Name 1"):
        conn.execute(
            "select count(*) from event where workspace = %s and name = %s and occurred_at >= %s",
            (workspace, name, since),
        )
    conn.rollback()
    return time.perf_counter() - began


def _publish(url: str, workspace: int, contacts: int) -> tuple[float, int, float]:
    """How long the engine looks who belongs, how many do, and after how long an event lets one more in."""
    from django.db import transaction

    from tertulia.actions.segments import create_segment, publish
    from tertulia.data.models import Workspace
    from tertulia.workers.engine import Engine

    with connect(url) as conn, connect(url) as engine_conn:
        engine = Engine(engine_conn, "https://bench.example")
        _rest(engine)
        began = time.perf_counter()
        with transaction.atomic():
            owner = Workspace.objects.get(pk=workspace)
            segment = create_segment(owner, None, datetime.now(UTC), SEGMENT, name="Keen")
            publish(segment, None, datetime.now(UTC), version=1)
        _rest(engine)
        took = time.perf_counter() - began
        [(members,)] = conn.execute("select count(*) from segment_member").fetchall()
        writer = LogWriter.lease(conn, "bench", datetime.now(UTC))
        contact_id = (contacts + 1) * 256
        _append(conn, writer, workspace, contact_id)
        began = time.perf_counter()
        for _ in range(ROUNDS_MAX):
            engine.run_round()
            [(now,)] = conn.execute("select count(*) from segment_member").fetchall()
            conn.rollback()
            if now > members:
                break
        return took, members, time.perf_counter() - began


def _append(conn: Conn, writer: LogWriter, workspace: int, contact_id: int) -> None:
    """A new contact does what the segment asks for."""
    conn.execute(
        """insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id, attributes,
                                changed, search, source, created_at, updated_at)
           values (%s, %s, %s, '', '', '', '', '', '', '{}', '{}', '', 'event:1', %s, %s)""",
        (shard_of_contact(contact_id), contact_id, workspace, *[datetime.now(UTC)] * 2),
    )
    now = datetime.now(UTC)
    entries = []
    for number in range(4):
        told = (1, "track", f"bench-{number}", now, now, f"Name {number % 2}")
        entry = EventEntry(*told, contact_id=contact_id)
        entries.append(NewEntry(shard_of_contact(contact_id), workspace, key_of(entry), entry, now))
    writer.append(conn, entries, now)
    conn.commit()
    writer.committed()


def _rest(engine: object) -> None:
    """Rounds until nothing is left to do."""
    for _ in range(ROUNDS_MAX):
        if not engine.run_round():  # type: ignore[attr-defined]
            return
    raise AssertionError("the engine never came to rest")
