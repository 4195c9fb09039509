"""Reads of templates: their newest revisions for the core, and real contacts to render them for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tertulia.ids import shard_of_contact
from tertulia.store.contacts import ID_MAX
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json


@dataclass(frozen=True, slots=True)
class NewestRow:
    """A template's newest revision."""

    workspace: int
    key: str
    number: int
    document: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A contact as a template sees it, with the newest event that may have led to the message; `event` None without
    one."""

    contact_id: int
    name: str
    surname: str
    locale: str
    attributes: Mapping[str, Any]
    zone: str
    phone_country: str
    event_name: str
    event_at: datetime | None
    event: Mapping[str, Any] | None


def read_newest(conn: Conn) -> list[NewestRow]:
    """What messages are made of (E7)."""
    return [NewestRow(*row) for row in fetch_all(conn, load("templates")["newest"], {})]


def read_readers(conn: Conn, workspace: int, names: Sequence[str] | None, limit: int) -> list[Reader]:
    """The contacts that came last, each with their newest event of one of these names (None: of any)."""
    args = {"workspace": workspace, "names": None if names is None else list(names), "limit": limit}
    return [_reader(row) for row in fetch_all(conn, load("templates")["sample"], args)]


def read_reader(conn: Conn, workspace: int, contact_id: int, names: Sequence[str] | None) -> Reader | None:
    """One contact; None for nobody, and for one of another workspace."""
    if not 0 <= contact_id <= ID_MAX:
        return None
    args = {"workspace": workspace, "names": None if names is None else list(names)}
    args |= {"shard": shard_of_contact(contact_id), "id": contact_id}
    row = fetch_one(conn, load("templates")["one"], args)
    return None if row is None else _reader(row)


def _reader(row: Sequence[Any]) -> Reader:
    event = None if row[9] is None else read_json(row[9])
    return Reader(*(*row[:4], read_json(row[4]), *row[5:7], row[7] or "", row[8], event))
