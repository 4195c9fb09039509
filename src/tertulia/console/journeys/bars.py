"""Messages per day as stacked bars, a colour for each channel, laid out by the server.

The bars stretch with the page, so no word stands among them: days and counts are text beside the drawing, whose size
stays that of text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils.formats import date_format

from tertulia.console.parts import choose_step

HEIGHT: Final = 100
SLOT: Final = 10  # the width of a day
BAR: Final = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One channel's part of a day. `title`: day, channel and count in words."""

    x: float
    y: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """What the template draws: bars of one width, lines at their heights, the counts of the lines from the top, the
    first, middle and last day, and the channels by kind and name."""

    width: int
    height: int
    bar: int
    lines: list[float]
    counts: list[float]
    days: list[str]
    bars: list[Bar]
    channels: list[tuple[str, str]]


def draw_bars(by_day: Sequence[dict[str, Any]], first: date, last: date, most: int = 1) -> BarChart:
    """The bars of a simulation's days, from the first to the last, empty days in their places. `most`: what another
    drawing beside it has of a day at most, so that both have one scale."""
    days = (last - first).days + 1
    totals: dict[date, int] = {}
    for told in by_day:
        totals[told["day"]] = totals.get(told["day"], 0) + told["count"]
    highest = max(most, *totals.values(), 1)
    step = choose_whole_step(highest)
    lines = -(-highest // step)
    scale = HEIGHT / (lines * step)
    bars, stacked = [], dict.fromkeys(totals, 0.0)
    for told in by_day:
        day, height = told["day"], told["count"] * scale
        stacked[day] += height
        title = f"{date_format(day, 'SHORT_DATE_FORMAT')}, {told['channel']}: {told['count']}"
        x = SLOT * (day - first).days + (SLOT - BAR) / 2
        bars.append(Bar(x, round(HEIGHT - stacked[day], 2), round(height, 2), told["kind"], title))
    marked = dict.fromkeys((first, first + timedelta(days=(days - 1) // 2), last))
    return BarChart(
        *(SLOT * days, HEIGHT, BAR),
        lines=[round(HEIGHT - step * n * scale, 2) for n in range(lines + 1)],
        counts=[step * n for n in range(lines, -1, -1)],
        days=[date_format(day, "j M") for day in marked],
        bars=bars,
        channels=list(dict.fromkeys((told["kind"], told["channel"]) for told in by_day)),
    )


def choose_whole_step(highest: int) -> int:
    """A round step for what is counted by ones."""
    step = choose_step(highest)
    return 5 if step == 2.5 else max(1, round(step))
