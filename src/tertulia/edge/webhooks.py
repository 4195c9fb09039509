"""`GET|POST /hooks/{public_id}`: what providers tell us (I3).

A call is taken in this order: the channel by its public id; the body, up to a limit; the adapter's handshake, which
answers by itself; its signature over the raw bytes, under the address that the provider knows (PUBLIC_URL, never
Host); its events. Then the raw call and its log entries go into one group commit, and only after it the provider gets
its acknowledgement.

A wrong signature stores nothing: it is counted and named in the channel's log. A call with a good signature that
cannot be read is kept with its reason and acknowledged, for asking again would not make it readable.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.types import Receive, Scope, Send

from tertulia.actions.receive import ReceivedCall, Translated, find_replayed, record_calls, translate
from tertulia.channels.base import ChannelEvent, HttpResponse, Rejected, WebhookCall
from tertulia.channels.wire import Unreadable, read_form
from tertulia.edge.clock import Clock
from tertulia.edge.fresh_ids import FreshIds
from tertulia.edge.http import (
    BodyTooLarge,
    HungUp,
    answer,
    answer_busy,
    answer_text,
    get_address,
    read_body,
    read_headers,
)
from tertulia.edge.metrics import Metrics
from tertulia.edge.refusals import Refusals
from tertulia.edge.registry import ChannelView, Registry
from tertulia.edge.writer import Full, GroupWriter, Unavailable
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter
from tertulia.store.webhooks import StoredCall, touch_channels

BODY_MAX_BYTES = 10_000_000
GROUP_EVERY_S = 0.010  # of the writer: no provider minds so late an acknowledgement
LIGHT_BYTES_MAX = 500_000  # of the bodies of a group that goes in one pipeline
METHODS = ("GET", "POST", "HEAD")

log = structlog.get_logger("edge.webhooks")


@dataclass(frozen=True, slots=True)
class WebhookWork:
    """The writer's side: raw calls and their entries in one transaction."""

    touched: dict[int, float]

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[ReceivedCall], now: datetime
    ) -> Sequence[bool]:
        """True for each call: it is kept and its entries stand in the log. False for one that came under another call's
        signature, of which nothing is kept."""
        replayed = find_replayed(conn, items, now)
        kept = [item for item in items if item.stored.id not in replayed] if replayed else items
        record_calls(conn, entries, kept, now)
        touch_channels(conn, self._find_due(kept), now)
        return [item.stored.id not in replayed for item in items]

    def refuse(self, conn: Conn, entries: LogWriter, item: ReceivedCall, now: datetime, error: Exception) -> bool:
        """A call whose entries cannot be written is kept raw, with its reason, and acknowledged."""
        kept = item.stored
        parked = StoredCall(
            id=kept.id,
            workspace=kept.workspace,
            channel_id=kept.channel_id,
            method=kept.method,
            url=kept.url,
            headers=kept.headers,
            body=kept.body,
            events=0,
            unknown=kept.unknown,
            parked="not_written",
        )
        record_calls(conn, entries, [ReceivedCall(parked)], now)
        return True

    def _find_due(self, items: Sequence[ReceivedCall]) -> list[int]:
        """Channels not touched for a second: their row is shown to people, it need not know every call."""
        at = time.monotonic()
        due = sorted({i.stored.channel_id for i in items if at - self.touched.get(i.stored.channel_id, 0.0) >= 1.0})
        self.touched.update(dict.fromkeys(due, at))
        return due


def are_light(items: Sequence[ReceivedCall]) -> bool:
    """Whether the calls of a group are small together, as all but a few are."""
    return sum(len(item.stored.body) for item in items) <= LIGHT_BYTES_MAX


class Hooks:
    """The ASGI side of the webhooks."""

    def __init__(
        self,
        registry: Registry,
        writer: GroupWriter[ReceivedCall, bool],
        clock: Clock,
        metrics: Metrics,
        refusals: Refusals,
    ) -> None:
        self._registry = registry
        self._refusals = refusals
        self._metrics = metrics
        self._writer = writer
        self._clock = clock
        self._ids = FreshIds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        public_id = scope["path"].removeprefix("/hooks/").rstrip("/")
        channel = self._registry.find_channel(public_id)
        if channel is None:
            await self._registry.look_again()
            channel = self._registry.find_channel(public_id)
        if channel is None:
            await answer_text(send, 404, "There is no such webhook.")
            return
        if scope["method"] not in METHODS:
            await answer_text(send, 405, "Webhooks are called by GET or POST.", (("allow", "GET, POST"),))
            return
        try:
            body = await read_body(scope, receive, BODY_MAX_BYTES)
            response = await self._take(channel, _read_call(channel, scope, body))
        except BodyTooLarge:
            self._refuse(channel, scope, 413, "too_large")
            await answer_text(send, 413, "A webhook's body has at most 10 MB.", (("connection", "close"),))
        except Rejected as rejected:
            self._refuse(channel, scope, rejected.status, rejected.reason)
            await answer_text(send, rejected.status, "This call was refused.")
        except Full:
            await answer_busy(send)
        except Unavailable:
            await answer_busy(send, 503)
        except HungUp:
            return
        else:
            await answer(send, response.status, response.headers, response.body, head=scope["method"] == "HEAD")

    async def _take(self, channel: ChannelView, call: WebhookCall) -> HttpResponse:
        """Store a good call, then say what the provider wants to hear. Raises Rejected, Full, Unavailable."""
        now = self._clock.now()
        shaken = _verify(channel, call, now)
        if shaken is not None:
            await self._store(channel, call, Translated())
            return shaken
        events, read = _read_events(channel, call, now)
        await self._store(channel, call, read)
        return channel.adapter.ack(channel.account, events)

    async def _store(self, channel: ChannelView, call: WebhookCall, read: Translated) -> None:
        stored = StoredCall(
            id=self._ids.make(),
            workspace=channel.workspace,
            channel_id=channel.id,
            method=call.method,
            url=channel.mask(call.url),
            headers=channel.mask_values(call.headers),
            body=call.body,
            events=len(read.entries),
            unknown=read.unknown,
            parked=read.unreadable,
        )
        nonce = channel.adapter.find_nonce(channel.account, call)
        if not await self._writer.submit(ReceivedCall(stored, read.entries, nonce)):
            raise Rejected("replayed")
        self._metrics.count_webhook(channel.kind, "parked" if read.unreadable else "kept")

    def _refuse(self, channel: ChannelView, scope: Scope, status: int, reason: str) -> None:
        self._metrics.count_webhook(channel.kind, "refused")
        self._refusals.note(channel, scope["method"], status, reason)


def _read_call(channel: ChannelView, scope: Scope, body: bytes) -> WebhookCall:
    """The call as the provider made it: under our public address, whatever stood before us."""
    query = scope["query_string"].decode("latin-1")
    try:
        fields = {name: values[0] for name, values in read_form(query).items()} if query else {}
    except Unreadable:
        raise Rejected("bad_query", 400) from None
    url = channel.account.hook_url + (f"?{query}" if query else "")
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return WebhookCall(method, url, fields, read_headers(scope), body, get_address(scope))


def _verify(channel: ChannelView, call: WebhookCall, now: datetime) -> HttpResponse | None:
    """The answer of a handshake; None for an ordinary call that is the provider's. An adapter that trips over a call
    has not verified it."""
    try:
        shaken = channel.adapter.handshake(channel.account, call, now)
        if shaken is None:
            channel.adapter.verify(channel.account, call, now)
    except Rejected:
        raise
    except Exception as error:
        log.error("adapter_failed", channel=channel.id, kind=channel.kind, error=type(error).__name__)
        raise Rejected("adapter_failed", 400) from None
    return shaken


def _read_events(channel: ChannelView, call: WebhookCall, now: datetime) -> tuple[Sequence[ChannelEvent], Translated]:
    """The events of a verified call. An adapter that trips over it parks it: the call is kept and acknowledged."""
    try:
        events = channel.adapter.parse_webhook(channel.account, call, now)
        return events, translate(channel.id, channel.kind, events)
    except Rejected:
        raise
    except Exception as error:
        log.error("adapter_failed", channel=channel.id, kind=channel.kind, error=type(error).__name__)
        return (), Translated(unreadable="adapter_failed")
