"""Contacts by what they are known under: an address, or an id of the business's own."""

from collections.abc import Sequence

from tertulia.core.entries import shard_of_address
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load


def find_by_address(conn: Conn, workspace: int, kind: str, canonical: str) -> list[int]:
    """The contacts with this address: a phone's key, a folded e-mail, or an external id (`kind` LISTED). More
    than one where a household shares it (M1)."""
    shard = shard_of_address(workspace, kind, canonical)
    args = {"shard": shard, "workspace": workspace, "kind": kind, "canonical": canonical}
    return [row[0] for row in fetch_all(conn, load("directory")["find_by_address"], args)]


def list_external_ids(conn: Conn, contact_ids: Sequence[int]) -> dict[int, str]:
    """The ids that lists have for these contacts; who has none is left out."""
    args = {"shards": [shard_of_contact(contact_id) for contact_id in contact_ids], "ids": list(contact_ids)}
    return dict(fetch_all(conn, load("directory")["external_ids"], args))
