"""Calls of journeys to a company's API (S6): rows of undecided ones, their leases, and the log of exchanges.

A cycle writes `calling`; that commit is the hand-over (X2). A caller takes such a row by writing its lease, and holds
no transaction while it calls. Leases are real time, everything else is the decision clock's (E8).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core import call_effects as cx
from tertulia.core.calls import derive_call_id, find_callers
from tertulia.core.rows import CallRow
from tertulia.core.world import World
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.channel_log import cut
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run, write_json

AT_ONCE_MAX = 32  # calls of one endpoint that are handed over and not answered
KEPT_PER_ENDPOINT = 2_000


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call, or a question about one, that this caller holds until its lease ends."""

    shard: int
    id: UUID
    workspace: int
    contact_id: int
    endpoint_id: int
    attempt: int
    asked: int
    method: str
    path: str = field(repr=False)
    body: str = field(repr=False)
    status_path: str = field(repr=False)
    expect: str
    save: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A call of which nobody knows what came of it; a person has to say it."""

    id: UUID
    contact_id: int
    journey_id: int
    step: str
    endpoint_id: int
    method: str
    path: str
    attempt: int
    called_at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class CallExchange:
    """One call and its answer, masked. `at` is real time; `status` 0 and `error` filled when there was no answer."""

    workspace: int
    endpoint_id: int
    contact_id: int
    call_id: UUID
    purpose: str
    at: datetime
    took_ms: int
    method: str
    url: str = field(repr=False)
    headers: str = field(repr=False)
    body: str = field(repr=False)
    status: int
    answer: str = field(repr=False)
    error: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What an attempt saved of its answer."""

    contact_id: int
    call_id: UUID
    attempt: int
    saved: Mapping[str, Any] = field(repr=False)


# cycles


def queue_calls(conn: Conn, group: Sequence[cx.QueueCall]) -> None:
    """New ones; the same cause queues its call once."""
    names = ("id", "workspace", "contact_id", "journey_id", "run_id", "step", "visit", "endpoint_id", "method", "path")
    args = _columns(group, *names, "body", "status_path", "expect", "at")
    run(conn, load("calls")["queue"], args | {"save": [write_json(e.save) for e in group]})


def set_calls(conn: Conn, group: Sequence[cx.SetCall]) -> None:
    """What they are now; of several changes of one call the last counts."""
    rows = list({e.id: e for e in group}.values())
    names = ("id", "state", "attempt", "tries", "asked", "not_before", "ask_at", "reason")
    run(conn, load("calls")["set"], _columns(rows, *names))


def end_calls(conn: Conn, group: Sequence[cx.EndCall]) -> None:
    """They have their verdict."""
    run(conn, load("calls")["end"], _columns(group, "id"))


def load_calls(conn: Conn, world: World, wanted: Mapping[UUID, int]) -> None:
    """Undecided calls by id, each with its contact."""
    fresh = {call_id: contact_id for call_id, contact_id in wanted.items() if call_id not in world.calls}
    if fresh:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in fresh.values()], "ids": list(fresh)}
        world.calls |= {row[0]: _row(row) for row in fetch_all(conn, load("calls")["load"], args)}


def load_calls_of_runs(conn: Conn, world: World) -> None:
    """The calls for which loaded runs wait."""
    load_calls(conn, world, {derive_call_id(run): run.contact_id for run in find_callers(world)})


def read_due_calls(
    conn: Conn, now: datetime, shards: Sequence[int], journeys: Collection[int], room: int = AT_ONCE_MAX
) -> list[CallRow]:
    """Queued calls that may be handed over, of journeys that run."""
    if not journeys:
        return []
    args = {"now": now, "shards": list(shards), "journeys": list(journeys), "room": room}
    return [_row(row) for row in fetch_all(conn, load("calls")["due"], args)]


def put_off_call(conn: Conn, row: CallRow, until: datetime) -> None:
    """A call that could not be decided waits on."""
    run(conn, load("calls")["put_off"], {"shard": shard_of_contact(row.contact_id), "id": row.id, "until": until})


# callers


def take_calls(conn: Conn, endpoints: Collection[int], until: datetime, limit: int) -> list[TakenCall]:
    """Lease up to `limit` handed-over calls until `until` (real time), the oldest first."""
    args = {"endpoints": list(endpoints), "until": until, "limit": limit, "shards": list(SHARDS)}
    return [_taken(row) for row in fetch_all(conn, load("calls")["take"], args)]


def take_call_questions(
    conn: Conn, endpoints: Collection[int], *, now: datetime, real: datetime, until: datetime, limit: int
) -> list[TakenCall]:
    """Lease up to `limit` questions about unknown calls that are due at `now` (decision clock) until `until` (real
    time). Who died with one leaves it to the next after `real` has passed its lease."""
    args = {"endpoints": list(endpoints), "now": now, "real": real, "until": until, "limit": limit}
    return [_taken(row) for row in fetch_all(conn, load("calls")["take_questions"], args | {"shards": list(SHARDS)})]


def take_lost_calls(conn: Conn, now: datetime, until: datetime, limit: int = 1_000) -> list[tuple[int, int, UUID, int]]:
    """Workspace, contact, id and attempt of calls whose lease ended before `now` (real time)."""
    args = {"now": now, "until": until, "limit": limit, "shards": list(SHARDS)}
    return [(row[0], row[1], row[2], row[3]) for row in fetch_all(conn, load("calls")["take_lost"], args)]


def keep_answers(conn: Conn, group: Sequence[KeptAnswer]) -> None:
    """What was saved of answers, in the transaction that tells the log of them."""
    if group:
        args = {
            "shards": [shard_of_contact(kept.contact_id) for kept in group],
            "ids": [kept.call_id for kept in group],
            "attempts": [kept.attempt for kept in group],
            "saved": [write_json(kept.saved) for kept in group],
        }
        run(conn, load("calls")["keep_answers"], args)


def record_call_exchanges(conn: Conn, exchanges: Sequence[CallExchange]) -> None:
    """Keep the exchanges, in their order."""
    if exchanges:
        args: dict[str, Any] = {
            "shards": [shard_of_contact(e.contact_id) for e in exchanges],
            "workspaces": [e.workspace for e in exchanges],
            "endpoints": [e.endpoint_id for e in exchanges],
            "contacts": [e.contact_id for e in exchanges],
            "calls": [e.call_id for e in exchanges],
            "purposes": [e.purpose for e in exchanges],
            "ats": [e.at for e in exchanges],
            "tooks": [e.took_ms for e in exchanges],
            "methods": [e.method for e in exchanges],
            "urls": [cut(e.url) for e in exchanges],
            "headers": [cut(e.headers) for e in exchanges],
            "bodies": [cut(e.body) for e in exchanges],
            "statuses": [e.status for e in exchanges],
            "answers": [cut(e.answer) for e in exchanges],
            "errors": [e.error for e in exchanges],
        }
        run(conn, load("calls")["record"], args)


def trim_call_log(conn: Conn, kept: int = KEPT_PER_ENDPOINT) -> int:
    """Drop all but the last `kept` exchanges of each endpoint; the number dropped."""
    return run(conn, load("calls")["trim"], {"kept": kept})


# pages


def count_waiting_calls(conn: Conn, workspace: int, journey: int | None = None) -> int:
    """How many calls wait for a person, of one journey or of all."""
    row = fetch_one(conn, load("calls")["count_waiting"], {"workspace": workspace, "journey": journey})
    assert row is not None
    return int(row[0])


def list_waiting_calls(conn: Conn, workspace: int, journey: int | None, limit: int) -> list[WaitingCall]:
    """Those that wait for a person, of one journey or of all, the oldest first."""
    args = {"workspace": workspace, "journey": journey, "limit": limit}
    return [WaitingCall(*row) for row in fetch_all(conn, load("calls")["waiting"], args)]


def find_waiting_call(conn: Conn, workspace: int, call_id: UUID) -> tuple[int, int, int, str, int] | None:
    """Contact, attempt, journey, step and endpoint of a call that waits for a person."""
    row = fetch_one(conn, load("calls")["find"], {"workspace": workspace, "id": call_id})
    return (row[0], row[1], row[2], row[3], row[4]) if row is not None else None


def list_call_exchanges(
    conn: Conn, workspace: int, endpoint: int, *, before: int | None = None, limit: int = 50
) -> list[CallExchange]:
    """An endpoint's exchanges, the newest first; `before` is the id to go on from."""
    args = {"workspace": workspace, "endpoint": endpoint, "before": before, "limit": limit}
    return [CallExchange(*row) for row in fetch_all(conn, load("calls")["exchanges"], args)]


def _row(row: tuple[Any, ...]) -> CallRow:
    return CallRow(*(*row[:-1], read_json(row[-1])))


def _taken(row: tuple[Any, ...]) -> TakenCall:
    return TakenCall(*(*row[:-1], read_json(row[-1])))


def _columns(group: Sequence[Any], *names: str) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {name: [getattr(e, name) for e in group] for name in names}
    return made | {"shard": [shard_of_contact(e.contact_id) for e in group]}
