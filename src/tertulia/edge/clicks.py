"""Openings of links on their way into the log: looked up and recorded in groups, before anybody is redirected (M9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tertulia.core.clicks import classify_click
from tertulia.core.entries import ClickEntry, key_of
from tertulia.ids import shard_of_contact
from tertulia.store.clicks import FoundLink, find_links
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, NewEntry


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened a link, or (`beacon`) the script on our page says that a browser shows it. `workspace` limits
    whose links the host serves; None: everybody's."""

    shard: int
    code_hash: bytes
    app: str
    method: str
    user_agent: str
    purpose: str
    nonce: str
    workspace: int | None
    beacon: bool = False


class ClickWork:
    """The writer's side of links."""

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[Opening], now: datetime
    ) -> Sequence[FoundLink | None]:
        """The link of each opening, None where there is none; the opening of every one found stands in the log."""
        links = find_links(conn, [(item.shard, item.code_hash) for item in items])
        links = [_serve(item, link) for item, link in zip(items, links, strict=True)]
        found = [(item, link) for item, link in zip(items, links, strict=True) if link is not None]
        entries.append(conn, [_write_entry(item, link, now) for item, link in found], now)
        return links

    def refuse(self, conn: Conn, entries: LogWriter, item: Opening, now: datetime, error: Exception) -> None:
        """Nothing of an opening that cannot be written is worth keeping: its caller is told to try again."""
        return None


def _serve(item: Opening, link: FoundLink | None) -> FoundLink | None:
    """A link domain of one workspace shows no other's links."""
    if link is None or item.workspace not in (None, link.workspace):
        return None
    return link


def _write_entry(item: Opening, link: FoundLink, now: datetime) -> NewEntry:
    since_s = (now - link.sent_at).total_seconds() if link.sent_at else None
    beacon = True if item.beacon else None
    class_ = classify_click(item.method, item.user_agent, since_s, beacon, purpose=item.purpose)
    entry = ClickEntry(
        contact_id=link.contact_id,
        match_id=link.match_id,
        code_hash=item.code_hash.hex(),
        app=item.app,
        class_=class_.value,
        at=now,
        nonce=item.nonce,
        beacon=item.beacon,
    )
    shard = shard_of_contact(link.contact_id)
    return NewEntry(shard, link.workspace, key_of(entry), entry, now, link.contact_id)
