"""Events that only add to a contact's history: nearly all of them, and decided with few facts.

An event is plain when its whole decision is known beforehand: it is of somebody known, where it is decided, no journey
and no segment listens for it, it tells nothing about the contact that is not known, and it ends no visit. All that is
left is to store it, to move forward when the contact was last seen, and perhaps to begin a visit (R6). The same
functions decide it as decide any event (`events`); what is spared is the loading of facts that would say "nothing".

Whose an event is, the edge has looked up (a claim); a contact that has the identities of the event among its own, and
was not merged, confirms it. All events of a contact are plain or none is, so that one contact's events are decided in
one order (E6).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tertulia.core.entries import EventEntry
from tertulia.core.events import KEYS_KEPT, make_stored, see
from tertulia.core.sessions import ACTS, IDLE, STARTED, go_on, goes_to_background
from tertulia.core.traits import read_settings
from tertulia.core.world import World
from tertulia.ids import shard_of_contact

_BEGINNING: Final = ("track", STARTED)


@dataclass(slots=True)
class Glimpse:
    """What a plain event needs of its contact. `settled`: language and zone are known. `visit_ends_at`: of the running
    visit, None where none is."""

    id: int
    active_at: datetime | None
    settled: bool
    visit_ends_at: datetime | None


Told = tuple[int, int, int | None, EventEntry]  # workspace, the shard where it is decided, whose the edge found it
Claim = tuple[int, str, str]  # contact, user id, device
Plain = tuple[int, Told, Glimpse]  # its place among the events


class Sorter:
    """Which events of a cycle are plain. `claims` says what is to be confirmed and `unclear` lists the events that
    claim nothing; of them and of those whose claim was not confirmed the contacts are held; then `sort` answers."""

    def __init__(self, world: World, events: Sequence[Told]) -> None:
        self._world = world
        config = world.config
        heard = {workspace for workspace, *told in (*config.heard, *config.counted) if tuple(told) == _BEGINNING}
        self._silent = config.workspaces.keys() - heard  # where nobody listens for the beginning of a visit
        self._names: dict[tuple[int, str, str], bool] = {}
        self.claims: dict[Claim, list[tuple[int, Told]]] = {}
        self.unclear: list[Told] = []
        late = world.now - KEYS_KEPT
        for place, told in enumerate(events):
            workspace, shard, contact_id, entry = told
            if (
                contact_id is not None
                and shard_of_contact(contact_id) == shard
                and self._is_unheard(workspace, entry)
                and entry.client_at >= late
                and not (entry.imported or entry.tried)
                and entry.contact_id is None
            ):
                self.claims.setdefault((contact_id, entry.user_id, entry.anonymous_id), []).append((place, told))
            else:
                self.unclear.append(told)

    def sort(self, confirmed: Mapping[Claim, Glimpse], held: Collection[int]) -> list[Plain]:
        """The plain events in the order of their places, each with its contact. `held`: contacts that must not have
        plain events."""
        by_contact: dict[int, tuple[Glimpse, list[tuple[int, Told]]]] = {}
        for claim, glimpse in confirmed.items():
            if claim[0] not in held:
                by_contact.setdefault(claim[0], (glimpse, []))[1].extend(self.claims[claim])
        plain = []
        for glimpse, each in by_contact.values():
            if self._is_plain(glimpse, each):
                plain += [(place, told, glimpse) for place, told in each]
        plain.sort(key=lambda one: one[0])
        return plain

    def _is_unheard(self, workspace: int, entry: EventEntry) -> bool:
        """Whether events of this name concern nobody but their contact; they are told apart once for each name."""
        name = (workspace, entry.call, entry.name)
        known = self._names.get(name)
        if known is None:
            config = self._world.config
            known = self._names[name] = (
                entry.call in ACTS
                and name not in config.heard
                and name not in config.counted
                and workspace in self._silent
                and not goes_to_background(entry)
            )
        return known

    def _is_plain(self, glimpse: Glimpse, each: Sequence[tuple[int, Told]]) -> bool:
        zones = self._world.config.zones
        if not glimpse.settled and any(read_settings(told[3].context, zones) for _, told in each if told[3].context):
            return False
        times = [told[3].at for _, told in each]
        return max(times) < (glimpse.visit_ends_at or min(times) + IDLE)


def decide_plain(world: World, events: Iterable[Plain]) -> None:
    """Store those that were found plain. The world is one of plain events alone, for nothing is folded that they do not
    ask for."""
    for _, (workspace, shard, _, entry), glimpse in events:
        if glimpse.visit_ends_at is None:
            go_on(world, entry, workspace, glimpse)
        see(world, entry, workspace, glimpse)
        world.effects.append(make_stored(world, entry, workspace, shard, glimpse.id))
