"""What was parked, on its own page and on its channel's: shown, tried again one by one or all, and by whom (I3)."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.console.cast import Cast, make_client
from tests.console.test_channels_pages import bot

__all__ = ["bot"]

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
UPDATE = {
    "update_id": 7,
    "message": {
        "message_id": 70,
        "date": 1793000000,
        "chat": {"id": 42, "type": "private"},
        "from": {"id": 42, "is_bot": False, "first_name": "Ana"},
        "text": "Bom dia",
    },
}


def park_entry(conn: psycopg.Connection, cast: Cast, channel: Any) -> UUID:
    """A signal that could not be decided, counted among the channel's parked."""
    from tertulia.core.entries import Signal, encode
    from tertulia.core.identity import IdentityRef

    entry = Signal(channel.pk, "telegram", IdentityRef("telegram", "bot", "1"), AT, "blocked")
    parked_id = uuid4()
    conn.execute(
        "insert into parked (shard, id, workspace, channel_id, kind, key, reason, payload, at)"
        " values (354, %s, %s, %s, 'signal', 'signal:k', 'Nobody has this identity.', %s, %s)",
        [parked_id, cast.workspace.pk, channel.pk, encode(entry).decode(), AT],
    )
    conn.execute(
        "insert into channel_tally values (354, %s, %s, 1, 0, 0, 1) on conflict (shard, channel_id) do update"
        " set received = channel_tally.received + 1, parked = channel_tally.parked + 1",
        [channel.pk, cast.workspace.pk],
    )
    conn.commit()
    return parked_id


def park_call(conn: psycopg.Connection, cast: Cast, channel: Any, body: bytes) -> UUID:
    """A call that an adapter could not read."""
    from tertulia.store.webhooks import StoredCall, count_received, insert_calls

    kept = StoredCall(uuid4(), cast.workspace.pk, channel.pk, "POST", "https://t.example/", {}, body, 0, 0, "not_json")
    insert_calls(conn, [kept], AT)
    count_received(conn, 1, [kept])
    conn.commit()
    return kept.id


def read_tally(conn: psycopg.Connection) -> tuple[int, int, int]:
    """Received, processed and parked; nothing decides here, so the rest waits."""
    row = conn.execute("select sum(received)::int, sum(processed)::int, sum(parked)::int from channel_tally").fetchone()
    conn.commit()
    assert row is not None
    return row


@pytest.fixture(autouse=True)
def own_asks() -> None:
    """The test before has emptied the log, and with it this thread's numbers."""
    from tertulia.console import asking

    asking._own.asks = None


def test_I3_a_parked_entry_is_tried_again_once(cast: Cast, alice, bot, conn):
    """It leaves the count of the parked and stands in the log again; a second press says that it was done; who may not
    change channels cannot, and Charlie sees nothing of it."""
    parked_id = park_entry(conn, cast, bot)
    address = f"/parked/{parked_id}/again/"
    assert f"{address}?channel={bot.pk}" in alice.get(f"/channels/{bot.pk}/log/").content.decode()
    assert address in alice.get("/parked/").content.decode()
    assert "Nobody has this identity." not in make_client(cast.charlie).get("/parked/").content.decode()
    assert address not in make_client(cast.vera).get("/parked/").content.decode()
    assert make_client(cast.vera).post(address).status_code == 403
    assert make_client(cast.charlie).post(address).status_code == 404
    told = alice.post(f"{address}?channel={bot.pk}", follow=True)
    assert told.redirect_chain[-1][0] == f"/channels/{bot.pk}/log/"
    assert "1 tried again" in told.content.decode()
    assert "settled already" in alice.post(address, follow=True).content.decode()
    key = f"signal:k:again:{parked_id}"
    assert conn.execute("select count(*) from log where key = %s", [key]).fetchone() == (1,)
    assert read_tally(conn) == (1, 0, 0)


def test_I3_a_call_is_read_again_and_what_still_cannot_be_read_stays(cast: Cast, alice, bot, conn):
    """Its message goes into the log in its place; the audit log says who tried."""
    from tertulia.data.models import Audit

    good, bad = park_call(conn, cast, bot, json.dumps(UPDATE).encode()), park_call(conn, cast, bot, b"not json")
    assert read_tally(conn) == (2, 0, 2)
    page = alice.get(f"/channels/{bot.pk}/log/").content.decode()
    assert page.count(f"/again/?channel={bot.pk}") == 3
    assert "1 tried again" in alice.post(f"/parked/calls/{good}/again/", follow=True).content.decode()
    assert "1 still cannot be read" in alice.post(f"/parked/calls/{bad}/again/", follow=True).content.decode()
    assert "was read already" in alice.post(f"/parked/calls/{good}/again/", follow=True).content.decode()
    assert conn.execute("select payload::jsonb->>'text' from log").fetchall() == [("Bom dia",)]
    assert read_tally(conn) == (2, 0, 1)
    assert "tried again" in alice.get("/parked/").content.decode()
    acts = Audit.objects.filter(verb="call_retried", user=cast.alice).order_by("pk")
    assert [row.facts for row in acts] == [
        {"entries": 0, "calls": 1, "still": 0},
        {"entries": 0, "calls": 0, "still": 1},
    ]


def test_I3_all_that_is_parked_is_tried_at_one_press(cast: Cast, alice, bot, conn):
    """Of one channel from its page, of all from the page of the parked; Home counts them and leads there."""
    for _ in range(3):
        park_entry(conn, cast, bot)
    park_call(conn, cast, bot, json.dumps(UPDATE).encode())
    home = alice.get("/").content.decode()
    assert "4 entries are parked" in home
    assert 'href="/parked/"' in home
    other = alice.post(f"/parked/again/?channel={bot.pk + 1}")
    assert other.status_code == 302
    assert read_tally(conn) == (4, 0, 4)
    assert "4 tried again" in alice.post("/parked/again/", follow=True).content.decode()
    assert read_tally(conn) == (4, 0, 0)
    assert conn.execute("select count(*) from log").fetchone() == (4,)
    assert "Nothing is parked" in alice.get("/parked/").content.decode()
