"""The frame: ids, the embedded server, migrations."""

from datetime import date

import psycopg

from tertulia.core.entries import shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.ids import (
    SHARDS,
    derive_delivery_id,
    make_contact_id,
    place_of_delivery,
    shard_of_contact,
    shard_of_kind,
    shard_of_value,
)


def test_shards_lie_each_in_their_own_part_of_the_hash_ring(conn: psycopg.Connection) -> None:
    """SHARDS spreads evenly over PostgreSQL's (and Citus's) hash of a smallint."""
    rows = conn.execute(
        "select n, ((hashint2(s)::bigint + 2147483648) >> 24)::int from unnest(%s::int2[]) with ordinality t(s, n)",
        (list(SHARDS),),
    ).fetchall()
    assert [part for _, part in rows] == list(range(256))


def test_a_delivery_id_says_where_the_delivery_lies() -> None:
    """Shard and day are read back from the id that a provider echoes."""
    contact = make_contact_id(12345, 77)
    made = derive_delivery_id(contact, date(2026, 11, 22), "match", 5, 0)
    assert place_of_delivery(made) == (shard_of_contact(contact), date(2026, 11, 22))


def test_every_contact_scale_table_has_shard_first_in_every_unique_key(conn: psycopg.Connection) -> None:
    """The rule that lets the same schema be distributed by shard."""
    rows = conn.execute(
        """select c.relname, i.indexrelid::regclass::text, a.attname
           from pg_index i join pg_class c on c.oid = i.indrelid
           join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
           where i.indisunique and c.relkind in ('r', 'p')
             and exists (select 1 from pg_attribute s where s.attrelid = c.oid and s.attname = 'shard')"""
    ).fetchall()
    assert len(rows) > 20
    assert [row for row in rows if row[2] != "shard"] == []


def test_a_shard_is_the_same_whichever_way_it_is_hashed() -> None:
    """Rows stay where they were written: by all parts at once, or by what the values of a kind begin with."""
    for value in ("+5511985550200", "ana@example.com", "", "é"):
        assert shard_of_kind(3, "address", "phone", value) == shard_of_value(3, "address", "phone", value)
        identity = IdentityRef("viber", "5", value)
        assert shard_of_identity(3, identity) == shard_of_value(3, "identity", "viber", "5", value)
    assert shard_of_value(3, "address", "phone", "+5511985550200") == 261
