"""Write attributes of the contact: a value given here, one of the event's properties, or what a step before saved."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from tertulia.core.conditions import Scalar
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import (
    Change,
    Complaint,
    Move,
    Step,
    Summary,
    Used,
    Value,
    View,
    find_value_faults,
    list_value_results,
    read_values,
)


class UpdateStep(Step, frozen=True, kw_only=True, rename={"set_": "set"}):
    """`set`: attribute -> value, `{from: property}`, `{result: step.name}`, or null to clear it."""

    KIND: ClassVar[str] = "update"
    TITLE: ClassVar[str] = _("Update the contact")
    ABOUT: ClassVar[str] = _("Write attributes of the contact.")
    ICON: ClassVar[str] = "pencil"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"set": {"interested": True}}

    set_: Annotated[
        dict[str, Scalar | Value | None],
        Meta(
            title=_("Attributes"),
            description=_("One a line: name, colon, value. Or {from: property}, {result: step.name}, null."),
        ),
    ]

    def act(self, view: View) -> Move:
        """Every attribute that has a value."""
        return Change(read_values(self.set_, view.subject))

    def summarise(self) -> Summary:
        """The attributes."""
        return Summary("%(names)s", {"names": ", ".join(self.set_)})

    def find_faults(self) -> list[Complaint]:
        """Something is written, and under a name."""
        if not self.set_:
            return [Complaint(("set",), _("Give at least one attribute."), {})]
        nameless = [name for name in self.set_ if not name.strip()]
        found = [Complaint(("set",), _("Give every attribute a name."), {}) for _name in nameless]
        return found + find_value_faults(self.set_, "set")

    def list_results(self) -> list[Used]:
        """Those that become attributes."""
        return list_value_results(self.set_, "set")
