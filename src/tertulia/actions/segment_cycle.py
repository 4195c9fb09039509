"""The second half of a cycle: who has come into a segment, or left it, by what the first half wrote (R4).

It reads what the cycle has just written, in the same transaction, so its facts need no folding. What it decides may
begin journeys; their effects are written and looked at like those before.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tertulia.actions.run_facts import load_journeys_of_occasions, lock_entries_of
from tertulia.core import event_effects as ev
from tertulia.core.conditions import Subject, judge
from tertulia.core.decide import decide_occasion
from tertulia.core.effects import Effect
from tertulia.core.folds import name_type
from tertulia.core.membership import TIME, Stirred, decide_members, list_concerned, list_wanted
from tertulia.core.occasions import SEGMENT, SEGMENT_CHANGES
from tertulia.core.segment_document import read_condition
from tertulia.core.segment_effects import MoveMember
from tertulia.core.segments import (
    DAY,
    HOUR,
    Counted,
    EventKey,
    Listed,
    MemberFacts,
    MessageKey,
    SegmentFacts,
    find_since,
    floor_to,
    list_counted,
    read_sum,
    walk,
)
from tertulia.core.world import Config, World
from tertulia.ids import shard_of_contact
from tertulia.store import effects as writer
from tertulia.store import segments as store
from tertulia.store import world as loader
from tertulia.store.assignments import load_assignments
from tertulia.store.db import Conn
from tertulia.store.runs import look_at_exits
from tertulia.store.segment_sql import Place, count_events, find_members


def note_written(conn: Conn, config: Config, effects: Sequence[Effect], now: datetime) -> None:
    """Count the events that a cycle has stored, for the segments that ask for them, and have looked at runs that end
    for who is in a segment, or is not (X5)."""
    if config.exit_segments:
        moved = [effect for effect in effects if isinstance(effect, MoveMember)]
        look_at_exits(conn, list_exits(config, moved), now)
    rows = []
    for effect in effects:
        if not isinstance(effect, ev.StoreEvent) or not effect.contact_id:
            continue
        for key_id, key in config.counted.get((effect.workspace, name_type(effect.type), effect.name), ()):
            if judge(read_condition(key.where), Subject(effect.properties, {}, {})).holds:
                total = read_sum(effect.properties.get(key.sum)) if key.sum else Decimal()
                bucket = floor_to(effect.occurred_at, HOUR if key.hourly else DAY)
                rows.append((effect.workspace, key_id, effect.contact_id, bucket, total))
    store.add_activity(conn, rows)


def list_exits(config: Config, moved: Iterable[MoveMember]) -> list[tuple[int, int]]:
    """Contact and journey, of runs whose exit condition names a segment that these came into or left (X5)."""
    return [(move.contact_id, one) for move in moved for one in config.exit_segments.get(move.segment_id, ())]


def settle_segments(
    conn: Conn,
    config: Config,
    stirred: Mapping[int, Stirred],
    now: datetime,
    serials: Iterator[int],
    depth: int,
    only: SegmentFacts | None = None,
) -> World | None:
    """Decide for whom something has changed, as effects of a world of its own; None where no segment is concerned.
    `depth`: how often the cycle has come here before, which is as deep as journeys that begin each other (I11).
    `only`: no other segment."""
    concerned = list_concerned(config, stirred) if only is None else {one: [only] for one in stirred}
    if not concerned:
        return None
    world = World(now, config, serials)
    loader.load_contacts(conn, world, concerned)
    wanted, why = list_wanted(world, concerned, stirred)
    turns = store.read_turns(conn, {shard_of_contact(contact_id) for contact_id in wanted}, config.segments)
    ready = {  # who is not, is looked at anew with this in it
        contact_id: {
            id_: one for id_, one in each.items() if turns.get((id_, shard_of_contact(contact_id))) == one.turn
        }
        for contact_id, each in wanted.items()
    }
    segments = {id_: one for each in ready.values() for id_, one in each.items()}
    facts = load_member_facts(conn, world, {one: world.follow(one) for one in world.contacts}, segments.values())
    changes = decide_members(world, ready, why, facts, store.load_memberships(conn, wanted), depth)
    load_journeys_of_occasions(conn, world, [(why[one.contact_id].workspace, one.contact_id, now) for one in changes])
    if changes:
        lock_entries_of(conn, world, {(SEGMENT, name) for name in SEGMENT_CHANGES.values()})
        load_assignments(conn, world)
    for one in changes:
        decide_occasion(world, one, why[one.contact_id].workspace)
    return world


def load_member_facts(
    conn: Conn, world: World, members: Mapping[int, int], segments: Collection[SegmentFacts]
) -> dict[int, MemberFacts]:
    """Of every loaded contact that was not merged into another and is not erased. `members`: whom each is now."""
    counted = [node for segment in segments for node in list_counted(segment.node)]
    keys = {key: key_id for segment in segments for key, key_id in segment.keys.items()}
    tallies = store.load_tallies(conn, members, keys)
    messages = {node.key for node in counted if isinstance(node.key, MessageKey)}
    config = world.config
    kinds = {row.id: row.kind if row.app else "sms" for row in config.channels.values()}
    for contact_id, found in store.load_message_tallies(
        conn, members, messages, {row.key: row.id for row in config.journeys.values()}, kinds
    ).items():
        tallies.setdefault(contact_id, {}).update(found)
    lists: dict[int, set[int]] = {}
    if any(isinstance(node, Listed) for segment in segments for node in walk(segment.node)):
        for member, segment_id in store.load_memberships(conn, members):
            lists.setdefault(members[member], set()).add(segment_id)
    return {
        row.id: MemberFacts(row, tallies.get(row.id, {}), frozenset(lists.get(row.id, ())), config.undone)
        for row in world.contacts.values()
        if row.merged_into is None and not row.erased
    }


# a segment's turn, and the turn of hours and days


def make_place(config: Config, workspace: int, now: datetime, shards: Sequence[int] | None) -> Place:
    """Where a segment is looked for."""
    channels: dict[str, list[int]] = {}
    for row in config.channels.values():
        channels.setdefault(row.kind if row.app else "sms", []).append(row.id)
    journeys = {row.key: row.id for row in config.journeys.values() if row.workspace == workspace}
    return Place(workspace, now, journeys, channels, config.undone, shards)


def take_turn(conn: Conn, config: Config, segment: SegmentFacts, shards: Sequence[int], now: datetime) -> int:
    """Look who belongs in some shards, from everything that is stored, and count their events from now on. Begins no
    journey. How many came or went."""
    place = make_place(config, segment.workspace, now, shards)
    for key, key_id in segment.keys.items():
        store.clear_activity(conn, key_id, shards)
        count_events(conn, key, key_id, place)
    found = set(find_members(conn, segment.node, place))
    had = store.list_members_of(conn, segment.id, shards)
    moves = [
        MoveMember(segment.workspace, contact_id, segment.id, contact_id in found, segment.cause, "", now)
        for contact_id in sorted(found ^ had)
    ]
    writer.write(conn, moves, now)
    look_at_exits(conn, list_exits(config, moves), now)
    store.set_turn(conn, segment.id, segment.workspace, segment.turn, shards, floor_to(now, HOUR))
    return len(moves)


def list_due(
    conn: Conn, segment: SegmentFacts, shards: Sequence[int], since: datetime, now: datetime
) -> dict[int, Stirred]:
    """Whose belonging time alone may have changed since an instant."""
    due: dict[int, Stirred] = {}
    for node in list_counted(segment.node):
        begin, end = find_since(node, since), find_since(node, now)
        if begin is None or end is None or begin >= end:
            continue
        key_id = segment.keys[node.key] if isinstance(node.key, EventKey) else None
        for contact_id in store.list_leaving(conn, key_id, shards, begin, end):
            due[contact_id] = Stirred(segment.workspace, {TIME}, cause=TIME, quiet=False)
    return due


def has_time(segment: SegmentFacts) -> bool:
    """Whether anything in it looks at a window."""
    return any(isinstance(node, Counted) and node.reach is not None for node in walk(segment.node))
