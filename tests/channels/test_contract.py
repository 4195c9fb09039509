"""What every channel kind promises, asked of whatever the registry finds: a kind without cases cannot land."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.replay import NOW, load_cases, make_account, make_call, observe, read_lost, read_response

from tertulia.channels import registry
from tertulia.channels.base import (
    Account,
    Adapter,
    Call,
    Done,
    Finding,
    LookedUp,
    Outgoing,
    Receipt,
    Rejected,
    Text,
    Unknown,
    WebhookCall,
)
from tertulia.channels.mail import STAGES, SmtpAnswer
from tertulia.channels.outcomes import REASONS

KINDS = [adapter.kind for adapter in registry.kinds()]
DOCUMENTS = {kind: load_cases(kind) for kind in KINDS}
CASES = [pytest.param(kind, case, id=f"{kind}: {case['name']}") for kind in KINDS for case in DOCUMENTS[kind]["cases"]]
LOST = read_lost({"lost": {"to": "+4915112345678", "to_kind": "phone", "text": "Hi", "handed_at": NOW.isoformat()}})
LOOKS_UP = [kind for kind in KINDS if any(case["do"] == "look_up" for case in DOCUMENTS[kind]["cases"])]
CALLED = [kind for kind in KINDS if kind != "smtp"]  # a mail server calls nobody
SIGNS_BODY = [kind for kind in CALLED if kind not in ("telegram", "wechat", "http_sms")]


def account_of(kind: str) -> Account:
    return make_account(kind, DOCUMENTS[kind], {})


def signed_calls(kind: str) -> Iterator[tuple[dict[str, Any], Account, WebhookCall]]:
    """The webhook cases whose call is well signed."""
    for case in DOCUMENTS[kind]["cases"]:
        if case["do"] == "webhook" and "events" in case["want"]:
            account = make_account(kind, DOCUMENTS[kind], case)
            yield case, account, make_call(account, case)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_case(kind: str, case: dict[str, Any]) -> None:
    """A recorded exchange leads to exactly what is written beside it."""
    assert observe(registry.get(kind), DOCUMENTS[kind], case) == case["want"]


def test_registry_finds_the_nine_kinds() -> None:
    """The registry walks the folders; an unknown kind is an error of its own."""
    assert set(KINDS) >= {
        "twilio", "http_sms", "smtp", "whatsapp", "messenger", "line", "viber", "telegram", "wechat",
    }  # fmt: skip
    with pytest.raises(registry.UnknownKind):
        registry.get("fax")


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_at_least_ten_cases_of_all_sorts(kind: str) -> None:
    """Each kind shows sends, webhooks, links and probes, bad calls included."""
    cases = DOCUMENTS[kind]["cases"]
    assert len(cases) >= 10
    assert {"send", "webhook", "link", "test", "setup"} <= {case["do"] for case in cases}
    assert any("rejected" in case["want"] for case in cases if case["do"] == "webhook")
    assert len({case["name"] for case in cases}) == len(cases)


@pytest.mark.parametrize("adapter", registry.kinds(), ids=KINDS)
def test_capabilities_are_sane(adapter: Adapter) -> None:
    """What the console and the gates rely on holds together."""
    able = adapter.capabilities
    assert able.text_unit in ("characters", "utf16", "bytes")
    assert able.text_max > 0
    assert able.rate_per_s > 0
    assert able.receipts <= {"sent", "delivered", "read"}
    assert able.may_write_first in ("", "phone", "email", "template", "phone_push")
    assert able.shares_phone in ("", "claimed", "proven")
    assert able.app == (able.carries == "") == (able.may_write_first not in ("phone", "email"))
    assert not (able.qr_only and able.deep_link_web)
    assert re.fullmatch(r"[A-Z]{2}", adapter.mark)
    assert adapter.colour.startswith("ch-")


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_is_a_web_address_where_the_kind_says_so(kind: str) -> None:
    """Whether a click is a redirect or a page of ours is known before the link is made (M9)."""
    adapter = registry.get(kind)
    for case in DOCUMENTS[kind]["cases"]:
        if case["do"] == "link" and adapter.capabilities.app:
            account = make_account(kind, DOCUMENTS[kind], case)
            try:
                link = adapter.deep_link(account, case.get("token", ""), case.get("text", ""))
            except ValueError:
                continue  # the case is about a token that may not ride on a link
            assert link.web == adapter.capabilities.deep_link_web


def test_marks_are_different() -> None:
    """Two letters tell two kinds apart, because colour alone never does."""
    marks = [adapter.mark for adapter in registry.kinds()]
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize("adapter", registry.kinds(), ids=KINDS)
def test_every_field_explains_itself(adapter: Adapter) -> None:
    """A label, a sentence of help, a known type, choices where one is to be chosen."""
    names = [field.name for field in adapter.fields]
    assert len(set(names)) == len(names)
    for field in adapter.fields:
        assert field.label
        assert len(field.help) > 10
        assert field.help.rstrip().endswith((".", "="))
        assert field.type in ("text", "secret", "secret_lines", "url", "phone", "email", "choice", "lines")
        assert bool(field.choices) == (field.type == "choice")
        assert not (field.type == "choice" and field.default not in {value for value, _ in field.choices})
        assert not (field.advanced and field.required and not field.default)
        assert re.search(r"(?i)secret|password|token$|api_key$|aes_key|signature_keys", field.name) is None or (
            field.secret
        )


@pytest.mark.parametrize("adapter", registry.kinds(), ids=KINDS)
def test_the_form_and_the_cases_agree(adapter: Adapter) -> None:
    """Every setting that a case uses is a field of the form, secrets among the secrets."""
    account = account_of(adapter.kind)
    by_name = {field.name: field for field in adapter.fields}
    for case in DOCUMENTS[adapter.kind]["cases"]:
        account = make_account(adapter.kind, DOCUMENTS[adapter.kind], case)
        assert set(account.settings) <= {name for name, field in by_name.items() if not field.secret} | {"fields"}
        assert set(account.secrets) <= {name for name, field in by_name.items() if field.secret}


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_never_show(kind: str) -> None:
    """Neither the repr of an account or request nor the masked request of the channel log holds a secret."""
    adapter = registry.get(kind)
    for case in DOCUMENTS[kind]["cases"]:
        account = make_account(kind, DOCUMENTS[kind], case)
        secrets = [value for value in (*account.secrets.values(), *account.cache.values()) if len(value) > 4]
        for step in first_steps(adapter, account):
            shown = [repr(step.request), repr(account), step.request.masked().url, str(step.request.masked())]
            shown.append(step.request.masked().body.decode())
            shown.extend(value for _, value in step.request.masked().headers)
            assert not [secret for secret in secrets for text in shown if secret in text]


@pytest.mark.parametrize("kind", KINDS)
def test_the_repr_of_a_call_holds_no_secret(kind: str) -> None:
    """A secret in a webhook's address or headers does not reach a log by way of its repr."""
    for _, account, call in signed_calls(kind):
        assert not [secret for secret in account.secrets.values() if secret in repr(call)]


def first_steps(adapter: Adapter, account: Account) -> Iterator[Call]:
    message = Outgoing("d-1", "+4915112345678", "phone", Text("Hi"))
    link = adapter.make_link(account, "K7DX2P9QWERT", 60, NOW)
    poll = adapter.poll(account, "1")
    steps = [adapter.build(account, message, NOW), adapter.test(account), adapter.setup(account), link]
    steps.append(adapter.look_up(account, LOST))
    yield from (step for step in steps if isinstance(step, Call))
    if poll is not None:
        yield Call(poll)


@pytest.mark.parametrize("kind", KINDS)
def test_every_outcome_has_its_reason(kind: str) -> None:
    """Every reason in a case stands in the catalogue, with the same kind and consequences."""
    for case in DOCUMENTS[kind]["cases"]:
        want = case["want"] if isinstance(case["want"], dict) else {}
        outcomes = [want.get("outcome"), *(event.get("outcome") for event in want.get("events", []))]
        for outcome in filter(None, outcomes):
            reason = REASONS[outcome["reason"]]
            assert reason.kind.value == outcome["kind"]
            assert reason.withdraws == outcome.get("withdraws", False)
            assert reason.account_fault == outcome.get("account_fault", False)


def test_reasons_are_sentences() -> None:
    """What the user reads is a whole sentence; codes begin with their kind."""
    for code, reason in REASONS.items():
        assert reason.sentence.endswith(".")
        assert code == "ok" or code.partition(".")[0] == reason.kind.value
        assert not (reason.dead and reason.withdraws)


@pytest.mark.parametrize("kind", SIGNS_BODY)
def test_a_flipped_byte_is_refused_or_means_the_same(kind: str) -> None:
    """No single flipped bit of a signed body gets through with another meaning."""
    adapter = registry.get(kind)
    for _, account, call in signed_calls(kind):
        before = adapter.parse_webhook(account, call, NOW)
        for position in range(0, len(call.body), max(1, len(call.body) // 40)):
            body = bytearray(call.body)
            body[position] ^= 1 << (position % 8)
            changed = msgspec.structs.replace(call, body=bytes(body))
            if is_accepted(adapter, account, changed):
                assert adapter.parse_webhook(account, changed, NOW) == before


def is_accepted(adapter: Adapter, account: Account, call: WebhookCall) -> bool:
    try:
        adapter.verify(account, call, NOW)
    except Rejected:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_wrong_secret_is_refused(kind: str, data: st.DataObject) -> None:
    """A call signed with any other secret is refused, and so is every call while the account has none."""
    adapter = registry.get(kind)
    case = next(case for case in DOCUMENTS[kind]["cases"] if case["do"] == "webhook" and case.get("sign", True))
    account = make_account(kind, DOCUMENTS[kind], case)
    alphabet = st.characters(codec="ascii", exclude_characters="\0\r\n")
    other = {name: data.draw(st.text(alphabet, min_size=1, max_size=40)) for name in account.secrets}
    forged = make_call(replace(account, secrets={**account.secrets, **other}), case)
    if other != account.secrets:
        with pytest.raises(Rejected):
            adapter.verify(account, forged, NOW)
    with pytest.raises(Rejected):
        adapter.verify(replace(account, secrets={}), make_call(account, case), NOW)


def parse_safely(adapter: Adapter, account: Account, call: WebhookCall) -> None:
    """Parse; only Rejected may be raised, and only well-formed events come out."""
    try:
        events = adapter.parse_webhook(account, call, NOW)
    except Rejected:
        return
    for event in events:
        assert "\0" not in repr(event).replace("\\x00", "\0")
        assert not isinstance(event, Receipt) or event.state in ("sent", "delivered", "read", "failed")
    adapter.ack(account, events)


@pytest.mark.parametrize("kind", KINDS)
@given(body=st.binary(max_size=2_000))
@settings(max_examples=60, deadline=None)
def test_garbage_never_raises(kind: str, body: bytes) -> None:
    """Any bytes lead to events or to Rejected."""
    account = account_of(kind)
    for query in ({}, {"report": "1", "m": "\0"}, {"encrypt_type": "aes"}):
        call = WebhookCall("POST", account.hook_url, query, {"content-type": "application/json"}, body)
        parse_safely(registry.get(kind), account, call)


def mutate(value: Any, data: st.DataObject) -> Any:
    """A recorded payload with some of its parts replaced by values of other types."""
    strange = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([]), st.just({}),
        st.just("\0\ud83d".encode("utf-8", "replace").decode()), st.just(10**30), st.just(["x", None, {"id": []}]),
    )  # fmt: skip
    if data.draw(st.integers(0, 6)) == 0:
        return data.draw(strange)
    if isinstance(value, dict):
        return {key: mutate(item, data) for key, item in value.items()}
    if isinstance(value, list):
        return [mutate(item, data) for item in value]
    return value


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("twilio", "wechat")])
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_wrong_types_never_raise(kind: str, data: st.DataObject) -> None:
    """Recorded payloads with parts of other types lead to events or to Rejected."""
    payloads = [case["call"]["json"] for case in DOCUMENTS[kind]["cases"] if "json" in case.get("call", {})]
    payload = mutate(data.draw(st.sampled_from(payloads)), data)
    account = account_of(kind)
    body = json.dumps(payload).encode()
    for query in ({}, {"report": "1"}):
        call = WebhookCall("POST", account.hook_url, query, {"content-type": "application/json"}, body)
        parse_safely(registry.get(kind), account, call)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 500_000 + b"1" + b"}" * 500_000,
        b'{"entry":' * 100 + b"[]" + b"}" * 100,
        b"<a>" * 80_000,
        b"<a>" * 30_000 + b"</a>" * 30_000,
        b'<!DOCTYPE a [<!ENTITY x "yyyy"><!ENTITY z "&x;&x;">]><xml><FromUserName>&z;</FromUserName></xml>',
        b"a=1&" * 600_000,
        b"\0" * 1_000,
        b"\xff\xfe\xed\xa0\x80" * 1_000,
        b'{"update_id": 1e999, "event": "message", "object": "page"}',
        b"",
    ],
    ids=[
        "arrays",
        "objects",
        "shallow",
        "open tags",
        "nested tags",
        "entities",
        "fields",
        "NULs",
        "bytes",
        "1e999",
        "empty",
    ],
)
def test_hostile_bodies_never_raise(kind: str, body: bytes) -> None:
    """Deep nesting, entity bombs, NULs and broken encodings are refused or kept, never fatal."""
    account = account_of(kind)
    for content_type in ("application/json", "application/x-www-form-urlencoded", "text/xml"):
        call = WebhookCall("POST", account.hook_url, {}, {"content-type": content_type}, body)
        parse_safely(registry.get(kind), account, call)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_megabytes_are_refused(kind: str) -> None:
    """A body larger than any provider sends is refused before its signature is computed."""
    account = account_of(kind)
    case = next(case for case in DOCUMENTS[kind]["cases"] if case["do"] == "webhook" and case.get("sign", True))
    call = msgspec.structs.replace(make_call(account, case), body=b"x" * 10_000_000)
    with pytest.raises(Rejected) as refused:
        registry.get(kind).verify(account, call, NOW)
    assert refused.value.status == 413


def test_S3_who_can_be_asked_shows_every_answer() -> None:
    """A kind whose provider can be asked has recorded look-ups: found, absent, unclear; the others say that nobody is
    asked, and ask nothing."""
    assert set(LOOKS_UP) >= {"twilio", "http_sms"}
    for kind in KINDS:
        adapter, document = registry.get(kind), DOCUMENTS[kind]
        asked = [case for case in document["cases"] if case["do"] == "look_up" and case["want"]]
        if kind in LOOKS_UP:
            assert {case["want"]["finding"] for case in asked} == {finding.value for finding in Finding}
        else:
            assert not adapter.can_look_up(account_of(kind))
            assert adapter.look_up(account_of(kind), LOST) == LookedUp(Finding.UNCLEAR)


@pytest.mark.parametrize("kind", LOOKS_UP)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_S3_a_strange_answer_never_means_that_the_message_is_absent(kind: str, data: st.DataObject) -> None:
    """After ABSENT the message is sent again, so it is never concluded from what a proxy or a fault answers."""
    adapter = registry.get(kind)
    case = next(c for c in DOCUMENTS[kind]["cases"] if c["do"] == "look_up" and (c["want"] or {}).get("finding"))
    account = make_account(kind, DOCUMENTS[kind], case)
    answers = [{"status": data.draw(st.sampled_from([200, 301, 404, 418, 500, 503]))}]
    answers[0] |= data.draw(st.sampled_from([{"text": text} for text in STRANGE] + [{"text": "[[]]"}]))
    step = adapter.look_up(account, read_lost(case))
    while isinstance(step, Call):
        step = adapter.look_up_next(account, step.state, read_response(answers[0]))
    assert step.finding is Finding.UNCLEAR


STRANGE = ["", "[]", "null", "<html>", '{"ok":1,"status":[],"error":[],"messages":[3],"code":"x"}', "[" * 100_000]


@pytest.mark.parametrize("kind", CALLED)
@pytest.mark.parametrize("text", STRANGE, ids=lambda text: text[:10])
@pytest.mark.parametrize("status", [200, 201, 302, 400, 404, 418, 500, 599])
def test_strange_answers_never_raise(kind: str, text: str, status: int) -> None:
    """Whatever a proxy in between answers, an attempt ends in an outcome and a test in sentences."""
    adapter, account = registry.get(kind), account_of(kind)
    answer = read_response({"status": status, "text": text})
    step = adapter.build(account, Outgoing("d-1", "+4915112345678", "phone", Text("Hi")), NOW)
    while isinstance(step, Call):
        step = adapter.next(account, step.state, answer, NOW)
    assert step.outcome.reason in REASONS
    assert step.outcome.kind.value != "ok" or (status < 300 and kind == "http_sms")
    findings = adapter.test(account)
    while isinstance(findings, Call):
        findings = adapter.test_next(account, findings.state, answer)
    assert findings
    assert all(check.text() for check in findings)


@pytest.mark.parametrize("stage", STAGES)
@given(status=st.integers(100, 999), text=st.text(max_size=100))
@settings(max_examples=60, deadline=None)
def test_strange_words_of_a_mail_server_never_raise(stage: str, status: int, text: str) -> None:
    """Whatever it says at whatever stage, an attempt ends in an outcome that is good only where the message was taken,
    and a test in sentences."""
    adapter, account, answer = registry.get("smtp"), account_of("smtp"), SmtpAnswer(stage, status, text)
    step = adapter.build(account, Outgoing("d-1", "ana@example.com", "email", Text("Hi")), NOW)
    assert isinstance(step, Call)
    done = adapter.next(account, step.state, answer, NOW)
    assert isinstance(done, Done)
    assert done.outcome.reason in REASONS
    assert (done.outcome.kind.value == "ok") == (stage == "message" and 200 <= status < 300)
    if stage not in ("recipient", "message"):
        found = adapter.test(account)
        assert isinstance(found, Call)
        assert all(check.text() for check in adapter.test_next(account, found.state, answer))


@pytest.mark.parametrize("kind", CALLED)
def test_unknown_kinds_are_acknowledged(kind: str) -> None:
    """An event of a kind that nobody knows yet is answered with 200 and kept."""
    adapter = registry.get(kind)
    known = [case for case, _, _ in signed_calls(kind) if [e["is"] for e in case["want"]["events"]] == ["Unknown"]]
    assert known
    assert adapter.ack(account_of(kind), [Unknown("brand_new")]).status == 200
