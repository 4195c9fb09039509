"""`/v1/...` and `/beacon/v1/batch`: what tracking SDKs send, from the request to the log.

A request is taken in this order: its body, up to a limit; its source, by the write key of the header, else of the body,
else of the query; the source's rate; its messages, each by itself. Then all its entries are one item of the stream's
group commit, and only after that it is answered (the SDKs retry until it is). What was refused or discarded is kept
with its reason, for whoever wonders where their events are.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
from starlette.types import Receive, Scope, Send

from tertulia.actions.ingest import EventRequest, record_events, record_notes
from tertulia.core.ingest import (
    CALLS,
    SAMPLE_MAX,
    Arrival,
    Discard,
    SharedTooLarge,
    Taken,
    discard_all,
    find_write_key,
    read_body,
)
from tertulia.core.ingest_codes import Code
from tertulia.core.ingest_json import NotJson
from tertulia.edge.clock import Clock
from tertulia.edge.fresh_ids import FreshIds
from tertulia.edge.http import BodyTooLarge, HungUp, get_address, get_header
from tertulia.edge.http import read_body as receive_body
from tertulia.edge.ingest_answers import (
    Refusal,
    refuse_away,
    refuse_large,
    refuse_many,
    refuse_unread,
    reply_pixel,
    reply_preflight,
    reply_refused,
    reply_settings,
    reply_source,
    reply_taken,
)
from tertulia.edge.ingest_body import BODY_BYTES_MAX, find_header_key, is_packed, read_pixel, read_query, read_value
from tertulia.edge.limits import Rates
from tertulia.edge.metrics import Metrics
from tertulia.edge.registry import Registry
from tertulia.edge.writer import Full, GroupWriter, Unavailable
from tertulia.store.db import Conn
from tertulia.store.front import FrontSource
from tertulia.store.log import LogWriter

EVENTS_WAITING_MAX: Final = 20_000  # in requests that wait for their commit
BYTES_WAITING_MAX: Final = 64 * 1024 * 1024  # of their bodies
THREAD_FROM_BYTES: Final = 256 * 1024  # a larger body is read beside the event loop
LARGE_AT_ONCE: Final = 4
DRAIN_BYTES_MAX: Final = 32 * 1024 * 1024  # of a body too large: who is cut off while sending takes it for a fault

LIMITED_EVERY_S: Final = 60.0  # a source that sends too much is told of it in its log
KEY_MAX: Final = 64  # characters

BATCHES: Final = frozenset({"/v1/batch", "/v1/import", "/v1/b", "/beacon/v1/batch"})
SINGLES: Final = {f"/v1/{name}": call for call in CALLS for name in (call, call[0])}
PIXELS: Final = {f"/v1/pixel/{name}": call for call in CALLS for name in (call, call[0])}
METRICS_PATH: Final = "/v1/m"
SETTINGS_BEGIN, SETTINGS_END = "/v1/projects/", "/settings"
SOURCE_PATH: Final = "/sourceConfig"


Reply = Callable[[Scope, Send, str, str], Awaitable[None]]


class EventWork:
    """The writer's side: entries and discards of many requests in one transaction."""

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[EventRequest], now: datetime
    ) -> Sequence[bool]:
        """True for each request: its entries stand in the log."""
        record_events(conn, entries, items, now)
        return [True] * len(items)

    def refuse(self, conn: Conn, entries: LogWriter, item: EventRequest, now: datetime, error: Exception) -> bool:
        """A request that the database does not take by itself is no better the next time: only that is kept."""
        told = Discard(0, Code.NOT_WRITTEN.value, count=len(item.entries) + len(item.items))
        kept = EventRequest(item.id, item.workspace, item.source_id, (), (told,))
        record_notes(conn, [kept], now)
        return False


class Ingest:
    """The ASGI side."""

    def __init__(
        self,
        registry: Registry,
        writer: GroupWriter[EventRequest, bool],
        clock: Clock,
        metrics: Metrics,
        rates: Rates | None = None,
    ) -> None:
        self._registry = registry
        self._writer = writer
        self._clock = clock
        self._metrics = metrics
        self._rates = rates or Rates()
        self._ids = FreshIds()
        self._events_waiting = 0
        self._bytes_waiting = 0
        self._limited_at_s: dict[int, float] = {}
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].rstrip("/")
        method = scope["method"]
        if method == "OPTIONS":
            await reply_preflight(scope, send)
        elif path in PIXELS and method in ("GET", "HEAD"):
            await self._take_pixel(scope, PIXELS[path])
            await reply_pixel(scope, send)
        elif path.startswith(SETTINGS_BEGIN) and path.endswith(SETTINGS_END) and method in ("GET", "HEAD"):
            await self._show_settings(scope, send, path[len(SETTINGS_BEGIN) : -len(SETTINGS_END)], reply_settings)
        elif path == SOURCE_PATH and method in ("GET", "HEAD"):
            key = find_header_key(scope) or read_query(scope["query_string"].decode("latin-1")).get("writeKey", "")
            await self._show_settings(scope, send, key.strip(), reply_source)
        elif path == METRICS_PATH and method == "POST":
            await _drain(receive)  # what the browser's SDK says about itself
            await reply_taken(scope, send, 0, ())
        elif (path in BATCHES or path in SINGLES) and method == "POST":
            await self._take(scope, receive, send, SINGLES.get(path, ""), quiet=path.startswith("/beacon"))
        else:
            await _drain(receive)
            await reply_refused(scope, send, _refuse_address(path))

    async def _take(self, scope: Scope, receive: Receive, send: Send, call: str, quiet: bool) -> None:
        """Answer a request with messages. `quiet`: its sender hears of no wrong key, for a beacon cannot mend it."""
        try:
            accepted, discards = await self._store_body(scope, receive, call)
        except Refusal as refusal:
            self._metrics.count_events("refused")
            await reply_refused(scope, send, refusal, 200 if quiet and refusal.status == 401 else 0)
        except HungUp:
            return
        else:
            await reply_taken(scope, send, accepted, discards)

    async def _take_pixel(self, scope: Scope, call: str) -> None:
        """Store the message of an image tag. Whatever happens, its reader sees the image."""
        try:
            source = await self._find_header_source(scope)
            try:
                value = read_pixel(scope["query_string"].decode("latin-1"))
            except NotJson:
                raise refuse_unread() from None
            await self._store_value(scope, source, value, call, len(scope["query_string"]))
        except Refusal:
            self._metrics.count_events("refused")

    async def _store_body(self, scope: Scope, receive: Receive, call: str) -> tuple[int, Sequence[Discard]]:
        """How many messages of a request were stored, and the discards. Raises Refusal and HungUp."""
        try:
            raw = await receive_body(scope, receive, BODY_BYTES_MAX)
        except BodyTooLarge:
            await _drain(receive)
            raise await self._keep(await self._find_header_source(scope), refuse_large()) from None
        source = await self._find_header_source(scope)
        try:
            value = await self._read(raw, get_header(scope, b"content-type"))
        except NotJson:
            raise await self._keep(source, refuse_unread(), raw) from None
        except BodyTooLarge:
            raise await self._keep(source, refuse_large()) from None
        return await self._store_value(scope, source, value, call, len(raw))

    async def _store_value(
        self, scope: Scope, source: FrontSource | None, value: dict[str, Any], call: str, size_bytes: int
    ) -> tuple[int, Sequence[Discard]]:
        """As `_store_body`, of a body that was read."""
        if source is None:
            key = find_write_key(value) or read_query(scope["query_string"].decode("latin-1")).get("writeKey", "")
            source = await self._find_source(key.strip())
        arrival = Arrival(
            source_id=source.id,
            received_at=self._read_clock(),
            make_id=self._make_message_id,
            call=call,
            ip=get_address(scope),
            client_side=source.client_side,
            sent_at=get_header(scope, b"sentat"),
        )
        try:
            taken = await _sort_out(value, arrival, source, size_bytes)
        except SharedTooLarge:
            raise await self._keep(source, refuse_large()) from None
        notes = [*taken.discards, *taken.warnings]
        request = EventRequest(self._ids.make(), source.workspace, source.id, taken.entries, notes)
        if not await self.submit(request, size_bytes + taken.shared_bytes):
            taken = Taken([], [*taken.discards, Discard(0, Code.NOT_WRITTEN.value, count=len(taken.entries))], [])
        self._metrics.count_events("accepted", len(taken.entries))
        self._metrics.count_events("discarded", sum(discard.count for discard in taken.discards))
        return len(taken.entries), taken.discards

    async def submit(self, request: EventRequest, size_bytes: int) -> bool:
        """Wait for the commit of a request; whether its entries stand in the log. Raises Refusal."""
        count = len(request.entries)
        full = self._events_waiting >= EVENTS_WAITING_MAX or self._bytes_waiting >= BYTES_WAITING_MAX
        try:
            if full:
                raise Full
            future = self._writer.submit(request)
        except Full:
            raise refuse_many() from None
        except Unavailable:
            raise refuse_away() from None
        self._events_waiting += count
        self._bytes_waiting += size_bytes
        future.add_done_callback(lambda _: self._forget(count, size_bytes))
        try:
            return await asyncio.shield(future)  # who hangs up leaves its request with the writer, and in the count
        except (Unavailable, psycopg.Error):
            raise refuse_away() from None

    def _forget(self, count: int, size_bytes: int) -> None:
        self._events_waiting -= count
        self._bytes_waiting -= size_bytes

    async def _keep(self, source: FrontSource | None, refusal: Refusal, raw: bytes = b"") -> Refusal:
        """Keep, where its source is known, that a request was refused, with the beginning of it; the refusal."""
        if source is not None:
            sample = raw[: SAMPLE_MAX * 4].decode("utf-8", "replace").replace("\0", "")[:SAMPLE_MAX]
            note = Discard(0, refusal.code, sample=sample)
            with contextlib.suppress(Refusal):
                await self.submit(EventRequest(self._ids.make(), source.workspace, source.id, (), (note,)), len(raw))
        return refusal

    async def _find_header_source(self, scope: Scope) -> FrontSource | None:
        """The source that the Authorization header names; None where it names none. Raises Refusal."""
        key = find_header_key(scope)
        return await self._find_source(key) if key else None

    async def _find_source(self, key: str) -> FrontSource:
        """The source of a write key, with one request taken out of its bucket. Raises Refusal."""
        source = await self._look_up(key)
        if source is None:
            if not key:
                raise Refusal(401, "missing_write_key", "There is no write key in the request.")
            raise Refusal(401, "invalid_write_key", "No source has this write key.")
        wait_s = self._rates.take(source.id, time.monotonic())
        if wait_s:
            raise await self._slow_down(source, math.ceil(wait_s))
        return source

    async def _slow_down(self, source: FrontSource, wait_s: int) -> Refusal:
        """The refusal of one request too many, kept at most once in LIMITED_EVERY_S."""
        refusal = refuse_many(wait_s)
        at_s = time.monotonic()
        if at_s - self._limited_at_s.get(source.id, -LIMITED_EVERY_S) < LIMITED_EVERY_S:
            return refusal
        self._limited_at_s[source.id] = at_s
        return await self._keep(source, refusal)

    async def _look_up(self, key: str) -> FrontSource | None:
        """Raises Refusal as long as the sources are not known here: no key is wrong because the database is away."""
        source = self._registry.find_source(key)
        if source is None and key and len(key) <= KEY_MAX:
            await self._registry.look_again()
            source = self._registry.find_source(key)
        if not self._registry.ready:
            raise refuse_away()
        return source

    async def _show_settings(self, scope: Scope, send: Send, key: str, reply: Reply) -> None:
        try:
            source = await self._look_up(key)
        except Refusal as refusal:
            await reply_refused(scope, send, refusal)
            return
        if source is None:
            await reply_refused(scope, send, Refusal(404, "not_found", "No source has this write key."))
            return
        await reply(scope, send, key, self._registry.public_url)

    async def _read(self, raw: bytes, content_type: str) -> dict[str, Any]:
        """The object that a body stands for. What is large, or may be, is read beside the event loop and a few at once,
        for 8 MiB of JSON can be 200 MB of values. Raises NotJson and BodyTooLarge."""
        if len(raw) > THREAD_FROM_BYTES or is_packed(raw):
            async with self._large:
                value = await asyncio.to_thread(read_value, raw, content_type)
        else:
            value = read_value(raw, content_type)
        if not isinstance(value, dict):
            raise NotJson
        return value

    def _read_clock(self) -> datetime:
        try:
            return self._clock.now()
        except psycopg.Error:
            raise refuse_away() from None

    def _make_message_id(self) -> str:
        return f"made-{self._ids.make()}"


async def _sort_out(value: dict[str, Any], arrival: Arrival, source: FrontSource, size_bytes: int) -> Taken:
    """What a body comes to. Raises SharedTooLarge."""
    if source.state != "live":
        return discard_all(value, Code.SOURCE_DISABLED)
    if size_bytes > THREAD_FROM_BYTES:
        return await asyncio.to_thread(read_body, value, arrival)
    return read_body(value, arrival)


async def _drain(receive: Receive) -> None:
    """Read what is left of a body and throw it away, up to a limit. Raises nothing when its sender goes away."""
    size = 0
    while size <= DRAIN_BYTES_MAX:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return
        size += len(message.get("body", b""))


def _refuse_address(path: str) -> Refusal:
    known = path in BATCHES or path in SINGLES or path in PIXELS or path in (METRICS_PATH, SOURCE_PATH)
    if known or (path.startswith(SETTINGS_BEGIN) and path.endswith(SETTINGS_END)):
        return Refusal(405, "method_not_allowed", "This address does not answer this method.")
    return Refusal(404, "not_found", "There is no such address.")
