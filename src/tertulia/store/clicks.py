"""Looking up links by their codes, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tertulia.store.db import Conn, fetch_all, load


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A personal link as its opening needs it. `language` is the contact's, empty when unknown; `state` the match's, of
    this moment: a match that was stopped ends its links at once."""

    workspace: int
    contact_id: int
    match_id: int
    sent_at: datetime | None
    expires_at: datetime
    language: str
    state: str


def find_links(conn: Conn, keys: Sequence[tuple[int, bytes]]) -> list[FoundLink | None]:
    """The link of each (shard, hash of the code), in order; None where there is none."""
    found: list[FoundLink | None] = [None] * len(keys)
    rows = fetch_all(
        conn,
        load("clicks")["find_links"],
        {"shards": [shard for shard, _ in keys], "hashes": [code_hash for _, code_hash in keys]},
    )
    for place, *values in rows:
        found[place - 1] = FoundLink(*values)
    return found
