"""Merging contacts: a redirect, never a deletion (M8).

The absorbed contact points to the root; its children (messages, links, identities, ledger rows) keep its id and are
read together with the root's. Undo takes the redirect away. A merge starts and triggers nothing. Before it, `preview`
shows every conflict and what will hold: of an attribute the later write, of consent the stricter rule, of two open
conversations on one channel the older one. Replies go to the identity of the message they answer, whichever contact
it came by.

Evidence suggests; a person decides. `may_merge_itself` lets through only what needs no judgement: one verified number
or one identity seen on both, and never two contacts with different user ids. Likeness of names alone suggests nothing
that merges, and placeholder values (`null`, `000000`, `test@test.com`) are no evidence at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from tertulia.core.consent import ConsentFact, ConsentState, Target, derive, derive_all, unite, unite_ledgers
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.search import fold

NAME_LIKENESS_MIN: Final = 0.85  # Souza and Sousa, not Souza and Lima
NAME_CHARACTERS_MIN: Final = 5

PLACEHOLDERS: Final = frozenset(
    {
        *("", "-", "--", ".", "?", "0", "1", "x", "xx", "xxx", "n/a", "na", "nan", "n.n.", "nil", "none", "null"),
        *("undefined", "unknown", "anonymous", "guest", "user", "customer", "client", "test", "tester", "testing"),
        *("true", "false", "[object object]", "not set", "no name", "noname", "sem nome", "cliente", "teste"),
        *("desconhecido", "sin nombre", "nombre", "nome", "name", "bez jmena", "fara nume", "undisclosed"),
        *(
            "无名",
            "未知",
            "客户",
            "测试",
            "غير معروف",
            "مجهول",
            "عميل",
            "not_authenticated",
            "00000000-0000-0000-0000-000000000000",
        ),
    }
)
"""Values that stand for "nothing", folded; compared after `fold`."""

PLACEHOLDER_MAILBOXES: Final = frozenset(
    {"test", "teste", "none", "no", "na", "noemail", "nomail", "no-email", "sememail", "noreply", "no-reply", "example"}
)
PLACEHOLDER_DOMAINS: Final = frozenset(
    {"test.com", "example.com", "example.org", "example.net", "email.com", "none.com"}
)


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """An identity of a contact, with its trust and when it was last heard of; `channel_id` it writes on."""

    identity: IdentityRef
    trust: Trust
    channel_id: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class OpenConversation:
    """A conversation that is not resolved."""

    id: str
    channel_id: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """What a merge looks at. `fields` are attributes and names with the time of their last write (E2); `phone_keys`
    and `emails` the addresses (keys of national variants; folded e-mails); `verified_keys` those that a platform or a
    one-time code vouched for; `user_ids` the company's own."""

    contact_id: int
    name: str
    fields: Mapping[str, tuple[str, datetime]]
    phone_keys: frozenset[str] = frozenset()
    verified_keys: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    user_ids: frozenset[str] = frozenset()
    identities: tuple[LinkedIdentity, ...] = ()
    consents: tuple[ConsentFact, ...] = ()
    conversations: tuple[OpenConversation, ...] = ()
    queued: int = 0
    merged_into: int | None = None
    erased: bool = False


class Obstacle(StrEnum):
    """Why two contacts cannot be merged at all."""

    SAME_CONTACT = "same_contact"
    ALREADY_MERGED = "already_merged"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """Two values of one attribute; `kept` is the later write."""

    field: str
    root: str
    absorbed: str
    kept: str


@dataclass(frozen=True, slots=True)
class ConsentConflict:
    """Two states for one target; `holds` is the stricter."""

    target: Target
    root: ConsentState
    absorbed: ConsentState
    holds: ConsentState


@dataclass(frozen=True, slots=True)
class ConversationConflict:
    """Two open conversations on one channel: the older stays, the other is closed with a pointer to it."""

    channel_id: int
    stays: str
    closes: str


@dataclass(frozen=True, slots=True)
class UserIdConflict:
    """Different ids of the company's own systems: only a person may say that they are one."""

    root: frozenset[str]
    absorbed: frozenset[str]


Conflict = FieldConflict | ConsentConflict | ConversationConflict | UserIdConflict


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do: nothing at all with an `obstacle`; else every conflict with what will hold, and how many
    queued messages of the absorbed contact are revoked."""

    obstacle: Obstacle | None
    conflicts: tuple[Conflict, ...] = ()
    revoked: int = 0


class Evidence(StrEnum):
    """What says that two contacts are one person, strongest first."""

    SAME_IDENTITY = "same_identity"
    SAME_VERIFIED_NUMBER = "same_verified_number"
    SAME_USER_ID = "same_user_id"
    SAME_EMAIL = "same_email"
    SAME_NUMBER = "same_number"
    SIMILAR_NAME = "similar_name"


_MERGES_ITSELF: Final = frozenset({Evidence.SAME_IDENTITY, Evidence.SAME_VERIFIED_NUMBER, Evidence.SAME_USER_ID})


def preview(root: Person, absorbed: Person) -> Preview:
    """Every conflict of a merge, before anything is done (M8)."""
    if root.contact_id == absorbed.contact_id:
        return Preview(Obstacle.SAME_CONTACT)
    if root.erased or absorbed.erased:
        return Preview(Obstacle.ERASED)
    if root.merged_into is not None or absorbed.merged_into is not None:
        return Preview(Obstacle.ALREADY_MERGED)
    conflicts: list[Conflict] = [
        *_find_user_ids(root, absorbed),
        *_find_fields(root, absorbed),
        *_find_consents(root, absorbed),
        *_find_conversations(root, absorbed),
    ]
    return Preview(None, tuple(conflicts), absorbed.queued)


def unite_consents(
    root: Person, absorbed: Person, *, merge_id: str, at: datetime, actor: str
) -> tuple[ConsentFact, ...]:
    """Ledger rows to append with the merge, so that the two ledgers read together hold the stricter rule."""
    return unite_ledgers(
        root.consents, absorbed.consents, root_id=root.contact_id, merge_id=merge_id, at=at, actor=actor
    )


def follow(contact_id: int, redirects: Mapping[int, int]) -> int:
    """The root that a contact is read as now. Total: a ring of redirects, which nothing here makes, ends at its
    smallest id."""
    path = [contact_id]
    while (into := redirects.get(path[-1])) is not None:
        if into in path:
            return min(path[path.index(into) :])
        path.append(into)
    return path[-1]


def undo(redirects: Mapping[int, int], absorbed: int) -> dict[int, int]:
    """The redirects without this one. Merges into the absorbed contact stay: they were other decisions."""
    return {child: root for child, root in redirects.items() if child != absorbed}


def choose_reply_identity(
    answered: IdentityRef | None, linked: Sequence[LinkedIdentity], channel_id: int
) -> IdentityRef | None:
    """Where a reply goes: the identity of the message that it answers, if that is linked still, whichever of the
    merged contacts it belongs to; without one, the identity on that channel that was heard of last; None without any.
    """
    if answered is not None:
        return answered if any(row.identity == answered for row in linked) else None
    rows = [row for row in linked if row.channel_id == channel_id]
    latest = max(rows, key=lambda row: (row.seen_at, row.identity.value), default=None)
    return latest.identity if latest else None


def find_evidence(one: Person, other: Person) -> tuple[Evidence, ...]:
    """What suggests that two contacts are one person, strongest first; empty for nothing (M8).

    Likeness of names is evidence only beside something else: a million customers hold many pairs of one name."""
    found = []
    if {row.identity for row in one.identities} & {row.identity for row in other.identities}:
        found.append(Evidence.SAME_IDENTITY)
    if one.verified_keys & other.verified_keys:
        found.append(Evidence.SAME_VERIFIED_NUMBER)
    if _real(one.user_ids) & _real(other.user_ids):
        found.append(Evidence.SAME_USER_ID)
    if _real(one.emails) & _real(other.emails):
        found.append(Evidence.SAME_EMAIL)
    if one.phone_keys & other.phone_keys and Evidence.SAME_VERIFIED_NUMBER not in found:
        found.append(Evidence.SAME_NUMBER)
    if found and is_similar_name(one.name, other.name):
        found.append(Evidence.SIMILAR_NAME)
    return tuple(found)


def may_merge_itself(one: Person, other: Person) -> bool:
    """Whether evidence is enough without a person. Never with different user ids (M8)."""
    mine, theirs = _real(one.user_ids), _real(other.user_ids)
    if mine and theirs and not mine & theirs:
        return False
    return bool(_MERGES_ITSELF & set(find_evidence(one, other)))


def is_similar_name(one: str, other: str) -> bool:
    """Nearly the same name, whatever its case, accents and order of words; placeholders are like nothing."""
    first, second = (" ".join(sorted(fold(name).split())) for name in (one, other))
    if is_placeholder(one) or is_placeholder(other) or min(len(first), len(second)) < NAME_CHARACTERS_MIN:
        return first == second and not is_placeholder(one)
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= NAME_LIKENESS_MIN


def is_placeholder(value: str) -> bool:
    """A value that stands for nothing: a word for it, one digit repeated, a mailbox that everybody makes up."""
    folded = fold(value)
    if folded in PLACEHOLDERS or (len(set(folded)) == 1 and len(folded) > 2):
        return True
    mailbox, at, domain = folded.partition("@")
    return bool(at) and (mailbox in PLACEHOLDER_MAILBOXES or domain in PLACEHOLDER_DOMAINS)


def _real(values: Iterable[str]) -> set[str]:
    return {value for value in values if not is_placeholder(value)}


def _find_user_ids(root: Person, absorbed: Person) -> list[UserIdConflict]:
    mine, theirs = frozenset(_real(root.user_ids)), frozenset(_real(absorbed.user_ids))
    return [UserIdConflict(mine, theirs)] if mine and theirs and mine != theirs else []


def _find_fields(root: Person, absorbed: Person) -> list[FieldConflict]:
    """Values that differ; an empty or placeholder one is no conflict."""
    conflicts = []
    for field in sorted(root.fields.keys() & absorbed.fields.keys()):
        (mine, mine_at), (theirs, theirs_at) = root.fields[field], absorbed.fields[field]
        if mine != theirs and not is_placeholder(mine) and not is_placeholder(theirs):
            conflicts.append(FieldConflict(field, mine, theirs, theirs if theirs_at > mine_at else mine))
    return conflicts


def _find_consents(root: Person, absorbed: Person) -> list[ConsentConflict]:
    """Targets on which both have an opinion, and not the same."""
    conflicts = []
    for target in derive_all((*root.consents, *absorbed.consents)):
        mine, theirs = derive(root.consents, target), derive(absorbed.consents, target)
        if None not in (mine.given, theirs.given) and mine.given != theirs.given:
            conflicts.append(ConsentConflict(target, mine, theirs, unite(mine, theirs)))
    return conflicts


def _find_conversations(root: Person, absorbed: Person) -> list[ConversationConflict]:
    conflicts = []
    theirs = {c.channel_id: c for c in absorbed.conversations}
    for mine in root.conversations:
        if other := theirs.get(mine.channel_id):
            stays, closes = sorted((mine, other), key=lambda c: (c.opened_at, c.id))
            conflicts.append(ConversationConflict(mine.channel_id, stays.id, closes.id))
    return conflicts
