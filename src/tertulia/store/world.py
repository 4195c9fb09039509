"""Loads a cycle's facts: a fixed number of queries over arrays of keys, whatever the number of entries."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tertulia.core.consent import Cause, ConsentFact, Given, Source, Suppression, read_subject
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import shard_of_address, shard_of_identity, shard_of_reference
from tertulia.core.events import LISTED, USER, shard_of_event
from tertulia.core.families import join_families
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.links import LinkRow
from tertulia.core.plain import Claim, Glimpse
from tertulia.core.progress import ProgressRow
from tertulia.core.rows import (
    AddressRow,
    ClosedDelivery,
    ContactRow,
    IdentityRow,
    LinkedIdentity,
    OpenDelivery,
)
from tertulia.core.world import World
from tertulia.ids import day_of, place_of_delivery, shard_of_contact
from tertulia.store.arrays import Uuids
from tertulia.store.db import Conn, fetch_all, load, read_json, run
from tertulia.store.segments import load_memberships

SERIALS_PER_BLOCK = 1000
_TRUSTS = {trust.value: trust for trust in Trust}  # a call of the enumeration takes 1 us


def iter_serials(conn: Conn) -> Iterator[int]:
    """Serial numbers for new contacts, a thousand a query; those of a transaction that rolls back are lost."""
    while True:
        row = conn.execute(load("world")["serials"]).fetchone()
        assert row is not None
        yield from range(row[0], row[0] + SERIALS_PER_BLOCK)


def load_identities(conn: Conn, world: World, wanted: Collection[tuple[int, IdentityRef]]) -> None:
    """The directory's rows of these identities, of those that are not loaded yet."""
    keys = [key for key in wanted if key not in world.identities]
    if not keys:
        return
    rows = fetch_all(
        conn,
        load("world")["identities"],
        {
            "shards": [shard_of_identity(workspace, identity) for workspace, identity in keys],
            "workspaces": [workspace for workspace, _ in keys],
            "kinds": [identity.kind for _, identity in keys],
            "scopes": [identity.scope for _, identity in keys],
            "values": [identity.value for _, identity in keys],
        },
    )
    for workspace, kind, scope, value, contact_id, route, trust in rows:
        world.identities[(workspace, IdentityRef(kind, scope, value))] = IdentityRow(contact_id, route, _TRUSTS[trust])


def load_owners(conn: Conn, world: World, wanted: Collection[tuple[int, str, str]]) -> None:
    """Which contacts have these addresses (workspace, kind, canonical)."""
    for workspace, kind, canonical, contact_id in _by_address(conn, "owners", wanted):
        world.owners_of.setdefault((workspace, kind, canonical), []).append(contact_id)


def load_listed(conn: Conn, world: World, users: Iterable[tuple[int, str]]) -> None:
    """Whom lists name by these user ids (workspace, id), of those whose identity is nobody's."""
    unknown = []
    for workspace, user_id in users:
        row = world.identities.get((workspace, IdentityRef(USER, "", user_id)))
        if row is None or row.contact_id is None:
            unknown.append((workspace, LISTED, user_id))
    load_owners(conn, world, unknown)


def load_suppressions(conn: Conn, world: World, wanted: Collection[tuple[int, str, str]]) -> None:
    """What stands against these addresses."""
    for workspace, kind, canonical, cause, channel, at, source in _by_address(conn, "suppressions", wanted):
        row = Suppression(Cause(cause), IdentityRef(kind, "", canonical), channel, at, source)
        world.suppressed.setdefault((workspace, kind, canonical), []).append(row)


def _by_address(conn: Conn, query: str, wanted: Collection[tuple[int, str, str]]) -> list[tuple[Any, ...]]:
    keys = list(wanted)
    if not keys:
        return []
    return fetch_all(
        conn,
        load("world")[query],
        {
            "shards": [shard_of_address(*key) for key in keys],
            "workspaces": [key[0] for key in keys],
            "kinds": [key[1] for key in keys],
            "canonicals": [key[2] for key in keys],
        },
    )


def load_links(conn: Conn, world: World, wanted: Collection[tuple[int, bytes]]) -> None:
    """Links by shard and hash of their code."""
    keys = list(wanted)
    if not keys:
        return
    args = {"shards": [shard for shard, _ in keys], "hashes": [code_hash for _, code_hash in keys]}
    for row in fetch_all(conn, load("world")["links"], args):
        world.links[row[0]] = _link(row)


def _link(row: Sequence[Any]) -> LinkRow:
    code_hash, workspace, contact_id, match_id, attempt, made_at, expires_at, sent_at = row[:8]
    kind, scope, value, bound_at = row[8:]
    bound = IdentityRef(kind, scope, value) if kind else None
    return LinkRow(code_hash, workspace, contact_id, match_id, attempt, made_at, expires_at, sent_at, bound, bound_at)


def load_contacts(conn: Conn, world: World, wanted: Iterable[int]) -> None:
    """Contacts with their addresses, identities, consent, links, conversations and progress; those they were merged
    into, and those that were merged into them, however far it goes. What an absorbed contact has is its root's too."""
    _load_families(conn, world, wanted, _CONTACT_PARTS)


def load_profiles(conn: Conn, world: World, wanted: Iterable[int]) -> None:
    """The same with addresses and identities only: all that an event needs. After `load_contacts`, which passes over
    those who are loaded already."""
    _load_families(conn, world, wanted, _OWN_PARTS)


def load_glimpses(conn: Conn, claims: Sequence[Claim]) -> dict[Claim, Glimpse]:
    """Contacts as plain events need them, by the claims that are right: the contact has these identities, and was
    neither merged nor erased."""
    if not claims:
        return {}
    ids = [claim[0] for claim in claims]
    args = {
        "shards": [*map(shard_of_contact, ids)],
        "ids": ids,
        "users": [claim[1] for claim in claims],
        "devices": [claim[2] for claim in claims],
    }
    found: dict[Claim, Glimpse] = {}
    of_contact: dict[int, Glimpse] = {}
    for number, *seen in fetch_all(conn, load("world")["glimpses"], args):
        claim = claims[number - 1]
        glimpse = of_contact.get(claim[0])
        found[claim] = of_contact[claim[0]] = glimpse or Glimpse(claim[0], *seen)
    return found


def load_stored(conn: Conn, world: World, wanted: Iterable[int]) -> None:
    """Contacts with their families as they are stored: addresses, identities and consent stay with whose they are."""
    _load_rows(conn, world, wanted, _STORED_PARTS)


def _load_families(conn: Conn, world: World, wanted: Iterable[int], parts: "Parts") -> None:
    fresh = _load_rows(conn, world, wanted, parts)
    join_families(world, fresh)
    if world.config.exit_segments and fresh:  # X5
        world.listed |= load_memberships(conn, [row.id for row in fresh])


def _load_rows(conn: Conn, world: World, wanted: Iterable[int], parts: "Parts") -> list[ContactRow]:
    """Those that were not loaded yet."""
    ids = {contact_id for contact_id in wanted if contact_id not in world.contacts}
    fresh: list[ContactRow] = []
    while ids:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in ids], "ids": list(ids)}
        for name, take in parts:
            for row in fetch_all(conn, load("world")[name], args):
                take(world, row)
        loaded = [world.contacts[contact_id] for contact_id in ids if contact_id in world.contacts]
        fresh += loaded
        ids = {row.merged_into for row in loaded if row.merged_into is not None}
        ids |= {row[1] for row in fetch_all(conn, load("world")["absorbed"], args)}
        ids -= world.contacts.keys()
    return fresh


def load_progress(conn: Conn, world: World, wanted: Iterable[int]) -> None:
    """How far contacts have come in their matches, and their country: all that a delivery which goes well needs."""
    ids = [contact_id for contact_id in wanted if contact_id not in world.contacts]
    if ids:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in ids], "ids": ids}
        world.countries.update(dict(fetch_all(conn, load("world")["countries"], args)))
        for row in fetch_all(conn, load("world")["progress"], args):
            _take_progress(world, row)


def _take_contact(world: World, row: Sequence[Any]) -> None:
    world.contacts[row[0]] = ContactRow(*(*row[:7], read_json(row[7]), *row[8:10], read_json(row[10]), *row[11:]))


def _take_address(world: World, row: Sequence[Any]) -> None:
    if contact := world.contacts.get(row[0]):
        _, kind, value, canonical, country, sms, line_type, dead_code = row
        contact.addresses.append(AddressRow(kind, value, canonical, country, sms, line_type, dead_code))


def _take_linked(world: World, row: Sequence[Any]) -> None:
    if contact := world.contacts.get(row[0]):
        kind, scope, value, channel_id, trust, name, username, linked_at, window_until, signal, reply_token = row[1:]
        contact.identities.append(
            LinkedIdentity(
                *(IdentityRef(kind, scope, value), channel_id, Trust(trust), name, username, linked_at),
                *(window_until, signal, reply_token, contact.id),
            )
        )


def _take_consent(world: World, row: Sequence[Any]) -> None:
    if contact := world.contacts.get(row[0]):
        contact_id, address, channel, topic, state, source, at, text_version, evidence, actor = row
        contact.consents.append(
            ConsentFact(
                *(contact_id, read_subject(address), channel, topic, Given(state), Source(source), at),
                *(str(read_json(evidence).get("ref", "")), text_version, actor),
            )
        )


def _take_link(world: World, row: Sequence[Any]) -> None:
    link = world.links.setdefault(row[0], _link(row))
    world.links_of.setdefault(link.contact_id, []).append(link)


def _take_conversation(world: World, row: Sequence[Any]) -> None:
    talk = ConversationRow(*row)
    world.conversations[(talk.contact_id, talk.channel_id)] = world.talks[talk.id] = talk


def _take_progress(world: World, row: Sequence[Any]) -> None:
    match_id, contact_id, stage, state, reason = row
    world.progress[(match_id, contact_id)] = ProgressRow(match_id, contact_id, stage, state, reason)


def _take_matched_app(world: World, row: Sequence[Any]) -> None:
    match_id, contact_id, app = row
    if progress := world.progress.get((match_id, contact_id)):
        progress.matched_apps.add(app)


Parts = tuple[tuple[str, Callable[[World, Sequence[Any]], None]], ...]
_OWN_PARTS: Parts = (
    ("contacts", _take_contact),
    ("addresses", _take_address),
    ("linked", _take_linked),
)
_STORED_PARTS: Parts = (
    *_OWN_PARTS,
    ("consents", _take_consent),
)
_CONTACT_PARTS: Parts = (
    *_STORED_PARTS,
    ("links_of", _take_link),
    ("conversations", _take_conversation),
    ("progress", _take_progress),
    ("matched_apps", _take_matched_app),
)


def load_deliveries(conn: Conn, world: World, wanted: Collection[UUID]) -> None:
    """Deliveries by id, wherever they are: open or in the history."""
    ids = [delivery_id for delivery_id in wanted if delivery_id not in world.open]
    if not ids:
        return
    places = [place_of_delivery(delivery_id) for delivery_id in ids]
    shards = [shard for shard, _ in places]
    for row in fetch_all(conn, load("world")["open_by_id"], {"shards": shards, "ids": ids}):
        world.open[row[0]] = OpenDelivery(*row)
    args = {"shards": shards, "days": [day for _, day in places], "ids": ids}
    for row in fetch_all(conn, load("world")["closed_by_id"], args):
        world.closed[row[0]] = ClosedDelivery(*row)


def load_open_of(conn: Conn, world: World, wanted: Collection[int]) -> None:
    """Everything undecided of these contacts (for a merge or an erasure)."""
    if wanted:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted], "ids": list(wanted)}
        for row in fetch_all(conn, load("world")["open_of"], args):
            world.open[row[0]] = OpenDelivery(*row)


def load_before(conn: Conn, world: World, wanted: Sequence[tuple[int, int, datetime]]) -> None:
    """Deliveries that a watermark covers: (contact, channel, until)."""
    if not wanted:
        return
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id, _, _ in wanted],
        "ids": [contact_id for contact_id, _, _ in wanted],
        "channels": [channel_id for _, channel_id, _ in wanted],
        "until": [until for _, _, until in wanted],
    }
    for row in fetch_all(conn, load("world")["closed_before"], args):
        world.closed[row[0]] = ClosedDelivery(*row)


def load_seen_messages(conn: Conn, world: World, wanted: Collection[tuple[int, int, str]]) -> None:
    """Which inbound messages (shard, channel, provider's id) are stored already (I3: for ever)."""
    keys = list(wanted)
    if not keys:
        return
    args = {"shards": [k[0] for k in keys], "channels": [k[1] for k in keys], "ids": [k[2] for k in keys]}
    world.seen_messages.update(tuple(row) for row in fetch_all(conn, load("world")["seen_messages"], args))


def load_parted(conn: Conn, world: World, wanted: Collection[int]) -> None:
    """Whose merge into these contacts somebody undid: nothing but a person merges them again."""
    if wanted:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted], "ids": list(wanted)}
        world.parted.update((row[0], row[1]) for row in fetch_all(conn, load("world")["parted"], args))


def load_seen_events(conn: Conn, world: World, wanted: Collection[tuple[int, date, UUID]]) -> None:
    """Which events (shard, day, id) are stored already (E1)."""
    if wanted:
        keys = list(wanted)
        args = {"shards": [k[0] for k in keys], "days": [k[1] for k in keys], "ids": [k[2] for k in keys]}
        world.seen_events.update((row[0], row[1]) for row in fetch_all(conn, load("world")["seen_events"], args))


def load_queued(
    conn: Conn,
    *,
    channel: int,
    match: int | None,
    journeys: Sequence[int],
    now: datetime,
    shards: Sequence[int],
    limit: int,
) -> list[OpenDelivery]:
    """Candidates of a claim on one channel, of one match or (None) of none or of these journeys, locked."""
    query = "queued_alone" if match is None else "queued_of_match"
    args = {"channel": channel, "match": match, "now": now, "shards": list(shards), "limit": limit}
    if match is None:
        args["journeys"] = list(journeys)
    return [OpenDelivery(*row) for row in fetch_all(conn, load("world")[query], args)]


def put_off_delivery(conn: Conn, row: OpenDelivery, until: datetime) -> None:
    """One that could not be decided waits on."""
    run(conn, load("world")["put_off"], {"shard": shard_of_contact(row.contact_id), "id": row.id, "until": until})


def load_codes(conn: Conn, *, channel: int, now: datetime, shards: Sequence[int], limit: int) -> list[OpenDelivery]:
    """Candidates of a claim among the codes of one channel, locked."""
    args = {"channel": channel, "now": now, "shards": list(shards), "limit": limit}
    return [OpenDelivery(*row) for row in fetch_all(conn, load("world")["queued_codes"], args)]


def read_due_codes(conn: Conn, channels: Sequence[int], now: datetime) -> list[int]:
    """The channels on which a code is due."""
    return [row[0] for row in fetch_all(conn, load("world")["due_codes"], {"channels": list(channels), "now": now})]


def load_unknown_due(conn: Conn, *, now: datetime, shards: Sequence[int], limit: int) -> list[OpenDelivery]:
    """Unknown outcomes that have waited as long as S3 lets them."""
    args = {"now": now, "shards": list(shards), "limit": limit}
    return [OpenDelivery(*row) for row in fetch_all(conn, load("world")["unknown_due"], args)]


def load_open_of_match(conn: Conn, *, match: int, shards: Sequence[int], limit: int) -> list[OpenDelivery]:
    """What is queued of a match, locked."""
    args = {"match": match, "shards": list(shards), "limit": limit}
    return [OpenDelivery(*row) for row in fetch_all(conn, load("world")["open_of_match"], args)]


def read_due(
    conn: Conn, channels: Sequence[int], pairs: Sequence[tuple[int, int]], journeys: Sequence[int], now: datetime
) -> list[tuple[int, int | None]]:
    """Which channels, and which pairs of channel and match, have something due; what belongs to no match (answers, and
    messages of these journeys) comes first, for somebody waits for it."""
    args = {"channels": list(channels), "journeys": list(journeys), "now": now}
    alone = fetch_all(conn, load("world")["due_alone"], args)
    args = {"channels": [pair[0] for pair in pairs], "matches": [pair[1] for pair in pairs], "now": now}
    of_matches = fetch_all(conn, load("world")["due_of_matches"], args) if pairs else []
    return [*((row[0], None) for row in alone), *((row[0], row[1]) for row in of_matches)]


@dataclass(slots=True)
class Flying:
    """How much of a channel is handed over and not yet answered."""

    codes: int = 0
    total: int = 0


def read_in_flight(conn: Conn) -> dict[int, Flying]:
    """What is handed over, per channel."""
    return {row[0]: Flying(row[1], row[2]) for row in fetch_all(conn, load("world")["in_flight"], {})}


def dedupe(conn: Conn, keys: Sequence[tuple[int, datetime, str, int]]) -> set[tuple[int, str]]:
    """E1: of (shard, the entry's own time, key, workspace), those (shard, key) that are new within their UTC day."""
    args = {
        "shards": [k[0] for k in keys],
        "days": [day_of(k[1]) for k in keys],
        "keys": [k[2] for k in keys],
        "workspaces": [k[3] for k in keys],
    }
    return {(row[0], row[1]) for row in fetch_all(conn, load("world")["dedupe"], args)}


def see_events(conn: Conn, keys: Sequence[bytes], days: list[date], workspaces: list[int]) -> set[bytes]:
    """E1: the keys of events, with the UTC day of the client's own time and the workspace of each; those that came
    before."""
    args = {"shards": [*map(shard_of_event, keys)], "days": days, "ids": Uuids(keys), "workspaces": workspaces}
    found = conn.execute(load("world")["see_events"], args)
    return set() if found.rowcount == len(keys) else set(keys) - {row[0].bytes for row in found}


def wait_for_references(
    conn: Conn, waiting: Sequence[tuple[int, int, str, str]], now: datetime
) -> dict[tuple[int, str], UUID | None]:
    """Receipts of (workspace, channel, provider's id, payload) wait for their delivery; the answer says for each
    (channel, provider's id) whether the delivery is known by now."""
    by_id: dict[tuple[int, int, str], list[str]] = {}
    for workspace, channel_id, provider_id, payload in waiting:
        by_id.setdefault((workspace, channel_id, provider_id), []).append(payload)
    keys = list(by_id)
    rows = fetch_all(
        conn,
        load("world")["wait_for_reference"],
        {
            "shards": [shard_of_reference(*key) for key in keys],
            "channels": [key[1] for key in keys],
            "ids": [key[2] for key in keys],
            "workspaces": [key[0] for key in keys],
            "waiting": [f"[{','.join(by_id[key])}]" for key in keys],
            "now": now,
        },
    )
    return {(channel_id, provider_id): delivery_id for channel_id, provider_id, delivery_id in rows}
