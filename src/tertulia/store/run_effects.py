"""Writes what journeys bring about: runs as they are after the cycle, those that are over, counts, and who was in."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tertulia.core import run_effects as rx
from tertulia.ids import day_of, shard_of_contact
from tertulia.store.db import Conn, load, run, write_json

_SAME = ("workspace", "contact_id", "journey_id", "revision", "key", "step", "entered_at", "started_at")

_DOCUMENTS: Mapping[str, Callable[[Any], str]] = {
    "event": lambda e: write_json(e.event),
    "answers": lambda e: write_json(e.answers),
    "question": lambda e: write_json(e.question),
    "results": lambda e: write_json(e.results),
}


def settle_runs(group: Sequence[rx.SetRun], ended: Sequence[rx.EndRun]) -> list[rx.SetRun]:
    """Of every run how it is after the cycle; those that ended in it are not written as live."""
    over = {e.id for e in ended}
    return list({e.id: e for e in group if e.id not in over}.values())


def set_runs(conn: Conn, group: list[rx.SetRun]) -> None:
    """Live runs."""
    names = (*_SAME, "id", "visit", "since", "due_at", "delivery_id", "withheld", "exit_at")
    run(conn, load("run_effects")["set_runs"], _columns(group, *names, **_DOCUMENTS))


def end_runs(conn: Conn, group: list[rx.EndRun]) -> None:
    """Out of the live ones into the history."""
    run(conn, load("run_effects")["close_runs"], _columns(group, "id"))
    names = (*_SAME, "id", "outcome", "reason", "event_id")
    written = {name: _DOCUMENTS[name] for name in ("event", "answers", "results")}
    columns = _columns(group, *names, **written, day=lambda e: day_of(e.at))
    run(conn, load("run_effects")["end_runs"], columns | {"ended_at": [e.at for e in group]})


def tally_steps(conn: Conn, group: list[rx.TallyStep]) -> None:
    """Counts of steps."""
    counts = Counter((shard_of_contact(e.contact_id), e.journey_id, e.step, e.what, e.workspace) for e in group)
    keys = sorted(counts)  # one order for all who write them
    names = ("shard", "journey_id", "step", "what", "workspace")
    args: dict[str, Any] = {name: [key[n] for key in keys] for n, name in enumerate(names)}
    run(conn, load("run_effects")["tally_steps"], args | {"count": [counts[key] for key in keys]})


def note_passages(conn: Conn, group: list[rx.NotePassage]) -> None:
    """The latest entry and message of each."""
    last: dict[tuple[int, int, str], rx.NotePassage] = {}
    for e in group:
        key = (e.contact_id, e.journey_id, e.key)
        known = last.get(key, e)
        message_at = _latest(known.message_at, e.message_at)
        last[key] = rx.NotePassage(e.workspace, *key, max(known.entry_at, e.entry_at), message_at)
    names = ("contact_id", "journey_id", "key", "workspace", "entry_at", "message_at")
    run(conn, load("run_effects")["note_passages"], _columns(list(last.values()), *names))


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _columns(group: Sequence[Any], *names: str, **computed: Callable[[Any], Any]) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {name: [getattr(e, name) for e in group] for name in names}
    made["shard"] = [shard_of_contact(e.contact_id) for e in group]
    return made | {name: [compute(e) for e in group] for name, compute in computed.items()}
