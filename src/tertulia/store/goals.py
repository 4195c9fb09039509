"""Goals of journeys: those that may still be reached, and those that were (G1-G3)."""

import json
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
    columns = _columns(group, *_NAMED, "step", "event_id", "at")
    earlier = [json.dumps(e.earlier_steps) for e in group]  # an array of arrays would have to be rectangular
    run(conn, load("goals")["reach_goals"], columns | {"earlier_steps": earlier})
    run(conn, load("goals")["close_goals"], _columns(group, "run_id"))


def lose_credits(conn: Conn, group: Sequence[ee.LoseCredit]) -> None:
    """Messages that were not received, of runs whose goal may be reached, and of those that have reached it. Of one run
    there is one in a cycle, but for channels that fail one after another."""
    waiting = list(group)
    while waiting:
        part = {e.run_id: e for e in reversed(waiting)}
        columns = _columns(list(part.values()), "run_id", "step")
        for query in ("lose_credits", "move_credits"):
            run(conn, load("goals")[query], columns)
        waiting = [e for e in waiting if part[e.run_id] is not e]


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
