"""Send one message: the first channel of the list on which the customer can be reached, then the next where that one
is refused or fails. The run stays until the message has its verdict (X2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta

from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Move, Send, Summary, View, Woken
from tertulia.core.steps.sending import SendStep

PICTURE_CHARACTERS_MAX: Final = 2_000
BUTTONS_MAX: Final = 10
BUTTON_CHARACTERS_MAX: Final = 20


class MessageStep(SendStep, frozen=True, kw_only=True):
    """A message. `picture`: the https address of one, beside the text, which is then its caption and may be empty; a
    channel that carries none has the address in its text. `buttons`: what the customer may tap instead of writing; a
    tap is the label as a message of theirs. `delivered_within`: how long after the hand-over a receipt of the delivery
    is waited for; without one the next channel is tried. So the customer may have the message twice, and marketing
    messages have none of it: they are at most once (S3)."""

    KIND: ClassVar[str] = "message"
    TITLE: ClassVar[str] = _("Message")
    ABOUT: ClassVar[str] = _("Write to the customer on the first channel that reaches them.")
    ICON: ClassVar[str] = "message-circle"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"channels": ["sms"], "text": "Hello {{ contact.name }}"}
    SELDOM: ClassVar[tuple[str, ...]] = ("delivered_within", *SendStep.SELDOM, "picture", "buttons")

    delivered_within: Annotated[
        str,
        Meta(
            title=_("Wait for the delivery"),
            description=_("Such as 2 min. Without a receipt of it by then, the next channel is tried."),
        ),
    ] = ""

    picture: Annotated[
        str,
        Meta(
            title=_("Picture"),
            description=_("Its https address. A channel that carries no pictures gets the address in the text."),
        ),
    ] = ""
    buttons: Annotated[
        tuple[str, ...],
        Meta(
            title=_("Buttons"),
            description=_("One a line. A tap is sent as the customer's message."),
            extra_json_schema={"x-widget": "lines"},
        ),
    ] = ()

    def act(self, view: View) -> Move:
        """One delivery, then on, whether it was taken or nobody could be reached."""
        return Send(self.channels) if view.woken is Woken.ARRIVED else GoOn()

    def summarise(self) -> Summary:
        """Channels, then the beginning of the text, or the template's key, or the picture's address."""
        said = self.template or self.text.strip() or self.picture
        return Summary("%(channels)s: %(text)s", {"channels": " → ".join(self.channels), "text": said})

    def list_buttons(self, language: str) -> tuple[str, ...]:
        return self.buttons

    def find_patience(self) -> timedelta | None:
        return read_duration(self.delivered_within) if self.delivered_within else None

    def find_picture(self) -> str:
        return self.picture

    def find_faults(self) -> list[Complaint]:
        """Besides what any message needs, a picture with an address, and buttons that every app shows."""
        found = super().find_faults()
        found += self._find_patience_faults()
        if self.picture and not is_address(self.picture):
            found.append(Complaint(("picture",), _("Give an https address without blanks."), {}))
        if self.buttons and self.picture:
            message = _("A picture has no buttons. Put them into a message of their own, after it.")
            found.append(Complaint(("buttons",), message, {}))
        if len(self.buttons) > BUTTONS_MAX:
            found.append(Complaint(("buttons",), _("Give at most %(most)s buttons."), {"most": str(BUTTONS_MAX)}))
        for place, label in enumerate(self.buttons):
            if not 0 < len(label.strip()) <= BUTTON_CHARACTERS_MAX or label in self.buttons[:place]:
                told = {"most": str(BUTTON_CHARACTERS_MAX)}
                message = _("A button has 1 to %(most)s characters, and its own.")
                found.append(Complaint(("buttons", place), message, told))
        return found

    def _find_patience_faults(self) -> list[Complaint]:
        """A duration, and somewhere to go on to."""
        try:
            patience = self.find_patience()
        except ValueError as error:
            return [Complaint(("delivered_within",), str(error), {})]
        if patience is not None and len(self.channels) < 2:
            message = _("There is no channel to try after the first one. Add one to the channels, or leave this out.")
            return [Complaint(("delivered_within",), message, {})]
        return []

    def _find_wording_faults(self) -> list[Complaint]:
        """A picture needs no text."""
        if self.picture and not self.template and not self.text.strip():
            return []
        return super()._find_wording_faults()


def is_address(text: str) -> bool:
    """Whether a provider can fetch what is there."""
    return text.startswith("https://") and len(text) <= PICTURE_CHARACTERS_MAX and not any(map(str.isspace, text))
