"""Why a message was or was not sent: one sentence, the moment, the outcome, and every gate with the facts it used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tertulia.actions.guard_words import tell_guard
from tertulia.actions.hour_words import tell_row
from tertulia.actions.run_words import name_told_cause
from tertulia.actions.why import read_gates
from tertulia.console.contact.why_money import describe_money
from tertulia.console.contact.words import CONSENT_SOURCES, GATE_NAMES, TOPICS, WINDOWS
from tertulia.core.hold_outs import WORKSPACE
from tertulia.store.ledger_read import LedgerRow

OUTCOMES = {
    "sent": "badge-ok",
    "called": "badge-ok",
    "held": "badge-warn",
    "not_sent": "badge-danger",
    "failed": "badge-danger",
}
ICONS = {"passed": "check", "failed": "x", "held": "hourglass", "not-reached": "minus"}


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate: passed, failed, held or not-reached, with its fact in words."""

    name: str
    state: str
    icon: str
    fact: str


@dataclass(frozen=True, slots=True)
class Why:
    """The whole answer about the newest of some decisions."""

    decision: LedgerRow
    sentence: str
    outcome: str
    outcome_class: str
    until: datetime | None
    gates: list[GateLine]


def explain_decisions(rows: Sequence[LedgerRow]) -> Why:
    """The answer for decisions about one message, the newest first."""
    newest = rows[0]
    words = {
        "sent": _("Sent"),
        "held": _("Held"),
        "not_sent": _("Not sent"),
        "ghost": _("Held out"),
        "failed": _("Failed"),
        "revoked": _("Revoked"),
        "not_entered": _("Not entered"),
        "unanswered": _("Not answered"),
        "unconfirmed": _("Not confirmed"),
        "not_handed_over": _("Not handed over"),
        "called": _("Called"),
        "assigned": _("Assigned"),
        "timed": _("Hour chosen"),
        "moved": _("Moved"),
        "restarted": _("Began again"),
    }
    return Why(
        newest,
        tell_row(newest),
        words.get(newest.outcome, newest.outcome),
        OUTCOMES.get(newest.outcome, ""),
        read_instant(newest.facts.get("until")),
        list_gates(rows),
    )


def list_gates(rows: Sequence[LedgerRow]) -> list[GateLine]:
    """The gates in their fixed order; those that were not reached stand together at the end."""
    lines, ahead = [], []
    for gate in read_gates(rows):
        name = str(GATE_NAMES.get(gate.gate, gate.gate))
        if gate.state == "not_reached":
            ahead.append(name)
            continue
        stopped = "held" if rows[0].outcome == "held" else "failed"
        state = stopped if gate.state == "failed" else "passed"
        lines.append(GateLine(name, state, ICONS[state], describe_facts(gate.gate, gate.facts)))
    if ahead:
        lines.append(GateLine(", ".join(ahead), "not-reached", ICONS["not-reached"], _("not reached")))
    return lines


def describe_facts(gate: str, facts: Mapping[str, Any]) -> str:
    """The facts that a gate used, in words; empty where it says nothing that its name does not."""
    if facts.get("rule") == "none set":
        return _("none set")
    match gate:
        case "entry":
            return tell_guard(facts["guard"]) if facts.get("guard") else name_told_cause(facts)
        case "audience":
            inside = facts.get("audience") == "inside"
            return _("still in the segment") if inside else _("no longer in the segment")
        case "consent":
            return _describe_consent(facts)
        case "suppression":
            return "" if facts.get("cause", "none") == "none" else str(facts["cause"])
        case "platform_window":
            return _describe_window(facts)
        case "send_window":
            return _describe_hours(facts)
        case "cap":
            return _describe_caps(facts)
        case "throttle":
            return describe_money(facts)
        case "coupon":
            return _describe_coupons(facts)
        case "render":
            return _describe_text(facts)
        case "hold_out":
            return _describe_hold_outs(facts)
        case "trust":
            return _describe_trust(facts)
        case "deadline":
            return _format(facts.get("deadline"))
        case "address":
            return _("the provider's code %(code)s") % {"code": facts["code"]} if facts.get("code") else ""
        case _:
            return ""


def _describe_coupons(facts: Mapping[str, Any]) -> str:
    """Of which pools, and whether the customer had the code before."""
    if "pool" in facts:
        return _("“%(pool)s” has no code left") % {"pool": facts["pool"]}
    words = {True: _("“%(pool)s”: the code that the customer had"), False: _("“%(pool)s”: a code claimed")}
    return ", ".join(words[bool(told["kept"])] % {"pool": told["pool"]} for told in facts.get("coupons", ()))


def _describe_hold_outs(facts: Mapping[str, Any]) -> str:
    """Of each, on which side the customer is, and since when."""
    if facts.get("exempt"):
        return _("exempt")
    parts = []
    for told in facts.get("arms", ()):
        of_all = told["hold_out"] == WORKSPACE
        said = {"share": told["share"], "at": _format(told.get("since"))}
        words = {
            (True, True): _("held out of all marketing with %(share)s of customers"),
            (True, False): _("held out of the journey with %(share)s of customers"),
            (False, True): _("not among the %(share)s held out of all marketing"),
            (False, False): _("not among the %(share)s held out of the journey"),
        }[bool(told["held"]), of_all]
        parts.append(words % said + (_(", since %(at)s") % said if said["at"] else ""))
    return ", ".join(parts)


def _describe_text(facts: Mapping[str, Any]) -> str:
    """Which template it was made of, if any, and what it came to."""
    parts = []
    if "template" in facts:
        parts.append(_("template %(template)s, revision %(revision)s, %(locale)s") % facts)
    if "characters" in facts:
        said = {"n": facts["characters"], "max": facts.get("characters_max", "")}
        parts.append(_("%(n)s of %(max)s characters") % said)
    if "variable" in facts:
        parts.append(_("“%(name)s” is missing, line %(line)s") % {"name": facts["variable"], "line": facts["line"]})
    if facts.get("abort"):
        parts.append(_("“%(reason)s”") % {"reason": facts["abort"]})
    return ", ".join(parts)


def _describe_consent(facts: Mapping[str, Any]) -> str:
    topic = TOPICS.get(str(facts.get("topic", "")), facts.get("topic", ""))
    source = CONSENT_SOURCES.get(str(facts.get("source", "")), "")
    parts = [str(topic), str(source), _format(facts.get("at"))]
    if facts.get("text_version"):
        parts.append(_("text %(version)s") % {"version": facts["text_version"]})
    return ", ".join(part for part in parts if part)


def _describe_trust(facts: Mapping[str, Any]) -> str:
    """Empty where nothing in the text is sensitive, for then any trust does."""
    if not facts.get("sensitive") or not isinstance(facts["sensitive"], list):
        return ""
    names = ", ".join(f"“{name}”" for name in facts["sensitive"])
    if facts.get("trust") == "verified":
        return _("%(names)s, sensitive; verified at this address") % {"names": names}
    if facts.get("neutral"):
        return _("%(names)s, sensitive; not verified at this address, so the neutral text") % {"names": names}
    return _("%(names)s, sensitive; not verified at this address") % {"names": names}


def _describe_window(facts: Mapping[str, Any]) -> str:
    until = _format(facts.get("until"))
    words = {
        "free": _("none on this channel"),
        "open": _("open until %(until)s") % {"until": until},
        "closed": _("closed since %(until)s") % {"until": until},
        "customer_first": _("the customer must write first"),
    }
    return words.get(str(facts.get("window", "")), "")


def _describe_hours(facts: Mapping[str, Any]) -> str:
    """What the customer's clock showed, and of hours that were closed whose they are and when they begin."""
    if facts.get("exempt"):
        return _("exempt")
    said = {"time": str(facts.get("local", ""))[11:16], "zone": facts.get("zone", "")}
    parts = [_("%(time)s in %(zone)s") % said]
    if "closed" in facts:
        parts.insert(0, str(WINDOWS.get(str(facts["closed"]), facts["closed"])))
    if opens := _format(facts.get("opens")):
        parts.append(_("open from %(at)s") % {"at": opens})
    if facts.get("zone_fallback"):
        parts.append(_("a zone that nobody knows was passed over"))
    return ", ".join(parts)


def _describe_caps(facts: Mapping[str, Any]) -> str:
    """How many each cap counted; of one that was reached when there is room again."""
    if facts.get("exempt"):
        return _("important, so exempt") if facts.get("important") else _("exempt")
    if "cap" in facts:
        said = {"name": facts["cap"], "counted": len(facts.get("counted", ())), "at": _format(facts.get("free_at"))}
        return _("“%(name)s” counted %(counted)d; room again from %(at)s") % said
    return ", ".join(_("“%(cap)s”: %(counted)d of %(limit)d") % told for told in facts.get("caps", ()))


def read_instant(text: object) -> datetime | None:
    """An ISO instant from a fact, or None."""
    found = parse_datetime(text) if isinstance(text, str) and text else None
    return found if found is not None and timezone.is_aware(found) else None


def _format(text: object) -> str:
    at = read_instant(text)
    return date_format(timezone.localtime(at), "j M H:i") if at else ""
