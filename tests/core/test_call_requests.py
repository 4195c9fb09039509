"""A call's request as its step writes it, and what an answer comes to (S6)."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.call_answers import HttpAnswer, NoAnswer, read_answer, read_status
from tertulia.core.call_requests import Unwritten, write_request
from tertulia.core.reasons import Reason

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "contact": {"name": "Ana", "id": "a/b?c#d", "surname": ""},
    "event": {"total": 12.5, "items": [{"sku": "x"}], "paid": True},
    "results": {"ask": {"tier": "gold"}},
}


def write(path: str = "/", body: dict[str, Any] | None = None, status: str = "", **facts: Any) -> Any:
    return write_request(path, body, status, {**FACTS, **facts}, "key-1", NOW)


def test_a_path_encodes_its_values() -> None:
    """What is written in the template stays."""
    assert write("/customers/{{ contact.id }}/tier?v=2").path == "/customers/a%2Fb%3Fc%23d/tier?v=2"
    assert write("customers/{{ contact.name }}").path == "/customers/Ana"
    assert write("/x", status="/calls/{{ call.key }}?c={{ contact.id }}").status_path == "/calls/key-1?c=a%2Fb%3Fc%23d"


@given(st.text(min_size=1))
def test_no_value_leads_a_path_elsewhere(value: str) -> None:
    """Whatever a customer is called: one segment of this path, or no call at all."""
    with suppress(Unwritten):
        _check_path(write("/customers/{{ contact.name }}/tier", contact={"name": value}).path, value)


def _check_path(path: str, value: str) -> None:
    parts = urlsplit(f"https://api.example{path}")
    head, name, tail = parts.path.removeprefix("/").split("/")
    assert (parts.netloc, head, tail, parts.query, parts.fragment) == ("api.example", "customers", "tier", "", "")
    assert unquote(name) == value
    assert name not in (".", "..")


def test_a_body_keeps_the_types_of_its_values() -> None:
    """A text that is one variable and nothing else is that value."""
    body = {"total": "{{ event.total }}", "items": "{{event.items}}", "paid": "{{ event.paid }}", "n": 1, "no": None}
    body |= {"text": "{{ event.total }} for {{ contact.name }}", "deep": [{"tier": "{{ results.ask.tier }}"}]}
    made = write(body=body).body
    assert made == (
        '{"total":12.5,"items":[{"sku":"x"}],"paid":true,"n":1,"no":null,"text":"12.5 for Ana",'
        '"deep":[{"tier":"gold"}]}'
    )


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/{{ contact.nothing }}", None, Reason.MISSING_VARIABLE),
        ("/", {"a": "{{ contact.surname }}"}, Reason.MISSING_VARIABLE),
        ("/a b", None, Reason.CALL_BAD_PATH),
        ("/../admin", None, Reason.CALL_BAD_PATH),
        ("/a\nHost: x", None, Reason.CALL_BAD_PATH),
        ("/" + "a" * 2_000, None, Reason.CALL_BAD_PATH),
        ("/", {str(n): "x" * 1_000 for n in range(70)}, Reason.CALL_TOO_LARGE),
        ('/{% abort "no" %}', None, Reason.TEMPLATE_ABORTED),
    ],
)
def test_what_cannot_be_written_says_why(path: str, body: dict[str, Any] | None, reason: Reason) -> None:
    """And is not called."""
    with pytest.raises(Unwritten) as unwritten:
        write(path, body)
    assert unwritten.value.reason is reason


def answer(status: int, body: str = "", **headers: str) -> HttpAnswer:
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body.encode())


@pytest.mark.parametrize(
    ("told", "expect", "outcome", "reason"),
    [
        (answer(204), "", "ok", "call.done"),
        (answer(200, '{"ok": true}'), "ok", "ok", "call.done"),
        (answer(200, '{"ok": false, "error": "no"}'), "ok", "fail", "call.unexpected"),
        (answer(200, "{}"), "ok", "fail", "call.unexpected"),
        (answer(200, '{"n": "x"}'), "abs(n) > `1`", "fail", "call.path_failed"),
        (answer(200, "<html>"), "", "fail", "call.not_json"),
        (answer(200, ""), "ok", "fail", "call.not_json"),
        (answer(301), "", "fail", "call.redirected"),
        (answer(409, "{}"), "", "fail", "call.refused"),
        (answer(408), "", "retry", "call.busy"),
        (answer(503), "", "unknown", "call.unknown"),
        (answer(503, retry_after="7"), "", "retry", "call.busy"),
        (NoAnswer("connect", sent=False), "", "retry", "call.unreachable"),
        (NoAnswer("timeout", sent=True), "", "unknown", "call.unknown"),
        (NoAnswer("connect", sent=False, private=True), "", "fail", "call.private_address"),
    ],
)
def test_S6_what_an_answer_means(told: HttpAnswer | NoAnswer, expect: str, outcome: str, reason: str) -> None:
    """A table."""
    read = read_answer(told, expect, {})
    assert (read.outcome, read.reason) == (outcome, reason)


def test_what_is_saved_is_what_is_there() -> None:
    """False and zero are values, nothing and an empty text are none; a header can be saved too."""
    body = '{"a": {"b": [1, 2]}, "no": false, "zero": 0, "null": null, "surname": ""}'
    save = {"last": "a.b[-1]", "no": "no", "zero": "zero", "gone": "null", "empty": "empty", "id": "header:X-Id"}
    assert read_answer(answer(200, body, x_id="7"), "", save).saved == {"last": 2, "no": False, "zero": 0, "id": "7"}
    assert read_answer(answer(200, f'{{"a": "{"x" * 20_000}"}}'), "", {"a": "a"}).reason == "call.too_large"


@given(st.binary(max_size=200), st.integers(100, 599))
def test_whatever_comes_back_has_one_meaning(body: bytes, status: int) -> None:
    """Nothing that an API answers breaks the reading."""
    read = read_answer(HttpAnswer(status, {}, body), "a.b", {"c": "c"})
    assert read.outcome in ("ok", "fail", "retry", "unknown")
    assert read_status(HttpAnswer(status, {}, body), "a", "b", {"c": "c"}).outcome in (
        *("done", "fail", "absent", "unclear"),
    )


@pytest.mark.parametrize(
    ("told", "done", "failed", "outcome"),
    [
        (answer(200, '{"state": "done"}'), "state == 'done'", "state == 'failed'", "done"),
        (answer(200, '{"state": "failed"}'), "state == 'done'", "state == 'failed'", "fail"),
        (answer(200, '{"state": "busy"}'), "state == 'done'", "state == 'failed'", "unclear"),
        (answer(200, "{}"), "", "", "done"),
        (answer(404, "{}"), "", "", "absent"),
        (answer(410), "", "", "absent"),
        (answer(500), "", "", "unclear"),
        (answer(200, "<html>"), "", "", "unclear"),
        (NoAnswer("timeout", sent=True), "", "", "unclear"),
    ],
)
def test_S6_what_a_status_call_means(told: HttpAnswer | NoAnswer, done: str, failed: str, outcome: str) -> None:
    """A table."""
    assert read_status(told, done, failed, {}).outcome == outcome
