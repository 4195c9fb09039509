"""`GET /live?token=...`: live figures as server-sent events, one hub a process.

A page carries a signed token that names its topics (`core.live_tokens`). While a page listens, the hub asks the
database every second for a version of each topic that anybody listens to; a topic whose version is dear to compute is
asked less often (the asking takes at most a twentieth of the time). Whoever changes something may hint by
`NOTIFY tertulia_live, '<topic>'`, and the topic is asked at once.

What goes out is a topic and its version, never content: `data: {"topic":"match:3","version":"..."}`. The page then
fetches its own fragment with its own rights. A comment every 15 s keeps proxies from closing a silent stream.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec
import psycopg
import structlog
from starlette.types import Receive, Scope, Send

from tertulia.core.live_tokens import derive_live_key, read_live_token
from tertulia.edge.http import answer_text
from tertulia.store.clock import real_now
from tertulia.store.db import Conn
from tertulia.store.live import listen, read_version

ASK_EVERY_S = 1.0
SHARE_MAX = 20  # a topic is left alone for this many times its asking time
PING_EVERY_S = 15.0
WATCHERS_MAX = 2_000
RECONNECT_S = 2.0

log = structlog.get_logger("edge.live")


class Watcher:
    """One open stream: its topics and what it has still to be told (the newest version of each topic only)."""

    def __init__(self, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self.due: dict[str, str] = {}
        self.wake = asyncio.Event()

    def tell(self, topic: str, version: str) -> None:
        self.due[topic] = version
        self.wake.set()


class Topic:
    """What is known of a topic and who listens to it."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self.version = ""
        self.next_at = 0.0
        self.rest_until = 0.0  # a hint does not make a dear topic cheap


class Hub:
    """The watchers of one process, and the thread that asks for versions."""

    def __init__(self, connect: Callable[[], Conn], secret: str) -> None:
        self._connect = connect
        self._key = derive_live_key(secret)
        self._topics: dict[str, Topic] = {}
        self._watchers: set[Watcher] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """End every stream and the thread. From the event loop."""
        self._stop.set()
        for watcher in list(self._watchers):
            watcher.wake.set()
        self._thread.join(RECONNECT_S + ASK_EVERY_S)

    @property
    def watching(self) -> int:
        return len(self._watchers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        allowed = read_live_token(self._key, token, real_now())
        if allowed is None:
            await answer_text(send, 403, "This page is too old to be kept up to date. Load it again.")
            return
        if len(self._watchers) >= WATCHERS_MAX:
            await answer_text(
                send, 503, "Too many pages are open. Figures are fetched instead.", (("retry-after", "30"),)
            )
            return
        watcher = Watcher(allowed.topics)
        self._add(watcher)
        try:
            await self._stream(watcher, receive, send)
        finally:
            self._remove(watcher)

    async def _stream(self, watcher: Watcher, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-cache, no-transform"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        gone = asyncio.ensure_future(_wait_for_end(receive))
        try:
            while not gone.done() and not self._stop.is_set():
                waiting = asyncio.ensure_future(watcher.wake.wait())
                await asyncio.wait({waiting, gone}, timeout=PING_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                watcher.wake.clear()
                due, watcher.due = watcher.due, {}
                events = [b"data: " + msgspec.json.encode({"topic": t, "version": v}) + b"\n\n" for t, v in due.items()]
                await send({"type": "http.response.body", "body": b"".join(events) or b": \n\n", "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})

    def _add(self, watcher: Watcher) -> None:
        with self._lock:
            self._watchers.add(watcher)
            for name in watcher.topics:
                topic = self._topics.setdefault(name, Topic())
                topic.watchers.add(watcher)
                if topic.version:
                    watcher.tell(name, topic.version)

    def _remove(self, watcher: Watcher) -> None:
        with self._lock:
            self._watchers.discard(watcher)
            for name in watcher.topics:
                topic = self._topics[name]
                topic.watchers.discard(watcher)
                if not topic.watchers:
                    del self._topics[name]

    def _run(self) -> None:
        conn: Conn | None = None
        while not self._stop.is_set():
            try:
                if conn is None:
                    conn = self._connect()
                    conn.autocommit = True
                    listen(conn)
                self._ask_due(conn)
                self._take_hints(conn)
            except psycopg.Error as error:
                log.error("live_unread", error=type(error).__name__)
                if conn is not None:
                    conn.close()
                conn = None
                self._stop.wait(RECONNECT_S)
        if conn is not None:
            conn.close()

    def _ask_due(self, conn: Conn) -> None:
        with self._lock:
            due = [name for name, topic in self._topics.items() if topic.next_at <= time.monotonic()]
        for name in due:
            began = time.monotonic()
            version = read_version(conn, name)
            ended = time.monotonic()
            self._tell(name, version, ended, SHARE_MAX * (ended - began))

    def _tell(self, name: str, version: str, asked_at: float, rest_s: float) -> None:
        with self._lock:
            topic = self._topics.get(name)
            if topic is None:
                return
            topic.rest_until = asked_at + rest_s
            topic.next_at = asked_at + max(ASK_EVERY_S, rest_s)
            if version == topic.version:
                return
            topic.version = version
            watchers = list(topic.watchers)
        assert self._loop is not None
        for watcher in watchers:
            self._loop.call_soon_threadsafe(watcher.tell, name, version)

    def _take_hints(self, conn: Conn) -> None:
        """Wait for hints until the next topic is due (a fifth of a second at most, for a page may open)."""
        for hint in conn.notifies(timeout=ASK_EVERY_S / 5):
            with self._lock:
                topic = self._topics.get(hint.payload)
                if topic is not None:
                    topic.next_at = topic.rest_until
                    return


async def _wait_for_end(receive: Receive) -> None:
    """Returns when the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
