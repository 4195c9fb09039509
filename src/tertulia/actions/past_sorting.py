"""A batch of past events before it goes into the log: whose they are, and which are here already.

The engine decides all of this again, for it decides every event; but a row that names nobody, or somebody who was
erased, has to be refused with its number, and whoever imports a file wants to know what is new before it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tertulia.core.entries import shard_of_address, shard_of_identity
from tertulia.core.events import identities_of, place_event, shard_of_event
from tertulia.core.identity import IdentityRef
from tertulia.core.past_reasons import PastReason
from tertulia.core.past_rows import PastEvent, PastProblem
from tertulia.core.traits import read_addresses
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn
from tertulia.store.identities import find_contacts
from tertulia.store.import_erased import find_proofs
from tertulia.store.imports import Key
from tertulia.store.past_events import find_owners, find_roots, find_seen, find_stored

Known = Mapping[tuple[int, IdentityRef], int]


@dataclass(slots=True)
class Sorted:
    """What a batch comes to: events to be taken, in their order, how many of them name nobody who is known, how many
    are here already, and rows refused."""

    events: list[PastEvent] = field(default_factory=list)
    strangers: int = 0
    there: int = 0
    problems: list[PastProblem] = field(default_factory=list)


def sort_events(conn: Conn, workspace: int, found: Sequence[PastEvent], *, country: str, erased: bool) -> Sorted:
    """Sort out a batch, with a fixed number of queries. `erased`: people were erased from the workspace (C5);
    `country`: that of numbers in traits without a country code."""
    result = Sorted()
    named = _find_people(conn, workspace, found, result)
    who = [(workspace, identity) for event in named for identity in identities_of(event.entry)]
    known = find_contacts(conn, who)
    if erased:
        named = _leave_out_erased(conn, workspace, named, known, country, result)
    there = _find_there(conn, workspace, named, known)
    result.events = [event for number, event in enumerate(named) if number not in there]
    result.there = len(there)
    result.strangers = sum(not _list_contacts(workspace, event, known) for event in result.events)
    return result


def _find_people(conn: Conn, workspace: int, found: Sequence[PastEvent], result: Sorted) -> list[PastEvent]:
    """Events that an address names get the contact that has it; those of nobody, or of several, are refused."""
    owners = find_owners(conn, workspace, {event.address for event in found if event.address is not None})
    named = []
    for event in found:
        if event.address is None:
            named.append(event)
            continue
        contacts = owners.get(event.address, {})
        if len(set(contacts.values())) != 1:
            reason = PastReason.SEVERAL if contacts else PastReason.NOBODY
            result.problems.append(PastProblem(event.row, event.address[0], event.address[1], reason.value))
            continue
        event.entry = msgspec.structs.replace(event.entry, contact_id=min(contacts))
        named.append(event)
    return named


def _leave_out_erased(
    conn: Conn, workspace: int, events: Sequence[PastEvent], known: Known, country: str, result: Sorted
) -> list[PastEvent]:
    """C5: an id or address that was erased and that nobody has now is not brought back."""
    keys = {id(event): _list_unknown(workspace, event, known, country) for event in events}
    places = {key: shard for found in keys.values() for key, shard in found.items()}
    hits = set(find_proofs(conn, workspace, places)) if places else set()
    addresses = find_owners(conn, workspace, {key for key in hits if key[0] in ("email", "phone")})
    hits -= addresses.keys()
    kept = []
    for event in events:
        erased = next((key for key in keys[id(event)] if key in hits), None)
        if erased is None:
            kept.append(event)
        else:
            result.problems.append(PastProblem(event.row, erased[0], "", PastReason.ERASED_PERSON.value))
    return kept


def _list_unknown(workspace: int, event: PastEvent, known: Known, country: str) -> dict[Key, int]:
    """The ids of an event that nobody has and the addresses in its traits, with where their proofs would lie."""
    found = {
        (identity.kind, identity.value): shard_of_identity(workspace, identity)
        for identity in identities_of(event.entry)
        if (workspace, identity) not in known
    }
    if event.entry.call == "identify":
        for kind, key in read_addresses(event.entry.traits, country):
            found[(kind, key)] = shard_of_address(workspace, kind, key)
    return found


def _find_there(conn: Conn, workspace: int, events: Sequence[PastEvent], known: Known) -> set[int]:
    """The numbers of the events that are here already: stored with one of their contacts, or decided this week."""
    whose = [_list_contacts(workspace, event, known) for event in events]
    roots = find_roots(conn, {contact_id for contacts in whose for contact_id in contacts})
    places, keys = [], []
    for number, (event, contacts) in enumerate(zip(events, whose, strict=True)):
        shards = {shard_of_identity(workspace, event.entry.identity)}
        for contact_id in contacts:
            shards |= {shard_of_contact(contact_id), shard_of_contact(roots.get(contact_id, contact_id))}
        day, event_id = place_event(workspace, event.entry)
        places += [(shard, day, event_id, number) for shard in shards]
        keys.append((shard_of_event(event_id.bytes), day, event_id))
    return find_stored(conn, places) | find_seen(conn, keys)


def _list_contacts(workspace: int, event: PastEvent, known: Known) -> set[int]:
    found = {known[key] for identity in identities_of(event.entry) if (key := (workspace, identity)) in known}
    return found | ({event.entry.contact_id} if event.entry.contact_id is not None else set())
