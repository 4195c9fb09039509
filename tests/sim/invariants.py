"""What must be true of a small world when it has come to rest, whatever happened in it.

Each check yields sentences about what is wrong. They compare three things that were made apart from each other: the
database, the provider's record of what was really sent, and the world's own memory of what people said and did.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from tests.sim.script import APPS
from tests.sim.world import World

from tertulia.core.phones import key_of_e164

Finding = Iterator[str]

# How far each state is; only the way back to the queue lowers it, with a new attempt to come.
RANK: Final = {
    "held": 0, "queued": 0, "sending": 2, "unknown": 3, "revoked": 4, "dropped": 4, "expired": 4,
    "sent": 5, "failed": 6, "delivered": 7, "read": 8,
}  # fmt: skip
OPEN: Final = frozenset({"held", "queued", "sending", "unknown"})
BACK: Final = {("sending", "queued"), ("unknown", "queued")}


def check_verdicts(world: World) -> Finding:
    """S3: nothing is ever without a verdict; and everybody of an audience has come to an end or has a reason."""
    for delivery_id, state in world.rows("select id, state from delivery_open"):
        yield f"delivery {delivery_id} is still {state}"
    query = "select match_id, contact_id, state, reason from match_contact where state in ('waiting', 'sending')"
    for match_id, contact_id, state, reason in world.rows(query):
        yield f"{name(world, contact_id)} in match {match_id} is {state} ({reason!r}) at the end"
    query = "select match_id, contact_id from match_contact where state = 'unreached' and reason = ''"
    for match_id, contact_id in world.rows(query):
        yield f"{name(world, contact_id)} in match {match_id} is unreached without a reason"
    for match_id, label in [(m, k) for k, m in world.played.matches.items()]:
        [(state,)] = world.rows("select state from match where id = %s", match_id)
        if state not in ("done", "stopped", "live"):
            yield f"match {label} is {state}"


def check_steps(world: World) -> Finding:
    """I4: a delivery's states only move forward."""
    for delivery_id, (state, attempt), (new, again) in world.steps:
        if again < attempt:
            yield f"{delivery_id}: attempt {attempt} became {again}"
        elif state not in OPEN and new in OPEN:
            yield f"{delivery_id}: {state} became {new} again"
        elif again == attempt and RANK[new] < RANK[state] and (state, new) not in BACK:
            yield f"{delivery_id}: {state} became {new}"


def check_copies(world: World) -> Finding:
    """S3: nobody gets a marketing message twice; a transactional one twice only after `unknown`, and the ledger says
    so."""
    copies = Counter(taken.key for taken in world.machine.provider.taken if taken.took)
    for key, count in copies.items():
        kind, to, text = key.split("|", 2)
        if count == 1 or "M" not in text[:12]:
            continue
        mark, holder = read_mark(text)
        class_ = world.played.classes[mark]
        contact = contact_by_name(world, holder)
        allowed = 1
        if class_ == "transactional":
            [(more,)] = world.rows(
                """select count(*) from ledger
                   where (contact_id = %s or %s) and match_id = %s and reason = 'second_copy'""",
                *(contact, contact is None, world.played.matches[mark]),
            )
            allowed += more
        if count > allowed:
            yield f"{class_} {mark} went to {holder} ({kind} {to}) {count} times, {allowed} allowed"
    of_delivery = Counter(t.delivery for t in world.machine.provider.taken if t.took and t.delivery)
    for delivery_id, count in of_delivery.items():
        rows = world.rows("select class, cause from delivery where id = %s", UUID(delivery_id))
        if count > 1 and rows and rows[0][0] != "transactional":
            yield f"delivery {delivery_id} ({rows[0]}) went out {count} times"


def check_attempts(world: World) -> Finding:
    """Every request was an attempt of its own that the ledger knows."""
    asked = Counter(t.delivery for t in world.machine.provider.taken if t.delivery)
    attempts = {str(i): n for i, n in world.rows("select id, attempt from delivery")}
    for delivery_id, count in asked.items():
        if delivery_id in attempts and count > attempts[delivery_id]:
            yield f"delivery {delivery_id}: {count} requests in {attempts[delivery_id]} attempts"


def check_consent(world: World) -> Finding:
    """C1-C4: nobody gets an offer without a grant, or after a word against it that was decided before the claim."""
    merged = {contact for pair in world.rows("select contact_id, into_id from merge") for contact in pair}
    deliveries = {
        row[0]: row[1:]
        for row in world.rows(
            "select id, contact_id, match_id, to_value, to_kind from delivery where class = 'marketing'"
        )
    }
    labels = {contact: label for label, contact in world.played.contacts.items()}
    for delivery_id, round_ in world.claims:
        if delivery_id not in deliveries:
            continue
        contact, match_id, to, kind = deliveries[delivery_id]
        if contact in merged:
            continue
        label = labels.get(contact)
        if label is None and contact not in granted_by_person(world):
            yield f"match {match_id} went to contact {contact}, who is in no list"
        key = key_of_e164(to) if to else ""
        words = [
            said
            for said in world.played.said
            if said.round < round_
            and (said.number == key if said.number else said.contact == label)
            and (said.why != "undo" or kind == "phone")  # a first message in an app agreed to offers there (M7)
        ]
        against = [n for n, said in enumerate(words) if said.given == "withdrawn"]
        if against and not any(said.given == "granted" for said in words[against[-1] :]):
            yield f"match {match_id} went to {name(world, contact)} in round {round_} after {words[against[-1]]}"


def granted_by_person(world: World) -> set[int]:
    rows = world.rows("select contact_id from consent where source = 'person' and state = 'granted'")
    return {row[0] for row in rows}


def check_intake(world: World) -> Finding:
    """I3: received = processed + parked, for every channel; and nothing is parked but what names an erased person's
    delivery."""
    rows = world.rows(
        "select channel_id, sum(received), sum(processed), sum(parked) from channel_tally group by channel_id"
    )
    counts = {channel: numbers for channel, *numbers in rows}
    for place, channel in world.channels.items():
        received, processed, parked = counts.get(channel.pk, (0, 0, 0))
        if received != processed + parked:
            yield f"{place}: received {received}, processed {processed}, parked {parked}"
        came = world.played.received[place]
        if received < came or ("edge" not in world.machine.crashes and received != came):
            yield f"{place}: received {received}, came {came}"
    for kind, reason in world.rows("select kind, reason from parked"):
        yield f"a {kind} was parked: {reason}"


def check_messages(world: World) -> Finding:
    """I3, E1: every message is kept once, under the contact that its writer is."""
    kept = Counter(row[0] for row in world.rows("select provider_id from message where direction = 'in'"))
    written = set(world.played.messages)
    for message_id in written - set(kept):
        yield f"message {message_id} is nowhere"
    for message_id, count in kept.items():
        if count != 1:
            yield f"message {message_id} is kept {count} times"
        if message_id not in written:
            yield f"message {message_id} was never written"


def check_identities(world: World) -> Finding:
    """M1: an identity belongs to one contact, and both sides of it say so."""
    directory = {
        (kind, value): contact
        for kind, value, contact in world.rows("select kind, value, contact_id from identity")
        if contact is not None
    }
    sides: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, value, contact in world.rows(
        "select kind, value, contact_id from contact_identity where unlinked_at is null"
    ):
        sides[(kind, value)].append(contact)
    for key, contacts in sides.items():
        if len(contacts) > 1 or directory.get(key) != contacts[0]:
            yield f"{key} stands at {contacts}, the directory says {directory.get(key)}"
    for key, contact in directory.items():
        if key not in sides:
            yield f"{key} leads to {contact}, who does not have it"


def check_links(world: World) -> Finding:
    """M2, M4, M5: a code leads only to the contact whose link it is, and one link binds one person."""
    families = read_families(world)
    labels = {person.identity(app): person.label for person in world.script.people for app in APPS}
    bound: dict[tuple[int, int], set[int]] = defaultdict(set)
    rows = world.rows(
        """select contact_id, kind, value, evidence from contact_identity
           where kind in ('whatsapp', 'telegram', 'viber') order by linked_at"""
    )
    shown = world.rows("select contact_id, value from address where source = 'platform:twilio'")  # by an SMS of theirs
    for contact, kind, value, evidence in rows:
        writer, rule = labels.get(value), evidence.get("rule")
        if writer is None:
            continue
        person = world.script.people[writer]
        sent = {(c.holder, c.match) for c in world.played.codes if c.writer == writer and c.app == kind}
        if rule == "token":
            owners = {world.played.contacts.get(holder) for holder, _ in sent}
            if not any(owner is not None and owner in families[contact] for owner in owners):
                yield f"{person.name}'s {kind} is linked to {name(world, contact)}, whose code they never sent"
            for holder, match in sent:
                same = person.whatsapp_phone and kind == "whatsapp"
                if world.played.contacts.get(holder) == contact and not same:
                    bound[(holder, match)].add(writer)
        elif rule == "phone":
            numbers = {key_of_e164(person.whatsapp_phone or person.number), key_of_e164(person.number)}
            mine = {
                key_of_e164(p.number)
                for p in world.script.people
                if world.played.contacts.get(p.label) in families[contact]
            } | {key_of_e164(number) for owner, number in shown if owner in families[contact]}
            if mine and not numbers & mine:
                yield f"{person.name}'s {kind} is linked to {name(world, contact)} by a number that is not theirs"


def read_families(world: World) -> dict[int, set[int]]:
    """Every contact with all that it was ever merged with."""
    families: dict[int, set[int]] = defaultdict(set)
    for (contact,) in world.rows("select id from contact"):
        families[contact] = {contact}
    for one, other in world.rows("select contact_id, into_id from merge"):
        joined = families[one] | families[other]
        for member in joined:
            families[member] = joined
    return families


def check_restored(world: World) -> Finding:
    """M8: a merge that was undone at once left nothing behind."""
    for before, after in world.played.restored:
        if before != after:
            yield f"after merge and undo: {after} instead of {before}"


def name(world: World, contact: int) -> str:
    """Whom a contact id means, for a sentence."""
    for label, known in world.played.contacts.items():
        if known == contact:
            return f"person {label} ({contact})"
    return f"contact {contact}"


def read_mark(text: str) -> tuple[int, str]:
    """The match's label and the person's name of a message of a match."""
    words = text.removeprefix("template hello: ").split()
    return int(words[0].removeprefix("M")), words[1]


def contact_by_name(world: World, person_name: str) -> int | None:
    labels = [person.label for person in world.script.people if person.name == person_name]
    return world.played.contacts.get(labels[0]) if labels else None


CHECKS: Final[tuple[Callable[[World], Finding], ...]] = (
    check_verdicts,
    check_steps,
    check_copies,
    check_attempts,
    check_consent,
    check_intake,
    check_messages,
    check_identities,
    check_links,
    check_restored,
)
