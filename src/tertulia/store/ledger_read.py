"""Reads of the decision ledger (S1), of deliveries, and of how far a contact came in a match."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.ids import place_of_delivery, shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One decision: what came of it, the gate that decided, the facts that it used, the configuration's epoch (E7)."""

    id: UUID
    contact_id: int
    match_id: int | None
    delivery_id: UUID | None
    at: datetime
    outcome: str
    gate: str
    reason: str
    facts: dict[str, Any]
    epoch: int
    journey_id: int | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery, undecided or with its verdict. Money in millionths of `currency`."""

    id: UUID
    contact_id: int
    channel_id: int
    match_id: int | None
    stage: int
    class_: str
    state: str
    attempt: int
    to_kind: str
    to_value: str
    content: dict[str, Any]
    cause: str
    reason: str
    provider_ids: tuple[str, ...]
    parts: int
    cost_micros: int
    currency: str
    flags: tuple[str, ...]
    made_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    journey_id: int | None
    step: str | None


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """How far a contact of the frozen audience came."""

    contact_id: int
    stage: int
    state: str
    reason: str
    valid_mobile: bool
    direct: str
    cost_micros: int
    currency: str
    sent_at: datetime | None
    delivered_at: datetime | None
    clicked_at: datetime | None
    wrote_at: datetime | None
    matched_at: datetime | None
    matched_app: str
    forwarded: bool


def read_ledger(
    conn: Conn, family: Sequence[int], match_id: int = 0, before: datetime | None = None, limit: int = 100
) -> list[LedgerRow]:
    """The decisions about these contacts, the newest first; of one match, or of all (0)."""
    args = {**_family_args(family), "match": match_id, "before": before or "infinity", "limit": limit}
    rows = fetch_all(conn, load("ledger_read")["rows"], args)
    return [LedgerRow(*(*row[:8], read_json(row[8]), *row[9:])) for row in rows]


def read_journey_ledger(conn: Conn, family: Sequence[int], journey_id: int, limit: int) -> list[LedgerRow]:
    """The decisions about these contacts and one journey, the newest first."""
    args = {**_family_args(family), "journey": journey_id, "limit": limit}
    rows = fetch_all(conn, load("ledger_read")["journey_rows"], args)
    return [LedgerRow(*(*row[:8], read_json(row[8]), *row[9:])) for row in rows]


def read_deliveries(conn: Conn, family: Sequence[int], match_id: int = 0, limit: int = 100) -> list[DeliveryRow]:
    """What was sent, or is to be, to these contacts, the newest first."""
    args = {**_family_args(family), "match": match_id, "limit": limit}
    return [_delivery(row) for row in fetch_all(conn, load("ledger_read")["deliveries"], args)]


def read_delivery(conn: Conn, workspace: int, delivery_id: UUID) -> DeliveryRow | None:
    """One delivery; None for an id of nobody's or of another workspace."""
    try:
        shard, day = place_of_delivery(delivery_id)
    except (IndexError, OverflowError):
        return None
    args = {"shard": shard, "day": day, "id": delivery_id, "workspace": workspace}
    row = fetch_one(conn, load("ledger_read")["delivery"], args)
    return None if row is None else _delivery(row)


def list_match_deliveries(
    conn: Conn, workspace: int, match_id: int, state: str, after: UUID | None, limit: int
) -> list[DeliveryRow]:
    """A match's deliveries by id, of one state or all (empty), from after one."""
    args = {"workspace": workspace, "match": match_id, "state": state, "after": after or UUID(int=0), "limit": limit}
    return [_delivery(row) for row in fetch_all(conn, load("ledger_read")["match_deliveries"], args)]


def read_progress(conn: Conn, family: Sequence[int], match_id: int) -> list[ProgressRow]:
    """The contacts' rows in a match; none for who never was in its audience."""
    args = {**_family_args(family), "match": match_id}
    return [ProgressRow(*row) for row in fetch_all(conn, load("ledger_read")["progress"], args)]


def is_in_imports(conn: Conn, family: Sequence[int], imports: Sequence[int]) -> bool:
    """Whether one of these contacts came with one of the imports."""
    args = {**_family_args(family), "imports": list(imports)}
    return fetch_one(conn, load("ledger_read")["in_imports"], args) is not None


def _delivery(row: Sequence[Any]) -> DeliveryRow:
    return DeliveryRow(
        *(*row[:10], read_json(row[10]), *row[11:13], tuple(row[13]), *row[14:17], tuple(row[17]), *row[18:])
    )


def _family_args(family: Sequence[int]) -> dict[str, Any]:
    return {"shards": [shard_of_contact(contact_id) for contact_id in family], "ids": list(family)}
