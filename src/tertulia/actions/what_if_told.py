"""What a simulation came to, for machines and pages: one document of plain values."""

from collections.abc import Mapping
from typing import Any

from tertulia.actions.guard_words import tell_guard
from tertulia.actions.what_if import Played
from tertulia.actions.why import explain_reason
from tertulia.core.journeys import Program
from tertulia.core.reasons import Reason
from tertulia.core.simulation.crowd import REACTIONS, Crowd
from tertulia.core.simulation.report import CAP_GATE, THROTTLE_GATE, WINDOW_GATE, Report
from tertulia.core.world import ChannelFacts, Config


def tell_played(played: Played, program: Program, config: Config, left: Mapping[int, int]) -> dict[str, Any]:
    """The figures of one journey. `left`: codes of each pool that are free today. Counts under `not_sent`, `held` and
    `not_entered` have their reason's code and sentence; steps stand in the order of the document. `reactions` are
    those of synthetic customers, else None."""
    report = played.report
    channels = config.channels
    return {
        "to": played.to,
        "whole": played.whole,
        "entered": report.entered,
        "completed": report.completed,
        "inside": len(report.inside),
        "ended": [
            {"outcome": outcome, "reason": reason, "count": count}
            for (outcome, reason), count in report.ended.most_common()
        ],
        "messages": report.messages,
        "calls": report.calls,
        "by_day": [
            {"day": day, "channel": channels[channel_id].name, "kind": channels[channel_id].family, "count": count}
            for (day, channel_id), count in sorted(report.sent.items())
        ],
        "waiting": len(report.waiting),
        "held_out": report.ghosts.total(),
        "held_by_hours": report.count_held(WINDOW_GATE),
        "held_by_cap": report.count_held(CAP_GATE),
        "guard": _tell_pause(played),
        "canary": _tell_canary(played, program),
        "coupons": _tell_coupons(report, config, left),
        "cost": [{"currency": currency, "micros": micros} for currency, micros in sorted(report.cost_micros.items())],
        "not_sent": [
            {"step": step, "outcome": outcome, "gate": gate, **_explain(reason), "count": count}
            for (step, outcome, gate, reason), count in report.unsent.most_common()
        ],
        "held": [{"gate": gate, **_explain(reason), "count": n} for (gate, reason), n in report.held.most_common()],
        "not_entered": [{**_explain(reason), "count": count} for reason, count in report.refused.most_common()],
        "reactions": tell_reactions(played.crowd, report.journey_id),
        "steps": _tell_steps(report, program, played.crowd),
        "samples": _tell_samples(report, channels),
    }


def _tell_pause(played: Played) -> dict[str, Any] | None:
    """Which guard paused the journey, when, on what figures, and in words; None where none did."""
    if played.paused is None:
        return None
    fired = played.paused.fired.tell()
    return {"at": played.paused.at, **fired, "sentence": tell_guard(fired)}


def _tell_canary(played: Played, program: Program) -> dict[str, Any] | None:
    """To which share the messages went first, until when, and how many waited; None without a canary."""
    rule = program.journey.canary
    if played.canary is None or rule is None:
        return None
    held = played.report.held[(THROTTLE_GATE, Reason.CANARY.value)]
    return {"share": rule.share, "until": played.canary.until, "held": held}


def _tell_coupons(report: Report, config: Config, left: Mapping[int, int]) -> list[dict[str, Any]]:
    """How many codes were needed of each pool, and how many it has; None of a code that everybody gets."""
    needed = report.count_coupons()
    pools = [pool for pool in config.pools.values() if pool.id in needed]
    return [
        {"pool": pool.key, "name": pool.name, "needed": needed[pool.id], "left": left.get(pool.id)} for pool in pools
    ]


def _explain(reason: str) -> dict[str, str]:
    return {"reason": reason, "sentence": explain_reason(reason)}


def tell_reactions(crowd: Crowd | None, journey_id: int, step: str | None = None) -> dict[str, int] | None:
    """What customers did with the messages of a journey, or of one of its steps; None where nobody imagines it."""
    if crowd is None:
        return None
    counts = dict.fromkeys(REACTIONS, 0)
    for (of, at, what), count in crowd.done.items():
        if of == journey_id and step in (None, at):
            counts[what] += count
    return counts


def _tell_steps(report: Report, program: Program, crowd: Crowd | None) -> list[dict[str, Any]]:
    return [
        {
            "step": step,
            "kind": node.step.KIND,
            "name": node.step.name,
            "reached": report.steps[(step, "reached")],
            "sent": report.sent_by_step[step],
            "ended": sum(count for (at, what), count in report.steps.items() if at == step and what != "reached"),
            "reactions": tell_reactions(crowd, report.journey_id, step),
        }
        for step, node in program.nodes.items()
    ]


def _tell_samples(report: Report, channels: Mapping[int, ChannelFacts]) -> list[dict[str, Any]]:
    return [
        {
            "contact_id": sample.contact_id,
            "name": sample.name,
            "at": sample.at,
            "channel": channels[sample.channel_id].name,
            "kind": channels[sample.channel_id].family,
            "step": sample.step,
            "text": sample.text,
        }
        for sample in report.samples
    ]
