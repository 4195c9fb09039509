"""The consent ledger: who agreed to what, and what holds now (C1, C2, C4, M7, M8).

The ledger is append-only; the state for (address or identity, channel, topic) is derived, never stored as truth. An
entry may be wider than one target: no subject means every address and identity of the contact, `*` every channel or
every topic, and the topic `marketing` covers every topic but `service`.

Grants are of two weights. A *chosen* one is an act meant to subscribe: an opt-in word, a form, a platform's own switch,
a person's decision. A *weak* one comes along with something else: a customer list, a first message. Then:

    withdrawn   the latest withdrawal is not followed by a chosen grant
    granted     the latest chosen grant is later than every withdrawal, or there is a weak grant and no withdrawal
    none        nobody said anything

So an import never un-withdraws, and an imported opt-out wins over a customer list whichever came first; an ordinary
message does not re-subscribe. The rule reads a *set* of entries: the order in which they arrive does not matter, and
of a grant and a withdrawal at the same instant the withdrawal holds. A platform's block (blocked, unfollowed, code
21610) is kept apart: it stops every class, and ends when the platform says so, without making anybody a subscriber.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from tertulia.core.deliveries import MessageClass
from tertulia.core.identity import IdentityRef

ANY: Final = "*"
MARKETING: Final = "marketing"
SERVICE: Final = "service"


class Given(StrEnum):
    """What an entry says."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """Where an entry comes from."""

    CUSTOMER_LIST = "customer_list"  # imported with a consent basis
    OPT_OUT_LIST = "opt_out_list"  # the old system's, imported
    FIRST_MESSAGE = "first_message"  # M7
    OPT_WORD = "opt_word"  # C2
    FORM = "form"
    UNSUBSCRIBE_LINK = "unsubscribe_link"  # C3
    PLATFORM_BLOCK = "platform_block"  # blocked, unfollowed, 21610; granted: unblocked, followed again
    PLATFORM_CHOICE = "platform_choice"  # the app's own switch for marketing
    PERSON = "person"  # a user of the workspace, with a reason
    MERGE = "merge"  # M8: the stricter of two contacts


WEAK_SOURCES: Final = frozenset({Source.CUSTOMER_LIST, Source.FIRST_MESSAGE})
UNDOABLE_SOURCES: Final = frozenset({Source.CUSTOMER_LIST, Source.MERGE})
"""An undone import takes its grants back, an undone merge its withdrawals; an opt-out list survives an undo (C4)."""


class Basis(StrEnum):
    """On what the business relies when it imports a customer list."""

    CONSENT = "consent"  # they agreed to offers
    CUSTOMER = "customer"  # they bought, and may be told of similar things
    CONTRACT = "contract"  # only what the service needs
    NONE = "none"  # unknown: nothing is recorded


BASIS_TOPICS: Final = {
    Basis.CONSENT: (SERVICE, MARKETING),
    Basis.CUSTOMER: (SERVICE, MARKETING),
    Basis.CONTRACT: (SERVICE,),
    Basis.NONE: (),
}


class ConsentFact(msgspec.Struct, frozen=True):
    """One row of the ledger (C1). `evidence` names the proof (import, message, form, merge id), `text_version` the
    words shown; `actor` who did it (customer, platform, a user's id). `at` is aware, in UTC."""

    contact_id: int
    subject: IdentityRef | None
    channel: str
    topic: str
    given: Given
    source: Source
    at: datetime
    evidence: str = ""
    text_version: str = ""
    actor: str = ""


class Target(msgspec.Struct, frozen=True):
    """What is asked about: one address or identity, on one kind of channel, for one topic."""

    subject: IdentityRef
    channel: str
    topic: str


class ConsentState(msgspec.Struct, frozen=True):
    """What holds. `by` is the entry that decides, None when nobody said anything; `blocked_by` the platform's block."""

    given: Given | None
    by: ConsentFact | None = None
    blocked_by: ConsentFact | None = None


def derive(entries: Iterable[ConsentFact], target: Target, *, undone: Collection[str] = ()) -> ConsentState:
    """The state for one target (C1). `undone` holds the evidence of imports and merges that were undone."""
    mine = [e for e in entries if _covers(e, target) and not _is_undone(e, undone)]
    blocks = [e for e in mine if e.source is Source.PLATFORM_BLOCK]
    words = [e for e in mine if e.source is not Source.PLATFORM_BLOCK]
    block = _latest(blocks)
    return ConsentState(*_weigh(words), block if block and block.given is Given.WITHDRAWN else None)


def derive_all(entries: Sequence[ConsentFact], *, undone: Collection[str] = ()) -> dict[Target, ConsentState]:
    """The state of every target that the entries name, wide ones applied to each. What was undone names nothing: it may
    be about an address that is another contact's again."""
    counted = [e for e in entries if not _is_undone(e, undone)]
    states = {target: derive(counted, target) for target in _list_targets(counted)}
    return {target: state for target, state in states.items() if state != ConsentState(None)}


def _list_targets(
    entries: Sequence[ConsentFact], subjects: Sequence[IdentityRef] = (), channels: Sequence[str] = ()
) -> list[Target]:
    """The targets that entries name, and besides those of more `subjects` and `channels`. A topic that nobody names is
    offers like any other."""
    of = dict.fromkeys([*(e.subject for e in entries if e.subject is not None), *subjects])
    on = dict.fromkeys([*(e.channel for e in entries if e.channel != ANY), *channels])
    about = dict.fromkeys([*(e.topic for e in entries if e.topic != ANY), MARKETING, SERVICE])
    return [Target(s, c, t) for s in of for c in on for t in about]


def unite(one: ConsentState, other: ConsentState) -> ConsentState:
    """The stricter of two contacts' states (M8): withdrawn before granted, granted before nothing, any block."""
    withdrawn = next((s for s in (one, other) if s.given is Given.WITHDRAWN), None)
    granted = next((s for s in (one, other) if s.given is Given.GRANTED), None)
    chosen = withdrawn or granted or one
    return ConsentState(chosen.given, chosen.by, one.blocked_by or other.blocked_by)


_UNNAMED: Final = IdentityRef("", "", "")


def unite_ledgers(
    root: Sequence[ConsentFact],
    child: Sequence[ConsentFact],
    *,
    root_id: int,
    merge_id: str,
    at: datetime,
    actor: str,
) -> tuple[ConsentFact, ...]:
    """Entries to append at a merge so that the two ledgers read together give the stricter rule (M8).

    Needed where one contact withdrew and the other chose later: the pair's latest word would be the grant. They carry
    `merge_id` as evidence, so that an undo takes them back, and a choice made after the merge counts again.
    """
    both = (*root, *child)
    added = []
    for target in _list_targets(both, (_UNNAMED,), ("",)):  # what no entry names is under the wide ones alone
        strict = unite(derive(root, target), derive(child, target))
        if strict.given is Given.WITHDRAWN and derive(both, target).given is not Given.WITHDRAWN:
            added.append(
                ConsentFact(
                    root_id,
                    None if target.subject == _UNNAMED else target.subject,
                    target.channel or ANY,
                    target.topic,
                    Given.WITHDRAWN,
                    Source.MERGE,
                    at,
                    evidence=merge_id,
                    actor=actor,
                )
            )
    return tuple(added)


def permits(state: ConsentState, message_class: MessageClass, *, answers: bool = False) -> bool:
    """Whether consent lets a class pass: a block stops all of them; replies and transactional messages need no
    grant and outlive a withdrawal; service and marketing need a grant that stands. Where a message `answers` what the
    customer wrote publicly, service needs none, and is stopped by a withdrawal."""
    if state.blocked_by is not None:
        return False
    match message_class:
        case MessageClass.REPLY | MessageClass.TRANSACTIONAL:
            return True
        case MessageClass.SERVICE if answers:
            return state.given is not Given.WITHDRAWN
        case MessageClass.SERVICE | MessageClass.MARKETING:
            return state.given is Given.GRANTED


def record_first_message(
    contact_id: int,
    identity: IdentityRef,
    channel: str,
    *,
    marketing_said: bool,
    evidence: str,
    text_version: str,
    at: datetime,
) -> tuple[ConsentFact, ...]:
    """What a first message in an app agrees to (M7): service there, and marketing only if the text shown said so.

    `evidence` names message, link and send; `text_version` the text that was shown."""
    topics = (SERVICE, MARKETING) if marketing_said else (SERVICE,)
    return tuple(
        ConsentFact(
            contact_id,
            identity,
            channel,
            topic,
            Given.GRANTED,
            Source.FIRST_MESSAGE,
            at,
            evidence=evidence,
            text_version=text_version,
            actor="customer",
        )
        for topic in topics
    )


def record_import(
    contact_id: int,
    address: IdentityRef,
    channel: str,
    basis: Basis,
    *,
    evidence: str,
    text_version: str,
    actor: str,
    at: datetime,
) -> tuple[ConsentFact, ...]:
    """What a row of a customer list agrees to, by the basis that the importer stated."""
    return tuple(
        ConsentFact(
            contact_id,
            address,
            channel,
            topic,
            Given.GRANTED,
            Source.CUSTOMER_LIST,
            at,
            evidence=evidence,
            text_version=text_version,
            actor=actor,
        )
        for topic in BASIS_TOPICS[basis]
    )


def write_subject(subject: IdentityRef | None) -> str:
    """A subject as the ledger keeps it: `phone:+5511...`, `email:...`, `telegram:<scope>:<id>`; `*` for None."""
    if subject is None:
        return ANY
    return f"{subject.kind}:{subject.scope}:{subject.value}" if subject.scope else f"{subject.kind}:{subject.value}"


def read_subject(text: str) -> IdentityRef | None:
    """The inverse of `write_subject`. Phones and e-mails have no scope; the others' scope holds no colon."""
    if text == ANY:
        return None
    kind, _, rest = text.partition(":")
    if kind in ("phone", "email") or ":" not in rest:
        return IdentityRef(kind, "", rest)
    scope, _, value = rest.partition(":")
    return IdentityRef(kind, scope, value)


class Cause(StrEnum):
    """Why an address is suppressed; the causes stay apart (C4)."""

    WITHDRAWN = "withdrawn"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DEAD_NUMBER = "dead_number"
    LEGAL = "legal"
    MANUAL = "manual"


_EVERY_CLASS: Final = frozenset(MessageClass)
_OFFERS: Final = frozenset({MessageClass.MARKETING})
_NOT_ASKED_FOR: Final = frozenset({MessageClass.SERVICE, MessageClass.MARKETING})

CAUSE_STOPS: Final = {
    Cause.LEGAL: _EVERY_CLASS,
    Cause.MANUAL: _EVERY_CLASS,
    Cause.DEAD_NUMBER: _EVERY_CLASS,
    Cause.BOUNCED: _EVERY_CLASS,
    Cause.COMPLAINED: _NOT_ASKED_FOR,
    Cause.WITHDRAWN: _NOT_ASKED_FOR,
}
"""Cause -> classes that it stops, gravest first."""


class Suppression(msgspec.Struct, frozen=True):
    """One reason not to write: to a subject (None: to the contact) on a channel kind (`*`: any). `evidence` is its
    source; `lifted` when it no longer counts; rows are never deleted."""

    cause: Cause
    subject: IdentityRef | None
    channel: str
    at: datetime
    evidence: str = ""
    lifted: bool = False


def find_suppression(
    suppressions: Iterable[Suppression], subject: IdentityRef, channel: str, message_class: MessageClass
) -> Suppression | None:
    """The gravest suppression that stops this class here, or None (C4)."""
    order = list(CAUSE_STOPS)
    hits = [
        s
        for s in suppressions
        if not s.lifted
        and s.subject in (None, subject)
        and s.channel in (ANY, channel)
        and message_class in _list_stopped(s)
    ]
    return min(hits, key=lambda s: (order.index(s.cause), s.at), default=None)


def _list_stopped(suppression: Suppression) -> frozenset[MessageClass]:
    """An unsubscribe button is about offers, wherever else a withdrawn address is left alone."""
    by_button = suppression.evidence == Source.UNSUBSCRIBE_LINK.value
    return _OFFERS if by_button else CAUSE_STOPS[suppression.cause]


def _covers(entry: ConsentFact, target: Target) -> bool:
    if entry.subject not in (None, target.subject) or entry.channel not in (ANY, target.channel):
        return False
    return entry.topic in (ANY, target.topic) or (entry.topic == MARKETING and target.topic != SERVICE)


def _is_undone(entry: ConsentFact, undone: Collection[str]) -> bool:
    return entry.source in UNDOABLE_SOURCES and entry.evidence in undone


def _weigh(entries: list[ConsentFact]) -> tuple[Given | None, ConsentFact | None]:
    chosen = [e for e in entries if e.given is Given.WITHDRAWN or e.source not in WEAK_SOURCES]
    decides = _latest(chosen) or _latest(entries)
    return (decides.given, decides) if decides else (None, None)


def _latest(entries: list[ConsentFact]) -> ConsentFact | None:
    """By time; at one instant the withdrawal, then by content, so that the answer hangs on the set alone."""
    return max(entries, key=_sort_key, default=None)


def _sort_key(entry: ConsentFact) -> tuple[datetime | bool | str, ...]:
    withdrawn = entry.given is Given.WITHDRAWN
    told = (entry.source, entry.evidence, entry.topic, entry.text_version)
    return (entry.at, withdrawn, *told, write_subject(entry.subject), entry.channel, entry.actor, str(entry.contact_id))
