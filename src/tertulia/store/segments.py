"""Segments: who is in them and has been, what is counted for them, and how far each shard has looked.

Members, their changes and the counts are written by the cycle that decides them; lists also by people.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tertulia.core.segment_effects import MoveMember
from tertulia.core.segments import DAY, HOUR, EventKey, Key, MessageKey, floor_to
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run

Tally = dict[datetime, tuple[int, Decimal]]
_Of = tuple[int | None, str, int | None]  # a message's journey, step and channel


@dataclass(frozen=True, slots=True)
class PublishedSegment:
    """A live segment's newest revision."""

    id: int
    workspace: int
    key: str
    name: str
    turn: int
    cause: str
    document: str


@dataclass(frozen=True, slots=True)
class Change:
    """That a contact came into a segment or left it, and what changed then."""

    segment_id: int
    at: datetime
    entered: bool
    cause: str
    name: str


@dataclass(frozen=True, slots=True)
class Mover:
    """The same, for a segment's page."""

    contact_id: int
    name: str
    surname: str
    at: datetime
    entered: bool
    cause: str
    event: str


@dataclass(frozen=True, slots=True)
class Member:
    contact_id: int
    name: str
    surname: str
    since: datetime


def read_published(conn: Conn) -> list[PublishedSegment]:
    """Every segment that decisions need (E7)."""
    return [PublishedSegment(*row) for row in fetch_all(conn, load("segments")["published"], {})]


def read_keys(conn: Conn) -> dict[tuple[int, EventKey], int]:
    """What is counted: ids by workspace and key."""
    return {(row[1], EventKey(*row[2:])): row[0] for row in fetch_all(conn, load("segments")["keys"], {})}


# what the cycle writes


def move_members(conn: Conn, group: list[MoveMember]) -> None:
    """Members as they are after the cycle, and each of the changes."""
    last = {(e.contact_id, e.segment_id): e for e in group}
    for query, entered in (("add_members", True), ("drop_members", False)):
        rows = [e for e in last.values() if e.entered is entered]
        if rows:
            run(conn, load("segments")[query], _columns(rows))
    run(conn, load("segments")["note_changes"], _columns(group))


def _columns(rows: Sequence[MoveMember]) -> dict[str, list[Any]]:
    names = ("contact_id", "segment_id", "workspace", "at", "entered", "cause", "name")
    made: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in names}
    return made | {"shard": [shard_of_contact(row.contact_id) for row in rows]}


def add_activity(conn: Conn, rows: Iterable[tuple[int, int, int, datetime, Decimal]]) -> None:
    """Events that are counted: workspace, key's id, contact, granule, and what each adds to the sum."""
    counts: Counter[tuple[int, int, int, datetime, int]] = Counter()
    totals: dict[tuple[int, int, int, datetime, int], Decimal] = defaultdict(Decimal)
    for workspace, key_id, contact_id, bucket, total in rows:
        place = (shard_of_contact(contact_id), key_id, contact_id, bucket, workspace)
        counts[place] += 1
        totals[place] += total
    if not counts:
        return
    places = sorted(counts)
    names = ("shard", "key_id", "contact_id", "bucket", "workspace")
    args: dict[str, Any] = {name: [place[n] for place in places] for n, name in enumerate(names)}
    told = {"count": [counts[place] for place in places], "total": [totals[place] for place in places]}
    run(conn, load("segments")["add_activity"], args | told)


# what deciding asks


def load_tallies(conn: Conn, members: Mapping[int, int], keys: Mapping[EventKey, int]) -> dict[int, dict[Key, Tally]]:
    """By contact and key how many there were in each granule. `members`: whose counts are whose, by contact (M8)."""
    found: dict[int, dict[Key, Tally]] = {}
    if not keys or not members:
        return found
    by_id = {key_id: key for key, key_id in keys.items()}
    args = {**_places(members), "keys": list(by_id)}
    for contact_id, key_id, bucket, count, total in fetch_all(conn, load("segments")["tallies"], args):
        _add(found, members[contact_id], by_id[key_id], bucket, count, total)
    return found


def load_message_tallies(
    conn: Conn,
    members: Mapping[int, int],
    keys: Collection[MessageKey],
    journeys: Mapping[str, int],
    kinds: Mapping[int, str],
) -> dict[int, dict[Key, Tally]]:
    """The same of messages. `kinds`: of each channel the kind, `sms` for every carrier of SMS."""
    found: dict[int, dict[Key, Tally]] = {}
    if not keys or not members:
        return found
    args = _places(members)

    def note(contact_id: int, of: _Of, at_by_state: Mapping[str, datetime | None]) -> None:
        for key in keys:
            at = at_by_state.get(key.state)
            if at is not None and _is_of(key, of, journeys, kinds):
                _add(found, members[contact_id], key, floor_to(at, HOUR if key.hourly else DAY), 1, Decimal())

    for row in fetch_all(conn, load("segments")["message_tallies"], args):
        note(row[0], row[1:4], dict(zip(("sent", "delivered", "opened", "failed"), row[4:], strict=True)))
    if any(key.state == "clicked" for key in keys):
        for row in fetch_all(conn, load("segments")["click_tallies"], args):
            note(row[0], row[1:4], {"clicked": row[4]})
    return found


def _is_of(key: MessageKey, of: _Of, journeys: Mapping[str, int], kinds: Mapping[int, str]) -> bool:
    """Whether a message, or a click in one, is of the journey, step and kind of channel that a key names."""
    journey_id, step, channel_id = of
    if (key.step and key.step != step) or (key.journey and journeys.get(key.journey) != journey_id):
        return False
    return not key.channel or kinds.get(channel_id or 0) == key.channel


def _add(
    found: dict[int, dict[Key, Tally]], contact_id: int, key: Key, bucket: datetime, count: int, total: Decimal
) -> None:
    tally = found.setdefault(contact_id, {}).setdefault(key, {})
    had = tally.get(bucket, (0, Decimal()))
    tally[bucket] = (had[0] + count, had[1] + total)


def load_memberships(conn: Conn, contact_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Contact and segment of every membership."""
    return {(row[0], row[1]) for row in fetch_all(conn, load("segments")["memberships"], _places(contact_ids))}


def read_turns(conn: Conn, shards: Collection[int], segments: Collection[int]) -> dict[tuple[int, int], int]:
    """By segment and shard the turn of whose members it has."""
    args = {"shards": list(shards), "segments": list(segments)}
    return {(row[0], row[1]): row[2] for row in fetch_all(conn, load("segments")["turns"], args)}


def _places(contact_ids: Iterable[int]) -> dict[str, Any]:
    ids = list(contact_ids)
    return {"shards": [shard_of_contact(id_) for id_ in ids], "ids": ids}


# a segment's turn, shard by shard


def list_stale(conn: Conn, segment_id: int, turn: int, shards: Collection[int], limit: int) -> list[int]:
    """Shards in which nobody has looked who belongs since the last turn."""
    args = {"segment_id": segment_id, "turn": turn, "shards": list(shards), "limit": limit}
    return [row[0] for row in fetch_all(conn, load("segments")["stale"], args)]


def list_members_of(conn: Conn, segment_id: int, shards: Collection[int]) -> set[int]:
    """The members in some shards."""
    args = {"segment_id": segment_id, "shards": list(shards)}
    return {row[0] for row in fetch_all(conn, load("segments")["members_of_shards"], args)}


def set_turn(
    conn: Conn, segment_id: int, workspace: int, turn: int, shards: Collection[int], swept_to: datetime
) -> None:
    """These shards have the members of a turn."""
    args = {"segment_id": segment_id, "workspace": workspace, "turn": turn, "swept_to": swept_to}
    run(conn, load("segments")["set_turn"], args | {"shards": list(shards)})


def list_unswept(
    conn: Conn, segment_id: int, shards: Collection[int], before: datetime, limit: int
) -> list[tuple[int, datetime]]:
    """Shards in which those who leave with time were looked for last before an instant, and when."""
    args = {"segment_id": segment_id, "shards": list(shards), "before": before, "limit": limit}
    return [(row[0], row[1]) for row in fetch_all(conn, load("segments")["unswept"], args)]


def set_swept(conn: Conn, segment_id: int, shards: Collection[int], swept_to: datetime) -> None:
    """They were looked for up to an instant."""
    args = {"segment_id": segment_id, "shards": list(shards), "swept_to": swept_to}
    run(conn, load("segments")["set_swept"], args)


def list_leaving(
    conn: Conn, key_id: int | None, shards: Collection[int], since: datetime, until: datetime
) -> list[int]:
    """Contacts with events of a key (None: with messages) in granules from `since` to before `until`."""
    args = {"key_id": key_id, "shards": list(shards), "since": since, "until": until}
    query = "leaving" if key_id is not None else "leaving_messages"
    return [row[0] for row in fetch_all(conn, load("segments")[query], args)]


def clear_activity(conn: Conn, key_id: int, shards: Collection[int]) -> None:
    """Before it is counted anew."""
    run(conn, load("segments")["clear_activity"], {"key_id": key_id, "shards": list(shards)})


# for pages, the API, and journeys


def count_members(conn: Conn, segment_ids: Collection[int]) -> dict[int, int]:
    """How many are in each now."""
    return dict(fetch_all(conn, load("segments")["count_members"], {"segments": list(segment_ids)}))


def count_pending(conn: Conn, segment_id: int, turn: int, shards: int) -> int:
    """In how many shards it is still being looked who belongs."""
    row = fetch_one(conn, load("segments")["pending"], {"segment_id": segment_id, "turn": turn, "shards": shards})
    return int(row[0]) if row else 0


def list_members(conn: Conn, segment_id: int, after: int, limit: int) -> list[Member]:
    """A page of the members, by id."""
    args = {"segment_id": segment_id, "after": after, "limit": limit}
    return [Member(*row) for row in fetch_all(conn, load("segments")["list_members"], args)]


def list_segments_of(conn: Conn, family: Sequence[int]) -> list[tuple[int, datetime]]:
    """The segments in which a contact is, and since when."""
    return [(row[0], row[1]) for row in fetch_all(conn, load("segments")["segments_of"], _places(family))]


def list_changes_of(conn: Conn, family: Sequence[int], segment_id: int | None, limit: int) -> list[Change]:
    """When and why a contact came and left, the newest first."""
    args = {**_places(family), "segment_id": segment_id, "limit": limit}
    return [Change(*row) for row in fetch_all(conn, load("segments")["changes_of"], args)]


def list_recent_changes(conn: Conn, segment_id: int, limit: int) -> list[Mover]:
    """Who came and left last."""
    args = {"segment_id": segment_id, "limit": limit}
    rows = fetch_all(conn, load("segments")["recent_changes"], args)
    return [Mover(row[0], row[1] or "", row[2] or "", *row[3:]) for row in rows]
