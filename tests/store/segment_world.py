"""People with histories made from a seed, and segments made from one, for what two roads must agree on."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from tertulia.core.conditions import Subject, judge
from tertulia.core.segment_document import SegmentCondition, read_condition
from tertulia.core.segments import DAY, HOUR, MemberFacts, Node, floor_to, list_keys, read_sum
from tertulia.core.world import Config, World
from tertulia.ids import make_contact_id, shard_of_contact
from tertulia.store import world as loader

NOW = datetime(2026, 11, 22, 9, 17, 31, tzinfo=UTC)
WORKSPACE = 1
NAMES = ("Order Completed", "Product Added", "Ordered")
VALUES: tuple[Any, ...] = (
    *("gold", " GOLD ", "Gold\t", "straße", "STRASSE", "ﬁn", "İ", "i", "", "12", "12.0", " 12 ", "1e2", "1_000", "x"),
    *(
        12,
        12.0,
        100,
        0,
        -3.5,
        1e31,
        True,
        False,
        ["gold", 12],
        [True, "x"],
        [["gold"]],
        {"tier": "gold"},
        {"a": {"b": 1}},
    ),
    *("2026-11-01T00:00:00Z", "2026-11-01T02:00:00+02:00", "2026-02-30T00:00:00Z", "2026-11-01", None),
)
OPERANDS = ("gold", "Gold ", "i", "fin", "", 12, 100, 0, True, False, "x", 1)
INSTANTS = ("2026-11-01T00:00:00Z", "2026-10-01T00:00:00+01:00")


def fill(conn: psycopg.Connection, seed: int, people: int = 40) -> list[int]:
    """People with attributes, addresses, consent, merges and events; their ids."""
    chance = random.Random(seed)
    ids = [make_contact_id(n + 1, chance.randrange(256)) for n in range(people)]
    for contact_id in ids:
        _add_person(conn, chance, contact_id)
    for n, contact_id in enumerate(ids):
        if n and chance.random() < 0.3:
            _merge(conn, contact_id, ids[chance.randrange(n)])
    for n in range(people * 8):
        _add_event(conn, chance, n, chance.choice(ids))
    return ids


def _add_person(conn: psycopg.Connection, chance: random.Random, contact_id: int) -> None:
    attributes, changed = {}, {}
    for name in ("tier", "spent", "a.b", "a", "seen"):
        if chance.random() < 0.6:
            attributes[name] = chance.choice(VALUES)
        if chance.random() < 0.4:
            changed[name] = (NOW - timedelta(seconds=chance.randrange(9_999))).isoformat()
    shard = shard_of_contact(contact_id)
    kept = {name: value for name, value in attributes.items() if value is not None}
    row = {
        **{
            "shard": shard,
            "id": contact_id,
            "workspace": WORKSPACE,
            "name": chance.choice(("Ana", "", "İlker")),
            "surname": "",
        },
        **{"locale": chance.choice(("pt", "en", "")), "zone": "", "country": chance.choice(("BR", "PT", ""))},
        **{"external_id": "", "attributes": msgspec.json.encode(kept).decode()},
        **{"changed": msgspec.json.encode(changed).decode(), "search": "", "source": "api"},
        **{"created_at": NOW - timedelta(days=400), "updated_at": NOW},
        "erased_at": NOW if chance.random() < 0.05 else None,
    }
    _insert(conn, "contact", row)
    for kind in ("phone", "email"):
        if chance.random() < 0.7:
            value = f"+55119{contact_id:08d}" if kind == "phone" else f"p{contact_id}@t.example"
            told = {"canonical": value, "workspace": WORKSPACE, "line_type": "", "country": "", "source": "api"}
            flags = {"sms": chance.random() < 0.7, "dead_code": chance.choice(("", "", "30003")), "added_at": NOW}
            _insert(
                conn,
                "address",
                {"shard": shard, "contact_id": contact_id, "kind": kind, "value": value, **told, **flags},
            )
    if chance.random() < 0.5:
        told = {"kind": "whatsapp", "scope": chance.choice(("", "page")), "value": str(contact_id), "linked_at": NOW}
        rest = {"workspace": WORKSPACE, "name": "", "username": "", "trust": 0, "evidence": "{}", "reply_token": ""}
        flags = {"signal": chance.choice(("", "", "blocked")), "unlinked_at": chance.choice((None, None, NOW))}
        _insert(conn, "contact_identity", {"shard": shard, "contact_id": contact_id, **told, **rest, **flags})
    for n in range(chance.randrange(4)):
        _add_consent(conn, chance, contact_id, n)


def _add_consent(conn: psycopg.Connection, chance: random.Random, contact_id: int, n: int) -> None:
    address = chance.choice(
        (
            "*",
            f"phone:+55119{contact_id:08d}",
            f"email:p{contact_id}@t.example",
            f"whatsapp:{contact_id}",
            f"whatsapp:page:{contact_id}",
        )
    )
    sources = ("customer_list", "first_message", "opt_word", "platform_block", "person", "form")
    row = {
        **{
            "shard": shard_of_contact(contact_id),
            "contact_id": contact_id,
            "id": _uuid(contact_id, n),
            "workspace": WORKSPACE,
        },
        **{"address": address, "channel": chance.choice(("*", "sms", "email", "whatsapp"))},
        **{"topic": chance.choice(("*", "marketing", "service")), "state": chance.choice(("granted", "withdrawn"))},
        **{
            "source": chance.choice(sources),
            "evidence": chance.choice(('{"ref": "import:7"}', "{}")),
            "text_version": "",
        },
        **{"actor": "", "at": NOW - timedelta(hours=chance.randrange(3))},
    }
    _insert(conn, "consent", row)


def _merge(conn: psycopg.Connection, absorbed: int, into: int) -> None:
    conn.execute(
        "update contact set merged_into = %s where shard = %s and id = %s", (into, shard_of_contact(absorbed), absorbed)
    )
    row = {
        **{
            "shard": shard_of_contact(into),
            "id": _uuid(absorbed, into),
            "workspace": WORKSPACE,
            "contact_id": absorbed,
        },
        **{"into_id": into, "evidence": "{}", "actor": "", "at": NOW, "undone_at": None, "undone_by": ""},
    }
    _insert(conn, "merge", row)


def _add_event(conn: psycopg.Connection, chance: random.Random, n: int, contact_id: int) -> None:
    at = NOW - timedelta(
        seconds=chance.choice((chance.randrange(7_200), chance.randrange(300_000), chance.randrange(9_000_000)))
    )
    properties = {name: chance.choice(VALUES) for name in ("tier", "spent", "a") if chance.random() < 0.6}
    row = {
        **{"shard": shard_of_contact(contact_id), "day": at.date(), "id": _uuid(n, 1), "workspace": WORKSPACE},
        **{"contact_id": contact_id, "source_id": 1, "type": chance.choice(("track", "track", "derived", "page"))},
        **{"name": chance.choice(NAMES), "message_id": str(n), "user_id": "", "anonymous_id": ""},
        **{"properties": msgspec.json.encode(properties).decode(), "context": "{}"},
        **{"occurred_at": at, "received_at": at, "imported": False},
    }
    _insert(conn, "event", row)


def _uuid(*parts: int) -> str:
    from tertulia.ids import derive_id

    return str(derive_id(*parts))


def _insert(conn: psycopg.Connection, table: str, row: Mapping[str, Any]) -> None:
    names = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    conn.execute(f"insert into {table} ({names}) values ({places})".encode(), row)


def load_people(conn: psycopg.Connection, config: Config, ids: list[int]) -> World:
    """Everybody as a cycle would see them."""
    world = World(NOW, config, iter(()))
    loader.load_contacts(conn, world, ids)
    return world


def recount(
    conn: psycopg.Connection, world: World, node: Node
) -> dict[int, dict[Any, dict[datetime, tuple[int, Decimal]]]]:
    """Of everybody what is counted, straight from their events."""
    rows = conn.execute("select contact_id, type, name, properties, occurred_at from event").fetchall()
    found: dict[int, dict[Any, dict[datetime, tuple[int, Decimal]]]] = {}
    for key in list_keys(node):
        where = read_condition(key.where)
        for member, type_, name, properties, at in rows:
            same = ("track" if type_ == "derived" else type_) == key.type and name == key.name
            if same and judge(where, Subject(properties, {}, {})).holds:
                tally = found.setdefault(world.follow(member), {}).setdefault(key, {})
                bucket = floor_to(at, HOUR if key.hourly else DAY)
                count, total = tally.get(bucket, (0, Decimal()))
                tally[bucket] = (count + 1, total + (read_sum(properties.get(key.sum)) if key.sum else 0))
    return found


def gather(world: World, tallies: Mapping[int, Any], contact_id: int) -> MemberFacts:
    """What decides of one contact."""
    return MemberFacts(world.contacts[contact_id], tallies.get(contact_id, {}), frozenset(), frozenset({"import:7"}))


def make_condition(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """A condition as a document has it."""
    kind = chance.choice(("group", "attribute", "field", "event", "event", "event", "consent", "reachable", "random"))
    if kind == "group" and depth < 3:
        parts = [make_condition(chance, depth + 1) for _ in range(chance.randrange(1, 4))]
        return {chance.choice(("all", "any", "none")): parts}
    if kind in ("attribute", "field"):
        name = chance.choice(
            ("tier", "spent", "a.b", "a", "seen") if kind == "attribute" else ("country", "name", "language")
        )
        return {kind: name, **_make_comparison(chance)}
    if kind == "consent":
        channel = chance.choice(("", "any", "sms", "email", "whatsapp"))
        topic = chance.choice(("marketing", "service"))
        return {"consent": chance.choice(("granted", "withdrawn", "none")), "channel": channel, "topic": topic}
    if kind == "reachable":
        return {"reachable": chance.choice(("any", "sms", "email", "whatsapp"))}
    if kind == "random":
        first = chance.randrange(90)
        return {"random": {"from": first, "to": first + 10, "salt": str(chance.randrange(3))}}
    return _make_event(chance)


def make_needed(chance: random.Random) -> dict[str, Any]:
    """Several things on events that everybody has done, one of them said twice."""
    parts = [{"event": chance.choice(NAMES), "at_least": chance.randrange(1, 3)} for _ in range(3)]
    return {"all": [*parts, parts[0]]}


def _make_comparison(chance: random.Random) -> dict[str, Any]:
    operator = chance.choice(
        ("is", "is_not", "in", "not_in", "over", "under", "at_least", "at_most", "contains", "starts_with", "exists")
    )
    if operator in ("in", "not_in"):
        return {operator: [chance.choice(OPERANDS) for _ in range(2)]}
    if operator in ("over", "under", "at_least", "at_most"):
        return {operator: chance.choice((12, 0, 12.5, *INSTANTS))}
    if operator in ("contains", "starts_with"):
        return {operator: chance.choice(("go", "GOLD", "i", "st", ""))}
    return {operator: chance.random() < 0.5} if operator == "exists" else {operator: chance.choice(OPERANDS)}


def _make_event(chance: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"event": chance.choice(NAMES), "type": chance.choice(("track", "track", "page"))}
    if chance.random() < 0.4:
        made["where"] = {"property": chance.choice(("tier", "spent", "a.b")), **_make_comparison(chance)}
    window = chance.choice(("", "1 h", "2 h", "36 h", "2 d", "3 d", "30 d"))
    measure = chance.choice(("count", "count", "sum", "first", "last"))
    if measure in ("first", "last"):
        return {**made, measure: {chance.choice(("within", "before")): window or "1 d"}}
    if measure == "sum":
        made["sum"] = "spent"
    operator = chance.choice(("is", "over", "under", "at_least", "at_most", ""))
    if operator or measure == "sum":
        made[operator or "over"] = chance.choice((0, 1, 2, 12, 24.5))
    return {**made, "within": window}


def read(condition: Mapping[str, Any]) -> SegmentCondition:
    """As a document's."""
    return msgspec.convert(condition, SegmentCondition)
