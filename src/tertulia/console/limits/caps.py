"""The form of a frequency cap, read and filled, and what a cap says in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tertulia.actions.caps import list_channels
from tertulia.channels import registry
from tertulia.console.tags import CHANNEL_MARKS
from tertulia.core.carriers import CARRIERS
from tertulia.data.models import Cap

LENGTH: Final = "length"  # the choice of a time that is no calendar period
PERIODS: Final[Mapping[str, Promise]] = {
    "day": gettext_lazy("Calendar day"),
    "week": gettext_lazy("Calendar week"),
    "month": gettext_lazy("Calendar month"),
    LENGTH: gettext_lazy("A length of time"),
}
CLASSES: Final[Mapping[str, Promise]] = {
    "marketing": gettext_lazy("Marketing"),
    "service": gettext_lazy("Service"),
}
LIMIT_DIGITS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class CapForm:
    """What stands in the form's fields; channels and classes as value, name and whether it is ticked."""

    name: str
    limit: str
    periods: list[tuple[str, Promise, bool]]
    length: str
    classes: list[tuple[str, Promise, bool]]
    channels: list[tuple[str, str, bool]]
    counts_important: bool
    cap_id: int | None = None


@dataclass(frozen=True, slots=True)
class CapLine:
    """A cap in words: how many in how much time, and of which messages."""

    cap: Cap
    allows: str
    covers: str


def read_cap_form(sent: QueryDict, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a form. Nothing ticked means all. `kept` is the document so far, of which the topics stay: they
    are not on the page."""
    limit, per = sent.get("limit", "").strip(), sent.get("per", "")
    document: dict[str, Any] = {
        "limit": int(limit) if limit.isdecimal() and len(limit) <= LIMIT_DIGITS_MAX else 0,
        "per": sent.get("length", "").strip() if per == LENGTH else per,
    }
    for name, known in (("channels", list_channels()), ("classes", list(CLASSES))):
        ticked = [value for value in known if value in sent.getlist(name)]
        if 0 < len(ticked) < len(known):
            document[name] = ticked
    if "topics" in kept:
        document["topics"] = kept["topics"]
    if "counts_important" in sent:
        document["counts_important"] = True
    return document


def fill_cap_form(name: str, document: Mapping[str, Any], cap_id: int | None = None) -> CapForm:
    """The form as a document fills it; what is meant by leaving it out is ticked in a cap that exists."""
    per = str(document.get("per", "week"))
    chosen = per if per in PERIODS else LENGTH
    return CapForm(
        name=name,
        limit=str(document.get("limit") or ""),
        periods=[(value, words, value == chosen) for value, words in PERIODS.items()],
        length=per if chosen == LENGTH else "",
        classes=[(value, words, value in document.get("classes", ())) for value, words in CLASSES.items()],
        channels=[(value, name_channel(value), value in document.get("channels", ())) for value in list_channels()],
        counts_important=bool(document.get("counts_important")),
        cap_id=cap_id,
    )


def describe_cap(cap: Cap) -> CapLine:
    """A line of the table."""
    document = cap.document
    limit, per = int(document["limit"]), str(document["per"])
    words = {"day": _("a day"), "week": _("a week"), "month": _("a month")}
    said = {"limit": limit, "per": words.get(per) or _("in %(length)s") % {"length": per}}
    allows = ngettext("%(limit)d message %(per)s", "%(limit)d messages %(per)s", limit) % said
    parts = [str(CLASSES[value]) for value in document.get("classes", ())]
    parts += [name_channel(value) for value in document.get("channels", ())]
    return CapLine(cap, allows, ", ".join(parts) or _("All marketing and service messages"))


def name_channel(value: str) -> str:
    """A channel as caps know it, in words."""
    return CHANNEL_MARKS[value][1] if value in CARRIERS else registry.get(value).title
