"""The gates of a send, in one order (semantics: "The gates of a send"; S0, S1, C4, M6, X2).

`judge` asks every gate of `ORDER` in turn and stops at the first that does not let the message pass; the verdict
carries the facts that each gate used, so the ledger can show them. Nothing is looked up here: `SendFacts` hold what the
claim loaded in its transaction; the same facts give the same verdict for the claim, for `why` and for a preview.

Gates whose subject cannot be configured yet (country rules) stand in the order and pass with the fact "none set"; who
adds the subject adds its facts to `SendFacts` and its rule here, and nothing moves.

A hold-out is asked last: who is on its side has passed every other gate and was rendered, like those whom they are
compared with, and their message is a *ghost* (A3).
A message is *held* where time alone may change the answer (paused, outside its window, at a cap, throttled, budget
spent, channel stopped, no coupon left) and *dropped* where it will not. One that is dropped on a channel may go out on
the next of its list, unless the refusal is for all. `render`, the dear one, is called when the gates before it pass.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, assert_never
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core.budgets import judge_charge, tell_room
from tertulia.core.caps import (
    AtCap,
    CapsPassed,
    CapsRefused,
    defer_until,
    judge_caps,
    write_per,
)
from tertulia.core.consent import Cause, Given, permits
from tertulia.core.deliveries import CLASS_RULES
from tertulia.core.match import Need, is_trusted
from tertulia.core.reasons import Reason
from tertulia.core.render import Abort, Broken, Missing, OnMissing, Rendered
from tertulia.core.send_facts import Audience, Facts, Platform, RunState, SendFacts
from tertulia.core.shares import write_share
from tertulia.core.wall_clock import Span, read_wall
from tertulia.core.windows import Outside, Window, choose_windows, find_closed, next_opening, spread
from tertulia.core.zones import load_zone

NONE_SET: Final[Facts] = {"rule": "none set"}
COUPON: Final = "coupon"
COUPON_AGAIN: Final = timedelta(minutes=15)  # codes that come back wake nobody; added ones do


class Verb(StrEnum):
    """What is to become of the message."""

    SEND = "send"
    HOLD = "hold"
    DROP = "drop"
    GHOST = "ghost"  # to go on as if it had been sent


class Pass(msgspec.Struct, frozen=True):
    """A gate let the message through, on these facts. The rendering gate adds the text."""

    facts: Facts
    text: str = ""


class Refuse(msgspec.Struct, frozen=True):
    """A gate did not: hold (until, if known) or drop, why, on these facts. `everywhere`: what is dropped is not tried
    on another channel. `promised`: until then nothing changes by itself; else it is only asked again."""

    verb: Verb
    reason: Reason
    facts: Facts
    until: datetime | None = None
    everywhere: bool = False
    promised: bool = True


Finding = Pass | Refuse
Gate = Callable[[SendFacts], Finding]


class Verdict(msgspec.Struct, frozen=True):
    """The decision about one message (S1). `gate` is the one that refused, `provider` when all passed; `passed` the
    gates before it with the facts each used. `text` is there only to send; `until` when a held one is due again;
    `everywhere` and `promised` as in Refuse."""

    outcome: Verb
    gate: str
    reason: Reason
    facts: Facts
    passed: tuple[tuple[str, Facts], ...]
    text: str = ""
    until: datetime | None = None
    everywhere: bool = False
    promised: bool = True


def judge(facts: SendFacts) -> Verdict:
    """Ask the gates in order; the first refusal is the verdict (S1)."""
    passed: list[tuple[str, Facts]] = []
    text = ""
    for name, gate in ORDER:
        match gate(facts):
            case Pass(used, made):
                passed.append((name, used))
                text = made or text
            case Refuse(verb, reason, used, until, everywhere, promised):
                return Verdict(verb, name, reason, used, tuple(passed), "", until, everywhere, promised)
    return Verdict(Verb.SEND, "provider", Reason.PASSED, {}, tuple(passed), text)


def _gate_run(facts: SendFacts) -> Finding:
    """Run still live: pause and stop of the match, a merged or erased contact."""
    used: Facts = {"state": facts.run.value}
    if facts.contact_erased:
        return Refuse(Verb.DROP, Reason.CONTACT_ERASED, used)
    if facts.contact_merged:
        return Refuse(Verb.DROP, Reason.CONTACT_MERGED, used)
    match facts.run:
        case RunState.LIVE:
            return Pass(used)
        case RunState.PAUSED:
            return Refuse(Verb.HOLD, Reason.RUN_PAUSED, used)
        case RunState.STOPPED:
            return Refuse(Verb.DROP, Reason.RUN_STOPPED, used)
        case RunState.ENDED:
            return Refuse(Verb.DROP, Reason.RUN_ENDED, used)
        case RunState.CODE_OVER:
            return Refuse(Verb.DROP, Reason.CODE_OVER, used)
        case _:
            assert_never(facts.run)


def _gate_audience(facts: SendFacts) -> Finding:
    """Who has left a broadcast's segment meanwhile is not one of those whom it is for."""
    if facts.audience is Audience.NONE:
        return Pass(NONE_SET)
    used: Facts = {"audience": facts.audience.value}
    if facts.audience is Audience.LEFT:
        return Refuse(Verb.DROP, Reason.AUDIENCE_LEFT, used, everywhere=True)
    return Pass(used)


def _gate_address(facts: SendFacts) -> Finding:
    """Address present and not known dead. Ledger rows hold ids, never values (C5): the address is not a fact."""
    if not facts.address:
        return Refuse(Verb.DROP, Reason.NO_ADDRESS, {"address": "none"})
    if facts.mobile_needed and not facts.mobile:
        return Refuse(Verb.DROP, Reason.NOT_MOBILE, {"mobile": False})
    if facts.dead_code:
        return Refuse(Verb.DROP, Reason.ADDRESS_DEAD, {"code": facts.dead_code})
    return Pass({"address": "present"})


def _gate_trust(facts: SendFacts) -> Finding:
    """Sensitive content needs a verified identity, else the neutral text goes where there is one (M6)."""
    used: Facts = {"trust": facts.trust.name.lower(), "sensitive": list(facts.sensitive), "neutral": facts.neutral}
    need = Need.SENSITIVE if facts.sensitive and not facts.neutral else Need.SEND
    return Pass(used) if is_trusted(facts.trust, need) else Refuse(Verb.DROP, Reason.TRUST_TOO_LOW, used)


def _gate_consent(facts: SendFacts) -> Finding:
    """Consent for channel and topic, by class (S0, C1)."""
    state = facts.consent
    by = state.blocked_by or state.by
    used: dict[str, object] = {
        "class": facts.message_class.value,
        "topic": facts.topic,
        "state": state.given.value if state.given else "none",
        "source": by.source.value if by else "none",
        "at": by.at.isoformat() if by else "",
        "evidence": by.evidence if by else "",
        "text_version": by.text_version if by else "",
    }
    if permits(state, facts.message_class, answers=facts.answers):
        return Pass(used | ({"answers": "comment"} if facts.answers else {}))
    if state.blocked_by is not None:
        return Refuse(Verb.DROP, Reason.BLOCKED, used)
    return Refuse(Verb.DROP, Reason.WITHDRAWN if state.given is Given.WITHDRAWN else Reason.NO_CONSENT, used)


_SUPPRESSED: Final = {
    Cause.WITHDRAWN: Reason.SUPPRESSED_WITHDRAWN,
    Cause.BOUNCED: Reason.SUPPRESSED_BOUNCED,
    Cause.COMPLAINED: Reason.SUPPRESSED_COMPLAINED,
    Cause.DEAD_NUMBER: Reason.SUPPRESSED_DEAD_NUMBER,
    Cause.LEGAL: Reason.SUPPRESSED_LEGAL,
    Cause.MANUAL: Reason.SUPPRESSED_MANUAL,
}


def _gate_suppression(facts: SendFacts) -> Finding:
    """Causes stay apart (C4)."""
    found = facts.suppression
    if found is None:
        return Pass({"cause": "none"})
    used: Facts = {"cause": found.cause.value, "at": found.at.isoformat(), "evidence": found.evidence}
    return Refuse(Verb.DROP, _SUPPRESSED[found.cause], used)


def _gate_deadline(facts: SendFacts) -> Finding:
    if facts.deadline is None:
        return Pass(NONE_SET)
    used: Facts = {"deadline": facts.deadline.isoformat()}
    if facts.now >= facts.deadline:
        return Refuse(Verb.DROP, Reason.DEADLINE_PASSED, used, everywhere=True)
    return Pass(used)


def _gate_platform(facts: SendFacts) -> Finding:
    """The platform's messaging window (I7), and the one private reply to a comment."""
    used: Facts = {
        "window": facts.platform.value,
        "until": facts.window_until.isoformat() if facts.window_until else "",
    }
    match facts.platform:
        case Platform.FREE | Platform.OPEN:
            return Pass(used)
        case Platform.CLOSED:
            return Refuse(Verb.DROP, Reason.WINDOW_CLOSED, used)
        case Platform.CUSTOMER_FIRST:
            return Refuse(Verb.DROP, Reason.MUST_WRITE_FIRST, used)
        case Platform.REPLIED:
            return Refuse(Verb.DROP, Reason.COMMENT_REPLIED, used)
        case _:
            assert_never(facts.platform)


def _gate_throttle(facts: SendFacts) -> Finding:
    """The channel's state, the budgets (V3), and the journey's throttle. Throttling is never a failure (S2)."""
    if facts.channel_stopped:
        return Refuse(Verb.HOLD, Reason.CHANNEL_STOPPED, {"channel": "stopped"})
    if facts.canary is not None and not facts.canary.first:
        until = min(facts.canary.until, facts.deadline or facts.canary.until)
        return Refuse(Verb.HOLD, Reason.CANARY, {"canary": facts.canary.tell()}, until)
    turn, charge = facts.turn, facts.charge() if facts.charge is not None else None
    used = charge.tell() if charge is not None else {"budget": "none set"}
    used |= {"throttle": turn.tell()} if turn is not None else {}
    used |= {"canary": facts.canary.tell()} if facts.canary is not None else {}
    short = judge_charge(charge, facts.now) if charge is not None else None
    if short is not None and short.room is None:
        return Refuse(Verb.DROP, Reason.MESSAGE_TOO_DEAR, used)
    if short is not None and short.room is not None:
        until, used = min(short.until, facts.deadline or short.until), used | {"short": tell_room(short.room)}
        return Refuse(Verb.HOLD, Reason.BUDGET_SPENT, used, until, promised=short.promised)
    if turn is not None and turn.at > facts.now:
        return Refuse(Verb.HOLD, Reason.THROTTLED, used, min(turn.at, facts.deadline or turn.at))
    return Pass(used)


def _gate_coupon(facts: SendFacts) -> Finding:
    """A code of every pool that the message shows one of (S5). Which code is no fact of the ledger (C5)."""
    if not facts.coupons:
        return Pass(NONE_SET)
    lacking = next((grant for grant in facts.coupons if not grant.code), None)
    if lacking is not None:
        until = facts.now + COUPON_AGAIN
        used: Facts = {"step": lacking.step, "pool": lacking.key}
        return Refuse(Verb.HOLD, Reason.COUPONS_SPENT, used, min(until, facts.deadline or until), promised=False)
    told = [{"step": grant.step, "pool": grant.key, "kept": grant.kept is not None} for grant in facts.coupons]
    return Pass({"coupons": told})


def _gate_render(facts: SendFacts) -> Finding:
    """Abort, missing variable by policy (S4), a text too long for the channel."""
    used = dict(facts.template)
    match facts.render():
        case Rendered(text):
            used |= {"characters": len(text), "characters_max": facts.characters_max}
            return Pass(used, text) if len(text) <= facts.characters_max else Refuse(Verb.DROP, Reason.TOO_LONG, used)
        case Abort(why):
            return Refuse(Verb.DROP, Reason.TEMPLATE_ABORTED, used | {"abort": why})
        case Missing(name, line):
            skipped = facts.on_missing is OnMissing.SKIP
            reason = Reason.MISSING_SKIPPED if skipped else Reason.MISSING_VARIABLE
            return Refuse(Verb.DROP, reason, used | {"variable": name, "line": line, "policy": facts.on_missing.value})
        case Broken(problem):
            used |= {"problem": problem.code.value, "line": problem.line}
            return Refuse(Verb.DROP, Reason.TEMPLATE_BROKEN, used)
        case never:
            assert_never(never)


def _gate_windows(facts: SendFacts) -> Finding:
    """Send window and quiet hours, by the customer's clock (Q1-Q3). What is held is released within the opening, at a
    place of its own (Q2), and looked at sooner where its deadline comes first."""
    windows = choose_windows(facts.windows, facts.message_class)
    if not windows:
        return Pass(_exempt(CLASS_RULES[facts.message_class].exempt_from_windows))
    zone = load_zone(facts.zone.zone)
    used = _tell_clock(facts, [window.name for window in windows])
    closed = find_closed(windows, facts.now, zone)
    if closed is None:
        return Pass(used)
    opening = _find_opening(windows, facts.now, zone)
    if opening is None:
        return Refuse(Verb.DROP, Reason.NEVER_OPEN, used | {"closed": closed.name}, everywhere=True)
    used |= {"closed": closed.name, "opens": opening.begin.isoformat()}
    match facts.outside:
        case Outside.HOLD:
            until = spread(facts.delivery_id, opening.begin, opening.end)
            until = min(until, facts.deadline or until)
            return Refuse(Verb.HOLD, Reason.OUTSIDE_HOURS, used, until)
        case Outside.DROP | Outside.NEXT_CHANNEL:
            everywhere = facts.outside is Outside.DROP
            return Refuse(Verb.DROP, Reason.OUTSIDE_HOURS, used, everywhere=everywhere)
        case _:
            assert_never(facts.outside)


@lru_cache(maxsize=1_000)
def _find_opening(windows: tuple[Window, ...], now: datetime, zone: ZoneInfo) -> Span | None:
    """The next opening. Many messages of a cycle are held by the same hours, and finding it takes 0.4 ms."""
    return next_opening(windows, now, zone)


def _tell_clock(facts: SendFacts, windows: list[str]) -> dict[str, object]:
    """Whose clock it was, what it showed, and which windows were read by it (T4)."""
    choice = facts.zone
    used: dict[str, object] = {
        "windows": windows,
        "zone": choice.zone,
        "zone_of": choice.source.value,
        "local": read_wall(facts.now, load_zone(choice.zone)).isoformat(timespec="minutes"),
    }
    if choice.fallback:
        used[choice.fallback] = [f"{source.value}: {name}" for source, name in choice.refused]
    return used


def _gate_caps(facts: SendFacts) -> Finding:
    """Frequency caps (F1, F5, F6): the facts name the cap and the messages that it counted."""
    match judge_caps(facts.caps, facts.slots, facts.now, load_zone(facts.zone.zone), facts.message):
        case CapsPassed(exempt=True):
            return Pass({"exempt": True, "important": facts.message.important})
        case CapsPassed(counts):
            told = [{"cap": cap.name, "counted": count, "limit": cap.limit} for cap, count in counts]
            return Pass({"caps": told} if told else _exempt(exempt=False))
        case CapsRefused(cap, counted, free_at):
            used: Facts = {
                "cap": cap.name,
                "limit": cap.limit,
                "per": write_per(cap),
                "counted": [str(delivery_id) for delivery_id in counted],
                "free_at": free_at.isoformat(),
            }
            if facts.at_cap is AtCap.DEFER:
                return Refuse(Verb.HOLD, Reason.CAP_REACHED, used, defer_until(free_at, facts.deadline))
            return Refuse(Verb.DROP, Reason.CAP_REACHED, used, everywhere=facts.at_cap is AtCap.DROP)
        case never:
            assert_never(never)


def _exempt(exempt: bool) -> Facts:
    return {"exempt": True} if exempt else {**NONE_SET, "exempt": False}


def _gate_hold_out(facts: SendFacts) -> Finding:
    """The workspace's hold-out, then the journey's (A2, A3)."""
    if not facts.arms:
        return Pass({"exempt": True} if CLASS_RULES[facts.message_class].exempt_from_hold_outs else NONE_SET)
    told = [
        {
            "hold_out": arm.experiment,
            "share": write_share(arm.share),
            "bucket": arm.bucket,
            "held": arm.held,
            "since": arm.since.isoformat() if arm.since else "",
        }
        for arm in facts.arms
    ]
    place = next((place for place, arm in enumerate(facts.arms) if arm.held), None)
    if place is None:
        return Pass({"arms": told})
    return Refuse(Verb.GHOST, facts.arms[place].reason, {"arms": told[: place + 1]})


def _gate_none_set(facts: SendFacts) -> Finding:
    """Nothing of this kind can be configured yet."""
    return Pass(NONE_SET)


ORDER: Final[tuple[tuple[str, Gate], ...]] = (
    ("run", _gate_run),
    ("audience", _gate_audience),
    ("address", _gate_address),
    ("trust", _gate_trust),
    ("consent", _gate_consent),
    ("country", _gate_none_set),
    ("suppression", _gate_suppression),
    ("deadline", _gate_deadline),
    ("platform_window", _gate_platform),
    ("send_window", _gate_windows),
    ("cap", _gate_caps),
    ("throttle", _gate_throttle),
    (COUPON, _gate_coupon),
    ("render", _gate_render),
    ("hold_out", _gate_hold_out),
)
"""Every gate, in the order of the rules; then the provider."""
