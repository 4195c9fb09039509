"""Probes: the calls behind a channel's *Test* and its set-up, and the sentences they end in.

A probe is a chain of steps. Each step is a request and a judge; the judge turns the answer into findings and may name
the steps that follow (a phone number's id is known only after it was looked up). `start` gives the first call,
`advance` takes each answer; the state between them is plain data in memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tertulia.channels.base import Call, Check, Request, Response


@dataclass(frozen=True, slots=True)
class Judged:
    """What a step found, and the steps it asks for next. `stop` leaves out everything still planned."""

    checks: tuple[Check, ...] = ()
    then: tuple["Step", ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what to make of its answer, a HttpResponse or of a SmtpSend a SmtpAnswer."""

    request: Request
    judge: Callable[[Any], Judged]


@dataclass(frozen=True, slots=True)
class ProbeState:
    """The step whose answer is awaited, those after it, and the findings so far."""

    current: Step
    rest: tuple[Step, ...] = ()
    found: tuple[Check, ...] = ()


def start(*steps: Step) -> Call | Sequence[Check]:
    """The first call of a probe."""
    return _proceed(steps, ())


def advance(state: ProbeState, response: Response) -> Call | Sequence[Check]:
    """The next call, or all findings."""
    judged = state.current.judge(response)
    rest = () if judged.stop else (*judged.then, *state.rest)
    return _proceed(rest, (*state.found, *judged.checks))


def fail(state: ProbeState, error: str) -> Sequence[Check]:
    """All findings, the last of which says that the provider did not answer."""
    host = urlsplit(state.current.request.url).hostname or ""
    return (*state.found, Check(False, UNREACHABLE.get(error, UNREACHABLE["connect"]), {"host": host}))


def passed(sentence: str, **values: str) -> Check:
    return Check(True, sentence, values)


def failed(sentence: str, **values: str) -> Check:
    return Check(False, sentence, values)


def halt(sentence: str, **values: str) -> Judged:
    """A finding after which nothing else can be tried."""
    return Judged((failed(sentence, **values),), stop=True)


def found(*checks: Check) -> Judged:
    return Judged(checks)


WAIT_FOR_CALL = Check(
    True,
    "The provider cannot be asked to call us. Write to the channel once; the test ends when that message arrives.",
    waits=True,
)
NO_ADDRESS = Check(
    False, "This server has no public https address yet, so the provider cannot reach it. Set PUBLIC_URL."
)

UNREACHABLE = {
    "timeout": "{host} did not answer in time. Check that this server may call it.",
    "connect": "{host} could not be reached. Check the address and this server's way out.",
    "tls": "The certificate of {host} is not valid. Check the address and this server's clock.",
    "reset": "{host} closed the connection. Try again in a minute.",
}


def _proceed(steps: tuple[Step, ...], checks: tuple[Check, ...]) -> Call | Sequence[Check]:
    if not steps:
        return checks
    return Call(steps[0].request, ProbeState(steps[0], steps[1:], checks))
