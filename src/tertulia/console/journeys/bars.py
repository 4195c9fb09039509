"""Messages per day as stacked bars, a colour for each channel, laid out by the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils.formats import date_format

from tertulia.console.parts import choose_step

WIDTH: Final = 720
HEIGHT: Final = 180
LEFT: Final = 40
FOOT: Final = 24
TOP: Final = 10
BAR_MAX: Final = 28
TICKS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One channel's part of a day. `title`: day, channel and count in words."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """What the template draws: bars, lines at (y, value), words at (x, text), and the channels by kind and name."""

    width: int
    height: int
    grid: list[tuple[float, float]]
    ticks: list[tuple[float, str]]
    bars: list[Bar]
    channels: list[tuple[str, str]]


def draw_bars(by_day: Sequence[dict[str, Any]], first: date, last: date) -> BarChart:
    """The bars of `what_if_told`'s days, from the first to the last, empty days in their places."""
    days = (last - first).days + 1
    totals: dict[date, int] = {}
    for told in by_day:
        totals[told["day"]] = totals.get(told["day"], 0) + told["count"]
    highest = max(totals.values(), default=1)
    step = choose_step(highest)
    top = step * -(-highest // step)
    slot = (WIDTH - LEFT) / days
    width = min(slot * 0.7, BAR_MAX)
    foot, scale = HEIGHT - FOOT, (HEIGHT - FOOT - TOP) / top
    bars, stacked = [], dict.fromkeys(totals, 0.0)
    for told in by_day:
        day, height = told["day"], told["count"] * scale
        x = LEFT + slot * ((day - first).days + 0.5) - width / 2
        stacked[day] += height
        title = f"{date_format(day, 'SHORT_DATE_FORMAT')}, {told['channel']}: {told['count']}"
        place = (round(x, 1), round(foot - stacked[day], 1), round(width, 1), round(height, 1))
        bars.append(Bar(*place, told["kind"], title))
    marked = range(0, days, -(-days // TICKS_MAX))
    ticks = [(round(LEFT + slot * (n + 0.5), 1), date_format(first + timedelta(days=n), "j M")) for n in marked]
    grid = [(round(foot - step * n * scale, 1), step * n) for n in range(round(top / step) + 1)]
    channels = list(dict.fromkeys((told["kind"], told["channel"]) for told in by_day))
    return BarChart(WIDTH, HEIGHT, grid, ticks, bars, channels)
