"""The graph of a journey as the editor draws it: a sequence of nodes, some with sequences of their own below.

It is drawn from the draft as it stands, so a step that is wrong is a node too, with its mistakes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from tertulia.actions.problems import Problem
from tertulia.console.journeys.words import describe_condition
from tertulia.core.steps.base import Step, Way
from tertulia.core.steps.registry import list_kinds
from tertulia.documents.edit import read_part

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class WayView:
    """One of a node's sequences; `share` of those who came to the node, None while nobody did."""

    label: str
    path: str
    nodes: "list[NodeView]"
    size: int
    share: float | None


@dataclass(frozen=True, slots=True)
class NodeView:
    """A step in the graph. `now`: how many are there; `reached`: how many ever were; `count` is the one of them that
    the graph shows: of a wait who waits. `path` leads to it in the document, `sequence` to the list that it stands in,
    at `place`."""

    id: str
    path: str
    sequence: str
    place: int
    kind: str
    title: str
    summary: str
    icon: str
    slim: bool
    now: int
    reached: int
    count: int
    problems: int
    ways: list[WayView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the runs of a journey came to."""

    now: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def reached(self, step: str) -> int:
        return self.steps.get((step, "reached"), 0)

    @property
    def entered(self) -> int:
        return self.steps.get(("", "entered"), 0)

    @property
    def exited(self) -> int:
        """Ended by an exception, wherever they were."""
        return sum(count for (_step, what), count in self.steps.items() if what == "exited")


def write_path(path: Iterable[str | int]) -> str:
    """`steps.2.else` for an address or a field."""
    return ".".join(map(str, path))


def read_path(text: str) -> Path:
    """The path of an address."""
    return tuple(int(part) if part.isdecimal() else part for part in text.split(".") if part)


def draw_flow(value: Any, figures: Figures, problems: Sequence[Problem]) -> list[NodeView]:
    """The nodes of a draft, whatever state it is in."""
    steps = value.get("steps") if isinstance(value, dict) else None
    return _draw(steps if isinstance(steps, list) else [], ("steps",), figures, problems)


def _draw(raws: Sequence[Any], path: Path, figures: Figures, problems: Sequence[Problem]) -> list[NodeView]:
    return [_draw_node(raw, path, place, figures, problems) for place, raw in enumerate(raws)]


def _draw_node(raw: Any, sequence: Path, place: int, figures: Figures, problems: Sequence[Problem]) -> NodeView:
    fields = raw if isinstance(raw, dict) else {}
    path = (*sequence, place)
    kind = list_kinds().get(str(fields.get("kind", "")))
    step = _try(fields, kind)
    id_ = str(fields.get("id", ""))
    ways = [] if kind is None else _list_ways(fields, step)
    inside = [write_path((*path, *way.field)) for way in ways]
    mine = [p for p in problems if _is_own(p.field, write_path(path), inside)]
    summary = step.summarise() if step else None
    return NodeView(
        id=id_,
        path=write_path(path),
        sequence=write_path(sequence),
        place=place,
        kind=str(fields.get("kind", "")),
        title=str(fields.get("name") or (_(kind.TITLE) if kind else _("Unknown step"))),
        summary=(_(summary.message) if summary.message[:2] != "%(" else summary.message) % summary.parameters
        if summary and summary.message
        else "",
        icon=kind.ICON if kind else "circle-alert",
        slim=kind is not None and kind.KIND in ("wait", "exit"),
        now=figures.now.get(id_, 0),
        reached=figures.reached(id_),
        count=figures.now.get(id_, 0) if kind and kind.WAITS else figures.reached(id_),
        problems=len(mine),
        ways=[_draw_way(way, fields, path, figures, problems) for way in ways],
    )


def _draw_way(
    way: Way, fields: Mapping[str, Any], path: Path, figures: Figures, problems: Sequence[Problem]
) -> WayView:
    """Called by its name, else by the kind's word for it or the condition under which it is taken."""
    inner = (*path, *way.field)
    nodes = _draw(way.steps, inner, figures, problems)
    came = figures.reached(str(fields.get("id", "")))
    label = way.name or (_(way.message) if way.message else "") or _tell_condition(fields, way) or _("Branch")
    share = nodes[0].reached / came if came and nodes else None
    return WayView(label, write_path(inner), nodes, len(way.steps), share)


def _tell_condition(fields: Mapping[str, Any], way: Way) -> str:
    try:
        holder = read_part(fields, way.field[:-1])
    except LookupError:
        return ""
    return describe_condition(holder.get("when")) if isinstance(holder, dict) else ""


def _try(fields: Mapping[str, Any], kind: type[Step] | None) -> Step | None:
    try:
        return msgspec.convert(fields, kind) if kind is not None else None
    except msgspec.ValidationError:
        return None


def _list_ways(fields: Mapping[str, Any], step: Step | None) -> tuple[Way, ...]:
    """The sequences of a step; of one that is wrong those that can be seen."""
    if step is not None:
        return step.list_ways()
    return tuple(Way((name,), tuple(value), name) for name, value in fields.items() if _is_sequence(value))


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "kind" in one for one in value)


def _is_own(field_path: str, path: str, inside: Sequence[str]) -> bool:
    """Whether a mistake is a step's own, and not that of a step inside it."""
    if field_path != path and not field_path.startswith(f"{path}."):
        return False
    return not any(field_path.startswith(f"{inner}.") for inner in inside)
