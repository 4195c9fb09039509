"""Split: each customer goes one of several ways, by weights, and always the same one again (A1). The weights are fixed,
or follow what the ways come to (A5)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, Divide, Move, Step, Summary, View, Way

WAYS_MAX: Final = 10
WEIGHT_MAX: Final = 10_000


class SplitWay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One way. It is known by its name, so that it may be moved and weighed anew."""

    name: Annotated[str, Meta(title=_("Name"))]
    weight: Annotated[int, Meta(title=_("Weight"))] = 1
    steps: tuple[Any, ...] = ()


class SplitStep(Step, frozen=True, kw_only=True):
    """`ways` with their weights, which count against each other. `salt`: another one divides customers anew who were
    not here yet. `weights`: a bandit gives the better ways more of those who come; theirs hold until anybody's time to
    reach the goal is over."""

    KIND: ClassVar[str] = "split"
    TITLE: ClassVar[str] = _("Split")
    ABOUT: ClassVar[str] = _("By weight, and the same way again for the same customer.")
    ICON: ClassVar[str] = "shapes"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"ways": [{"name": "A", "weight": 50}, {"name": "B", "weight": 50}]}

    ways: Annotated[tuple[SplitWay, ...], Meta(title=_("Ways"))]
    weights: Annotated[
        Literal["fixed", "bandit"],
        Meta(title=_("Weights"), description=_("A bandit gives ways that reach the journey's goal more often more.")),
    ] = "fixed"
    salt: Annotated[str, Meta(title=_("Salt"), description=_("Another word divides newcomers anew."))] = ""

    def act(self, view: View) -> Move:
        """Down the customer's way."""
        return Divide(tuple((way.name, way.weight) for way in self.ways), self.salt, self.weights == "bandit")

    def list_ways(self) -> tuple[Way, ...]:
        """Every one."""
        return tuple(Way(("ways", n, "steps"), way.steps, way.name) for n, way in enumerate(self.ways))

    def summarise(self) -> Summary:
        """The weights; of a bandit those that it begins with."""
        told = {"weights": " / ".join(str(way.weight) for way in self.ways)}
        return Summary(_("a bandit, from %(weights)s") if self.weights == "bandit" else "%(weights)s", told)

    def find_faults(self) -> list[Complaint]:
        """At least two ways, each with a name of its own and a weight."""
        found = []
        if not 2 <= len(self.ways) <= WAYS_MAX:
            found.append(Complaint(("ways",), _("Give two to %(most)s ways."), {"most": str(WAYS_MAX)}))
        names = [way.name.strip() for way in self.ways]
        for n, way in enumerate(self.ways):
            if not names[n] or names[n] in names[:n]:
                found.append(Complaint(("ways", n, "name"), _("Give every way a name of its own."), {}))
            if not 1 <= way.weight <= WEIGHT_MAX:
                told = {"most": str(WEIGHT_MAX)}
                found.append(Complaint(("ways", n, "weight"), _("Give a weight from 1 to %(most)s."), told))
        return found
