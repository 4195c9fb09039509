"""The closed catalogue of reasons: every outcome of every provider is one of these, with the sentence a user reads.

A kind's table maps the provider's own codes to a reason; the reason decides the rest: the outcome's kind, whether the
whole channel must stop (`account_fault`), whether the customer opted out at the platform (`withdraws`, written into the
consent ledger, C2), whether the address is dead (`dead`, C4) and how long to wait at least (`wait_s`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tertulia.channels.base import HttpResponse, Outcome, OutcomeKind
from tertulia.channels.wire import clean_text, retry_after_s

DETAIL_MAX_CHARACTERS = 300
HOUR_S = 3_600.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Reason:
    """What a reason code means. `sentence` is a gettext id."""

    kind: OutcomeKind
    sentence: str
    dead: bool = False
    withdraws: bool = False
    account_fault: bool = False
    wait_s: float | None = None


_OK, _RETRY, _AMBIGUOUS = OutcomeKind.OK, OutcomeKind.RETRY, OutcomeKind.AMBIGUOUS
_FIX, _GONE, _WINDOW = OutcomeKind.FIX, OutcomeKind.GONE, OutcomeKind.WINDOW

REASONS: Mapping[str, Reason] = {
    "ok": Reason(_OK, "Accepted by the provider."),
    "retry.throttled": Reason(_RETRY, "The provider asks for a slower pace. The message goes out a little later."),
    "retry.unavailable": Reason(_RETRY, "The provider has a fault at its side. The message is tried again."),
    "retry.unreachable": Reason(_RETRY, "The provider could not be reached. The message is tried again."),
    "retry.quota": Reason(_RETRY, "The provider's quota is used up for now. The message waits.", wait_s=HOUR_S),
    "retry.tomorrow": Reason(_RETRY, "The provider's quota for today is used up. The message waits.", wait_s=DAY_S),
    "ambiguous.no_answer": Reason(_AMBIGUOUS, "The provider did not answer; the message may have gone out."),
    "ambiguous.unreadable": Reason(_AMBIGUOUS, "The provider's answer was not understood; the message may be out."),
    "fix.credentials": Reason(_FIX, "The provider refuses the channel's credentials.", account_fault=True),
    "fix.permission": Reason(_FIX, "The channel's account may not do this at the provider.", account_fault=True),
    "fix.account": Reason(_FIX, "The account is suspended, restricted or without money.", account_fault=True),
    "fix.sender": Reason(
        _FIX, "The sender's number, address or name is not valid or not registered.", account_fault=True
    ),
    "fix.setup": Reason(_FIX, "The channel is not completely set up at the provider.", account_fault=True),
    "fix.quota": Reason(_FIX, "The plan's messages for this month are used up.", account_fault=True),
    "fix.address": Reason(_FIX, "The recipient's number, address or id has the wrong form."),
    "fix.region": Reason(_FIX, "The account may not write to this country."),
    "fix.not_agreed": Reason(_FIX, "The provider has not agreed to messages of this kind from this account."),
    "fix.content": Reason(_FIX, "The provider refuses the content of the message."),
    "fix.too_long": Reason(_FIX, "The text is longer than the channel allows."),
    "fix.unsupported": Reason(_FIX, "The channel cannot carry this kind of content."),
    "fix.template": Reason(_FIX, "The template is unknown, paused or not approved, or its values do not fit."),
    "fix.policy": Reason(_FIX, "The provider or the carrier stopped the message by its rules."),
    "fix.expired": Reason(_FIX, "The message grew too old before it could be delivered."),
    "fix.request": Reason(_FIX, "The provider refused the request."),
    "gone.opted_out": Reason(_GONE, "The customer opted out at the provider.", withdraws=True),
    "gone.blocked": Reason(_GONE, "The customer blocked this channel.", withdraws=True),
    "gone.marketing_stopped": Reason(_GONE, "The customer stopped marketing in the app.", withdraws=True),
    "gone.not_subscribed": Reason(_GONE, "The customer does not follow the account or has not written to it."),
    "gone.unknown": Reason(_GONE, "Nobody has this number, address or id.", dead=True),
    "gone.not_mobile": Reason(_GONE, "The number cannot receive text messages.", dead=True),
    "gone.not_on_app": Reason(_GONE, "The customer cannot be reached in this app."),
    "gone.refused": Reason(_GONE, "The recipient or the network refuses messages from this sender."),
    "gone.not_allowed": Reason(_GONE, "The account may only write to its own test recipients."),
    "gone.identity_changed": Reason(_GONE, "The customer's identity in the app has changed."),
    "gone.for_now": Reason(_GONE, "The customer cannot be reached at the moment; a later message may arrive."),
    "gone.withheld": Reason(_GONE, "The platform withholds marketing from this customer for now.", wait_s=DAY_S),
    "gone.undelivered": Reason(_GONE, "The message was not delivered; the carrier gives no reason."),
    "window.closed": Reason(_WINDOW, "The time in which a free message is allowed is over."),
    "window.used_up": Reason(_WINDOW, "The free messages after the customer's last one are used up."),
}


def make_outcome(
    reason: str,
    code: str = "",
    detail: str = "",
    *,
    retry_after: float | None = None,
    provider_ids: tuple[str, ...] = (),
    parts: int | None = None,
) -> Outcome:
    """The outcome of a reason in the catalogue; KeyError for any other, which only a wrong table can cause."""
    meaning = REASONS[reason]
    return Outcome(
        kind=meaning.kind,
        provider_ids=provider_ids,
        code=code,
        reason=reason,
        detail=clean_text(detail, DETAIL_MAX_CHARACTERS),
        retry_after_s=retry_after if retry_after is not None else meaning.wait_s,
        account_fault=meaning.account_fault,
        withdraws=meaning.withdraws,
        parts=parts,
    )


def accept(*provider_ids: str, parts: int | None = None) -> Outcome:
    """Accepted, with the provider's ids."""
    return make_outcome("ok", provider_ids=tuple(filter(None, provider_ids)), parts=parts)


def judge_status(response: HttpResponse, structured: bool, detail: str = "") -> Outcome:
    """The outcome of an answer that carries no known code, by its HTTP status alone. `structured`: the body was the
    provider's own error, so the message was not taken."""
    status, code = response.status, f"http_{response.status}"
    if status == 429:
        return make_outcome("retry.throttled", code, detail, retry_after=retry_after_s(response))
    if status >= 500:
        reason = "retry.unavailable" if structured else "ambiguous.no_answer"
        return make_outcome(reason, code, detail, retry_after=retry_after_s(response))
    if status in (408, 425):
        return make_outcome("retry.unavailable", code, detail)
    if status in (401, 403):
        return make_outcome("fix.credentials" if status == 401 else "fix.permission", code, detail)
    if 200 <= status < 300:
        return make_outcome("ambiguous.unreadable", code, detail)
    return make_outcome("fix.request", code, detail)
