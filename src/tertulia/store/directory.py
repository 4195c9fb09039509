"""Contacts by what they are known under: an address, or an id of the business's own."""

from tertulia.core.entries import shard_of_address
from tertulia.store.db import Conn, fetch_all, load

EXTERNAL_ID = "external_id"


def find_by_address(conn: Conn, workspace: int, kind: str, canonical: str) -> list[int]:
    """The contacts with this address: a phone's key, a folded e-mail, or an external id (`kind` EXTERNAL_ID). More
    than one where a household shares it (M1)."""
    shard = shard_of_address(workspace, kind, canonical)
    args = {"shard": shard, "workspace": workspace, "kind": kind, "canonical": canonical}
    return [row[0] for row in fetch_all(conn, load("directory")["find_by_address"], args)]
