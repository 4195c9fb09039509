"""The run ends here, whatever stands behind."""

from typing import Annotated, ClassVar

from msgspec import Meta

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Leave, Move, Step, Summary, View


class ExitStep(Step, frozen=True, kw_only=True):
    """`reason` is shown where people ask why."""

    KIND: ClassVar[str] = "exit"
    TITLE: ClassVar[str] = _("Exit")
    ABOUT: ClassVar[str] = _("The journey ends here for this customer.")
    ICON: ClassVar[str] = "log-out"

    reason: Annotated[str, Meta(title=_("Reason"), description=_("Shown where somebody asks why."))] = ""

    def act(self, view: View) -> Move:
        """Nothing more."""
        return Leave(self.reason)

    def summarise(self) -> Summary:
        """The reason."""
        return Summary("%(reason)s", {"reason": self.reason}) if self.reason else Summary("", {})
