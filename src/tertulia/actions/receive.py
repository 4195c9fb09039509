"""What a provider told us becomes log entries: the one road for webhooks and polls (I3).

`translate` turns the channels' events into entries; `record_calls` keeps the raw calls, looks up whose the identities
are in one query, appends every entry to the log of its shard and counts, all in the caller's transaction. Nothing is
decided here: an unknown identity's entry goes to the identity's shard, whose owner knows what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

import msgspec

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Receipt, Unknown
from tertulia.core.entries import Entry, Inbound, ReceiptEntry, Signal, key_of, route
from tertulia.core.identity import IdentityRef
from tertulia.store.db import Conn
from tertulia.store.identities import find_contacts
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.webhooks import StoredCall, count_received, insert_calls, remember_nonces

MICROS = 1_000_000


class ReceivedCall(msgspec.Struct, frozen=True):
    """A provider's call, read: what is kept of it and the entries that it became. `nonce` where its signature serves
    one body only (`Adapter.find_nonce`)."""

    stored: StoredCall
    entries: tuple[Entry, ...] = ()
    nonce: str = ""


class Translated(msgspec.Struct, frozen=True):
    """The entries of a call, and how many parts of it mean nothing to us. `unreadable` is the reason when the adapter
    could make nothing of a verified call."""

    entries: tuple[Entry, ...] = ()
    unknown: int = 0
    unreadable: str = ""


@dataclass(slots=True)
class _Reading:
    entries: list[Entry] = field(default_factory=list)
    unknown: int = 0
    unreadable: str = ""


def translate(channel_id: int, kind: str, events: Sequence[ChannelEvent]) -> Translated:
    """The log entries of a call's events, in their order."""
    reading = _Reading()
    for event in events:
        match event:
            case InboundMessage():
                reading.entries.append(_read_message(channel_id, kind, event))
            case ContactEvent():
                reading.entries.append(_read_signal(channel_id, kind, event))
            case Receipt():
                receipt = _read_receipt(channel_id, kind, event)
                if receipt is None:
                    reading.unknown += 1
                else:
                    reading.entries.append(receipt)
            case Unknown(kind="unreadable"):
                reading.unreadable = event.detail or "unreadable"
            case Unknown():
                reading.unknown += 1
    return Translated(tuple(reading.entries), reading.unknown, reading.unreadable)


def record_calls(conn: Conn, log: LogWriter, calls: Sequence[ReceivedCall], received_at: datetime) -> None:
    """Keep the raw calls and append their entries, in the caller's transaction."""
    insert_calls(conn, [call.stored for call in calls], received_at)
    append_entries(conn, log, [(call.stored.workspace, entry) for call in calls for entry in call.entries], received_at)
    count_received(conn, log.writer, [call.stored for call in calls])


def find_replayed(conn: Conn, calls: Sequence[ReceivedCall], now: datetime) -> set[UUID]:
    """Calls whose nonce came with another body before; the nonces of the others are remembered."""
    signed = [call for call in calls if call.nonce]
    return remember_nonces(conn, [(call.stored, call.nonce) for call in signed], now) if signed else set()


def append_entries(conn: Conn, log: LogWriter, entries: Sequence[tuple[int, Entry]], received_at: datetime) -> None:
    """Append (workspace, entry) to the log of each entry's shard."""
    log.append(conn, place_entries(conn, entries, received_at), received_at)


def place_entries(conn: Conn, entries: Sequence[tuple[int, Entry]], received_at: datetime) -> list[NewEntry]:
    """Each (workspace, entry) with its shard and its key (E1); identities are looked up in one query."""
    who = [(workspace, identity_of(entry)) for workspace, entry in entries]
    known = find_contacts(conn, [(workspace, identity) for workspace, identity in who if identity is not None])
    rows = []
    for (workspace, entry), (_, identity) in zip(entries, who, strict=True):
        contact_id = known.get((workspace, identity)) if identity is not None else getattr(entry, "contact_id", None)
        rows.append(
            NewEntry(
                shard=route(workspace, entry, contact_id),
                workspace=workspace,
                key=key_of(entry),
                entry=entry,
                occurred_at=getattr(entry, "at", received_at),
                contact_id=contact_id,
            )
        )
    return rows


def identity_of(entry: Entry) -> IdentityRef | None:
    """The identity whose contact decides where the entry belongs, if any does."""
    match entry:
        case Inbound() | Signal():
            return entry.identity
        case ReceiptEntry(delivery_id=None, watermark=True):
            return entry.identity
        case _:
            return None


def _read_message(channel_id: int, kind: str, event: InboundMessage) -> Inbound:
    return Inbound(
        channel_id=channel_id,
        channel=kind,
        identity=event.identity,
        at=event.at,
        message_id=event.message_id,
        text=event.text,
        aliases=event.aliases,
        phone=event.phone,
        shared_phone=event.shared_phone,
        name=event.name,
        username=event.username,
        language=event.language,
        token=event.token,
        form=event.form,
        payload=event.payload,
        reply_to=event.reply_to,
        reply_token=event.reply_token,
        post=event.post,
        sequence=event.sequence,
        forwarded=event.forwarded,
        opt_word=event.opt_word,
    )


def _read_signal(channel_id: int, kind: str, event: ContactEvent) -> Signal:
    return Signal(
        channel_id=channel_id,
        channel=kind,
        identity=event.identity,
        at=event.at,
        event=event.kind,
        event_id=event.event_id,
        token=event.token,
        name=event.name,
        language=event.language,
        new=event.new,
    )


def _read_receipt(channel_id: int, kind: str, event: Receipt) -> ReceiptEntry | None:
    """None for a receipt that names nothing of ours."""
    delivery_id = _read_uuid(event.delivery_id)
    if delivery_id is None and not event.message_id and not (event.watermark and event.identity):
        return None
    price_micros, currency = _read_price(event.price)
    outcome = event.outcome
    return ReceiptEntry(
        channel_id=channel_id,
        channel=kind,
        state=event.state,
        at=event.at,
        provider_id=event.message_id,
        delivery_id=delivery_id,
        identity=event.identity,
        watermark=event.watermark,
        outcome=outcome.kind.value if outcome else "",
        code=outcome.code if outcome else "",
        reason=outcome.reason if outcome else "",
        withdraws=outcome.withdraws if outcome else False,
        price_micros=price_micros,
        currency=currency,
    )


def _read_uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _read_price(price: str) -> tuple[int | None, str]:
    """`0.0625 USD` as millionths of the currency."""
    amount, _, currency = price.partition(" ")
    try:
        return (int(Decimal(amount) * MICROS), currency) if currency else (None, "")
    except (InvalidOperation, ValueError, OverflowError):
        return None, ""
