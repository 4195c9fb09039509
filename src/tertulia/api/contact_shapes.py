"""The shapes of what the API says and takes about contacts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema


class ListedOut(Schema):
    """`phone` in E.164; `sms`: it takes SMS; `apps`: kinds of the linked identities."""

    id: int
    name: str
    surname: str
    country: str
    source: str
    created_at: datetime
    active_at: datetime | None
    phone: str | None
    sms: bool
    apps: list[str]


class PageOut(Schema):
    """One page; `next` is the cursor of the next one, empty at the end. `total` counts all that the filter finds."""

    contacts: list[ListedOut]
    next: str
    total: int


class AddressOut(Schema):
    kind: str
    value: str
    line_type: str
    country: str
    sms: bool
    dead_code: str
    source: str
    added_at: datetime


class IdentityOut(Schema):
    """`kind`: an app, a phone or e-mail that is proven, or an id of the business's own apps and sites (user_id,
    anonymous_id). `trust`: claimed, token_linked or verified; `unlinked_at` when it is no longer the contact's."""

    contact_id: int
    kind: str
    scope: str
    value: str
    channel_id: int | None
    name: str
    username: str
    trust: str
    evidence: dict[str, Any]
    linked_at: datetime
    unlinked_at: datetime | None
    window_until: datetime | None
    signal: str


class ConsentOut(Schema):
    """A row of the ledger with its proof."""

    id: UUID
    contact_id: int
    address: str
    channel: str
    topic: str
    state: str
    source: str
    text_version: str
    actor: str
    at: datetime
    proof: dict[str, Any]


class StateOut(Schema):
    """What the ledger says now of an address or identity: granted, withdrawn or none; `blocked` by the platform."""

    address: str
    channel: str
    topic: str
    state: str
    blocked: bool


class SuppressionOut(Schema):
    kind: str
    value: str
    cause: str
    channel: str
    source: str
    at: datetime
    lifted_at: datetime | None


class SuggestionOut(Schema):
    contact_id: int
    other_id: int
    rule: str
    evidence: dict[str, Any]
    at: datetime
    state: str


class MergeOut(Schema):
    id: UUID
    absorbed: int
    into: int
    evidence: dict[str, Any]
    actor: str
    at: datetime
    undone_at: datetime | None


class ContactOut(Schema):
    """A contact with all that belongs to it and to those merged into it (`family`). `asked_id` is the id asked for."""

    id: int
    asked_id: int
    family: list[int]
    name: str
    surname: str
    locale: str
    zone: str
    country: str
    external_id: str
    attributes: dict[str, Any]
    source: str
    created_at: datetime
    updated_at: datetime
    active_at: datetime | None
    erased_at: datetime | None
    addresses: list[AddressOut]
    identities: list[IdentityOut]
    consents: list[ConsentOut]
    consent_states: list[StateOut]
    suppressions: list[SuppressionOut]
    suggestions: list[SuggestionOut]
    merges: list[MergeOut]


class EventOut(Schema):
    """One event. `type`: identify, track, page, screen, group or alias; `derived` of one that Tertulia added itself
    (`session_started`, `session_ended`), whose `source_id` is 0. Of identify and group `properties` are the traits.
    `contact_id` is whom it came to, who may be merged since; 0 for a group's own. `imported`: it came from a file of
    past events, and started nothing."""

    id: UUID
    contact_id: int
    source_id: int
    type: str
    name: str
    message_id: str
    user_id: str
    anonymous_id: str
    properties: dict[str, Any]
    context: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    imported: bool


class HappeningOut(Schema):
    """One line of the timeline. Of an event `ref` is its id, `fact` its type and `text` its name."""

    at: datetime
    what: str
    contact_id: int
    channel_id: int | None
    ref: str
    fact: str
    text: str
    match_id: int | None


class DecisionOut(Schema):
    """A row of the decision ledger; `sentence` tells it. `step`: of the journey."""

    id: UUID
    contact_id: int
    match_id: int | None
    delivery_id: UUID | None
    at: datetime
    outcome: str
    gate: str
    reason: str
    sentence: str
    facts: dict[str, Any]
    epoch: int
    journey_id: int | None
    step: str


class DeliveryOut(Schema):
    """A delivery, undecided or with its verdict. `cost_micros` in millionths of `currency`. `step`: of the journey."""

    id: UUID
    contact_id: int
    channel_id: int
    match_id: int | None
    stage: int
    message_class: str
    state: str
    attempt: int
    to_kind: str
    to_value: str
    content: dict[str, Any]
    cause: str
    reason: str
    provider_ids: list[str]
    parts: int
    cost_micros: int
    currency: str
    flags: list[str]
    made_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    journey_id: int | None
    step: str | None


class RunOut(Schema):
    """A passage through a journey. `event`: what began it; `step`: where the run is, or was at its end; `due_at`: when
    a wait ends. Of one that is over the `outcome` (completed, left, exited), the `reason` with its `sentence`, and the
    `event_id` that ended it; all empty while it lives. `goal_at`: when the journey's goal was reached, which may be
    after its end; `goal_step`: the step of the last message before it, empty where none had gone out.
    `answers` by the steps that asked; `asked`: a question waits.
    `results`: what steps that call an API saved, by their ids. `exit_at`: when the journey's exit condition will end
    it, if nothing but the time changes."""

    id: UUID
    contact_id: int
    journey_id: int
    journey: str
    revision: int
    key: str
    step: str
    event: dict[str, Any]
    entered_at: datetime
    started_at: datetime
    due_at: datetime | None
    outcome: str
    reason: str
    sentence: str
    event_id: UUID | None
    ended_at: datetime | None
    goal_at: datetime | None
    goal_step: str | None
    answers: dict[str, Any]
    asked: bool
    results: dict[str, Any] = {}
    exit_at: datetime | None = None


class GateOut(Schema):
    """One gate in its order: passed, failed or not_reached."""

    gate: str
    state: str
    facts: dict[str, Any]


class ConditionOut(Schema):
    name: str
    met: bool
    sentence: str


class WhyOut(Schema):
    """The account of one contact and one match: one sentence, the gates, all decisions. `conditions` only for who was
    never in the audience."""

    contact_id: int
    match_id: int
    outcome: str
    reason: str
    sentence: str
    at: datetime | None
    gates: list[GateOut]
    decisions: list[DecisionOut]
    conditions: list[ConditionOut]


class ConflictOut(Schema):
    """A conflict of a merge: what each contact says, and what will hold."""

    what: str
    subject: str
    root: str
    absorbed: str
    holds: str


class MergePreviewOut(Schema):
    """What a merge would do; nothing with an `obstacle`. `revoked`: queued messages that would be taken back."""

    obstacle: str
    sentence: str
    conflicts: list[ConflictOut]
    revoked: int


class MergeIn(Schema):
    absorbed: int


class ConsentIn(Schema):
    """`address` as the ledger writes it (`phone:+55…`, `telegram:bot:77`), `*` everywhere; `channel` a kind, `sms` or
    `*`; `topic` marketing, service or `*`; `state` granted or withdrawn; `reason`: on what it rests."""

    address: str = "*"
    channel: str = "*"
    topic: str = "marketing"
    state: str
    reason: str


class DismissIn(Schema):
    contact_id: int
    other_id: int


class AskedOut(Schema):
    """`decided` is false when the engine has not come to it yet; it will."""

    decided: bool
