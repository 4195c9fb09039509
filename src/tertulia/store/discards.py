"""Messages of tracking SDKs that were not taken, each with why, for whoever looks for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tertulia.core.ingest import Discard
from tertulia.ids import derive_id, shard_of_index
from tertulia.store.db import Conn, load, run


class StoredDiscard(msgspec.Struct, frozen=True):
    """A discard with the request that it came in and its source."""

    request_id: UUID
    workspace: int
    source_id: int
    discard: Discard


def insert_discards(conn: Conn, rows: Sequence[StoredDiscard], at: datetime) -> None:
    """Keep the discards, in the caller's transaction. Of a request that is written once more nothing is kept twice."""
    if not rows:
        return
    ids = [derive_id("discard", row.request_id.hex, row.discard.place, row.discard.code) for row in rows]
    run(
        conn,
        load("discards")["insert_discards"],
        {
            "at": at,
            "shards": [shard_of_index(id_.bytes[0]) for id_ in ids],
            "ids": ids,
            "workspaces": [row.workspace for row in rows],
            "sources": [row.source_id for row in rows],
            "codes": [row.discard.code for row in rows],
            "places": [row.discard.place for row in rows],
            "message_ids": [row.discard.message_id for row in rows],
            "types": [row.discard.type for row in rows],
            "names": [row.discard.name for row in rows],
            "samples": [row.discard.sample for row in rows],
        },
    )
