"""Viber's statuses. Every answer is HTTP 200; the status stands in the body (source: “Viber REST API, Error codes”)."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.outcomes import judge_status, make_outcome
from tertulia.channels.wire import pick_int, pick_text, read_answer

CODES = {
    12: "retry.throttled",
    1: "fix.setup",
    2: "fix.credentials",
    3: "fix.content",
    4: "fix.content",
    7: "fix.account",
    8: "fix.setup",
    9: "fix.account",
    10: "fix.setup",
    13: "fix.unsupported",
    14: "fix.unsupported",
    15: "fix.permission",
    **dict.fromkeys((16, 17, 18, 19, 20), "fix.request"),
    22: "fix.account",
    23: "fix.quota",
    24: "fix.account",
    5: "gone.unknown",
    6: "gone.not_subscribed",
    11: "gone.not_on_app",
    21: "gone.not_on_app",
}


def judge(response: HttpResponse) -> Outcome:
    """The outcome of an answer whose status is not 0."""
    answer = read_answer(response)
    status, detail = pick_int(answer, "status"), pick_text(answer, "status_message")
    if status is None or response.status >= 300:
        return judge_status(response, structured=status is not None, detail=detail)
    return make_outcome(CODES.get(status, "fix.request"), str(status), detail)
