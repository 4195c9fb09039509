"""Versions of what pages show live, by topic (`import:7`, `match:3`, `contact:123`, `channel:4`, `notices:1`,
`workspace:1`)."""

from collections.abc import Sequence
from hashlib import blake2b

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load

KINDS = frozenset({"import", "match", "contact", "channel", "notices", "workspace"})


def read_version(conn: Conn, topic: str) -> str:
    """A short text that changes when what the topic's pages show has changed; empty for a topic that is none."""
    kind, _, number = topic.partition(":")
    if kind not in KINDS or not number.isdecimal():
        return ""
    args = {"id": int(number), "shard": shard_of_contact(int(number)) if kind == "contact" else 0}
    row = fetch_one(conn, load("live")[kind], args)
    return blake2b(str(row[0]).encode(), digest_size=8).hexdigest() if row else ""


def listen(conn: Conn) -> None:
    """Hear hints: the payload is the topic that has changed. On a connection with autocommit."""
    conn.execute(load("live")["listen"])


def publish(conn: Conn, topics: Sequence[str]) -> None:
    """Hint that these topics have changed. On a connection of its own, after the commit."""
    fetch_all(conn, load("live")["publish"], {"topics": list(topics)})
