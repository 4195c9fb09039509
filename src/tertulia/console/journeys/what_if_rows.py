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
    """Six figures, each against what stands beside it."""
    names = {
        "entered": _("Would enter"),
        "messages": _("Messages"),
        "cost": _("Cost"),
        "held_by_hours": _("Held by quiet hours"),
        "held_by_cap": _("Held by a cap"),
        "completed": _("Went to the end"),
    }
    return [
        Tile(title, _write(told, name), _tell_other(_write(beside, name), called) if beside else "")
        for name, title in names.items()
    ]


def list_reactions(told: Told, beside: Told | None, called: str) -> list[Tile]:
    """What synthetic customers did with the messages; nothing on history."""
    if told["reactions"] is None:
        return []
    names = {
        "opened": _("Opened"),
        "opened_soon": _("Within 5 minutes"),
        "clicked": _("Clicked"),
        "replied": _("Replied to"),
        "left": _("Customers who left"),
    }
    return [
        Tile(
            title,
            plain_num(told["reactions"][name]),
            _tell_other(plain_num(beside["reactions"][name]), called) if beside else "",
        )
        for name, title in names.items()
    ]


def _tell_other(figure: str, called: str) -> str:
    return _("%(name)s: %(figure)s") % {"name": called, "figure": figure}


def _write(figures: Told, name: str) -> str:
    return sum_cost(figures) or "–" if name == "cost" else plain_num(figures[name])


def sum_cost(told: Told) -> str:
    """What it costs, each currency by itself; empty for nothing."""
    return ", ".join(plain_money(cost["micros"], cost["currency"]) for cost in told["cost"])


def list_reasons(drafts: Sequence[Told]) -> list[Row]:
    """Why somebody was not written to, waited, or did not enter."""

    def where(part: str, told: Told) -> str:
        return str(told["step"]) if part == "not_sent" else _("Held") if part == "held" else _("Entry")

    def say(told: Told) -> str:
        drawn = told.get("outcome") in ("failed", "unconfirmed")
        return f"{told['sentence']} {_('(Drawn by the rates.)')}" if drawn else str(told["sentence"])

    rows: list[Row] = []
    for part in ("not_sent", "held", "not_entered"):
        counts = _count(drafts, part, lambda told, part=part: (say(told), where(part, told)))
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
