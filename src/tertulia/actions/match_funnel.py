"""A match's funnel: how far its audience came, what it cost, what it saves, and why the others are not matched.

Every figure is a count of contacts of the frozen audience and opens their list (`list_behind`). Steps stand each for
itself: a contact counts as clicked when a person opened the link, whether or not a delivery receipt came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tertulia.actions.match_costs import Prices
from tertulia.actions.why import explain_reason
from tertulia.core.clicks import ClickClass
from tertulia.data.models import Match
from tertulia.errors import Invalid
from tertulia.store import funnel as store
from tertulia.store.db import Conn

MESSAGES_PER_MONTH: Final = 4  # one a week; shown beside the saving and editable
PERIODS_S: Final = (60, 300, 900, 3_600, 21_600, 86_400)
PERIODS_MAX: Final = 96
PAGE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A reason of contacts that are not matched, in words, with their number."""

    reason: str
    sentence: str
    contacts: int


@dataclass(frozen=True, slots=True)
class Saving:
    """What the matched contacts save each month against SMS: `messages` a month to each of `contacts`, at what an SMS
    of this match cost, less what the apps charge where that is known in the same currency. In millionths."""

    contacts: int
    messages: int
    sms_micros: int
    app_micros: int
    currency: str

    @property
    def micros(self) -> int:
        return self.sms_micros - self.app_micros


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the picture over time: contacts that reached each step in it."""

    at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Funnel:
    """The whole picture. `costs` and `cost_per_match` in millionths by currency; `width_s` is a point's period."""

    totals: store.Totals
    direct: tuple[store.DirectRow, ...]
    apps: tuple[store.AppRow, ...]
    costs: Mapping[str, int]
    cost_per_match: Mapping[str, int]
    saving: Saving | None
    reasons: tuple[WhyNot, ...]
    openings: tuple[store.OpeningRow, ...]
    width_s: int
    points: tuple[Point, ...]


def read_funnel(conn: Conn, match: Match, prices: Prices, messages: int = MESSAGES_PER_MONTH) -> Funnel:
    """The funnel as of now. `prices` gives what an app charges for a message, by channel kind and country."""
    totals = store.read_totals(conn, match.pk)
    apps = store.read_apps(conn, match.pk)
    costs = store.read_costs(conn, match.pk)
    width_s, points = _read_points(conn, match.pk)
    return Funnel(
        totals=totals,
        direct=tuple(store.read_direct(conn, match.pk)),
        apps=tuple(apps),
        costs=costs,
        cost_per_match={c: micros // totals.matched for c, micros in costs.items()} if totals.matched else {},
        saving=_count_saving(totals, apps, costs, prices, match.workspace.country, messages),
        reasons=tuple(WhyNot(code, explain_reason(code), count) for code, count in store.read_reasons(conn, match.pk)),
        openings=tuple(store.read_openings(conn, match.pk)),
        width_s=width_s,
        points=points,
    )


def list_behind(
    conn: Conn,
    match: Match,
    *,
    step: str = "",
    lacking: str = "",
    reason: str = "",
    direct: str = "",
    app: str = "",
    opening: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[store.Person]:
    """The contacts behind a figure: those that reached `step` and not `lacking`; not matched for a `reason`; reached
    directly by a channel kind; that clicked, wrote or matched (`step`) in an `app`; whose link was opened by what was
    taken for that (`opening`, M9). Raises Invalid."""
    known = (*store.STEPS, "forwarded", "direct", "")
    for name, value in (("step", step), ("lacking", lacking)):
        if value not in known:
            raise Invalid(f"There is no step {value!r}.", field=name)
    if opening and opening not in set(ClickClass):
        raise Invalid(f"Openings are taken for {', '.join(ClickClass)}.", field="opening")
    if not 1 <= limit <= PAGE_MAX:
        raise Invalid(f"A page has 1 to {PAGE_MAX} contacts.", field="limit")
    who = store.People(
        having=(step,) if step and not app else (),
        lacking=(lacking,) if lacking else (),
        reason=reason,
        direct=direct,
        app=app,
        app_step=step if app else "",
        opening=opening,
    )
    return store.list_people(conn, match.pk, who, after, limit)


def _read_points(conn: Conn, match_id: int) -> tuple[int, tuple[Point, ...]]:
    """At most about a hundred periods from the first message to the last event, empty ones included."""
    span = store.read_span(conn, match_id)
    if span is None:
        return PERIODS_S[0], ()
    first, last = span
    lasted_s = (last - first).total_seconds()
    width_s = next((width for width in PERIODS_S if lasted_s / width <= PERIODS_MAX), PERIODS_S[-1])
    found: dict[datetime, dict[str, int]] = {}
    for at, step, count in store.read_over_time(conn, match_id, width_s):
        found.setdefault(at, {})[step] = count
    at, until = min(found), max(found)
    points = []
    while at <= until:
        points.append(Point(at, found.get(at, {})))
        at += timedelta(seconds=width_s)
    return width_s, tuple(points)


def _count_saving(
    totals: store.Totals,
    apps: Sequence[store.AppRow],
    costs: Mapping[str, int],
    prices: Prices,
    country: str,
    messages: int,
) -> Saving | None:
    """None while nothing was spent or nobody matched: there is nothing to compare."""
    if not totals.matched or not totals.sent or len(costs) != 1:
        return None
    [(currency, spent)] = costs.items()
    each = spent // totals.sent
    charged = 0
    for row in apps:
        price = prices(row.app, country)
        if price is not None and price[1] == currency:
            charged += row.matched * messages * price[0]
    return Saving(totals.matched, messages, totals.matched * messages * each, charged, currency)
