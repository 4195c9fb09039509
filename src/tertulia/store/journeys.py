"""Reads of journeys: their published revisions for the core, and what their runs came to for pages and the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, read_json, run


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A revision that somebody may enter, or is in."""

    id: int
    workspace: int
    name: str
    state: str
    revision: int  # the newest
    number: int
    document: str
    key: str
    since: datetime  # when the newest was published


@dataclass(frozen=True, slots=True)
class RunView:
    """One run of a contact; `ended_at` None while it lives, `goal_at` and `goal_step` until its goal is reached;
    `goal_step` is empty where no message of it had gone out before (G2). `answers` by the steps that asked; `asked`: a
    question waits for its reply."""

    id: UUID
    contact_id: int
    journey_id: int
    revision: int
    key: str
    step: str
    entered_at: datetime
    started_at: datetime
    due_at: datetime | None
    event: dict[str, Any]
    outcome: str
    reason: str
    event_id: UUID | None
    ended_at: datetime | None
    goal_at: datetime | None = None
    goal_step: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    asked: bool = False
    results: Mapping[str, Any] = field(default_factory=dict)  # what its calls saved, by step
    exit_at: datetime | None = None  # when its exit condition holds, if nothing but the time changes (X5)


@dataclass(frozen=True, slots=True)
class StepVisitor:
    """Somebody who is at a step now."""

    run_id: UUID
    contact_id: int
    since: datetime
    due_at: datetime | None
    name: str
    surname: str


def read_published(conn: Conn) -> list[PublishedRow]:
    """Every revision that decisions need (E7)."""
    return [PublishedRow(*row) for row in fetch_all(conn, load("journeys")["published"], {})]


def count_now(conn: Conn, journey_id: int) -> dict[str, int]:
    """How many are at each step."""
    return dict(fetch_all(conn, load("journeys")["steps"], {"journey": journey_id}))


def count_steps(conn: Conn, journey_ids: Sequence[int]) -> dict[tuple[str, str], int]:
    """By step and what: how many reached it, and how and where runs ended."""
    rows = fetch_all(conn, load("journeys")["tallies"], {"journeys": list(journey_ids)})
    return {(step, what): count for step, what, count in rows}


def count_journeys(conn: Conn, journey_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Of each journey: how many entered, are in it now, and how many messages were sent."""
    rows = fetch_all(conn, load("journeys")["figures"], {"journeys": list(journey_ids)})
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def count_messages(conn: Conn, journey_id: int) -> dict[tuple[str, str], int]:
    """By step and state."""
    rows = fetch_all(conn, load("journeys")["messages"], {"journey": journey_id})
    return {(step or "", state): count for step, state, count in rows}


def count_unsent(conn: Conn, journey_id: int) -> list[tuple[str, str, int]]:
    """Step (empty: entry), reason and how often, the most frequent first."""
    return [(row[0], row[1], row[2]) for row in fetch_all(conn, load("journeys")["unsent"], {"journey": journey_id})]


def list_runs(conn: Conn, family: Sequence[int], limit: int) -> list[RunView]:
    """The runs of a contact and those who were merged into it, the newest first."""
    args = {"shards": [shard_of_contact(id_) for id_ in family], "ids": list(family), "limit": limit}
    rows = fetch_all(conn, load("journeys")["runs_of_contact"], args)
    return [
        RunView(*(*row[:9], read_json(row[9]), *row[10:16], read_json(row[16]), row[17], read_json(row[18]), row[19]))
        for row in rows
    ]


def find_run(conn: Conn, contact_id: int, run_id: UUID) -> bool:
    """Whether a contact has this run, live or over."""
    args = {"shard": shard_of_contact(contact_id), "contact": contact_id, "id": run_id}
    return bool(fetch_all(conn, load("journeys")["run_exists"], args))


def list_at_step(conn: Conn, journey_id: int, step: str | None, limit: int) -> list[StepVisitor]:
    """Who is at a step now (None: anywhere in the journey)."""
    args = {"journey": journey_id, "step": step, "limit": limit}
    rows = fetch_all(conn, load("journeys")["runs_at_step"], args)
    return [StepVisitor(*(*row[:4], row[4] or "", row[5] or "")) for row in rows]


def end_cancelling(conn: Conn, journey_id: int) -> None:
    """Every run of a journey that is being cancelled is over."""
    run(conn, load("journeys")["end_cancelling"], {"journey": journey_id})


def read_resuming(conn: Conn) -> list[tuple[int, tuple[int, bool]]]:
    """Journeys whose runs are to go on: by how many seconds later they are due, and whether what is overdue passes."""
    return [(row[0], (row[1], row[2])) for row in fetch_all(conn, load("journeys")["resuming"], {})]


def end_resuming(conn: Conn, journey_id: int) -> None:
    """A journey goes on."""
    run(conn, load("journeys")["end_resuming"], {"journey": journey_id})
