"""Events that only add to a contact's history: nearly all of them, and decided with few facts.

An event is plain when its whole decision is known beforehand: it is of somebody known, where it is decided, no journey
and no segment listens for it, it tells nothing about the contact that is not known, and it ends no visit. All that is
left is to store it, to move forward when the contact was last seen, and perhaps to begin a visit (R6). The same
functions decide it as decide any event (`events`); what is spared is the loading of facts that would say "nothing".

`sort_plain` sorts a cycle's events. All events of a contact are plain or none is, so that one contact's events are
decided in one order (E6).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tertulia.core.entries import EventEntry
from tertulia.core.events import EVENT_IDENTITIES, KEYS_KEPT, make_stored, see
from tertulia.core.identity import IdentityRef
from tertulia.core.rows import SessionRow
from tertulia.core.sessions import ACTS, IDLE, STARTED, go_on, goes_to_background
from tertulia.core.traits import read_settings
from tertulia.core.world import World
from tertulia.ids import shard_of_contact

USER, DEVICE = EVENT_IDENTITIES
_BEGINNING: Final = ("track", STARTED)


@dataclass(slots=True)
class Glimpse:
    """What a plain event needs of its contact. `settled`: language and zone are known. `session`: the running one."""

    id: int
    active_at: datetime | None
    settled: bool
    session: SessionRow | None


Told = tuple[int, int, EventEntry]  # workspace, the shard in which it is decided, and the event


class Sorter:
    """Which events of a cycle are plain. First `want` says whose glimpses are needed, then `sort` answers."""

    def __init__(self, world: World) -> None:
        self._world = world
        config = world.config
        heard = {workspace for workspace, *told in (*config.heard, *config.counted) if tuple(told) == _BEGINNING}
        self._silent = config.workspaces.keys() - heard  # where nobody listens for the beginning of a visit
        self._late = world.now - KEYS_KEPT
        self._held: set[int] = set()  # contacts of whom something else is decided in the cycle
        self._found: dict[int, list[tuple[int, Told]]] = {}  # by contact, with their places

    def want(self, events: Sequence[Told], held: Collection[int]) -> list[int]:
        """The contacts whose events may all be plain, as far as the events and their identities tell; these are loaded
        into the world. `held`: contacts that must not have plain events."""
        self._held |= set(held)
        for place, told in enumerate(events):
            contacts = self._list_contacts(told)
            if len(contacts) == 1 and self._may_be_plain(told):
                [contact_id] = contacts
                self._found.setdefault(contact_id, []).append((place, told))
            else:
                self._held |= contacts
        return [contact_id for contact_id in self._found if contact_id not in self._held]

    def sort(self, glimpses: dict[int, Glimpse]) -> list[tuple[int, Told, Glimpse]]:
        """The plain events in the order of their places, each with its contact."""
        plain = []
        for contact_id, each in self._found.items():
            glimpse = glimpses.get(contact_id)
            if glimpse is None or contact_id in self._held or not self._is_plain(glimpse, each):
                continue
            plain += [(place, told, glimpse) for place, told in each]
        plain.sort(key=lambda one: one[0])
        return plain

    def _list_contacts(self, told: Told) -> set[int]:
        """Whom the directory says it is of: one contact where all is clear. An unknown device makes it unclear, for it
        is about to be linked, and so does an unknown user; nobody (0) stands for them."""
        workspace, _, entry = told
        found = set()
        for kind, value in ((USER, entry.user_id), (DEVICE, entry.anonymous_id)):
            if value:
                row = self._world.identities.get((workspace, IdentityRef(kind, "", value)))
                found.add(0 if row is None or row.contact_id is None else row.contact_id)
        if entry.contact_id is not None:
            found.add(entry.contact_id)
        return found

    def _may_be_plain(self, told: Told) -> bool:
        workspace, _, entry = told
        name = (workspace, entry.call, entry.name)
        config = self._world.config
        return (
            entry.call in ACTS
            and name not in config.heard
            and name not in config.counted
            and workspace in self._silent
            and not entry.imported
            and not entry.tried
            and entry.contact_id is None
            and entry.client_at >= self._late
            and not goes_to_background(entry)
        )

    def _is_plain(self, glimpse: Glimpse, each: Sequence[tuple[int, Told]]) -> bool:
        home = shard_of_contact(glimpse.id)
        times = []
        for _, (_, shard, entry) in each:
            if shard != home:
                return False
            if not glimpse.settled and entry.context and read_settings(entry.context, self._world.config.zones):
                return False
            times.append(entry.at)
        ends_at = glimpse.session.ends_at if glimpse.session is not None else min(times) + IDLE
        return max(times) < ends_at


def decide_plain(world: World, told: Told, glimpse: Glimpse) -> None:
    """Store one that was found plain. The world is one of plain events alone, for nothing is folded that they do not
    ask for."""
    workspace, shard, entry = told
    if glimpse.session is not None:
        world.sessions.setdefault(glimpse.id, glimpse.session)
    go_on(world, entry, workspace, glimpse)
    see(world, entry, workspace, glimpse)
    world.effects.append(make_stored(world, entry, workspace, shard, glimpse.id))
