"""WeChat's error codes. Every answer is HTTP 200; the verdict is `errcode` (source: “Global return codes”)."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.outcomes import judge_status, make_outcome
from tertulia.channels.wire import pick_int, pick_text, read_answer

MINUTE_S = 60.0
STALE_TOKEN = frozenset({40001, 40014, 42001})

CODES = {
    -1: "retry.unavailable",
    45011: "retry.throttled",
    45009: "retry.tomorrow",
    **dict.fromkeys((40001, 40014, 42001, 40013, 40125, 41002, 41004), "fix.credentials"),
    **dict.fromkeys((40164, 61004), "fix.setup"),
    48001: "fix.permission",
    **dict.fromkeys((48004, 50002), "fix.account"),
    45002: "fix.too_long",
    **dict.fromkeys((40033, 44004, 47001), "fix.content"),
    40003: "fix.address",
    40037: "fix.template",
    43004: "gone.not_subscribed",
    43019: "gone.refused",
    46004: "gone.unknown",
    48002: "gone.blocked",
    43101: "gone.opted_out",
    45015: "window.closed",
    45047: "window.used_up",
}


def judge(response: HttpResponse) -> Outcome:
    """The outcome of an answer whose `errcode` is not 0."""
    answer = read_answer(response)
    code, detail = pick_int(answer, "errcode"), pick_text(answer, "errmsg")
    if code is None or response.status >= 300:
        return judge_status(response, structured=code is not None, detail=detail)
    wait = MINUTE_S if code == 45011 else None
    return make_outcome(CODES.get(code, "fix.request"), str(code), detail, retry_after=wait)


def is_stale_token(response: HttpResponse) -> bool:
    return pick_int(read_answer(response), "errcode") in STALE_TOKEN
