"""The edge put together: its connections, threads and addresses, and their start and end."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
from starlette.types import Receive, Scope, Send

from tertulia.actions.ingest import EventRequest
from tertulia.actions.receive import ReceivedCall
from tertulia.core.leave import Leave
from tertulia.edge.clicks import ClickWork, Opening
from tertulia.edge.clock import Clock
from tertulia.edge.files import Files
from tertulia.edge.http import answer, answer_text, get_header, get_host, is_near
from tertulia.edge.ingest import EventWork, Ingest
from tertulia.edge.leads import Lead
from tertulia.edge.links import Links
from tertulia.edge.live import Hub
from tertulia.edge.metrics import Metrics
from tertulia.edge.refusals import Refusals
from tertulia.edge.registry import Registry
from tertulia.edge.source_hooks import PREFIX as HOOK_PREFIX
from tertulia.edge.source_hooks import SourceHooks
from tertulia.edge.unsubscribe import Request, Unsubscribe, UnsubscribeWork
from tertulia.edge.webhooks import GROUP_EVERY_S, Hooks, WebhookWork, are_light
from tertulia.edge.writer import GroupWriter, Notifier
from tertulia.store.clicks import FoundLink
from tertulia.store.db import Conn, connect
from tertulia.store.identities import tune_lookups

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
ANY_HOST = frozenset(
    {"hooks", "v1", "beacon", "sourceConfig", "healthz", "readyz", "metrics"}
)  # what is served under any name


class Edge:
    """Everything the world calls, in one process. `find` gives the handler of a path, None for the console's."""

    def __init__(self, database_url: str, public_url: str, secret: str, *, test_clock: bool = False) -> None:
        self._url = database_url
        self.metrics = Metrics()
        self.clock = Clock(self._connect if test_clock else None)
        self.registry = Registry(self._connect, public_url)
        self.notifier = Notifier(self._connect)
        self.hub = Hub(self._connect, secret)
        self.click_writer: GroupWriter[Opening, Lead | None] = GroupWriter(
            "clicks", self._connect_writer, ClickWork(lambda: self.registry.snapshot), self.clock, self.notifier
        )
        self.call_writer: GroupWriter[ReceivedCall, bool] = GroupWriter(
            "webhooks",
            self._connect_writer,
            WebhookWork({}),
            self.clock,
            self.notifier,
            every_s=GROUP_EVERY_S,
            is_light=are_light,
        )
        self.links = Links(self.registry, self.click_writer, self.metrics)
        self.leaving_writer: GroupWriter[Request | Leave, FoundLink | None] = GroupWriter(
            "unsubscribes", self._connect_writer, UnsubscribeWork(), self.clock, self.notifier
        )
        self.unsubscribe = Unsubscribe(self.registry, self.leaving_writer)
        self.hooks = Hooks(self.registry, self.call_writer, self.clock, self.metrics, Refusals(self._connect))
        self.event_writer: GroupWriter[EventRequest, bool] = GroupWriter(
            "events",
            self._connect_writer,
            EventWork(),
            self.clock,
            self.notifier,
            every_s=GROUP_EVERY_S,
            is_light=lambda _: False,  # a request may have 8 MiB
        )
        self.ingest = Ingest(self.registry, self.event_writer, self.clock, self.metrics)
        self.source_hooks = SourceHooks(self.registry, self.ingest, self.clock, self.metrics)
        self._by_name: dict[str, Handler] = {
            "l": self.links.open_link,
            "e": self.links.open_entry,
            "qr": self.links.draw_code,
            "u": self.unsubscribe,
            "m": Files(self._connect),
            "hooks": self.hooks,
            "v1": self.ingest,
            "beacon": self.ingest,
            "sourceConfig": self.ingest,
            "live": self.hub,
            "healthz": self._say_alive,
            "readyz": self._say_ready,
            "metrics": self._show_metrics,
        }

    async def start(self) -> None:
        """Start the threads and wait for the first look at the configuration."""
        loop = asyncio.get_running_loop()
        self.click_writer.start(loop)
        self.call_writer.start(loop)
        self.leaving_writer.start(loop)
        self.event_writer.start(loop)
        self.notifier.start()
        self.hub.start(loop)
        await asyncio.to_thread(self.registry.start)

    async def stop(self) -> None:
        """Commit what waits, answer it, end the threads."""
        self.hub.stop()
        await asyncio.to_thread(self.click_writer.stop)
        await asyncio.to_thread(self.call_writer.stop)
        await asyncio.to_thread(self.leaving_writer.stop)
        await asyncio.to_thread(self.event_writer.stop)
        await asyncio.to_thread(self.notifier.stop)
        await asyncio.to_thread(self.registry.stop)
        self.clock.close()

    def find(self, scope: Scope) -> Handler | None:
        """Who answers this path; None: the console. A link domain serves links and nothing else, and a name that is
        not ours serves nothing."""
        path = scope["path"]
        name = path[1:].partition("/")[0]
        handler = self.source_hooks if path.startswith(HOOK_PREFIX) else self._by_name.get(name)
        hosts = self.registry.snapshot.hosts
        if name in ANY_HOST or not hosts:
            return handler
        host = get_host(scope)
        if host not in hosts:
            return _say_not_ours
        if handler is None and hosts[host] is not None:
            return _say_links_only
        return handler

    def _connect(self) -> Conn:
        return connect(self._url, name="tertulia-edge")

    def _connect_writer(self) -> Conn:
        conn = self._connect()
        tune_lookups(conn)
        conn.commit()
        return conn

    async def _say_alive(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer_text(send, 200, "ok")

    async def _say_ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ready: the configuration is read, the writers run and the database answers."""
        alive = self.click_writer.alive and self.call_writer.alive and self.event_writer.alive
        if alive and self.registry.ready and await asyncio.to_thread(self._reach_database):
            await answer_text(send, 200, "ready")
        else:
            await answer_text(send, 503, "not ready")

    def _reach_database(self) -> bool:
        try:
            self._connect().close()
        except psycopg.Error:
            return False
        return True

    async def _show_metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """For a collector on this machine or its network; not for the world behind the proxy."""
        peer = str(scope["client"][0]) if scope.get("client") else ""
        if not is_near(peer) or get_header(scope, b"x-forwarded-for"):
            await answer_text(send, 404, "Not found.")
            return
        writers = (self.click_writer, self.call_writer, self.event_writer)
        text = self.metrics.show({w.name: (w.waiting, w.groups) for w in writers}, self.hub.watching)
        await answer(send, 200, (("content-type", "text/plain; version=0.0.4; charset=utf-8"),), text)


async def _say_not_ours(scope: Scope, receive: Receive, send: Send) -> None:
    text = "This server does not answer under this name. Its own address is set by PUBLIC_URL."
    await answer_text(send, 421, text)


async def _say_links_only(scope: Scope, receive: Receive, send: Send) -> None:
    await answer_text(send, 404, "There are only links at this address.")
