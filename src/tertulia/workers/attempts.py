"""One attempt: an adapter's calls made one after the other, until it says what came of them.

The adapter decides what to call and what an answer means; here is only the I/O between. Short-lived tokens are fetched
by one attempt at a time for each channel: who finds that another one has fetched them meanwhile begins anew with them,
which is safe because such a call goes before anything is sent.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import structlog

from tertulia.channels.base import (
    Account,
    Adapter,
    Attachment,
    Call,
    Done,
    Finding,
    HttpResponse,
    LookedUp,
    LostMessage,
    Outcome,
    OutcomeKind,
    Outgoing,
    Picture,
    Request,
    Response,
    Template,
    Text,
)
from tertulia.channels.kinds import render_numbered
from tertulia.channels.mail import SmtpAnswer
from tertulia.channels.masks import MASK
from tertulia.channels.outcomes import make_outcome
from tertulia.core.content import Content, read_content
from tertulia.store.channel_log import Exchange
from tertulia.store.clock import real_now
from tertulia.store.sealing import unseal_text
from tertulia.store.sending import DueQuestion, TakenDelivery
from tertulia.workers.caller import Caller
from tertulia.workers.http import CallFailed
from tertulia.workers.otp_codes import hide, reveal

CALLS_MAX = 8
ATTEMPT_LIMIT_S = 40.0

log = structlog.get_logger("sender")

UNBUILT = Done(make_outcome("fix.request", detail="The message could not be built."))
KeepCache = Callable[[int, Mapping[str, str]], Awaitable[None]]


@dataclass(slots=True)
class Line:
    """A channel as its attempts see it: the adapter, the account with its newest tokens, and the lock of those who
    fetch them."""

    channel_id: int
    workspace: int
    adapter: Adapter
    account: Account
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Attempt:
    """The attempt's outcome and everything it said to the provider."""

    done: Done
    exchanges: list[Exchange]


class Courier:
    """Makes attempts with one client. `keep_cache` stores the tokens that an attempt was given."""

    def __init__(self, client: Caller, keep_cache: KeepCache) -> None:
        self._client = client
        self._keep_cache = keep_cache

    async def deliver(self, line: Line, delivery: TakenDelivery) -> Attempt:
        """Hand one delivery to its provider. Never raises: whatever happens is an outcome."""
        attempt = Attempt(UNBUILT, [])
        try:
            about = _About(delivery.contact_id, delivery.id, unseal_text(read_content(delivery.content).code))
            async with asyncio.timeout(ATTEMPT_LIMIT_S):
                attempt.done = await self._follow(line, delivery, attempt.exchanges, about)
        except TimeoutError:
            attempt.done = Done(make_outcome("ambiguous.no_answer", "timeout"))
        except Exception as error:
            log.error("adapter_failed", channel=line.channel_id, kind=line.account.kind, error=type(error).__name__)
            if attempt.exchanges:  # something was said: nobody knows what came of it (S3)
                attempt.done = Done(make_outcome("ambiguous.unreadable", "adapter_failed"))
        return attempt

    async def look_up(self, line: Line, question: DueQuestion) -> tuple[LookedUp, list[Exchange]]:
        """Ask a provider about a lost message (S3). Never raises: whatever goes wrong leaves it unclear."""
        exchanges: list[Exchange] = []
        try:
            async with asyncio.timeout(ATTEMPT_LIMIT_S):
                return await self._ask(line, question, exchanges), exchanges
        except (TimeoutError, CallFailed):
            pass
        except Exception as error:
            log.error("adapter_failed", channel=line.channel_id, kind=line.account.kind, error=type(error).__name__)
        return LookedUp(Finding.UNCLEAR), exchanges

    async def _ask(self, line: Line, question: DueQuestion, exchanges: list[Exchange]) -> LookedUp:
        code = unseal_text(read_content(question.content).code)
        lost = make_lost(question, code)
        about = _About(question.contact_id, question.id, code)
        step = line.adapter.look_up(line.account, lost)
        for _turn in range(CALLS_MAX):
            if isinstance(step, LookedUp):
                return step
            at, began = real_now(), time.monotonic()
            try:
                response = await self._client.send(step.request)
            except CallFailed as failure:
                exchanges.append(describe(line, "look_up", at, began, step.request, failure, about))
                raise
            exchanges.append(describe(line, "look_up", at, began, step.request, response, about))
            step = line.adapter.look_up_next(line.account, step.state, response)
        raise AssertionError(f"the adapter of {line.account.kind} does not end")

    async def _follow(self, line: Line, delivery: TakenDelivery, exchanges: list[Exchange], about: "_About") -> Done:
        account = line.account
        outgoing = make_outgoing(delivery, about.code)
        step = line.adapter.build(account, outgoing, real_now())
        fetching = False
        try:
            for _turn in range(CALLS_MAX):
                if isinstance(step, Done):
                    await self._take_cache(line, step)
                    return step
                if step.request.secret_answer and not fetching:
                    await line.fetching.acquire()
                    fetching = True
                    if line.account.cache != account.cache:
                        line.fetching.release()
                        fetching = False
                        account = line.account
                        step = line.adapter.build(account, outgoing, real_now())
                        continue
                step = await self._call(line, account, step, exchanges, about)
        finally:
            if fetching:
                line.fetching.release()
        if isinstance(step, Done):
            return step
        raise AssertionError(f"the adapter of {account.kind} does not end")

    async def _call(
        self, line: Line, account: Account, step: Call, exchanges: list[Exchange], about: "_About"
    ) -> Call | Done:
        at, began = real_now(), time.monotonic()
        try:
            response = await self._client.send(step.request)
        except CallFailed as failure:
            exchanges.append(describe(line, "send", at, began, step.request, failure, about))
            return line.adapter.failed(account, step.state, failure.error, failure.sent)
        exchanges.append(describe(line, "send", at, began, step.request, response, about))
        return line.adapter.next(account, step.state, response, real_now())

    async def _take_cache(self, line: Line, done: Done) -> None:
        if done.cache:
            line.account = replace(line.account, cache={**line.account.cache, **done.cache})
            await self._keep_cache(line.channel_id, line.account.cache)


@dataclass(frozen=True, slots=True)
class _About:
    """Whom an exchange concerns, and the one-time code of which nothing is kept."""

    contact_id: int | None = None
    delivery_id: UUID | None = None
    code: str = field(default="", repr=False)


NOBODY = _About()


def make_outgoing(delivery: TakenDelivery, code: str = "") -> Outgoing:
    """What the adapter is asked to send; `code` in the place of its mask."""
    content = reveal(read_content(delivery.content), code)
    return Outgoing(
        delivery_id=str(delivery.id),
        to=delivery.to_value,
        to_kind=delivery.to_kind,
        content=_read_form(content),
        reply_token=content.reply_token,
        direct=content.direct,
    )


def make_lost(question: DueQuestion, code: str = "") -> LostMessage:
    """The message as its provider is asked about it: the text as it went out."""
    form = _read_form(reveal(read_content(question.content), code))
    text = render_numbered(form) if isinstance(form, Text) else ""
    return LostMessage(str(question.id), question.to_value, question.to_kind, text, question.handed_at)


def _read_form(content: Content) -> Text | Template | Picture | Attachment:
    if content.template:
        return Template(content.template, content.language, content.parameters)
    if content.picture:
        return Picture(content.picture, content.text)
    if content.attachment:
        return Attachment(content.form, content.attachment, content.text)
    mail = {"subject": content.subject, "html": content.html, "unsubscribe": content.unsubscribe}
    return Text(content.text, content.choices, ask_phone=content.ask_phone, **mail)


def describe(
    line: Line,
    purpose: str,
    at: datetime,
    began: float,
    request: Request,
    answer: Response | CallFailed,
    about: _About = NOBODY,
) -> Exchange:
    """An exchange as the channel log keeps it: every secret masked, in the answer too. What a provider tells when it is
    asked about a lost message is a list of messages, and perhaps of other people's, even erased ones': it is not kept.
    """
    shown = request.masked()
    told, status, error = "", 0, ""
    match answer:
        case HttpResponse(status=status) | SmtpAnswer(status=status):
            hidden = request.secret_answer or purpose == "look_up"
            told = MASK if hidden else request.mask(answer.body.decode("utf-8", "replace"))
        case CallFailed(error=error):
            told = answer.detail
    exchange = Exchange(
        workspace=line.workspace,
        channel_id=line.channel_id,
        purpose=purpose,
        at=at,
        took_ms=int((time.monotonic() - began) * 1_000),
        method=shown.method,
        url=shown.url,
        headers="\n".join([f"{name}: {value}" for name, value in shown.headers]),
        body=shown.body.decode("utf-8", "replace"),
        status=status,
        answer=told,
        error=error,
        contact_id=about.contact_id,
        delivery_id=about.delivery_id,
    )
    return hide(exchange, about.code)


def is_account_fault(outcome: Outcome) -> bool:
    return outcome.account_fault and outcome.kind is OutcomeKind.FIX
