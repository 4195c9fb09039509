"""Wait for an event, at most for a while: two ways, the one on which it came and the one on which it did not."""

from typing import Any, ClassVar

from tertulia.core.conditions import Condition, find_faults
from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Hears, Move, Step, View, WaitUntil, Way, Woken


class WaitForStep(Step, frozen=True, kw_only=True):
    """`event` by its name, with a condition on its properties; `at_most` a duration. It must occur after the run has
    come here."""

    KIND: ClassVar[str] = "wait_for"
    PAUSES: ClassVar[bool] = True

    event: str
    at_most: str
    where: Condition | None = None
    came: tuple[Any, ...] = ()
    missed: tuple[Any, ...] = ()

    def act(self, view: View) -> Move:
        """Wait, then down the way of what woke the run."""
        if view.woken is Woken.ARRIVED:
            return WaitUntil(view.now + read_duration(self.at_most))
        return GoOn(0 if view.woken is Woken.EVENT else 1)

    def list_ways(self) -> tuple[Way, ...]:
        """It came, or the time was over."""
        return Way(("came",), "", self.came), Way(("missed",), "", self.missed)

    def hears(self) -> Hears | None:
        """The event."""
        return Hears(self.event, self.where)

    def find_faults(self) -> list[Complaint]:
        """A name, a duration, a condition that means something."""
        found = [] if self.event.strip() else [Complaint(("event",), _("Give the name of the event."), {})]
        try:
            read_duration(self.at_most)
        except ValueError as error:
            found.append(Complaint(("at_most",), str(error), {}))
        if self.where is not None:
            found += [Complaint(f.path, f.message, f.parameters) for f in find_faults(self.where, ("where",))]
        return found
