"""One cycle of an owner: the next log entries and due deliveries, decided and written in the caller's transaction.

Load with a fixed number of queries, decide in the core, write the effects folded by kind, move the positions. The
shell commits. When something fails the shell rolls back and calls again with one entry at a time; the entry that
fails alone is parked whole with its error, and the others go on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tertulia.actions.cycle_facts import (
    load_claims,
    load_deferred_facts,
    load_facts,
    load_otp_facts,
    load_session_facts,
)
from tertulia.actions.plain import take_plain
from tertulia.actions.rounds import decide_round
from tertulia.actions.run_changes import decide_change
from tertulia.actions.run_facts import load_call_facts, load_run_facts, load_watch_facts
from tertulia.actions.segment_cycle import list_due, note_written, settle_segments
from tertulia.core import call_effects as cx
from tertulia.core import effects as fx
from tertulia.core import entry_effects as ee
from tertulia.core import event_effects as ev
from tertulia.core import lanes
from tertulia.core import run_effects as rx
from tertulia.core import segment_effects as gx
from tertulia.core import talk_effects as tx
from tertulia.core.attempts import revoke_delivery, settle_lost
from tertulia.core.call_outcomes import claim_call
from tertulia.core.claim import claim_delivery
from tertulia.core.decide import Unplaced, decide, decide_occasion
from tertulia.core.entries import (
    FORWARDED,
    Entry,
    EventEntry,
    ReceiptEntry,
    decode,
    is_counted,
    key_of,
    route,
)
from tertulia.core.events import derive_event_key
from tertulia.core.journey import advance, follow_delivery
from tertulia.core.membership import stir
from tertulia.core.message_outcomes import tell_ignored
from tertulia.core.otp import follow_otp, lose_patience
from tertulia.core.overdue import pass_over
from tertulia.core.reasons import Reason
from tertulia.core.rows import CallRow, OpenDelivery, OtpRow, RunRow, SessionRow, WatchRow
from tertulia.core.run_ends import end, leave_in_time
from tertulia.core.segments import SegmentFacts
from tertulia.core.sessions import IDLE, settle
from tertulia.core.slots import sort_waiting, wake_deferred
from tertulia.core.stages import channel_of_stage
from tertulia.core.steps.base import Woken
from tertulia.core.world import Config, World
from tertulia.ids import day_of, derive_delivery_id, derive_id
from tertulia.store import effects as writer
from tertulia.store import world as loader
from tertulia.store.db import Conn
from tertulia.store.log import NewEntry
from tertulia.store.log_reader import LogRow
from tertulia.store.parked import park as keep_parked
from tertulia.store.rounds import RoundRow

Read = tuple[LogRow, Entry]


@dataclass(slots=True)
class Batch:
    """What a cycle came to: entries to append for other shards (or for later), and counts for the metrics."""

    forwards: list[NewEntry] = field(default_factory=list)
    decided: int = 0
    duplicates: int = 0
    claimed: int = 0
    touched: set[str] = field(default_factory=set)  # topics of pages that show something else now
    config: Config | None = None  # as the decisions left it: a channel that faulted claims nothing more


def decide_entries(
    conn: Conn, config: Config, rows: Sequence[LogRow], now: datetime, serials: Iterator[int], owned: Iterable[int] = ()
) -> Batch:
    """Decide log entries in their order. Raises whatever a poison entry raises; nothing is written then but what the
    shell rolls back. `owned` are the shards of this owner: what is forwarded among
    them is decided at once. Raises Conflict when another owner linked an identity first."""
    world, batch = World(now, config, serials, owned=frozenset(owned)), Batch()
    read = [(row, decode(row.payload)) for row in rows]
    fresh = _drop_duplicates(conn, read, batch)
    waiting, decidable = _split_receipts(fresh)
    plain = World(now, config, serials)
    decidable = take_plain(conn, world, plain, decidable)
    world.effects += plain.effects
    load_facts(conn, world, decidable)
    parks = []
    for row, entry in decidable:
        try:
            decide(world, entry, row.workspace, row.shard)
        except Unplaced as reason:
            parks.append((row, str(reason)))
    _write(conn, world, batch)
    _settle_waiting(conn, waiting, batch, now)
    for row, sentence in parks:
        park(conn, row, sentence, now)
    batch.decided = len(fresh)
    writer.tally(conn, _tallies(read, fresh, parks))
    batch.touched |= _topics(world)
    batch.config = world.config
    return batch


def claim_due(
    conn: Conn,
    config: Config,
    deliveries: Sequence[OpenDelivery],
    now: datetime,
    serials: Iterator[int],
    owner: str = "",
) -> Batch:
    """Queued deliveries pass the gates, are rendered and handed over (X2). `owner`: whose part of shared totals they
    spend (R5)."""
    world, batch = World(now, config, serials, owner=owner), Batch()
    load_claims(conn, world, deliveries)
    for delivery in sort_waiting(deliveries):
        batch.claimed += claim_delivery(world, delivery)
    return _finish(conn, world, batch)


def settle_unknown(
    conn: Conn, config: Config, deliveries: Sequence[OpenDelivery], now: datetime, serials: Iterator[int]
) -> Batch:
    """Unknown outcomes whose time is over (S3)."""
    world, batch = World(now, config, serials), Batch()
    load_claims(conn, world, deliveries)
    for delivery in deliveries:
        world.open[delivery.id] = delivery
        settle_lost(world, delivery)
        follow_delivery(world, delivery.id)
        follow_otp(world, delivery.id)
    return _finish(conn, world, batch)


def revoke_queued(
    conn: Conn, config: Config, deliveries: Sequence[OpenDelivery], now: datetime, serials: Iterator[int]
) -> Batch:
    """A stopped match takes back what is queued (V2)."""
    world, batch = World(now, config, serials), Batch()
    load_claims(conn, world, deliveries)
    for delivery in deliveries:
        revoke_delivery(world, delivery, Reason.RUN_STOPPED.value)
    return _finish(conn, world, batch)


def end_sessions(
    conn: Conn, config: Config, sessions: Sequence[SessionRow], now: datetime, serials: Iterator[int]
) -> Batch:
    """Sessions whose end has come end, or are put off where something was done since (R6)."""
    world, batch = World(now, config, serials), Batch()
    load_session_facts(conn, world, sessions)
    for session in sessions:
        settle(world, session, now)
    return _finish(conn, world, batch)


def wake_runs(conn: Conn, config: Config, runs: Sequence[RunRow], now: datetime, serials: Iterator[int]) -> Batch:
    """Runs whose wait is over go on."""
    world, batch = World(now, config, serials), Batch()
    load_run_facts(conn, world, runs)
    for row in runs:
        if (run := world.runs.get(row.id)) is not None and run.due_at is not None and run.due_at <= now:
            advance(world, run, Woken.TIMER)
    return _finish(conn, world, batch)


def look_at_exits(conn: Conn, config: Config, runs: Sequence[RunRow], now: datetime, serials: Iterator[int]) -> Batch:
    """X5: runs end that time has made what their journey ends for."""
    world, batch = World(now, config, serials), Batch()
    load_run_facts(conn, world, runs)
    for row in runs:
        if (run := world.runs.get(row.id)) is not None:
            leave_in_time(world, run)
    return _finish(conn, world, batch)


def pass_over_runs(conn: Conn, config: Config, runs: Sequence[RunRow], now: datetime, serials: Iterator[int]) -> Batch:
    """V2: what fell due while their journey was paused passes."""
    world, batch = World(now, config, serials), Batch()
    load_run_facts(conn, world, runs)
    for row in runs:
        if (run := world.runs.get(row.id)) is not None:
            pass_over(world, run)
    return _finish(conn, world, batch)


def wake_otps(conn: Conn, config: Config, otps: Sequence[OtpRow], now: datetime, serials: Iterator[int]) -> Batch:
    """Codes without a receipt in time go on to their next way."""
    world, batch = World(now, config, serials), Batch()
    load_otp_facts(conn, world, otps)
    for row in otps:
        otp = world.otps.get(row.id)
        if otp is not None and otp.due_at is not None and otp.due_at <= now:
            lose_patience(world, otp)
    return _finish(conn, world, batch)


def claim_calls(conn: Conn, config: Config, calls: Sequence[CallRow], now: datetime, serials: Iterator[int]) -> Batch:
    """Queued calls to a company's API are handed over (S6, X2)."""
    world, batch = World(now, config, serials), Batch()
    load_call_facts(conn, world, calls)
    for row in calls:
        if (call := world.calls.get(row.id)) is not None and call.state == "queued":
            batch.claimed += claim_call(world, call)
    return _finish(conn, world, batch)


def settle_watches(
    conn: Conn, config: Config, rows: Sequence[WatchRow], now: datetime, serials: Iterator[int]
) -> Batch:
    """Messages that were to be ignored so long: what nobody heeded may begin its journey (R6)."""
    world, batch = World(now, config, serials), Batch()
    load_watch_facts(conn, world, rows)
    for row in rows:
        world.add(ee.EndWatch(row.contact_id, row.journey_id, row.delivery_id))
        absorbed = world.follow(row.contact_id) != row.contact_id  # what it answered since is another contact's (M8)
        if not row.heeded and not absorbed and row.journey_id in config.journeys:
            decide_occasion(world, tell_ignored(row), row.workspace)
    return _finish(conn, world, batch)


def sweep_segment(
    conn: Conn,
    config: Config,
    segment: SegmentFacts,
    shards: Sequence[int],
    since: datetime,
    now: datetime,
    serials: Iterator[int],
) -> tuple[Batch, int]:
    """Those whose belonging to a segment time alone may have changed since an instant, in some shards; how many."""
    due = list_due(conn, segment, shards, since, now)
    settled = settle_segments(conn, config, due, now, serials, 0, only=segment)
    return Batch() if settled is None else _finish(conn, settled, Batch()), len(due)


def take_round(
    conn: Conn, config: Config, row: RoundRow, shards: Sequence[int], now: datetime, serials: Iterator[int]
) -> tuple[Batch, int]:
    """The people of some shards whom a round of a journey is for (R5), or whose runs go on by its newest revision
    (V1); and how many were looked at."""
    decide = decide_change if row.runs else decide_round
    world = decide(conn, config, row, shards, now, serials)
    return _finish(conn, world, Batch()), len(world.contacts)


def cancel_runs(conn: Conn, config: Config, runs: Sequence[RunRow], now: datetime, serials: Iterator[int]) -> Batch:
    """V2: runs of a journey that was cancelled are closed, what they queued is taken back."""
    world, batch = World(now, config, serials), Batch()
    load_run_facts(conn, world, runs)
    for row in runs:
        if (run := world.runs.get(row.id)) is not None:
            end(world, run, "exited", Reason.RUN_CANCELLED.value)
    return _finish(conn, world, batch)


def put_off_session(conn: Conn, session: SessionRow, now: datetime) -> None:
    """A session that could not be settled holds up no other: it is tried again later."""
    effect = ev.SetSession(session.workspace, session.contact_id, session.id, session.started_at, now + IDLE)
    writer.write(conn, [effect], now)


def queue_audience(
    conn: Conn, config: Config, match_id: int, members: Sequence[tuple[int, str]], now: datetime
) -> None:
    """The first way of reaching each member of a frozen audience, queued."""
    match = config.matches[match_id]
    channel_id = channel_of_stage(match, 0)
    assert channel_id is not None
    queued = [
        fx.QueueDelivery(
            workspace=match.workspace,
            contact_id=contact_id,
            id=derive_delivery_id(contact_id, day_of(now), "match", match_id, 0),
            channel_id=channel_id,
            match_id=match_id,
            stage=0,
            class_=match.class_,
            lane=lanes.BULK,
            to_kind="phone",
            to_value=number,
            identity_scope="",
            content={},
            cause=f"match:{match_id}",
            not_before=now,
            deadline=None,
            at=now,
        )
        for contact_id, number in members
    ]
    writer.write(conn, queued, now)


def park(conn: Conn, row: LogRow, sentence: str, now: datetime) -> None:
    """Keep an entry whole that cannot be decided (I3); it is shown, and tried again by hand."""
    keep_parked(
        conn,
        shard=row.shard,
        parked_id=derive_id("parked", row.shard, row.writer, row.seq),
        workspace=row.workspace,
        channel_id=_channel_of(row),
        kind=row.kind,
        key=row.key,
        reason=sentence,
        payload=row.payload,
        now=now,
    )


def park_alone(conn: Conn, row: LogRow, now: datetime) -> None:
    """Park an entry whose decision failed by itself, and count it."""
    sentence = "This entry could not be decided. It is kept whole; try it again."
    park(conn, row, sentence, now)
    channel_id = _channel_of(row)
    if channel_id is not None and is_counted(row.kind, row.key, channel_id):
        writer.tally(conn, {(row.shard, channel_id, row.workspace): [0, 0, 1]})


def _channel_of(row: LogRow) -> int | None:
    """The channel that an entry names, even one that cannot be decoded."""
    payload: dict[str, Any] = msgspec.json.decode(row.payload)
    channel_id: int | None = payload.get("channel_id")
    return channel_id


def _drop_duplicates(conn: Conn, read: Sequence[Read], batch: Batch) -> list[Read]:
    """E1: by the key of (UTC day of the entry's own time, id), in the owner's transaction. The first of equal keys
    within the cycle stays."""
    events: dict[bytes, Read] = {}
    others: dict[tuple[int, str], Read] = {}
    first = []
    for pair in read:
        row, entry = pair
        if isinstance(entry, EventEntry) and FORWARDED not in row.key:
            kept = events.setdefault(derive_event_key(row.workspace, entry.message_id), pair)
        else:
            kept = others.setdefault((row.shard, row.key), pair)
        if kept is pair:
            first.append(pair)
    doubles = _find_doubles(conn, events, others)
    fresh = [pair for pair in first if id(pair) not in doubles] if doubles else first
    batch.duplicates = len(read) - len(fresh)
    return fresh


def _find_doubles(conn: Conn, events: dict[bytes, Read], others: dict[tuple[int, str], Read]) -> set[int]:
    """Those that came in an earlier cycle (by `id`). Keys are written in one order by all who write them."""
    doubles = set()
    if events:
        keys = sorted(events)
        pairs = [events[key] for key in keys]
        days = [day_of(_time_key(*pair)) for pair in pairs]
        seen = loader.see_events(conn, keys, days, [row.workspace for row, _ in pairs])
        doubles |= {id(events[key]) for key in seen}
    if others:
        keyed = [(place[0], place[1], *others[place]) for place in sorted(others)]
        new = loader.dedupe(
            conn, [(shard, _time_key(row, entry), key, row.workspace) for shard, key, row, entry in keyed]
        )
        doubles |= {id(pair) for place, pair in others.items() if place not in new}
    return doubles


def _time_key(row: LogRow, entry: Entry) -> datetime:
    """The time whose UTC day is part of the key: of an event the client's own."""
    return entry.client_at if isinstance(entry, EventEntry) else row.occurred_at


def _tallies(
    read: Sequence[Read], fresh: Sequence[Read], parks: Sequence[tuple[LogRow, str]]
) -> dict[tuple[int, int, int], list[int]]:
    """Per (shard, channel, workspace): processed, of them duplicates, and parked. Forwarded entries were counted where
    they came in."""
    tallies: dict[tuple[int, int, int], list[int]] = {}
    kept = {id(row) for row, _ in fresh}
    parked = {id(row) for row, _ in parks}
    for row, entry in read:
        channel_id = getattr(entry, "channel_id", None)
        if channel_id is None or not is_counted(row.kind, row.key, channel_id):
            continue
        tally = tallies.setdefault((row.shard, channel_id, row.workspace), [0, 0, 0])
        if id(row) in parked:
            tally[2] += 1
        else:
            tally[0] += 1
            tally[1] += id(row) not in kept
    return tallies


def _split_receipts(
    entries: Iterable[Read],
) -> tuple[list[tuple[LogRow, ReceiptEntry]], list[tuple[LogRow, Entry]]]:
    """Receipts that name only a provider's id are settled by reference; everything else is decided."""
    waiting: list[tuple[LogRow, ReceiptEntry]] = []
    decidable: list[tuple[LogRow, Entry]] = []
    for row, entry in entries:
        if isinstance(entry, ReceiptEntry) and entry.delivery_id is None and not entry.watermark:
            waiting.append((row, entry))
        else:
            decidable.append((row, entry))
    return waiting, decidable


def _settle_waiting(conn: Conn, waiting: Sequence[tuple[LogRow, ReceiptEntry]], batch: Batch, now: datetime) -> None:
    """I4: a status for an id that we do not know yet waits; a known one goes on to its delivery."""
    if not waiting:
        return
    asks = [
        (row.workspace, entry.channel_id, entry.provider_id, msgspec.json.encode(entry).decode())
        for row, entry in waiting
    ]
    known = loader.wait_for_references(conn, asks, now)
    for row, entry in waiting:
        delivery_id = known.get((entry.channel_id, entry.provider_id))
        if delivery_id is not None:
            batch.forwards.append(_forward_receipt(row.workspace, entry, delivery_id))


def _forward_receipt(workspace: int, entry: ReceiptEntry, delivery_id: UUID) -> NewEntry:
    found = msgspec.structs.replace(entry, delivery_id=delivery_id)
    return NewEntry(route(workspace, found), workspace, key_of(found) + ":to-delivery", found, entry.at)


def _finish(conn: Conn, world: World, batch: Batch) -> Batch:
    """Write what was decided, and tell whom it concerns."""
    _write(conn, world, batch)
    batch.touched |= _topics(world)
    return batch


def _write(conn: Conn, world: World, batch: Batch, depth: int = 0) -> None:
    wake_deferred(world, load_deferred_facts(conn, world))
    forwards = writer.write(conn, world.effects, world.now)
    for forward in forwards:
        batch.forwards.append(
            NewEntry(
                *(forward.shard, forward.workspace, forward.key, forward.entry, forward.at),
                contact_id=forward.contact_id,
            )
        )
    refers = [effect for effect in world.effects if isinstance(effect, fx.ReferTo)]
    for workspace, delivery_id, payloads in writer.refer(conn, refers, world.now):
        for payload in payloads:
            entry = decode(payload)
            assert isinstance(entry, ReceiptEntry)
            batch.forwards.append(_forward_receipt(workspace, entry, delivery_id))
    if world.config.segments:
        _keep_segments(conn, world, batch, depth)


def _keep_segments(conn: Conn, world: World, batch: Batch, depth: int) -> None:
    """R4: what was written may let somebody into a segment or out of it, and that begin journeys."""
    note_written(conn, world.config, world.effects, world.now)
    stirred = stir(world.config, world.effects)
    settled = settle_segments(conn, world.config, stirred, world.now, world.serials, depth)
    if settled is not None and settled.effects:
        _write(conn, settled, batch, depth + 1)
        batch.touched |= _topics(settled)


def _topics(world: World) -> set[str]:
    """The live pages that have something new."""
    stored = {(e.source_id, e.contact_id) for e in world.effects if isinstance(e, ev.StoreEvent)}
    topics = {f"source:{source_id}" for source_id, _ in stored}
    topics |= {f"contact:{contact_id}" for _, contact_id in stored if contact_id}
    for effect in world.effects:
        match effect:
            case ev.StoreEvent() | ev.TouchContact():
                pass  # most of them
            case rx.SetRun() | rx.EndRun():
                topics |= {f"journey:{effect.journey_id}", f"contact:{effect.contact_id}"}
            case cx.SetCall() | cx.EndCall():
                topics.add(f"journey:{effect.journey_id}")
            case fx.StoreClick() if effect.journey_id is not None:
                topics |= {f"journey:{effect.journey_id}", f"contact:{effect.contact_id}"}
            case fx.Progress():
                topics.add(f"match:{effect.match_id}")
            case gx.MoveMember():
                topics |= {f"segment:{effect.segment_id}", f"contact:{effect.contact_id}"}
            case tx.StoreMessage() | fx.LinkIdentity() | fx.RecordConsent() | fx.Decide() | fx.MergeContact():
                topics.add(f"contact:{effect.contact_id}")
            case _:
                pass
    return topics
