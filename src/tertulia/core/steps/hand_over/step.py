"""Hand the customer over to people: the conversation waits for somebody, with what was collected (I6). The run goes on
behind it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import HandOver, Move, Step, Summary, View


class HandOverStep(Step, frozen=True, kw_only=True):
    """`say`: what the customer is told, in Liquid; an answer to what they wrote, so it goes out only where they did."""

    KIND: ClassVar[str] = "hand_over"
    TITLE: ClassVar[str] = _("Hand over")
    ABOUT: ClassVar[str] = _("Let people answer this customer: the conversation waits for one of you.")
    ICON: ClassVar[str] = "life-buoy"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"say": "Thank you. A person will answer you here."}

    say: Annotated[
        str,
        Meta(
            title=_("Tell the customer"),
            description=_("Where they wrote last. Empty: nothing."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""

    def act(self, view: View) -> Move:
        """To people."""
        return HandOver(self.say)

    def summarise(self) -> Summary:
        """The beginning of what is said."""
        return Summary("%(text)s", {"text": self.say.strip()})
