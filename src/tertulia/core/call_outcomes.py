"""What became of a call to a company's API, and what its run does then (S6).

    queued ──> calling ──> decided: it worked, or it did not
       ▲          │
       └──────────┤ surely not taken, or safe to repeat: again after a while
                  ▼
               unknown ──> its status call is asked ──> decided, or again
                  └──────> a person says what came of it, or asks for another try

Repeated is what is safe (GET), and what an endpoint declared idempotent; the same key goes with every attempt. Nothing
else is ever sent a second time after an outcome that nobody knows, unless the status call says that it never came, or a
person wants it.
"""

from datetime import timedelta
from typing import Final

from tertulia.core import call_answers as answers
from tertulia.core import call_effects as cx
from tertulia.core.calls import end_call, tell_call
from tertulia.core.entries import CallEntry, SettleCallEntry
from tertulia.core.journey import follow_call
from tertulia.core.reasons import Reason
from tertulia.core.rows import CallRow, RunRow
from tertulia.core.world import World

SAFE: Final = ("GET",)
RETRY_AFTER: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1_800))
ASK_AFTER: Final = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3_600))
ABSENCE_SURE_FROM: Final = 2  # by the first question a call that was cut off may still be at work
VERDICTS: Final = ("worked", "failed", "again")


def claim_call(world: World, call: CallRow) -> bool:
    """Hand over one queued call (X2). False where its run is not there any more, or its endpoint is gone."""
    run = _find_run(world, call)
    if run is None:
        tell_call(world, call, "revoked", Reason.RUN_ENDED)
        end_call(world, call)
        return False
    if call.endpoint_id not in world.config.endpoints:
        _fail(world, call, run, Reason.CALL_NO_ENDPOINT)
        return False
    call.attempt, call.tries = call.attempt + 1, call.tries + 1
    _set(world, call, "calling", timedelta())
    return True


def decide_call(world: World, entry: CallEntry) -> None:
    """An attempt, or a question about one, came to its outcome."""
    call = world.calls.get(entry.call_id)
    if call is None or call.attempt != entry.attempt or not _is_awaited(call, entry):
        return
    run = _find_run(world, call)
    reason = Reason(entry.reason) if entry.reason else Reason.CALL_UNKNOWN
    match entry.outcome:
        case answers.OK | answers.DONE:
            _finish(world, call, run, reason, entry.status)
        case answers.FAIL:
            _fail(world, call, run, reason, entry.status)
        case _ if run is None:  # nothing hangs on it any more
            tell_call(world, call, "failed", reason, **_tell_status(entry.status))
            end_call(world, call)
        case answers.RETRY:
            _try_again(world, call, run, reason, entry)
        case answers.UNKNOWN:
            _lose(world, call, run, entry)
        case answers.ABSENT if entry.asked >= ABSENCE_SURE_FROM:
            _try_again(world, call, run, Reason.CALL_ABSENT, entry)
        case _:
            _ask_next(world, call)


def decide_settlement(world: World, entry: SettleCallEntry) -> None:
    """A person decides about a call of which nobody knows. One that is decided meanwhile stays so."""
    call = world.calls.get(entry.call_id)
    if call is None or call.state != "unknown" or call.attempt != entry.attempt:
        return
    run = _find_run(world, call)
    match entry.verdict:
        case "worked":
            _finish(world, call, run, Reason.CALL_SETTLED, actor=entry.actor)
        case "again" if run is not None:
            tell_call(world, call, "held", Reason.CALL_AGAIN, actor=entry.actor)
            call.tries = 0
            _queue_again(world, call, timedelta())
        case _:
            _fail(world, call, run, Reason.CALL_SETTLED_FAILED, actor=entry.actor)


def _is_awaited(call: CallRow, entry: CallEntry) -> bool:
    """Whether an entry says something new: the outcome of the attempt under way, the answer to the last question, or
    the answer itself of an attempt that was given up for lost."""
    if entry.asked:
        return call.state == "unknown" and call.asked == entry.asked
    return call.state == "calling" or entry.outcome in (answers.OK, answers.FAIL)


def _find_run(world: World, call: CallRow) -> RunRow | None:
    """The run that waits for the call."""
    run = world.runs.get(call.run_id)
    return run if run is not None and (run.step, run.visit) == (call.step, call.visit) else None


def _tell_status(status: int) -> dict[str, int]:
    return {"status": status} if status else {}


def _finish(world: World, call: CallRow, run: RunRow | None, reason: Reason, status: int = 0, **facts: str) -> None:
    names = sorted(call.saved)
    tell_call(world, call, "called", reason, **_tell_status(status), **facts, **({"saved": names} if names else {}))
    end_call(world, call)
    if run is not None:
        run.results = {**run.results, call.step: dict(call.saved)} if call.saved else run.results
        follow_call(world, run, 0)


def _fail(world: World, call: CallRow, run: RunRow | None, reason: Reason, status: int = 0, **facts: str) -> None:
    tell_call(world, call, "failed", reason, **_tell_status(status), **facts)
    end_call(world, call)
    if run is not None:
        follow_call(world, run, 1)


def _lose(world: World, call: CallRow, run: RunRow, entry: CallEntry) -> None:
    """Nobody knows. What may be repeated is; what may not is asked about, else somebody has to say it."""
    endpoint = world.config.endpoints.get(call.endpoint_id)
    is_safe = call.method in SAFE
    if is_safe or (endpoint is not None and endpoint.idempotent and _has_tries(call)):
        _try_again(world, call, run, Reason.CALL_UNKNOWN, entry)
        return
    tell_call(world, call, "held", Reason.CALL_UNKNOWN, **_tell_status(entry.status))
    call.asked = 0
    _ask_next(world, call)


def _try_again(world: World, call: CallRow, run: RunRow, reason: Reason, entry: CallEntry) -> None:
    """After a while, and longer each time; after the last try it has failed."""
    if not _has_tries(call):
        _fail(world, call, run, reason, entry.status)
        return
    told = timedelta(seconds=entry.retry_after_s or 0)
    after = max(RETRY_AFTER[max(call.tries, 1) - 1], told)
    tell_call(world, call, "held", reason, **_tell_status(entry.status), until=(world.now + after).isoformat())
    _queue_again(world, call, after)


def _has_tries(call: CallRow) -> bool:
    return call.tries <= len(RETRY_AFTER)


def _queue_again(world: World, call: CallRow, after: timedelta) -> None:
    call.asked = 0
    _set(world, call, "queued", after)


def _ask_next(world: World, call: CallRow) -> None:
    """The next question to the status call; without one, or after the last, it waits for a person."""
    if call.has_status and call.asked < len(ASK_AFTER):
        call.asked += 1
        _set(world, call, "unknown", timedelta(), ask_after=ASK_AFTER[call.asked - 1])
        return
    tell_call(world, call, "held", Reason.CALL_WAITS)
    _set(world, call, "unknown", timedelta(), reason=Reason.CALL_WAITS)


def _set(
    world: World,
    call: CallRow,
    state: str,
    after: timedelta,
    *,
    ask_after: timedelta | None = None,
    reason: Reason | None = None,
) -> None:
    ask_at = world.now + ask_after if ask_after is not None else None
    named = (call.workspace, call.contact_id, call.id, call.journey_id)
    counted = (state, call.attempt, call.tries, call.asked)
    world.add(cx.SetCall(*named, *counted, world.now + after, ask_at, reason.value if reason else ""))
