"""Wait for an event, at most for a while: two ways, the one on which it came and the one on which it did not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from tertulia.core.conditions import Condition, find_faults
from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Hears, Move, Step, Summary, View, WaitUntil, Way, Woken


class WaitForStep(Step, frozen=True, kw_only=True):
    """`event` by its name, with a condition on its properties; `at_most` a duration. It must occur after the run has
    come here."""

    KIND: ClassVar[str] = "wait_for"
    TITLE: ClassVar[str] = _("Wait for an event")
    ABOUT: ClassVar[str] = _("Until the customer does something, at most for a while: two ways.")
    ICON: ClassVar[str] = "hourglass"
    WAITS: ClassVar[bool] = True
    SAMPLE: ClassVar[Mapping[str, Any]] = {"event": "Order Completed", "at_most": "1 d"}

    event: Annotated[str, Meta(title=_("Event"), extra_json_schema={"x-widget": "event"})]
    at_most: Annotated[str, Meta(title=_("At most"), description=_("Such as 30 min, 2 h or 7 d."))]
    where: Annotated[Condition | None, Meta(title=_("Only where"))] = None
    came: tuple[Any, ...] = ()
    missed: tuple[Any, ...] = ()

    def act(self, view: View) -> Move:
        """Wait, then down the way of what woke the run."""
        if view.woken is Woken.ARRIVED:
            return WaitUntil(view.now + read_duration(self.at_most))
        return GoOn(0 if view.woken is Woken.EVENT else 1)

    def find_longest(self) -> timedelta:
        return read_duration(self.at_most)

    def list_ways(self) -> tuple[Way, ...]:
        """It came, or the time was over."""
        return (
            Way(("came",), self.came, message=_("It came")),
            Way(("missed",), self.missed, message=_("It did not")),
        )

    def hears(self) -> Hears | None:
        """The event."""
        return Hears(self.event, self.where)

    def list_conditions(self) -> tuple[tuple[tuple[str | int, ...], Condition], ...]:
        """That of the event."""
        return ((("where",), self.where),) if self.where is not None else ()

    def summarise(self) -> Summary:
        """Event and time-out."""
        return Summary(_("%(event)s, at most %(time)s"), {"event": self.event, "time": self.at_most})

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
