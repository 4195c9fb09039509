"""The undo of an import in the database: what may be removed, what was changed, and their settling."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.core.entries import shard_of_address
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run
from tertulia.store.imports import ImportJob


class Removable(msgspec.Struct, frozen=True):
    """A contact of this import with whom nothing has happened since. `addresses` as `kind:canonical`."""

    shard: int
    id: int
    external_id: str
    addresses: tuple[str, ...]


class Changed(msgspec.Struct, frozen=True):
    """A row that changed a contact: `undo` has `fields` and `attributes` (name -> before, after) and `addresses`
    (kind, value, canonical) that were added."""

    row: int
    contact_id: int
    undo: dict[str, Any]


def count_rows(conn: Conn, import_id: int) -> int:
    """How many rows an undo has before it."""
    row = fetch_one(conn, load("import_undo")["count_rows"], {"id": import_id})
    return int(row[0]) if row else 0


def find_removable(conn: Conn, job: ImportJob, shards: Sequence[int]) -> list[Removable]:
    """The contacts of a group that can be removed, locked."""
    args = {"id": job.id, "shards": list(shards), "source": job.source, "workspace": job.workspace}
    rows = fetch_all(conn, load("import_undo")["removable"], args)
    return [Removable(shard, contact_id, external_id, tuple(found)) for shard, contact_id, external_id, found in rows]


def remove_contacts(conn: Conn, job: ImportJob, contacts: Sequence[Removable]) -> None:
    """Remove contacts with their addresses, keys and the consent that came with them."""
    keys = []
    for contact in contacts:
        for address in (*contact.addresses, f"external_id:{contact.external_id}"):
            kind, _, canonical = address.partition(":")
            keys.append((kind, canonical, contact.id))
    remove_keys(conn, job, keys)
    args = {"shards": [contact.shard for contact in contacts], "ids": [contact.id for contact in contacts]}
    run(conn, load("import_undo")["remove_contacts"], args)


def remove_keys(conn: Conn, job: ImportJob, keys: Sequence[tuple[str, str, int]]) -> None:
    """Take (kind, canonical, contact) out of the directory."""
    args = {
        "workspace": job.workspace,
        "shards": [shard_of_address(job.workspace, kind, canonical) for kind, canonical, _ in keys],
        "kinds": [kind for kind, _, _ in keys],
        "canonicals": [canonical for _, canonical, _ in keys],
        "contacts": [contact_id for _, _, contact_id in keys],
    }
    run(conn, load("import_undo")["remove_keys"], args)


def remove_addresses(conn: Conn, job: ImportJob, addresses: Sequence[tuple[int, str, str]]) -> None:
    """Take (contact, kind, value) away where this import added it."""
    args = {
        "source": job.source,
        "shards": [shard_of_contact(contact_id) for contact_id, _, _ in addresses],
        "contacts": [contact_id for contact_id, _, _ in addresses],
        "kinds": [kind for _, kind, _ in addresses],
        "values": [value for _, _, value in addresses],
    }
    run(conn, load("import_undo")["remove_addresses"], args)


def load_changed(conn: Conn, job: ImportJob, shards: Sequence[int]) -> list[Changed]:
    """The rows of a group that changed contacts, the last first."""
    rows = fetch_all(conn, load("import_undo")["changed_rows"], {"id": job.id, "shards": list(shards)})
    return [
        Changed(row, contact_id, msgspec.json.decode(undo) if isinstance(undo, str | bytes) else undo)
        for row, contact_id, undo in rows
    ]


def settle_group(conn: Conn, job: ImportJob, shards: Sequence[int], kept: Sequence[int], reason: str) -> int:
    """Note what became of a group's rows; how many. `kept`: contacts of which something could not be restored."""
    args = {"id": job.id, "shards": list(shards), "kept": list(kept), "reason": reason}
    return run(conn, load("import_undo")["settle"], args)


def tally_undo(conn: Conn, import_id: int) -> dict[str, int]:
    """Rows undone and kept."""
    rows = fetch_all(conn, load("import_undo")["tally"], {"id": import_id})
    return {"undone": 0, "kept": 0, **dict(rows)}
