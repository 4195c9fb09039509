"""`POST /v1/hook/{key}`: what a business's own systems post about themselves, from the request to the log.

A call is taken in this order: the source by its key, which opens nothing else; its rate; the body, up to a limit; its
signature over the raw bytes; its meaning, by the source's mapping. Then its entries, what was not taken, and the call
itself as a sample go into the same group commit as those of tracking SDKs, and only after that it is answered.

Who posts gives up on an address that fails too often: Shopify tries eight times in four hours and then removes the
subscription, WooCommerce never tries again and disables the webhook after more than five failures. So what no mapping
can read is answered 200 and shown in the debugger, for asking again would not make it readable; only what may be
another's (401) or finds no room (429, 503) is not.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
import psycopg
from starlette.types import Receive, Scope, Send

from tertulia.actions.ingest import EventRequest
from tertulia.core.hook_events import Outcome, find_topic, make_messages, note, take
from tertulia.core.hook_faults import HookCode
from tertulia.core.hook_presets import WOOCOMMERCE
from tertulia.core.hook_samples import choose_headers
from tertulia.core.hook_signatures import verify
from tertulia.core.ingest import Arrival, Discard
from tertulia.core.ingest_codes import Code
from tertulia.core.ingest_json import NotJson, read_lenient
from tertulia.edge.clock import Clock
from tertulia.edge.fresh_ids import FreshIds
from tertulia.edge.http import NO_STORE, BodyTooLarge, HungUp, answer, read_body, read_headers
from tertulia.edge.ingest import KEY_MAX, LIMITED_EVERY_S, THREAD_FROM_BYTES, Ingest
from tertulia.edge.ingest_answers import Refusal, refuse_away, refuse_many
from tertulia.edge.ingest_body import FIELDS_MAX, is_packed
from tertulia.edge.limits import Rates
from tertulia.edge.metrics import Metrics
from tertulia.edge.registry import HookView, Registry
from tertulia.store.hook_samples import NewSample

PREFIX: Final = "/v1/hook/"
BODY_BYTES_MAX: Final = 4 * 1024 * 1024  # Shopify's largest orders are below 1 MB
CALLS_PER_S: Final = 200.0  # of a source
FORM: Final = "application/x-www-form-urlencoded"
NOTED_EVERY_S: Final = 5.0  # whoever knows the address can fill nobody's debugger
PING: Final = b"webhook_id="  # all that WooCommerce sends, unsigned, when a webhook is saved


class SourceHooks:
    """The ASGI side. `ingest` is the way into the log."""

    def __init__(
        self, registry: Registry, ingest: Ingest, clock: Clock, metrics: Metrics, rates: Rates | None = None
    ) -> None:
        self._registry = registry
        self._ingest = ingest
        self._clock = clock
        self._metrics = metrics
        self._rates = rates or Rates(CALLS_PER_S)
        self._ids = FreshIds()
        self._noted_at_s: dict[tuple[int, str], float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] != "POST":
                raise Refusal(405, "method_not_allowed", "Webhooks are sent here by POST.")
            hook = await self._find_hook(scope["path"].removeprefix(PREFIX).rstrip("/"))
            outcome = await self._take(hook, scope, receive)
        except Refusal as refusal:
            self._metrics.count_events("refused")
            await _reply_refused(send, refusal)
        except HungUp:
            return
        else:
            self._metrics.count_events("accepted", len(outcome.entries))
            self._metrics.count_events("discarded", len(outcome.discards))
            accepted = len(outcome.entries) + len(outcome.items)
            await _reply(send, 200, {"success": True, "accepted": accepted, "discarded": _show(outcome)})

    async def _find_hook(self, key: str) -> HookView:
        """Raises Refusal; no key is wrong as long as the sources are not known here."""
        hook = self._registry.find_hook(key)
        if hook is None and key and len(key) <= KEY_MAX:
            await self._registry.look_again()
            hook = self._registry.find_hook(key)
        if not self._registry.ready:
            raise refuse_away()
        if hook is None:
            raise Refusal(404, "not_found", "No source has this address.")
        wait_s = self._rates.take(hook.facts.id, time.monotonic())
        if wait_s:
            raise await self._refuse(hook, refuse_many(math.ceil(wait_s)), LIMITED_EVERY_S)
        return hook

    async def _take(self, hook: HookView, scope: Scope, receive: Receive) -> Outcome:
        """What a call came to, once that is stored. Raises Refusal and HungUp."""
        try:
            raw = await read_body(scope, receive, BODY_BYTES_MAX)
        except BodyTooLarge:
            large = Refusal(413, HookCode.PAYLOAD_TOO_LARGE.value, "A webhook's body has at most 4 MiB.")
            raise await self._refuse(hook, large) from None
        if is_packed(raw):
            packed = Refusal(415, HookCode.BODY_PACKED.value, "A webhook's body is sent as it is, not compressed.")
            raise await self._refuse(hook, packed)
        if hook.facts.kind == WOOCOMMERCE and raw.startswith(PING) and raw[len(PING) :].isdigit():
            return Outcome([], [], [], [])
        headers, now = read_headers(scope), self._read_clock()
        wrong = verify(hook.signing, hook.secret, raw, headers, now)
        if wrong is not None:
            raise await self._refuse(hook, Refusal(401, wrong.value, "This call's signature is not the source's."))
        if hook.facts.state != "live":
            outcome = Outcome([], [note(Code.SOURCE_DISABLED, raw)], [0], [])
            await self._store(hook, outcome, None, len(raw))
            return outcome
        arguments = (hook, raw, headers, now)
        if len(raw) > THREAD_FROM_BYTES:
            outcome, topic = await asyncio.to_thread(self._read, *arguments)
        else:
            outcome, topic = self._read(*arguments)
        return await self._store(hook, outcome, self._make_sample(hook, outcome, topic, raw, headers), len(raw))

    def _read(self, hook: HookView, raw: bytes, headers: Mapping[str, str], now: datetime) -> tuple[Outcome, str]:
        """What a believed call comes to, and its topic."""
        body = _read_value(raw, headers)
        topic = find_topic(hook.mapping, body, headers)
        if body is None and raw.strip() != b"null":
            return Outcome([], [note(HookCode.INVALID_JSON, raw, topic)], [0], []), topic
        if hook.mapping is None:
            return Outcome([], [note(HookCode.NO_MAPPING, raw)], [0], []), topic
        arrival = Arrival(hook.facts.id, now, self._make_message_id)
        made = make_messages(hook.mapping, hook.facts.id, body, raw, headers)
        return take(made, arrival, raw), topic

    def _make_sample(
        self, hook: HookView, outcome: Outcome, topic: str, raw: bytes, headers: Mapping[str, str]
    ) -> NewSample:
        people = {name for entry in outcome.entries for name in (entry.user_id, entry.anonymous_id) if name}
        return NewSample(
            self._ids.make(),
            hook.facts.workspace,
            hook.facts.id,
            topic,
            choose_headers(headers, hook.signing, hook.mapping),
            raw,
            len(outcome.entries) + len(outcome.items),
            outcome.discards[0].code if outcome.discards else "",
            tuple(sorted(people)),
        )

    async def _store(self, hook: HookView, outcome: Outcome, sample: NewSample | None, size_bytes: int) -> Outcome:
        """Wait for the commit; what then stands. Raises Refusal."""
        private = [self._mark_private(told) for told in outcome.warnings]
        notes = [*outcome.discards, *private]
        source = hook.facts
        told = (source.workspace, source.id, outcome.entries, notes, sample, outcome.items)
        request = EventRequest(self._ids.make(), *told)
        if await self._ingest.submit(request, size_bytes):
            return outcome
        count = len(outcome.entries) + len(outcome.items)
        return Outcome([], [Discard(0, Code.NOT_WRITTEN.value, count=count)], [0], [])

    def _mark_private(self, told: Discard) -> Discard:
        """A request for a person's data is told once, however often it comes: its content is its name."""
        if told.code != HookCode.PRIVACY_REQUEST.value:
            return told
        digest = blake2b(f"{told.name}\0{told.sample}".encode(), digest_size=12).hexdigest()
        return msgspec.structs.replace(told, message_id=digest)

    async def _refuse(self, hook: HookView, refusal: Refusal, every_s: float = NOTED_EVERY_S) -> Refusal:
        """Keep that a call was refused, of one reason at most once in a while and nothing of what it said."""
        at_s, place = time.monotonic(), (hook.facts.id, refusal.code)
        if at_s - self._noted_at_s.get(place, -every_s) >= every_s:
            self._noted_at_s[place] = at_s
            request = EventRequest(
                self._ids.make(), hook.facts.workspace, hook.facts.id, (), (Discard(0, refusal.code),)
            )
            try:
                await self._ingest.submit(request, 0)
            except Refusal:
                return refusal
        return refusal

    def _read_clock(self) -> datetime:
        try:
            return self._clock.now()
        except psycopg.Error:
            raise refuse_away() from None

    def _make_message_id(self) -> str:
        return f"made-{self._ids.make()}"


def _read_value(raw: bytes, headers: Mapping[str, str]) -> Any:
    """The value of a body: JSON, or the fields of a form that says it is one; None for anything else."""
    try:
        return read_lenient(raw)
    except NotJson:
        if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            return None
    try:
        text = raw.decode("utf-8", "replace").replace("\0", "")
        return dict(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELDS_MAX)) or None
    except ValueError:
        return None


def _show(outcome: Outcome) -> list[dict[str, str | int]]:
    return [{"index": told.place, "code": told.code} for told in outcome.discards]


async def _reply(send: Send, status: int, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
    told = (("content-type", "application/json"), *NO_STORE, *headers)
    await answer(send, status, told, msgspec.json.encode(value))


async def _reply_refused(send: Send, refusal: Refusal) -> None:
    headers: tuple[tuple[str, str], ...] = (("retry-after", str(refusal.wait_s)),) if refusal.wait_s else ()
    if refusal.status == 405:
        headers = (*headers, ("allow", "POST"))
    if refusal.status == 413:
        headers = (*headers, ("connection", "close"))
    await _reply(send, refusal.status, {"success": False, "code": refusal.code, "message": refusal.message}, headers)
