"""Events of which nothing comes, told without a decision: most of what customers do.

An event is idle when nobody listens to it, or when its contact is in no journey that might, it begins none, and no goal
may be reached by it; and when it teaches nothing about its contact. What may yet stand in the way of an entry is kept.
"""

from typing import TYPE_CHECKING, Final

from tertulia.core.entries import EventEntry, OccasionEntry
from tertulia.core.events import identities_of, place_event
from tertulia.core.folds import name_type
from tertulia.core.identity import IdentityRef
from tertulia.core.occasions import begins
from tertulia.core.rows import ContactRow, Recalled
from tertulia.core.simulation.arrivals import Arrival
from tertulia.core.subjects import make_subject
from tertulia.core.world import Heard

if TYPE_CHECKING:
    from tertulia.core.simulation.memory import Memory

SETTINGS: Final = ("language", "locale", "zone", "timezone")  # what any event may teach of its contact
TELLS: Final = ("identify", "alias")  # calls that teach more


def is_idle(memory: "Memory", arrival: Arrival, entry: EventEntry) -> bool:
    """Whether nothing comes of an event; what is to be kept of such a one is kept."""
    config, workspace = memory.config, arrival.workspace
    told = (workspace, name_type(entry.call), entry.name)
    if memory.has_sessions or entry.call in TELLS or told in config.counted:
        return False
    owner = find_owner(memory, workspace, entry)
    if owner is None or {find_known(memory, workspace, identity) for identity in identities_of(entry)} - {owner}:
        return False
    contact = memory.rows.contacts[owner]
    if not (contact.locale and contact.zone) and any(name in entry.context for name in SETTINGS):
        return False
    heard = config.heard.get(told)
    if heard is None:
        return True
    happened = Recalled(place_event(workspace, entry)[1], entry.at, entry.call, entry.name, entry.properties)
    if entry.call == "group" or owner in memory.absorbed:
        return False
    if _follows(memory, owner) or _begins(memory, heard, happened, contact):
        return False
    memory.recall(owner, happened, arrival.at)
    return True


def _follows(memory: "Memory", contact_id: int) -> bool:
    """Whether a contact has a run that may listen, or a goal that may be reached."""
    return bool(memory.rows.runs_of.get(contact_id) or memory.goals_of.get(contact_id))


def _begins(memory: "Memory", heard: Heard, happened: Recalled, contact: ContactRow) -> bool:
    if not heard.starts:
        return False
    subject = make_subject(happened.properties, contact)
    journeys = memory.config.journeys
    return any(begins(journeys[one].program.journey.entry, happened, subject) for one in heard.starts)


def find_owner(memory: "Memory", workspace: int, entry: EventEntry | OccasionEntry) -> int | None:
    """Whose it is said to be, else what the edge's look-up finds."""
    named = entry.contact_id
    if named is not None or isinstance(entry, OccasionEntry):
        return memory.rows.follow(named) if named in memory.rows.contacts else None
    return find_known(memory, workspace, entry.identity)


def find_known(memory: "Memory", workspace: int, identity: IdentityRef) -> int | None:
    """Whose an identity is."""
    row = memory.rows.identities.get((workspace, identity))
    return memory.rows.follow(row.contact_id) if row is not None and row.contact_id is not None else None
