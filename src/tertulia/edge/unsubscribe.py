"""`/u/{code}`: a customer wants no more offers (C3).

GET shows a page and changes nothing, for scanners open every link of a message; only a POST withdraws, from the page's
button or as one click from a mail program (RFC 8058). The code is the one of the customer's link, so a message needs no
second secret; a message of a journey carries a signed token instead (`core.leave`). Who holds
either may unsubscribe that customer and nothing else, and sees nothing of theirs.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.types import Receive, Scope, Send

from tertulia.core.consent import ANY, MARKETING
from tertulia.core.entries import ConsentEntry, key_of
from tertulia.core.leave import Leave, is_signed, read_leave
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
from tertulia.store.front import FrontWorkspace
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.sealing import unseal

BODY_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody stands at the page of a link (`withdraws` false) or asks to be left alone."""

    shard: int
    code_hash: bytes
    withdraws: bool


class UnsubscribeWork:
    """The writer's side: the look-up, and the withdrawal's entry in the log before anybody is told that it is done."""

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[Request | Leave], now: datetime
    ) -> Sequence[FoundLink | None]:
        asked = [item for item in items if isinstance(item, Request)]
        found = iter(find_links(conn, [(item.shard, item.code_hash) for item in asked]))
        links = [next(found) if isinstance(item, Request) else None for item in items]
        written = [_write_entry(item, link, now) for item, link in zip(items, links, strict=True)]
        entries.append(conn, [entry for entry in written if entry is not None], now)
        return links

    def refuse(self, conn: Conn, entries: LogWriter, item: Request | Leave, now: datetime, error: Exception) -> None:
        """Its caller is told to try again."""
        return None


def _write_entry(item: Request | Leave, link: FoundLink | None, now: datetime) -> NewEntry | None:
    """The withdrawal, where somebody asked for it and is known."""
    match item:
        case Leave(workspace, contact_id, delivery_id, journey_id):
            ref = f"delivery:{delivery_id}" if delivery_id is not None else f"journey:{journey_id}"
        case Request(withdraws=True) if link is not None:
            workspace, contact_id, ref = link.workspace, link.contact_id, f"match:{link.match_id}"
        case _:
            return None
    entry = ConsentEntry(
        contact_id=contact_id,
        address=ANY,
        channel=ANY,
        topic=MARKETING,
        state="withdrawn",
        source="unsubscribe_link",
        actor="customer",
        at=now,
        evidence={"ref": ref},
        mailbox=isinstance(item, Leave) and item.delivery_id is not None,
    )
    return NewEntry(shard_of_contact(contact_id), workspace, key_of(entry), entry, now, contact_id)


class Unsubscribe:
    """The ASGI side of `/u/{code}`."""

    def __init__(self, registry: Registry, writer: "GroupWriter[Request | Leave, FoundLink | None]") -> None:
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
        token = scope["path"].removeprefix("/u/")
        leave, withdraws = read_leave(token), method == "POST"
        try:
            found = self._obey(leave, withdraws) if leave is not None else self._follow(token, withdraws)
            workspace = await found
        except (Full, Unavailable):
            await _show(scope, send, pages.show_notice(_frame(scope), 503, "busy"))
            return
        if workspace is None:
            await self._refuse(scope, send)
            return
        page = pages.show_unsubscribe(_frame(scope, workspace.language), workspace.name, done=withdraws)
        await _show(scope, send, page)

    async def _follow(self, token: str, withdraws: bool) -> FrontWorkspace | None:
        """Whose link a code is of. Raises Full and Unavailable, as the writer does."""
        code = parse(token)
        if code is None:
            return None
        link = await self._writer.submit(Request(shard_of_index(code.shard_index), hash_code(code.base), withdraws))
        return await self._find_workspace(link.workspace) if link is not None else None

    async def _obey(self, leave: Leave, withdraws: bool) -> FrontWorkspace | None:
        """Whose message a token came with, believed only if it is signed. Raises as `_follow`."""
        workspace = await self._find_workspace(leave.workspace)
        if workspace is None or not is_signed(unseal(bytes(workspace.link_key)), leave):
            return None
        if withdraws:
            await self._writer.submit(leave)
        return workspace

    async def _find_workspace(self, workspace: int) -> FrontWorkspace | None:
        if workspace not in self._registry.snapshot.workspaces:
            await self._registry.look_again()
        return self._registry.snapshot.workspaces.get(workspace)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        self._guesses.note_wrong(get_caller(scope), time.monotonic())
        await _show(scope, send, pages.show_notice(_frame(scope), 404, "unknown"))


def _frame(scope: Scope, default: str = "") -> Frame:
    return Frame(pages.pick_language(get_header(scope, b"accept-language"), default))


async def _show(scope: Scope, send: Send, page: Page) -> None:
    await answer(send, page.status, page.headers, page.body, head=scope["method"] == "HEAD")
