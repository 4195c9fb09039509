"""Leases that ended without an outcome are told to the log as lost: nobody knows what became of them (S3).

What follows is the owner's to decide: `unknown`, and by the message's class a second copy or none. A call to a
company's API is repeated where that is safe (S6).
"""

from datetime import datetime, timedelta

from tertulia.channels.base import OutcomeKind
from tertulia.core.call_answers import UNKNOWN
from tertulia.core.entries import CallEntry, OutcomeEntry, key_of, route
from tertulia.store.calls import take_lost_calls
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.sending import LostDelivery, take_lost

TOLD_AGAIN_S = 600.0  # when the owner has still not decided by then; longer than any lease of a sender


def tell_lost(conn: Conn, writer: LogWriter, real: datetime, now: datetime) -> int:
    """Append one lost outcome for each ended lease, of a message or of a call (S6), in the caller's transaction. `real`
    compares leases, `now` is the decision clock's (E8). The number told."""
    lost = take_lost(conn, real, real + timedelta(seconds=TOLD_AGAIN_S))
    entries = []
    for delivery in lost:
        entry = _make_entry(delivery, now)
        entries.append(NewEntry(route(delivery.workspace, entry), delivery.workspace, key_of(entry), entry, now))
    for workspace, contact_id, call_id, attempt in take_lost_calls(conn, real, real + timedelta(seconds=TOLD_AGAIN_S)):
        call = CallEntry(contact_id, call_id, attempt, UNKNOWN, now, lost=True)
        entries.append(NewEntry(route(workspace, call), workspace, key_of(call), call, now))
    writer.append(conn, entries, now)
    return len(entries)


def _make_entry(delivery: LostDelivery, now: datetime) -> OutcomeEntry:
    return OutcomeEntry(
        channel_id=delivery.channel_id,
        channel=delivery.kind,
        delivery_id=delivery.id,
        attempt=delivery.attempt,
        at=now,
        outcome=OutcomeKind.AMBIGUOUS.value,
        reason="ambiguous.no_answer",
        lost=True,
        handed_at=delivery.lease_until - timedelta(seconds=TOLD_AGAIN_S),  # surely before it was taken
    )
