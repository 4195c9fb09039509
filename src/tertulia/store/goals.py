"""Goals of journeys: those that may still be reached, and those that were (G1-G3)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tertulia.core import entry_effects as ee
from tertulia.core.rows import GoalRow
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, run

KEPT_AFTER: Final = timedelta(hours=72)  # an event may come so long after it occurred (E4)

_NAMED: Final = ("run_id", "workspace", "contact_id", "journey_id")


def open_goals(conn: Conn, group: Sequence[ee.OpenGoal]) -> None:
    """The last word about each run."""
    rows = list({e.run_id: e for e in group}.values())
    run(
        conn,
        load("goals")["open_goals"],
        _columns(rows, *_NAMED, "revision", "began_by", "since", "until", "step", "sent_at"),
    )


def credit_steps(conn: Conn, group: Sequence[ee.CreditStep]) -> None:
    """The last message of each run."""
    rows = list({e.run_id: e for e in group}.values())
    run(conn, load("goals")["credit_steps"], _columns(rows, "run_id", "step", "at"))


def reach_goals(conn: Conn, group: Sequence[ee.ReachGoal]) -> None:
    """Out of those that may be reached."""
    run(conn, load("goals")["reach_goals"], _columns(group, *_NAMED, "step", "event_id", "at"))
    run(conn, load("goals")["close_goals"], _columns(group, "run_id"))


def load_goals_of(conn: Conn, world: World, wanted: Collection[int]) -> None:
    """What runs of these contacts may still reach."""
    if wanted:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted], "ids": list(wanted)}
        rows = [
            GoalRow(*(*row[:10], tuple(row[10]), tuple(row[11])))
            for row in fetch_all(conn, load("goals")["goals_of"], args)
        ]
        world.goals |= {row.run_id: row for row in rows if row.run_id not in world.goals}


def forget_goals(conn: Conn, now: datetime) -> int:
    """Drop those whose window is over, and with it the time in which a late event may come."""
    return run(conn, load("goals")["forget_goals"], {"before": now - KEPT_AFTER})


def _columns(group: Sequence[Any], *names: str) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {name: [getattr(e, name) for e in group] for name in names}
    return made | {"shard": [shard_of_contact(e.contact_id) for e in group]}
