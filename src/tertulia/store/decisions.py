"""Reads of the decision ledger (S1) for a contact's page: what was not sent, and the account of one decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json
from tertulia.store.ledger_read import LedgerRow

ACCOUNT_ROWS_MAX = 50


def list_unsent(conn: Conn, family: Sequence[int], before: datetime | None, limit: int) -> list[LedgerRow]:
    """Decisions that did not end in a message, the newest first, from before an instant."""
    args = {**_family_args(family), "before": before or "infinity", "limit": limit}
    return [_row(row) for row in fetch_all(conn, load("decisions")["unsent"], args)]


def read_account(conn: Conn, family: Sequence[int], wanted: UUID) -> list[LedgerRow]:
    """The decision of that id, or those about the delivery of that id, the newest first."""
    args = {**_family_args(family), "id": wanted, "limit": ACCOUNT_ROWS_MAX}
    return [_row(row) for row in fetch_all(conn, load("decisions")["account"], args)]


def count_stopped(conn: Conn, match_id: int, reason: str) -> int:
    """How many contacts of a match one reason stopped."""
    row = fetch_one(conn, load("decisions")["count_by_reason"], {"match": match_id, "reason": reason})
    return int(row[0]) if row else 0


def _family_args(family: Sequence[int]) -> dict[str, Any]:
    return {"shards": [shard_of_contact(contact_id) for contact_id in family], "ids": list(family)}


def _row(row: tuple[Any, ...]) -> LedgerRow:
    return LedgerRow(*(*row[:8], read_json(row[8]), *row[9:]))
