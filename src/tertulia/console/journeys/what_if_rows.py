"""Two drafts beside each other, or one alone, as tables."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tertulia.console.parts import Tile
from tertulia.console.tags import plain_money, plain_num

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What is counted, where (a step or a channel's mark), and the count of each draft."""

    label: str
    counts: Sequence[int]
    step: str = ""
    kind: str = ""


def list_tiles(told: Told, beside: Told | None, called: str) -> list[Tile]:
    """Six figures, each against what stands beside it; with synthetic customers what they did too."""
    names = {
        "entered": _("Would enter"),
        "messages": _("Messages"),
        "cost": _("Cost"),
        "held_by_hours": _("Held by quiet hours"),
        "held_by_cap": _("Held by a cap"),
        "completed": _("Went to the end"),
    }
    reactions = {"opened": _("Opened"), "clicked": _("Clicked"), "replied": _("Replied to"), "left": _("Left")}
    tiles = [(title, _write(told, name), _write(beside, name) if beside else "") for name, title in names.items()]
    if told["reactions"] is not None:
        for name, title in reactions.items():
            other = plain_num(beside["reactions"][name]) if beside else ""
            tiles.append((title, plain_num(told["reactions"][name]), other))
    against = _("%(name)s: %(figure)s")
    return [
        Tile(title, figure, against % {"name": called, "figure": other} if beside else "")
        for title, figure, other in tiles
    ]


def _write(figures: Told, name: str) -> str:
    return sum_cost(figures) or "–" if name == "cost" else plain_num(figures[name])


def sum_cost(told: Told) -> str:
    """What it costs, each currency by itself; empty for nothing."""
    return ", ".join(plain_money(cost["micros"], cost["currency"]) for cost in told["cost"])


def list_reasons(drafts: Sequence[Told]) -> list[Row]:
    """Why somebody was not written to, waited, or did not enter."""

    def where(part: str, told: Told) -> str:
        return str(told["step"]) if part == "not_sent" else _("Held") if part == "held" else _("Entry")

    rows: list[Row] = []
    for part in ("not_sent", "held", "not_entered"):
        counts = _count(drafts, part, lambda told, part=part: (told["sentence"], where(part, told)))
        rows += [Row(sentence, each, step) for (sentence, step), each in counts.items()]
    return rows


def list_days(drafts: Sequence[Told]) -> list[dict[str, Any]]:
    """Messages per day and channel."""
    counts = _count(drafts, "by_day", lambda told: (told["day"], told["channel"], told["kind"]))
    return [
        {"day": day, "channel": channel, "kind": kind, "counts": each}
        for (day, channel, kind), each in sorted(counts.items())
    ]


def find_most(drafts: Sequence[Told]) -> int:
    """The messages of a day, at most."""
    totals: Counter[tuple[int, Any]] = Counter()
    for place, draft in enumerate(drafts):
        for told in draft["by_day"]:
            totals[(place, told["day"])] += told["count"]
    return max(totals.values(), default=1)


def _count(
    drafts: Sequence[Told], part: str, name: Callable[[Told], tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[int]]:
    found: dict[tuple[Any, ...], list[int]] = {}
    for place, draft in enumerate(drafts):
        for told in draft[part]:
            found.setdefault(name(told), [0] * len(drafts))[place] += told["count"]
    return found
