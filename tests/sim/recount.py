"""Two roads, one truth: what is kept as it goes (how far each contact came in a match) is counted again from what
happened, and the same script without crashes must come to the same end.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.sim.provider import CODE
from tests.sim.script import APPS
from tests.sim.world import World

Finding = Iterator[str]
STEPS: Final = ("sent_at", "delivered_at", "clicked_at", "wrote_at", "matched_at")


def check_sending(world: World) -> Finding:
    """Sent and delivered, with their cost, counted again from the deliveries."""
    rows = world.rows(
        """select p.match_id, p.contact_id, p.sent_at, p.delivered_at, p.cost_micros,
                  coalesce(array_agg(d.sent_at) filter (where d.sent_at is not null), '{}'),
                  coalesce(array_agg(d.delivered_at) filter (where d.delivered_at is not null), '{}'),
                  coalesce(sum(d.cost_micros), 0)
           from match_contact p
           left join delivery d on d.match_id = p.match_id and d.contact_id = p.contact_id
           group by p.match_id, p.contact_id, p.sent_at, p.delivered_at, p.cost_micros"""
    )
    for match_id, contact, sent_at, delivered_at, cost, sents, delivered, costs in rows:
        who = f"contact {contact} in match {match_id}"
        if (sent_at is None) != (not sents) or (sents and sent_at not in sents):
            yield f"{who}: sent at {sent_at}, its deliveries at {sents}"
        if (delivered_at is None) != (not delivered) or (delivered and delivered_at not in delivered):
            yield f"{who}: delivered at {delivered_at}, its deliveries at {delivered}"
        if cost != costs:
            yield f"{who}: cost {cost}, its deliveries {costs}"


def check_clicks(world: World) -> Finding:
    """Clicked, in all and by app, counted again from the openings that were taken for a person's."""
    first = {
        (match, contact): at
        for match, contact, at in world.rows(
            "select match_id, contact_id, min(at) from click where class = 'human' group by 1, 2"
        )
    }
    for match, contact, at in world.rows("select match_id, contact_id, clicked_at from match_contact"):
        if first.get((match, contact)) != at:
            yield f"contact {contact} in match {match}: clicked at {at}, first opening {first.get((match, contact))}"
    by_app = Counter(
        world.rows(
            """select c.match_id, c.contact_id, c.app, min(c.at) from click c
               join match_contact p on p.match_id = c.match_id and p.contact_id = c.contact_id
               where c.class = 'human' and c.app <> 'chooser' group by 1, 2, 3"""
        )
    )
    kept = Counter(
        world.rows("select match_id, contact_id, app, clicked_at from match_app where clicked_at is not null")
    )
    for row in (by_app - kept) + (kept - by_app):
        yield f"clicks by app differ: {row} (counted {by_app[row]}, kept {kept[row]})"


def check_moments(world: World) -> Finding:
    """When contacts read, clicked and wrote, to the quarter of an hour, counted again from the history; a beacon's
    opening may be told a moment after the page's."""
    rows = world.rows(
        """select coalesce(k.contact_id, h.contact_id), k.moments, h.moments
           from contact_moments k
           full join (
               select t.contact_id, array_agg(distinct floor(extract(epoch from t.at) / 900)::integer) as moments
               from (
                   select contact_id, read_at as at from delivery where read_at is not null
                   union all select contact_id, at from click where class = 'human'
                   union all select contact_id, provider_at from message where direction = 'in'
               ) t
               join contact c on c.id = t.contact_id and c.erased_at is null
               group by 1
           ) h on h.contact_id = k.contact_id"""
    )
    for contact, kept, told in rows:
        newest = sorted(told or [])[-60:]
        if (kept or []) != newest:
            yield f"contact {contact}: looked at {kept}, its history says {newest}"


def check_writing(world: World) -> Finding:
    """Wrote and matched: who is matched wrote the link's code or from a number that says who they are; whose code was
    written by an identity of theirs is matched."""
    matches = {match: label for label, match in world.played.matches.items()}
    labels = {contact: label for label, contact in world.played.contacts.items()}
    written = {(c.holder, c.match, c.app) for c in world.played.codes}
    told = bool(world.played.digits or world.played.shared or world.played.merges)
    rows = world.rows(
        "select match_id, contact_id, wrote_at, matched_at, matched_app, state, reason, forwarded from match_contact"
    )
    for match_id, contact, wrote_at, matched_at, app, state, reason, forwarded in rows:
        who = f"contact {contact} in match {match_id}"
        key = (labels.get(contact, -1), matches[match_id])
        if matched_at is not None and wrote_at is None:
            yield f"{who} is matched and never wrote"
        if matched_at is not None and (state != "matched" or reason):
            yield f"{who} is matched, but {state} {reason!r}"
        by_code = any((*key, one) in written for one in APPS)
        if matched_at is not None and (*key, app) not in written and not (told or writes_by_number(world, key[0], app)):
            yield f"{who} is matched in {app}, where nobody wrote their code"
        if forwarded and not by_code:
            yield f"{who} is flagged as forwarded, and nobody wrote their code"


def writes_by_number(world: World, label: int, app: str) -> bool:
    """Whether WhatsApp vouches for this person's number, or somebody else's that is the same."""
    return app == "whatsapp" and label >= 0


def check_matched(world: World) -> Finding:
    """Everybody whose own identity sent their own link's code in time is matched."""
    labels = {contact: label for label, contact in world.played.contacts.items()}
    owners = {
        (kind, value): contact for kind, value, contact in world.rows("select kind, value, contact_id from identity")
    }
    matched = set(world.rows("select match_id, contact_id, app from match_app where matched_at is not null"))
    members = set(world.rows("select match_id, contact_id from match_contact"))
    expiries = {
        (match, contact): at for match, contact, at in world.rows("select match_id, contact_id, expires_at from link")
    }
    for code in world.played.codes:
        person = world.person(code.writer)
        owner = owners.get((code.app, person.identity(code.app)))
        contact, match = world.played.contacts.get(code.holder), world.played.matches[code.match]
        if not code.message_id or owner is None or owner != contact or (match, contact) not in members:
            continue
        if world.played.merges or labels.get(owner) in world.played.erased:
            continue
        if expiries[(match, contact)] > code.at and (match, contact, code.app) not in matched:
            yield f"{person.name}, who is contact {contact}, wrote their code in {code.app}; match {match} has none"


def check_erased(world: World) -> Finding:
    """C5: nothing anywhere holds the name of a person who was erased."""
    for label in world.played.erased:
        person = world.person(label)
        for table in find_text(world, person.name):
            yield f"{table} holds the name of the erased {person.name}"


def find_text(world: World, text: str) -> list[str]:
    """The tables that hold a text anywhere in a row."""
    tables = world.rows(
        """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind = 'r' order by 1"""
    )
    return [
        table
        for (table,) in tables
        if world.rows(f"select 1 from {table} t where t::text ilike %s limit 1", f"%{text}%")
    ]


CHECKS: Final[tuple[Callable[[World], Finding], ...]] = (
    check_sending,
    check_clicks,
    check_moments,
    check_writing,
    check_matched,
    check_erased,
)


# the same script twice


def describe(world: World) -> dict[str, Counter[str]]:
    """The end of a world without its ids: what was decided about whom, what everybody got, what is known of them."""
    label = label_contacts(world)
    matches = {match: f"M{number}" for number, match in world.played.matches.items()}
    journeys = {journey: f"J{number}" for number, journey in world.played.journeys.items()}

    def read(query: str, shape: Callable[..., Any]) -> Counter[str]:
        return Counter(json.dumps(shape(*row), default=str) for row in world.rows(query))

    return {
        "progress": read(
            """select match_id, contact_id, stage, state, reason, sent_at, delivered_at, clicked_at, wrote_at,
                      matched_at, matched_app, forwarded, cost_micros from match_contact""",
            lambda match, contact, *rest: (matches[match], label(contact), *rest),
        ),
        "apps": read(
            "select match_id, contact_id, app, clicked_at, wrote_at, matched_at from match_app",
            lambda match, contact, *rest: (matches[match], label(contact), *rest),
        ),
        "ledger": read(
            "select contact_id, match_id, journey_id, step, outcome, gate, reason, at from ledger",
            lambda contact, match, journey, *rest: (
                label(contact),
                matches.get(match),
                journeys.get(journey),
                *rest,
            ),
        ),
        "deliveries": read(
            """select contact_id, match_id, stage, class, state, attempt, reason, flags, sent_at, delivered_at, read_at,
                      failed_at from delivery""",
            lambda contact, match, *rest: (label(contact), matches.get(match), *rest),
        ),
        "runs": read(
            """select contact_id, journey_id, revision, key, step, entered_at, started_at, outcome, reason, ended_at
               from run""",
            lambda contact, journey, *rest: (label(contact), journeys.get(journey), *rest),
        ),
        "passages": read(
            "select contact_id, journey_id, key, entry_at, message_at from passage",
            lambda contact, journey, *rest: (label(contact), journeys.get(journey), *rest),
        ),
        "consents": read(
            "select contact_id, channel, topic, state, source, at from consent",
            lambda contact, *rest: (label(contact), *rest),
        ),
        "identities": read(
            "select kind, value, contact_id, trust from identity",
            lambda kind, value, contact, trust: (kind, value, label(contact), trust),
        ),
        "messages": read(
            "select provider_id, direction, contact_id from message",
            lambda message, direction, contact: (message, direction, label(contact)),
        ),
        "suggestions": read(
            "select contact_id, other_id, rule, state from merge_suggestion",
            lambda one, other, *rest: (label(one), label(other), *rest),
        ),
        "contacts": read(
            "select id, merged_into, erased_at from contact",
            lambda contact, into, erased: (label(contact), label(into), erased),
        ),
        "sent": Counter(f"{t.kind} {t.to} {CODE.sub('/code', t.text)} {t.fate}" for t in world.machine.provider.taken),
    }


def label_contacts(world: World) -> Callable[[int | None], str]:
    """A name for each contact that does not hang on its id: the person's on the list, else the identity or the message
    by which it came to be."""
    known = {contact: f"person {label}" for label, contact in world.played.contacts.items()}
    rows = world.rows("select contact_id, kind, value from contact_identity order by linked_at, kind, value")
    for contact, kind, value in rows:
        known.setdefault(contact, f"{kind} {value}")
    for contact, message in world.rows("select contact_id, min(provider_id) from message group by 1 order by 2"):
        known.setdefault(contact, f"writer of {message}")
    return lambda contact: "nobody" if contact is None else known.get(contact, "somebody unknown")


def compare(mine: dict[str, Counter[str]], theirs: dict[str, Counter[str]]) -> list[str]:
    """What differs between two ends of the same script, the first with crashes."""
    faults = []
    for part, rows in mine.items():
        faults += [f"{part}: only with crashes: {row}" for row in (rows - theirs[part]).elements()]
        faults += [f"{part}: only without: {row}" for row in (theirs[part] - rows).elements()]
    return faults
