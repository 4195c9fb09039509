"""Running sessions (R6): a row while a customer is busy, and what they did meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from tertulia.core import event_effects as ev
from tertulia.core.rows import Done, SessionRow
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, run

DONE_MAX: Final = 2_000  # events of one contact that a session counts


def load_sessions(conn: Conn, world: World, wanted: Collection[int]) -> None:
    """The running sessions of these contacts."""
    if wanted:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted], "ids": list(wanted)}
        for row in fetch_all(conn, load("sessions")["sessions"], args):
            world.sessions[row[0]] = SessionRow(*row)


def load_doings(conn: Conn, world: World, wanted: Mapping[int, tuple[int, datetime]]) -> None:
    """What contacts did since an instant: of each, whose session it belongs to, and since when."""
    if not wanted:
        return
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id in wanted],
        "ids": list(wanted),
        "since": [since for _, since in wanted.values()],
        "limit": DONE_MAX,
    }
    for contact_id, *rest in fetch_all(conn, load("sessions")["doings"], args):
        world.doings.setdefault(wanted[contact_id][0], []).append(Done(*rest))


def read_due_sessions(conn: Conn, now: datetime, shards: Sequence[int], limit: int) -> list[SessionRow]:
    """Sessions whose end has come, unless something was done since: those that wait longest first."""
    args = {"now": now, "shards": list(shards), "limit": limit}
    return [SessionRow(*row) for row in fetch_all(conn, load("sessions")["due"], args)]


def set_sessions(conn: Conn, group: list[ev.SetSession]) -> None:
    """Sessions as they are after the cycle."""
    last = {e.contact_id: e for e in group}
    over = [e for e in last.values() if e.ends_at is None]
    kept = [e for e in last.values() if e.ends_at is not None]
    if over:
        ids = [e.contact_id for e in over]
        run(conn, load("sessions")["end_sessions"], {"shards": [shard_of_contact(id_) for id_ in ids], "ids": ids})
    if kept:
        args = {
            "shards": [shard_of_contact(e.contact_id) for e in kept],
            "contacts": [e.contact_id for e in kept],
            "ids": [e.id for e in kept],
            "workspaces": [e.workspace for e in kept],
            "started": [e.started_at for e in kept],
            "ends": [e.ends_at for e in kept],
        }
        run(conn, load("sessions")["keep_sessions"], args)
