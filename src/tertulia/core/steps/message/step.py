"""Send one message: the first channel of the list on which the customer can be reached, then the next where that one
is refused or fails. The run stays until the message has its verdict (X2)."""

from typing import ClassVar, Literal

from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, Move, Send, Step, View
from tertulia.core.windows import WindowRule

MessageClassName = Literal["transactional", "service", "marketing"]


class MessageStep(Step, frozen=True, kw_only=True, rename={"class_": "class"}):
    """`channels`: the channels' names, or a kind (`sms`, `whatsapp`, ...) for the workspace's first of it. `text` is
    Liquid; `neutral` takes its place where what it says is sensitive and the customer is not verified (M6).
    `on_missing`: what a variable without a value does (S4). `class`, `window` and `outside`: the journey's, if not
    given (Q1, Q2). `within`: how long after the run came here the message makes sense, a duration. `at_cap`: what
    becomes of it when the customer has had enough messages (F6); an `important` one passes the caps (F5)."""

    KIND: ClassVar[str] = "message"
    PAUSES: ClassVar[bool] = True

    channels: tuple[str, ...]
    text: str
    neutral: str = ""
    on_missing: Literal["fail", "default", "skip"] = "fail"
    class_: MessageClassName | None = None
    window: WindowRule | None = None
    outside: Literal["hold", "drop", "next_channel"] | None = None
    within: str = ""
    at_cap: Literal["defer", "drop", "next_channel"] = "defer"
    important: bool = False

    def act(self, view: View) -> Move:
        """One delivery."""
        return Send(self.channels)

    def find_faults(self) -> list[Complaint]:
        """A message needs somewhere to go and something to say."""
        found = []
        if not self.channels:
            found.append(Complaint(("channels",), _("Give at least one channel."), {}))
        for place, name in enumerate(self.channels):
            if name in self.channels[:place]:
                found.append(Complaint(("channels", place), _("The channel stands here twice."), {}))
        if not self.text.strip():
            found.append(Complaint(("text",), _("Give the text of the message."), {}))
        try:
            if self.within:
                read_duration(self.within)
        except ValueError as error:
            found.append(Complaint(("within",), str(error), {}))
        return found
