"""Twilio's error codes, the same in an answer and as `ErrorCode` in a status callback (source: “Error dictionary”)."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.outcomes import judge_status, make_outcome
from tertulia.channels.wire import pick_int, pick_text, read_answer, retry_after_s

CODES = {
    **dict.fromkeys((14107, 20429, 21611, 30001, 30022, 30410, 63018), "retry.throttled"),
    **dict.fromkeys((20500, 20503, 30017, 63012), "retry.unavailable"),
    **dict.fromkeys((30023, 30027), "retry.tomorrow"),
    20003: "fix.credentials",
    **dict.fromkeys((20404, 21703, 21705), "fix.setup"),
    21211: "fix.address",
    **dict.fromkeys((21212, 21606, 21601, 21657, 30018, 30024, 30032, 30034), "fix.sender"),
    21408: "fix.region",
    **dict.fromkeys((21602, 21619, 21620, 21623), "fix.content"),
    21617: "fix.too_long",
    **dict.fromkeys((21654, 21655, 21656), "fix.template"),
    **dict.fromkeys((30002,), "fix.account"),
    **dict.fromkeys((30007, 30033, 30035), "fix.policy"),
    **dict.fromkeys((30012, 30013), "fix.expired"),
    21610: "gone.opted_out",
    **dict.fromkeys((21614, 30006), "gone.not_mobile"),
    **dict.fromkeys((21612, 30004), "gone.refused"),
    30005: "gone.unknown",
    **dict.fromkeys((63003, 63024), "gone.not_on_app"),
    **dict.fromkeys((63032, 63033), "gone.refused"),
    30003: "gone.for_now",
    30008: "gone.undelivered",
    63016: "window.closed",
}


def judge(response: HttpResponse) -> Outcome:
    """The outcome of a refused send."""
    answer = read_answer(response)
    code = pick_int(answer, "code") or pick_int(answer, "error_code")
    detail = pick_text(answer, "message") or pick_text(answer, "error_message")
    if code is None:
        return judge_status(response, structured=False)
    return judge_code(code, detail, response)


def judge_code(code: int, detail: str, response: HttpResponse | None = None) -> Outcome:
    """The outcome of one of Twilio's codes; an unknown one is judged by the HTTP status, else undelivered."""
    reason = CODES.get(code)
    if reason is None and response is None:
        return make_outcome("gone.undelivered", str(code), detail)
    wait = retry_after_s(response) if response is not None else None
    if reason is None and response is not None:
        by_status = judge_status(response, structured=True, detail=detail)
        return make_outcome(by_status.reason, str(code), detail, retry_after=wait)
    return make_outcome(reason or "fix.request", str(code), detail, retry_after=wait)
