"""A journey's draft through the workspace's own last days or with synthetic customers, and another beside it, for a
page or a call: what is live of it, or the draft of another journey.

Somebody waits for the answer, so it is cut where there is too much: the newest events and people are played, and what
takes too long is stopped. What was cut is said with the figures.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from tertulia.actions import what_if
from tertulia.actions.config import load_config
from tertulia.actions.journeys import check_text
from tertulia.actions.what_if_files import FILE_SOURCE
from tertulia.actions.what_if_recorded import Limits
from tertulia.actions.what_if_stage import Stage, Variant, set_history, set_synthetic
from tertulia.core.journeys import Program, compile_journey
from tertulia.core.rounds import is_once
from tertulia.core.simulation.rates import DEFAULTS, Rates
from tertulia.core.world import Config
from tertulia.data.models import Journey
from tertulia.documents.journeys import read_journey
from tertulia.errors import Invalid
from tertulia.store.db import Conn, reading_json

PERIODS: Final = (7, 30)  # days
NUMBERS: Final = (500, 2_000, 5_000)  # of synthetic customers
NUMBER_MAX: Final = 20_000
LIMITS: Final = Limits(events=200_000, contacts=20_000)
AT_ONCE: Final = Limits(events=1, contacts=3_000)  # of a broadcast, all of whom enter at one instant
DRAFT_S: Final = 5.0  # reading and the draft take so long at most
WHOLE_S: Final = 8.0  # and so long with what stands beside it
LIVE: Final = "live"

On = Literal["history", "synthetic"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be played: `on` history the last `days`, or so many `customers` for as long; `beside` it what is live,
    or the draft of the journey with that key; "": nothing."""

    on: On = "history"
    days: int = PERIODS[0]
    customers: int = NUMBERS[0]
    beside: str = LIVE
    rates: Rates = DEFAULTS


@dataclass(frozen=True, slots=True)
class Trial:
    """What the draft came to, and (where there is something and time was left) what stands beside it. `beside_name`:
    what that is called, empty where there is none. `stage` as in what_if_stage.describe. `first` and `last` are the
    days that were played, in the workspace's zone; `cut` is empty, events or contacts; `whole`: to the end."""

    draft: dict[str, Any]
    beside: dict[str, Any] | None
    beside_name: str
    stage: dict[str, Any]
    since: datetime
    to: datetime
    first: date
    last: date
    events: int
    contacts: int
    cut: str
    whole: bool

    @property
    def is_synthetic(self) -> bool:
        """Whether these are synthetic customers."""
        return bool(self.stage["on"] == "synthetic")


def try_draft(
    conn: Conn,
    journey: Journey,
    draft: Program,
    now: datetime,
    wish: Wish,
    *,
    public_url: str,
    elapsed: Callable[[], float],
) -> Trial:
    """`conn` is Django's; `elapsed`: seconds since somebody began to wait. Raises Invalid for rates or a journey that
    do not fit."""
    beside, called = _find_beside(journey, wish.beside)
    variants = [Variant("draft", journey.pk, journey.name, draft), *([beside] if beside is not None else [])]
    with reading_json(conn):
        base = load_config(conn, public_url)
        stage = _set_stage(conn, base, journey.workspace_id, variants, now, wish)
    played = [stage.play(0, _stop_after(elapsed, DRAFT_S))]
    if beside is not None:
        played.append(stage.play(1, _stop_after(elapsed, WHOLE_S)))
    told = [stage.tell(place, one) for place, one in enumerate(played)]
    zone = what_if.find_zone(base, journey.workspace_id)
    other = told[1] if beside is not None and played[1].to >= played[0].to else None
    described = stage.describe()
    return Trial(
        draft=told[0],
        beside=other,
        beside_name=called if beside is not None else "",
        stage=described,
        since=stage.tape.since,
        to=played[0].to,
        first=stage.tape.since.astimezone(zone).date(),
        last=played[0].to.astimezone(zone).date(),
        events=described["events"],
        contacts=described["contacts"],
        cut=stage.tape.cut,
        whole=played[0].whole,
    )


def _set_stage(conn: Conn, base: Config, workspace: int, variants: list[Variant], now: datetime, wish: Wish) -> Stage:
    if wish.on == "synthetic":
        base = replace(base, client_sources=base.client_sources | {FILE_SOURCE})
        return set_synthetic(
            *(conn, base, workspace, variants, now),
            number=wish.customers,
            days=wish.days,
            rates=wish.rates,
            events_max=LIMITS.events,
        )
    limits = AT_ONCE if all(is_once(one.program.journey.entry) for one in variants) else LIMITS
    return set_history(
        *(conn, base, workspace, variants, now), days=wish.days, run_on=timedelta(0), rates=wish.rates, limits=limits
    )


def _find_beside(journey: Journey, named: str) -> tuple[Variant | None, str]:
    """What stands beside the draft, and what it is called."""
    if named == LIVE:
        newest = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
        if newest is None:
            return None, ""
        program = compile_journey(read_journey(newest.document))
        return Variant(LIVE, journey.pk, journey.name, program), _("what is live")
    if not named:
        return None, ""
    others = Journey.objects.filter(workspace=journey.workspace).exclude(pk=journey.pk)
    other = others.filter(key=named).first() if named.isprintable() else None
    if other is None:
        raise Invalid(_("There is no other journey with the key “%(key)s”.") % {"key": named})
    document, problems = check_text(journey.workspace, other.document)
    if document is None:
        told = {"name": other.name, "sentence": problems[0].sentence}
        raise Invalid(_("The draft of “%(name)s” is not ready: %(sentence)s") % told)
    return Variant(named, other.pk, other.name, compile_journey(document)), other.name


def _stop_after(elapsed: Callable[[], float], limit_s: float) -> Callable[[], bool]:
    return lambda: elapsed() > limit_s
