"""Reads of a match's audience before it is frozen: how many, where, and whom to render."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tertulia.core.identity import Trust
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
    zone: str


def read_audience(workspace: int, audience: Mapping[str, Any]) -> Audience:
    """The stored form, read. An empty one is nobody."""
    return Audience(
        workspace,
        audience.get("all") is True,
        tuple(audience.get("imports", ())),
        tuple(audience.get("contacts", ())),
    )


def read_crowd(conn: Conn, audience: Audience, each: int, limit: int) -> tuple[dict[str, int], list[Sample]]:
    """Contacts by the country of the number an SMS would go to, the largest first ('' for those without one); and of
    each country of contacts `each` with the longest and with the shortest names, at most `limit` in all."""
    counts = {row[0]: row[1] for row in fetch_all(conn, load("matches")["audience"], _args(audience))}
    by_country: dict[str, dict[int, list[int]]] = {}
    for country, characters, ids in fetch_all(conn, load("matches")["lengths"], {**_args(audience), "each": each}):
        by_country.setdefault(country, {})[characters] = ids
    picked = [i for lengths in by_country.values() for at in {max(lengths), min(lengths)} for i in lengths[at]][:limit]
    args = {"workspace": audience.workspace, "shards": [shard_of_contact(i) for i in picked], "ids": picked}
    return counts, [_sample(row) for row in fetch_all(conn, load("matches")["samples"], args)] if picked else []


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


def read_proofs(conn: Conn, family: Sequence[int]) -> tuple[list[str], list[tuple[str, str, Trust]]]:
    """Of a contact and those merged into it: the numbers by their one key, and the linked identities as (kind, value,
    trust)."""
    args = {"shards": [shard_of_contact(i) for i in family], "ids": list(family)}
    rows = fetch_all(conn, load("matches")["proofs"], args)
    phones = [value for kind, value, _trust in rows if kind == "number"]
    return phones, [(kind, value, Trust(trust)) for kind, value, trust in rows if kind != "number"]


def _sample(row: Sequence[Any]) -> Sample:
    return Sample(*(*row[:5], read_json(row[5]), row[6] or "", *row[7:]))


def _args(audience: Audience) -> dict[str, Any]:
    return {
        "workspace": audience.workspace,
        "all": audience.everyone,
        "imports": list(audience.imports),
        "shards": [shard_of_contact(contact_id) for contact_id in audience.contacts],
        "contacts": list(audience.contacts),
    }
