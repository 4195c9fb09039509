"""Totals that all owners share (R5): budgets, and the turns of throttles.

An owner takes a part of a total in the transaction of a cycle, with one guarded update of all that the cycle needs; it
spends of its part alone, and returns what is left as often as it prolongs its lease. The part of one who died is
returned by whoever takes its shards. So a total may be under-used for as long as a lease, and is never exceeded.

Of a throttle's turns an owner takes those that the messages of one cycle need, and none ahead: it locks the throttle's
row until the commit. What is slow on purpose is seldom locked, and a turn that one owner kept would be lost.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tertulia.core import budget_effects as bx
from tertulia.core.budgets import FOR_GOOD, TOTAL, WARN_AT, TotalKey
from tertulia.core.throttles import BEGINNING, Line
from tertulia.core.world import World
from tertulia.errors import Conflict
from tertulia.store.db import Conn, fetch_all, load, run

KEPT: Final = timedelta(days=400)  # a year is there to look at
FORGET_ROWS: Final = 1_000
WAKE_ROWS: Final = 5_000  # of a total, at once
THROTTLE: Final = "throttle"  # the gate
Parts = dict[TotalKey, tuple[int, bool]]


def take_parts(conn: Conn, owner: str, wanted: Mapping[TotalKey, tuple[int, int]]) -> Parts:
    """Of totals (limit, wanted): what this owner has by now, as much as is wanted where there is so much, and whether
    others hold some of it."""
    rows = fetch_all(conn, load("allowances")["parts"], _columns(wanted) | {"owner": owner})
    parts = {TotalKey(*row[:3]): (int(row[3]), bool(row[4])) for row in rows}
    lacking = {key: (limit, need - parts[key][0]) for key, (limit, need) in wanted.items() if need > parts[key][0]}
    if lacking:
        run(conn, load("allowances")["prepare"], _columns(lacking))
        told = {"limits": [limit for limit, _ in lacking.values()], "wanted": [more for _, more in lacking.values()]}
        for row in fetch_all(conn, load("allowances")["take"], _columns(lacking) | told | {"owner": owner}):
            key = TotalKey(*row[:3])
            parts[key] = int(row[3]), parts[key][1]
    return parts


def return_parts(conn: Conn, owner: str, now: datetime) -> None:
    """What this owner has and did not spend; of no owner ('') what those had who hold no lease at `now` (real time)."""
    run(conn, load("allowances")["return_parts"], {"owner": owner, "now": now})


def read_states(conn: Conn, workspace: int, periods: Sequence[str]) -> dict[tuple[str, str], tuple[int, int | None]]:
    """By scope and period: millionths that are spent, and the limit at whose end people were told."""
    rows = fetch_all(conn, load("allowances")["states"], {"workspace": workspace, "periods": list(periods)})
    return {(scope, period): (int(used), spent) for scope, period, used, spent in rows}


def list_warned(conn: Conn, workspace: int, since: str) -> list[str]:
    """Scopes of totals of which people were told, of days and months after a date, or in all."""
    return [row[0] for row in fetch_all(conn, load("allowances")["warned"], {"workspace": workspace, "since": since})]


def list_run_out(conn: Conn) -> dict[TotalKey, int]:
    """Totals for good at whose end people were told and that have room, each with what is taken of it."""
    rows = fetch_all(conn, load("allowances")["run_out_totals"], {"period": TOTAL})
    return {TotalKey(*row[:3]): int(row[3]) for row in rows}


def wake_waiting(conn: Conn, keys: Iterable[TotalKey], shards: Sequence[int], now: datetime) -> int:
    """Some of the messages that wait for these totals are due now; how many."""
    wanted = list(keys)
    args = {
        "workspaces": [key.workspace for key in wanted],
        "journeys": [_read_number(key, "budget:journey:") for key in wanted],
        "matches": [_read_number(key, "budget:match:") for key in wanted],
        "shards": list(shards),
    }
    told = {"now": now, "for_good": FOR_GOOD, "gate": THROTTLE, "limit": WAKE_ROWS}
    return run(conn, load("allowances")["wake_waiting"], args | told)


def _read_number(key: TotalKey, whose: str) -> int | None:
    return int(key.scope.removeprefix(whose)) if key.scope.startswith(whose) else None


def forget_totals(conn: Conn, now: datetime) -> int:
    """Days and months that are long over; how many."""
    return run(conn, load("allowances")["forget"], {"before": f"{now - KEPT:%Y-%m}", "limit": FORGET_ROWS})


def _spend(conn: Conn, group: Sequence[bx.Spend]) -> None:
    """Raises Conflict where an owner spends what it has not: the cycle is rolled back."""
    for owner in {e.owner for e in group if not e.forced}:
        sums = _sum((e.key, e.micros) for e in group if e.owner == owner and not e.forced)
        args = _columns(sums) | {"micros": list(sums.values()), "owner": owner}
        if run(conn, load("allowances")["spend"], args) != len(sums):
            raise Conflict("More was spent than this owner has taken; the cycle is done again.")
    if forced := _sum((e.key, e.micros) for e in group if e.forced):
        run(conn, load("allowances")["prepare"], _columns(forced))
        run(conn, load("allowances")["add"], _columns(forced) | {"micros": list(forced.values())})
    last = {e.key: e for e in group}
    args = _columns(last) | _name(last.values()) | {"percent": WARN_AT, "at": max(e.at for e in group)}
    run(conn, load("allowances")["warn"], args)


def _give_back(conn: Conn, group: Sequence[bx.GiveBack]) -> None:
    sums = _sum((e.key, -e.micros) for e in group)
    run(conn, load("allowances")["add"], _columns(sums) | {"micros": list(sums.values())})


def _run_out(conn: Conn, group: Sequence[bx.RunOut]) -> None:
    last = {e.key: e for e in group}
    run(conn, load("allowances")["run_out"], _columns(last) | _name(last.values()) | {"at": max(e.at for e in group)})


def load_lines(conn: Conn, world: World, workspaces: Mapping[int, int]) -> None:
    """The state of the throttles of these journeys (with their workspaces), locked until the commit."""
    _move(conn, [bx.MoveLine(workspace, journey_id) for journey_id, workspace in sorted(workspaces.items())])
    for journey_id, *state in fetch_all(conn, load("allowances")["lines"], {"journeys": sorted(workspaces)}):
        world.lines[journey_id] = Line(*state)


def _move(conn: Conn, group: Sequence[bx.MoveLine]) -> None:
    by_journey: dict[int, list[bx.MoveLine]] = {}
    for e in group:
        by_journey.setdefault(e.journey_id, []).append(e)
    rows = sorted(by_journey.items())
    args: dict[str, Any] = {
        "journeys": [journey_id for journey_id, _ in rows],
        "workspaces": [moves[0].workspace for _, moves in rows],
        "next": [max((e.next_at for e in moves if e.next_at is not None), default=None) for _, moves in rows],
        "drawn": [sum(e.drawn for e in moves) for _, moves in rows],
        "done": [sum(e.done for e in moves) for _, moves in rows],
    }
    run(conn, load("allowances")["move_lines"], args | {"beginning": BEGINNING})


BUDGET_WRITERS: Final[Mapping[type, Callable[[Conn, list[Any]], None]]] = {
    bx.Spend: _spend,
    bx.GiveBack: _give_back,
    bx.RunOut: _run_out,
    bx.MoveLine: _move,
}


def _sum(told: Iterable[tuple[TotalKey, int]]) -> dict[TotalKey, int]:
    sums: Counter[TotalKey] = Counter()
    for key, micros in told:
        sums[key] += micros
    return dict(sorted(sums.items()))


def _name(group: Iterable[bx.Spend | bx.RunOut]) -> dict[str, list[Any]]:
    told = list(group)
    return {"limits": [e.limit for e in told], "names": [e.name for e in told]}


def _columns(keys: Iterable[TotalKey]) -> dict[str, Any]:
    told = list(keys)
    return {
        "workspaces": [key.workspace for key in told],
        "scopes": [key.scope for key in told],
        "periods": [key.period for key in told],
    }
