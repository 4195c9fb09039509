"""What a decision brings about: a closed union of effects.

The core returns effects; `world.fold` shows them to the later decisions of the same cycle, and the store writes them
folded by kind, one statement each. An effect names every value it writes (no defaults in the database).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tertulia.core.budget_effects import BudgetEffect
from tertulia.core.call_effects import CallEffect
from tertulia.core.coupon_effects import CouponEffect
from tertulia.core.entries import Entry
from tertulia.core.entry_effects import EntryEffect
from tertulia.core.event_effects import EventEffect
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.otp_effects import SetOtp
from tertulia.core.run_effects import RunEffect
from tertulia.core.segment_effects import SegmentEffect
from tertulia.core.slot_effects import SlotEffect
from tertulia.core.talk_effects import TalkEffect


class CreateContact(msgspec.Struct, frozen=True):
    """A new contact: an unknown person wrote to us (M2, last step) or was told of by an app or site."""

    workspace: int
    contact_id: int
    name: str
    locale: str
    country: str
    source: str
    at: datetime
    active_at: datetime | None  # None: nobody has seen them yet, they were only told of


class AddAddress(msgspec.Struct, frozen=True):
    """A number that the platform vouches for, or an address that an app or site tells, becomes one of the contact's."""

    workspace: int
    contact_id: int
    kind: str
    value: str
    canonical: str
    line_type: str
    country: str
    sms: bool
    source: str
    at: datetime


class RouteIdentity(msgspec.Struct, frozen=True):
    """Another shard decides whose an identity is: later messages follow the same way and keep their order."""

    workspace: int
    identity: IdentityRef
    shard: int
    at: datetime


class LinkIdentity(msgspec.Struct, frozen=True):
    """The identity belongs to the contact from now on. `evidence` names rule, link, match and message."""

    workspace: int
    identity: IdentityRef
    contact_id: int
    channel_id: int | None
    trust: Trust
    name: str
    username: str
    evidence: dict[str, Any]
    at: datetime
    window_until: datetime | None = None
    signal: str = ""
    reply_token: str = ""


class UnlinkIdentity(msgspec.Struct, frozen=True):
    """The identity no longer belongs to the contact; its history stays."""

    workspace: int
    identity: IdentityRef
    contact_id: int
    at: datetime


class TouchIdentity(msgspec.Struct, frozen=True):
    """What the last message says of an identity: name, window, reply token, signal, a higher trust."""

    workspace: int
    identity: IdentityRef
    contact_id: int
    name: str
    username: str
    trust: Trust
    window_until: datetime | None
    signal: str
    reply_token: str
    at: datetime


class RecordConsent(msgspec.Struct, frozen=True):
    """One row of the consent ledger (C1)."""

    workspace: int
    contact_id: int
    id: UUID
    address: str
    channel: str
    topic: str
    state: str
    source: str
    evidence: dict[str, Any]
    text_version: str
    actor: str
    at: datetime


class Suppress(msgspec.Struct, frozen=True):
    """An address is not to be written to, for one of the causes that stay apart (C4)."""

    workspace: int
    kind: str
    canonical: str
    cause: str
    channel: str
    source: str
    evidence: dict[str, Any]
    at: datetime


class LiftSuppression(msgspec.Struct, frozen=True):
    """A suppression of one cause is lifted: the customer asked for it."""

    workspace: int
    kind: str
    canonical: str
    cause: str
    channel: str
    at: datetime


class MarkAddressDead(msgspec.Struct, frozen=True):
    """The provider says that nothing can arrive there."""

    workspace: int
    contact_id: int
    kind: str
    value: str
    code: str
    at: datetime


class BindLink(msgspec.Struct, frozen=True):
    """First use binds (M5)."""

    workspace: int
    contact_id: int
    match_id: int
    code_hash: bytes
    identity: IdentityRef
    at: datetime


class MintLink(msgspec.Struct, frozen=True):
    """One link per contact and send (M4)."""

    workspace: int
    contact_id: int
    match_id: int
    code_hash: bytes
    attempt: int
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MintMessageLink:
    """A link of a journey's message to a web address, `target` (M4)."""

    workspace: int
    contact_id: int
    code_hash: bytes
    delivery_id: UUID
    channel_id: int
    journey_id: int
    run_id: UUID
    step: str
    name: str
    target: str = field(repr=False)
    at: datetime
    expires_at: datetime


class StoreClick(msgspec.Struct, frozen=True):
    """An opening of a link, with what it was taken for (M9): of a match, or the one called `link` in a journey's
    message."""

    workspace: int
    contact_id: int
    match_id: int | None
    id: UUID
    app: str
    class_: str
    at: datetime
    delivery_id: UUID | None = None
    channel_id: int | None = None
    journey_id: int | None = None
    step: str | None = None
    link: str | None = None


class Progress(msgspec.Struct, frozen=True):
    """How far a contact has come in a match, and with `app` in that app: what is given changes, only forward."""

    workspace: int
    contact_id: int
    match_id: int
    at: datetime
    step: str  # sending, sent, delivered, clicked, wrote, matched, unreached; empty: other facts only
    state: str  # where that leaves the contact: progress.next_progress
    reason: str | None = None
    app: str = ""
    stage: int | None = None
    direct: str | None = None
    cost_micros: int = 0
    currency: str = ""
    forwarded: bool = False


class SuggestMerge(msgspec.Struct, frozen=True):
    """Perhaps the same person; a person decides (M2, M8)."""

    workspace: int
    contact_id: int
    other_id: int
    rule: str
    evidence: dict[str, Any]
    at: datetime


class SettleSuggestion(msgspec.Struct, frozen=True):
    """A suggestion was followed or dismissed."""

    workspace: int
    contact_id: int
    other_id: int
    state: str
    actor: str


class MergeContact(msgspec.Struct, frozen=True):
    """M8: a redirect. The absorbed contact's children keep its id."""

    workspace: int
    contact_id: int
    into_id: int
    id: UUID
    evidence: dict[str, Any]
    actor: str
    at: datetime


class RecordAbsorption(msgspec.Struct, frozen=True):
    """The merge as the contact that stays has it, so that its undoing is seen where its consent is read."""

    workspace: int
    contact_id: int
    absorbed_id: int
    id: UUID
    actor: str
    at: datetime
    undone: bool


class UndoMerge(msgspec.Struct, frozen=True):
    """The redirect is taken away."""

    workspace: int
    contact_id: int
    id: UUID
    actor: str
    at: datetime


class QueueDelivery(msgspec.Struct, frozen=True):
    """A message to be sent. Its id is derived from its cause, so the same cause queues it once."""

    workspace: int
    contact_id: int
    id: UUID
    channel_id: int
    match_id: int | None
    stage: int
    class_: str
    lane: int
    to_kind: str
    to_value: str
    identity_scope: str
    content: dict[str, Any]
    cause: str
    not_before: datetime
    deadline: datetime | None
    at: datetime
    journey_id: int | None = None
    run_id: UUID | None = None
    step: str = ""  # of the journey


class SetOpenState(msgspec.Struct, frozen=True):
    """An undecided delivery goes from one open state to another (I4): sending with its content, back to queued for a
    retry, unknown, held until `not_before`. `held_by`: the gate that holds it, where it looks at it sooner when what it
    hangs on has changed."""

    workspace: int
    contact_id: int
    id: UUID
    state: str
    attempt: int
    content: dict[str, Any]
    not_before: datetime
    held_by: str = ""


class AskProvider(msgspec.Struct, frozen=True):
    """The provider is to be asked about a delivery whose outcome is unknown (S3): question `number` is due `at` by the
    decision clock, None when it has been asked for the last time. `handed_at` is the earliest instant, in real time,
    at which the provider may have taken it."""

    workspace: int
    contact_id: int
    id: UUID
    number: int
    at: datetime | None
    handed_at: datetime | None = None


class CloseDelivery(msgspec.Struct, frozen=True):
    """A delivery gets its verdict and moves to the history. `content` is what was sent, without the secret part of
    personal links."""

    workspace: int
    contact_id: int
    match_id: int | None
    id: UUID
    state: str
    flag: str
    content: dict[str, Any]
    reason: str
    provider_ids: tuple[str, ...]
    parts: int
    cost_micros: int
    currency: str
    at: datetime


class AdvanceDelivery(msgspec.Struct, frozen=True):
    """A receipt moves a delivery of the history forward (I4)."""

    workspace: int
    contact_id: int
    id: UUID
    state: str
    reason: str
    flag: str
    at: datetime
    cost_micros: int | None = None
    currency: str = ""


class ReferTo(msgspec.Struct, frozen=True):
    """A provider's message id leads to our delivery; receipts that waited there are forwarded."""

    workspace: int
    channel_id: int
    provider_id: str
    delivery_id: UUID
    at: datetime


class Decide(msgspec.Struct, frozen=True):
    """One row of the decision ledger (S1): about a message, or about somebody who did not enter a journey."""

    workspace: int
    contact_id: int
    id: UUID
    match_id: int | None
    delivery_id: UUID | None
    outcome: str  # sent | held | not_sent | ghost | failed | revoked | not_entered | assigned
    gate: str
    reason: str
    facts: dict[str, Any]
    epoch: int
    at: datetime
    journey_id: int | None = None
    run_id: UUID | None = None
    step: str = ""


class Forward(msgspec.Struct, frozen=True):
    """An entry for another shard's owner, under an id derived from the one that caused it."""

    workspace: int
    shard: int
    key: str
    entry: Entry
    contact_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Erase:
    """The person is removed everywhere; of `addresses` a keyed hash stays as proof (C5). Raw requests may hold
    `values`, and what a business's apps sent the `ids` by which those know them, which may be as short as `7`."""

    workspace: int
    contact_id: int
    addresses: tuple[tuple[str, str], ...] = field(repr=False)  # kind, canonical
    values: tuple[str, ...] = field(repr=False)
    ids: tuple[tuple[str, str], ...] = field(repr=False)  # kind, value
    actor: str
    at: datetime


class FaultChannel(msgspec.Struct, frozen=True):
    """The account itself is refused by the provider: the channel stops, its messages wait."""

    workspace: int
    channel_id: int
    sentence: str
    at: datetime


Effect = (
    CreateContact
    | EventEffect
    | RunEffect
    | CallEffect
    | EntryEffect
    | SlotEffect
    | CouponEffect
    | BudgetEffect
    | TalkEffect
    | SegmentEffect
    | SetOtp
    | AddAddress
    | RouteIdentity
    | LinkIdentity
    | UnlinkIdentity
    | TouchIdentity
    | RecordConsent
    | Suppress
    | LiftSuppression
    | MarkAddressDead
    | BindLink
    | MintLink
    | MintMessageLink
    | StoreClick
    | Progress
    | SuggestMerge
    | SettleSuggestion
    | MergeContact
    | RecordAbsorption
    | UndoMerge
    | QueueDelivery
    | SetOpenState
    | AskProvider
    | CloseDelivery
    | AdvanceDelivery
    | ReferTo
    | Decide
    | Forward
    | Erase
    | FaultChannel
)
