"""Webhooks on their way to the platform: lanes keep each person's events in order, trouble is added on purpose.

An event is one thing a provider tells. Its lane is chosen by the person, so with disorder off nobody's events
overtake one another; a lane posts one call at a time and packs several events into one body where the provider does
(Meta, LINE). Duplicates are posted twice, disorder holds an event back while its successors pass, wrong signatures
are made at the attempt, so that a retry after the trouble is over succeeds. What the platform does not take is tried
again by the provider's own documented schedule (`retry_scale` shortens it for tests).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from tertulia.simulator.client import CallFailed, Client
from tertulia.simulator.wire import Post
from tertulia.simulator.world import Account, World, run_soon

LANES = 48
HOLD_BACK_S = (0.15, 0.8)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a provider tells. `key` names it for chance and never changes; `kind` is message, comment, receipt,
    contact or check; `data` the provider's own piece of the payload; `url` overrides the account's webhook address."""

    key: str
    kind: str
    person: str
    message_id: str
    data: Any
    url: str = ""
    attempt: int = 1
    copy: bool = False


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a provider tries again: seconds between attempts, and after what (connect, timeout, 4xx, 5xx)."""

    delays_s: tuple[float, ...] = ()
    after: frozenset[str] = frozenset({"connect", "timeout", "4xx", "5xx"})


@dataclass(frozen=True, slots=True)
class Answered:
    """The platform's answer to one webhook: status 0 when there was none, then `cause` says why."""

    status: int
    body: bytes
    cause: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Outbox:
    """All webhooks of a world. `pending` counts events and timers that are not over; retries count as pending."""

    def __init__(self, world: World, client: Client) -> None:
        self.world = world
        self.client = client
        self.pending = 0
        self.retrying = 0
        self._generation = 0
        self._lanes: list[deque[tuple[Account, Event]]] = [deque() for _ in range(LANES)]
        self._busy = [False] * LANES

    def reset(self) -> None:
        """Forget everything that was to come. Calls under way end without effect."""
        self._generation += 1
        self.pending = self.retrying = 0
        for lane in self._lanes:
            lane.clear()

    def later(self, delay_s: float, what: Callable[..., None], *args: Any) -> None:
        """Do `what` after real seconds, or as soon as the call under way is answered. A reset forgets it."""
        self.pending += 1
        loop = asyncio.get_running_loop()
        if delay_s > 0:
            loop.call_later(delay_s, self._due, self._generation, what, args)
        else:
            loop.call_soon(self._due, self._generation, what, args)

    def _due(self, generation: int, what: Callable[..., None], args: tuple[Any, ...]) -> None:
        if generation == self._generation:
            self.pending -= 1
            what(*args)

    def submit(self, account: Account, event: Event) -> None:
        """Take an event: hold it back or double it as the behaviours say, then queue it."""
        behaviours, chance = self.world.behaviours, self.world.chance
        if account.provider.keep(self.world, account, event):
            return
        if behaviours.duplicate_pct and chance.hit(behaviours.duplicate_pct, "duplicate", event.key):
            self.later(HOLD_BACK_S[0], self._enqueue, account, replace(event, copy=True))
        if behaviours.disorder_pct and chance.hit(behaviours.disorder_pct, "disorder", event.key):
            least, most = HOLD_BACK_S
            self.later(least + chance.draw("hold", event.key) * (most - least), self._enqueue, account, event)
        else:
            self._enqueue(account, event)

    def _enqueue(self, account: Account, event: Event) -> None:
        self.pending += 1
        number = crc32((event.person or event.message_id).encode()) % LANES
        self._lanes[number].append((account, event))
        if not self._busy[number]:
            self._busy[number] = True
            run_soon(self._run_lane(number))

    async def _run_lane(self, number: int) -> None:
        lane = self._lanes[number]
        try:
            while lane:
                account, events = _take(lane)
                generation = self._generation
                await self._post(account, events)
                if generation == self._generation:
                    self.pending -= len(events)
        finally:
            self._busy[number] = False

    async def _post(self, account: Account, events: list[Event]) -> None:
        generation = self._generation
        provider = account.provider
        url = events[0].url or account.webhook_url
        if not url:
            self._note(account, events, None, Answered(0, b"", "no webhook address"))
            return
        post = provider.pack(self.world, account, events, url, self.world.behaviours.wrong_signatures)
        answered = await self.call(post, provider.timeout_s)
        if generation != self._generation:
            return
        self._note(account, events, post, answered)
        if answered.ok:
            self.world.acknowledge(account, [(e.person, e.message_id) for e in events if e.kind == "message"])
            if not events[0].copy:
                provider.answered(self.world, account, events, answered.body)
        else:
            self._plan_retry(account, events, answered)

    async def call(self, post: Post, timeout_s: float) -> Answered:
        """Make one webhook call, for handlers that check the platform's address on the spot too."""
        try:
            answer = await self.client.request(post.method, post.url, post.headers, post.body, timeout_s=timeout_s)
        except CallFailed as error:
            return Answered(0, b"", error.cause)
        return Answered(answer.status, answer.body)

    def _plan_retry(self, account: Account, events: list[Event], answered: Answered) -> None:
        policy = account.provider.retry(account, events[0])
        attempt = events[0].attempt
        cause = answered.cause or f"{answered.status // 100}xx"
        if attempt > len(policy.delays_s) or cause not in policy.after:
            self.world.record.count("webhooks.given_up", account.spec.kind)
            return
        delay = policy.delays_s[attempt - 1] * self.world.behaviours.retry_scale
        for event in events:
            self.retrying += 1
            self.later(max(delay, 0.001), self._try_again, account, replace(event, attempt=attempt + 1))

    def _try_again(self, account: Account, event: Event) -> None:
        self.retrying -= 1
        self._enqueue(account, event)

    def _note(self, account: Account, events: list[Event], post: Post | None, answered: Answered) -> None:
        world = self.world
        count = "delivered" if answered.ok else "refused"
        if world.behaviours.quiet:
            for event in events:
                world.record.count(f"webhooks.{count}", account.spec.kind)
                world.record.count(f"webhooks.{event.kind}.{count}", account.spec.kind)
            return
        at = world.clock.now_ms()
        method, url = (post.method, post.url) if post else ("POST", "")
        row = {
            "at": at, "channel": account.id, "kind": account.spec.kind, "url": url, "attempt": events[0].attempt,
            "copy": events[0].copy, "status": answered.status, "cause": answered.cause,
            "person": events[0].person,
            "events": [{"key": e.key, "kind": e.kind, "person": e.person, "message": e.message_id} for e in events],
        }  # fmt: skip
        world.record.add("webhooks", count, row)
        path = urlsplit(url).path
        world.wire.add({
            "at": at, "direction": "in", "kind": account.spec.kind, "channel": account.id, "method": method,
            "path": path, "status": answered.status, "refused": not answered.ok,
            "remark": _remark(events, answered),
        })  # fmt: skip
        world.notify("wire")


def _take(lane: deque[tuple[Account, Event]]) -> tuple[Account, list[Event]]:
    """The next event, with its successors where the provider packs them into one call."""
    account, first = lane.popleft()
    events = [first]
    limit = account.provider.pack_max
    while len(events) < limit and lane and _fits(lane[0], account, first):
        events.append(lane.popleft()[1])
    return account, events


def _fits(waiting: tuple[Account, Event], account: Account, first: Event) -> bool:
    owner, event = waiting
    same = owner is account and event.url == first.url and event.attempt == first.attempt
    return same and event.copy == first.copy


def _remark(events: list[Event], answered: Answered) -> str:
    """What the wire log says beside the status: the platform's answer in its own words, or why there was none."""
    first = events[0]
    if answered.cause:
        return answered.cause
    if answered.status in (401, 403):
        return f"{first.key.partition(':')[0]}, refused"
    if first.copy:
        return "duplicate"
    if first.attempt > 1:
        return f"attempt {first.attempt}"
    return first.key.partition(":")[0]
