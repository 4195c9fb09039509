"""The entry of a journey on its pages: its kinds with their words, its node in the graph, and its form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct

from tertulia.actions.problems import Problem
from tertulia.console.journeys import fields
from tertulia.console.journeys.words import describe_condition, name_choice
from tertulia.core.journeys import (
    ApiEntry,
    AudienceEntry,
    CommentEntry,
    DateEntry,
    EventEntry,
    MessageEntry,
    OutcomeEntry,
    SegmentEntry,
)

KIND: Final = "kind"
SHARED: Final = ("where", "key", "second")  # fields of every entry, after those of its kind
KINDS: Final[Mapping[str, tuple[type[Struct], Promise, str]]] = {
    "event": (EventEntry, gettext_lazy("An event"), "zap"),
    "message": (MessageEntry, gettext_lazy("A customer's message"), "message-circle"),
    "comment": (CommentEntry, gettext_lazy("A comment below a post"), "message-square-text"),
    "outcome": (OutcomeEntry, gettext_lazy("What became of a message"), "send"),
    "segment": (SegmentEntry, gettext_lazy("Coming into a segment, or leaving it"), "users"),
    "audience": (AudienceEntry, gettext_lazy("A time, for an audience"), "calendar"),
    "date": (DateEntry, gettext_lazy("A date of the customer's"), "calendar"),
    "api": (ApiEntry, gettext_lazy("The API, or a journey"), "plug"),
}
"""Each kind's type, words and icon."""


def find_kind(entry: Any) -> str:
    """The kind that a draft's entry names; `event` where it names none of ours."""
    kind = entry.get(KIND) if isinstance(entry, dict) else None
    return kind if kind in KINDS else "event"


def describe_entry(value: Any) -> dict[str, str]:
    """The trigger's node: what starts the journey, and what must hold."""
    entry = value.get("entry") if isinstance(value, dict) else None
    told = entry if isinstance(entry, dict) else {}
    kind = find_kind(told)
    parts = [_describe_more(kind, told), describe_condition(told.get("where"))]
    if told.get("key"):
        parts.append(_("one run for each %(key)s") % {"key": told["key"]})
    parts.append(_describe_cap(value.get("entries") if isinstance(value, dict) else None))
    title = str(told.get("event") or _("No event yet")) if kind == "event" else str(KINDS[kind][1])
    return {"title": title, "summary": " · ".join(filter(None, parts)), "icon": KINDS[kind][2]}


def _describe_cap(cap: Any) -> str:
    told = cap if isinstance(cap, dict) else {}
    parts = [_("at most %(count)s a day") % {"count": told["per_day"]}] if told.get("per_day") else []
    parts += [_("at most %(count)s in all") % {"count": told["total"]}] if told.get("total") else []
    return " · ".join(parts)


def _describe_outcome(told: Mapping[str, Any]) -> str:
    outcome = name_choice(str(told.get("outcome", "")))
    if told.get("for"):
        outcome = _("Ignored for %(time)s") % {"time": told["for"]}
    of = [str(told[name]) for name in ("journey", "step") if told.get(name)]
    return " · ".join([outcome, " / ".join(of) or _("any message")])


def describe_round(told: Mapping[str, Any]) -> str:
    """For whom, when and by whose clock."""
    at = {"time": told.get("time") or "?"}
    if told.get("attribute"):
        before, after = told.get("days_before") or 0, told.get("days_after") or 0
        parts = [str(told["attribute"])]
        parts += [ngettext("%(n)s day before", "%(n)s days before", before) % {"n": before}] if before else []
        parts += [ngettext("%(n)s day after", "%(n)s days after", after) % {"n": after}] if after else []
        return " · ".join([*parts, _("at %(time)s") % at])
    who = told.get("segment") or _("all contacts")
    days = ", ".join(name_choice(str(day)) for day in told.get("weekdays") or ())
    how = {
        "day": _("every day"),
        "week": _("every week on %(days)s") % {"days": days},
        "month": _("every month on day %(day)s") % {"day": told.get("day") or "?"},
    }
    when = how.get(str(told.get("every")), str(told.get("on") or "?"))
    clock = _("by the customer's clock") if told.get("clock") == "customer" else ""
    return " · ".join(filter(None, [str(who), when, _("at %(time)s") % at, clock]))


def _describe_more(kind: str, told: Mapping[str, Any]) -> str:
    if kind == "outcome":
        return _describe_outcome(told)
    if kind == "segment":
        left = _("left %(segment)s") if told.get("on") == "left" else _("came into %(segment)s")
        parts = [left % {"segment": told.get("segment") or "?"}]
        parts += [_("also who is inside at the launch")] if told.get("already_inside") is True else []
        return " · ".join(parts)
    if kind in ("audience", "date"):
        return describe_round(told)
    if kind not in ("message", "comment"):
        return ""
    words = told.get("keyword")
    parts = [", ".join(f"“{word}”" for word in words)] if isinstance(words, list) and words else []
    if told.get("first") is True:
        parts.append(_("the first on its channel"))
    if kind == "comment" and told.get("post"):
        parts.append(_("below the post %(post)s") % {"post": told["post"]})
    if told.get("channel"):
        parts.append(_("on %(channel)s") % {"channel": told["channel"]})
    return " · ".join(parts) or (_("any message") if kind == "message" else _("any comment"))


def build_entry(
    value: Any, prefix: str, path: str, problems: Sequence[Problem], around: fields.Around
) -> list[fields.FormField]:
    """The kind, and the fields of that kind."""
    kind = find_kind(value)
    options = [(name, str(words), name == kind) for name, (_type, words, _icon) in KINDS.items()]
    chosen = fields.FormField(
        f"{prefix}{KIND}", _("What starts it"), _("Save to see the fields of another kind."), "select", options=options
    )
    chosen.error = next((p.sentence for p in problems if p.field in (path, f"{path}.{KIND}")), "")
    made = fields.build(KINDS[kind][0], value, prefix, path, problems, around)
    if kind == "event":
        return [chosen, *made]
    return [chosen, *sorted(made, key=lambda one: one.name.removeprefix(prefix) in SHARED)]


def read_entry(posted: QueryDict, prefix: str, before: Any) -> dict[str, Any]:
    """The entry as it was posted. Of another kind it keeps what that has too; an event's kind is not said."""
    kind = posted.get(f"{prefix}{KIND}", "")
    kind = kind if kind in KINDS else find_kind(before)
    if kind != find_kind(before):
        before = {}
    made = fields.read(KINDS[kind][0], posted, prefix, before)
    made.pop(KIND, None)
    return made if kind == "event" else {KIND: kind, **made}
