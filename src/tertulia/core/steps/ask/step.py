"""Ask the customer a question and wait for the reply: three ways, answered, not answered, not understood.

The question is a message like any other. It waits from its hand-over, for a reply may come before the provider's
answer; the time for a reply begins with that answer, and again with each repetition. What the customer writes on the
channel meanwhile is the answer, words that stop for certain excepted (C2).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from tertulia.core.answers import AnswerType, AnswerValue, Reply, Speaker, read_answer
from tertulia.core.durations import read_duration
from tertulia.core.folding import fold_text
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import (
    Answer,
    AskAgain,
    Complaint,
    GoOn,
    Move,
    Send,
    Summary,
    Used,
    View,
    WaitUntil,
    Way,
    Woken,
)
from tertulia.core.steps.sending import SendStep

CHOICES_MAX: Final = 10  # a list of WhatsApp's has no more
LABEL_CHARACTERS_MAX: Final = 80
RETRIES: Final = 2
RETRIES_MAX: Final = 5
ANSWERED, MISSED, NOT_UNDERSTOOD = 0, 1, 2  # ways
WITH_CHOICES: Final = ("choice", "text")

YES_NO: Final = {
    "en": ("Yes", "No"),
    "pt": ("Sim", "Não"),
    "es": ("Sí", "No"),
    "ar": ("نعم", "لا"),
    "cs": ("Ano", "Ne"),
    "ro": ("Da", "Nu"),
    "zh": ("是", "否"),
    "de": ("Ja", "Nein"),
    "fr": ("Oui", "Non"),
}


SAMPLES: Final[Mapping[AnswerType, str]] = {
    "text": "Yes",
    "number": "1",
    "date": "2027-01-31",
    "email": "ana@example.com",
    "phone": "+14155552671",
}
"""What a customer answers in What if, by type."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`label` is what the customer sees, `value` what is kept of it: the label, if not given."""

    label: Annotated[str, Meta(title=_("The customer sees"))]
    value: Annotated[str, Meta(title=_("Kept as"), description=_("The label, if not said."))] = ""


class Retry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is said when a reply is not understood, before the question is asked again, and how often that is done."""

    text: Annotated[
        str,
        Meta(
            title=_("Say"),
            description=_("The question follows. Empty: that it was not understood, in the customer's language."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""
    times: Annotated[int, Meta(title=_("How often"), description=_("2, if not said; 0 for never."))] = RETRIES


class AskStep(SendStep, frozen=True, kw_only=True):
    """A question. `answer`: what the reply is read as, by the customer's language and country. `save`: the attribute
    that it is written into. `at_most`: how long the reply is waited for, a duration."""

    KIND: ClassVar[str] = "ask"
    TITLE: ClassVar[str] = _("Ask")
    ABOUT: ClassVar[str] = _("Ask the customer a question and wait for the reply: three ways.")
    ICON: ClassVar[str] = "circle-help"
    WAITS: ClassVar[bool] = True
    ASKS: ClassVar[bool] = True
    SAMPLE: ClassVar[Mapping[str, Any]] = {
        "channels": ["sms"],
        "text": "May we call you?",
        "answer": "yes_no",
        "at_most": "1 d",
    }

    answer: Annotated[AnswerType, Meta(title=_("The reply is"))] = "text"
    choices: Annotated[tuple[Choice, ...], Meta(title=_("Choices"))] = ()
    save: Annotated[
        str, Meta(title=_("Write it into"), description=_("An attribute of the customer. Empty: only this journey's."))
    ] = ""
    at_most: Annotated[str, Meta(title=_("Wait at most"), description=_("Such as 30 min, 2 h or 7 d."))]
    retry: Annotated[Retry | None, Meta(title=_("Where the reply is not understood"))] = None
    answered: tuple[Any, ...] = ()
    missed: tuple[Any, ...] = ()
    not_understood: tuple[Any, ...] = ()

    def act(self, view: View) -> Move:
        """Ask, wait, and down the way of what came of it."""
        match view.woken:
            case Woken.ARRIVED:
                return Send(self.channels)
            case Woken.SENT:
                return WaitUntil(view.now + read_duration(self.at_most))
            case Woken.REPLY:
                return self._read_reply(view)
            case _:
                return GoOn(MISSED)

    def _read_reply(self, view: View) -> Move:
        assert view.reply is not None
        speaker = Speaker(view.reply.language, view.reply.country, view.now.astimezone(view.zone).date())
        value = read_answer(self.answer, view.reply, self.list_choices(view.reply.language), speaker)
        if value is not None:
            return Answer(value, self.save.strip(), ANSWERED)
        retry = self.retry or Retry()
        return AskAgain(retry.text) if view.tries < retry.times else GoOn(NOT_UNDERSTOOD)

    def list_choices(self, language: str) -> tuple[tuple[str, AnswerValue], ...]:
        """Labels with their values; of yes and no the customer's own words."""
        if self.answer == "yes_no":
            yes, no = YES_NO.get(language.replace("_", "-").partition("-")[0].lower(), YES_NO["en"])
            return (yes, True), (no, False)
        return tuple((choice.label, choice.value or choice.label) for choice in self.choices)

    def list_buttons(self, language: str) -> tuple[str, ...]:
        """The labels of the choices."""
        return tuple(label for label, _value in self.list_choices(language))

    def find_longest(self) -> timedelta:
        return super().find_longest() + read_duration(self.at_most)

    def list_ways(self) -> tuple[Way, ...]:
        """Answered; no reply, or nobody could be asked; replies that nobody understands."""
        return (
            Way(("answered",), self.answered, message=_("Answered")),
            Way(("missed",), self.missed, message=_("No answer")),
            Way(("not_understood",), self.not_understood, message=_("Not understood")),
        )

    def list_templates(self) -> list[Used]:
        """What is said before the question comes again."""
        return [(("retry", "text"), self.retry.text)] if self.retry is not None else []

    def summarise(self) -> Summary:
        """Channels, then the beginning of the question."""
        return Summary("%(channels)s: %(text)s", {"channels": " → ".join(self.channels), "text": self.text.strip()})

    def imagine_reply(self) -> Reply:
        """The first choice, else a sample of the type."""
        return Reply("", place=0) if self.list_choices("") else Reply(SAMPLES[self.answer])

    def find_faults(self) -> list[Complaint]:
        """Also a time-out, and choices where they mean something."""
        found = [*SendStep.find_faults(self), *self._find_choice_faults()]
        try:
            read_duration(self.at_most)
        except ValueError as error:
            found.append(Complaint(("at_most",), str(error), {}))
        if self.retry is not None and not 0 <= self.retry.times <= RETRIES_MAX:
            told = {"most": str(RETRIES_MAX)}
            found.append(Complaint(("retry", "times"), _("Give a number from 0 to %(most)s."), told))
        return found

    def _find_choice_faults(self) -> list[Complaint]:
        if self.answer not in WITH_CHOICES:
            message = _("Only a choice or a text has choices. Leave them out.")
            return [Complaint(("choices",), message, {})] if self.choices else []
        found = []
        if self.answer == "choice" and not self.choices:
            found.append(Complaint(("choices",), _("Give at least one choice."), {}))
        if len(self.choices) > CHOICES_MAX:
            found.append(Complaint(("choices",), _("Give at most %(most)s choices."), {"most": str(CHOICES_MAX)}))
        labels = [fold_text(choice.label) or choice.label.strip() for choice in self.choices]
        for place, (choice, label) in enumerate(zip(self.choices, labels, strict=True)):
            path = ("choices", place, "label")
            if not label or len(choice.label) > LABEL_CHARACTERS_MAX:
                told = {"most": str(LABEL_CHARACTERS_MAX)}
                found.append(Complaint(path, _("Give a label of at most %(most)s characters."), told))
            elif label in labels[:place]:
                found.append(Complaint(path, _("The choice stands here twice."), {}))
        return found
