"""The form of What if: what is played, beside what, and by which rates. It is sent as part of the address, so that an
answer can be shown to somebody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions.what_if_draft import LIVE, NUMBERS, PERIODS, On, Wish
from tertulia.core.simulation.rates import DEFAULTS, Rates
from tertulia.documents.lines import BadDocument, Place, Written
from tertulia.documents.rates import convert_rates

EVENTS: Final = "events."
NOTHING: Final = "-"
CHANNELS: Final[Mapping[str, Promise]] = {
    "sms": gettext_lazy("SMS"),
    "app": gettext_lazy("Messaging apps"),
    "email": gettext_lazy("E-mail"),
}
SHARES: Final[Mapping[str, Promise]] = {
    "refused": gettext_lazy("Reach nobody"),
    "silent": gettext_lazy("Never delivered"),
    "opened": gettext_lazy("Opened"),
    "opened_soon": gettext_lazy("Of these within 5 minutes"),
    "clicked": gettext_lazy("Links clicked, once opened"),
    "replied": gettext_lazy("Replied to, once opened"),
}
OF_PROVIDERS: Final = ("refused", "silent")


@dataclass(frozen=True, slots=True)
class Share:
    """A number of the form; `unit` behind it."""

    name: str
    label: str
    value: str
    unit: str = "%"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers under a title."""

    title: str
    shares: Sequence[Share]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What was asked for: `wish` is None before anything is, and where `problem` says what is wrong."""

    on: On
    wish: Wish | None
    days: int
    customers: int
    beside: str
    rates: Rates
    problem: str = ""
    events: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def read_form(data: QueryDict) -> Form:
    """What an address asks for; what it does not say is as in the defaults."""
    on: On = "synthetic" if data.get("on") == "synthetic" else "history"
    days = _choose(data.get("days", ""), PERIODS)
    customers = _choose(data.get("customers", ""), NUMBERS) or NUMBERS[0]
    beside = data.get("beside", LIVE)
    rates, problem = DEFAULTS, ""
    try:
        rates = read_rates(data)
    except BadDocument as error:
        problem = f"{'.'.join(map(str, error.problems[0].path))}: {error.problems[0].sentence}"
    wish = None
    if days and not problem:
        wish = Wish(on, days, customers, "" if beside == NOTHING else beside, rates)
    return Form(on, wish, days or 0, customers, beside, rates, problem)


def _choose(said: str, among: Sequence[int]) -> int | None:
    return int(said) if said.isdecimal() and int(said) in among else None


def read_rates(data: QueryDict) -> Rates:
    """The rates that an address says. Raises BadDocument."""
    said: dict[str, Any] = {}
    for name, text in data.items():
        if name.startswith(EVENTS):
            said.setdefault("events", {})[name.removeprefix(EVENTS)] = _read_number(str(text))
        elif "." in name:
            part, _dot, inner = name.partition(".")
            of_day = part == "unwelcome" and inner in ("from", "to")
            said.setdefault(part, {})[inner] = str(text) if of_day else _read_number(str(text))
        elif name in ("seed", "answered", "event"):
            said[name] = _read_number(str(text))
    return convert_rates(Written(said, {(): Place(1, 1)}))


def _read_number(text: str) -> int | float | str:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return text if not isfinite(number) else int(number) if number.is_integer() else number


def list_groups(form: Form, events: Sequence[Mapping[str, Any]], *, asks: bool) -> list[Group]:
    """The numbers that may be changed: on history those of providers, and of questions where there are any."""
    synthetic, rates = form.on == "synthetic", form.rates
    groups = []
    if synthetic and events:
        known = {"said": "", "seen": _("as in the last 30 days"), "assumed": _("assumed")}
        shares = [Share(EVENTS + e["name"], e["name"], _write(e["per_day"]), "", known[e["known"]]) for e in events]
        about = _("How often a customer does each, a day, between 8:00 and 23:00 of their clock.")
        groups.append(Group(_("Events"), shares, about))
    names = SHARES if synthetic else OF_PROVIDERS
    for part, title in CHANNELS.items():
        of = getattr(rates, part)
        groups.append(
            Group(str(title), [Share(f"{part}.{name}", str(SHARES[name]), _write(getattr(of, name))) for name in names])
        )
    if synthetic:
        groups.append(_list_unwelcome(rates))
    if asks:
        about = _("A minute after each question, always with the first choice or a sample answer.")
        groups.append(Group(_("Questions"), [Share("answered", _("Answered"), _write(rates.answered))], about))
    return groups


def _list_unwelcome(rates: Rates) -> Group:
    rule = rates.unwelcome
    shares = [
        Share("unwelcome.more_than", _("More than so many offers"), _write(rule.more_than), ""),
        Share("unwelcome.days", _("in so many days"), _write(rule.days), ""),
        Share("unwelcome.from", _("or at night, from"), rule.from_, "time"),
        Share("unwelcome.to", _("to"), rule.to, "time"),
        Share("unwelcome.leave", _("Customers who then leave"), _write(rule.leave)),
    ]
    return Group(_("Unwelcome messages"), shares, _("Who leaves wants no more offers on that channel."))


def _write(number: float) -> str:
    return f"{number:.4g}"
