"""The hour of the day at which a customer is most likely to look, told by when they opened, clicked and wrote before.

Of a contact the last moments are kept at which they did any of these, to the quarter of an hour (numbered from 1970 on,
in UTC). Moments, and not a counter for each hour of the day: whose clock they are read by may be learned later (T4),
and each is read with the offset that this clock had then (T1). An hour of a day in which somebody opened three messages
and clicked twice counts once.

An hour's weight is the sum of its moments, a newer one more, and half of its neighbours' sums. Who has too few moments
goes by the typical hours of the workspace's customers, and where those are too few by an hour that the document states.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from tertulia.core import effects as fx
from tertulia.core import talk_effects as tx
from tertulia.core.clicks import ClickClass
from tertulia.core.deliveries import Flag
from tertulia.core.wall_clock import next_time_of_day, read_wall

HOURS: Final = 24
KEPT_MAX: Final = 60  # moments of a contact
OWN_MIN: Final = 5  # hours of theirs that it takes to go by them
TYPICAL_MIN: Final = 50  # hours of customers that it takes to call some of them typical
HALVED_AFTER: Final = timedelta(days=90)  # a moment's weight
NEIGHBOUR: Final = 0.5
QUARTER: Final = timedelta(minutes=15)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Source(StrEnum):
    """Whose hours decided."""

    OWN = "own"
    TYPICAL = "typical"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Choice:
    """The instant, and what it was chosen by: `counts` of the hours of the day in which something was done. By the
    stated hour there are none."""

    at: datetime
    source: Source
    counts: Mapping[int, int]


MOMENTS_IN: Final = (fx.AdvanceDelivery, fx.CloseDelivery, fx.StoreClick, tx.StoreMessage)
Told = fx.AdvanceDelivery | fx.CloseDelivery | fx.StoreClick | tx.StoreMessage


def list_moments(effects: Iterable[Told]) -> dict[tuple[int, int], set[int]]:
    """When contacts opened, clicked or wrote, by workspace and contact: what is kept of a cycle's effects. Scanners and
    previews are nobody (M9)."""
    found: dict[tuple[int, int], set[int]] = {}
    for effect in effects:
        match effect:
            case fx.CloseDelivery(state="read"):
                at = effect.at
            case fx.AdvanceDelivery(state="read") if effect.flag != Flag.FAILED_AFTER_DELIVERED.value:
                at = effect.at
            case fx.StoreClick(class_=ClickClass.HUMAN.value):
                at = effect.at
            case tx.StoreMessage(direction="in"):
                at = effect.provider_at
            case _:
                continue
        found.setdefault((effect.workspace, effect.contact_id), set()).add(number_moment(at))
    return found


def number_moment(at: datetime) -> int:
    """The quarter of an hour that an instant lies in."""
    return (at - _EPOCH) // QUARTER


def read_moment(moment: int) -> datetime:
    """When the quarter of an hour began."""
    return _EPOCH + moment * QUARTER


def keep_newest(moments: Iterable[int]) -> list[int]:
    """What is kept of them, in order."""
    return sorted(set(moments))[-KEPT_MAX:]


def count_hours(moments: Iterable[int], zone: ZoneInfo) -> Counter[int]:
    """In how many hours of a day something was done, by the hour that a clock showed."""
    return Counter(hour for _, hour in _read_hours(moments, zone))


def choose_time(
    moments: Iterable[int],
    since: datetime,
    within: timedelta,
    zone: ZoneInfo,
    typical: Sequence[int],
    otherwise: time,
) -> Choice:
    """When to write to a customer, not before `since` and not later than `within` after it: at once in the hour that is
    the best, else when it begins by their clock. Moments after `since` count for nothing, so that asked again the
    answer is the same. `typical`: how often each of the 24 hours was one of any customer's."""
    own = _read_hours((moment for moment in moments if moment < number_moment(since)), zone)
    if len(own) >= OWN_MIN:
        weights = [0.0] * HOURS
        for (_, hour), moment in own.items():
            weights[hour] += 0.5 ** ((since - read_moment(moment)) / HALVED_AFTER)
        return Choice(_find_best(weights, since, within, zone), Source.OWN, Counter(hour for _, hour in own))
    if sum(typical) >= TYPICAL_MIN:
        counts = {hour: count for hour, count in enumerate(typical) if count}
        return Choice(_find_best(list(map(float, typical)), since, within, zone), Source.TYPICAL, counts)
    at = next_time_of_day(since, otherwise, zone)
    return Choice(at if at <= since + within else since, Source.DEFAULT, {})


def _read_hours(moments: Iterable[int], zone: ZoneInfo) -> dict[tuple[int, int], int]:
    """The hours of days by a clock (day, hour), each with its newest moment."""
    found: dict[tuple[int, int], int] = {}
    for moment in sorted(moments):
        wall = read_wall(read_moment(moment), zone)
        found[(wall.toordinal(), wall.hour)] = moment
    return found


def _find_best(weights: Sequence[float], since: datetime, within: timedelta, zone: ZoneInfo) -> datetime:
    """The best hour's instant within reach; of equal ones the next. This hour is always within reach."""
    now = read_wall(since, zone).hour
    smooth = [w + NEIGHBOUR * (weights[hour - 1] + weights[(hour + 1) % HOURS]) for hour, w in enumerate(weights)]
    ranked = sorted(range(HOURS), key=lambda hour: (-smooth[hour], -weights[hour], (hour - now) % HOURS))
    for hour in ranked:
        at = since if hour == now else next_time_of_day(since, time(hour), zone)
        if at <= since + within:
            return at
    return since
