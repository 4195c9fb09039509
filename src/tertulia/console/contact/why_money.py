"""What the gate of speed and budget looked at, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from tertulia.console.tags import plain_amount, plain_num


def describe_money(facts: Mapping[str, Any]) -> str:
    """What the message costs, and what of its budgets stood in the way or was left."""
    if facts.get("channel") == "stopped":
        return _("the channel is stopped")
    if "canary" in facts and not facts["canary"]["first"]:
        return _("goes to %(share)s of the customers first, and this is none of them") % facts["canary"]
    turn = _describe_turn(facts["throttle"]) if "throttle" in facts else ""
    if facts.get("budget") == "none set":
        return turn or _("no budget set")
    parts = [turn] if turn else []
    parts += [_("costs %(amount)s") % {"amount": plain_amount(facts.get("cost_micros", 0))}]
    if facts.get("exempt"):
        parts.append(_("exempt from budgets"))
    if facts.get("reserved"):
        parts.append(_("its money was kept from the attempt before"))
    if "most_micros" in facts and "short" not in facts:
        told = {"amount": plain_amount(facts["most_micros"]), "whose": _whose(facts["most_of"])}
        parts.append(_("a message may cost %(amount)s (%(whose)s)") % told)
    rooms = [facts["short"]] if "short" in facts else facts.get("budgets", ())
    return ", ".join([*parts, *(_describe_room(room) for room in rooms)])


def _describe_turn(throttle: Mapping[str, Any]) -> str:
    told = {"messages": plain_num(throttle["messages"]), "per": throttle["per"], "ahead": plain_num(throttle["ahead"])}
    words = _("%(messages)s messages in %(per)s") % told
    return words + (_(", %(ahead)s ahead of it") % told if throttle["ahead"] else "")


def _describe_room(room: Mapping[str, Any]) -> str:
    words = {
        "day": _("%(left)s of %(limit)s left of the day (%(whose)s)"),
        "month": _("%(left)s of %(limit)s left of the month (%(whose)s)"),
        "total": _("%(left)s of %(limit)s left in all (%(whose)s)"),
    }[room["per"]]
    left, limit = (plain_amount(room[name]) for name in ("left_micros", "limit_micros"))
    return words % {"left": left, "limit": limit, "whose": _whose(room["name"] or room["of"])}


def _whose(name: str) -> str:
    return _("the workspace") if name == "workspace" else name
