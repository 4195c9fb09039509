"""What a cycle loads of contacts, their identities and deliveries: the rows that decisions read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tertulia.core.consent import ConsentFact
from tertulia.core.identity import IdentityRef, Trust


@dataclass(slots=True)
class IdentityRow:
    """The directory's row: whose the identity is, or where that is being decided."""

    contact_id: int | None
    route: int
    trust: Trust


@dataclass(slots=True)
class AddressRow:
    kind: str
    value: str
    canonical: str
    country: str
    sms: bool
    line_type: str
    dead_code: str = ""


@dataclass(slots=True)
class LinkedIdentity:
    """The contact's side of an identity that is linked now."""

    identity: IdentityRef
    channel_id: int | None
    trust: Trust
    name: str
    username: str
    linked_at: datetime
    window_until: datetime | None
    signal: str
    reply_token: str
    owner: int  # the contact under which it stands: after a merge perhaps one that was absorbed


@dataclass(slots=True)
class ContactRow:
    """A contact with what decisions about it need."""

    id: int
    workspace: int
    name: str
    surname: str
    locale: str
    country: str
    source: str
    attributes: dict[str, Any]
    created_at: datetime
    zone: str = ""
    changed: dict[str, str] = field(default_factory=dict)  # field or attribute -> ISO instant of its last write (E2)
    active_at: datetime | None = None
    merged_into: int | None = None
    erased: bool = False
    addresses: list[AddressRow] = field(default_factory=list)
    identities: list[LinkedIdentity] = field(default_factory=list)
    consents: list[ConsentFact] = field(default_factory=list)


@dataclass(slots=True)
class OpenDelivery:
    """A delivery without a verdict."""

    id: UUID
    workspace: int
    contact_id: int
    channel_id: int
    match_id: int | None
    stage: int
    class_: str
    lane: int
    state: str
    attempt: int
    to_kind: str
    to_value: str
    identity_scope: str
    content: dict[str, Any]
    cause: str
    deadline: datetime | None
    made_at: datetime
    journey_id: int | None = None
    run_id: UUID | None = None
    step: str = ""


@dataclass(slots=True)
class ClosedDelivery:
    """A delivery of the history."""

    id: UUID
    workspace: int
    contact_id: int
    channel_id: int
    match_id: int | None
    stage: int
    class_: str
    state: str
    to_kind: str
    to_value: str
    parts: int
    provider_ids: Sequence[str]
    journey_id: int | None = None
    run_id: UUID | None = None
    step: str = ""


@dataclass(slots=True)
class SessionRow:
    """A running session (R6). `ends_at`: when it ends, unless something was done since that was set."""

    contact_id: int
    workspace: int
    id: UUID
    started_at: datetime
    ends_at: datetime


@dataclass(slots=True)
class RunRow:
    """A live run of a journey; fields as in run_effects.SetRun."""

    id: UUID
    workspace: int
    contact_id: int
    journey_id: int
    revision: int
    key: str
    step: str
    visit: int
    entered_at: datetime
    started_at: datetime
    since: datetime
    due_at: datetime | None
    delivery_id: UUID | None
    event: dict[str, Any]
    withheld: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    question: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    exit_at: datetime | None = None


@dataclass(slots=True)
class CallRow:
    """A call to a company's API without a verdict; fields as in call_effects.QueueCall and SetCall. `saved`: what was
    kept of the answer of which an entry tells."""

    id: UUID
    workspace: int
    contact_id: int
    journey_id: int
    run_id: UUID
    step: str
    visit: int
    endpoint_id: int
    method: str
    has_status: bool
    state: str
    attempt: int
    tries: int
    asked: int
    reason: str
    made_at: datetime
    saved: dict[str, Any]


@dataclass(slots=True)
class OtpRow:
    """A one-time code that may still be sent; fields as in otp_effects.SetOtp. `ways`: where to, in order, each with
    `channel`, `kind`, `value`, `scope` and `content`, in which a mask stands for the code. `sealed` is the code, for
    the sender alone. `newcomer`: name, language and addresses of who was not known when it was asked for."""

    id: UUID
    workspace: int
    contact_id: int
    sealed: str
    ways: Sequence[Mapping[str, Any]]
    newcomer: Mapping[str, Any]
    place: int
    delivery_id: UUID | None
    due_at: datetime | None
    patience_s: float
    expires_at: datetime


@dataclass(slots=True)
class PassageRow:
    """When a contact last entered a journey under a key, and was last written to by it (R2)."""

    journey_id: int
    contact_id: int
    key: str
    entry_at: datetime
    message_at: datetime | None


@dataclass(slots=True)
class SlotRow:
    """A logical message's place under the caps; fields as in slot_effects.SetSlot."""

    contact_id: int
    message_id: UUID
    delivery_id: UUID
    channel: str
    topic: str
    class_: str
    important: bool
    state: str
    at: datetime


@dataclass(slots=True)
class CouponRow:
    """A customer's code from a journey; fields as in coupon_effects.ClaimCoupon. `given`: it never comes back."""

    contact_id: int
    journey_id: int
    pool_id: int
    run_id: UUID
    delivery_id: UUID
    code: str
    given: bool
    claimed_at: datetime
    expires_at: datetime | None


@dataclass(slots=True)
class WatchRow:
    """A message that a journey begins by if it is ignored, its time over; fields as in entry_effects.WatchMessage.
    `heeded`: it was read, clicked or answered meanwhile."""

    contact_id: int
    workspace: int
    journey_id: int
    delivery_id: UUID
    due_at: datetime
    properties: dict[str, Any]
    depth: int
    heeded: bool


@dataclass(slots=True)
class GoalRow:
    """A run, live or over, whose goal is not reached yet; fields as in entry_effects.OpenGoal. `earlier_steps`, at
    `earlier_at`: those of the messages before the last one, for an event that comes late (G2)."""

    workspace: int
    contact_id: int
    run_id: UUID
    journey_id: int
    revision: int
    began_by: str
    since: datetime
    until: datetime
    step: str
    sent_at: datetime | None
    earlier_steps: tuple[str, ...] = ()
    earlier_at: tuple[datetime, ...] = ()


@dataclass(slots=True)
class AssignmentRow:
    """The way that a customer goes at a split, since when (A1), and the contact that they were then."""

    way: str
    at: datetime
    contact_id: int


class Recalled(msgspec.Struct, frozen=True):
    """A stored event that may have ended a run before it began (E5, X3)."""

    id: UUID
    occurred_at: datetime
    type: str
    name: str
    properties: Mapping[str, Any]


class Done(msgspec.Struct, frozen=True):
    """What a session needs of a stored event."""

    occurred_at: datetime
    source_id: int
    type: str
    name: str
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
