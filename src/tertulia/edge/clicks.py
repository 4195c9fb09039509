"""Openings of links on their way into the log: looked up and recorded in groups, before anybody is redirected (M9)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tertulia.core.clicks import classify_click
from tertulia.core.entries import ClickEntry, key_of
from tertulia.core.links import WEB
from tertulia.edge.leads import Lead, Way, find_lead
from tertulia.edge.registry import Snapshot
from tertulia.ids import shard_of_contact
from tertulia.store.clicks import FoundLink, find_links, find_message_links
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
    """The writer's side of links. `read_snapshot` gives the configuration by which they lead on."""

    def __init__(self, read_snapshot: Callable[[], Snapshot]) -> None:
        self._read_snapshot = read_snapshot

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[Opening], now: datetime
    ) -> Sequence[Lead | None]:
        """Where each opening leads, None where there is no such link. The opening of every one that leads anywhere, an
        end included, stands in the log; one whose match is not known yet is asked again by its shell."""
        snapshot = self._read_snapshot()
        links = _find_links(conn, items)
        leads = [_lead(snapshot, item, link, now) for item, link in zip(items, links, strict=True)]
        kept = [(item, lead) for item, lead in zip(items, leads, strict=True) if lead and _is_told(item, lead)]
        entries.append(conn, [_write_entry(item, lead, now) for item, lead in kept], now)
        return leads

    def refuse(self, conn: Conn, entries: LogWriter, item: Opening, now: datetime, error: Exception) -> None:
        """Nothing of an opening that cannot be written is worth keeping: its caller is told to try again."""
        return None


def _find_links(conn: Conn, items: Sequence[Opening]) -> list[FoundLink | None]:
    """The link of each, of a match or in a message, as its app symbol says."""
    keys = [(item.shard, item.code_hash) for item in items]
    web = [item.app == WEB for item in items]
    in_messages = iter(find_message_links(conn, [key for key, is_web in zip(keys, web, strict=True) if is_web]))
    of_matches = iter(find_links(conn, [key for key, is_web in zip(keys, web, strict=True) if not is_web]))
    return [next(in_messages) if is_web else next(of_matches) for is_web in web]


def _lead(snapshot: Snapshot, item: Opening, link: FoundLink | None, now: datetime) -> Lead | None:
    """A link domain of one workspace shows no other's links."""
    if link is None or item.workspace not in (None, link.workspace):
        return None
    return find_lead(snapshot, item.app, link, now)


def _is_told(item: Opening, lead: Lead) -> bool:
    """A page of ours was shown only while its link led there: no beacon makes a click of an ended link."""
    return lead.way is not Way.UNKNOWN and not (item.beacon and lead.way.ended)


def _write_entry(item: Opening, lead: Lead, now: datetime) -> NewEntry:
    link = lead.link
    since_s = (now - link.sent_at).total_seconds() if link.sent_at else None
    class_ = classify_click(
        item.method,
        item.user_agent,
        since_s,
        purpose=item.purpose,
        page=lead.way.shows_page,
        beacon=item.beacon,
        ended=lead.way.ended,
    )
    entry = ClickEntry(
        contact_id=link.contact_id,
        match_id=link.match_id,
        code_hash=item.code_hash.hex(),
        app=item.app,
        class_=class_.value,
        at=now,
        nonce=item.nonce,
        beacon=item.beacon,
        message=link.message,
    )
    shard = shard_of_contact(link.contact_id)
    return NewEntry(shard, link.workspace, key_of(entry), entry, now, link.contact_id)
