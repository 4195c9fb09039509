"""One-time codes: their rows, and how many may be asked for.

Asking and giving are transactions of the API's; what becomes of the sending is written by cycles. A row that is not
open any more (given, replaced, guessed at too often, arrived) is written by no cycle.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tertulia.core.otp_effects import SetOtp
from tertulia.core.rows import OtpRow
from tertulia.core.world import World
from tertulia.ids import place_of_delivery, shard_of_contact, shard_of_value
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run, write_json
from tertulia.store.sealing import hash_secretly

KEPT: Final = timedelta(days=90)
RATES_KEPT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class NewOtp:
    """A code that is asked for; fields as in the table."""

    id: UUID
    workspace: int
    contact_id: int
    purpose: str
    key_id: int
    code_hash: bytes = field(repr=False)
    sealed: str = field(repr=False)
    ways: Sequence[Mapping[str, Any]] = field(repr=False)
    newcomer: Mapping[str, Any] = field(repr=False)
    patience_s: float
    attempts_max: int
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Guessed:
    """A code that somebody guesses at, locked until the transaction's end."""

    contact_id: int
    purpose: str
    state: str
    code_hash: bytes = field(repr=False)
    attempts: int
    attempts_max: int
    expires_at: datetime
    ways: Sequence[Mapping[str, Any]] = field(repr=False)
    place: int


def add_otp(conn: Conn, row: NewOtp) -> None:
    """Ask for a code, in the place of every older one of the same contact and purpose."""
    args = {
        "shard": shard_of_contact(row.contact_id),
        "id": row.id,
        "workspace": row.workspace,
        "contact": row.contact_id,
        "purpose": row.purpose,
        "key": row.key_id,
        "code_hash": row.code_hash,
        "sealed": row.sealed,
        "ways": write_json(row.ways),
        "newcomer": write_json(row.newcomer),
        "patience_s": row.patience_s,
        "attempts_max": row.attempts_max,
        "at": row.at,
        "expires_at": row.expires_at,
    }
    run(conn, load("otp")["replace"], args)
    run(conn, load("otp")["add"], args)


def count_request(conn: Conn, workspace: int, subject: str, begins: datetime) -> int:
    """One request more of a subject in the stretch of time that begins then; how many those are."""
    args = {
        "shard": shard_of_value(workspace, "otp", subject),
        "workspace": workspace,
        "subject": hash_secretly("otp", str(workspace), subject),
        "begins": begins,
    }
    row = fetch_one(conn, load("otp")["count_request"], args)
    assert row is not None
    return int(row[0])


def lock_otp(conn: Conn, workspace: int, otp_id: UUID) -> Guessed | None:
    """The code of that id, until the transaction's end nobody else's."""
    args = {"shard": place_of_delivery(otp_id)[0], "id": otp_id, "workspace": workspace}
    row = fetch_one(conn, load("otp")["guess"], args)
    if row is None:
        return None
    contact_id, purpose, state, code_hash, attempts, most, expires_at, ways, place = row
    told = (attempts, most, expires_at, read_json(ways), place)
    return Guessed(contact_id, purpose, state, bytes(code_hash), *told)


def settle_otp(conn: Conn, otp_id: UUID, state: str, attempts: int, at: datetime) -> None:
    """What a guess has come to. Whatever is not pending is sent no more."""
    args = {"shard": place_of_delivery(otp_id)[0], "id": otp_id, "state": state, "attempts": attempts, "at": at}
    run(conn, load("otp")["settle"], args)


def load_otps(conn: Conn, world: World, wanted: Mapping[UUID, int]) -> None:
    """Codes that may still be sent, by id with their contacts."""
    if wanted:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted.values()], "ids": list(wanted)}
        _load(conn, world, "open", args)


def load_otps_of_deliveries(conn: Conn, world: World, wanted: Collection[UUID]) -> None:
    """The codes whose last attempts these are."""
    if wanted:
        shards = [place_of_delivery(delivery_id)[0] for delivery_id in wanted]
        _load(conn, world, "open_by_delivery", {"shards": shards, "ids": list(wanted)})


def read_due_otps(conn: Conn, now: datetime, shards: Sequence[int], limit: int) -> list[OtpRow]:
    """Codes whose receipt has not come in time."""
    args = {"now": now, "shards": list(shards), "limit": limit}
    return [_read(row) for row in fetch_all(conn, load("otp")["due"], args)]


def set_otps(conn: Conn, group: Sequence[SetOtp]) -> None:
    """How far they have come; of several words about one the last counts."""
    rows = list({e.id: e for e in group}.values())
    names = ("id", "place", "delivery_id", "due_at", "open")
    args: dict[str, list[Any]] = {name: [getattr(e, name) for e in rows] for name in names}
    run(conn, load("otp")["set"], {**args, "shard": [shard_of_contact(e.contact_id) for e in rows]})


def put_off_otp(conn: Conn, row: OtpRow, until: datetime) -> None:
    """One that could not be decided holds up no other."""
    run(conn, load("otp")["put_off"], {"shard": shard_of_contact(row.contact_id), "id": row.id, "until": until})


def forget_otps(conn: Conn, now: datetime, limit: int) -> int:
    """What was asked for long ago, and counts that limit nothing any more; how many rows."""
    gone = run(conn, load("otp")["forget"], {"before": now - KEPT, "limit": limit})
    return gone + run(conn, load("otp")["forget_rates"], {"before": now - RATES_KEPT, "limit": limit})


def _load(conn: Conn, world: World, query: str, args: Mapping[str, Any]) -> None:
    for row in fetch_all(conn, load("otp")[query], args):
        world.otps[row[0]] = _read(row)


def _read(row: Sequence[Any]) -> OtpRow:
    id_, workspace, contact_id, sealed, ways, newcomer, *rest = row
    return OtpRow(id_, workspace, contact_id, sealed, read_json(ways), read_json(newcomer), *rest)
