"""Start another journey for the same customer, with properties of its own; this one goes on (I11)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from tertulia.core.conditions import Scalar
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import (
    Begin,
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


class StartStep(Step, frozen=True, kw_only=True):
    """`journey`: the key of one whose entry is of the kind api. `properties`: what it sees as its event's: a value,
    `{from: property}` of this journey's event, or `{result: step.name}`."""

    KIND: ClassVar[str] = "start"
    TITLE: ClassVar[str] = _("Start a journey")
    ABOUT: ClassVar[str] = _("Start another journey for this customer. This one goes on.")
    ICON: ClassVar[str] = "workflow"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"journey": "welcome"}

    journey: Annotated[
        str,
        Meta(
            title=_("Journey"), description=_("The key of one that the API may start."),
            extra_json_schema={"x-widget": "journey"},
        ),
    ]  # fmt: skip
    properties: Annotated[
        dict[str, Scalar | Value],
        Meta(
            title=_("Properties"),
            description=_("One a line: name, colon, value. Or {from: property} of the event, {result: step.name}."),
        ),
    ] = msgspec.field(default_factory=dict)

    def act(self, view: View) -> Move:
        """Begin it, then go on."""
        return Begin(self.journey, read_values(self.properties, view.subject))

    def summarise(self) -> Summary:
        """The journey's key."""
        return Summary("%(journey)s", {"journey": self.journey})

    def find_faults(self) -> list[Complaint]:
        """It starts something."""
        found = [] if self.journey.strip() else [Complaint(("journey",), _("Choose a journey."), {})]
        return found + find_value_faults(self.properties, "properties")

    def list_results(self) -> list[Used]:
        """Those that become properties."""
        return list_value_results(self.properties, "properties")
