"""The run ends here, whatever stands behind."""

from typing import ClassVar

from tertulia.core.steps.base import Leave, Move, Step, View


class ExitStep(Step, frozen=True, kw_only=True):
    """`reason` is shown where people ask why."""

    KIND: ClassVar[str] = "exit"

    reason: str = ""

    def act(self, view: View) -> Move:
        """Nothing more."""
        return Leave(self.reason)
