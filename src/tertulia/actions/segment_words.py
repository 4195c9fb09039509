"""Conditions of segments and causes of changes in words, as pages, the API and the command line say them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tertulia.core.conditions import name_operator, name_subject, read_operand
from tertulia.core.durations import write_duration
from tertulia.core.segment_findings import Decider
from tertulia.core.segments import Agreed, Compared, Counted, Drawn, EventKey, Listed, Reachable

MESSAGES: Final[Mapping[str, Promise]] = {
    "sent": gettext_lazy("messages sent"),
    "delivered": gettext_lazy("messages delivered"),
    "opened": gettext_lazy("messages read"),
    "clicked": gettext_lazy("links opened"),
    "failed": gettext_lazy("messages failed"),
}
CONSENTS: Final[Mapping[str, Promise]] = {
    "granted": gettext_lazy("agreed"),
    "withdrawn": gettext_lazy("refused"),
    "none": gettext_lazy("never asked"),
}
CAUSES: Final[Mapping[str, Promise]] = {
    "event": gettext_lazy("by “%(name)s”"),
    "contact": gettext_lazy("what is known of the contact changed"),
    "consent": gettext_lazy("consent changed"),
    "message": gettext_lazy("by what became of a message"),
    "time": gettext_lazy("by the time that passed"),
    "definition": gettext_lazy("the segment was defined anew"),
    "import": gettext_lazy("by an import"),
    "merge": gettext_lazy("by a merge"),
    "list": gettext_lazy("by a list"),
    "person": gettext_lazy("by a person of your team"),
}
ENTERED: Final[Mapping[bool, Promise]] = {
    True: pgettext_lazy("segment", "came in"),
    False: pgettext_lazy("segment", "left"),
}


def name_change_cause(cause: str, event: str) -> str:
    """Why somebody came or left."""
    return str(CAUSES[cause]) % {"name": event} if cause in CAUSES else cause


def describe_decider(decider: Decider, lists: Mapping[int, str]) -> str:
    """What was there, and what the condition is. `lists`: names by id."""
    node, value = decider.node, decider.value
    match node:
        case Compared(condition):
            _kind, name = name_subject(condition)
            operand = read_operand(condition)
            asked = _join(name_operator(condition), operand)
            if value is None:
                return str(_("%(name)s is not known; the condition: %(asked)s.") % {"name": name, "asked": asked})
            told = {"name": name, "value": _write(value), "asked": asked}
            return str(_("%(name)s is %(value)s; the condition: %(asked)s.") % told)
        case Counted():
            return _describe_counted(node, value)
        case Agreed(state, channel, topic):
            told = {
                "channel": _("any channel") if channel == "*" else channel,
                "topic": topic,
                "found": CONSENTS[value],
                "asked": CONSENTS[state],
            }
            return str(_("To %(topic)s on %(channel)s: %(found)s; the condition: %(asked)s.") % told)
        case Reachable(channel):
            told = {"channel": _("any channel") if channel == "*" else channel}
            return str(
                (_("Can be reached on %(channel)s.") if value else _("Cannot be reached on %(channel)s.")) % told
            )
        case Listed(list_id):
            told = {"list": lists.get(list_id, str(list_id))}
            return str((_("Is on the list “%(list)s”.") if value else _("Is not on the list “%(list)s”.")) % told)
        case Drawn(_salt, first, end):
            told = {"value": _write(value), "first": _write(first / 100), "end": _write(end / 100)}
            return str(_("Was drawn at %(value)s %%; the condition: from %(first)s to below %(end)s %%.") % told)
        case _:
            assert_never(node)


def _describe_counted(node: Counted, value: Any) -> str:
    told: dict[str, Any] = {"what": _name_key(node), "value": _write(value), "when": ""}
    if node.within is not None:
        told["when"] = _(" in the last %(time)s") % {"time": write_duration(node.within)}
    if node.measure in ("first", "last"):
        told["asked"] = _ask_when(node.within, node.before)
        if value is None:
            return str(_("%(what)s: never; the condition: %(asked)s.") % told)
        told["value"] = _write_granule(value, node.key.hourly)
        if node.measure == "first":
            return str(_("%(what)s: first %(value)s; the condition: %(asked)s.") % told)
        return str(_("%(what)s: last %(value)s; the condition: %(asked)s.") % told)
    told["asked"] = _join(node.operator.rstrip("_"), node.operand)
    if node.measure == "sum" and isinstance(node.key, EventKey):
        told["sum"] = node.key.sum
        return str(_("%(what)s%(when)s: %(sum)s adds up to %(value)s; the condition: %(asked)s.") % told)
    return str(_("%(what)s%(when)s: %(value)s times; the condition: %(asked)s.") % told)


def _name_key(node: Counted) -> str:
    key = node.key
    if isinstance(key, EventKey):
        name = f"“{key.name or key.type}”"
        return str(_("%(event)s that fits") % {"event": name}) if key.where else name
    of = " / ".join(filter(None, (key.journey, key.step, key.channel)))
    return f"{MESSAGES[key.state]} ({of})" if of else str(MESSAGES[key.state])


def _ask_when(within: timedelta | None, before: timedelta | None) -> str:
    if within is not None:
        return str(_("in the last %(time)s") % {"time": write_duration(within)})
    return str(_("longer ago than %(time)s") % {"time": write_duration(before or timedelta())})


def _write_granule(at: datetime, hourly: bool) -> str:
    return f"{at:%Y-%m-%d %H}:00 UTC" if hourly else f"{at:%Y-%m-%d}"


def _join(operator: str, operand: Any) -> str:
    told = ", ".join(map(_write, operand)) if isinstance(operand, tuple) else _write(operand)
    return f"{operator.replace('_', ' ')} {told}"


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int | float) or hasattr(value, "as_tuple"):
        text = f"{value:f}".rstrip("0").rstrip(".") if not isinstance(value, int) else str(value)
        return str(number_format(text, use_l10n=True)) if len(text) < 20 else text
    if isinstance(value, list):
        return ", ".join(map(_write, value)) or _("an empty list")
    return str(value)
