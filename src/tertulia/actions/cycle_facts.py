"""The facts of a cycle: which keys its entries or deliveries need, loaded with a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tertulia.actions.allowances import take_rooms
from tertulia.actions.catalog_facts import load_item_facts
from tertulia.actions.coupon_facts import load_coupon_facts
from tertulia.actions.run_facts import (
    load_asked,
    load_asked_before,
    load_audiences,
    load_clicked,
    load_goals_heard_of,
    load_journey_facts,
    load_journeys_of_occasions,
    load_journeys_of_sessions,
    load_outcome_facts,
    load_runs_beside,
    load_runs_of_deliveries,
    lock_entries_of,
)
from tertulia.core import lanes
from tertulia.core import slot_effects as sx
from tertulia.core.caps import find_horizon
from tertulia.core.claim import list_link_hashes
from tertulia.core.entries import (
    AbsorbEntry,
    CallEntry,
    ClickEntry,
    ConsentEntry,
    Entry,
    EraseEntry,
    EventEntry,
    HandOverEntry,
    Inbound,
    ListEntry,
    LookUpEntry,
    MergeEntry,
    OccasionEntry,
    OtpEntry,
    OtpVerifiedEntry,
    OutcomeEntry,
    ReceiptEntry,
    SettleCallEntry,
    Signal,
    TalkEntry,
    TokenEntry,
    UnmergeEntry,
    key_of,
    shard_of_identity,
)
from tertulia.core.events import KEYS_KEPT, LISTED, find_shared, identities_of, place_event
from tertulia.core.folds import fold, name_type
from tertulia.core.identity import IdentityRef
from tertulia.core.links import hash_code
from tertulia.core.match import read_codes
from tertulia.core.match_messages import first_code_hash
from tertulia.core.message_outcomes import hears_outcomes
from tertulia.core.occasions import (
    COMMENT,
    COMMENTED,
    MESSAGE,
    OUTCOME,
    OUTCOMES,
    RECEIVED,
    SEGMENT,
    SEGMENT_CHANGES,
    name_told,
)
from tertulia.core.phones import key_of_e164
from tertulia.core.private_replies import find_subject
from tertulia.core.rows import ClosedDelivery, OpenDelivery, OtpRow, SessionRow
from tertulia.core.sessions import ENDED, STARTED, list_due
from tertulia.core.slots import list_released
from tertulia.core.traits import read_addresses
from tertulia.core.world import World
from tertulia.ids import shard_of_contact, shard_of_index
from tertulia.store import world as loader
from tertulia.store.assignments import load_assignments
from tertulia.store.calls import load_calls, load_calls_of_runs
from tertulia.store.clicks import load_taken
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogRow
from tertulia.store.otp import load_otps, load_otps_of_deliveries
from tertulia.store.runs import load_begun, load_runs, load_runs_of
from tertulia.store.segments import load_memberships
from tertulia.store.sessions import load_doings, load_sessions
from tertulia.store.slots import load_deferred, load_slots

SlotChange = sx.SetSlot | sx.MoveSlot | sx.ReleaseSlot


def load_facts(conn: Conn, world: World, entries: Sequence[tuple[LogRow, Entry]]) -> None:
    """The facts of all entries."""
    wants = _Wants({facts.id: facts.country for facts in world.config.workspaces.values()})
    for row, entry in entries:
        wants.add(row.workspace, entry)
    loader.load_identities(conn, world, wants.identities)
    loader.load_owners(conn, world, wants.addresses)
    loader.load_links(conn, world, wants.links)
    loader.load_deliveries(conn, world, wants.deliveries)
    contacts = set(wants.contacts)
    contacts |= {row.contact_id for row in world.identities.values() if row.contact_id is not None}
    contacts |= {contact_id for owners in world.owners_of.values() for contact_id in owners}
    contacts |= {link.contact_id for link in world.links.values()}
    deliveries: list[OpenDelivery | ClosedDelivery] = [*world.open.values(), *world.closed.values()]
    hearing = {workspace for workspace in world.config.workspaces if hears_outcomes(world, workspace)}
    contacts |= {row.contact_id for row in deliveries if row.id in wants.troubled or row.workspace in hearing}
    loader.load_contacts(conn, world, contacts)
    loader.load_seen_messages(conn, world, wants.messages(world))
    loader.load_progress(conn, world, {delivery.contact_id for delivery in deliveries})
    loader.load_open_of(conn, world, wants.undecided)
    loader.load_before(conn, world, wants.watermarks(world))
    known = _load_events(conn, world, wants.events)  # whoever was not loaded by now is only needed as an event's
    if wants.events or wants.joined:
        load_sessions(conn, world, world.contacts)
        merging = {world.follow(one): world.follow(into) for one, into in wants.merging.items()}
        pairs = [(entry, _add_roots(world, ids, merging)) for (_, entry), ids in zip(wants.events, known, strict=True)]
        since = {contact_id: world.sessions[contact_id].started_at for contact_id in list_due(world, pairs)}
        for contact_id, began in wants.carried.items():  # where one is running already, it begins with the earlier
            running = world.sessions.get(contact_id)
            since[contact_id] = min(began, running.started_at) if running else began
        _load_doings(conn, world, since)
        load_journey_facts(conn, world, pairs)
    clicks = [(workspace, entry) for workspace, entry in wants.outcomes if isinstance(entry, ClickEntry)]
    load_outcome_facts(conn, world, wants.inbound, clicks)
    load_goals_heard_of(conn, world, clicks)
    load_journeys_of_occasions(conn, world, wants.list_occasions(world))
    load_begun(conn, world, [(entry.contact_id, entry.id) for _, entry in wants.occasions])
    if wants.listed:
        world.listed |= load_memberships(conn, {world.follow(entry.contact_id) for _, entry in wants.listed})
    lock_entries_of(conn, world, wants.list_starts())
    load_calls(conn, world, wants.calls)
    load_otps(conn, world, wants.otps)
    load_otps_of_deliveries(conn, world, [row.id for row in deliveries if _is_alone(row)])
    load_runs(conn, world, {row.run_id: row.contact_id for row in world.calls.values()})
    load_clicked(conn, world, clicks)
    load_runs_of_deliveries(conn, world)
    load_runs_of(conn, world, wants.undecided)
    load_asked(conn, world, wants.inbound)
    load_assignments(conn, world)
    load_calls_of_runs(conn, world)


def _add_roots(world: World, contact_ids: list[int], merging: Mapping[int, int]) -> list[int]:
    """With whom they become in this cycle: what comes after a merge is about the one who stays (M8)."""
    found = list(contact_ids)
    for contact_id in found if merging else ():  # it grows
        root = merging.get(world.follow(contact_id))
        if root is not None and root not in found:
            found.append(root)
    return found


def _is_alone(row: OpenDelivery | ClosedDelivery) -> bool:
    """Of no match and no journey: an answer, or a one-time code."""
    return row.match_id is None and row.run_id is None


def load_session_facts(conn: Conn, world: World, sessions: Sequence[SessionRow]) -> None:
    """The facts of sessions whose end may have come."""
    world.sessions.update({row.contact_id: row for row in sessions})
    loader.load_profiles(conn, world, world.sessions)
    load_journeys_of_sessions(conn, world, sessions)
    load_assignments(conn, world)
    load_calls_of_runs(conn, world)
    _load_doings(conn, world, {row.contact_id: row.started_at for row in sessions})


def _load_doings(conn: Conn, world: World, since: Mapping[int, datetime]) -> None:
    """What these contacts did since an instant, and those that were merged into them (M8)."""
    if since:
        family = [(contact_id, world.follow(contact_id)) for contact_id in world.contacts]
        load_doings(conn, world, {member: (root, since[root]) for member, root in family if root in since})


def _load_events(conn: Conn, world: World, events: Sequence[tuple[int, EventEntry]]) -> list[list[int]]:
    """The facts of events: they are many and need little of their contacts. Of each the contacts it may concern."""
    who = [[(workspace, identity) for identity in identities_of(entry)] for workspace, entry in events]
    loader.load_identities(conn, world, {key: None for keys in who for key in keys})
    loader.load_listed(conn, world, {(workspace, entry.user_id) for workspace, entry in events if entry.user_id})
    known = [
        [row.contact_id for key in keys if (row := world.identities.get(key)) and row.contact_id is not None]
        + ([entry.contact_id] if entry.contact_id is not None else [])
        + world.owners_of.get((workspace, LISTED, entry.user_id), [])
        for keys, (workspace, entry) in zip(who, events, strict=True)
    ]
    loader.load_profiles(conn, world, {contact_id for ids in known for contact_id in ids})
    loader.load_parted(conn, world, find_shared(world, events))
    late = world.now - KEYS_KEPT
    old = set()
    for (workspace, entry), ids in zip(events, known, strict=True):
        if entry.client_at < late:
            shards = {shard_of_identity(workspace, entry.identity)}
            shards |= {shard_of_contact(id_) for contact_id in ids for id_ in (contact_id, world.follow(contact_id))}
            old |= {(shard, *place_event(workspace, entry)) for shard in shards}
    loader.load_seen_events(conn, world, old)
    return known


@dataclass(slots=True)
class _Wants:
    """Which keys the entries of a cycle need. `regions` are the workspaces' countries."""

    regions: dict[int, str] = field(default_factory=dict)
    identities: dict[tuple[int, IdentityRef], None] = field(default_factory=dict)
    addresses: dict[tuple[int, str, str], None] = field(default_factory=dict)
    links: dict[tuple[int, bytes], None] = field(default_factory=dict)
    deliveries: dict[UUID, None] = field(default_factory=dict)
    troubled: set[UUID] = field(default_factory=set)  # what became of them may concern all of their contact
    contacts: dict[int, None] = field(default_factory=dict)
    undecided: list[int] = field(default_factory=list)
    inbound: list[tuple[int, Inbound]] = field(default_factory=list)
    receipts: list[tuple[int, ReceiptEntry]] = field(default_factory=list)
    events: list[tuple[int, EventEntry]] = field(default_factory=list)
    occasions: list[tuple[int, OccasionEntry]] = field(default_factory=list)
    listed: list[tuple[int, ListEntry]] = field(default_factory=list)
    outcomes: list[tuple[int, ReceiptEntry | OutcomeEntry | LookUpEntry | ClickEntry]] = field(default_factory=list)
    calls: dict[UUID, int] = field(default_factory=dict)  # with their contacts
    otps: dict[UUID, int] = field(default_factory=dict)  # with their contacts
    merging: dict[int, int] = field(default_factory=dict)  # who is absorbed, by whom
    joined: bool = False  # contacts are merged, and running sessions with them
    carried: dict[int, datetime] = field(default_factory=dict)  # who takes over a session that began then

    def add(self, workspace: int, entry: Entry) -> None:
        """The keys of one entry."""
        if isinstance(entry, ReceiptEntry | OutcomeEntry | LookUpEntry | ClickEntry):
            self.outcomes.append((workspace, entry))
        match entry:
            case Inbound():
                self._add_people(workspace, entry)
            case Signal():
                self.identities[(workspace, entry.identity)] = None
                if entry.new is not None:
                    self.identities[(workspace, entry.new)] = None
                self._add_codes(entry.token, "")
            case ReceiptEntry():
                if entry.delivery_id is not None:
                    self._add_delivery(entry.delivery_id, troubled=entry.state == "failed")
                if entry.watermark and entry.identity is not None:
                    self.identities[(workspace, entry.identity)] = None
                    self.receipts.append((workspace, entry))
            case OutcomeEntry():
                self._add_delivery(entry.delivery_id, troubled=entry.outcome != "ok")
            case LookUpEntry():
                self._add_delivery(entry.delivery_id, troubled=True)
            case ClickEntry() | ConsentEntry() | TalkEntry() | HandOverEntry():
                self.contacts[entry.contact_id] = None
            case EraseEntry():
                self.contacts[entry.contact_id] = None
                self.undecided.append(entry.contact_id)
            case TokenEntry():
                self.links[(entry.shard, bytes.fromhex(entry.code_hash))] = None
                self.contacts[entry.contact_id] = None
            case MergeEntry() | AbsorbEntry():
                self.contacts |= {entry.absorbed: None, entry.into: None}
                self.joined = True
                if isinstance(entry, MergeEntry):
                    self.merging[entry.absorbed] = entry.into
                if isinstance(entry, AbsorbEntry) and entry.session_at is not None:
                    self.carried[entry.into] = min(entry.session_at, self.carried.get(entry.into, entry.session_at))
                if entry.match_id is not None and isinstance(entry, AbsorbEntry) and entry.member_id is not None:
                    self.contacts[entry.member_id] = None
                self.undecided.append(entry.absorbed if isinstance(entry, MergeEntry) else entry.into)
            case UnmergeEntry():
                self.contacts[entry.absorbed] = None
            case EventEntry():
                self._add_event(workspace, entry)
            case ListEntry():
                self.contacts[entry.contact_id] = None
                self.listed.append((workspace, entry))
            case OccasionEntry():
                self.contacts[entry.contact_id] = None
                self.occasions.append((workspace, entry))
            case CallEntry() | SettleCallEntry():
                self.calls[entry.call_id] = entry.contact_id
            case OtpEntry():
                self.contacts[entry.contact_id] = None
                self.otps[entry.otp_id] = entry.contact_id
            case OtpVerifiedEntry():
                self.contacts[entry.contact_id] = None
                self.identities[(workspace, IdentityRef(entry.kind, entry.scope, entry.value))] = None
            case _:
                pass

    def _add_delivery(self, delivery_id: UUID, *, troubled: bool) -> None:
        """Most deliveries go well, and then only the match goes on: how far its contact has come is enough."""
        self.deliveries[delivery_id] = None
        if troubled:
            self.troubled.add(delivery_id)

    def _add_people(self, workspace: int, entry: Inbound) -> None:
        for identity in (entry.identity, *entry.aliases):
            self.identities[(workspace, identity)] = None
        for number in (entry.phone, entry.shared_phone):
            if number:
                self.addresses[(workspace, "phone", key_of_e164(number))] = None
        if entry.contact_id is not None:
            self.contacts[entry.contact_id] = None
        if not entry.is_comment:
            self._add_codes(entry.token, entry.text)
        self.inbound.append((workspace, entry))

    def _add_event(self, workspace: int, entry: EventEntry) -> None:
        self.events.append((workspace, entry))
        if entry.call == "identify":
            for kind, key in read_addresses(entry.traits, self.regions.get(workspace, "")):
                self.addresses[(workspace, kind, key)] = None

    def _add_codes(self, token: str, text: str) -> None:
        for code in read_codes(token, text):
            self.links[(shard_of_index(code.shard_index), hash_code(code.base))] = None

    def messages(self, world: World) -> set[tuple[int, int, str]]:
        """Inbound messages whose contact is known, to see whether they are stored already: there, or at the one that it
        was merged into (M8)."""
        found = set()
        for workspace, entry in self.inbound:
            row = world.identity(workspace, entry.identity)
            if row and row.contact_id is not None:
                message = (entry.channel_id, entry.message_id or key_of(entry))
                found |= {(shard_of_contact(id_), *message) for id_ in (row.contact_id, world.follow(row.contact_id))}
        return found

    def list_occasions(self, world: World) -> list[tuple[int, int, datetime]]:
        """What may begin runs and is no event: workspace, contact and instant. A message may turn out to be of anybody
        whom its identities, links or number lead to."""
        told = [(workspace, entry.at) for workspace, entry in (*self.inbound, *self.outcomes)]
        first = min((at for _, at in told), default=world.now)
        workspaces = {workspace for workspace, _ in told}
        found = [(row.workspace, row.id, first) for row in world.contacts.values() if row.workspace in workspaces]
        named: list[tuple[int, OccasionEntry | ListEntry]] = [*self.occasions, *self.listed]
        return found + [(workspace, entry.contact_id, entry.at) for workspace, entry in named]

    def list_starts(self) -> set[tuple[str, str]]:
        """Types and names of what may begin runs."""
        found = {(name_type(entry.call), entry.name) for _, entry in self.events}
        found |= {("track", STARTED), ("track", ENDED)} if self.events else set()
        found |= {(MESSAGE, RECEIVED), (COMMENT, COMMENTED)} if self.inbound else set()
        found |= {(OUTCOME, name) for name in OUTCOMES.values()} if self.inbound or self.outcomes else set()
        found |= {(SEGMENT, name) for name in SEGMENT_CHANGES.values()} if self.listed else set()
        return found | {name_told(entry.kind, entry.name) for _, entry in self.occasions}

    def watermarks(self, world: World) -> list[tuple[int, int, datetime]]:
        """What the receipts with a watermark cover."""
        found = []
        for workspace, entry in self.receipts:
            row = world.identity(workspace, entry.identity) if entry.identity else None
            if row and row.contact_id is not None:
                found.append((row.contact_id, entry.channel_id, entry.at))
        return found


def load_claims(conn: Conn, world: World, deliveries: Sequence[OpenDelivery]) -> None:
    """The facts of a claim: the contacts with consent and links, suppressions of the addresses, what is spent, and
    whether a code that is about to be minted is taken."""
    loader.load_contacts(conn, world, (delivery.contact_id for delivery in deliveries))
    subjects = set()
    hashes = set()
    for delivery in deliveries:
        subject = find_subject(world, delivery, delivery.identity_scope)
        subjects.add((delivery.workspace, subject.kind, subject.value))
        if delivery.match_id is not None and not delivery.content:
            code_hash = first_code_hash(world, delivery.match_id, delivery.contact_id)
            hashes.add((shard_of_contact(delivery.contact_id), code_hash))
    loader.load_suppressions(conn, world, subjects)
    loader.load_links(conn, world, hashes)
    load_runs(conn, world, {row.run_id: row.contact_id for row in deliveries if row.run_id is not None})
    places = [(shard_of_contact(row.contact_id), row) for row in deliveries]
    load_taken(conn, world, [(shard, hash_) for shard, row in places for hash_ in list_link_hashes(world, row)])
    load_audiences(conn, world)
    load_runs_beside(conn, world)
    load_asked_before(conn, world)
    load_assignments(conn, world)
    load_calls_of_runs(conn, world)
    take_rooms(conn, world, deliveries)
    load_slots(conn, world, find_since(world))
    load_coupon_facts(conn, world, deliveries)
    load_item_facts(conn, world, deliveries)
    load_otps_of_deliveries(conn, world, [row.id for row in deliveries if row.lane == lanes.CODE])


def load_otp_facts(conn: Conn, world: World, otps: Sequence[OtpRow]) -> None:
    """The facts of codes whose receipt has not come in time."""
    loader.load_contacts(conn, world, {row.contact_id for row in otps})
    loader.load_deliveries(conn, world, {row.delivery_id for row in otps if row.delivery_id is not None})
    load_otps(conn, world, {row.id: row.contact_id for row in otps})


def find_since(world: World) -> dict[int, datetime]:
    """Of the loaded contacts whose workspace has caps, how far back these look."""
    reach = {
        workspace.id: world.now - max(map(find_horizon, workspace.caps))
        for workspace in world.config.workspaces.values()
        if workspace.caps
    }
    return {row.id: reach[row.workspace] for row in world.contacts.values() if row.workspace in reach}


def load_deferred_facts(conn: Conn, world: World) -> list[OpenDelivery]:
    """F6: the messages that wait for a slot, of contacts of whom the cycle has released one, with what judging them
    needs. Most cycles release none."""
    concerned = list_released(world)
    deferred = [row for row in load_deferred(conn, concerned) if _is_deferred(world, row)] if concerned else []
    if deferred:
        loader.load_profiles(conn, world, {row.contact_id for row in deferred})
        load_runs(conn, world, {row.run_id: row.contact_id for row in deferred if row.run_id is not None})
        since = find_since(world)
        load_slots(conn, world, {id_: at for id_, at in since.items() if id_ not in world.counted})
        for effect in [effect for effect in world.effects if isinstance(effect, SlotChange)]:
            fold(world, effect)  # what the cycle did to slots that were not loaded then; to the others nothing new
    return deferred


def _is_deferred(world: World, row: OpenDelivery) -> bool:
    """Whether what the database says of a message still holds in this cycle."""
    known = world.open.get(row.id)
    return row.id not in world.closed and (known is None or known.state == row.state)
