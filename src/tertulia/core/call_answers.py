"""What an endpoint's answer means: pure translation, made by whoever has the answer, for the owner to decide (S6).

    ok        it worked: 2xx, JSON where anything of it is asked for, and `expect` holds
    fail      it did not, and another attempt would fare no better
    retry     it was surely not taken: no connection, 429, or 503 that says when to come again
    unknown   nobody can say: the line broke after the request was sent, or 5xx without a word

Paths are those of webhooks' mappings (`hook_values`): JMESPath on the answer, or `header:Name`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from tertulia.core.hook_document import Part
from tertulia.core.hook_faults import Fault
from tertulia.core.hook_values import Failed, Payload, Source, compile_source, is_there, is_true
from tertulia.core.reasons import Reason

ANSWER_BYTES_MAX: Final = 1_000_000
SAVED_BYTES_MAX: Final = 16_384
RETRY_AFTER_S_MAX: Final = 3_600.0
OK: Final = "ok"
FAIL: Final = "fail"
RETRY: Final = "retry"
UNKNOWN: Final = "unknown"
DONE: Final = "done"
ABSENT: Final = "absent"
UNCLEAR: Final = "unclear"
_TRY_LATER: Final = (408, 425, 429)
_GONE: Final = (404, 410)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as it came. `headers` by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """There was none. `error` is timeout, connect, tls or reset; `sent`: the request may have arrived; `private`: the
    address is not a public one, so nothing was sent at all."""

    error: str
    sent: bool
    private: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What it comes to. `outcome` is ok, fail, retry or unknown, of a question about an earlier call done, fail, absent
    or unclear."""

    outcome: str
    reason: Reason
    status: int = 0
    saved: Mapping[str, Any] = field(default_factory=dict, repr=False)
    retry_after_s: float | None = None


@lru_cache(maxsize=4_096)
def compile_path(path: str) -> Source | Fault:
    """A path of a step or an endpoint, ready to read, or what is wrong with it."""
    faults: list[Fault] = []
    source = compile_source(Part(path, 0, 0), path, faults)
    return faults[0] if source is None else source


def read_answer(answer: HttpAnswer | NoAnswer, expect: str, save: Mapping[str, str]) -> Read:
    """What the answer of a call comes to."""
    if isinstance(answer, NoAnswer):
        return _read_nothing(answer)
    status = answer.status
    if status in _TRY_LATER or (status == 503 and "retry-after" in answer.headers):
        return Read(RETRY, Reason.CALL_BUSY, status, retry_after_s=_read_wait(answer))
    if status >= 500:
        return Read(UNKNOWN, Reason.CALL_UNKNOWN, status)
    if not 200 <= status < 300:
        return Read(FAIL, Reason.CALL_REFUSED if status >= 400 else Reason.CALL_REDIRECTED, status)
    if len(answer.body) >= ANSWER_BYTES_MAX:
        return Read(FAIL, Reason.CALL_TOO_LARGE, status)
    if not answer.body.strip() and not expect and not save:
        return Read(OK, Reason.CALL_DONE, status)
    return _read_body(answer, expect, save)


def read_status(answer: HttpAnswer | NoAnswer, done: str, failed: str, save: Mapping[str, str]) -> Read:
    """What an endpoint says when it is asked about a call whose outcome is unknown. Without `done` any JSON says that
    it worked, unless `failed` holds; 404 and 410 that nothing of the kind came."""
    if isinstance(answer, NoAnswer):
        return Read(UNCLEAR, Reason.CALL_UNKNOWN)
    if answer.status in _GONE:
        return Read(ABSENT, Reason.CALL_ABSENT, answer.status)
    body = _decode(answer.body) if 200 <= answer.status < 300 else None
    if body is None:
        return Read(UNCLEAR, Reason.CALL_UNKNOWN, answer.status)
    payload = Payload(body, body, answer.headers)
    try:
        if failed and is_true(_find(failed, payload)):
            return Read(FAIL, Reason.CALL_STATUS_FAILED, answer.status)
        if done and not is_true(_find(done, payload)):
            return Read(UNCLEAR, Reason.CALL_UNKNOWN, answer.status)
        return Read(DONE, Reason.CALL_CONFIRMED, answer.status, _pick(save, payload))
    except Failed:
        return Read(UNCLEAR, Reason.CALL_UNKNOWN, answer.status)


def _read_nothing(answer: NoAnswer) -> Read:
    if answer.private:
        return Read(FAIL, Reason.CALL_PRIVATE_ADDRESS)
    if answer.sent:
        return Read(UNKNOWN, Reason.CALL_UNKNOWN)
    return Read(RETRY, Reason.CALL_UNREACHABLE)


def _read_body(answer: HttpAnswer, expect: str, save: Mapping[str, str]) -> Read:
    status = answer.status
    body = _decode(answer.body)
    if body is None:
        return Read(FAIL, Reason.CALL_NOT_JSON, status)
    payload = Payload(body, body, answer.headers)
    try:
        if expect and not is_true(_find(expect, payload)):
            return Read(FAIL, Reason.CALL_UNEXPECTED, status)
        saved = _pick(save, payload)
    except Failed:
        return Read(FAIL, Reason.CALL_PATH_FAILED, status)
    if len(msgspec.json.encode(saved)) > SAVED_BYTES_MAX:
        return Read(FAIL, Reason.CALL_TOO_LARGE, status)
    return Read(OK, Reason.CALL_DONE, status, saved)


def _decode(body: bytes) -> Any:
    """The JSON of a body; None where it is none, or is null."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _find(path: str, payload: Payload) -> Any:
    source = compile_path(path)
    assert isinstance(source, Source)  # the document was found valid
    return source.read(payload)


def _pick(save: Mapping[str, str], payload: Payload) -> dict[str, Any]:
    """What is there, under the names that the step gives it; false is a value too."""
    found = {name: _find(path, payload) for name, path in save.items()}
    return {name: value for name, value in found.items() if is_there(value) or value is False}


def _read_wait(answer: HttpAnswer) -> float | None:
    told = answer.headers.get("retry-after", "")
    return min(float(told), RETRY_AFTER_S_MAX) if told.isdecimal() and len(told) < 7 else None
