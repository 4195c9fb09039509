"""Where drafts are tried: the customers, what happens to them, and what is published beside the drafts, for two drafts
to meet the same.

    history    what the workspace was told in its last days, beside what it sent in them; a broadcast, whose time is to
               come, goes to those whom it is for today, who had what was sent to them so far
    given      customers and events that somebody gives; the published journeys are played beside the draft
    synthetic  customers who do what they do by stated rates, and react to messages; the published journeys are played
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import merge
from typing import Any, Final, Literal

import msgspec

from tertulia.actions import what_if
from tertulia.actions.what_if import People, Played, Tape
from tertulia.actions.what_if_audience import add_memberships, list_moves, take_back
from tertulia.actions.what_if_recorded import CAPS_REACH_S, Limits, list_sent, read_tape
from tertulia.actions.what_if_spent import list_spent, tell_spent
from tertulia.actions.what_if_synthetic import Synthetic, find_begin, make_synthetic, to_people
from tertulia.actions.what_if_told import tell_played
from tertulia.core.catalogs import Items
from tertulia.core.entries import OccasionEntry
from tertulia.core.identity import COMMENT_KIND
from tertulia.core.journeys import ApiEntry, CommentEntry, Program
from tertulia.core.occasions import API, COMMENT
from tertulia.core.rounds import find_once, is_once
from tertulia.core.simulation.arrivals import Arrival, Moved, Sent, Spent
from tertulia.core.simulation.members import begin_members
from tertulia.core.simulation.memory import Memory
from tertulia.core.simulation.population import count_mix
from tertulia.core.simulation.rates import Rates
from tertulia.core.world import Config
from tertulia.store.catalogs import load_all_items
from tertulia.store.coupons import count_left
from tertulia.store.db import Conn

Kind = Literal["history", "given", "synthetic"]
REACH: Final = timedelta(seconds=CAPS_REACH_S)


@dataclass(frozen=True, slots=True)
class Variant:
    """A journey that is asked about. `label`: how it was named; `journey_id` what_if.DRAFT of one that the installation
    does not have."""

    label: str
    journey_id: int
    name: str
    program: Program


@dataclass(frozen=True, slots=True)
class Stage:
    """What every variant is played through, up to `until`. `sent`: of each variant the messages of other journeys and
    what they cost; `inside`: segments by contact at the beginning, where that is known; `moved`: who came into one or
    left it after that; `left`: free codes of coupon pools; `items`: of catalogs."""

    kind: Kind
    workspace: int
    variants: Sequence[Variant]
    configs: Sequence[Config]
    tape: Tape
    people: People
    until: datetime
    rates: Rates
    left: Mapping[int, int]
    sent: Sequence[Sequence[Arrival]] = ()
    inside: Mapping[int, set[int]] = field(default_factory=dict)
    moved: Sequence[Arrival] = ()
    items: Items = field(default_factory=dict)
    synthetic: Synthetic | None = None

    def play(self, place: int, stop: Callable[[], bool] = lambda: False) -> Played:
        """One of the variants."""
        variant = self.variants[place]
        memory = what_if.gather(self.configs[place], self.people, self.tape.since)
        memory.is_recorded = self.kind == "history"
        memory.rows.items = dict(self.items)
        memory.members.inside.update({contact_id: set(ids) for contact_id, ids in self.inside.items()})
        tape = self._mix_in(memory, self.sent[place]) if self.sent else self.tape
        if not memory.is_recorded and memory.config.segments:
            begin_members(memory, [row.id for row in self.people.rows], self.tape.since)
        return what_if.play_tape(
            *(memory, tape, variant.journey_id, self.until),
            rates=self.rates,
            launched=(variant.journey_id,),
            synthetic=self.kind == "synthetic",
            stop=stop,
        )

    def _mix_in(self, memory: Memory, sent: Sequence[Arrival]) -> Tape:
        """Messages of before are there from the beginning, the others among what happens."""
        later = []
        for told in sent:
            if told.at < self.tape.since and isinstance(told.entry, Sent):
                memory.add_slot(told.entry.slot)
            elif told.at < self.tape.since and isinstance(told.entry, Spent):
                memory.spend(told.workspace, told.at, told.entry.micros)
            else:
                later.append(told)
        mixed = list(merge(self.tape.arrivals, self.moved, later, key=_place))
        return replace(self.tape, arrivals=mixed)

    def tell(self, place: int, played: Played) -> dict[str, Any]:
        """The figures of a variant that was played."""
        variant, config = self.variants[place], self.configs[place]
        told = tell_played(played, variant.program, config, self.left)
        return {"journey": variant.label, "name": variant.name, **told}

    def _count_begun(self) -> int | None:
        """Calls of the API and comments on history, of which those alone are kept that began a run; None where no draft
        begins by any."""
        entries = [one.program.journey.entry for one in self.variants]
        if self.kind != "history" or not any(isinstance(entry, ApiEntry | CommentEntry) for entry in entries):
            return None
        told = [one.entry for one in self.tape.arrivals if isinstance(one.entry, OccasionEntry)]
        return len({entry.id for entry in told if entry.kind in (API, COMMENT)})

    def _tell_budgets(self) -> dict[str, Any] | None:
        """How budgets begin: on history the workspace's as others had spent it, all else unspent; None where nothing is
        under one."""
        own = self.configs[0].workspaces[self.workspace].budget is not None
        if not own and all(one.program.journey.budget is None for one in self.variants):
            return None
        spent = tell_spent(self.configs[0], self.workspace, self.tape.since, self.sent[0]) if self.sent else []
        return {"workspace": spent, "draft": self.variants[0].program.journey.budget is not None}

    def describe(self) -> dict[str, Any]:
        """What was played, and through what."""
        return {
            "on": self.kind,
            "from": self.tape.since,
            "to": self.until,
            "zone": what_if.find_zone(self.configs[0], self.workspace).key,
            "events": sum(not isinstance(told.entry, Sent) for told in self.tape.arrivals),
            "contacts": len(self.tape.contact_ids or self.people.rows),
            "sent_beside": sum(isinstance(told.entry, Sent) for told in self.sent[0]) if self.sent else 0,
            "budgets": self._tell_budgets(),
            "begun": self._count_begun(),
            "cut": self.tape.cut,
            "rates": msgspec.to_builtins(self.rates),
            "synthetic": describe_synthetic(self.synthetic) if self.synthetic is not None else None,
        }


def _place(told: Arrival) -> tuple[datetime, int]:
    """Of one instant: what was done, who came into a segment by that, what that began."""
    return told.at, 1 if isinstance(told.entry, Moved) else 2 if isinstance(told.entry, OccasionEntry) else 0


def describe_synthetic(synthetic: Synthetic) -> dict[str, Any]:
    """Who the customers are like, and how often they do what."""
    return {
        "modelled_on": "customers" if synthetic.own else "rates",
        "mix": count_mix(synthetic.people),
        "events": [
            {"name": one.key, "type": one.type or one.name, "per_day": one.per_day, "known": one.known}
            for one in synthetic.happenings
        ],
    }


def set_history(
    conn: Conn,
    base: Config,
    workspace: int,
    variants: Sequence[Variant],
    now: datetime,
    *,
    days: float,
    run_on: timedelta,
    rates: Rates,
    limits: Limits,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Stage:
    """The last `days` before `now`, or from `since` to `until`; the clock goes on for `run_on`."""
    programs = [one.program for one in variants]
    ahead = all(is_once(program.journey.entry) for program in programs)
    if ahead:
        zone = what_if.find_zone(base, workspace)
        due = [at for program in programs if (at := find_once(program.journey, zone)) is not None and at > now]
        since = end = min(due) - timedelta(seconds=1) if due else now
        run_on = max(run_on, timedelta(days=days))
    else:
        end = min(until or now, now)
        since = since or end - timedelta(days=days)
    configs = [what_if.put_in(base, workspace, *_name(one), alone=True) for one in variants]
    ids = [one.journey_id for one in variants]
    tape = read_tape(conn, configs, programs, ids, workspace, since, end, limits)
    people = what_if.load_people(conn, base, tape.contact_ids)
    for row in people.rows:  # a comment is replied to once; here nobody has replied to any
        row.identities[:] = [linked for linked in row.identities if linked.identity.kind != COMMENT_KIND]
    memory = what_if.gather(base, what_if.People(()), since)
    add_memberships(conn, memory, [row.id for row in people.rows])
    sent = [_list_beside(conn, base, tape, people, one.journey_id) for one in variants]
    moved = list_moves(conn, base, workspace, programs, [row.id for row in people.rows], tape.since)
    take_back(memory, moved)
    inside, until = memory.members.inside, until or end + run_on
    tape = replace(tape, until=until) if ahead else tape
    told = (workspace, variants, configs, tape, people, until, rates)
    left, items = read_left(conn, base, workspace), load_all_items(conn, workspace)
    return Stage("history", *told, left, sent, inside, moved, items)


def set_given(
    conn: Conn,
    base: Config,
    workspace: int,
    variants: Sequence[Variant],
    tape: Tape,
    people: People,
    until: datetime,
    rates: Rates,
) -> Stage:
    """Events and customers that somebody gives."""
    configs = [what_if.put_in(base, workspace, *_name(one)) for one in variants]
    told = (workspace, variants, configs, tape, people, until, rates)
    return Stage("given", *told, read_left(conn, base, workspace), items=load_all_items(conn, workspace))


def set_synthetic(
    conn: Conn,
    base: Config,
    workspace: int,
    variants: Sequence[Variant],
    now: datetime,
    *,
    number: int,
    days: float,
    rates: Rates,
    events_max: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Stage:
    """So many customers for some days. Raises Invalid for rates that nothing listens to, or by which more than
    `events_max` things happen."""
    configs = [what_if.put_in(base, workspace, *_name(one)) for one in variants]
    since = since or find_begin(base, workspace, [one.program for one in variants], now)
    until = until or since + timedelta(days=days)
    made = make_synthetic(conn, configs, workspace, rates, number, since, until, events_max)
    inside = {person.row.id: set(person.lists) for person in made.people if person.lists}
    told = (workspace, variants, configs, made.tape, to_people(made), until, rates)
    return Stage(
        "synthetic", *told, read_left(conn, base, workspace), (), inside, (), load_all_items(conn, workspace), made
    )


def _list_beside(conn: Conn, base: Config, tape: Tape, people: People, journey_id: int) -> list[Arrival]:
    """What others sent to these customers, for caps, and what they spent on everybody, for the workspace's budget."""
    sent = list_sent(conn, tape, people, journey_id, tape.since - REACH)
    costs = list_spent(conn, base, tape.workspace, journey_id, tape.since, tape.until)
    spent = (Arrival(at, tape.workspace, Spent(micros)) for at, micros in costs)
    return list(merge(sent, spent, key=lambda told: told.at))


def _name(variant: Variant) -> tuple[int, str, Program]:
    return variant.journey_id, variant.name, variant.program


def read_left(conn: Conn, base: Config, workspace: int) -> dict[int, int]:
    """Free codes of the workspace's coupon pools."""
    return count_left(conn, [pool.id for pool in base.pools.values() if pool.workspace == workspace])
