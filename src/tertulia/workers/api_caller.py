"""The API caller: takes calls to companies' APIs that were handed over (S6, X2), makes them, tells the log what came of
them.

It works beside the sender, with its way to the log, and like it decides nothing: a round takes `calling` rows under a
lease and makes each call once; what an answer means is pure translation (`core.call_answers`). A caller that is killed
leaves leases behind; when they end the sweeper tells them as lost, and the owner decides whether another attempt is
safe. Once a second it asks the status calls of those whose outcome is unknown.

What was saved of an answer is written beside the call and not into the log, so that an erasure finds it.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import psycopg
import structlog

from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.core.call_answers import HttpAnswer, NoAnswer, Read, read_answer, read_status
from tertulia.core.entries import CallEntry
from tertulia.store.calls import CallExchange, KeptAnswer, TakenCall, take_call_questions, take_calls
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn, connect
from tertulia.store.endpoints import EndpointRow, load_endpoints
from tertulia.workers.http import CONNECT_LIMIT_S, CallFailed, Limits, ProviderClient
from tertulia.workers.outcomes import OutcomeWriter, Told

LEASE_S = 60.0  # longer than a call may take and its outcome may wait to be written
ROUND_S = 0.1
LOOK_EVERY_S = 1.0
UNDER_WAY_MAX = 128
RECONNECT_S = 0.5
KEY_HEADER = "Idempotency-Key"
PRIVATE_ADDRESS = "private_address"

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger("api_caller")


class CallDesk:
    """The caller's reads and leases: one connection, used by one thread."""

    def __init__(self, url: str, *, test_clock: bool) -> None:
        self._url = url
        self._test_clock = test_clock
        self._conn: Conn | None = None

    def look(self) -> Mapping[int, EndpointRow]:
        return load_endpoints(self._open())

    def take(self, endpoints: Sequence[int], limit: int) -> list[TakenCall]:
        return take_calls(self._open(), endpoints, real_now() + timedelta(seconds=LEASE_S), limit)

    def take_questions(self, endpoints: Sequence[int], limit: int) -> list[TakenCall]:
        conn, real = self._open(), real_now()
        now, until = decision_now(conn, test_clock=self._test_clock), real + timedelta(seconds=LEASE_S)
        return take_call_questions(conn, endpoints, now=now, real=real, until=until, limit=limit)

    def drop(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn = None

    def _open(self) -> Conn:
        if self._conn is None or self._conn.closed:
            self._conn = connect(self._url, autocommit=True, name="tertulia api caller")
        return self._conn


class ApiCaller:
    """One caller's loop."""

    def __init__(self, url: str, client: ProviderClient, outcomes: OutcomeWriter, *, test_clock: bool) -> None:
        self._desk = CallDesk(url, test_clock=test_clock)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="calls")
        self._client = client
        self._outcomes = outcomes
        self._endpoints: Mapping[int, EndpointRow] = {}
        self._looked_at = 0.0
        self._under_way: set[asyncio.Task[None]] = set()

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
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._run(self._desk.drop)
        self._thread.shutdown()

    async def _round(self) -> None:
        asks = time.monotonic() - self._looked_at >= LOOK_EVERY_S
        if asks:
            self._endpoints, self._looked_at = await self._run(self._desk.look), time.monotonic()
        known = list(self._endpoints)
        if known and asks and (room := UNDER_WAY_MAX - len(self._under_way)) > 0:
            for call in await self._run(self._desk.take_questions, known, room):
                self._start(call)
        if known and (room := UNDER_WAY_MAX - len(self._under_way)) > 0:
            for call in await self._run(self._desk.take, known, room):
                self._start(call)

    def _start(self, call: TakenCall) -> None:
        task = asyncio.create_task(self._make(self._endpoints[call.endpoint_id], call))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _make(self, endpoint: EndpointRow, call: TakenCall) -> None:
        request = make_request(endpoint, call)
        at, began = real_now(), time.monotonic()
        limits = Limits(min(CONNECT_LIMIT_S, endpoint.timeout_s), endpoint.timeout_s)
        answer: HttpResponse | CallFailed
        try:
            answer = await self._client.send(request, limits=limits)
        except CallFailed as failed:
            answer = failed
        read = read_told(endpoint, call, answer)
        exchange = describe_call(endpoint, call, request, answer, int((time.monotonic() - began) * 1_000), at)
        entry = CallEntry(
            contact_id=call.contact_id,
            call_id=call.id,
            attempt=call.attempt,
            outcome=read.outcome,
            at=at,
            reason=read.reason.value,
            status=read.status,
            retry_after_s=read.retry_after_s,
            asked=call.asked,
        )
        kept = (KeptAnswer(call.contact_id, call.id, call.attempt, read.saved),) if read.saved else ()
        self._outcomes.tell(Told(call.workspace, (entry,), calls=(exchange,), answers=kept))

    async def _run(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """On the desk's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(do, *args, **kwargs))


def make_request(endpoint: EndpointRow, call: TakenCall) -> HttpRequest:
    """The call, or the question about one, as it goes out."""
    headers = {"accept": "application/json", **endpoint.headers, **endpoint.secrets}
    secrets = tuple(endpoint.secrets.values())
    if call.asked:
        return HttpRequest("GET", endpoint.base_url + call.status_path, tuple(headers.items()), redact=secrets)
    if call.body:
        headers["content-type"] = "application/json"
    headers[KEY_HEADER] = str(call.id)
    url = endpoint.base_url + call.path
    return HttpRequest(call.method, url, tuple(headers.items()), call.body.encode(), redact=secrets)


def read_told(endpoint: EndpointRow, call: TakenCall, answer: HttpResponse | CallFailed) -> Read:
    """What the answer comes to."""
    told = _translate(answer)
    if call.asked:
        return read_status(told, endpoint.status_done, endpoint.status_failed, call.save)
    return read_answer(told, call.expect, call.save)


def _translate(answer: HttpResponse | CallFailed) -> HttpAnswer | NoAnswer:
    if isinstance(answer, CallFailed):
        return NoAnswer(answer.error, answer.sent, answer.detail == PRIVATE_ADDRESS)
    return HttpAnswer(answer.status, dict(answer.headers), answer.body)


def describe_call(
    endpoint: EndpointRow,
    call: TakenCall,
    request: HttpRequest,
    answer: HttpResponse | CallFailed,
    took_ms: int,
    at: datetime,
) -> CallExchange:
    """The exchange as the endpoint's log keeps it: every secret masked, in the answer too."""
    shown = request.masked()
    status, told, error = 0, "", ""
    if isinstance(answer, CallFailed):
        told, error = answer.detail, answer.error
    else:
        status, told = answer.status, request.mask(answer.body.decode("utf-8", "replace"))
    return CallExchange(
        workspace=call.workspace,
        endpoint_id=endpoint.id,
        contact_id=call.contact_id,
        call_id=call.id,
        purpose="status" if call.asked else "call",
        at=at,
        took_ms=took_ms,
        method=shown.method,
        url=shown.url,
        headers="\n".join(f"{name}: {value}" for name, value in shown.headers),
        body=shown.body.decode("utf-8", "replace"),
        status=status,
        answer=told,
        error=error,
    )
