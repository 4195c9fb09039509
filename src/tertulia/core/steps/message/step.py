"""Send one message: the first channel of the list on which the customer can be reached, then the next where that one
is refused or fails. The run stays until the message has its verdict (X2)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import GoOn, Move, Send, Summary, View, Woken
from tertulia.core.steps.sending import SendStep


class MessageStep(SendStep, frozen=True, kw_only=True):
    """A message."""

    KIND: ClassVar[str] = "message"
    TITLE: ClassVar[str] = _("Message")
    ABOUT: ClassVar[str] = _("Write to the customer on the first channel that reaches them.")
    ICON: ClassVar[str] = "message-circle"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"channels": ["sms"], "text": "Hello {{ contact.name }}"}

    def act(self, view: View) -> Move:
        """One delivery, then on, whether it was taken or nobody could be reached."""
        return Send(self.channels) if view.woken is Woken.ARRIVED else GoOn()

    def summarise(self) -> Summary:
        """Channels, then the beginning of the text, or the template's key."""
        said = self.template or self.text.strip()
        return Summary("%(channels)s: %(text)s", {"channels": " → ".join(self.channels), "text": said})
