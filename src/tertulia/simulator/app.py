"""The simulator as one ASGI application: the providers' APIs, the control API under `/sim`, the page at `/phones`.

Provider calls are dispatched by hand, before Starlette: a request becomes a `wire.Call`, a pure handler answers, and
that is all, because benchmarks send thousands a second here. Switched-on trouble (down, HTML, busy) is applied here,
so that no provider knows about it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl
from zlib import crc32

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount, Route

from tertulia.simulator import control, people
from tertulia.simulator.client import Client
from tertulia.simulator.clock import Clock
from tertulia.simulator.config import Config
from tertulia.simulator.outbox import Outbox
from tertulia.simulator.page import PhonesPage
from tertulia.simulator.providers import PROVIDERS, find_provider
from tertulia.simulator.providers.base import Provider
from tertulia.simulator.wire import Call, Reply
from tertulia.simulator.world import Message, Person, World, run_soon

BODY_BYTES_MAX = 8 * 1024 * 1024
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def create_world(config: Config, clock: Clock | None = None) -> World:
    """A world with its outbox, not yet served. Must be used on one event loop."""
    world = World(config, PROVIDERS, clock)
    world.outbox = Outbox(world, Client())
    world.on_arrival = lambda person, message: _preview(world, person, message)
    return world


def create_app(world: World) -> Simulator:
    """The ASGI application that serves `world`."""
    return Simulator(world)


def _preview(world: World, person: Person, message: Message) -> None:
    run_soon(people.preview(world, person, message.text))


class Simulator:
    """ASGI: providers first, everything else by Starlette. `world` is what tests and embedders look at."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._phones = PhonesPage(world)
        self._pages = _create_pages(world, self._phones)

    async def close(self) -> None:
        """End the page's streams and the webhooks' connections."""
        assert self.world.outbox is not None
        self._phones.hub.close()
        self.world.outbox.reset()
        await self.world.outbox.client.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            prefix, slash, rest = scope["path"][1:].partition("/")
            call = Call(scope["method"], f"{slash}{rest}", {}, {}, b"")
            provider = find_provider(self.world, prefix, call) if slash else None
            if provider is not None:
                await self._answer(provider, scope, receive, send)
                return
        await self._pages(scope, receive, send)

    async def _answer(self, provider: Provider, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        path = scope["path"][scope["path"].index("/", 1) :]
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(scope["method"], path, query, headers, body or b"")
        if body is None:
            reply = Reply(413, b"", "text/plain", remark="too large")
        else:
            reply = _meet_trouble(self.world, provider, call) or await self._hear(provider, call)
        _log(self.world, provider, call, reply)
        await _respond(send, reply)

    async def _hear(self, provider: Provider, call: Call) -> Reply:
        answer = provider.answer(self.world, call)
        reply = await answer if inspect.isawaitable(answer) else answer
        if self.world.behaviours.answer_delay_s and provider.is_send(call):
            await asyncio.sleep(self.world.behaviours.answer_delay_s)
        return reply


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is longer than any provider takes."""
    event = await receive()
    body: bytes = event.get("body", b"")
    while event.get("more_body"):
        event = await receive()
        body += event.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
    return body


async def _respond(send: Send, reply: Reply) -> None:
    headers = [(b"content-type", reply.content_type.encode()), (b"content-length", str(len(reply.body)).encode())]
    headers += [(name.encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _meet_trouble(world: World, provider: Provider, call: Call) -> Reply | None:
    """The switched-on failures: a provider that is down, a proxy that answers HTML, one that is briefly busy."""
    behaviours = world.behaviours
    if provider.kind in behaviours.down:
        return Reply(503, b"", "text/plain", remark="provider down")
    if not provider.is_send(call) or call.method != "POST":
        return None
    if behaviours.answer_html:
        return Reply(502, _BAD_GATEWAY, "text/html", remark="HTML")
    if behaviours.fail_retryable_pct:
        about = f"busy:{provider.kind}:{crc32(call.body)}"
        if world.chance.hit(behaviours.fail_retryable_pct, about, world.next_number(about)):
            world.record.count("outgoing.busy", provider.kind)
            return provider.busy(world)
    return None


def _log(world: World, provider: Provider, call: Call, reply: Reply) -> None:
    if world.behaviours.quiet or call.path.endswith("/getUpdates"):
        return
    refused = reply.status >= 400 or reply.remark.startswith(("status ", "errcode "))
    world.wire.add({
        "at": world.clock.now_ms(), "direction": "out", "kind": provider.kind, "channel": "", "method": call.method,
        "path": hide_token(call.path), "status": reply.status, "refused": refused and reply.remark != "status 0 ok",
        "remark": reply.remark,
    })  # fmt: skip
    world.notify("wire")


def hide_token(path: str) -> str:
    """A Telegram path without the bot's token."""
    if not path.startswith("/bot"):
        return path
    first, _, rest = path[1:].partition("/")
    return f"/{first.partition(':')[0]}:.../{rest}"


def _create_pages(world: World, phones: PhonesPage) -> Starlette:
    async def lead_to_phones(request: Any) -> RedirectResponse:
        return RedirectResponse("/phones")

    async def tell_health(request: Any) -> JSONResponse:
        return JSONResponse({"ok": True})

    app = Starlette(
        routes=[
            Route("/", lead_to_phones),
            Route("/healthz", tell_health),
            Mount("/sim", routes=control.routes()),
            *phones.routes(),
        ],
        middleware=[Middleware(control.RefuseCrossSite)],
    )
    app.state.world = world
    return app
