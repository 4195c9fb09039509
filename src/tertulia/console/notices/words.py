"""The sentence of each kind of notice. A kind that is not known here is told by its name."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tertulia.actions.guard_words import tell_guard
from tertulia.console.routes import find_address
from tertulia.console.tags import plain_num
from tertulia.data.models import Notice


@dataclass(frozen=True, slots=True)
class Told:
    """A notice for people: icon, colour, sentence, and where it leads."""

    notice: Notice
    icon: str
    tone: str
    sentence: str
    url: str


def tell_notice(notice: Notice) -> Told:
    """The notice in words."""
    counts = {"rows": 0, "new": 0, "updated": 0, "rejected": 0, "undone": 0, "there": 0, "left": 0}
    facts = {"name": "", "fault": "", "topic": ""} | counts | notice.facts
    facts |= {"whose": facts["name"] or _("the workspace"), "period": tell_period(str(facts.get("period", "")))}
    facts |= {"guard": tell_guard(facts)} if notice.kind == "journey_paused" else {}
    said = {key: plain_num(value) if isinstance(value, int) else value for key, value in facts.items()}
    known = {
        "import_started": ("upload", "", _("The import of %(name)s has begun: %(rows)s rows")),
        "import_done": (
            "circle-check",
            "ok",
            _("%(name)s is imported: %(new)s new, %(updated)s updated, %(rejected)s rejected"),
        ),
        "import_failed": ("circle-x", "danger", _("%(name)s could not be imported")),
        "import_undone": ("undo-2", "", _("The import of %(name)s was undone: %(undone)s contacts")),
        "past_started": ("history", "", _("The import of %(name)s has begun: %(rows)s past events")),
        "past_done": (
            "circle-check",
            "ok",
            _("%(name)s is imported: %(new)s past events, %(there)s were here, %(rejected)s rejected"),
        ),
        "channel_fault": ("circle-x", "danger", _("%(name)s stopped: %(fault)s")),
        "privacy_request": ("triangle-alert", "warn", _("%(name)s passes on a privacy request: %(topic)s")),
        "coupons_spent": ("ticket", "danger", _("The coupons of %(name)s are spent; messages wait for more")),
        "coupons_low": ("ticket", "warn", _("The coupons of %(name)s run low: %(left)s or fewer are left")),
        "budget_low": ("wallet", "warn", _("Four fifths of a budget are spent: %(whose)s, %(period)s")),
        "budget_spent": ("wallet", "danger", _("A budget is spent and messages wait: %(whose)s, %(period)s")),
        "journey_paused": ("octagon-pause", "warn", _("%(name)s is paused by its guard: %(guard)s")),
        "match_paused": ("octagon-pause", "warn", _("The match %(name)s paused itself")),
        "match_done": ("circle-check", "ok", _("The match %(name)s is done")),
    }
    if notice.kind == "coupons_low" and not facts["left"]:
        known["coupons_low"] = ("ticket", "warn", _("The last coupon of %(name)s is given"))
    icon, tone, sentence = known.get(notice.kind, ("info", "", notice.kind.replace("%", "%%")))
    url = notice.link
    if not url and notice.kind == "channel_fault" and isinstance(notice.facts.get("channel"), int):
        url = find_address("channel", notice.facts["channel"])
    if not url and notice.kind == "privacy_request" and isinstance(notice.facts.get("source"), int):
        url = find_address("source_debugger", notice.facts["source"])
    if not url and notice.kind in ("budget_low", "budget_spent"):
        url = find_budget(str(notice.facts.get("scope", "")))
    if not url and notice.kind == "journey_paused" and isinstance(notice.facts.get("journey"), int):
        url = find_address("journey", notice.facts["journey"])
    if not url and notice.kind in ("coupons_spent", "coupons_low") and isinstance(notice.facts.get("pool"), int):
        url = find_address("coupon_pool", notice.facts["pool"])
    return Told(notice, icon, tone, sentence % said, url)


def tell_period(period: str) -> str:
    """A budget's day or month in words, or that it is for all time."""
    match period.split("-"):
        case [year, month, day]:
            return date_format(date(int(year), int(month), int(day)), "DATE_FORMAT")
        case [year, month]:
            return date_format(date(int(year), int(month), 1), "YEAR_MONTH_FORMAT")
        case _:
            return _("in all")


def find_budget(scope: str) -> str:
    """Where a budget is changed, by its scope: budget, budget:journey:7, budget:match:7."""
    match scope.split(":"):
        case ["budget", kind, number] if kind in ("journey", "match"):
            return find_address(kind, int(number))
        case _:
            return find_address("limits")
