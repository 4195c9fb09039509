"""Conversations by the API: who waits for a person, what was said, and that somebody answered."""

from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb
from tests.actions.cast import add_contact, make_channel
from tests.api.conftest import Ask

from tertulia.ids import shard_of_contact

FACTS = {"at": "2026-11-29T09:00:00+00:00", "reason": "word", "journey": "Rating", "answers": {"stars": 4.5}}


def add_waiting(conn: psycopg.Connection, shop: Any, contact: int) -> str:
    """An open conversation that waits for a person, with one message of the customer's."""
    channel = make_channel(shop, "telegram", name="Telegram")
    conversation, shard = uuid4(), shard_of_contact(contact)
    conn.execute(
        """insert into conversation (shard, id, workspace, contact_id, channel_id, state, opened_at, last_at, question,
                                     handed_at, hand_over)
           values (%s, %s, %s, %s, %s, 'open', now(), now(), '{}', now(), %s)""",
        (shard, conversation, shop.pk, contact, channel.pk, Jsonb(FACTS)),
    )
    conn.execute(
        """insert into message (shard, channel_id, direction, provider_id, workspace, contact_id, conversation_id,
                                identity_kind, identity_scope, identity_value, form, text, facts, provider_at,
                                provider_seq, arrived_at)
           values (%s, %s, 'in', 'm1', %s, %s, %s, 'telegram', '', '77', 'text', 'agent', '{}', now(), 0, now())""",
        (shard, channel.pk, shop.pk, contact, conversation),
    )
    conn.commit()
    return str(conversation)


def test_I6_who_waits_for_a_person_is_told_and_released(
    ask: Ask, foreign_ask: Ask, shop: Any, conn: psycopg.Connection, engine: None
) -> None:
    """With what they need to know; another workspace sees and changes nothing."""
    contact = add_contact(conn, shop, 1)
    conversation = add_waiting(conn, shop, contact)
    [row] = ask("GET", "/conversations?waiting=true")["conversations"]
    assert (row["id"], row["hand_over"]["answers"]) == (conversation, {"stars": 4.5})
    assert row["handed_at"]
    [said] = ask("GET", f"/contacts/{contact}/transcript")
    assert (said["direction"], said["text"]) == ("in", "agent")
    path = f"/contacts/{contact}/conversations/{conversation}/release"
    foreign_ask("POST", path, status=404)
    foreign_ask("GET", f"/contacts/{contact}/transcript", status=404)
    assert foreign_ask("GET", "/conversations?waiting=true")["conversations"] == []
    assert ask("POST", path) == {"decided": True}
    assert ask("GET", "/conversations?waiting=true")["conversations"] == []
    [row] = ask("GET", "/conversations")["conversations"]
    assert (row["state"], row["handed_at"], row["hand_over"]) == ("open", None, {})
    assert ask("POST", path, status=409)["code"] == "conflict"
