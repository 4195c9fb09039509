"""What every step has that sends a message: where it goes, what it says, and when it may go out.

The run stays until the message has its verdict (X2); what it does then is the kind's own.
"""

from datetime import time, timedelta
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, Step
from tertulia.core.wall_clock import read_time
from tertulia.core.windows import WindowRule

OutsideName = Literal["hold", "drop", "next_channel"]
AtCapName = Literal["defer", "drop", "next_channel"]
Missing = Literal["fail", "default", "skip"]
MessageClassName = Literal["transactional", "service", "marketing"]


BEST_WITHIN_MIN: Final = timedelta(hours=1)
BEST_WITHIN_MAX: Final = timedelta(days=1)


class BestHour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """At the hour of the day at which this customer most often opened, clicked or wrote, `within` so long. `otherwise`:
    the local time for those of whom too little is known, where too little is known of all customers too."""

    within: Annotated[str, Meta(title=_("Within"), description=_("From 1 h to 24 h after the customer comes here."))]
    otherwise: Annotated[
        str, Meta(title=_("Else at"), description=_("The customer's local time. 10:00, if not said."))
    ] = "10:00"

    def find_faults(self) -> list[Complaint]:
        """A day at most, for every hour comes once in it."""
        found = []
        try:
            if not BEST_WITHIN_MIN <= read_duration(self.within) <= BEST_WITHIN_MAX:
                found.append(
                    Complaint(("best_hour", "within"), _("Give 1 h to 24 h: every hour comes once a day."), {})
                )
        except ValueError as error:
            found.append(Complaint(("best_hour", "within"), str(error), {}))
        try:
            self.read_otherwise()
        except ValueError:
            found.append(Complaint(("best_hour", "otherwise"), _("Give a time such as 09:00."), {}))
        return found

    def read_otherwise(self) -> time:
        """Raises ValueError for what is no time."""
        at = read_time(self.otherwise)
        if at is None:
            raise ValueError(self.otherwise)
        return at


class SendStep(Step, frozen=True, kw_only=True, rename={"class_": "class"}):
    """`channels`: the channels' names, or a kind (`sms`, `email`, `whatsapp`, ...) for the workspace's first of it.
    `text` is Liquid; `neutral` takes its place where what it says is sensitive and the customer is not verified (M6).
    An e-mail has a `subject` and, beside its text, perhaps `html`, in which values are shown, not obeyed.
    `template`: the key of a template, which says all of these in several languages, in their place.
    `on_missing`: what a variable without a value does (S4). `class`, `window` and `outside`: the journey's, if not
    given (Q1, Q2). `best_hour`: it waits for the customer's best hour before it is sent. `within`: how long after the
    run came here the message makes sense, a duration. `at_cap`: what becomes of it when the customer has had enough
    messages (F6); an `important` one passes the caps (F5)."""

    SELDOM: ClassVar[tuple[str, ...]] = (
        *("best_hour", "neutral", "on_missing", "class", "window", "outside", "within", "at_cap", "important"),
    )

    channels: Annotated[
        tuple[str, ...],
        Meta(title=_("Channels, in this order"), extra_json_schema={"x-widget": "channels"}),
    ]
    text: Annotated[str, Meta(title=_("Text"), extra_json_schema={"x-widget": "template"})] = ""
    template: Annotated[
        str,
        Meta(
            title=_("Or a template"),
            description=_("In place of a text of its own: what it says, by the customer's language."),
            extra_json_schema={"x-widget": "message_template"},
        ),
    ] = ""
    neutral: Annotated[
        str,
        Meta(
            title=_("Neutral text"),
            description=_("Sent instead where the text is personal and the customer is not verified."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""
    subject: Annotated[
        str,
        Meta(
            title=_("Subject"),
            description=_("Of an e-mail. Other channels send none."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""
    html: Annotated[
        str,
        Meta(
            title=_("HTML"),
            description=_("Of an e-mail, beside its text. Without it the text is sent alone."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""
    on_missing: Annotated[Missing, Meta(title=_("Where a variable has no value"))] = "fail"
    class_: Annotated[MessageClassName | None, Meta(title=_("Class"), description=_("The journey's, if not said."))] = (
        None
    )
    window: Annotated[
        WindowRule | None,
        Meta(
            title=_("Goes out"),
            description=_("From and to, in local times of the customer, and days. The journey's, if not said."),
        ),
    ] = None
    outside: Annotated[
        OutsideName | None, Meta(title=_("Outside these hours"), description=_("The journey's, if not said."))
    ] = None
    best_hour: Annotated[
        BestHour | None,
        Meta(
            title=_("At the customer's best hour"),
            description=_("The hour at which they most often opened, clicked or wrote before."),
        ),
    ] = None
    within: Annotated[
        str, Meta(title=_("Makes sense for"), description=_("Such as 2 h. Not sent later, however long it was held."))
    ] = ""
    at_cap: Annotated[AtCapName, Meta(title=_("Where a frequency cap is reached"))] = "defer"
    important: Annotated[bool, Meta(title=_("Important"), description=_("It passes the frequency caps."))] = False

    def list_buttons(self, language: str) -> tuple[str, ...]:
        """The labels of what the customer may tap instead of writing, in their language; none under most messages."""
        return ()

    def find_attachment(self) -> tuple[str, str]:
        """What goes with the text (picture, video, voice, document, gif) and its https address; both empty without."""
        return "", ""

    def find_link(self) -> tuple[str, str]:
        """The label of the link below the text, and where it leads, in Liquid; both empty without one."""
        return "", ""

    def find_longest(self) -> timedelta:
        """Until its best hour."""
        return read_duration(self.best_hour.within) if self.best_hour is not None else timedelta()

    def find_faults(self) -> list[Complaint]:
        """A message needs somewhere to go and something to say."""
        found = []
        if not self.channels:
            found.append(Complaint(("channels",), _("Give at least one channel."), {}))
        for place, name in enumerate(self.channels):
            if name in self.channels[:place]:
                found.append(Complaint(("channels", place), _("The channel stands here twice."), {}))
        found += self._find_wording_faults()
        return found + self._find_time_faults()

    def _find_time_faults(self) -> list[Complaint]:
        """Durations and times that can be read; a message makes sense until its best hour has come."""
        found = self.best_hour.find_faults() if self.best_hour is not None else []
        try:
            within = read_duration(self.within) if self.within else None
        except ValueError as error:
            return [*found, Complaint(("within",), str(error), {})]
        if within is None or self.best_hour is None or found or within >= read_duration(self.best_hour.within):
            return found
        message = _("Sooner than the best hour may come: give at least %(within)s, or leave this out.")
        return [Complaint(("within",), message, {"within": self.best_hour.within})]

    def _find_wording_faults(self) -> list[Complaint]:
        """Exactly one of a text and a template; what the template says is not said here too."""
        if not self.template:
            missing = _("Give the text of the message, or the key of a template.")
            return [] if self.text.strip() else [Complaint(("text",), missing, {})]
        found = []
        if self.text.strip():
            found.append(Complaint(("template",), _("Give a text or a template, not both."), {}))
        if self.neutral:
            found.append(Complaint(("neutral",), _("The template has its own neutral text. Leave this one out."), {}))
        for name in ("subject", "html"):
            if getattr(self, name):
                found.append(Complaint((name,), _("The template has its own. Leave this out."), {}))
        if self.on_missing != "fail":
            message = _("The template says what a variable without a value does. Leave this out.")
            found.append(Complaint(("on_missing",), message, {}))
        return found
