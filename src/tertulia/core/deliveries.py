"""A delivery's life as one table (I4), the classes of messages (S0), and what an unknown outcome or a retry means
(S2, S3).

Before the hand-over (held, queued) a delivery is ours; `sending` is the commit that hands it over; from `sent` on the
provider tells. States only move forward. Two steps lead back to `queued`, both before a provider has accepted
anything: a refused attempt (throttled, down) and the second copy that S3 allows a transactional message. Receipts come
twice and in any order, so a receipt that says less than we know is `stale` and changes nothing, `delivered` or `read`
after `failed` wins and is flagged, and a receipt that arrives for a delivery already queued again stops the copy.
What the table does not list raises and changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final
from uuid import UUID


class MessageClass(StrEnum):
    """What a message is for (S0). `important` is a flag, not a class."""

    REPLY = "reply"
    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class ClassRules:
    """What a class is exempt from, and how often it may be handed over. No class is exempt from a block."""

    exempt_from_windows: bool  # send windows and quiet hours (Q3)
    exempt_from_caps: bool  # frequency caps (F5)
    exempt_from_withdrawal: bool  # of marketing consent (C2)
    needs_grant: bool  # a granted consent, not merely none withdrawn
    at_least_once: bool  # a second copy after an unknown outcome (S3)
    exempt_from_hold_outs: bool = True  # A3
    exempt_from_budgets: bool = True  # V3: it counts, and is not held


CLASS_RULES: Final = {
    MessageClass.REPLY: ClassRules(True, True, True, needs_grant=False, at_least_once=False),
    MessageClass.TRANSACTIONAL: ClassRules(True, True, True, needs_grant=False, at_least_once=True),
    MessageClass.SERVICE: ClassRules(
        *(False, False, False), needs_grant=True, at_least_once=False, exempt_from_budgets=False
    ),
    MessageClass.MARKETING: ClassRules(
        *(False, False, False),
        needs_grant=True,
        at_least_once=False,
        exempt_from_hold_outs=False,
        exempt_from_budgets=False,
    ),
}


class DeliveryState(StrEnum):
    """Where a delivery is. Undecided are held, queued, sending and unknown."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    DROPPED = "dropped"


class DeliveryEvent(StrEnum):
    """What happens to a delivery: our own acts, the outcome of an attempt, the provider's receipts."""

    RELEASE = "release"  # the reason to hold it is gone
    HOLD = "hold"  # a gate says later
    DROP = "drop"  # a gate says no
    REVOKE = "revoke"  # its match was stopped, its contact merged, an exception came
    EXPIRE = "expire"  # its deadline passed, or an unknown outcome was never settled
    CLAIM = "claim"  # gates passed, rendered, handed over
    ACCEPT = "accept"  # the provider took it
    REFUSE = "refuse"  # not taken, may be tried again (S2): it said so, or surely does not have it when asked (S3)
    FAIL = "fail"  # final outcome of an attempt
    LOSE = "lose"  # the lease ended, or the connection broke after the request had gone
    RESEND = "resend"  # a second copy after unknown (S3)
    RECEIPT_SENT = "receipt_sent"
    RECEIPT_DELIVERED = "receipt_delivered"
    RECEIPT_READ = "receipt_read"
    RECEIPT_FAILED = "receipt_failed"


class Flag(StrEnum):
    """What is worth telling about a transition."""

    NONE = ""
    STALE = "stale"  # says nothing new
    DELIVERED_AFTER_FAILED = "delivered_after_failed"
    FAILED_AFTER_DELIVERED = "failed_after_delivered"
    LATE_RECEIPT = "late_receipt"  # it had arrived before we tried again, or after we gave up
    SECOND_COPY = "second_copy"


@dataclass(frozen=True, slots=True)
class Transition:
    """The state after an event (the same one when stale) and its flag."""

    new: DeliveryState
    flag: Flag = Flag.NONE


class IllegalTransition(ValueError):
    """An event that cannot happen to a delivery in that state: a fault of ours, nothing is changed."""

    def __init__(self, state: DeliveryState, event: DeliveryEvent) -> None:
        super().__init__(f"a delivery that is {state} cannot {event}")
        self.state = state
        self.event = event


UNDECIDED: Final = frozenset({DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN})
RANK: Final = {
    DeliveryState.HELD: 0,
    DeliveryState.QUEUED: 1,
    DeliveryState.SENDING: 2,
    DeliveryState.UNKNOWN: 3,
    DeliveryState.REVOKED: 4,
    DeliveryState.DROPPED: 4,
    DeliveryState.EXPIRED: 4,
    DeliveryState.SENT: 5,
    DeliveryState.FAILED: 6,
    DeliveryState.DELIVERED: 7,
    DeliveryState.READ: 8,
}
"""Forward means a rank that does not fall; only REFUSE and RESEND, and HOLD before the hand-over, lower it."""

_S, _E, _F = DeliveryState, DeliveryEvent, Flag
_STALE: Final = None  # in the table: keep the state, flag it stale

_OUTCOMES: Final = (_E.ACCEPT, _E.REFUSE, _E.FAIL, _E.LOSE)
_RECEIPTS: Final = (_E.RECEIPT_SENT, _E.RECEIPT_DELIVERED, _E.RECEIPT_READ, _E.RECEIPT_FAILED)

_Row = dict[DeliveryEvent, tuple[DeliveryState, Flag] | None]


def _receipts(flag: Flag = Flag.NONE) -> _Row:
    return {
        _E.RECEIPT_SENT: (_S.SENT, flag),
        _E.RECEIPT_DELIVERED: (_S.DELIVERED, flag),
        _E.RECEIPT_READ: (_S.READ, flag),
        _E.RECEIPT_FAILED: (_S.FAILED, flag),
    }


def _waiting() -> _Row:
    """Held or queued. An earlier attempt's failure is stale, its arrival makes another copy needless."""
    ours: _Row = {
        _E.RELEASE: (_S.QUEUED, _F.NONE),
        _E.HOLD: (_S.HELD, _F.NONE),
        _E.DROP: (_S.DROPPED, _F.NONE),
        _E.REVOKE: (_S.REVOKED, _F.NONE),
        _E.EXPIRE: (_S.EXPIRED, _F.NONE),
        _E.ACCEPT: (_S.SENT, _F.LATE_RECEIPT),
    }
    return ours | _receipts(_F.LATE_RECEIPT) | {_E.RECEIPT_FAILED: _STALE, _E.LOSE: _STALE}


def _settled(*stale: DeliveryEvent) -> _Row:
    return dict.fromkeys((*_OUTCOMES, *stale), _STALE)


TABLE: Final[dict[DeliveryState, _Row]] = {
    _S.HELD: _waiting(),
    _S.QUEUED: _waiting() | {_E.CLAIM: (_S.SENDING, _F.NONE)},
    _S.SENDING: _receipts()
    | {
        _E.ACCEPT: (_S.SENT, _F.NONE),
        _E.REFUSE: (_S.QUEUED, _F.NONE),
        _E.FAIL: (_S.FAILED, _F.NONE),
        _E.LOSE: (_S.UNKNOWN, _F.NONE),
    },
    _S.UNKNOWN: _receipts()
    | {
        _E.ACCEPT: (_S.SENT, _F.NONE),
        _E.REFUSE: (_S.QUEUED, _F.NONE),
        _E.FAIL: (_S.FAILED, _F.NONE),
        _E.LOSE: _STALE,
        _E.RESEND: (_S.QUEUED, _F.SECOND_COPY),
        _E.EXPIRE: (_S.EXPIRED, _F.NONE),
    },
    _S.SENT: _settled() | _receipts() | {_E.RECEIPT_SENT: _STALE, _E.FAIL: (_S.FAILED, _F.NONE)},
    _S.DELIVERED: _settled(_E.RECEIPT_SENT, _E.RECEIPT_DELIVERED)
    | {
        _E.RECEIPT_READ: (_S.READ, _F.NONE),
        _E.RECEIPT_FAILED: (_S.DELIVERED, _F.FAILED_AFTER_DELIVERED),
    },
    _S.READ: _settled(_E.RECEIPT_SENT, _E.RECEIPT_DELIVERED, _E.RECEIPT_READ)
    | {_E.RECEIPT_FAILED: (_S.READ, _F.FAILED_AFTER_DELIVERED)},
    _S.FAILED: _settled(_E.RECEIPT_SENT, _E.RECEIPT_FAILED)
    | {
        _E.RECEIPT_DELIVERED: (_S.DELIVERED, _F.DELIVERED_AFTER_FAILED),
        _E.RECEIPT_READ: (_S.READ, _F.DELIVERED_AFTER_FAILED),
    },
    _S.EXPIRED: _settled() | _receipts(_F.LATE_RECEIPT) | {_E.ACCEPT: (_S.SENT, _F.LATE_RECEIPT)},
    # What was never handed over has no outcome: but an earlier attempt's receipt may still come.
    _S.REVOKED: _settled() | _receipts(_F.LATE_RECEIPT) | {_E.RECEIPT_FAILED: _STALE},
    _S.DROPPED: _settled() | _receipts(_F.LATE_RECEIPT) | {_E.RECEIPT_FAILED: _STALE},
}
"""State -> event -> (new state, flag), or None for an event that says nothing new."""


def advance(state: DeliveryState, event: DeliveryEvent) -> Transition:
    """The transition of `TABLE`; raises IllegalTransition for what it does not list (I4)."""
    row = TABLE[state]
    if event not in row:
        raise IllegalTransition(state, event)
    entry = row[event]
    if entry is None:
        return Transition(state, Flag.STALE)
    return Transition(*entry)


class Settlement(StrEnum):
    """What to do with a delivery whose outcome is unknown (S3)."""

    LOOK_UP = "look_up"  # ask the provider
    WAIT = "wait"  # for a receipt
    RESEND = "resend"  # the same idempotency key, or the second copy that the class allows
    GIVE_UP = "give_up"  # expire it: that is its verdict


UNKNOWN_RESEND_AFTER_S: Final = 60.0
UNKNOWN_GIVE_UP_AFTER_S: Final = 72 * 3600.0


def settle_unknown(
    message_class: MessageClass, *, can_look_up: bool, retry_safe: bool, unknown_for_s: float
) -> Settlement:
    """What S3 says about an outcome that has been unknown for so many seconds.

    `can_look_up`: the provider can be asked about this delivery and has not yet answered; `retry_safe`: it has an
    idempotency key, so that repeating the call cannot make a second message. Marketing, service and replies are at
    most once: never resent blindly.
    """
    if retry_safe:
        return Settlement.RESEND
    if can_look_up:
        return Settlement.LOOK_UP
    if CLASS_RULES[message_class].at_least_once and unknown_for_s >= UNKNOWN_RESEND_AFTER_S:
        return Settlement.RESEND
    return Settlement.GIVE_UP if unknown_for_s >= UNKNOWN_GIVE_UP_AFTER_S else Settlement.WAIT


@dataclass(frozen=True, slots=True)
class Question:
    """When a provider is asked about a message whose outcome was lost: seconds after the loss. `sure`: a provider that
    does not have the message by then never took it; before that it may only not show it yet."""

    after_s: float
    sure: bool


QUESTIONS_BEFORE_RESEND: Final = (Question(5, False), Question(20, False), Question(45, False))
QUESTIONS_BEFORE_GIVE_UP: Final = (
    Question(30, False),
    Question(120, False),
    Question(600, True),
    Question(3_600, True),
    Question(6 * 3_600, True),
    Question(24 * 3_600, True),
    Question(71 * 3_600, True),
)


def list_questions(message_class: MessageClass) -> tuple[Question, ...]:
    """When to ask about a lost message of this class (S3). A class that is sent again after a minute in any case is
    asked about before that, so that no copy goes out needlessly; the others until shortly before they expire."""
    return QUESTIONS_BEFORE_RESEND if CLASS_RULES[message_class].at_least_once else QUESTIONS_BEFORE_GIVE_UP


def seconds_to_question(message_class: MessageClass, number: int) -> float | None:
    """Seconds from question `number` - 1 (0: the loss itself) to question `number`, counted from 1; None when the
    provider has been asked often enough."""
    questions = list_questions(message_class)
    if number > len(questions):
        return None
    return questions[number - 1].after_s - (questions[number - 2].after_s if number > 1 else 0.0)


def is_absence_sure(message_class: MessageClass, number: int) -> bool:
    """Whether a provider that does not have the message at question `number` never took it."""
    questions = list_questions(message_class)
    return 0 < number <= len(questions) and questions[number - 1].sure


RETRY_ATTEMPTS_MAX: Final = 8
RETRY_FIRST_S: Final = 2.0
RETRY_LONGEST_S: Final = 900.0
RETRY_AFTER_LONGEST_S: Final = 3600.0  # of what a provider asks for


def retry_delay_s(
    delivery_id: UUID, attempt: int, *, throttled: bool = False, retry_after_s: float | None = None
) -> float | None:
    """Seconds until the attempt after `attempt` (1 = the first was refused), None when it is to fail for good (S2).

    Doubling from 2 s to 15 min, 50 to 100 % of it by a hash of the delivery and the attempt: the same again on a
    replay, spread over a batch. Never earlier than the provider's `retry_after_s`. Throttling is never a failure.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    if attempt >= RETRY_ATTEMPTS_MAX and not throttled:
        return None
    longest = min(RETRY_LONGEST_S, RETRY_FIRST_S * 2.0 ** min(attempt - 1, 32))
    spread = blake2b(f"{delivery_id}/{attempt}".encode(), digest_size=4, person=b"tertulia.retry").digest()
    delay = longest * (0.5 + int.from_bytes(spread, "big") / 2**33)
    asked = min(retry_after_s or 0.0, RETRY_AFTER_LONGEST_S)
    return asked + delay if asked > delay else delay
