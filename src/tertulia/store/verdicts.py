"""Writes what became of deliveries: out of the open ones into the history, and what receipts say of them there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tertulia.core import effects as fx
from tertulia.ids import place_of_delivery, shard_of_contact
from tertulia.store.db import Conn, load, run

Row = Mapping[str, Any]
Closing = tuple[fx.CloseDelivery, Row]
Advance = tuple[UUID, Row]

# What was read was delivered, and what was delivered was sent, whichever of these anybody told us.
_INSTANTS_OF_STATE = {
    "sent": ("sent_at",),
    "delivered": ("sent_at", "delivered_at"),
    "read": ("sent_at", "delivered_at", "read_at"),
    "failed": ("failed_at",),
}
_INSTANTS = ("sent_at", "delivered_at", "read_at", "failed_at")
_NO_ADVANCE: Row = {"reason": "", "flag": "", "cost": None, "currency": ""}


def join_advances(
    closings: Iterable[fx.CloseDelivery], advances: Iterable[fx.AdvanceDelivery]
) -> tuple[list[Closing], list[Advance]]:
    """A delivery that a cycle both closes and takes further is written once, as it stands in the end: each closing with
    the advance that came after it, if any; and the advances of those that had been closed before."""
    rows = _fold_advances(advances)
    joined = [(e, rows.pop(e.id, _NO_ADVANCE)) for e in closings]
    return joined, list(rows.items())


def _fold_advances(advances: Iterable[fx.AdvanceDelivery]) -> dict[UUID, Row]:
    """What became of each delivery in the course of a cycle."""
    rows: dict[UUID, dict[str, Any]] = {}
    for e in advances:
        row = rows.setdefault(e.id, {**_NO_ADVANCE, "shard": shard_of_contact(e.contact_id)})
        row["state"] = e.state
        row["reason"] = e.reason or row["reason"]
        row["flag"] = e.flag or row["flag"]
        if e.cost_micros is not None:
            row["cost"], row["currency"] = e.cost_micros, e.currency
        for column in _INSTANTS_OF_STATE.get(e.state, ()):
            row.setdefault(column, e.at)
    return dict(rows)


def close_deliveries(conn: Conn, closings: Sequence[Closing]) -> None:
    """Out of the open ones into the history; the links in what was sent count as sent."""
    group = [e for e, _ in closings]
    args: dict[str, list[Any]] = {
        "shard": [shard_of_contact(e.contact_id) for e in group],
        "day": [place_of_delivery(e.id)[1] for e in group],
        "id": [e.id for e in group],
        "state": [row.get("state", e.state) for e, row in closings],
        "content": [msgspec.json.encode(e.content).decode() for e in group],
        "reason": [row["reason"] or e.reason for e, row in closings],
        "provider_ids": ["\x1f".join(e.provider_ids) for e in group],
        "parts": [e.parts for e in group],
        "cost": [e.cost_micros if row["cost"] is None else row["cost"] for e, row in closings],
        "currency": [row["currency"] or e.currency for e, row in closings],
        "flags": [",".join(dict.fromkeys(filter(None, (e.flag, row["flag"])))) for e, row in closings],
    }
    for column in _INSTANTS:
        args[column] = [
            e.at if column in _INSTANTS_OF_STATE.get(e.state, ()) else row.get(column) for e, row in closings
        ]
    run(conn, load("verdicts")["close_deliveries"], args)
    _mark_links_sent(
        conn, [e for e in group if e.match_id is not None and "sent_at" in _INSTANTS_OF_STATE.get(e.state, ())]
    )


def _mark_links_sent(conn: Conn, sent: Sequence[fx.CloseDelivery]) -> None:
    if sent:
        args = {
            "shard": [shard_of_contact(e.contact_id) for e in sent],
            "contact_id": [e.contact_id for e in sent],
            "match_id": [e.match_id for e in sent],
            "at": [e.at for e in sent],
        }
        run(conn, load("verdicts")["mark_links_sent"], args)


def advance_deliveries(conn: Conn, advances: Sequence[Advance]) -> None:
    """What receipts say of deliveries in the history."""
    names = ("shard", "state", "reason", "flag", "cost", "currency", *_INSTANTS)
    args: dict[str, list[Any]] = {name: [row.get(name) for _, row in advances] for name in names}
    args |= {"id": [key for key, _ in advances], "day": [place_of_delivery(key)[1] for key, _ in advances]}
    run(conn, load("verdicts")["advance_deliveries"], args)
