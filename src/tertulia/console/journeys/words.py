"""Words for states, choices and outcomes, as the pages of journeys say them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tertulia.data.models import Journey

CHOICES: dict[str, Promise] = {
    "marketing": gettext_lazy("Marketing: needs consent to offers"),
    "service": gettext_lazy("Service: about what the customer has with you"),
    "transactional": gettext_lazy("Transactional: what the customer asked for just now"),
    "ignore": gettext_lazy("is ignored"),
    "restart": gettext_lazy("begins again with the new event"),
    "parallel": gettext_lazy("starts another run beside it"),
    "fail": gettext_lazy("it is not sent, as a mistake"),
    "default": gettext_lazy("the place stays empty"),
    "skip": gettext_lazy("skip"),
    "hold": gettext_lazy("it waits for them"),
    "defer": gettext_lazy("it waits for a place"),
    "drop": gettext_lazy("it is not sent"),
    "next_channel": gettext_lazy("the next channel is tried"),
    "run_now": gettext_lazy("go on at once"),
    "fixed": gettext_lazy("As they are written"),
    "bandit": gettext_lazy("A bandit: more for the better ways"),
    "exit": gettext_lazy("end the journey"),
    "track": gettext_lazy("Event"),
    "page": gettext_lazy("Page"),
    "screen": gettext_lazy("Screen"),
    "identify": gettext_lazy("Identify"),
    "group": gettext_lazy("Group"),
    "entry": gettext_lazy("the entry"),
    "send": gettext_lazy("its last message"),
    "open": gettext_lazy("the last reading of a message, or click"),
    "click": gettext_lazy("the last click in a message"),
    "delivered": gettext_lazy("Delivered"),
    "opened": gettext_lazy("Read"),
    "clicked": gettext_lazy("Link opened"),
    "replied": gettext_lazy("Answered"),
    "failed": gettext_lazy("Failed on every channel"),
    "ignored": gettext_lazy("Ignored for a while"),
    "text": gettext_lazy("A text"),
    "number": gettext_lazy("A number"),
    "date": gettext_lazy("A day"),
    "email": gettext_lazy("An e-mail address"),
    "phone": gettext_lazy("A phone number"),
    "choice": gettext_lazy("One of the choices"),
    "yes_no": gettext_lazy("Yes or no"),
    "mon": gettext_lazy("Monday"),
    "tue": gettext_lazy("Tuesday"),
    "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"),
    "fri": gettext_lazy("Friday"),
    "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}
"""A document's choices in words; one without stands as it is."""

OPERATORS: dict[str, Promise] = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"),
    "over": gettext_lazy("is over"),
    "under": gettext_lazy("is under"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
    "contains": gettext_lazy("contains"),
    "starts_with": gettext_lazy("starts with"),
    "exists": gettext_lazy("is there"),
    "missing": gettext_lazy("is not there"),
}
OPERATORS_TO_CHOOSE = OPERATORS | {
    "over": gettext_lazy("is over, after"),
    "under": gettext_lazy("is under, before"),
    "at_least": gettext_lazy("is at least, from"),
    "at_most": gettext_lazy("is at most, until"),
}
_OF_INSTANTS: dict[str, Promise] = {
    "over": gettext_lazy("is after"),
    "under": gettext_lazy("is before"),
    "at_least": gettext_lazy("is not before"),
    "at_most": gettext_lazy("is not after"),
}
SUBJECTS: dict[str, Promise] = {
    "property": gettext_lazy("Event's"),
    "attribute": gettext_lazy("Contact's"),
    "field": gettext_lazy("Contact's own"),
    "answer": gettext_lazy("Answer at the step"),
    "result": gettext_lazy("Saved by a call"),
}
FIELDS: dict[str, Promise] = {
    "name": gettext_lazy("name"),
    "surname": gettext_lazy("surname"),
    "language": gettext_lazy("language"),
    "country": gettext_lazy("country"),
    "zone": gettext_lazy("time zone"),
}
OUTCOMES: dict[str, Promise] = {
    "completed": pgettext_lazy("run", "Completed"),
    "left": pgettext_lazy("run", "Left"),
    "exited": pgettext_lazy("run", "Exited"),
}
_STATES: dict[str, tuple[str, Promise]] = {
    "draft": ("accent", gettext_lazy("Draft")),
    "live": ("ok", gettext_lazy("Live")),
    "closed": ("warn", gettext_lazy("Nobody enters")),
    "paused": ("warn", gettext_lazy("Paused")),
    "resuming": ("ok", gettext_lazy("Going on again")),
    "cancelling": ("danger", gettext_lazy("Being cancelled")),
    "cancelled": ("", gettext_lazy("Cancelled")),
}


@dataclass(frozen=True, slots=True)
class State:
    """A journey's state: a word and its colour."""

    word: Promise
    tone: str


def describe_state(journey: Journey) -> State:
    """In words."""
    tone, word = _STATES[journey.state]
    return State(word, tone)


def name_choice(value: str) -> str:
    """A choice in words."""
    return str(CHOICES.get(value, value))


def describe_condition(condition: object) -> str:
    """A condition of a document, as short as it can be said: `price is over 100`. Empty without one."""
    if not isinstance(condition, dict):
        return ""
    for group, joint in (("all", _(" and ")), ("any", _(" or "))):
        if isinstance(condition.get(group), list):
            return joint.join(filter(None, map(describe_condition, condition[group])))
    if isinstance(condition.get("none"), list):
        told = _(" or ").join(filter(None, map(describe_condition, condition["none"])))
        return _("not (%(conditions)s)") % {"conditions": told}
    if "segment" in condition:
        return _("in “%(segment)s”") % {"segment": condition["segment"]}
    subject = next((str(condition[kind]) for kind in SUBJECTS if kind in condition), "")
    operator = next((name for name in OPERATORS if name in condition), "")
    if not operator:
        return subject
    value = condition[operator]
    if operator == "exists":
        return f"{subject} {OPERATORS['exists' if value else 'missing']}"
    told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    word = _OF_INSTANTS.get(operator) if isinstance(value, str) else None
    return f"{subject} {word or OPERATORS[operator]} {told}"
