"""`/u/{code}`: a customer wants no more offers (C3).

GET shows a page and changes nothing, for scanners open every link of a message; only a POST withdraws, from the page's
button or as one click from a mail program (RFC 8058). The code is the one of the customer's link, so a message needs no
second secret; who holds it may unsubscribe that customer and nothing else, and sees nothing of theirs.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.types import Receive, Scope, Send

from tertulia.core.consent import ANY, MARKETING
from tertulia.core.entries import ConsentEntry, key_of
from tertulia.core.links import hash_code, parse
from tertulia.edge import pages
from tertulia.edge.http import BodyTooLarge, HungUp, answer, answer_text, get_caller, get_header, read_body
from tertulia.edge.limits import Guesses
from tertulia.edge.pages import Frame, Page
from tertulia.edge.registry import Registry
from tertulia.edge.writer import Full, GroupWriter, Unavailable
from tertulia.ids import shard_of_contact, shard_of_index
from tertulia.store.clicks import FoundLink, find_links
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, NewEntry

BODY_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody stands at the page (`withdraws` false) or asks to be left alone."""

    shard: int
    code_hash: bytes
    withdraws: bool


class UnsubscribeWork:
    """The writer's side: the look-up, and the withdrawal's entry in the log before anybody is told that it is done."""

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[Request], now: datetime
    ) -> Sequence[FoundLink | None]:
        links = find_links(conn, [(item.shard, item.code_hash) for item in items])
        asked = [link for item, link in zip(items, links, strict=True) if link is not None and item.withdraws]
        entries.append(conn, [_write_entry(link, now) for link in asked], now)
        return links

    def refuse(self, conn: Conn, entries: LogWriter, item: Request, now: datetime, error: Exception) -> None:
        """Its caller is told to try again."""
        return None


def _write_entry(link: FoundLink, now: datetime) -> NewEntry:
    entry = ConsentEntry(
        contact_id=link.contact_id,
        address=ANY,
        channel=ANY,
        topic=MARKETING,
        state="withdrawn",
        source="unsubscribe_link",
        actor="customer",
        at=now,
        evidence={"ref": f"match:{link.match_id}"},
    )
    return NewEntry(shard_of_contact(link.contact_id), link.workspace, key_of(entry), entry, now, link.contact_id)


class Unsubscribe:
    """The ASGI side of `/u/{code}`."""

    def __init__(self, registry: Registry, writer: "GroupWriter[Request, FoundLink | None]") -> None:
        self._registry = registry
        self._writer = writer
        self._guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method not in ("GET", "HEAD", "POST"):
            await answer_text(send, 405, "Open this address, or POST to it.", (("allow", "GET, HEAD, POST"),))
            return
        if self._guesses.is_limited(get_caller(scope), time.monotonic()):
            await _show(scope, send, pages.show_notice(_frame(scope), 429, "limited"))
            return
        try:
            await read_body(scope, receive, BODY_BYTES_MAX)
        except (BodyTooLarge, HungUp):
            await answer_text(send, 413, "This address takes no more than a button's form.")
            return
        code = parse(scope["path"].removeprefix("/u/"))
        if code is None:
            await self._refuse(scope, send)
            return
        request = Request(shard_of_index(code.shard_index), hash_code(code.base), method == "POST")
        try:
            link = await self._writer.submit(request)
        except (Full, Unavailable):
            await _show(scope, send, pages.show_notice(_frame(scope), 503, "busy"))
            return
        if link is not None and link.workspace not in self._registry.snapshot.workspaces:
            await self._registry.look_again()
        workspace = self._registry.snapshot.workspaces.get(link.workspace) if link else None
        if workspace is None:
            await self._refuse(scope, send)
            return
        page = pages.show_unsubscribe(_frame(scope, workspace.language), workspace.name, done=method == "POST")
        await _show(scope, send, page)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        self._guesses.note_wrong(get_caller(scope), time.monotonic())
        await _show(scope, send, pages.show_notice(_frame(scope), 404, "unknown"))


def _frame(scope: Scope, default: str = "") -> Frame:
    return Frame(pages.pick_language(get_header(scope, b"accept-language"), default))


async def _show(scope: Scope, send: Send, page: Page) -> None:
    await answer(send, page.status, page.headers, page.body, head=scope["method"] == "HEAD")
