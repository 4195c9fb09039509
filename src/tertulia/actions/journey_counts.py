"""What a journey's runs came to, step by step: who is where, how many came by, what was sent, and why the rest was not.

Counts are kept as runs move, so reading them costs nothing with the number of runs that are over. Steps stand in the
order of the newest revision; behind them those that only runs of older ones know (V1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tertulia.core.journeys import walk_steps
from tertulia.data.models import Journey
from tertulia.documents.journeys import read_journey
from tertulia.store import journeys as store
from tertulia.store.clicks import count_clicks
from tertulia.store.db import Conn

OUTCOMES = ("completed", "left", "exited")


@dataclass(frozen=True, slots=True)
class Unsent:
    """How often one reason kept something from happening."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class StepCounts:
    """One step. `now`: runs that are there; `reached`: how many ever came; `ended`: how many ended there, by outcome;
    `messages`: those with their verdict, by state, and as `ghost` those of who is held out (A3); `clicked`: in how many
    of them people opened a link, and by the links' names `links`; `goals`: how many runs reached their goal with it as
    their last message (G2); `unsent`: why messages were not sent, the most
    frequent first. `kind` and `name` are empty for a step that only older revisions have."""

    step: str
    kind: str
    name: str
    now: int
    reached: int
    ended: Mapping[str, int]
    messages: Mapping[str, int]
    clicked: int
    links: Mapping[str, int]
    goals: int
    unsent: tuple[Unsent, ...]


@dataclass(frozen=True, slots=True)
class JourneyCounts:
    """The whole journey. `entered`: how often somebody entered or began again; `goals`: how many runs reached
    their goal; `not_entered`: why others did not."""

    entered: int
    now: int
    goals: int
    ended: Mapping[str, int]
    not_entered: tuple[Unsent, ...]
    steps: tuple[StepCounts, ...]


def count_journey(conn: Conn, journey: Journey) -> JourneyCounts:
    """The counts as they are now; of a draft all are 0."""
    here = store.count_now(conn, journey.pk)
    tallies = store.count_steps(conn, [journey.pk])
    messages = store.count_messages(conn, journey.pk)
    clicks = count_clicks(conn, journey.pk)
    unsent = store.count_unsent(conn, journey.pk)
    known = _list_steps(journey)
    seen = [*here, *(step for step, _what in tallies), *(step for step, _state in messages)]
    steps = [*known, *sorted({step for step in seen if step} - known.keys())]
    return JourneyCounts(
        entered=tallies.get(("", "entered"), 0),
        now=sum(here.values()),
        goals=tallies.get(("", "goal"), 0),
        ended=_add_up(tallies),
        not_entered=_pick(unsent, ""),
        steps=tuple(
            StepCounts(
                step=step,
                kind=known.get(step, ("", ""))[0],
                name=known.get(step, ("", ""))[1],
                now=here.get(step, 0),
                reached=tallies.get((step, "reached"), 0),
                ended={what: tallies[step, what] for what in OUTCOMES if (step, what) in tallies},
                messages={state: count for (at, state), count in sorted(messages.items()) if at == step},
                clicked=clicks.get((step, ""), 0),
                links={link: count for (at, link), count in sorted(clicks.items()) if at == step and link},
                goals=tallies.get((step, "goal"), 0),
                unsent=_pick(unsent, step),
            )
            for step in steps
        ),
    )


def _list_steps(journey: Journey) -> dict[str, tuple[str, str]]:
    """Kind and name of each step of the newest revision, in their order."""
    revision = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    if revision is None:
        return {}
    return {step.id: (step.kind, step.name) for step in walk_steps(read_journey(revision.document).steps)}


def _add_up(tallies: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {what: sum(count for (_, told), count in tallies.items() if told == what) for what in OUTCOMES}


def _pick(unsent: Iterable[tuple[str, str, int]], step: str) -> tuple[Unsent, ...]:
    return tuple(Unsent(reason, count) for at, reason, count in unsent if at == step)
