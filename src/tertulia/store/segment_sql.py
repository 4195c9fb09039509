"""A segment as one statement: the same tree as `core.segments` walks for one contact, for all of them at once.

Whatever is counted or derived becomes a common table expression of (shard, id), grouped by whom a contact has become
(M8); the tree becomes a condition over the contacts joined to those. What everybody who belongs must have done is
joined, so that a segment of two rare events never looks at the other contacts; the rest is joined to the left. Of
several such things each is counted by a process of its own, for PostgreSQL appends in parallel what it joins in turn.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, assert_never

from psycopg.sql import SQL, Composable, Composed, Identifier

from tertulia.core.conditions import FIELDS
from tertulia.core.segment_document import read_condition
from tertulia.core.segments import (
    BLOCKED,
    BUCKETS,
    NOT_APPS,
    Agreed,
    Compared,
    Counted,
    Drawn,
    EventKey,
    Group,
    Listed,
    MessageKey,
    Node,
    Reachable,
    compare,
    find_since,
)
from tertulia.store.db import Conn, load
from tertulia.store.value_sql import SIGNS, Args, compare_sql, condition_sql, number_sql, path_sql

COLUMNS: Final = {"name": "name", "surname": "surname", "language": "locale", "country": "country", "zone": "zone"}
SENT_AT: Final = {
    "sent": "d.sent_at",
    "delivered": "coalesce(d.delivered_at, d.read_at)",
    "opened": "d.read_at",
    "failed": "d.failed_at",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment is looked for. `shards`: only contacts of these; None: of all. `journeys`: ids by their keys;
    `channels`: ids by the kind, every carrier of SMS under `sms`."""

    workspace: int
    now: datetime
    journeys: Mapping[str, int]
    channels: Mapping[str, Sequence[int]]
    undone: Collection[str]
    shards: Sequence[int] | None = None


def count_members(conn: Conn, node: Node, place: Place) -> int:
    """How many belong, exactly."""
    statement = _Statement(place, has_merged(conn, place.workspace))
    query = statement.make(node, SQL("count(*)"), SQL(""))
    row = conn.execute(query, statement.args.values).fetchone()
    assert row is not None
    return int(row[0])


def find_members(conn: Conn, node: Node, place: Place, limit: int | None = None) -> list[int]:
    """The ids of those who belong; with `limit` the newest so many, for a sample."""
    statement = _Statement(place, has_merged(conn, place.workspace))
    tail: Composable = SQL("")
    if limit is not None:
        tail = SQL(" order by c.created_at desc, c.id desc limit {}").format(statement.args.add(limit))
    query = statement.make(node, SQL("c.id"), tail)
    return [row[0] for row in conn.execute(query, statement.args.values).fetchall()]


def count_events(conn: Conn, key: EventKey, key_id: int, place: Place) -> None:
    """Count every stored event of a key in some shards, into `activity`: those of an absorbed contact as its own."""
    statement = _Statement(place, merged=False)
    args = statement.args
    source, chosen = statement.choose(key)
    query = SQL(load("segment_parts")["count_events"]).format(
        key_id=args.add(key_id),
        granule=args.add("hour" if key.hourly else "day"),
        total=statement.add_up(key),
        source=source,
        chosen=chosen,
    )
    conn.execute(query, args.values)


def has_merged(conn: Conn, workspace: int) -> bool:
    """Whether anybody was merged into somebody; without that the statements are simpler."""
    return conn.execute(load("segments")["has_merged"], {"workspace": workspace}).fetchone() is not None


@dataclass(slots=True)
class _Statement:
    place: Place
    merged: bool
    args: Args = field(init=False)
    tables: dict[str, Composable] = field(default_factory=dict)
    joins: list[Composable] = field(default_factory=list)
    known: dict[object, str] = field(default_factory=dict)
    needed: dict[object, Composable] = field(default_factory=dict)  # who did it, each once; everybody has to

    def __post_init__(self) -> None:
        self.args = Args(workspace=self.place.workspace, undone=list(self.place.undone))
        if self.place.shards is not None:
            self.args.values["shards"] = list(self.place.shards)

    def make(self, node: Node, columns: Composable, tail: Composable) -> Composed:
        """The whole statement."""
        needed = _list_needed(node)
        where = self._walk(node, frozenset(needed))
        self._join_needed()
        shards = SQL(" and c.shard = any(%(shards)s)") if self.place.shards is not None else SQL("")
        tables = {**(self._list_merged() if self.merged else {}), **self.tables}
        heads = SQL(", ").join(
            [SQL("{} as {} ({})").format(SQL(name), _how(name), table) for name, table in tables.items()]
        )
        return SQL(
            "{}select {} from contact c {} where c.workspace = %(workspace)s and c.merged_into is null"
            " and c.erased_at is null{} and {}{}"
        ).format(
            SQL("with recursive {} ").format(heads) if tables else SQL(""),
            columns,
            SQL(" ").join(self.joins),
            shards,
            where,
            tail,
        )

    def _list_merged(self) -> dict[str, Composable]:
        return {
            "step": SQL(load("segment_parts")["merge_steps"]),
            "m": SQL(load("segment_parts")["merged"]),
        }

    def _walk(self, node: Node, needed: frozenset[Node]) -> Composable:
        match node:
            case Group(joint, parts):
                inside = [self._walk(part, needed) for part in parts]
                glue = SQL(" and " if joint == "all" else " or ")
                return SQL("(not ({}))" if joint == "none" else "({})").format(glue.join(inside))
            case Compared():
                return self._compare(node)
            case Counted():
                return self._count(node, node in needed)
            case Agreed():
                return self._agree(node)
            case Reachable():
                return self._reach(node)
            case Listed(list_id):
                table = SQL("select l.shard, l.contact_id as id from segment_member l where l.segment_id = {}")
                return self._exists(node, table.format(self.args.add(list_id)))
            case Drawn(salt, first, end):
                told = (self.args.add(salt), BUCKETS, self.args.add(first), self.args.add(end - 1))
                drawn = (
                    "(('x' || encode(substr(sha256(convert_to({} || ':' || c.id, 'UTF8')), 1, 4), 'hex'))::bit(32)"
                    "::bigint %% {} between {} and {})"
                )
                return SQL(drawn).format(*told)
            case _:
                assert_never(node)

    def _join(self, name: str, how: str) -> None:
        self.joins.append(SQL("{} {n} on {n}.shard = c.shard and {n}.id = c.id").format(SQL(how), n=Identifier(name)))

    def _join_needed(self) -> None:
        """Those who did everything. `>=`, for PostgreSQL takes a third of the groups to pass it, and of `=` none."""
        if self.needed:
            tables = list(self.needed.values())
            table = tables[0]
            if len(tables) > 1:
                united = SQL(" union all ").join([SQL("({})").format(one) for one in tables])
                every = SQL("select shard, id from ({}) u group by 1, 2 having count(*) >= {}")
                table = every.format(united, self.args.add(len(tables)))
            self.tables["every"] = table
            self._join("every", "join")

    def _name(self, of: object, table: Composable, prefix: str) -> str:
        """The table expression of something, made and joined once."""
        if of not in self.known:
            name = self.known[of] = f"{prefix}{len(self.known)}"
            self.tables[name] = table
            self._join(name, "left join")
        return self.known[of]

    def _exists(self, of: object, table: Composable) -> Composable:
        name = self._name(of, table, "x")
        return SQL("({}.id is not null)").format(Identifier(name))

    def _root(self, alias: str) -> tuple[Composable, Composable]:
        """Shard and id of whom a row's contact has become, and the join that says so."""
        own = SQL("{a}.shard, {a}.contact_id").format(a=SQL(alias))
        if not self.merged:
            return SQL("{} as id").format(own), SQL("")
        root = SQL("coalesce(m.root_shard, {a}.shard) as shard, coalesce(m.root, {a}.contact_id) as id")
        join = SQL(" left join m on m.member = {a}.contact_id")
        return root.format(a=SQL(alias)), join.format(a=SQL(alias))

    def _within(self, alias: str) -> Composable:
        """Only of the shards that are asked about; a member of another shard may have become one of theirs."""
        if self.place.shards is None:
            return SQL("true")
        own = SQL("{}.shard = any(%(shards)s)").format(SQL(alias))
        return SQL("({} or m.root_shard = any(%(shards)s))").format(own) if self.merged else own

    # what is counted

    def _count(self, node: Counted, needed: bool) -> Composable:
        since = find_since(node, self.place.now)
        windowed = since if node.measure in ("count", "sum") else None
        table, value = self._list_counted(node, windowed), Identifier("n")
        sign = "=" if node.operator == "is_" else SIGNS[node.operator]
        whole = node.measure == "count" and float(node.operand).is_integer()  # compared as what count(*) is
        operand = (
            self.args.add(int(node.operand)) if whole else SQL("{}::numeric").format(self.args.add(str(node.operand)))
        )
        if node.measure in ("first", "last"):
            at = SQL(">=" if node.before is None else "<")
            chosen = SQL("{} {} {}").format(value, at, self.args.add(since))
        else:
            chosen = SQL("{} {} {}").format(value, SQL(sign), operand)
        if needed:
            self.needed[node] = SQL("select shard, id from ({}) q where {}").format(table, chosen)
            return SQL("true")
        name = Identifier(self._name(node, table, "k"))
        if node.measure in ("first", "last"):
            return SQL("coalesce({}.{}, false)").format(name, chosen)
        told = SQL("(coalesce({}.n, 0) {} {})")
        return told.format(name, SQL(sign), operand)

    def _list_counted(self, node: Counted, since: datetime | None) -> Composable:
        key = node.key
        if isinstance(key, EventKey):
            alias, at = "e", SQL("e.occurred_at")
        elif key.state == "clicked":
            alias, at = "k", SQL("k.at")
        else:
            alias, at = "d", SQL(SENT_AT[key.state])
        root, join = self._root(alias)
        value = {
            "count": SQL("count(*)"),
            "sum": self.add_up(key),
            "first": SQL("min({})").format(at),
            "last": SQL("max({})").format(at),
        }[node.measure]
        source, chosen = self.choose(key)
        window = SQL(" and {} >= {}").format(at, self.args.add(since)) if since is not None else SQL("")
        return SQL("select {}, {} as n from {}{} where {} and {}{} group by 1, 2").format(
            root, value, source, join, self._within(alias), chosen, window
        )

    def add_up(self, key: EventKey | MessageKey) -> Composable:
        """The sum of a property, in millionths."""
        if not isinstance(key, EventKey) or not key.sum:
            return SQL("0")
        number = number_sql(path_sql(SQL("e.properties"), key.sum, self.args), self.args)
        return SQL("coalesce(sum(round(({})::numeric, 6)), 0)").format(number)

    def choose(self, key: EventKey | MessageKey) -> tuple[Composable, Composable]:
        """The table, and which of its rows."""
        if isinstance(key, EventKey):
            types = ["track", "derived"] if key.type == "track" else [key.type]
            told = (self.args.add(key.name), self.args.add(types))
            chosen = SQL("e.workspace = %(workspace)s and e.name = {} and e.type = any({}) and e.contact_id <> 0")
            where = condition_sql(read_condition(key.where), SQL("e.properties"), self.args)
            return SQL("event e"), SQL("{} and {}").format(chosen.format(*told), where) if key.where else chosen.format(
                *told
            )
        if key.state == "clicked":
            return self._choose_messages(key, "click k", SQL("k.class = 'human'"))
        return self._choose_messages(key, "delivery d", SQL("{} is not null").format(SQL(SENT_AT[key.state])))

    def _choose_messages(self, key: MessageKey, table: str, chosen: Composable) -> tuple[Composable, Composable]:
        """Those of one journey, step and kind of channel, where the key names them."""
        alias = SQL(table[-1])
        parts: list[Composable] = [SQL("{}.workspace = %(workspace)s").format(alias), chosen]
        if key.journey:
            journey = self.args.add(self.place.journeys.get(key.journey, 0))
            parts.append(SQL("{}.journey_id = {}").format(alias, journey))
        if key.step:
            parts.append(SQL("{}.step = {}").format(alias, self.args.add(key.step)))
        if key.channel:
            ids = list(self.place.channels.get(key.channel, ()))
            parts.append(SQL("{}.channel_id = any({})").format(alias, self.args.add(ids)))
        return SQL(table), SQL(" and ").join(parts)

    # what is known of the contact

    def _compare(self, node: Compared) -> Composable:
        condition = node.condition
        if condition.field is not None and condition.field in FIELDS:
            column = SQL("to_jsonb(nullif(c.{}, ''))").format(Identifier(COLUMNS[condition.field]))
            value = self._unite(f"field:{condition.field}", condition.field, column)
        else:
            name = condition.attribute or ""
            head = name.split(".", 1)[0]
            value = path_sql(self._document(name, head), name, self.args)
        return compare_sql(condition, value, self.args)

    def _document(self, name: str, head: str) -> Composable:
        """The attributes as they are when merges are united: only what a path can lead through."""
        if not self.merged:
            return SQL("c.attributes")
        parts = []
        for one in dict.fromkeys((name, head)):
            own = SQL("c.attributes -> {}").format(self.args.add(one))
            united = self._unite(f"attribute:{one}", one, own)
            parts.append(SQL("{}, {}").format(self.args.add(one), united))
        return SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(SQL(", ").join(parts))

    def _unite(self, of: str, name: str, own: Composable) -> Composable:
        """One value of a contact, merges united (M8): of each family the later write."""
        if not self.merged:
            return own
        query = "united_field" if of.startswith("field:") else "united_attribute"
        column = SQL("p.{}").format(Identifier(COLUMNS.get(name, "name")))
        table = SQL(load("segment_parts")[query]).format(column=column, name=self.args.add(name))
        united = Identifier(self._name(of, table, "u"))
        return SQL("(case when {u}.id is not null then {u}.value else {own} end)").format(u=united, own=own)

    def _agree(self, node: Agreed) -> Composable:
        topics = ["*", node.topic, *(["marketing"] if node.topic != "service" else [])]
        address, join_address = self._root("a")
        linked, join_linked = self._root("i")
        owner, join_owner = self._root("k")
        table = SQL(load("segment_parts")["agreed"]).format(
            address=address,
            join_address=join_address,
            linked=linked,
            join_linked=join_linked,
            owner=owner,
            join_owner=join_owner,
            of_address=self._within("a"),
            of_linked=self._within("i"),
            of_consent=self._within("k"),
            not_apps=self.args.add(list(NOT_APPS)),
            channel=self.args.add(node.channel),
            topics=self.args.add(topics),
        )
        name = Identifier(self._name((node.channel, node.topic), table, "g"))
        return SQL("(coalesce({}.state, 'none') = {})").format(name, self.args.add(node.state))

    def _reach(self, node: Reachable) -> Composable:
        address, join = self._root("a")
        linked, other = self._root("i")
        table = SQL(load("segment_parts")["reachable"]).format(
            address=address,
            join=join,
            linked=linked,
            other=other,
            of_address=self._within("a"),
            of_linked=self._within("i"),
            channel=self.args.add(node.channel),
            not_apps=self.args.add(list(NOT_APPS)),
            blocked=self.args.add(list(BLOCKED)),
        )
        return self._exists(node, table)


def _how(name: str) -> Composable:
    """Merged contacts are read once; everything else may be read as the plan likes."""
    return SQL("materialized") if name in ("m",) else SQL("")


def _list_needed(node: Node) -> list[Node]:
    """What everybody who belongs must have done: counts that are not met by having done nothing."""
    if isinstance(node, Group) and node.joint == "all":
        return [found for part in node.parts for found in _list_needed(part)]
    if isinstance(node, Group) and node.joint == "any" and len(node.parts) == 1:
        return _list_needed(node.parts[0])
    if isinstance(node, Counted):
        if node.measure in ("first", "last"):
            return [node]
        return [] if compare(node.operator, Decimal(), node.operand) else [node]
    return []
