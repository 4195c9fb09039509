"""Messenger's error codes and subcodes (source: Messenger Platform, “Error codes”)."""

from tertulia.channels.base import HttpResponse, Outcome
from tertulia.channels.meta import judge_error

CODES = {
    **dict.fromkeys((4, 32, 613), "retry.throttled"),
    **dict.fromkeys((2, 1200), "retry.unavailable"),
    **dict.fromkeys((0, 190), "fix.credentials"),
    10: "fix.permission",
    100: "fix.request",
    199: "fix.permission",
    551: "gone.refused",
    10900: "window.used_up",
}
SUBCODES = {
    (2, 2018344): "fix.setup",
    (10, 1893063): "fix.account",
    (10, 2018278): "window.closed",
    (10, 2018065): "window.closed",
    (100, 2018001): "gone.unknown",
    (551, 1545041): "gone.blocked",
}


def judge(response: HttpResponse) -> Outcome:
    """The outcome of a refused send."""
    return judge_error(response, CODES, SUBCODES)
