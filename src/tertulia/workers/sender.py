"""The sender: takes deliveries that were handed over (X2), calls their providers, tells the log what came of it.

It decides nothing. A round looks what each channel's pace and the calls under way leave room for, takes that many
`sending` rows under a lease (codes first, then lane by lane), and makes one attempt for each at once. Outcomes go to
the log in groups, by a thread of their own. A sender that is killed leaves leases behind; when they end the sweeper
tells them as lost, and nothing is sent blindly a second time (S3). On a polite stop it takes no more and finishes what
is under way.

Once a second it takes the questions about lost messages that are due (S3), asks the providers, and tells the log what
they said, without judging it.

A channel that the provider refuses (a wrong token) is left alone until its configuration changes; the owner marks it.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import psycopg
import structlog
import uvloop

from tertulia import config
from tertulia.actions.accounts import open_account
from tertulia.channels import registry
from tertulia.channels.base import LookedUp, Outcome, OutcomeKind
from tertulia.core import lanes
from tertulia.core.entries import LookUpEntry, OutcomeEntry, Signal
from tertulia.core.identity import IdentityRef
from tertulia.store.channels import ChannelRow, load_channels, read_fingerprint, save_cache
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn, connect
from tertulia.store.sending import DueQuestion, TakenDelivery, count_senders, take_deliveries, take_questions
from tertulia.workers.api_caller import ApiCaller
from tertulia.workers.attempts import Attempt, Courier, Line, is_account_fault
from tertulia.workers.caller import Caller
from tertulia.workers.guard import read_guard
from tertulia.workers.http import ProviderClient
from tertulia.workers.outcomes import BEAT_EVERY_S, OutcomeWriter, Told
from tertulia.workers.pace import Pace

NAME = "sender"
LEASE_S = 60.0  # longer than an attempt may take and its outcome may wait to be written
ROUND_S = 0.04  # so late at most is a message seen
LOOK_EVERY_S = 1.0
UNDER_WAY_MAX = 256  # calls at once, of one sender
UNDER_WAY_PER_CHANNEL_MAX = 192
CODES_UNDER_WAY_MAX = 32  # beside all else: calls that hang hold up no code
QUESTIONS_MAX = 50  # lost messages that are asked about at a time, of one sender
UNTOLD_MAX = 4_000  # outcomes that wait for the database: no more is taken then
RECONNECT_S = 0.5

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger("sender")


@dataclass(slots=True)
class Lane:
    """One channel at work."""

    row: ChannelRow
    line: Line
    pace: Pace
    under_way: int = 0
    refused: bool = False  # by the provider, until its configuration changes


@dataclass(slots=True)
class State:
    """What the loop knows: the channels by id, as they stood at `fingerprint`."""

    lanes: dict[int, Lane] = field(default_factory=dict)
    fingerprint: str = ""
    senders: int = 1
    looked_at: float = 0.0
    under_way: set[asyncio.Task[None]] = field(default_factory=set)


class Desk:
    """The sender's reads and leases: one connection, used by one thread."""

    def __init__(self, url: str, *, test_clock: bool) -> None:
        self._url = url
        self._test_clock = test_clock
        self._conn: Conn | None = None

    def look(self, fingerprint: str) -> tuple[str, int, Mapping[int, ChannelRow] | None]:
        """The configuration's fingerprint, how many senders live, and the channels where they changed."""
        conn = self._open()
        now = read_fingerprint(conn)
        senders = count_senders(conn, NAME, real_now() - timedelta(seconds=3 * BEAT_EVERY_S))
        return now, senders, None if now == fingerprint else load_channels(conn)

    def take(self, rooms: Mapping[int, int], first: int, last: int) -> list[TakenDelivery]:
        return take_deliveries(self._open(), rooms, real_now() + timedelta(seconds=LEASE_S), first=first, last=last)

    def take_questions(self, channels: Sequence[int], limit: int) -> list[DueQuestion]:
        conn, real = self._open(), real_now()
        now = decision_now(conn, test_clock=self._test_clock)
        until = real + timedelta(seconds=LEASE_S)
        return take_questions(conn, channels, now=now, real=real, until=until, limit=limit)

    def keep_cache(self, channel: int, cache: Mapping[str, str]) -> None:
        save_cache(self._open(), channel, cache)

    def drop(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn = None

    def _open(self) -> Conn:
        if self._conn is None or self._conn.closed:
            self._conn = connect(self._url, autocommit=True, name="tertulia sender")
        return self._conn


class Sender:
    """One sender process's loop."""

    def __init__(self, url: str, client: Caller, outcomes: OutcomeWriter, *, test_clock: bool) -> None:
        self._desk = Desk(url, test_clock=test_clock)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._courier = Courier(client, self._keep_cache)
        self._outcomes = outcomes
        self._state = State()

    async def work(self, stop: threading.Event) -> None:
        """Until `stop`, then until everything under way has its outcome."""
        while not stop.is_set():
            try:
                await self._round()
            except psycopg.Error as error:
                log.warning("database_lost", error=type(error).__name__)
                await self._run(self._desk.drop)
                await asyncio.sleep(RECONNECT_S)
                continue
            await asyncio.sleep(ROUND_S)
        if self._state.under_way:
            await asyncio.wait(self._state.under_way)
        await self._run(self._desk.drop)
        self._thread.shutdown()

    async def _round(self) -> int:
        at = time.monotonic()
        if at - self._state.looked_at >= LOOK_EVERY_S:
            await self._look()
            await self._take_questions()
        return await self._take(lanes.CODE, lanes.CODE) + await self._take(lanes.URGENT, lanes.BULK)

    async def _take(self, first: int, last: int) -> int:
        """Begin what there is room for of these lanes; how many."""
        rooms = self._find_rooms(time.monotonic(), codes=last == lanes.CODE)
        if not rooms:
            return 0
        taken = await self._run(self._desk.take, rooms, first, last)
        for delivery in taken:
            self._begin(delivery)
        return len(taken)

    async def _look(self) -> None:
        state = self._state
        fingerprint, senders, rows = await self._run(self._desk.look, state.fingerprint)
        state.senders, state.looked_at = max(1, senders), time.monotonic()
        if rows is not None:
            state.lanes = _renew_lanes(state.lanes, rows)
            state.fingerprint = fingerprint
        for lane in state.lanes.values():
            lane.pace.rate_per_s = lane.row.rate_per_s / state.senders

    def _find_rooms(self, at: float, *, codes: bool) -> dict[int, int]:
        """How many deliveries each live channel may begin now. Codes have room beside what else is under way."""
        beside = CODES_UNDER_WAY_MAX if codes else 0
        left = UNDER_WAY_MAX + beside - len(self._state.under_way)
        if self._outcomes.waiting > UNTOLD_MAX:
            return {}
        rooms = {}
        for id_, lane in self._state.lanes.items():
            if lane.refused or lane.row.state != "live":
                continue
            room = min(lane.pace.allows(at, codes=codes), UNDER_WAY_PER_CHANNEL_MAX + beside - lane.under_way, left)
            if room > 0:
                rooms[id_] = room
        return rooms

    def _begin(self, delivery: TakenDelivery) -> None:
        lane = self._state.lanes[delivery.channel_id]
        lane.pace.spend(1, at=time.monotonic() if delivery.lane == lanes.CODE else None)
        lane.under_way += 1
        self._start(self._deliver(lane, delivery))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._state.under_way.add(task)
        task.add_done_callback(self._state.under_way.discard)

    async def _take_questions(self) -> None:
        """Ask about lost messages where a provider can be asked."""
        able = [
            id_
            for id_, lane in self._state.lanes.items()
            if lane.row.state == "live" and not lane.refused and lane.line.adapter.can_look_up(lane.line.account)
        ]
        limit = min(QUESTIONS_MAX, UNDER_WAY_MAX - len(self._state.under_way))
        if able and limit > 0:
            for question in await self._run(self._desk.take_questions, able, limit):
                self._start(self._ask(self._state.lanes[question.channel_id], question))

    async def _ask(self, lane: Lane, question: DueQuestion) -> None:
        found, exchanges = await self._courier.look_up(lane.line, question)
        self._outcomes.tell(Told(question.workspace, (_read_look_up(lane, question, found),), tuple(exchanges)))

    async def _deliver(self, lane: Lane, delivery: TakenDelivery) -> None:
        began = real_now()
        try:
            attempt = await self._courier.deliver(lane.line, delivery)
        finally:
            lane.under_way -= 1
        outcome = attempt.done.outcome
        if outcome.reason == "retry.throttled":
            lane.pace.hold(time.monotonic(), outcome.retry_after_s)
        lane.refused = lane.refused or is_account_fault(outcome)
        self._outcomes.tell(_report(lane, delivery, attempt, began))

    async def _keep_cache(self, channel: int, cache: Mapping[str, str]) -> None:
        try:
            await self._run(self._desk.keep_cache, channel, cache)
        except psycopg.Error as error:
            log.warning("cache_not_kept", channel=channel, error=type(error).__name__)

    async def _run(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """On the desk's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(do, *args, **kwargs))


def run_sender(url: str, stop: threading.Event, *, test_clock: bool) -> None:
    """Work until `stop` is set; returns when everything under way is told to the log."""
    outcomes = OutcomeWriter(partial(connect, url, name="tertulia sender"), NAME, test_clock=test_clock)
    outcomes.start()
    try:
        uvloop.run(_serve(url, stop, outcomes, test_clock=test_clock))
    finally:
        outcomes.stop()


async def _serve(url: str, stop: threading.Event, outcomes: OutcomeWriter, *, test_clock: bool) -> None:
    """Messages, and beside them calls to companies' APIs, which share nothing but the way to the log."""
    async with Caller(read_guard()) as client, ProviderClient(read_guard()) as web:
        sender = Sender(url, client, outcomes, test_clock=test_clock)
        caller = ApiCaller(url, web, outcomes, test_clock=test_clock)
        await asyncio.gather(sender.work(stop), caller.work(stop))


def _renew_lanes(lanes: Mapping[int, Lane], rows: Mapping[int, ChannelRow]) -> dict[int, Lane]:
    """The lanes of the channels as they are now; pace and calls under way go on."""
    base = config.public_url()
    renewed = {}
    for id_, row in rows.items():
        try:
            adapter = registry.get(row.kind)
        except registry.UnknownKind:
            log.error("unknown_kind", channel=id_, kind=row.kind)
            continue
        line = Line(id_, row.workspace, adapter, open_account(row, base))
        lane = lanes.get(id_) or Lane(row, line, Pace(row.rate_per_s, time.monotonic()))
        lane.row, lane.refused = row, lane.refused and _is_same_account(lane.row, row)
        lane.line.adapter, lane.line.account = adapter, line.account
        renewed[id_] = lane
    return renewed


def _is_same_account(old: ChannelRow, new: ChannelRow) -> bool:
    return (old.settings, old.secrets, old.state) == (new.settings, new.secrets, new.state)


def _report(lane: Lane, delivery: TakenDelivery, attempt: Attempt, began: datetime) -> Told:
    """What the log is told: the outcome, and a recipient's new identity where the platform named one."""
    at = real_now()
    entries: list[OutcomeEntry | Signal] = [_read_outcome(lane, delivery, attempt.done.outcome, began)]
    if attempt.done.moved_to is not None:
        old = IdentityRef(delivery.to_kind, delivery.identity_scope, delivery.to_value)
        entries.append(
            Signal(lane.row.id, lane.row.kind, old, at, "identity_changed", str(delivery.id), new=attempt.done.moved_to)
        )
    return Told(delivery.workspace, tuple(entries), tuple(attempt.exchanges))


def _read_outcome(lane: Lane, delivery: TakenDelivery, outcome: Outcome, began: datetime) -> OutcomeEntry:
    return OutcomeEntry(
        channel_id=lane.row.id,
        channel=lane.row.kind,
        delivery_id=delivery.id,
        attempt=delivery.attempt,
        at=real_now(),
        outcome=outcome.kind.value,
        provider_ids=outcome.provider_ids,
        code=outcome.code,
        reason=outcome.reason,
        retry_after_s=outcome.retry_after_s,
        withdraws=outcome.withdraws,
        account_fault=outcome.account_fault,
        parts=outcome.parts,
        handed_at=began if outcome.kind is OutcomeKind.AMBIGUOUS else None,
    )


def _read_look_up(lane: Lane, question: DueQuestion, found: LookedUp) -> LookUpEntry:
    outcome = found.outcome
    return LookUpEntry(
        channel_id=lane.row.id,
        channel=lane.row.kind,
        delivery_id=question.id,
        attempt=question.attempt,
        number=question.number,
        at=real_now(),
        finding=found.finding.value,
        provider_ids=found.provider_ids,
        state=found.state,
        outcome=outcome.kind.value if outcome else "",
        code=outcome.code if outcome else "",
        reason=outcome.reason if outcome else "",
        withdraws=outcome.withdraws if outcome else False,
        parts=found.parts,
    )
