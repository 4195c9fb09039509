"""The control API under `/sim`: accounts, people and what they do, behaviours, the clock, the record.

JSON in, JSON out; errors are `{"error": sentence}` with 400, 404 or 409. It is meant for stories, tests and the page
of the same process, and refuses what another web site asks a browser to send. The reference is
`docs/reference/simulator.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tertulia.simulator import crowd, people
from tertulia.simulator.acts import Open, Preference, SharePhone
from tertulia.simulator.config import (
    AccountSpec,
    Behaviours,
    PeopleRates,
    PersonSpec,
    WrongConfig,
    check_percentages,
)
from tertulia.simulator.deeplinks import find_links
from tertulia.simulator.people import CannotAct, Opened
from tertulia.simulator.record import TABLES
from tertulia.simulator.world import Account, Message, Person, World

SETTLE_S_MAX = 600.0
ROWS_MAX = 100_000
FLOOD_MAX = 1_000_000
FLOOD_BREATH = 50
Handler = Callable[[World, Request], Awaitable[Any]]


class RefuseCrossSite:
    """ASGI middleware: what another site makes a browser send is refused, for this API has no sign-in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        foreign = headers.get(b"sec-fetch-site", b"") in (b"cross-site", b"same-site")
        if foreign and scope.get("method") not in ("GET", "HEAD"):
            await PlainTextResponse("Not from another site.", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


class NotFound(Exception):
    """There is no such person, channel or message."""


def routes() -> list[Route]:
    """All routes, relative to `/sim`."""
    table: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "/state", get_state),
        ("GET", "/accounts", list_accounts),
        ("POST", "/accounts", add_accounts),
        ("GET", "/people", list_people),
        ("POST", "/people", add_people),
        ("GET", "/people/{person}", get_person),
        ("PATCH", "/people/{person}", change_person),
        ("GET", "/people/{person}/inbox", get_inbox),
        ("POST", "/people/{person}/tap", tap),
        ("POST", "/people/{person}/open", open_chat),
        ("POST", "/people/{person}/draft", edit_draft),
        ("POST", "/people/{person}/comment", comment),
        ("POST", "/people/{person}/send", send_draft),
        ("POST", "/people/{person}/reply", reply),
        ("POST", "/people/{person}/stop", stop),
        ("POST", "/people/{person}/choose", choose),
        ("POST", "/people/{person}/share-phone", share_phone),
        ("POST", "/people/{person}/unsubscribe", unsubscribe),
        ("POST", "/people/{person}/forward", forward),
        ("POST", "/people/{person}/block", block),
        ("POST", "/people/{person}/unblock", unblock),
        ("POST", "/people/{person}/unfollow", block),
        ("POST", "/people/{person}/marketing", set_marketing),
        ("POST", "/people/{person}/power", set_power),
        ("GET", "/behaviours", get_behaviours),
        ("POST", "/behaviours", set_behaviours),
        ("GET", "/rates", get_rates),
        ("POST", "/rates", set_rates),
        ("POST", "/crowd", let_all_act),
        ("POST", "/flood", flood),
        ("GET", "/record", get_record),
        ("GET", "/record/counts", get_counts),
        ("GET", "/wire", get_wire),
        ("POST", "/settle", settle),
        ("POST", "/clock", set_clock),
        ("POST", "/reset", reset),
    )
    return [Route(path, _serve(handler), methods=[method]) for method, path, handler in table]


def _serve(handler: Handler) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request.app.state.world, request))
        except (WrongConfig, msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except NotFound as error:
            return JSONResponse({"error": str(error)}, 404)
        except CannotAct as error:
            return JSONResponse({"error": str(error)}, 409)

    return endpoint


async def _read(request: Request) -> dict[str, Any]:
    raw = await request.body()
    return msgspec.json.decode(raw, type=dict[str, Any]) if raw.strip() else {}


async def _read_many(request: Request, kind: type[Any]) -> list[Any]:
    """One object or a list of them."""
    value = msgspec.json.decode(await request.body())
    return [msgspec.convert(item, kind) for item in (value if isinstance(value, list) else [value])]


def _find_person(world: World, request: Request) -> Person:
    name = request.path_params["person"]
    person = world.people.get(name) or world.by_phone.get(name) or world.by_mailbox.get(name.casefold())
    if person is None:
        raise NotFound(f"nobody here is {name}")
    return person


def _find_account(world: World, fields: dict[str, Any]) -> Account:
    name = str(fields.get("channel", ""))
    account = world.accounts.get(name)
    if account is None:
        raise NotFound(f"there is no channel {name!r}: give one of {', '.join(world.accounts)}")
    return account


def _find_message(world: World, person: Person, name: str) -> Message:
    for _, message in people.inbox(world, person):
        if message.id == name:
            return message
    raise NotFound(f"{person.id} has no message {name!r}")


# state


async def get_state(world: World, request: Request) -> Any:
    assert world.outbox is not None
    return {
        "accounts": len(world.accounts), "people": len(world.people), "now": world.clock.now().isoformat(),
        "pending": world.outbox.pending, "retrying": world.outbox.retrying, "wire": world.wire.total,
        "behaviours": msgspec.to_builtins(world.behaviours), "rates": msgspec.to_builtins(world.rates),
    }  # fmt: skip


async def list_accounts(world: World, request: Request) -> Any:
    return [_describe_account(account) for account in world.accounts.values()]


def _describe_account(account: Account) -> dict[str, Any]:
    kind = account.provider
    return {"id": account.id, "kind": kind.kind, "name": account.name, "webhook_url": account.webhook_url,
            "base_path": f"/{kind.prefix}", "app": kind.app}  # fmt: skip


async def add_accounts(world: World, request: Request) -> Any:
    specs = await _read_many(request, AccountSpec)
    return [_describe_account(world.add_account(spec)) for spec in specs]


async def list_people(world: World, request: Request) -> Any:
    wanted = request.query_params.get("q", "").casefold()
    limit = int(request.query_params.get("limit", "100"))
    found = (p for p in world.people.values() if wanted in f"{p.name} {p.phone} {p.email} {p.username}".casefold())
    return [_describe_person(person) for person, _ in zip(found, range(limit), strict=False)]


def _describe_person(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name, "phone": person.phone, "language": person.language,
            "apps": list(person.apps), "email": person.email, "username": person.username,
            "hides_phone": person.hides_phone, "unknown": person.unknown, "on": person.on,
            "got_from": person.got_from}  # fmt: skip


async def add_people(world: World, request: Request) -> Any:
    specs = await _read_many(request, PersonSpec)
    return [_describe_person(world.add_person(spec)) for spec in specs]


async def get_person(world: World, request: Request) -> Any:
    person = _find_person(world, request)
    bonds = {}
    for account in world.accounts.values():
        bond = world.bonds.get((person.id, account.id))
        if bond:
            bonds[account.id] = {"draft": bond.draft, "token": bond.token, "blocked": bond.blocked,
                                 "follows": bond.follows, "opted_out": bond.opted_out, "written": bond.inbound,
                                 "handle": world.handle(account, person)}  # fmt: skip
    return {**_describe_person(person), "chats": bonds}


async def change_person(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    allowed = {"name", "language", "apps", "username", "hides_phone", "unknown"}
    wrong = set(fields) - allowed
    if wrong:
        raise WrongConfig(f"{wrong.pop()} cannot be changed; give {', '.join(sorted(allowed))}")
    spec = msgspec.convert({"phone": person.phone, **fields}, PersonSpec)
    changes = {name: getattr(spec, name) for name in fields}
    if changes.get("apps", ()) is None:
        changes["apps"] = world.apps()
    return _describe_person(world.change_person(person, **changes))


async def get_inbox(world: World, request: Request) -> Any:
    person = _find_person(world, request)
    channel = request.query_params.get("channel")
    rows = [people.describe_message(a, m) for a, m in people.inbox(world, person)]
    return [row for row in rows if channel is None or row["channel"] == channel]


# what a person does


async def tap(world: World, request: Request) -> Any:
    """`{url}` or `{message, link: 0}`; the answer says which app opened, or what page was shown."""
    person, fields = _find_person(world, request), await _read(request)
    url = str(fields.get("url", ""))
    if not url:
        message = _find_message(world, person, str(fields.get("message", "")))
        links = find_links(message.text)
        number = int(fields.get("link", 0))
        if not 0 <= number < len(links):
            raise NotFound(f"message {message.id} has {len(links)} links")
        url = links[number]
    opened = await people.tap(world, person, url, agent=str(fields.get("agent", "")))
    return describe_opened(opened)


def describe_opened(opened: Opened) -> dict[str, Any]:
    answer: dict[str, Any] = {"url": opened.url, "status": opened.status, "problem": opened.problem}
    if opened.account is not None and opened.link is not None:
        answer |= {"channel": opened.account.id, "app": opened.link.app, "token": opened.link.token,
                   "text": opened.link.text}  # fmt: skip
    if opened.page is not None:
        links = [{"url": link.url, "label": link.label, "app": link.app} for link in opened.page.links]
        answer["page"] = {"code": opened.page.code, "text": opened.page.text, "links": links}
    return answer


async def open_chat(world: World, request: Request) -> Any:
    """Open the chat from within the app, without a link."""
    person, fields = _find_person(world, request), await _read(request)
    people.act(world, person, _find_account(world, fields), Open())
    return {"ok": True}


async def edit_draft(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    world.bond(person, _find_account(world, fields)).draft = str(fields.get("text", ""))
    world.notify(person.id)
    return {"ok": True}


async def send_draft(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    text = fields.get("text")
    account = _find_account(world, fields)
    return {"id": people.send_draft(world, person, account, None if text is None else str(text))}


async def reply(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    reply_to = str(fields.get("reply_to", ""))
    account = _find_account(world, fields)
    return {"id": people.write(world, person, account, str(fields.get("text", "")), reply_to=reply_to)}


async def comment(world: World, request: Request) -> Any:
    """`{channel, post, text}`: write publicly below a post."""
    person, fields = _find_person(world, request), await _read(request)
    account, post = _find_account(world, fields), str(fields.get("post", ""))
    return {"id": people.comment(world, person, account, post, str(fields.get("text", "")))}


async def stop(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    return {"id": people.write(world, person, _find_account(world, fields), str(fields.get("word", "STOP")))}


async def choose(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    message = _find_message(world, person, str(fields.get("message", "")))
    account = _find_account(world, {"channel": message.account})
    return {"id": people.choose(world, person, account, message, int(fields.get("choice", 0)))}


async def share_phone(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    ids = people.act(world, person, _find_account(world, fields), SharePhone())
    return {"id": ids[-1] if ids else ""}


async def unsubscribe(world: World, request: Request) -> Any:
    """`{message}`: press the mail program's button; the answer's status."""
    person, fields = _find_person(world, request), await _read(request)
    message = _find_message(world, person, str(fields.get("message", "")))
    return {"status": await people.unsubscribe(world, person, message)}


async def forward(world: World, request: Request) -> Any:
    """`{to, message}` or `{to, text}`: pass an SMS or a link on to another phone."""
    person, fields = _find_person(world, request), await _read(request)
    name = str(fields.get("to", ""))
    to = world.people.get(name) or world.by_phone.get(name)
    if to is None:
        raise NotFound(f"nobody here is {name}")
    text = str(fields.get("text", ""))
    if not text:
        text = _find_message(world, person, str(fields.get("message", ""))).text
    return {"id": people.forward(world, person, to, text).id}


async def block(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    people.block(world, person, _find_account(world, fields), True)
    return {"ok": True}


async def unblock(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    people.block(world, person, _find_account(world, fields), False)
    return {"ok": True}


async def set_marketing(world: World, request: Request) -> Any:
    """WhatsApp's own switch: `{channel, stop: true}`."""
    person, fields = _find_person(world, request), await _read(request)
    people.act(world, person, _find_account(world, fields), Preference(bool(fields.get("stop", True))))
    return {"ok": True}


async def set_power(world: World, request: Request) -> Any:
    person, fields = _find_person(world, request), await _read(request)
    world.switch(person, bool(fields.get("on", not person.on)))
    return {"on": person.on}


# how all behave


async def get_behaviours(world: World, request: Request) -> Any:
    return msgspec.to_builtins(world.behaviours)


async def set_behaviours(world: World, request: Request) -> Any:
    """The given fields change, the others stay."""
    merged = {**msgspec.to_builtins(world.behaviours), **await _read(request)}
    behaviours = msgspec.convert(merged, Behaviours)
    check_percentages(behaviours)
    wrong = [kind for kind in behaviours.down if kind not in world.providers]
    if wrong:
        raise WrongConfig(f"down: there is no kind {wrong[0]!r}")
    world.set_behaviours(behaviours)
    return msgspec.to_builtins(behaviours)


async def get_rates(world: World, request: Request) -> Any:
    return msgspec.to_builtins(world.rates)


async def set_rates(world: World, request: Request) -> Any:
    rates = msgspec.convert({**msgspec.to_builtins(world.rates), **await _read(request)}, PeopleRates)
    check_percentages(rates)
    world.rates = rates
    return msgspec.to_builtins(rates)


async def let_all_act(world: World, request: Request) -> Any:
    """Everybody with a link they have not seen acts by the rates; the answer comes when all have."""
    return await crowd.let_all_act(world)


async def flood(world: World, request: Request) -> Any:
    """`{channel, count, text, per_s}`: people write one after another, in the order of their ids, as fast as they may.

    `{n}` in the text is the number of the message. Those who cannot write are passed over.
    """
    fields = await _read(request)
    account, text = _find_account(world, fields), str(fields.get("text", "Hello {n}"))
    count, per_s = min(int(fields.get("count", 1)), FLOOD_MAX), float(fields.get("per_s", 0))
    writers = [p for p in world.people.values() if not account.provider.app or account.spec.kind in p.apps]
    loop, written = asyncio.get_running_loop(), 0
    began = loop.time()
    for number in range(count if writers else 0):
        try:
            person = writers[number % len(writers)]
            people.write(world, person, account, text.replace("{n}", str(number + 1)))
            written += 1
        except CannotAct:
            continue
        finally:
            ahead_s = (number + 1) / per_s - (loop.time() - began) if per_s > 0 else 0
            if ahead_s > 0 or number % FLOOD_BREATH == 0:
                await asyncio.sleep(max(ahead_s, 0))
    return {"written": written, "seconds": round(loop.time() - began, 3)}


# the record


async def get_record(world: World, request: Request) -> Any:
    query = dict(request.query_params)
    table = query.pop("table", "outgoing")
    if table not in TABLES:
        raise NotFound(f"there is no table {table!r}: give one of {', '.join(TABLES)}")
    after, limit = int(query.pop("after", "0")), min(int(query.pop("limit", "1000")), ROWS_MAX)
    return {"table": table, "rows": world.record.find(table, query, max(after, 0), limit)}


async def get_counts(world: World, request: Request) -> Any:
    return dict(sorted(world.record.counts.items()))


async def get_wire(world: World, request: Request) -> Any:
    show, limit = request.query_params.get("show", "all"), int(request.query_params.get("limit", "100"))
    return {"total": world.wire.total, "refused": world.wire.refused, "rows": world.wire.latest(show, limit)}


async def settle(world: World, request: Request) -> Any:
    """Wait until nothing is on its way (`{timeout_s, retries: true}`; retries may be left out of the waiting)."""
    assert world.outbox is not None
    fields = await _read(request)
    loop = asyncio.get_running_loop()
    until = loop.time() + min(float(fields.get("timeout_s", 30)), SETTLE_S_MAX)
    with_retries = bool(fields.get("retries", True))
    while True:
        open_now = world.outbox.pending - (0 if with_retries else world.outbox.retrying)
        if open_now <= 0 or loop.time() >= until:
            return {"idle": open_now <= 0, "pending": world.outbox.pending, "retrying": world.outbox.retrying}
        await asyncio.sleep(0.02)


async def set_clock(world: World, request: Request) -> Any:
    """`{now: ISO instant, frozen: false}` or `{advance_s: n}`."""
    fields = await _read(request)
    if "now" in fields:
        instant = datetime.fromisoformat(str(fields["now"]))
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        world.clock.set(instant, frozen=bool(fields.get("frozen", False)))
    if "advance_s" in fields:
        world.clock.advance(int(float(fields["advance_s"]) * 1000))
    return {"now": world.clock.now().isoformat()}


async def reset(world: World, request: Request) -> Any:
    """Forget everything that happened; accounts and people are again those of the start."""
    assert world.outbox is not None
    world.outbox.reset()
    world.clear()
    world.notify("reset")
    return {"ok": True}
