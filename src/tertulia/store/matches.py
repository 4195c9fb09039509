"""Reads of a match's audience before it is frozen: how many, where, and whom to render."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a match is for, as `Match.audience` says it."""

    workspace: int
    everyone: bool = False
    imports: tuple[int, ...] = ()
    contacts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A contact as a template sees it. `phone` takes SMS; `phone_country` is its country, empty without a phone."""

    contact_id: int
    name: str
    surname: str
    country: str
    locale: str
    attributes: dict[str, Any]
    phone: str
    phone_country: str


def read_audience(workspace: int, audience: Mapping[str, Any]) -> Audience:
    """The stored form, read. An empty one is nobody."""
    return Audience(
        workspace,
        audience.get("all") is True,
        tuple(audience.get("imports", ())),
        tuple(audience.get("contacts", ())),
    )


def count_by_country(conn: Conn, audience: Audience) -> dict[str, int]:
    """Contacts by the country of the number an SMS would go to, the largest first; '' for those without one."""
    rows = fetch_all(conn, load("matches")["audience_by_country"], _args(audience))
    return {row[0]: row[1] for row in rows}


def read_sample(conn: Conn, audience: Audience, each: int, limit: int) -> list[Sample]:
    """Of each country the `each` contacts with the longest and with the shortest names, at most `limit` in all."""
    args = {**_args(audience), "each": each, "limit": limit}
    return [_sample(row) for row in fetch_all(conn, load("matches")["audience_sample"], args)]


def count_lacking(conn: Conn, audience: Audience, field: str) -> tuple[int, int | None]:
    """How many of the audience have nothing in `field`, and the id of one of them."""
    row = fetch_one(conn, load("matches")["lacking"], {**_args(audience), "field": field})
    return (row[0], row[1]) if row else (0, None)


def count_existing(conn: Conn, workspace: int, ids: Sequence[int]) -> int:
    """How many of these contacts the workspace has."""
    args = {"workspace": workspace, "shards": [shard_of_contact(i) for i in ids], "ids": list(ids)}
    row = fetch_one(conn, load("matches")["contacts_exist"], args)
    return int(row[0]) if row else 0


def read_one(conn: Conn, workspace: int, contact_id: int) -> Sample | None:
    """One contact as a template sees it."""
    args = {"workspace": workspace, "shard": shard_of_contact(contact_id), "id": contact_id}
    row = fetch_one(conn, load("matches")["sample_of"], args)
    return None if row is None else _sample(row)


def _sample(row: Sequence[Any]) -> Sample:
    return Sample(*(*row[:5], read_json(row[5]), row[6] or "", row[7]))


def _args(audience: Audience) -> dict[str, Any]:
    return {
        "workspace": audience.workspace,
        "all": audience.everyone,
        "imports": list(audience.imports),
        "contacts": list(audience.contacts),
    }
