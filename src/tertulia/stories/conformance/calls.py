"""What can happen to calls of a company's own API in a scenario, and what can be expected of them (S6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tertulia.stories.conformance.stage import Failed, Stage


def plan_api(stage: Stage, told: Mapping[str, Any]) -> None:
    """How the API behind `endpoint` answers from now on: `answers` in turn, the last one for ever."""
    if told["endpoint"] not in stage.apis:
        raise Failed(f"the scenario has no endpoint {told['endpoint']!r}")
    stage.apis[told["endpoint"]].answers = list(told["answers"])


def settle_call(stage: Stage, verdict: str) -> None:
    """A person says of the oldest call that waits: worked, failed, or again."""
    waiting = stage.api("GET", "/calls/waiting")
    if not waiting:
        raise Failed("no call waits for a person")
    stage.api("POST", f"/calls/{waiting[0]['id']}/settle", {"verdict": verdict})
    stage.drain()


def check_called(stage: Stage, expected: Mapping[str, list[Any]]) -> Iterator[str]:
    """What each endpoint's API was asked: `POST /points`, or `{POST /points: body}`, in order. A call has one key,
    however often it is made, and calls of different steps have different ones."""
    for name, value in expected.items():
        asked = stage.apis[name].asked
        found = [
            {call.line: call.body} if isinstance(wanted, dict) else call.line
            for call, wanted in zip(asked, [*value, *[""] * len(asked)], strict=False)
        ]
        if found != value:
            yield f"{name} was asked: expected {value}, found {found}"
        keys: dict[str, set[str]] = {}
        for call in asked:
            if call.key:
                keys.setdefault(call.line, set()).add(call.key)
        if any(len(mine) > 1 for mine in keys.values()):
            yield f"{name}: the same call came under several keys"
        if any(not call.key for call in asked if not call.line.startswith("GET /status")):
            yield f"{name}: a call came without a key"


def check_waiting(stage: Stage, expected: list[str]) -> Iterator[str]:
    """The calls that wait for a person: `ask POST` (step, method), the oldest first."""
    found = [f"{row['step']} {row['method']}" for row in stage.api("GET", "/calls/waiting")]
    if found != expected:
        yield f"calls that wait: expected {expected}, found {found}"
