"""Send one message: the first channel of the list on which the customer can be reached, then the next where that one
is refused or fails. The run stays until the message has its verdict (X2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Move, Send, Summary, Used, View, Woken
from tertulia.core.steps.sending import SendStep
from tertulia.core.web_addresses import read_address

ADDRESS_CHARACTERS_MAX: Final = 2_000
FILE: Final = {"x-widget": "file"}
ATTACHED: Final = ("picture", "video", "voice", "document", "gif")
BUTTONS_MAX: Final = 10
BUTTON_CHARACTERS_MAX: Final = 20


class LinkButton(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A link below a message: what stands on it, and where it leads, in Liquid. Its clicks are known."""

    label: Annotated[str, Meta(title=_("What stands on it"))]
    to: Annotated[str, Meta(title=_("Where it leads"), extra_json_schema={"x-widget": "template"})]


class MessageStep(SendStep, frozen=True, kw_only=True):
    """A message. `picture`, `video`, `voice`, `document`, `gif`: the https address of one of them, beside the text,
    which is then its caption and may be empty; a channel that carries none has the address in its text. `link`: a
    button that leads to an address, or a line of the text. `buttons`: what the customer may tap instead of writing; a
    tap is the label as a message of theirs. `delivered_within`: how long after the hand-over a receipt of the delivery
    is waited for; without one the next channel is tried. So the customer may have the message twice, and marketing
    messages have none of it: they are at most once (S3)."""

    KIND: ClassVar[str] = "message"
    TITLE: ClassVar[str] = _("Message")
    ABOUT: ClassVar[str] = _("Write to the customer on the first channel that reaches them.")
    ICON: ClassVar[str] = "message-circle"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"channels": ["sms"], "text": "Hello {{ contact.name }}"}
    SELDOM: ClassVar[tuple[str, ...]] = ("delivered_within", *SendStep.SELDOM, *ATTACHED, "link", "buttons")

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
            extra_json_schema=FILE,
        ),
    ] = ""
    video: Annotated[
        str, Meta(title=_("Video"), description=_("Its https address: an MP4."), extra_json_schema=FILE)
    ] = ""
    voice: Annotated[
        str,
        Meta(
            title=_("Voice message"),
            description=_("Its https address: an OGG with Opus. It has no text."),
            extra_json_schema=FILE,
        ),
    ] = ""
    document: Annotated[
        str, Meta(title=_("Document"), description=_("Its https address: a PDF."), extra_json_schema=FILE)
    ] = ""
    gif: Annotated[str, Meta(title=_("GIF"), description=_("Its https address."), extra_json_schema=FILE)] = ""
    link: Annotated[
        LinkButton | None,
        Meta(title=_("Link"), description=_("A button that opens an address, or a line below the text.")),
    ] = None
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
        """Channels, then the beginning of the text, or the template's key, or the address of what goes without one."""
        said = self.template or self.text.strip() or self.find_attachment()[1]
        return Summary("%(channels)s: %(text)s", {"channels": " → ".join(self.channels), "text": said})

    def list_buttons(self, language: str) -> tuple[str, ...]:
        return self.buttons

    def find_patience(self) -> timedelta | None:
        return read_duration(self.delivered_within) if self.delivered_within else None

    def find_attachment(self) -> tuple[str, str]:
        return next(((name, told) for name in ATTACHED if (told := getattr(self, name))), ("", ""))

    def find_link(self) -> tuple[str, str]:
        return (self.link.label, self.link.to) if self.link is not None else ("", "")

    def list_templates(self) -> list[Used]:
        """Where the link leads."""
        return [(("link", "to"), self.link.to)] if self.link is not None else []

    def find_faults(self) -> list[Complaint]:
        """Besides what any message needs, one thing beside the text at most, with an address, and buttons that every
        app shows."""
        found = [*super().find_faults(), *self._find_patience_faults()]
        found += [*self._find_attachment_faults(), *self._find_link_faults()]
        if self.buttons and self.find_attachment()[1]:
            message = _("What goes with a text has no buttons. Put them into a message of their own, after it.")
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

    def _find_attachment_faults(self) -> list[Complaint]:
        """Each has an address that a provider can fetch; a message has one of them, and a voice message no text."""
        names = [name for name in ATTACHED if getattr(self, name)]
        wrong = [name for name in names if not is_address(getattr(self, name))]
        found = [Complaint((name,), _("Give an https address without blanks."), {}) for name in wrong]
        if len(names) > 1:
            message = _("Only one goes with a text. Put the others into messages of their own.")
            found.append(Complaint((names[1],), message, {}))
        if self.voice and (self.text.strip() or self.template):
            message = _("A voice message has no text. Put the text into a message of its own.")
            found.append(Complaint(("voice",), message, {}))
        return found

    def _find_link_faults(self) -> list[Complaint]:
        """A label that fits on a button, an address, and nothing else to tap or look at."""
        if self.link is None:
            return []
        found = []
        if not 0 < len(self.link.label.strip()) <= BUTTON_CHARACTERS_MAX:
            told = {"most": str(BUTTON_CHARACTERS_MAX)}
            found.append(Complaint(("link", "label"), _("A link has a label of 1 to %(most)s characters."), told))
        if "{" not in self.link.to and not read_address(self.link.to.strip()):
            found.append(Complaint(("link", "to"), _("Give a whole address, from https:// on, without blanks."), {}))
        if self.buttons or self.find_attachment()[1]:
            message = _("A link stands alone below a text. Put it into a message of its own.")
            found.append(Complaint(("link",), message, {}))
        return found

    def _find_wording_faults(self) -> list[Complaint]:
        """What is looked at or heard needs no text."""
        if self.find_attachment()[1] and not self.template and not self.text.strip():
            return []
        return super()._find_wording_faults()


def is_address(text: str) -> bool:
    """Whether a provider can fetch what is there."""
    return text.startswith("https://") and len(text) <= ADDRESS_CHARACTERS_MAX and not any(map(str.isspace, text))
