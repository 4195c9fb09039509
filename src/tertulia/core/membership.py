"""Who comes into a segment and who leaves, when something about them has changed (R4).

A cycle writes its effects, and then asks of each contact that they concern whether it still belongs where it did:
`stir` says which segments may have changed for whom, `settle` decides them on facts that hold the effects already. So
a segment sees a contact as of the end of the cycle. What comes of it may begin journeys, whose effects stir again;
how deep that goes is limited like journeys that begin each other (I11).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core.entries import OccasionEntry
from tertulia.core.folds import name_type
from tertulia.core.occasions import SEGMENT, SEGMENT_CHANGES
from tertulia.core.segment_effects import MoveMember
from tertulia.core.segments import (
    Agreed,
    Compared,
    Counted,
    EventKey,
    Listed,
    MemberFacts,
    Reachable,
    SegmentFacts,
    matches,
    walk,
)
from tertulia.core.world import Config, World
from tertulia.ids import derive_id

ALL: Final = "all"
CONTACT: Final = "contact"
CONSENT: Final = "consent"
MESSAGE: Final = "message"
EVENT: Final = "event"
TIME: Final = "time"
MERGE: Final = "merge"
LIST: Final = "list"

_STIRS: Final[Mapping[type, str]] = {
    fx.CreateContact: ALL,
    ev.ChangeContact: CONTACT,
    fx.AddAddress: CONTACT,
    fx.MarkAddressDead: CONTACT,
    fx.LinkIdentity: CONTACT,
    fx.UnlinkIdentity: CONTACT,
    fx.TouchIdentity: CONTACT,
    fx.RecordConsent: CONSENT,
    fx.CloseDelivery: MESSAGE,
    fx.AdvanceDelivery: MESSAGE,
    fx.StoreClick: MESSAGE,
    fx.MergeContact: MERGE,
    fx.UndoMerge: MERGE,
    fx.RecordAbsorption: MERGE,
    MoveMember: LIST,
}
"""Effects of a contact -> what of it they change."""


@dataclass(slots=True)
class Stirred:
    """What has changed about a contact. `quiet`: what is imported alone has changed it, which begins no journey (E4);
    `name`: of the event that came last."""

    workspace: int
    what: set[object] = field(default_factory=set)
    name: str = ""
    cause: str = CONTACT
    quiet: bool = False


def stir(config: Config, effects: Iterable[fx.Effect]) -> dict[int, Stirred]:
    """By contact what has changed, in workspaces that have segments."""
    workspaces = {segment.workspace for segment in config.segments.values()}
    found: dict[int, Stirred] = {}
    imported: dict[int, bool] = {}
    for effect in effects:
        told: Any = effect
        if isinstance(effect, ev.StoreEvent):
            imported[effect.contact_id] = effect.imported and imported.get(effect.contact_id, True)
        what = _find_change(config, effect)
        if what is None or told.workspace not in workspaces:
            continue
        stirred = found.setdefault(told.contact_id, Stirred(told.workspace))
        stirred.what.add(what)
        if isinstance(effect, ev.StoreEvent):
            stirred.name, stirred.cause = effect.name or effect.type, EVENT
        elif not stirred.name:
            stirred.cause = _name_cause(what)
    for contact_id, stirred in found.items():
        stirred.quiet = imported.get(contact_id, False)
    return found


def _name_cause(what: object) -> str:
    """A list's change reaches the segments that name it as a person's."""
    return CONTACT if what == ALL else "person" if what == LIST else str(what)


def _find_change(config: Config, effect: fx.Effect) -> object | None:
    """What an effect changes of its contact: one of the words above, or an event's type and name."""
    if not isinstance(effect, ev.StoreEvent):
        return _STIRS.get(type(effect))
    key = (effect.workspace, name_type(effect.type), effect.name)
    return key[1:] if effect.contact_id and key in config.counted else None


def needs(segment: SegmentFacts) -> frozenset[object]:
    """What a segment hangs on, as `Stirred.what` names it."""
    found: set[object] = {ALL, MERGE}
    for node in walk(segment.node):
        match node:
            case Compared():
                found.add(CONTACT)
            case Counted():
                found.add((node.key.type, node.key.name) if isinstance(node.key, EventKey) else MESSAGE)
                if node.reach is not None:
                    found.add(TIME)
            case Agreed():
                found |= {CONTACT, CONSENT}
            case Reachable():
                found.add(CONTACT)
            case Listed():
                found.add(LIST)
            case _:
                pass
    return frozenset(found)


def list_concerned(config: Config, stirred: Mapping[int, Stirred]) -> dict[int, list[SegmentFacts]]:
    """By contact the segments that may have changed."""
    hanging = [(segment, needs(segment)) for segment in config.segments.values()]
    concerned = {
        contact_id: [segment for segment, on in hanging if segment.workspace == row.workspace and row.what & on]
        for contact_id, row in stirred.items()
    }
    return {contact_id: segments for contact_id, segments in concerned.items() if segments}


Wanted = dict[int, dict[int, SegmentFacts]]


def list_wanted(
    world: World, concerned: Mapping[int, Sequence[SegmentFacts]], stirred: Mapping[int, Stirred]
) -> tuple[Wanted, dict[int, Stirred]]:
    """By contact the segments to be asked, and why: also of whom a contact has become, but at the merge itself, where
    the other contact's owner looks at the other one. The contacts are loaded."""
    wanted: Wanted = {}
    why: dict[int, Stirred] = {}
    for contact_id, segments in concerned.items():
        merged = MERGE in stirred[contact_id].what
        for member in {contact_id} if merged else {contact_id, world.follow(contact_id)}:
            wanted.setdefault(member, {}).update({segment.id: segment for segment in segments})
            why.setdefault(member, stirred[contact_id])
    return wanted, why


def decide_members(
    world: World,
    wanted: Mapping[int, Mapping[int, SegmentFacts]],
    why: Mapping[int, Stirred],
    facts: Mapping[int, MemberFacts],
    inside: Collection[tuple[int, int]],
    depth: int,
) -> list[OccasionEntry]:
    """Who comes and who goes; gives what that may begin. `inside`: contact and segment of who was in it."""
    changes = []
    for contact_id, segments in wanted.items():
        for segment in segments.values():
            was, here = (contact_id, segment.id) in inside, facts.get(contact_id)
            told = settle(world, contact_id, segment, here, inside=was, why=why[contact_id], depth=depth)
            if told is not None:
                changes.append(told)
    return changes


def settle(
    world: World,
    contact_id: int,
    segment: SegmentFacts,
    facts: MemberFacts | None,
    *,
    inside: bool,
    why: Stirred,
    depth: int,
) -> OccasionEntry | None:
    """Whether a contact belongs now; `inside` whether it did, `facts` None of one who is not there any more. Gives what
    its coming or going may begin."""
    belongs = facts is not None and matches(segment.node, facts, world.now)
    if belongs == inside:
        return None
    world.add(MoveMember(segment.workspace, contact_id, segment.id, belongs, why.cause, why.name, world.now))
    if why.quiet or MERGE in why.what:  # nothing is started by a merge (M8)
        return None
    return tell_change(segment, contact_id, entered=belongs, world=world, depth=depth)


def tell_change(
    segment: SegmentFacts, contact_id: int, *, entered: bool, world: World, depth: int = 0
) -> OccasionEntry:
    """That somebody came or left, as what may begin a run. `depth`: after how many journeys that moved people."""
    name = SEGMENT_CHANGES["entered" if entered else "left"]
    occasion_id = derive_id("occasion", "segment", segment.id, contact_id, name, world.now.isoformat(), depth)
    properties = {"segment": segment.key, "segment_name": segment.name}
    return OccasionEntry(contact_id, occasion_id, SEGMENT, name, world.now, properties, depth=depth)
