"""What if a draft had been live: recorded events of real contacts, played through it on a virtual clock.

The journeys beside it are the published ones. Contacts are as they are today, with today's addresses, consent and
attributes, and nobody is inside a journey when it begins. What the customers did is what they did: history does not
answer to messages that were never sent.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from tertulia.actions.config import index_journeys
from tertulia.core.came import subject_of
from tertulia.core.identity import IdentityRef
from tertulia.core.journeys import Program
from tertulia.core.simulation.memory import Memory, make_memory
from tertulia.core.world import Config, JourneyFacts, World
from tertulia.store import world as loader
from tertulia.store.db import Conn


def put_in(config: Config, workspace: int, journey_id: int, name: str, program: Program) -> Config:
    """The configuration in which people enter this draft, whatever is published of its journey; of the other journeys
    those of its workspace."""
    beside = {row.id: row for row in config.journeys.values() if row.workspace == workspace}
    number = beside[journey_id].revision + 1 if journey_id in beside else 1
    beside[journey_id] = JourneyFacts(journey_id, workspace, name, "live", number, {number: program})
    return replace(config, journeys=beside, heard=index_journeys(beside.values()))


def load_memory(conn: Conn, config: Config, contact_ids: Iterable[int], since: datetime) -> Memory:
    """These contacts and their families as they are stored now, with what stands against their addresses."""
    memory = make_memory(config, since)
    found = World(since, config, iter(()))
    loader.load_stored(conn, found, contact_ids)
    subjects = set()
    for row in found.contacts.values():
        if row.erased:
            continue
        memory.add_contact(row)
        places = [IdentityRef(address.kind, "", address.value) for address in row.addresses]
        for identity in [*places, *(linked.identity for linked in row.identities)]:
            subject = subject_of(identity)
            subjects.add((row.workspace, subject.kind, subject.value))
    loader.load_suppressions(conn, found, subjects)
    memory.rows.suppressed = found.suppressed
    return memory
