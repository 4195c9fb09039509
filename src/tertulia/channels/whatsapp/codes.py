"""Cloud API error codes, the same in an answer and in a `failed` status (source: “Error codes”, Cloud API)."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.meta import judge_error
from tertulia.channels.outcomes import HOUR_S, make_outcome
from tertulia.channels.wire import JsonMap, pick_int, pick_text

PAIR_RATE_WAIT_S = 6.0

CODES = {
    **dict.fromkeys((2, 131000, 131016, 131057, 133016), "retry.unavailable"),
    **dict.fromkeys((4, 80007, 130429, 131056), "retry.throttled"),
    **dict.fromkeys((131048, 131064), "retry.quota"),
    **dict.fromkeys((0, 190), "fix.credentials"),
    **dict.fromkeys((3, 10, 131005), "fix.permission"),
    **dict.fromkeys((131031, 131042, 131044, 368), "fix.account"),
    **dict.fromkeys((131037, 131045), "fix.sender"),
    **dict.fromkeys((100, 131008, 131009, 131063, 135000), "fix.request"),
    130497: "fix.region",
    **dict.fromkeys((131051, 131052, 131053), "fix.content"),
    **dict.fromkeys((132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069), "fix.template"),
    131021: "fix.address",
    131026: "gone.not_on_app",
    131030: "gone.not_allowed",
    131062: "gone.refused",
    137000: "gone.identity_changed",
    131050: "gone.marketing_stopped",
    131049: "gone.withheld",
    130472: "gone.for_now",
    131047: "window.closed",
}
_WAITS_S = {131056: PAIR_RATE_WAIT_S, 131048: 4 * HOUR_S, 131064: 4 * HOUR_S}


def judge(response: HttpResponse) -> Outcome:
    """The outcome of a refused send."""
    outcome = judge_error(response, CODES, {})
    return _with_wait(outcome)


def judge_status_error(error: JsonMap) -> Outcome:
    """The outcome of one entry of a status's `errors`."""
    code = pick_int(error, "code")
    detail = pick_text(error, "error_data", "details") or pick_text(error, "title") or pick_text(error, "message")
    reason = CODES.get(code, "gone.undelivered") if code is not None else "gone.undelivered"
    return _with_wait(make_outcome(reason, "" if code is None else str(code), detail))


def _with_wait(outcome: Outcome) -> Outcome:
    wait = _WAITS_S.get(int(outcome.code)) if outcome.code.isdecimal() else None
    if wait is None:
        return outcome
    return make_outcome(outcome.reason, outcome.code, outcome.detail, retry_after=max(wait, outcome.retry_after_s or 0))
