"""The working set of one cycle: the facts that its decisions read, and the effects that they bring about.

A cycle loads the facts of its entries with a fixed number of queries into a `World`; each decision reads it and calls
`add` with its effects, which are folded in at once, so that the next decision of the cycle sees them. Nothing here
has a clock, chance or I/O: `now` is the cycle's, and fresh contact ids come from a block of serial numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core.budgets import Budget, TotalKey
from tertulia.core.caps import Cap
from tertulia.core.carriers import name_carried
from tertulia.core.consent import Suppression
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import Entry, EventEntry, Inbound, Signal, TokenEntry
from tertulia.core.folds import fold
from tertulia.core.guards import Canary
from tertulia.core.identity import IdentityRef
from tertulia.core.journeys import Program
from tertulia.core.links import LinkRow
from tertulia.core.progress import ProgressRow, next_progress
from tertulia.core.rows import (
    AssignmentRow,
    CallRow,
    ClosedDelivery,
    ContactRow,
    CouponRow,
    Done,
    GoalRow,
    IdentityRow,
    OpenDelivery,
    OtpRow,
    PassageRow,
    Recalled,
    RunRow,
    SessionRow,
    SlotRow,
)
from tertulia.core.segments import EventKey, SegmentFacts
from tertulia.core.templates import TemplateFacts
from tertulia.core.throttles import Line
from tertulia.core.windows import Window
from tertulia.core.zones import load_zone
from tertulia.ids import INDEX_OF_SHARD, make_contact_id

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
HORIZON: Final = timedelta(hours=72)  # E4, where a workspace does not say another
HORIZON_MAX: Final = timedelta(days=7)
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
    zone: str = "UTC"  # for contacts of whom no zone is known (T4)
    sensitive: frozenset[str] = frozenset()  # attributes that only a verified customer may be sent (M6)
    window: Window | None = None  # outside it are the quiet hours (Q1)
    caps: tuple[Cap, ...] = ()  # F1
    hold_out: int = 0  # how many of 10000 get no marketing (A2)
    typical: tuple[int, ...] = ()  # how often each hour of the day was one at which a customer opened, clicked or wrote
    budget: Budget | None = None  # V3
    rates: Mapping[str, float] = field(default_factory=dict)  # what one of other currencies is worth in its own
    horizon: timedelta = HORIZON  # older events start nothing (E4)


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
    choices_carry: bool = True  # what a button carries stays hidden from the customer
    caption_max: int = 0  # characters beside a picture; 0: it carries none
    attachments: frozenset[str] = frozenset()  # what else it carries by its address: video, voice, document, gif
    link_buttons: bool = False  # a button may lead to a web address
    tells_delivery: bool = True  # a receipt says when a message was delivered
    tells_reads: bool = False  # and one when it was read

    @property
    def carries(self) -> str:
        """`sms` or `email`; empty of an app."""
        return name_carried(self.app, self.may_write_first)

    @property
    def family(self) -> str:
        """How consent, caps and documents name it: an app by its kind, all carriers of SMS or of e-mail as one."""
        return self.carries or self.kind

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
class JourneyFacts:
    """What decisions need of a published journey. State: live, closed (nobody enters any more), paused, cancelling (its
    runs are being closed). `programs` by revision: the newest, into which people enter, and those of live runs (V1)."""

    id: int
    workspace: int
    name: str
    state: str
    revision: int
    programs: Mapping[int, Program]
    key: str = ""
    since: datetime = BEGINNING  # when the newest revision was published
    canary: Canary | None = None  # of its newest revision
    guard: Mapping[str, Any] = field(default_factory=dict)  # which paused it, if one did (V3)

    @property
    def program(self) -> Program:
        """The newest revision's."""
        return self.programs[self.revision]

    @property
    def divides(self) -> bool:
        """Whether any of its revisions divides customers, at a split or by a hold-out (A1)."""
        return any(program.divides for program in self.programs.values())

    @property
    def asks(self) -> bool:
        """Whether any of its revisions listens to what its customers write: it asks questions, or waits to hear that a
        message was delivered, which an answer tells too."""
        steps = [node.step for program in self.programs.values() for node in program.nodes.values()]
        return any(step.ASKS or step.find_patience() is not None for step in steps)

    @property
    def has_calls(self) -> bool:
        """Whether any of its revisions calls the company's API (S6)."""
        return any(node.step.KIND == "call" for program in self.programs.values() for node in program.nodes.values())

    @property
    def gives_coupons(self) -> bool:
        """Whether any of its revisions gives coupons (S5)."""
        return any(node.step.KIND == "coupon" for program in self.programs.values() for node in program.nodes.values())

    @property
    def has_exit_condition(self) -> bool:
        """Whether runs of any of its revisions may end by one (X5)."""
        return any(program.journey.exit_when is not None for program in self.programs.values())


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What decisions need of an endpoint of a company's API. `status_path`: where the outcome of a call can be asked
    for; empty where it cannot."""

    id: int
    workspace: int
    key: str
    idempotent: bool
    status_path: str


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """What decisions need of a pool of coupons. `code`: the one that everybody gets; empty where each gets their own.
    `expires`: how long after its claim one holds. `turn` rises with every addition of codes."""

    id: int
    workspace: int
    key: str
    name: str
    code: str
    expires: timedelta | None
    turn: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The journeys that an event of one name concerns: those that it may start, and those whose runs listen to it."""

    starts: tuple[int, ...]
    follows: frozenset[int]


@dataclass(frozen=True, slots=True)
class Config:
    """The workspaces' configuration at one epoch (E7)."""

    workspaces: Mapping[int, WorkspaceFacts]
    channels: Mapping[int, ChannelFacts]
    matches: Mapping[int, MatchFacts]
    undone: frozenset[str] = frozenset()  # evidence of undone imports and merges: import:7, merge:...
    zones: frozenset[str] = frozenset()  # the IANA database's names
    client_sources: frozenset[int] = frozenset()  # sources whose callers are customers' own devices
    journeys: Mapping[int, JourneyFacts] = field(default_factory=dict)
    heard: Mapping[tuple[int, str, str], Heard] = field(default_factory=dict)  # by workspace, type and name of events

    leaving: frozenset[int] = frozenset()  # workspaces in which a journey has an exit condition (X5)

    dividing: frozenset[int] = frozenset()  # workspaces that have a split or a hold-out (A1)
    templates: Mapping[tuple[int, str], TemplateFacts] = field(default_factory=dict)  # by workspace and key

    asking: frozenset[int] = frozenset()  # workspaces in which a journey listens to replies

    segments: Mapping[int, SegmentFacts] = field(default_factory=dict)
    counted: Mapping[tuple[int, str, str], tuple[tuple[int, EventKey], ...]] = field(default_factory=dict)  # as `heard`
    endpoints: Mapping[int, EndpointFacts] = field(default_factory=dict)

    exit_segments: Mapping[int, frozenset[int]] = field(default_factory=dict)  # X5: journeys, by segment

    goals_heard_of: bool = False  # whether a goal's time runs from what a customer does with a message (G1)

    def find_endpoint(self, workspace: int, key: str) -> EndpointFacts | None:
        """The endpoint of a workspace by its key."""
        return next((row for row in self.endpoints.values() if (row.workspace, row.key) == (workspace, key)), None)

    pools: Mapping[tuple[int, str], PoolFacts] = field(default_factory=dict)  # by workspace and key
    giving: frozenset[int] = frozenset()  # journeys that give coupons (S5)
    limited: frozenset[int] = frozenset()  # workspaces in which a journey admits only so many (R5)
    catalogs: Mapping[tuple[int, str], int] = field(default_factory=dict)  # by workspace and key

    bandits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by experiment, weights of ways (A5)

    def epoch(self, workspace: int) -> int:
        return self.workspaces[workspace].epoch

    def find_day(self, journey: JourneyFacts, now: datetime) -> date:
        """The day of a journey's entries (R5): of its own zone, else of the workspace's."""
        zone = journey.program.journey.zone or self.workspaces[journey.workspace].zone
        return now.astimezone(load_zone(zone)).date()


@dataclass(slots=True)
class World:
    """Facts by key, and the effects so far. A key that was loaded and found absent is simply not there."""

    now: datetime
    config: Config
    serials: Iterator[int]
    identities: dict[tuple[int, IdentityRef], IdentityRow] = field(default_factory=dict)
    contacts: dict[int, ContactRow] = field(default_factory=dict)
    links: dict[bytes, LinkRow] = field(default_factory=dict)
    taken: set[bytes] = field(default_factory=set)  # hashes of codes that links of messages have
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
    sessions: dict[int, SessionRow] = field(default_factory=dict)  # the running one of a contact (R6)
    doings: dict[int, list[Done]] = field(default_factory=dict)  # events of whose session may end, and new ones
    parted: set[tuple[int, int]] = field(default_factory=set)  # (absorbed, into) whose merge somebody undid
    asked: set[tuple[int, int]] = field(default_factory=set)  # (absorbed, into) whose merge events have asked for
    runs: dict[UUID, RunRow] = field(default_factory=dict)  # live ones
    runs_of: dict[int, list[UUID]] = field(default_factory=dict)
    passages: dict[tuple[int, int, str], PassageRow] = field(default_factory=dict)  # by journey, contact and key
    recalled: dict[int, list[Recalled]] = field(default_factory=dict)  # events that journeys listen to, of a contact
    listed: set[tuple[int, int]] = field(default_factory=set)  # contact and list, of those whom somebody puts on one
    slots: dict[int, dict[UUID, SlotRow]] = field(default_factory=dict)  # by contact, merges followed (M8), and message
    counted: set[int] = field(default_factory=set)  # contacts whose slots are loaded
    released: dict[UUID, SlotRow] = field(default_factory=dict)  # by the attempt that had it: the next may take it over
    entries: dict[int, dict[date, int]] = field(default_factory=dict)  # by journey: runs of a day, of TOTAL in all (R5)
    depths: dict[UUID, int] = field(default_factory=dict)  # of runs that are over and whose messages are loaded (I11)
    answered: dict[tuple[int, int], ClosedDelivery] = field(default_factory=dict)  # by contact, channel: sent last
    goals: dict[UUID, GoalRow] = field(default_factory=dict)  # by run: those that may still be reached (G3)
    assignments: dict[tuple[int, str], AssignmentRow] = field(default_factory=dict)  # by contact and experiment (A1)
    calls: dict[UUID, CallRow] = field(default_factory=dict)  # without a verdict, of loaded runs
    coupons: dict[int, list[CouponRow]] = field(default_factory=dict)  # by contact, merges followed (M8)
    untaken: dict[UUID, list[CouponRow]] = field(default_factory=dict)  # as `released`
    codes: dict[int, list[str]] = field(default_factory=dict)  # by pool: free, and this cycle's alone (R5)
    items: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)  # of catalogs, by their ids
    otps: dict[UUID, OtpRow] = field(default_factory=dict)  # codes that may still be sent
    moments: dict[int, set[int]] = field(default_factory=dict)  # of a contact, merges followed: best_hours
    begun: set[UUID] = field(default_factory=set)  # occasions of which a run began in an earlier cycle
    rooms: dict[TotalKey, int] = field(default_factory=dict)  # what this owner may spend; all of it where not loaded
    contested: set[TotalKey] = field(default_factory=set)  # totals of which other owners hold a part (R5)
    owner: str = ""  # whose part is spent
    lines: dict[int, Line] = field(default_factory=dict)  # by journey: the throttle's
    owned: frozenset[int] = frozenset()
    local: list[tuple[int, int, Entry]] = field(default_factory=list)
    effects: list[fx.Effect] = field(default_factory=list)

    def add(self, *effects: fx.Effect) -> None:
        """Record effects and let the later decisions of the cycle see them."""
        for effect in effects:
            self.effects.append(effect)
            fold(self, effect)

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
