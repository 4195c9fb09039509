"""Who owns which shards, and the configuration that a cycle decides with.

Ownership is fenced in the write: the first statement of every cycle locks the owner's rows by shard, epoch and name;
fewer rows than shards means that another owner has taken over, and the cycle rolls back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tertulia.core.world import DirectWay, MatchFacts
from tertulia.errors import StoodDown
from tertulia.store.allowances import return_parts
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run

STOOD_DOWN: Final = "Another engine owns these shards now."


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    id: int
    name: str
    link_key: bytes
    link_domain: str
    link_days: int
    country: str
    language: str
    currency: str
    epoch: int
    zone: str
    sensitive: Sequence[str]
    window: Sequence[Mapping[str, Any]]
    hold_out: str
    typical: Sequence[int]
    budget: Mapping[str, Any]
    event_hours: int


@dataclass(frozen=True, slots=True)
class Launch:
    """A match whose audience is being frozen."""

    match_id: int
    workspace: int
    audience: Mapping[str, Any]
    frozen_to: int


def claim_shards(conn: Conn, owner: str, shards: Iterable[int], *, now: datetime, until: datetime) -> dict[int, int]:
    """Shards taken over, with their epochs: those whose lease has run out on the real clock, and the owner's own. What
    owners without a lease held of shared totals is returned (R5)."""
    args = {"owner": owner, "shards": list(shards), "now": now, "until": until}
    taken: dict[int, int] = dict(fetch_all(conn, load("ownership")["claim_shards"], args))
    if taken:
        return_parts(conn, "", now)
    return taken


def fence(conn: Conn, owner: str, epochs: Mapping[int, int]) -> None:
    """Prove the ownership in the cycle's own transaction; who would take over waits for its end. Raises StoodDown."""
    args = {"owner": owner, "shards": list(epochs), "epochs": list(epochs.values())}
    if len(fetch_all(conn, load("ownership")["fence"], args)) != len(epochs):
        raise StoodDown(STOOD_DOWN)


def prolong(conn: Conn, owner: str, epochs: Mapping[int, int], *, until: datetime) -> None:
    """A fence that prolongs the lease, and returns what the owner holds of shared totals (R5). Raises StoodDown."""
    args = {"owner": owner, "shards": list(epochs), "epochs": list(epochs.values()), "until": until}
    if run(conn, load("ownership")["prolong"], args) != len(epochs):
        raise StoodDown(STOOD_DOWN)
    return_parts(conn, owner, until)


def list_owners(conn: Conn, now: datetime) -> list[str]:
    """Who holds a lease now."""
    return [row[0] for row in fetch_all(conn, load("ownership")["owners"], {"now": now})]


def release(conn: Conn, owner: str, now: datetime) -> None:
    """Give every shard of an owner back, and what it holds of shared totals (R5): at its clean stop, or when it is
    known to be dead."""
    return_parts(conn, owner, now)
    run(conn, load("ownership")["release"], {"owner": owner, "now": now})


def read_epochs(conn: Conn) -> tuple[int, int]:
    """A pair that changes with every workspace's epoch (E7)."""
    row = fetch_one(conn, load("ownership")["epochs"], {})
    assert row is not None
    return row[0], row[1]


def read_workspaces(conn: Conn) -> list[WorkspaceRow]:
    """Every workspace, its link key still sealed."""
    rows = fetch_all(conn, load("ownership")["workspaces"], {})
    return [
        WorkspaceRow(
            *(*row[:10], read_json(row[10]), read_json(row[11]), row[12], *map(read_json, row[13:15]), row[15])
        )
        for row in rows
    ]


def read_caps(conn: Conn) -> list[tuple[int, str, Mapping[str, Any]]]:
    """Workspace, name and document of every frequency cap, in the order in which they were made."""
    rows = fetch_all(conn, load("ownership")["caps"], {})
    return [(workspace, name, read_json(document)) for workspace, name, document in rows]


def read_matches(conn: Conn) -> list[MatchFacts]:
    """Every match that has been launched."""
    return [_match(row) for row in fetch_all(conn, load("ownership")["matches"], {})]


def _match(row: Sequence[Any]) -> MatchFacts:
    match_id, workspace, name, state, sms_channel, text, class_, on_missing, direct, rate, budget, neutral, apps = row
    ways = tuple(
        DirectWay(
            int(way["channel"]),
            str(way.get("template", "")),
            str(way.get("language", "")),
            tuple(str(parameter) for parameter in way.get("parameters", ())),
        )
        for way in read_json(direct)
    )
    return MatchFacts(
        *(match_id, workspace, name, state, sms_channel, text, on_missing, class_, tuple(apps), ways, rate, budget),
        neutral=neutral,
    )


def read_undone(conn: Conn) -> frozenset[str]:
    """Evidence of imports that were undone: their consent no longer counts."""
    return frozenset(row[0] for row in fetch_all(conn, load("ownership")["undone"], {}))


def read_launching(conn: Conn) -> list[Launch]:
    """Matches whose audience is being frozen."""
    return [Launch(*row) for row in fetch_all(conn, load("ownership")["launching"], {})]


def allow_scans(conn: Conn) -> None:
    """For this transaction plans may scan and hash again: an audience is no look-up by key."""
    run(conn, load("ownership")["allow_scans"], {})


def freeze_audience(conn: Conn, launch: Launch, shards: Sequence[int]) -> list[tuple[int, str]]:
    """The audience's contacts of these shards with the number to write to (empty: none)."""
    args = {
        "workspace": launch.workspace,
        "match": launch.match_id,
        "shards": list(shards),
        "all": bool(launch.audience.get("all")),
        "contacts": launch.audience.get("contacts", []),
        "imports": launch.audience.get("imports", []),
    }
    return [(row[0], row[1]) for row in fetch_all(conn, load("ownership")["freeze_audience"], args)]


def set_frozen(conn: Conn, match_id: int, frozen_to: int) -> None:
    """The audience is frozen in so many of the shards; an interrupted launch goes on there."""
    run(conn, load("ownership")["set_frozen"], {"match": match_id, "frozen_to": frozen_to})


def set_live(conn: Conn, match_id: int) -> bool:
    """The audience is frozen whole. False when the match was stopped or paused meanwhile."""
    return run(conn, load("ownership")["set_live"], {"match": match_id}) == 1


def finish_matches(conn: Conn, now: datetime) -> list[tuple[int, int, str]]:
    """Live matches with nothing left to send become done: (id, workspace, name)."""
    rows = fetch_all(conn, load("ownership")["finish_matches"], {"now": now})
    return [(row[0], row[1], row[2]) for row in rows]
