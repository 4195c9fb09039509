"""Branch: the first way whose condition holds, else the way for the rest; afterwards the run goes on behind it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from tertulia.core.conditions import Condition, find_faults, judge
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Move, Step, View, Way


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One way: when its condition holds, its steps."""

    name: Annotated[str, Meta(title=_("Name"))] = ""
    when: Annotated[Condition, Meta(title=_("When"), extra_json_schema={"x-widget": "branch_condition"})]
    steps: tuple[Any, ...] = ()


class BranchStep(Step, frozen=True, kw_only=True, rename={"else_": "else"}):
    """`branches` are tried in their order; `else` is for whom none holds."""

    KIND: ClassVar[str] = "branch"
    TITLE: ClassVar[str] = _("Branch")
    ABOUT: ClassVar[str] = _("The first condition that holds says which way.")
    ICON: ClassVar[str] = "split"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"branches": [{"when": {"field": "language", "is": "pt"}}]}

    branches: Annotated[tuple[Branch, ...], Meta(title=_("Branches"))]
    else_: tuple[Any, ...] = ()

    def act(self, view: View) -> Move:
        """Down the first way whose condition holds."""
        held = (n for n, branch in enumerate(self.branches) if judge(branch.when, view.subject).holds)
        return GoOn(next(held, len(self.branches)))

    def list_ways(self) -> tuple[Way, ...]:
        """Every branch, then the rest."""
        ways = [Way(("branches", n, "steps"), branch.steps, branch.name) for n, branch in enumerate(self.branches)]
        return (*ways, Way(("else",), self.else_, message=_("Everybody else")))

    def list_conditions(self) -> tuple[tuple[tuple[str | int, ...], Condition], ...]:
        """That of each branch."""
        return tuple((("branches", n, "when"), branch.when) for n, branch in enumerate(self.branches))

    def find_faults(self) -> list[Complaint]:
        """A branch needs a condition that means something."""
        found = [] if self.branches else [Complaint(("branches",), _("Give at least one branch."), {})]
        for n, branch in enumerate(self.branches):
            for fault in find_faults(branch.when, ("branches", n, "when"), results=True):
                found.append(Complaint(fault.path, fault.message, fault.parameters))
        return found
