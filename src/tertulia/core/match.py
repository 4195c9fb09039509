"""Whose message is this? Resolution, binding of link tokens, and the second question (M2, M3, M5, M6).

`resolve` follows M2's order: the exact identity; an alias in the same payload; a valid link token; a verified phone
number (by the key that joins national variants) if exactly one contact has it; else a new contact. An identity is
never stolen: where evidence points elsewhere the earlier step stays, and a `Suggestion` carries the evidence.

`bind` judges one link (M5). First use binds. The same identity again changes nothing. A second, different identity, or
one whose verified number is not the contact's, is a possible forward: the link was passed on. It gets a contact of its
own and is asked one question whose answer only the addressee should know; no text of ours names anything of the
customer's to it. A second app whose verified number *is* the contact's is no forward: the number says so.

Functions here are total and know no clock; `now` is the decision's. Who calls them looks up the facts: owners of
identities are followed through merges (M8) first, links are looked up by `links.hash_code`.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.links import Code, find_codes, parse
from tertulia.core.phones import key_of_e164

QUESTION_DIGITS: Final = 4
QUESTION_ATTEMPTS_MAX: Final = 3
PHONE_DIGITS_MAX: Final = 15


class LinkFacts(msgspec.Struct, frozen=True):
    """What is stored of the link whose code was sent. `contact_id` is followed through merges; `phone_keys` are the
    contact's numbers (`phones.key_of_e164`), `bound` the identity that used it first."""

    contact_id: int
    match_id: int
    app: str
    expires_at: datetime
    bound: IdentityRef | None
    phone_keys: frozenset[str]
    member_id: int = 0  # whom it was sent to, before any merge


class Why(StrEnum):
    """Why a link was perhaps passed on."""

    BOUND_TO_ANOTHER = "bound_to_another"
    NUMBER_DIFFERS = "number_differs"


class Bound(msgspec.Struct, frozen=True):
    """First use: the identity becomes the contact's, at this trust (M6)."""

    link: LinkFacts
    trust: Trust


class Same(msgspec.Struct, frozen=True):
    """The identity is already the contact's, or bound this very link: nothing changes."""

    link: LinkFacts


class PossibleForward(msgspec.Struct, frozen=True):
    """Somebody else holds the link, it seems: a contact of their own, a flag, and the second question."""

    link: LinkFacts
    why: Why


class Elsewhere(msgspec.Struct, frozen=True):
    """The identity belongs to another contact, where it stays; the link is evidence for a suggestion (M2)."""

    link: LinkFacts
    owner: int


class Expired(msgspec.Struct, frozen=True):
    """The link is past its time: it binds nobody any more."""

    link: LinkFacts


class UnknownCode(msgspec.Struct, frozen=True):
    """No link has this code: a typing error that the check symbol missed, or another workspace's."""


class Ambiguous(msgspec.Struct, frozen=True):
    """Links of several contacts in one message bind nobody."""

    links: tuple[LinkFacts, ...]


Binding = Bound | Same | PossibleForward | Elsewhere | Expired | UnknownCode | Ambiguous


class Rule(StrEnum):
    """The step of M2 that decided."""

    IDENTITY = "identity"
    ALIAS = "alias"
    TOKEN = "token"  # noqa: S105 - a step's name
    PHONE = "phone"
    NEW = "new"


class Suggestion(msgspec.Struct, frozen=True):
    """Two contacts that may be one person, and what says so; a person decides."""

    one: int
    other: int
    evidence: Rule


class Resolution(msgspec.Struct, frozen=True):
    """Whose message it is. `contact_id` None: a new contact, to be made. `trust` is how far the identity is believed
    from now on; `binding` what became of a code, None without one; `ask` whether the second question is due."""

    contact_id: int | None
    rule: Rule
    trust: Trust
    binding: Binding | None
    suggestions: tuple[Suggestion, ...] = ()
    ask: bool = False


class Sender(msgspec.Struct, frozen=True):
    """Who wrote, as the payload says. `phone` is a number that the platform vouches for (E.164), empty without one."""

    identity: IdentityRef
    aliases: tuple[IdentityRef, ...] = ()
    phone: str = ""


class Found(msgspec.Struct, frozen=True):
    """What look-ups gave, within one workspace. `owners`: contact and trust of the identities that are linked;
    `links`: the stored links of the codes, in the codes' order; `codes`: whether the message held any code at all;
    `phone_owners`: the contacts that have the vouched number in any national spelling."""

    owners: Mapping[IdentityRef, tuple[int, Trust]]
    links: tuple[LinkFacts, ...] = ()
    codes: bool = False
    phone_owners: tuple[int, ...] = ()


@lru_cache(maxsize=8192)
@lru_cache(maxsize=2048)  # asked where a message is loaded for, where it is decided, and again in the shard it goes to
def read_codes(token: str, text: str) -> tuple[Code, ...]:
    """The codes of a message, likeliest first: what rode on the link, then what stands in the text (M3, M4)."""
    carried = parse(token)
    codes = (carried,) if carried else find_codes(token)
    return tuple(dict.fromkeys((*codes, *find_codes(text))))


def resolve(sender: Sender, found: Found, now: datetime) -> Resolution:
    """Whose message it is, by M2's order, with what became of its code (M5)."""
    known = _find_known(sender, found)
    binding = _bind_found(sender, found, known[0] if known else None, now)
    if known:
        contact_id, trust, rule = known
        trust = max(trust, binding.trust) if isinstance(binding, Bound) else trust
        return Resolution(contact_id, rule, trust, binding, _suggest(contact_id, sender, found, binding))
    match binding:
        case Bound(link, trust):
            contact_id, rule = link.contact_id, Rule.TOKEN
        case Same(link):
            contact_id, rule, trust = link.contact_id, Rule.TOKEN, Trust.TOKEN_LINKED
        case _ if sender.phone and len(set(found.phone_owners)) == 1:
            contact_id, rule, trust = found.phone_owners[0], Rule.PHONE, Trust.VERIFIED
        case _:
            trust = Trust.VERIFIED if sender.phone else Trust.CLAIMED
            return Resolution(None, Rule.NEW, trust, binding, ask=_is_question_due(binding))
    return Resolution(contact_id, rule, trust, binding, _suggest(contact_id, sender, found, binding))


def bind(link: LinkFacts | None, identity: IdentityRef, *, phone: str, owner: int | None, now: datetime) -> Binding:
    """What one link means for the identity that sent its code (M5).

    `phone` is the number that the platform vouches for (empty: none), `owner` the contact that the identity belongs to
    already (None: nobody). Never takes an identity from its owner.
    """
    if link is None:
        return UnknownCode()
    if owner is not None and owner != link.contact_id:
        return Elsewhere(link, owner)
    if link.bound == identity or (owner is not None and (link.bound is not None or now >= link.expires_at)):
        return Same(link)
    if now >= link.expires_at:
        return Expired(link)
    has_number = bool(phone) and bool(link.phone_keys)
    same_number = has_number and key_of_e164(phone) in link.phone_keys
    if owner is None and has_number and not same_number:
        return PossibleForward(link, Why.NUMBER_DIFFERS)
    if link.bound is not None and not same_number:
        return PossibleForward(link, Why.BOUND_TO_ANOTHER)
    return Bound(link, Trust.VERIFIED if same_number else Trust.TOKEN_LINKED)


class Need(StrEnum):
    """What somebody wants to do with an identity's trust (M6)."""

    CHAT = "chat"
    SEND = "send"  # an ordinary message about nothing sensitive
    SELF_SERVICE = "self_service"  # shows or moves anything of the customer's
    SENSITIVE = "sensitive"  # a template with an attribute marked sensitive


def is_trusted(trust: Trust, need: Need) -> bool:
    """Whether M6 lets an identity of this trust do that: self-service and sensitive content need a verified one."""
    return trust is Trust.VERIFIED or need in (Need.CHAT, Need.SEND)


class DigitsRight(msgspec.Struct, frozen=True):
    """The holder of the link knows the number in the list: token-linked, never verified by this."""


class DigitsWrong(msgspec.Struct, frozen=True):
    """Wrong; so many attempts are left. At none the question is closed."""

    attempts_left: int


class NoDigits(msgspec.Struct, frozen=True):
    """Not an answer: an ordinary message, which counts as no attempt."""


DigitsAnswer = DigitsRight | DigitsWrong | NoDigits


def check_digits(answer: str, phone_keys: frozenset[str], wrong_so_far: int) -> DigitsAnswer:
    """Judge the answer to M5's second question: the last four digits (or more) of a number in the list.

    Digits of any script count, whatever stands around them. After three wrong answers every one is wrong, the right
    one too; a contact without a number cannot be confirmed so.
    """
    digits = "".join(str(unicodedata.decimal(c)) for c in answer if unicodedata.decimal(c, None) is not None)
    if not QUESTION_DIGITS <= len(digits) <= PHONE_DIGITS_MAX:
        return NoDigits()
    if wrong_so_far >= QUESTION_ATTEMPTS_MAX:
        return DigitsWrong(0)
    if any(key.removeprefix("+").endswith(digits) for key in phone_keys):
        return DigitsRight()
    return DigitsWrong(QUESTION_ATTEMPTS_MAX - wrong_so_far - 1)


def _find_known(sender: Sender, found: Found) -> tuple[int, Trust, Rule] | None:
    """The first two steps of M2: the exact identity, then an alias of the same payload."""
    if sender.identity in found.owners:
        return (*found.owners[sender.identity], Rule.IDENTITY)
    for alias in sender.aliases:
        if alias in found.owners:
            return (*found.owners[alias], Rule.ALIAS)
    return None


def _bind_found(sender: Sender, found: Found, owner: int | None, now: datetime) -> Binding | None:
    """The binding of the message's links: of several, that of the one contact they all name."""
    if not found.codes:
        return None
    if len({link.contact_id for link in found.links}) > 1:
        return Ambiguous(found.links)
    bindings = [bind(link, sender.identity, phone=sender.phone, owner=owner, now=now) for link in found.links]
    best = (Bound, Same, PossibleForward, Elsewhere, Expired)
    return min(bindings, key=lambda b: best.index(type(b)) if type(b) in best else 9, default=UnknownCode())


def _suggest(contact_id: int, sender: Sender, found: Found, binding: Binding | None) -> tuple[Suggestion, ...]:
    """Every contact that weaker evidence names beside the one that was chosen."""
    hints: list[tuple[int, Rule]] = [
        (found.owners[alias][0], Rule.ALIAS) for alias in sender.aliases if alias in found.owners
    ]
    if isinstance(binding, Ambiguous):
        hints += [(link.contact_id, Rule.TOKEN) for link in binding.links]
    elif isinstance(binding, Elsewhere | PossibleForward):
        hints.append((binding.link.contact_id, Rule.TOKEN))
    if len(set(found.phone_owners)) == 1:
        hints.append((found.phone_owners[0], Rule.PHONE))
    first: dict[int, Rule] = {}
    for other, evidence in hints:
        if other != contact_id:
            first.setdefault(other, evidence)
    return tuple(Suggestion(contact_id, other, evidence) for other, evidence in first.items())


def _is_question_due(binding: Binding | None) -> bool:
    """Only a possible forward is asked, and only where there is a number to ask about."""
    return isinstance(binding, PossibleForward) and bool(binding.link.phone_keys)
