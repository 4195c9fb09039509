"""What pages hand to the shared parts (``layout/parts/*.html``): tiles, funnel, stepper, pager, line chart.

Pages compute; parts draw. Every size that is drawn is computed here, because the content policy forbids style
attributes and templates cannot divide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from urllib.parse import urlencode

from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure as one door. ``tone`` colours the comparison: ok, warn, danger; ``values`` draw a spark line."""

    name: Words
    figure: Words
    against: Words = ""
    tone: str = ""
    url: str = ""
    values: Sequence[float] = ()
    dot: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """Some who did not go on, in words, and the address of their list."""

    count: int
    reason: Words
    url: str = ""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One bar. ``width`` is its share of the first step, ``share`` that of the step before (None for the first)."""

    name: Words
    count: int
    url: str
    width: float
    share: float | None
    lost: int
    lost_url: str
    losses: tuple[Loss, ...]


def build_funnel(
    steps: Sequence[tuple[Words, int, str]], losses: Mapping[int, Sequence[Loss]] | None = None
) -> list[FunnelStep]:
    """Steps as (name, count, address), with the losses on the way *into* the step of that index."""
    whole = max((count for _name, count, _url in steps), default=0) or 1
    drawn = []
    before: int | None = None
    for index, (name, count, url) in enumerate(steps):
        found = tuple(loss for loss in (losses or {}).get(index, ()) if loss.count)
        share = None if before is None else (count / before if before else 0.0)
        lost = max(0, (before or 0) - count) if before is not None else 0
        first_url = found[0].url if len(found) == 1 else ""
        drawn.append(FunnelStep(name, count, url, count / whole, share, lost, first_url, found))
        before = count
    return drawn


@dataclass(frozen=True, slots=True)
class StepperStep:
    """One step of a stepper: done, current, ahead or wrong; done ones may lead back."""

    name: Words
    number: int
    state: str
    url: str = ""


def build_stepper(
    names: Sequence[Words], current: int, urls: Sequence[str] = (), wrong: bool = False
) -> list[StepperStep]:
    """Steps before ``current`` (counted from 0) are done and link to their address, those after it are ahead."""
    steps = []
    for index, name in enumerate(names):
        state = "done" if index < current else "ahead" if index > current else "wrong" if wrong else "current"
        url = urls[index] if index < current and index < len(urls) else ""
        steps.append(StepperStep(name, index + 1, state, url))
    return steps


@dataclass(frozen=True, slots=True)
class Pager:
    """Which rows of how many are shown; ``back`` and ``on`` are addresses, empty at the ends."""

    first: int
    last: int
    total: int | None
    back: str
    on: str


def build_pager(number: int, size: int, shown: int, total: int | None, query: Mapping[str, str]) -> Pager:
    """A pager for page ``number`` (from 1) of ``size`` rows, keeping the rest of the address (``query``)."""

    def address(page: int) -> str:
        kept = {name: value for name, value in query.items() if name != "page" and value}
        return "?" + urlencode(kept | ({"page": str(page)} if page > 1 else {}))

    first = (number - 1) * size + 1 if shown else 0
    more = shown == size if total is None else (number - 1) * size + shown < total
    return Pager(
        first=first,
        last=max(0, first + shown - 1),
        total=total,
        back=address(number - 1) if number > 1 else "",
        on=address(number + 1) if more else "",
    )


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, the colour (a channel kind or ``accent``), and points (x, y) in rising x."""

    name: Words
    colour: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A series in the chart's coordinates; the label stands at the line's end instead of in a legend."""

    name: Words
    colour: str
    path: str
    label_y: float
    last: float


@dataclass(frozen=True, slots=True)
class LineChart:
    """Everything ``layout/parts/lines.html`` draws. ``grid`` is (y, value), ``ticks`` is (x, words)."""

    width: int
    height: int
    right: float
    grid: list[tuple[float, float]]
    ticks: list[tuple[float, Words]]
    lines: list[DrawnLine]


CHART_WIDTH, CHART_HEIGHT = 520, 280
CHART_LEFT, CHART_RIGHT, CHART_TOP, CHART_FOOT = 40, 110, 12, 24
GRID_STEPS_MAX = 4
LABEL_APART = 13


def draw_lines(series: Sequence[Series], ticks: Sequence[tuple[float, Words]]) -> LineChart | None:
    """Lay out a line chart from zero to a round number; None when there is nothing to draw."""
    points = [point for line in series for point in line.points]
    if len(points) < 2:
        return None
    x_max = max([x for x, _y in points] + [x for x, _words in ticks]) or 1.0
    step = choose_step(max(y for _x, y in points))
    y_max = step * max(1, ceil(max(y for _x, y in points) / step))
    right, foot = CHART_WIDTH - CHART_RIGHT, CHART_HEIGHT - CHART_FOOT

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            round(CHART_LEFT + x / x_max * (right - CHART_LEFT), 1),
            round(foot - y / y_max * (foot - CHART_TOP), 1),
        )

    lines = []
    for line in series:
        if not line.points:
            continue
        placed = [place(x, y) for x, y in line.points]
        path = " ".join(f"{x},{y}" for x, y in placed)
        lines.append(DrawnLine(line.name, line.colour, path, placed[-1][1], line.points[-1][1]))
    grid = [(place(0, step * n)[1], step * n) for n in range(round(y_max / step) + 1)]
    marks = [(place(x, 0)[0], words) for x, words in ticks]
    return LineChart(CHART_WIDTH, CHART_HEIGHT, right, grid, marks, spread_labels(lines))


def choose_step(highest: float) -> float:
    """A round step (1, 2, 2.5 or 5 times a power of ten) that needs at most four grid lines."""
    if highest <= 0:
        return 1.0
    size = 10.0 ** floor(log10(highest / GRID_STEPS_MAX))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if highest / (size * factor) <= GRID_STEPS_MAX)


def spread_labels(lines: Sequence[DrawnLine]) -> list[DrawnLine]:
    """Move end labels apart so that none covers another, the lowest line's first."""
    spread: list[DrawnLine] = []
    lowest = float(CHART_HEIGHT)
    for line in sorted(lines, key=lambda line: -line.label_y):
        lowest = min(line.label_y, lowest - LABEL_APART)
        spread.append(DrawnLine(line.name, line.colour, line.path, round(lowest, 1), line.last))
    return spread
