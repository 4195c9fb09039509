"""A journey's draft through the workspace's own last days, and what is live of it beside it, for a page or a call.

Somebody waits for the answer, so it is cut where there is too much: the newest events and people are played, and what
takes too long is stopped. What was cut is said with the figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from tertulia.actions import what_if
from tertulia.actions.config import load_config
from tertulia.actions.what_if_told import tell_played
from tertulia.core.journeys import Program, compile_journey
from tertulia.core.simulation.play import ANSWERED
from tertulia.data.models import Journey
from tertulia.documents.journeys import read_journey
from tertulia.store.coupons import count_left
from tertulia.store.db import Conn, reading_json

PERIODS: Final = (7, 30)  # days
EVENTS_MAX: Final = 200_000
CONTACTS_MAX: Final = 20_000
DRAFT_S: Final = 5.0  # reading and the draft take so long at most
WHOLE_S: Final = 8.0  # and so long with what is live


@dataclass(frozen=True, slots=True)
class Trial:
    """What the draft came to, and (where there is a live revision and time was left) what is live. `first` and `last`
    are the days that were played, in the workspace's zone; `cut` is empty, events or contacts; `whole`: to the end."""

    draft: dict[str, Any]
    live: dict[str, Any] | None
    has_live: bool
    since: datetime
    to: datetime
    first: date
    last: date
    events: int
    contacts: int
    cut: str
    whole: bool


def try_draft(
    conn: Conn,
    journey: Journey,
    draft: Program,
    now: datetime,
    days: int,
    *,
    answered: float = ANSWERED,
    public_url: str,
    elapsed: Callable[[], float],
) -> Trial:
    """Play the last `days`. `conn` is Django's; `answered`: the share of questions that customers answer, 0 to 1;
    `elapsed`: seconds since somebody began to wait."""
    live, workspace = _find_live(journey), journey.workspace_id
    programs = [draft, *([live] if live is not None else [])]
    with reading_json(conn):
        base = load_config(conn, public_url)
        left = count_left(conn, [pool.id for pool in base.pools.values() if pool.workspace == workspace])
        configs = [what_if.put_in(base, workspace, journey.pk, journey.name, program) for program in programs]
        limits = {"events_max": EVENTS_MAX, "contacts_max": CONTACTS_MAX}
        tape = what_if.read_tape(conn, configs, workspace, now - timedelta(days=days), now, **limits)
        people = what_if.load_people(conn, base, tape.contact_ids)
    played: list[what_if.Played] = []
    for config, limit_s in zip(configs, (DRAFT_S, WHOLE_S), strict=False):
        memory = what_if.gather(config, people, tape.since)
        to = played[0].to if played else now
        stop = _stop_after(elapsed, limit_s)
        played.append(what_if.play_tape(memory, tape, journey.pk, to, answered=answered, stop=stop))
    told = [
        tell_played(one, program, config, left) for one, program, config in zip(played, programs, configs, strict=True)
    ]
    zone = what_if.find_zone(base, workspace)
    return Trial(
        draft=told[0],
        live=told[1] if live is not None and played[1].whole else None,
        has_live=live is not None,
        since=tape.since,
        to=played[0].to,
        first=tape.since.astimezone(zone).date(),
        last=played[0].to.astimezone(zone).date(),
        events=len(tape.arrivals),
        contacts=len(tape.contact_ids),
        cut=tape.cut,
        whole=played[0].whole,
    )


def _find_live(journey: Journey) -> Program | None:
    newest = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    return compile_journey(read_journey(newest.document)) if newest is not None else None


def _stop_after(elapsed: Callable[[], float], limit_s: float) -> Callable[[], bool]:
    return lambda: elapsed() > limit_s
