"""What LINE's answers mean: the HTTP status, and for some the sentence (source: “Messaging API reference, Errors”)."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.outcomes import judge_status, make_outcome
from tertulia.channels.wire import pick_text, read_answer, retry_after_s

# (status, part of the message in lower case) to reason; the first that fits
_BY_MESSAGE = (
    (400, "the property, 'to'", "gone.unknown"),
    (400, "failed to send messages", "gone.unknown"),
    (400, "not found", "gone.unknown"),
    (400, "length must be between", "fix.too_long"),
    (429, "monthly limit", "fix.quota"),
    (403, "not available for your account", "fix.permission"),
)
_BY_STATUS = {
    400: "fix.content",
    401: "fix.credentials",
    403: "fix.permission",
    404: "gone.unknown",
    413: "fix.content",
    415: "fix.request",
    429: "retry.throttled",
}


def is_bad_reply_token(response: HttpResponse) -> bool:
    """A reply token works once and for about a minute; after that only a push reaches the customer."""
    return response.status == 400 and "invalid reply token" in pick_text(read_answer(response), "message").lower()


def judge(response: HttpResponse, by_phone: bool) -> Outcome:
    """The outcome of a refused send. `by_phone`: 422 then says that the number is nobody's, or refuses us."""
    message = pick_text(read_answer(response), "message")
    code = str(response.status)
    if response.status >= 500:
        return make_outcome("retry.unavailable", code, message, retry_after=retry_after_s(response))
    if by_phone and response.status in (403, 422):
        return make_outcome("gone.not_on_app" if response.status == 422 else "fix.not_agreed", code, message)
    lowered = message.lower()
    for status, part, reason in _BY_MESSAGE:
        if response.status == status and part in lowered:
            return make_outcome(reason, code, message)
    reason_of_status = _BY_STATUS.get(response.status)
    if reason_of_status is None:
        return judge_status(response, structured=bool(message), detail=message)
    return make_outcome(reason_of_status, code, message, retry_after=retry_after_s(response))
