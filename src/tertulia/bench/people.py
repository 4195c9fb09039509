"""What benches begin with: an SMS gateway, and customers whose user ids are known, with a telephone number and a
consent where asked for."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg

from tertulia.core.entries import shard_of_address, shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.core.phones import key_of_e164
from tertulia.ids import INDEX_OF_SHARD, derive_id, make_contact_id
from tertulia.store.sealing import seal_json

CONTACT_COLUMNS = """shard, id, workspace, name, surname, locale, zone, country, external_id, attributes, changed,
                     search, source, created_at, updated_at"""
SECRET = "of-the-bench-only"  # noqa: S105
GIVEN = ("sms", "marketing", "granted", "customer_list", '{"ref": "import:1"}', "", "user:1")


def place_contact(workspace: int, serial: int) -> tuple[int, int]:
    """Shard and id of a customer who was first seen by their user id, `u` and the serial."""
    shard = shard_of_identity(workspace, IdentityRef("user_id", "", f"u{serial}"))
    return shard, make_contact_id(serial, INDEX_OF_SHARD[shard])


def make_gateway(workspace: Any, send_url: str, rate_per_s: float) -> Any:
    """A live SMS channel of a workspace, that sends to an address as fast as that."""
    from tertulia.data.models import Channel

    return Channel.objects.create(
        workspace=workspace,
        public_id="bench-sms",
        kind="http_sms",
        name="SMS",
        settings={"send_url": send_url, "sender": "Verbena", "verification": "key"},
        secrets=seal_json({"api_key": SECRET, "verify_secret": SECRET}),
        rate_per_s=rate_per_s,
        price_micros=50_000,
    )


def make_people(url: str, workspace: int, count: int, *, reachable: bool = False) -> None:
    """`count` contacts, `u1` and on; `reachable` ones have a mobile number each and agreed to offers by SMS."""
    now = datetime.now(UTC)
    people = [place_contact(workspace, serial) for serial in range(1, count + 1)]
    with psycopg.connect(url) as conn:
        _copy(
            conn,
            "identity",
            (
                (shard, workspace, "user_id", "", f"u{serial}", contact, shard, 0, now)
                for serial, shard, contact in _number(people)
            ),
        )
        _copy(
            conn,
            f"contact ({CONTACT_COLUMNS})",
            (
                (shard, contact, workspace, "Ana", "Lima", "pt", "", "BR", "", "{}", "{}", "", "event:1", now, now)
                for shard, contact in people
            ),
        )
        _copy(
            conn,
            """contact_identity (shard, contact_id, kind, scope, value, workspace, channel_id, trust, name, username,
                                 linked_at, evidence, signal, reply_token)""",
            (
                (shard, contact, "user_id", "", f"u{serial}", workspace, None, 0, "", "", now, "{}", "", "")
                for serial, shard, contact in _number(people)
            ),
        )
        if reachable:
            _make_reachable(conn, workspace, people, now)
        conn.execute("select setval('contact_serial', %s)", (count + 1,))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("vacuum analyze")


def _make_reachable(conn: psycopg.Connection, workspace: int, people: Sequence[tuple[int, int]], now: datetime) -> None:
    addresses, keys, consents = [], [], []
    for serial, shard, contact in _number(people):
        phone = f"+55119{80_000_000 + serial * 7}"
        key = key_of_e164(phone)
        addresses.append(
            (shard, contact, "phone", phone, key, workspace, "mobile", "BR", True, "", None, "import:1", now)
        )
        keys.append((shard_of_address(workspace, "phone", key), workspace, "phone", key, contact))
        consents.append((shard, contact, derive_id("bench", contact), workspace, f"phone:{key}", *GIVEN, now))
    _copy(conn, "address", addresses)
    _copy(conn, "address_key", keys)
    _copy(conn, "consent", consents)


def _number(people: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    for serial, (shard, contact) in enumerate(people, 1):
        yield serial, shard, contact


def _copy(
    conn: psycopg.Connection, table: str, rows: "Iterator[tuple[object, ...]] | Sequence[tuple[object, ...]]"
) -> None:
    with conn.cursor().copy(f"copy {table} from stdin".encode()) as copy:
        for row in rows:
            copy.write_row(row)
