"""What happened in a while, read to be played again beside a draft; nothing here writes."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from tertulia.core.rows import SlotRow
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json

QUEUED_FOR: Final = timedelta(days=7)  # a message is handed over, and heard of, so long after it was made at most
MODELS_EACH: Final = 2  # customers of a shard
SAMPLES_EACH: Final = 50  # events of a name


class Outcome(NamedTuple):
    """What became of a message, or a click in it: whose, its id and, of a journey or a match, where and when."""

    contact_id: int
    id: UUID
    journey_id: int | None
    step: str
    match_id: int | None
    channel_id: int
    at: datetime
    link: str = ""  # of a click, of a match its app
    app: str = ""
    text: str = ""  # of a reply


class Message(NamedTuple):
    """What a customer wrote; `first` on its channel."""

    contact_id: int
    channel_id: int
    provider_id: str
    form: str
    text: str
    payload: str
    at: datetime
    first: bool


def list_slots(
    conn: Conn, contact_ids: Iterable[int], journey_id: int, since: datetime, until: datetime
) -> list[SlotRow]:
    """The messages that caps count of these contacts, but this journey's own."""
    args = {**_places(contact_ids), "journey": journey_id, "since": since, "until": until}
    return [SlotRow(*row) for row in fetch_all(conn, load("recorded")["slots"], args)]


def list_spent(
    conn: Conn, workspace: int, journey_id: int, since: datetime, until: datetime
) -> list[tuple[datetime, str, int]]:
    """What messages cost that are not this journey's: minute, currency and millionths, by time."""
    args: dict[str, Any] = {"workspace": workspace, "journey": journey_id, "since": since, "until": until}
    days = {"first_day": (since - QUEUED_FOR).date(), "last_day": until.date()}
    return [(row[0], row[1], row[2]) for row in fetch_all(conn, load("recorded")["spent"], args | days)]


def list_begun(
    conn: Conn, workspace: int, type_: str, journeys: Sequence[int] | None, since: datetime, until: datetime, limit: int
) -> list[tuple[int, datetime, dict[str, Any]]]:
    """The newest of this type that began runs, of these journeys or of any: whose, when, and as runs keep it."""
    args: dict[str, Any] = {"workspace": workspace, "since": since, "until": until, "limit": limit, "type": type_}
    args |= {"journeys": list(journeys) if journeys is not None else None, "first_day": since.date()}
    return [(row[0], row[1], read_json(row[2])) for row in fetch_all(conn, load("recorded")["begun"], args)]


def list_outcomes(
    conn: Conn, workspace: int, outcome: str, since: datetime, until: datetime, limit: int, for_s: float = 0.0
) -> list[Outcome]:
    """The newest of an outcome, as entries name it. `for_s`: of ignored, after so long."""
    args: dict[str, Any] = {"workspace": workspace, "since": since, "until": until, "limit": limit}
    days = {"first_day": (since - QUEUED_FOR - timedelta(seconds=for_s)).date(), "last_day": until.date()}
    queries = load("recorded")
    match outcome:
        case "clicked":
            return [Outcome(*row) for row in fetch_all(conn, queries["clicks"], args)]
        case "replied":
            rows = fetch_all(conn, queries["replies"], args | {"within_s": QUEUED_FOR.total_seconds()})
            return [Outcome._make((*row[:7], "", "", row[7])) for row in rows]
        case "ignored":
            return [Outcome(*row) for row in fetch_all(conn, queries["ignored"], args | days | {"for_s": for_s})]
        case _:
            return [Outcome(*row) for row in fetch_all(conn, queries["outcomes"], args | days | {"outcome": outcome})]


def list_messages(conn: Conn, workspace: int, since: datetime, until: datetime, limit: int) -> list[Message]:
    """The newest that customers wrote."""
    args = {"workspace": workspace, "since": since, "until": until, "limit": limit}
    return [
        Message._make((*row[:5], str(read_json(row[5]).get("payload", "")), *row[6:]))
        for row in fetch_all(conn, load("recorded")["messages"], args)
    ]


def list_changes(
    conn: Conn, segment_id: int, entered: bool, since: datetime, until: datetime, limit: int
) -> list[tuple[int, datetime]]:
    """Who came into a segment, or left it, when; the newest."""
    args = {"segment_id": segment_id, "entered": entered, "since": since, "until": until, "limit": limit}
    return [(row[0], row[1]) for row in fetch_all(conn, load("recorded")["changes"], args)]


def list_moves(
    conn: Conn, contact_ids: Iterable[int], segments: Collection[int], since: datetime
) -> list[tuple[int, int, bool, datetime]]:
    """Who of these came into one of these segments or left it since an instant, by time: contact, segment, whether
    they came, when."""
    args = {**_places(contact_ids), "segments": list(segments), "since": since}
    rows = fetch_all(conn, load("recorded")["moves"], args) if segments else []
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def list_left(conn: Conn, segment_id: int, since: datetime, limit: int) -> list[int]:
    """Who left a segment since an instant, the last first."""
    args = {"segment_id": segment_id, "since": since, "limit": limit}
    return [row[0] for row in fetch_all(conn, load("recorded")["left"], args)]


def list_models(conn: Conn, workspace: int) -> list[int]:
    """Some customers of every shard."""
    args = {"workspace": workspace, "shards": list(SHARDS), "each": MODELS_EACH}
    return [row[0] for row in fetch_all(conn, load("recorded")["models"], args)]


def count_people(conn: Conn, workspace: int) -> int:
    """How many customers there are."""
    row = fetch_one(conn, load("recorded")["people"], {"workspace": workspace})
    return int(row[0]) if row else 0


def list_event_samples(
    conn: Conn, workspace: int, names: Collection[tuple[str, str]], since: datetime
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What some events said, by type and name."""
    types, named = ([one[place] for one in sorted(names)] for place in (0, 1))
    args = {"workspace": workspace, "types": types, "names": named, "since": since, "each": SAMPLES_EACH}
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for type_, name, properties in fetch_all(conn, load("recorded")["event_samples"], args):
        found.setdefault((type_, name), []).append(read_json(properties))
    return found


def _places(contact_ids: Iterable[int]) -> dict[str, Sequence[int]]:
    ids = sorted(contact_ids)
    return {"shards": [shard_of_contact(one) for one in ids], "ids": ids}
