"""The undo of an import: contacts it made go, fields it changed come back, unless something has happened since.

Its consent no longer counts from the moment that the import says `undone` (the ledger stays as it is: what is derived
from it leaves out the evidence of undone imports). Suppressions of an opt-out list are never undone (C4).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tertulia.actions.import_exits import look_at_exits_of
from tertulia.core.import_people import Known
from tertulia.core.import_reasons import Reason
from tertulia.core.search import make_line
from tertulia.store.db import Conn
from tertulia.store.import_apply import Locked, lock_contacts, update_contacts
from tertulia.store.import_undo import (
    Changed,
    find_removable,
    load_changed,
    remove_addresses,
    remove_contacts,
    remove_keys,
    settle_group,
)
from tertulia.store.imports import ImportJob


def undo_group(conn: Conn, job: ImportJob, shards: Sequence[int], now: datetime) -> int:
    """Undo the rows of a few shards; how many. The caller commits."""
    removable = find_removable(conn, job, shards)
    if removable:
        remove_contacts(conn, job, removable)
    kept = _restore(conn, job, load_changed(conn, job, shards), now)
    return settle_group(conn, job, shards, kept, Reason.KEPT.value)


def _restore(conn: Conn, job: ImportJob, rows: Sequence[Changed], now: datetime) -> list[int]:
    """Give contacts their values back; those of whom something had changed since."""
    if not rows:
        return []
    locked = lock_contacts(conn, list(dict.fromkeys(row.contact_id for row in rows)))
    written: dict[int, tuple[Known, list[str], str]] = {}
    addresses: list[tuple[int, str, str]] = []
    keys: list[tuple[str, str, int]] = []
    kept: list[int] = []
    for row in rows:
        contact = locked.get(row.contact_id)
        if contact is None:
            kept.append(row.contact_id)
            continue
        person, attributes, whole = restore_person(contact.person, row.undo)
        added = row.undo.get("addresses", [])
        addresses += [(row.contact_id, kind, value) for kind, value, _ in added if kind != "external_id"]
        keys += [(kind, canonical, row.contact_id) for kind, _, canonical in added]
        search = _search_line(person, contact, added)
        locked[row.contact_id] = Locked(person, search)
        written[row.contact_id] = (person, [*written.get(row.contact_id, (None, [], ""))[1], *attributes], search)
        if not whole:
            kept.append(row.contact_id)
    if written:
        update_contacts(conn, list(written.values()), now)
        look_at_exits_of(conn, job.workspace, written, now)
    if keys:
        remove_addresses(conn, job, addresses)
        remove_keys(conn, job, keys)
    return kept


def restore_person(person: Known, undo: Mapping[str, Any]) -> tuple[Known, list[str], bool]:
    """The contact before a row changed it, the attributes that were written, and whether all of it could be restored:
    what somebody changed again since stays as it is."""
    whole = True
    fields: dict[str, Any] = {}
    for field, (before, after) in undo.get("fields", {}).items():
        if getattr(person, field) == after:
            fields[field] = before
        elif getattr(person, field) != before:
            whole = False
    attributes = dict(person.attributes)
    touched = []
    for key, (before, after) in undo.get("attributes", {}).items():
        if attributes.get(key) == after:
            touched.append(key)
            attributes.pop(key)
            if before is not None:
                attributes[key] = before
        elif attributes.get(key) != before:
            whole = False
    return msgspec.structs.replace(person, **fields, attributes=attributes), touched, whole


def _search_line(person: Known, contact: Locked, added: Sequence[Sequence[str]]) -> str:
    gone = {make_line(value) for _, value, _ in added} | set(
        make_line(contact.person.name, contact.person.surname).split()
    )
    words = [word for word in contact.search.split() if word not in gone]
    return make_line(person.name, person.surname, *words)
