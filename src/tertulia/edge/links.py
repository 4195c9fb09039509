"""`GET /l/{code}`: a customer opens a link (M3, M4, M9). `/e/{channel}` and `/qr/{channel}.svg|png`: anybody's links.

The code is checked by its own check symbol before anything else, so a guess costs nothing; wrong codes are counted per
address. Then the opening goes into a group commit, which looks the link up and records the click, and only after that
the browser is sent on: in one hop into the app where the app has a web address, else to our page.
GET and HEAD consume nothing; what is a person's click is the core's to say, and the answer is the same for all.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from tertulia.core.clicks import name_program
from tertulia.core.links import APPS, Code, hash_code, is_sample, parse, with_app
from tertulia.edge import pages
from tertulia.edge.clicks import Opening
from tertulia.edge.http import (
    BodyTooLarge,
    HungUp,
    answer,
    answer_text,
    get_caller,
    get_header,
    host_of,
    read_body,
    redirect,
)
from tertulia.edge.leads import Lead, Way
from tertulia.edge.limits import Guesses
from tertulia.edge.metrics import Metrics
from tertulia.edge.opening import Openings, make_deep_link, write_first_message
from tertulia.edge.pages import Frame, Page
from tertulia.edge.registry import ChannelView, Registry, Snapshot
from tertulia.edge.writer import Full, GroupWriter, Unavailable
from tertulia.ids import shard_of_index
from tertulia.store.front import FrontWorkspace

TRAILING = "/.,;:!?)]}>\"'\u00bb\u201d\u2019"  # what a phone takes for a part of the link that stands before it
BEACON_BYTES_MAX = 64
NONCE_BYTES = 6
QR_MAX_AGE_S = 3600
QR_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
ENDS = {Way.EXPIRED: "expired", Way.STOPPED: "stopped", Way.GONE: "gone"}
REDIRECT_HEADERS = (
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
)


class Links:
    """The ASGI side of links: of a match into an app, of a message to the web address that it stands for."""

    def __init__(
        self,
        registry: Registry,
        writer: "GroupWriter[Opening, Lead | None]",
        metrics: Metrics,
    ) -> None:
        self._registry = registry
        self._writer = writer
        self._metrics = metrics
        self._guesses = Guesses()
        self._openings = Openings()

    async def open_link(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/l/{code}`, and `POST /l/{code}/seen` of the script on our pages."""
        path = scope["path"][3:]
        method = scope["method"]
        if method == "POST" and path.endswith("/seen"):
            await self._take_beacon(path[:-5], scope, receive, send)
            return
        if method not in ("GET", "HEAD"):
            await answer_text(send, 405, "Links are opened by GET.", (("allow", "GET, HEAD"),))
            return
        if self._guesses and self._guesses.is_limited(get_caller(scope), time.monotonic()):
            await self._notice(scope, send, 429, "limited")
            return
        code = parse(path) or parse(path.rstrip(TRAILING))
        if code is None:
            await self._refuse(scope, send)
            return
        nonce = secrets.token_hex(NONCE_BYTES)
        try:
            lead = await self._find_lead(_read_opening(scope, code, nonce, self._registry.snapshot))
        except (Full, Unavailable) as busy:
            await self._notice(scope, send, 429 if isinstance(busy, Full) else 503, "busy")
            return
        if lead is None:
            await self._refuse(scope, send)
            return
        await self._lead_on(scope, send, code, lead, nonce)

    async def open_entry(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/e/{channel}`: the channel's own link, many uses, bound to nobody."""
        snapshot = self._registry.snapshot
        channel = snapshot.by_public_id.get(scope["path"].removeprefix("/e/").rstrip("/"))
        if channel is None or not channel.adapter.capabilities.app:
            await self._notice(scope, send, 404, "unknown")
            return
        workspace = snapshot.workspaces[channel.workspace]
        language = _read_language(scope, workspace.language)
        link = make_deep_link(channel, language, "")
        if link.web:
            await self._redirect(send, link.url)
            return
        text = write_first_message(channel, language, "")
        app = await asyncio.to_thread(pages.make_app, channel.adapter, link, text, "")
        await self._show(scope, send, pages.show_app(Frame(language), workspace.name, app))

    async def draw_code(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/qr/{channel}.svg|png`: the channel's QR code, for print."""
        public_id, _, form = scope["path"].removeprefix("/qr/").rpartition(".")
        snapshot = self._registry.snapshot
        channel = snapshot.by_public_id.get(public_id)
        if channel is None or form not in QR_TYPES or not channel.adapter.capabilities.app:
            await self._notice(scope, send, 404, "unknown")
            return
        held = self._make_entry(channel, snapshot)
        picture = await asyncio.to_thread(pages.make_qr, held, form)
        headers = [("content-type", QR_TYPES[form]), ("cache-control", f"public, max-age={QR_MAX_AGE_S}")]
        headers.append(("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"))
        if b"download" in scope["query_string"]:
            headers.append(("content-disposition", f'attachment; filename="{channel.kind}-{public_id}.{form}"'))
        await answer(send, 200, headers, picture, head=scope["method"] == "HEAD")

    def _make_entry(self, channel: ChannelView, snapshot: Snapshot) -> str:
        """What a channel's QR code holds: our short address, which counts and can change; only an app that reads no
        web address gets its own."""
        workspace = snapshot.workspaces[channel.workspace]
        if channel.adapter.capabilities.qr_only:
            own = make_deep_link(channel, workspace.language, "").qr
            if own:
                return own
        return f"{self._registry.link_base(workspace)}/e/{channel.facts.public_id}"

    async def _find_lead(self, opening: Opening) -> Lead | None:
        """Where an opening leads, once it is recorded; None where it leads nowhere we know. A match that was launched
        since the configuration was read is looked for once more. Raises Full and Unavailable."""
        lead = await self._writer.submit(opening)
        if lead is not None and lead.way is Way.UNKNOWN:
            await self._registry.look_again()
            lead = await self._writer.submit(opening)
        return None if lead is None or lead.way is Way.UNKNOWN else lead

    async def _lead_on(self, scope: Scope, send: Send, code: Code, lead: Lead, nonce: str) -> None:
        """The opening is recorded: into the app, to our page, or why not."""
        assert lead.workspace is not None
        if lead.way is Way.SITE:
            await self._redirect(send, lead.link.target)
        elif lead.channel is not None:
            await self._open_app(scope, send, lead.workspace, lead.channel, code, lead, nonce)
        elif lead.way is Way.CHOOSER:
            await self._choose(scope, send, lead.workspace, lead.apps, code, nonce)
        else:
            await self._notice(scope, send, 410, ENDS[lead.way], lead.workspace.name)

    async def _open_app(
        self,
        scope: Scope,
        send: Send,
        workspace: FrontWorkspace,
        channel: ChannelView,
        code: Code,
        lead: Lead,
        nonce: str,
    ) -> None:
        token = with_app(code.base, channel.kind if channel.kind in APPS else "chooser")
        language = lead.link.language or workspace.language
        target = self._openings.find(channel, language, token)
        if lead.way is Way.APP:
            await self._redirect(send, target.url)
            return
        text = write_first_message(channel, language, token)
        app = await asyncio.to_thread(pages.make_app, channel.adapter, target, text, token)
        frame = _read_frame(scope, workspace, code, nonce)
        await self._show(scope, send, pages.show_app(frame, workspace.name, app))

    async def _choose(
        self,
        scope: Scope,
        send: Send,
        workspace: FrontWorkspace,
        apps: Sequence[ChannelView],
        code: Code,
        nonce: str,
    ) -> None:
        agent, purpose = get_header(scope, b"user-agent"), _read_purpose(scope)
        # A QR code takes 20 ms to draw, one for each app, and people wait behind them: previews and scanners, of which
        # there may be more than people, get none.
        seen = name_program(scope["method"], agent, purpose) is None
        desktop = seen and not pages.is_phone(agent, get_header(scope, b"sec-ch-ua-mobile"))
        base = self._registry.link_base(workspace)
        offered = [(app, f"{base}/l/{with_app(code.base, app.kind)}") for app in apps if app.kind in APPS]
        choices = await asyncio.to_thread(_draw_choices, offered, desktop)
        frame = _read_frame(scope, workspace, code, nonce)
        await self._show(scope, send, pages.show_chooser(frame, workspace.name, choices, desktop=desktop))

    async def _take_beacon(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A browser shows our page: its opening was no program's."""
        code = parse(path)
        try:
            nonce = (await read_body(scope, receive, BEACON_BYTES_MAX)).decode("ascii", "replace")
        except BodyTooLarge:
            nonce = ""
        except HungUp:
            return
        if code is not None and len(nonce) == 2 * NONCE_BYTES and nonce.isalnum():
            opening = _read_opening(scope, code, nonce, self._registry.snapshot, beacon=True)
            try:
                await self._writer.submit(opening)
            except (Full, Unavailable):
                await answer_text(send, 429, "", (("retry-after", "1"),))
                return
        await answer(send, 204)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        """No such link. The caller's address has one guess less, unless it came from a test message."""
        if is_sample(scope["path"][3:].rstrip(TRAILING)):
            await self._notice(scope, send, 404, "sample")
            return
        self._guesses.note_wrong(get_caller(scope), time.monotonic())
        await self._notice(scope, send, 404, "unknown")

    async def _notice(self, scope: Scope, send: Send, status: int, kind: str, business: str = "") -> None:
        self._metrics.count_link(kind)
        page = pages.show_notice(Frame(_read_language(scope, "")), status, kind, business)
        extra = (("retry-after", "60" if kind == "limited" else "1"),) if status in (429, 503) else ()
        await answer(send, page.status, (*page.headers, *extra), page.body, head=scope["method"] == "HEAD")

    async def _show(self, scope: Scope, send: Send, page: Page) -> None:
        self._metrics.count_link("page")
        await answer(send, page.status, page.headers, page.body, head=scope["method"] == "HEAD")

    async def _redirect(self, send: Send, url: str) -> None:
        self._metrics.count_link("redirect")
        await redirect(send, url, REDIRECT_HEADERS)


def _read_opening(scope: Scope, code: Code, nonce: str, snapshot: Snapshot, *, beacon: bool = False) -> Opening:
    headers = dict(scope["headers"])
    return Opening(
        shard=shard_of_index(code.shard_index),
        code_hash=hash_code(code.base),
        app=code.app,
        method="GET" if beacon else scope["method"],
        user_agent=headers.get(b"user-agent", b"")[:500].decode("latin-1"),
        purpose=_read_purpose(scope),
        nonce=nonce,
        workspace=snapshot.hosts.get(host_of(headers.get(b"host", b"").decode("latin-1"))),
        beacon=beacon,
    )


def _read_purpose(scope: Scope) -> str:
    """What the request says that it is for, when it is no person's."""
    headers = dict(scope["headers"])
    purpose: bytes = headers.get(b"sec-purpose") or headers.get(b"purpose") or headers.get(b"x-purpose") or b""
    return purpose[:100].decode("latin-1")


def _draw_choices(offered: list[tuple[ChannelView, str]], desktop: bool) -> list[pages.App]:
    return [pages.make_choice(channel.adapter, href, picture=desktop) for channel, href in offered]


def _read_language(scope: Scope, default: str) -> str:
    return pages.pick_language(get_header(scope, b"accept-language"), default)


def _read_frame(scope: Scope, workspace: FrontWorkspace, code: Code, nonce: str) -> Frame:
    return Frame(_read_language(scope, workspace.language), f"/l/{code.text}/seen", nonce)
