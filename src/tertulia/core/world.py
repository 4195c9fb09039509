"""The working set of one cycle: the facts that its decisions read, and the effects that they bring about.

A cycle loads the facts of its entries with a fixed number of queries into a `World`; each decision reads it and calls
`add` with its effects, which are folded in at once, so that the next decision of the cycle sees them. Nothing here
has a clock, chance or I/O: `now` is the cycle's, and fresh contact ids come from a block of serial numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core.consent import Cause, ConsentFact, Given, Source, Suppression, read_subject
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import Entry, EventEntry, Inbound, Signal, TokenEntry, shard_of_identity
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.links import LinkRow
from tertulia.core.progress import ProgressRow, next_progress
from tertulia.ids import INDEX_OF_SHARD, make_contact_id, shard_of_contact

ACTIVE_STEP: Final = timedelta(minutes=1)  # when a contact was last seen is kept to the minute


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """What decisions need of a workspace. `link_key` keys the link codes; `link_base` is where links begin."""

    id: int
    name: str
    link_key: bytes = field(repr=False)
    link_base: str
    link_days: int
    country: str
    language: str
    currency: str
    epoch: int
    sensitive: frozenset[str] = frozenset()  # attributes that only a verified customer may be sent (M6)


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What decisions need of a connected channel."""

    id: int
    workspace: int
    kind: str
    name: str
    state: str
    app: bool
    scope: str
    window_s: int | None
    text_max: int
    may_write_first: str
    rate_per_s: float
    prices: Mapping[str, tuple[int, str]]  # by country, under "" for the rest: millionths and currency
    retry_safe: bool
    can_look_up: bool
    greeting: str
    offers_text: bool
    first_message: str

    def price_of(self, country: str) -> tuple[int, str]:
        """What one part of an SMS, or one message that we begin in an app, costs there: millionths and currency."""
        return self.prices.get(country) or self.prices.get("") or (0, "")


@dataclass(frozen=True, slots=True)
class DirectWay:
    """One way to write first on a platform that allows it, tried before the link."""

    channel_id: int
    template: str = ""
    language: str = ""
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """What decisions need of a match."""

    id: int
    workspace: int
    name: str
    state: str
    sms_channel: int | None
    text: str
    on_missing: str
    class_: str
    apps: tuple[int, ...]
    direct: tuple[DirectWay, ...]
    rate_per_s: float | None
    budget_micros: int | None
    neutral: str = ""  # the text for who is not verified where the other one is sensitive (M6)


@dataclass(frozen=True, slots=True)
class Config:
    """The workspaces' configuration at one epoch (E7)."""

    workspaces: Mapping[int, WorkspaceFacts]
    channels: Mapping[int, ChannelFacts]
    matches: Mapping[int, MatchFacts]
    undone: frozenset[str] = frozenset()  # evidence of undone imports and merges: import:7, merge:...
    zones: frozenset[str] = frozenset()  # the IANA database's names

    def epoch(self, workspace: int) -> int:
        return self.workspaces[workspace].epoch


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


@dataclass(slots=True)
class World:
    """Facts by key, and the effects so far. A key that was loaded and found absent is simply not there."""

    now: datetime
    config: Config
    serials: Iterator[int]
    identities: dict[tuple[int, IdentityRef], IdentityRow] = field(default_factory=dict)
    contacts: dict[int, ContactRow] = field(default_factory=dict)
    links: dict[bytes, LinkRow] = field(default_factory=dict)
    links_of: dict[int, list[LinkRow]] = field(default_factory=dict)
    conversations: dict[tuple[int, int], ConversationRow] = field(default_factory=dict)  # (contact, channel) it goes on
    talks: dict[UUID, ConversationRow] = field(default_factory=dict)  # every open one of the loaded contacts
    progress: dict[tuple[int, int], ProgressRow] = field(default_factory=dict)
    countries: dict[int, str] = field(default_factory=dict)  # of contacts of whom only the progress was loaded
    open: dict[UUID, OpenDelivery] = field(default_factory=dict)
    closed: dict[UUID, ClosedDelivery] = field(default_factory=dict)
    suppressed: dict[tuple[int, str, str], list[Suppression]] = field(default_factory=dict)
    owners_of: dict[tuple[int, str, str], list[int]] = field(default_factory=dict)
    seen_messages: set[tuple[int, str]] = field(default_factory=set)
    seen_events: set[tuple[date, UUID]] = field(default_factory=set)
    parted: set[tuple[int, int]] = field(default_factory=set)  # (absorbed, into) whose merge somebody undid
    asked: set[tuple[int, int]] = field(default_factory=set)  # (absorbed, into) whose merge events have asked for
    spent_micros: dict[int, int] = field(default_factory=dict)
    owned: frozenset[int] = frozenset()
    local: list[tuple[int, int, Entry]] = field(default_factory=list)
    effects: list[fx.Effect] = field(default_factory=list)

    def add(self, *effects: fx.Effect) -> None:
        """Record effects and let the later decisions of the cycle see them."""
        for effect in effects:
            self.effects.append(effect)
            _fold(self, effect)

    def fresh_contact_id(self, shard: int) -> int:
        """The id of a new contact that lives in `shard`."""
        return make_contact_id(next(self.serials), INDEX_OF_SHARD[shard])

    def follow(self, contact_id: int) -> int:
        """The contact that a merge redirects to (M8)."""
        seen = set()
        while (row := self.contacts.get(contact_id)) and row.merged_into is not None and contact_id not in seen:
            seen.add(contact_id)
            contact_id = row.merged_into
        return contact_id

    def country_of(self, contact_id: int) -> str:
        """A contact's country, empty when nobody knows."""
        row = self.contacts.get(contact_id)
        return row.country if row else self.countries.get(contact_id, "")

    def identity(self, workspace: int, identity: IdentityRef) -> IdentityRow | None:
        return self.identities.get((workspace, identity))

    def progress_to(self, contact_id: int, match_id: int, step: str = "", *, at: datetime, **facts: Any) -> None:
        """A contact comes further in a match whose audience it is in; nothing for anybody else. `facts` are the other
        fields of effects.Progress."""
        row = self.progress.get((match_id, contact_id))
        if row is None:
            return
        workspace = self.config.matches[match_id].workspace
        state = next_progress(row.state, step)
        if row.state == "matched" or (step == "unreached" and state != "unreached"):
            facts.pop("reason", None)  # it says why somebody came no further, and this one has
        self.add(fx.Progress(workspace, contact_id, match_id, at=at, step=step, state=state, **facts))

    def forward(self, workspace: int, shard: int, key: str, entry: Entry, contact_id: int | None = None) -> None:
        """Hand an entry to another shard's owner. Where that is the cycle's own and its facts are loaded, it is
        decided next, in the same transaction, without the way through the log."""
        if shard in self.owned and isinstance(entry, Inbound | Signal | TokenEntry | EventEntry):
            self.local.append((workspace, shard, entry))
            return
        self.add(fx.Forward(workspace, shard, key, entry, contact_id, self.now))


def _fold(world: World, effect: fx.Effect) -> None:
    handler = _FOLDS.get(type(effect))
    if handler is not None:
        handler(world, effect)


def _fold_create(world: World, e: fx.CreateContact) -> None:
    world.contacts[e.contact_id] = ContactRow(
        *(e.contact_id, e.workspace, e.name, "", e.locale, e.country, e.source, {}, e.at), active_at=e.active_at
    )


def _fold_change(world: World, e: ev.ChangeContact) -> None:
    contact = world.contacts[e.contact_id]
    for name, value in e.fields.items():
        setattr(contact, name, value)
    kept = {**contact.attributes, **e.attributes}
    contact.attributes = {name: value for name, value in kept.items() if value is not None}
    contact.changed |= {name: at.isoformat() for name, at in e.changed.items()}


def _fold_seen(world: World, e: ev.TouchContact) -> None:
    world.contacts[e.contact_id].active_at = e.at


def _fold_address(world: World, e: fx.AddAddress) -> None:
    contact = world.contacts[e.contact_id]
    if all((row.kind, row.value) != (e.kind, e.value) for row in contact.addresses):
        contact.addresses.append(AddressRow(e.kind, e.value, e.canonical, e.country, e.sms, e.line_type))
    owners = world.owners_of.setdefault((e.workspace, e.kind, e.canonical), [])
    if e.contact_id not in owners:
        owners.append(e.contact_id)


def _fold_route(world: World, e: fx.RouteIdentity) -> None:
    world.identities[(e.workspace, e.identity)] = IdentityRow(None, e.shard, Trust.CLAIMED)


def _fold_link(world: World, e: fx.LinkIdentity) -> None:
    shard = shard_of_contact(e.contact_id)
    world.identities[(e.workspace, e.identity)] = IdentityRow(e.contact_id, shard, e.trust)
    contact = world.contacts[e.contact_id]
    contact.identities = [row for row in contact.identities if row.identity != e.identity]
    contact.identities.append(
        LinkedIdentity(e.identity, e.channel_id, e.trust, e.name, e.username, e.at, None, "", "", e.contact_id)
    )


def _fold_unlink(world: World, e: fx.UnlinkIdentity) -> None:
    home = shard_of_identity(e.workspace, e.identity)
    world.identities[(e.workspace, e.identity)] = IdentityRow(None, home, Trust.CLAIMED)
    if contact := world.contacts.get(e.contact_id):
        contact.identities = [row for row in contact.identities if row.identity != e.identity]


def _fold_touch(world: World, e: fx.TouchIdentity) -> None:
    for row in world.contacts[e.contact_id].identities:
        if row.identity == e.identity:
            row.name, row.username, row.trust = e.name, e.username, e.trust
            row.window_until, row.signal, row.reply_token = e.window_until, e.signal, e.reply_token


def _fold_consent(world: World, e: fx.RecordConsent) -> None:
    world.contacts[e.contact_id].consents.append(
        ConsentFact(
            *(e.contact_id, read_subject(e.address), e.channel, e.topic, Given(e.state), Source(e.source), e.at),
            *(str(e.evidence.get("ref", "")), e.text_version, e.actor),
        )
    )


def _fold_suppress(world: World, e: fx.Suppress) -> None:
    world.suppressed.setdefault((e.workspace, e.kind, e.canonical), []).append(
        Suppression(Cause(e.cause), IdentityRef(e.kind, "", e.canonical), e.channel, e.at, e.source)
    )


def _fold_lift(world: World, e: fx.LiftSuppression) -> None:
    rows = world.suppressed.get((e.workspace, e.kind, e.canonical), [])
    rows[:] = [row for row in rows if (row.cause.value, row.channel) != (e.cause, e.channel)]


def _fold_dead(world: World, e: fx.MarkAddressDead) -> None:
    for row in world.contacts[e.contact_id].addresses:
        if (row.kind, row.value) == (e.kind, e.value):
            row.dead_code = e.code


def _fold_conversation(world: World, e: fx.OpenConversation) -> None:
    row = ConversationRow(e.id, e.contact_id, e.channel_id, {}, e.at)
    world.conversations[(e.contact_id, e.channel_id)] = world.talks[e.id] = row


def _fold_question(world: World, e: fx.SetQuestion) -> None:
    if row := world.talks.get(e.conversation_id):
        row.question = e.question


def _fold_closed_talk(world: World, e: fx.CloseConversation) -> None:
    world.talks.pop(e.id, None)
    if (row := world.conversations.get((e.contact_id, e.channel_id))) and row.id == e.id:
        del world.conversations[(e.contact_id, e.channel_id)]


def _fold_message(world: World, e: fx.StoreMessage) -> None:
    world.seen_messages.add((e.channel_id, e.provider_id))


def _fold_bind(world: World, e: fx.BindLink) -> None:
    row = world.links[e.code_hash]
    row.bound, row.bound_at = e.identity, e.at


def _fold_mint(world: World, e: fx.MintLink) -> None:
    row = LinkRow(e.code_hash, e.workspace, e.contact_id, e.match_id, e.attempt, e.at, e.expires_at, None, None, None)
    world.links[e.code_hash] = row
    world.links_of.setdefault(e.contact_id, []).append(row)


def _fold_progress(world: World, e: fx.Progress) -> None:
    row = world.progress.setdefault((e.match_id, e.contact_id), ProgressRow(e.match_id, e.contact_id, 0, "waiting", ""))
    if e.stage is not None:
        row.stage = e.stage
    row.state = e.state
    if e.reason is not None:
        row.reason = e.reason
    if e.step == "matched":
        row.matched_apps.add(e.app)


def _fold_merge(world: World, e: fx.MergeContact) -> None:
    if row := world.contacts.get(e.contact_id):
        row.merged_into = e.into_id


def _fold_unmerge(world: World, e: fx.UndoMerge) -> None:
    if row := world.contacts.get(e.contact_id):
        row.merged_into = None


def _fold_queue(world: World, e: fx.QueueDelivery) -> None:
    world.open.setdefault(
        e.id,
        OpenDelivery(
            *(e.id, e.workspace, e.contact_id, e.channel_id, e.match_id, e.stage, e.class_, e.lane, "queued", 0),
            *(e.to_kind, e.to_value, e.identity_scope, e.content, e.cause, e.deadline, e.at),
        ),
    )


def _fold_open_state(world: World, e: fx.SetOpenState) -> None:
    row = world.open[e.id]
    row.state, row.attempt, row.content = e.state, e.attempt, e.content


def _fold_close(world: World, e: fx.CloseDelivery) -> None:
    row = world.open.pop(e.id)
    world.closed[e.id] = ClosedDelivery(
        *(row.id, row.workspace, row.contact_id, row.channel_id, row.match_id, row.stage, row.class_, e.state),
        *(row.to_kind, row.to_value, e.parts, e.provider_ids),
    )


def _fold_advance(world: World, e: fx.AdvanceDelivery) -> None:
    world.closed[e.id].state = e.state


def _fold_fault(world: World, e: fx.FaultChannel) -> None:
    channels = dict(world.config.channels)
    channels[e.channel_id] = replace(channels[e.channel_id], state="fault")
    world.config = replace(world.config, channels=channels)


def _fold_erase(world: World, e: fx.Erase) -> None:
    row = world.contacts[e.contact_id]
    row.erased, row.name, row.surname, row.attributes = True, "", "", {}
    row.addresses, row.identities = [], []


_FOLDS: dict[type, Any] = {
    fx.CreateContact: _fold_create,
    ev.ChangeContact: _fold_change,
    ev.TouchContact: _fold_seen,
    fx.AddAddress: _fold_address,
    fx.RouteIdentity: _fold_route,
    fx.LinkIdentity: _fold_link,
    fx.UnlinkIdentity: _fold_unlink,
    fx.TouchIdentity: _fold_touch,
    fx.RecordConsent: _fold_consent,
    fx.Suppress: _fold_suppress,
    fx.LiftSuppression: _fold_lift,
    fx.MarkAddressDead: _fold_dead,
    fx.OpenConversation: _fold_conversation,
    fx.CloseConversation: _fold_closed_talk,
    fx.SetQuestion: _fold_question,
    fx.StoreMessage: _fold_message,
    fx.BindLink: _fold_bind,
    fx.MintLink: _fold_mint,
    fx.Progress: _fold_progress,
    fx.MergeContact: _fold_merge,
    fx.UndoMerge: _fold_unmerge,
    fx.QueueDelivery: _fold_queue,
    fx.SetOpenState: _fold_open_state,
    fx.CloseDelivery: _fold_close,
    fx.AdvanceDelivery: _fold_advance,
    fx.FaultChannel: _fold_fault,
    fx.Erase: _fold_erase,
}
