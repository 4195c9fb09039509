"""What came in and could not be decided or read: tried again by hand, or set aside (I3).

Every try is a transaction of its own on an appender's connection (`Asks`), so that of many a poison one fails alone.
A parked entry goes into the log once more, under a key of its own: the first one was used up by its first try. A call
that nobody could read is read again by today's adapter, as of the instant at which it came, so its entries have the
ids that they would have had (E1): what the provider has sent once more meanwhile is not decided twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import psycopg
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_act
from tertulia.actions.channels import access_channel, find_adapter, make_account
from tertulia.actions.receive import Translated, place_entries, translate
from tertulia.channels.base import Account, Adapter, HttpResponse, Rejected, WebhookCall
from tertulia.channels.wire import Unreadable, read_form
from tertulia.core.entries import decode
from tertulia.data.models import User, Workspace
from tertulia.errors import Conflict, NotFound, TertuliaError
from tertulia.store import parked as store
from tertulia.store.asks import Asked, Asks
from tertulia.store.db import Conn
from tertulia.store.log import NewEntry
from tertulia.store.webhooks import recount_read

AGAIN = ":again:"
TRIES_MAX = 1_000  # entries and calls tried at one press


@dataclass(slots=True)
class Retried:
    """What a retry came to: parked `entries` in the log again, `calls` that were read, those that cannot be read
    `still`, and whether there is `more` than one press tries. `asked` is what the log decides now."""

    entries: int = 0
    calls: int = 0
    still: int = 0
    more: bool = False
    asked: list[Asked] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.entries + self.calls + self.still


def retry_parked(asks: Asks, workspace: Workspace, user: User | None, now: datetime, parked_id: UUID) -> Retried:
    """Try a parked entry again. Raises NotFound, or Conflict when it was settled already or can no longer be read."""
    done = Retried()
    _retry_entry(asks, workspace, now, parked_id, done)
    record_act(workspace, user, now, "parked_retried", f"parked:{parked_id}", _count(done))
    return done


def retry_call(
    asks: Asks, workspace: Workspace, user: User | None, now: datetime, call_id: UUID, public_url: str
) -> Retried:
    """Read a kept call again. Raises NotFound, or Conflict when it was read already."""
    done = Retried()
    _retry_call(asks, workspace, now, call_id, public_url, done)
    record_act(workspace, user, now, "call_retried", f"call:{call_id}", _count(done))
    return done


def retry_all(
    conn: Conn,
    asks: Asks,
    workspace: Workspace,
    user: User | None,
    now: datetime,
    public_url: str,
    channel_id: int = 0,
) -> Retried:
    """Try everything again that is parked on a channel, or anywhere (0), at most TRIES_MAX; `conn` reads what there
    is. What cannot be tried is passed over."""
    done = Retried()
    parked = store.list_parked(conn, workspace.pk, channel=channel_id, limit=TRIES_MAX + 1)
    unread = store.list_untried(conn, workspace.pk, channel_id, TRIES_MAX + 1)
    tries: list[Callable[[Retried], None]] = [
        *(partial(_retry_entry, asks, workspace, now, entry.id) for entry in parked),
        *(partial(_retry_call, asks, workspace, now, call_id, public_url) for call_id in unread),
    ]
    for retry in tries[:TRIES_MAX]:
        try:
            retry(done)
        except TertuliaError:
            done.still += 1
    done.more = len(tries) > TRIES_MAX
    if done.tried:
        subject = f"channel:{channel_id}" if channel_id else f"workspace:{workspace.pk}"
        record_act(workspace, user, now, "all_parked_retried", subject, _count(done))
    return done


def set_aside(conn: Conn, workspace: Workspace, user: User | None, now: datetime, parked_id: UUID) -> None:
    """Settle a parked entry without trying it again. Raises NotFound, or Conflict when it was settled already."""
    parked = _read_parked(conn, workspace.pk, parked_id)
    if not store.settle_parked(conn, workspace.pk, parked, now):
        raise Conflict(_("This entry was settled already."))
    record_act(workspace, user, now, "parked_set_aside", f"parked:{parked_id}")


def _retry_entry(asks: Asks, workspace: Workspace, now: datetime, parked_id: UUID, done: Retried) -> None:
    done.asked += _act(asks, lambda conn, _writer: [_take_parked(conn, workspace.pk, parked_id, now)], now)
    done.entries += 1


def _take_parked(conn: Conn, workspace: int, parked_id: UUID, now: datetime) -> NewEntry:
    parked = _read_parked(conn, workspace, parked_id)
    try:
        entry = decode(parked.payload)
    except msgspec.ValidationError:
        raise Conflict(_("This entry cannot be read any more. Set it aside.")) from None
    if not store.settle_parked(conn, workspace, parked, now):
        raise Conflict(_("This entry was settled already."))
    store.uncount_parked(conn, parked)
    return NewEntry(parked.shard, workspace, f"{parked.key.partition(AGAIN)[0]}{AGAIN}{parked_id}", entry, now)


def _read_parked(conn: Conn, workspace: int, parked_id: UUID) -> store.Parked:
    parked = store.read_parked(conn, workspace, parked_id)
    if parked is None:
        raise NotFound(_("This entry does not exist in this workspace."))
    return parked


def _retry_call(asks: Asks, workspace: Workspace, now: datetime, call_id: UUID, public_url: str, done: Retried) -> None:
    unreadable = True

    def read(conn: Conn, writer: int) -> Sequence[NewEntry]:
        nonlocal unreadable
        call = store.read_call(conn, workspace.pk, call_id)
        if call is None:
            raise NotFound(_("This call does not exist in this workspace."))
        channel = access_channel(workspace, call.channel_id)
        told = read_again(find_adapter(channel.kind), make_account(channel, public_url), call)
        unreadable = bool(told.unreadable)
        if not store.settle_call(conn, call, told.unreadable, len(told.entries), told.unknown, now):
            raise Conflict(_("This call was read already."))
        if unreadable:
            return []
        recount_read(conn, writer, call.channel_id, call.workspace, len(told.entries))
        return place_entries(conn, [(call.workspace, entry) for entry in told.entries], call.received_at)

    done.asked += _act(asks, read, now)
    done.calls += not unreadable
    done.still += unreadable


def _act(asks: Asks, do: Callable[[Conn, int], Sequence[NewEntry]], now: datetime) -> list[Asked]:
    try:
        return asks.act(do, now)
    except psycopg.DataError:
        raise Conflict(_("What it says cannot be written to the log. It stays parked.")) from None


def read_again(adapter: Adapter, account: Account, call: store.KeptCall) -> Translated:
    """What a kept call says to this adapter. Its signature was verified before it was kept."""
    try:
        if call.method == "POLL":
            events, _cursor = adapter.parse_poll(account, HttpResponse(200, (), call.body), call.received_at)
        else:
            query = {name: values[0] for name, values in read_form(urlsplit(call.url).query).items()}
            told = WebhookCall(call.method, call.url, query, call.headers, call.body)
            events = adapter.parse_webhook(account, told, call.received_at)
        return translate(call.channel_id, adapter.kind, events)
    except Rejected as rejected:
        return Translated(unreadable=rejected.reason)
    except Unreadable:
        return Translated(unreadable="bad_query")
    except Exception:
        return Translated(unreadable="adapter_failed")


def _count(done: Retried) -> dict[str, int]:
    return {"entries": done.entries, "calls": done.calls, "still": done.still}
