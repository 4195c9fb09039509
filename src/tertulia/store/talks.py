"""Writes what hand-overs and merges do to conversations (I6, M8), folded by kind like all effects."""

from collections.abc import Sequence

from tertulia.core import talk_effects as tx
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, load, run, write_json


def hand_over_conversations(conn: Conn, group: Sequence[tx.HandOver]) -> None:
    """They wait for people, or wait no more (I6)."""
    last = list({e.conversation_id: e for e in group}.values())
    args = {
        "shard": [shard_of_contact(e.contact_id) for e in last],
        "id": [e.conversation_id for e in last],
        "at": [e.at if e.facts else None for e in last],
        "facts": [write_json(e.facts) for e in last],
    }
    run(conn, load("talks")["hand_over_conversations"], args)


def close_conversations(conn: Conn, group: Sequence[tx.CloseConversation]) -> None:
    """Closed, pointing to the one that goes on."""
    args = {
        "shard": [shard_of_contact(e.contact_id) for e in group],
        "id": [e.id for e in group],
        "into_id": [e.into_id for e in group],
        "merge_id": [e.merge_id for e in group],
    }
    run(conn, load("talks")["close_conversations"], args)


def reopen_conversations(conn: Conn, group: Sequence[tx.ReopenConversations]) -> None:
    """Open again, where nothing else is open on the channel meanwhile."""
    args = {
        "shard": [shard_of_contact(e.contact_id) for e in group],
        "contact_id": [e.contact_id for e in group],
        "merge_id": [e.merge_id for e in group],
    }
    run(conn, load("talks")["reopen_conversations"], args)


def touch_conversations(conn: Conn, group: Sequence[tx.TouchConversation]) -> None:
    """Something was said in them."""
    last = {e.id: e for e in group}
    args = {
        "shard": [shard_of_contact(e.contact_id) for e in last.values()],
        "id": list(last),
        "at": [e.at for e in last.values()],
    }
    run(conn, load("talks")["touch_conversations"], args)
