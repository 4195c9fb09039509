"""Looking up who writes to us: the directory of identities, many at once."""

from collections.abc import Sequence

from tertulia.core.entries import shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.store.db import Conn, fetch_all, load


def find_contacts(conn: Conn, keys: Sequence[tuple[int, IdentityRef]]) -> dict[tuple[int, IdentityRef], int]:
    """The contacts of (workspace, identity), in one query. Who is unknown, or still being decided, is left out."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return {}
    rows = fetch_all(
        conn,
        load("identities")["find_contacts"],
        {
            "shards": [shard_of_identity(workspace, identity) for workspace, identity in wanted],
            "workspaces": [workspace for workspace, _ in wanted],
            "kinds": [identity.kind for _, identity in wanted],
            "scopes": [identity.scope for _, identity in wanted],
            "values": [identity.value for _, identity in wanted],
        },
    )
    return {wanted[place - 1]: contact_id for place, contact_id in rows}


def tune_lookups(conn: Conn) -> None:
    """Settle a connection on look-ups by key. The caller commits, or it lasts for the transaction only."""
    conn.execute(load("identities")["tune"])
