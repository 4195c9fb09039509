"""What was parked is tried again, through the engine on a real database (I3)."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from tests.workers.town import PUBLIC_URL, Town

from tertulia.core.identity import IdentityRef
from tertulia.errors import Conflict
from tertulia.store.parked import list_parked, list_unread

UPDATE = {
    "update_id": 7,
    "message": {
        "message_id": 70,
        "date": 1793000000,
        "chat": {"id": 42, "type": "private", "first_name": "Ana"},
        "from": {"id": 42, "is_bot": False, "first_name": "Ana"},
        "text": "Bom dia",
    },
}


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


@pytest.fixture
def asks(town: Town) -> Iterator[Any]:
    """A page's own appender."""
    from tertulia.store.asks import Asks
    from tertulia.store.db import connect

    with connect(town.url, autocommit=True) as conn:
        yield Asks(conn, "test page", town.now)


def keep_call(town: Town, body: bytes, *, parked: str = "adapter_failed", method: str = "POST") -> Any:
    """A signed call of Telegram's, kept as a webhook is: parked by an adapter that could not read it, or read."""
    from tertulia.actions.receive import ReceivedCall, record_calls, translate
    from tertulia.channels import registry
    from tertulia.channels.base import Account, WebhookCall
    from tertulia.store.webhooks import StoredCall

    channel = town.channel("telegram")
    adapter = registry.get("telegram")
    account = Account(str(channel.pk), "telegram", channel.settings, {})
    entries: tuple[Any, ...] = ()
    if not parked:
        events = adapter.parse_webhook(account, WebhookCall("POST", "", {}, {}, body), town.now)
        entries = translate(channel.pk, "telegram", events).entries
    stored = StoredCall(
        uuid4(), town.workspace.pk, channel.pk, method, "https://t.example/hooks/x", {}, body, len(entries), 0, parked
    )
    record_calls(town.conn, town.writer, [ReceivedCall(stored, entries)], town.now)
    town.conn.commit()
    town.writer.committed()
    return stored.id


def read_tally(town: Town) -> tuple[int, ...]:
    """Received, processed, duplicates and parked of Telegram's channel; what is left over waits for nobody."""
    [row] = town.rows(
        "select sum(received)::int, sum(processed)::int, sum(duplicates)::int, sum(parked)::int from channel_tally"
        " where channel_id = %s",
        town.channel("telegram").pk,
    )
    assert row[0] == row[1] + row[3]
    return row


def test_I3_a_call_that_can_be_read_now_is_read_again(town: Town, asks: Any) -> None:
    """Its message comes in late; it is no longer parked, and a second press finds nothing to do."""
    from tertulia.actions.intake import retry_call
    from tertulia.data.models import Audit

    call_id = keep_call(town, json.dumps(UPDATE).encode())
    assert read_tally(town) == (1, 0, 0, 1)
    done = retry_call(asks, town.workspace, None, town.now, call_id, PUBLIC_URL)
    assert (done.calls, done.still) == (1, 0)
    town.drain()
    assert town.rows("select text from message where direction = 'in'") == [("Bom dia",)]
    assert read_tally(town) == (1, 1, 0, 0)
    assert town.rows("select parked, events, tried_at from webhook") == [("", 1, town.now)]
    with pytest.raises(Conflict):
        retry_call(asks, town.workspace, None, town.now, call_id, PUBLIC_URL)
    assert [(row.verb, row.facts["calls"]) for row in Audit.objects.all()] == [("call_retried", 1)]


@pytest.mark.parametrize("method", ["POST", "POLL"])
def test_I3_a_call_whose_message_came_meanwhile_has_no_effect_again(town: Town, asks: Any, method: str) -> None:
    """E1: its entries have the ids that they would have had, so what the provider sent once more is not doubled."""
    from tertulia.actions.intake import retry_all

    body = json.dumps({"ok": True, "result": [UPDATE]} if method == "POLL" else UPDATE).encode()
    keep_call(town, body, method=method)
    keep_call(town, json.dumps(UPDATE).encode(), parked="")
    town.drain()
    done = retry_all(town.conn, asks, town.workspace, None, town.now, PUBLIC_URL)
    assert (done.calls, done.still, done.more) == (1, 0, False)
    town.drain()
    assert town.rows("select count(*) from message where direction = 'in'") == [(1,)]
    assert read_tally(town) == (2, 2, 1, 0)


def test_I3_a_call_that_still_cannot_be_read_stays_parked(town: Town, asks: Any) -> None:
    """Nothing is lost or counted twice, and the other calls are read; what means nothing to us is no longer parked."""
    from tertulia.actions.intake import retry_all

    keep_call(town, b"not json")
    keep_call(town, json.dumps(UPDATE).encode())
    keep_call(town, json.dumps({"update_id": 8, "poll": {"id": "5"}}).encode())
    done = retry_all(town.conn, asks, town.workspace, None, town.now, PUBLIC_URL)
    town.drain()
    assert (done.calls, done.still) == (2, 1)
    assert read_tally(town) == (2, 1, 0, 1)
    [left] = list_unread(town.conn, town.workspace.pk)
    assert (left.reason != "", left.tried_at) == (True, town.now)


def test_I3_an_entry_that_the_engine_parked_is_decided_at_its_retry(town: Town, asks: Any) -> None:
    """Its channel was archived when it came; once the channel is back, the retry decides it."""
    from tertulia.actions.intake import retry_all, retry_parked

    channel = town.channel("telegram")
    keep_call(town, json.dumps(UPDATE).encode(), parked="")
    channel.archived_at = town.now
    channel.save()
    town._change_epoch()
    town.drain()
    [entry] = list_parked(town.conn, town.workspace.pk, channel=channel.pk)
    assert read_tally(town) == (1, 0, 0, 1)
    retry_parked(asks, town.workspace, None, town.now, entry.id)
    town.drain()
    [again] = list_parked(town.conn, town.workspace.pk, channel=channel.pk)
    assert again.id != entry.id
    assert read_tally(town) == (1, 0, 0, 1)
    channel.archived_at = None
    channel.save()
    town._change_epoch()
    done = retry_all(town.conn, asks, town.workspace, None, town.now, PUBLIC_URL)
    town.drain()
    assert (done.entries, done.still) == (1, 0)
    assert town.rows("select text from message where direction = 'in'") == [("Bom dia",)]
    assert list_parked(town.conn, town.workspace.pk) == []
    assert read_tally(town) == (1, 1, 0, 0)
    assert again.key.count(":again:") == 1


def test_I3_a_forwarded_entry_that_is_parked_is_counted_where_it_came_in(town: Town, asks: Any) -> None:
    """The receipt of a delivery that is not there: handed on by its reference, parked at the delivery's shard, tried
    again, and the channel's sum stays right."""
    from tertulia.actions.intake import retry_parked
    from tertulia.core.entries import Signal, key_of
    from tertulia.ids import SHARDS
    from tertulia.store.log import NewEntry

    keep_call(town, json.dumps(UPDATE).encode(), parked="")
    town.drain()
    channel = town.channel("telegram")
    entry = Signal(channel.pk, "telegram", IdentityRef("telegram", "nobody", "9"), town.now, "blocked")
    channel.archived_at = town.now
    channel.save()
    town._change_epoch()
    handed_on = NewEntry(SHARDS[3], town.workspace.pk, f"{key_of(entry)}:to-contact", entry, town.now)
    town.writer.append(town.conn, [handed_on], town.now)
    town.conn.commit()
    town.writer.committed()
    town.drain()
    [parked] = list_parked(town.conn, town.workspace.pk)
    assert read_tally(town) == (1, 1, 0, 0)
    retry_parked(asks, town.workspace, None, town.now, parked.id)
    town.drain()
    assert read_tally(town) == (1, 1, 0, 0)
