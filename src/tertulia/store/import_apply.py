"""The apply of an import: groups of shards, each in one transaction, from the stage into contacts.

What is left in the stage is what is to do: a group deletes its rows where it applies them, so a worker that is killed
in the middle leaves whole groups behind and nothing twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tertulia.core.carriers import EMAIL, SMS
from tertulia.core.entries import shard_of_address
from tertulia.core.import_people import Known
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run
from tertulia.store.import_stage import Staged
from tertulia.store.imports import ImportJob, known_of


class Consent(msgspec.Struct, frozen=True):
    """What the rows of a list agree to, and the proof. Agreed to for SMS, it is for an e-mail address agreed to for
    e-mail: each address for what reaches it."""

    topics: tuple[str, ...]
    channel: str
    evidence: Mapping[str, Any]
    text_version: str
    actor: str


class Placed(msgspec.Struct, frozen=True, gc=False):
    """An address to add to a contact that is there."""

    contact_id: int
    kind: str
    value: str
    canonical: str
    line_type: str
    country: str
    sms: bool


class Locked(msgspec.Struct, frozen=True, gc=False):
    """A contact that is about to change, with the line it is searched by."""

    person: Known
    search: str


def set_outcomes(
    conn: Conn, import_id: int, rows: Sequence[tuple[Staged, str, Sequence[str], int | None, Mapping[str, Any] | None]]
) -> None:
    """What rows became: (row, outcome, changed fields, contact, what undoes it)."""
    args = {
        "id": import_id,
        "shards": [row.shard for row, *_ in rows],
        "rows": [row.row for row, *_ in rows],
        "outcomes": [outcome for _, outcome, *_ in rows],
        "fields": [",".join(fields) for _, _, fields, *_ in rows],
        "contacts": [contact_id for *_, contact_id, _ in rows],
        "undos": [None if undo is None else _json(undo) for *_, undo in rows],
    }
    run(conn, load("imports")["set_outcomes"], args)


def insert_new(conn: Conn, job: ImportJob, shards: Sequence[int], consent: Consent, now: datetime) -> int:
    """Make contacts of a group's new rows, with addresses, keys and consent; how many."""
    row = fetch_one(conn, load("imports")["insert_new"], _consent_args(job, shards, consent, now))
    return int(row[0]) if row else 0


def record_known_consent(conn: Conn, job: ImportJob, shards: Sequence[int], consent: Consent, now: datetime) -> None:
    """Record consent of a group's contacts that were there already, where no list has recorded it."""
    if consent.topics:
        args = {**_consent_args(job, shards, consent, now), "contact_shards": list(SHARDS)}
        run(conn, load("imports")["agree_known"], args)


def drop_known(conn: Conn, job: ImportJob, shards: Sequence[int]) -> int:
    """Take the rows of contacts that were there already off the stage; how many."""
    return run(conn, load("imports")["drop_known"], {"id": job.id, "shards": list(shards)})


def lock_contacts(conn: Conn, contact_ids: Sequence[int]) -> dict[int, Locked]:
    """Contacts as they are now, held until the transaction ends."""
    shards = dict.fromkeys(shard_of_contact(contact_id) for contact_id in contact_ids)
    args = {"shards": list(shards), "ids": list(contact_ids)}
    rows = fetch_all(conn, load("imports")["lock_contacts"], args)
    return {row[0]: Locked(known_of(row), row[9]) for row in rows}


def update_contacts(conn: Conn, contacts: Sequence[tuple[Known, Sequence[str], str]], now: datetime) -> None:
    """Write contacts anew: (contact, attributes that were written, line to search by)."""
    args = {
        "now": now,
        "shards": [shard_of_contact(person.contact_id) for person, _, _ in contacts],
        "ids": [person.contact_id for person, _, _ in contacts],
        "names": [person.name for person, _, _ in contacts],
        "surnames": [person.surname for person, _, _ in contacts],
        "locales": [person.language for person, _, _ in contacts],
        "zones": [person.zone for person, _, _ in contacts],
        "countries": [person.country for person, _, _ in contacts],
        "external_ids": [person.external_id for person, _, _ in contacts],
        "attributes": [_json(person.attributes) for person, _, _ in contacts],
        "changed": [_json(dict.fromkeys(keys, now)) for _, keys, _ in contacts],
        "searches": [search for _, _, search in contacts],
    }
    run(conn, load("imports")["update_contacts"], args)


def add_addresses(conn: Conn, job: ImportJob, placed: Sequence[Placed], now: datetime) -> None:
    """Add addresses to contacts that are there, and their keys to the directory."""
    kept = [one for one in placed if one.kind != "external_id"]
    args: dict[str, Any] = {"workspace": job.workspace, "source": job.source, "now": now}
    args |= {
        "shards": [shard_of_contact(one.contact_id) for one in kept],
        "contacts": [one.contact_id for one in kept],
        "kinds": [one.kind for one in kept],
        "values": [one.value for one in kept],
        "canonicals": [one.canonical for one in kept],
        "line_types": [one.line_type for one in kept],
        "countries": [one.country for one in kept],
        "sms": [one.sms for one in kept],
    }
    run(conn, load("imports")["add_addresses"], args)
    keys = {
        "workspace": job.workspace,
        "shards": [shard_of_address(job.workspace, one.kind, one.canonical) for one in placed],
        "kinds": [one.kind for one in placed],
        "canonicals": [one.canonical for one in placed],
        "contacts": [one.contact_id for one in placed],
    }
    run(conn, load("imports")["add_keys"], keys)


def suppress(conn: Conn, job: ImportJob, shards: Sequence[int], channel: str, actor: str) -> int:
    """Write a group's suppressions, and the withdrawals of the contacts who have these addresses; how many rows."""
    args = {
        "id": job.id,
        "shards": list(shards),
        "source": job.source,
        "channel": channel,
        "actor": actor,
        "contact_shards": list(SHARDS),
    }
    row = fetch_one(conn, load("imports")["suppress"], args)
    return int(row[0]) if row else 0


def _consent_args(job: ImportJob, shards: Sequence[int], consent: Consent, now: datetime) -> dict[str, Any]:
    return {
        "id": job.id,
        "shards": list(shards),
        "source": job.source,
        "now": now,
        "topics": list(consent.topics),
        "channel": consent.channel,
        "mail_channel": EMAIL if consent.channel == SMS else consent.channel,
        "evidence": _json(consent.evidence),
        "text_version": consent.text_version,
        "actor": consent.actor,
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
