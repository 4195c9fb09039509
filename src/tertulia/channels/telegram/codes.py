"""What the Bot API's answers mean. Errors carry a number and a sentence; only the sentence tells blocked from gone."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.outcomes import judge_status, make_outcome
from tertulia.channels.wire import pick_int, pick_text, read_answer, retry_after_s

# (error code, part of the description in lower case) to reason; the first that fits
_BY_DESCRIPTION = (
    (403, "blocked by the user", "gone.blocked"),
    (403, "user is deactivated", "gone.unknown"),
    (403, "kicked", "gone.blocked"),
    (403, "can't initiate conversation", "gone.not_subscribed"),
    (400, "chat not found", "gone.unknown"),
    (400, "message is too long", "fix.too_long"),
)
_BY_CODE = {
    400: "fix.content",
    401: "fix.credentials",
    403: "gone.refused",
    404: "fix.credentials",
    409: "fix.setup",
}


def judge(response: HttpResponse) -> Outcome:
    """The outcome of an answer that is not `ok` (source: Bot API, “Making requests”)."""
    answer = read_answer(response)
    code = pick_int(answer, "error_code")
    detail = pick_text(answer, "description")
    if code is None:
        return judge_status(response, structured=False)
    if code == 429:
        wait = pick_int(answer, "parameters", "retry_after")
        seconds = float(wait) if wait is not None else retry_after_s(response)
        return make_outcome("retry.throttled", "429", detail, retry_after=seconds)
    if code >= 500:
        return make_outcome("retry.unavailable", str(code), detail)
    lowered = detail.lower()
    for known, part, reason in _BY_DESCRIPTION:
        if code == known and part in lowered:
            return make_outcome(reason, str(code), detail)
    return make_outcome(_BY_CODE.get(code, "fix.request"), str(code), detail)
