"""Synthetic customers for What if: modelled on the workspace's own, doing what its events tell of, or stated shares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.what_if import People, Tape, find_zone, load_people
from tertulia.core.journeys import Program
from tertulia.core.rounds import find_once
from tertulia.core.simulation.happenings import (
    Happening,
    Seen,
    Told,
    list_arrivals,
    list_happenings,
    make_habits,
)
from tertulia.core.simulation.population import Model, invent_models, make_people
from tertulia.core.simulation.rates import Rates
from tertulia.core.wall_clock import resolve
from tertulia.core.world import Config
from tertulia.errors import Invalid
from tertulia.store import recorded as store
from tertulia.store.db import Conn
from tertulia.store.events import count_by_day
from tertulia.store.segments import load_memberships

BEGINS: Final = time(10)  # of the first day, by the workspace's clock: so an answer is the same all day
SEEN_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Customers, what they do, and how often that is of each thing. `own`: modelled on the workspace's."""

    people: Sequence[Model]
    tape: Tape
    happenings: Sequence[Happening]
    own: bool


def make_synthetic(
    conn: Conn,
    configs: Sequence[Config],
    workspace: int,
    rates: Rates,
    number: int,
    since: datetime,
    until: datetime,
    events_max: int,
) -> Synthetic:
    """So many customers for a while. What they do is all that the drafts and the published journeys listen to; each of
    `configs` has one of the drafts among these. Raises Invalid for rates that nothing listens to, or by which more than
    `events_max` things happen."""
    whole = _join(configs)
    ids = store.list_models(conn, workspace)
    models = _load_models(conn, whole, ids) if ids else invent_models(rates, whole, workspace, since)
    people = make_people(rates, workspace, models, number, since)
    names = {key[1:] for key in [*whole.heard, *whole.counted] if key[0] == workspace}
    habits = make_habits(rates, whole, workspace, _list_seen(conn, workspace, names, since) if ids else {})
    happenings = list_happenings(habits)
    _check(rates, happenings, number * (until - since) / timedelta(days=1), events_max)
    rows = [person.row for person in people]
    arrivals = list_arrivals(habits, happenings, rows, since, until)
    tape = Tape(workspace, arrivals, frozenset(row.id for row in rows), since, until)
    return Synthetic(people, tape, happenings, bool(ids))


def _check(rates: Rates, happenings: Sequence[Happening], customer_days: float, events_max: int) -> None:
    unheard = rates.events.keys() - {one.key for one in happenings}
    if unheard:
        names = ", ".join(sorted(unheard))
        raise Invalid(_("No journey or segment listens to this event of the rates: %(names)s.") % {"names": names})
    events = round(sum(one.per_day for one in happenings) * customer_days)
    if events > events_max:
        told = {"events": f"{events:,}", "most": f"{events_max:,}"}
        raise Invalid(
            _("By these rates %(events)s things happen; at most %(most)s are played. Take fewer customers.") % told
        )


def find_begin(config: Config, workspace: int, programs: Sequence[Program], now: datetime) -> datetime:
    """When an synthetic time begins: today at ten, or just before the first broadcast that is on a date."""
    zone = find_zone(config, workspace)
    dated = [at for program in programs if (at := find_once(program.journey, zone)) is not None]
    if dated:
        return min(dated) - timedelta(minutes=1)
    return resolve(now.astimezone(zone).date(), BEGINS, zone)


def to_people(synthetic: Synthetic) -> People:
    """For a simulation."""
    rows = [person.row for person in synthetic.people]
    return People(rows, moments={person.row.id: person.moments for person in synthetic.people if person.moments})


def _join(configs: Sequence[Config]) -> Config:
    """One in which all of their journeys are heard."""
    journeys = {(place, row.id): row for place, config in enumerate(configs) for row in config.journeys.values()}
    heard = {key: told for config in configs for key, told in config.heard.items()}
    return replace(configs[0], journeys=dict(enumerate(journeys.values())), heard=heard)


def _load_models(conn: Conn, config: Config, ids: Sequence[int]) -> list[Model]:
    lists = {segment.id for segment in config.segments.values() if segment.is_list}
    inside: dict[int, set[int]] = {}
    for contact_id, segment_id in load_memberships(conn, ids):
        if segment_id in lists:
            inside.setdefault(contact_id, set()).add(segment_id)
    people = load_people(conn, config, ids)
    rows = sorted((row for row in people.rows if row.merged_into is None), key=lambda row: row.id)
    return [Model(row, frozenset(inside.get(row.id, ())), people.moments.get(row.id, ())) for row in rows]


def _list_seen(conn: Conn, workspace: int, names: set[Told], since: datetime) -> dict[Told, Seen]:
    """What the last days had of these events: how often a customer did each, and what it said."""
    first = since - timedelta(days=SEEN_DAYS)
    counts: dict[Told, int] = {}
    for volume in count_by_day(conn, workspace, None, first.date()):
        if (volume.type, volume.name) in names and volume.day < since.date():
            counts[(volume.type, volume.name)] = counts.get((volume.type, volume.name), 0) + volume.count
    samples = store.list_event_samples(conn, workspace, counts, first) if counts else {}
    people = max(store.count_people(conn, workspace), 1)
    return {told: Seen(min(count / SEEN_DAYS / people, 50.0), samples.get(told, ())) for told, count in counts.items()}
