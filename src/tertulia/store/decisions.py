"""Reads of the decision ledger (S1): what was decided about one contact's messages, and on which facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of the ledger. `outcome`: sent, held, not_sent, failed, revoked; `reason` a code of core/reasons."""

    id: UUID
    contact_id: int
    match_id: int | None
    delivery_id: UUID | None
    at: datetime
    outcome: str
    gate: str
    reason: str
    facts: dict[str, Any]


def list_decisions(conn: Conn, family: Sequence[int], before: datetime | None, limit: int) -> list[Decision]:
    """Decisions that did not end in a message, the newest first, from before an instant."""
    args = {**_family_args(family), "before": before or "infinity", "limit": limit}
    return [_decision(row) for row in fetch_all(conn, load("decisions")["of_contact"], args)]


def read_decision(conn: Conn, family: Sequence[int], decision_id: UUID) -> Decision | None:
    """One decision about these contacts."""
    row = fetch_one(conn, load("decisions")["one"], {**_family_args(family), "id": decision_id})
    return None if row is None else _decision(row)


def read_decision_of_delivery(conn: Conn, family: Sequence[int], delivery_id: UUID) -> Decision | None:
    """The last decision about a delivery to these contacts."""
    row = fetch_one(conn, load("decisions")["of_delivery"], {**_family_args(family), "id": delivery_id})
    return None if row is None else _decision(row)


def count_stopped(conn: Conn, match_id: int, reason: str) -> int:
    """How many contacts of a match one reason stopped."""
    row = fetch_one(conn, load("decisions")["count_by_reason"], {"match": match_id, "reason": reason})
    return int(row[0]) if row else 0


def _family_args(family: Sequence[int]) -> dict[str, Any]:
    return {"shards": [shard_of_contact(contact_id) for contact_id in family], "ids": list(family)}


def _decision(row: tuple[Any, ...]) -> Decision:
    return Decision(*(*row[:8], read_json(row[8])))
