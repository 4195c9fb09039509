"""Erasures by contact, for a restore: whom a backup brings back has to be erased again (C5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person who was erased, and by whom."""

    workspace: int
    contact_id: int
    actor: str


def list_erasures(conn: Conn) -> list[Erasure]:
    """Everyone who was ever erased."""
    return [Erasure(*row) for row in fetch_all(conn, load("erasures")["erased"], {})]


def list_again(conn: Conn, erasures: Sequence[Erasure]) -> list[Erasure]:
    """Those of `erasures` who stand here as if nothing had happened."""
    args = {
        "shards": [shard_of_contact(erasure.contact_id) for erasure in erasures],
        "ids": [erasure.contact_id for erasure in erasures],
    }
    present = {row[0] for row in fetch_all(conn, load("erasures")["present"], args)}
    return [erasure for erasure in erasures if erasure.contact_id in present]
