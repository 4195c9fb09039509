"""Replays a kind's `cases.json`: each case goes the way that the workers and the edge go, and all that can be
seen from outside (requests, outcomes, events, answers, links, findings) is compared with what the case wants.

A case: `name`, `do` (send, look_up, webhook, handshake, link, make_link, test, setup, poll), what is given, and `want`.
A case can override settings, secrets, hook_url and cache of the file's `account`.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from tests.channels.signing import sign

from tertulia.channels.base import (
    Account,
    Adapter,
    Attachment,
    Call,
    Check,
    Done,
    HttpRequest,
    HttpResponse,
    LostMessage,
    Outgoing,
    Picture,
    Rejected,
    Template,
    Text,
    WebhookCall,
)
from tertulia.channels.mail import SmtpAnswer, SmtpSend

NOW = datetime.fromtimestamp(1_760_000_000, UTC)


def load_cases(kind: str) -> dict[str, Any]:
    return json.loads(files(f"tertulia.channels.{kind}").joinpath("cases.json").read_text("utf-8"))


def make_account(kind: str, document: Mapping[str, Any], case: Mapping[str, Any]) -> Account:
    """The file's account with the case's own values over it."""
    base, own = document["account"], case.get("account", {})
    return Account(
        channel="ch1",
        kind=kind,
        settings={**base.get("settings", {}), **own.get("settings", {})},
        secrets={**base.get("secrets", {}), **own.get("secrets", {})},
        hook_url=own.get("hook_url", base["hook_url"]),
        cache=own.get("cache", {}),
    )


def observe(adapter: Adapter, document: Mapping[str, Any], case: Mapping[str, Any]) -> Any:
    """What a case leads to."""
    account = make_account(adapter.kind, document, case)
    match case["do"]:
        case "send":
            return _observe_exchange(adapter, account, adapter.build(account, read_message(case), NOW), case)
        case "look_up":
            return _observe_look_up(adapter, account, case)
        case "make_link":
            call = adapter.make_link(account, case["token"], case["expires_s"], NOW)
            return None if call is None else _observe_exchange(adapter, account, call, case)
        case "webhook":
            return _observe_webhook(adapter, account, make_call(account, case), case)
        case "handshake":
            return _observe_handshake(adapter, account, make_call(account, case), case)
        case "link":
            return show(adapter.deep_link(account, case.get("token", ""), case.get("text", "")))
        case "test":
            return _observe_checks(adapter, account, adapter.test(account), case)
        case "setup":
            return _observe_checks(adapter, account, adapter.setup(account), case)
        case "poll":
            return _observe_poll(adapter, account, case)
        case other:
            raise AssertionError(other)


def read_message(case: Mapping[str, Any]) -> Outgoing:
    given = dict(case["message"])
    content: Any
    if "template" in given:
        parameters = tuple(given.pop("parameters", ()))
        content = Template(given.pop("template"), given.pop("language"), parameters)
    elif "picture" in given:
        content = Picture(given.pop("picture"), given.pop("caption", ""), given.pop("preview_url", ""))
    elif "attachment" in given:
        content = Attachment(given.pop("form"), given.pop("attachment"), given.pop("caption", ""))
    else:
        choices = tuple((label, payload) for label, payload in given.pop("choices", ()))
        mail = {name: given.pop(name) for name in ("subject", "html", "unsubscribe") if name in given}
        content = Text(given.pop("text"), choices, given.pop("ask_phone", False), **mail)
    return Outgoing(given.pop("delivery_id", "d-1"), given.pop("to"), given.pop("to_kind"), content, **given)


def make_call(account: Account, case: Mapping[str, Any]) -> WebhookCall:
    """The webhook call of a case, signed unless the case says otherwise."""
    given = case["call"]
    headers = {"content-type": "application/json", **given.get("headers", {})}
    if "json" in given:
        body = json.dumps(given["json"], ensure_ascii=False).encode()
    elif "form" in given:
        headers["content-type"] = "application/x-www-form-urlencoded"
        body = urlencode(given["form"]).encode()
    else:
        body = given.get("body", "").encode()
    query = given.get("query", {})
    url = account.hook_url + ("?" + urlencode(query) if query else "")
    remote = given.get("remote_address", "")
    call = WebhookCall(given.get("method", "POST"), url, query, headers, body, remote)
    return sign(account, call) if case.get("sign", True) else call


def _observe_exchange(adapter: Adapter, account: Account, step: Call | Done, case: Mapping[str, Any]) -> Any:
    requests, answers = [], list(case.get("answers", ()))
    while isinstance(step, Call):
        requests.append(show_request(step.request))
        answer = answers.pop(0)
        if "error" in answer:
            step = adapter.failed(account, step.state, answer["error"], answer["sent"])
        else:
            step = adapter.next(account, step.state, read_response(answer), NOW)
    assert not answers, "an answer was never asked for"
    return {"requests": requests, **show(step)}


def _observe_look_up(adapter: Adapter, account: Account, case: Mapping[str, Any]) -> Any:
    if not adapter.can_look_up(account):
        return None
    requests, answers = [], list(case.get("answers", ()))
    step = adapter.look_up(account, read_lost(case))
    while isinstance(step, Call):
        requests.append(show_request(step.request))
        step = adapter.look_up_next(account, step.state, read_response(answers.pop(0)))
    assert not answers, "an answer was never asked for"
    return {"requests": requests, **show(step)}


def read_lost(case: Mapping[str, Any]) -> LostMessage:
    given = case["lost"]
    handed_at = datetime.fromisoformat(given["handed_at"])
    return LostMessage(given.get("delivery_id", "d-1"), given["to"], given["to_kind"], given["text"], handed_at)


def _observe_webhook(adapter: Adapter, account: Account, call: WebhookCall, case: Mapping[str, Any]) -> Any:
    try:
        assert adapter.handshake(account, call, NOW) is None
        adapter.verify(account, call, NOW)
        events = adapter.parse_webhook(account, call, NOW)
    except Rejected as error:
        return {"rejected": error.reason, "status": error.status}
    return {"events": [show_event(event) for event in events], "ack": show_response(adapter.ack(account, events))}


def _observe_handshake(adapter: Adapter, account: Account, call: WebhookCall, case: Mapping[str, Any]) -> Any:
    try:
        answer = adapter.handshake(account, call, NOW)
    except Rejected as error:
        return {"rejected": error.reason, "status": error.status}
    return None if answer is None else show_response(answer)


def _observe_checks(adapter: Adapter, account: Account, step: Any, case: Mapping[str, Any]) -> Any:
    requests, answers = [], list(case.get("answers", ()))
    while isinstance(step, Call):
        requests.append(show_request(step.request))
        answer = answers.pop(0)
        if "error" in answer:
            step = adapter.test_failed(account, step.state, answer["error"])
        else:
            step = adapter.test_next(account, step.state, read_response(answer))
    assert not answers, "an answer was never asked for"
    return {"requests": requests, "checks": [show_check(check) for check in step]}


def _observe_poll(adapter: Adapter, account: Account, case: Mapping[str, Any]) -> Any:
    request = adapter.poll(account, case.get("cursor", ""))
    if request is None:
        return None
    events, cursor = adapter.parse_poll(account, read_response(case["answers"][0]), NOW)
    return {"request": show_request(request), "events": [show_event(event) for event in events], "cursor": cursor}


def read_response(answer: Mapping[str, Any]) -> HttpResponse | SmtpAnswer:
    if "stage" in answer:
        return SmtpAnswer(answer["stage"], answer["status"], answer.get("text", ""))
    body = json.dumps(answer["json"]).encode() if "json" in answer else answer.get("text", "").encode()
    headers = tuple((name, value) for name, value in answer.get("headers", {}).items())
    return HttpResponse(answer.get("status", 200), headers, body)


def show_request(request: HttpRequest | SmtpSend) -> dict[str, Any]:
    if isinstance(request, SmtpSend):
        mail = request.message.decode().split("\r\n") if request.message else []
        return {"server": request.url, "said": dict(request.headers), "password": request.password, "mail": mail}
    shown: dict[str, Any] = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
    kind = shown["headers"].pop("content-type", "")
    if kind.startswith("application/json"):
        shown["json"] = json.loads(request.body)
    elif request.body:
        shown["form"] = [list(pair) for pair in parse_qsl(request.body.decode(), keep_blank_values=True)]
    return shown


def show_response(response: HttpResponse) -> dict[str, Any]:
    return {"status": response.status, "body": response.body.decode()}


def show_check(check: Check) -> list[Any]:
    return [check.ok, check.text()] + (["waits"] if check.waits else [])


def show_event(event: Any) -> dict[str, Any]:
    return {"is": type(event).__name__, **show(event)}


def show(value: Any) -> Any:
    """A record as its fields that differ from their defaults."""
    if isinstance(value, msgspec.Struct):
        return {
            field.name: show(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if getattr(value, field.name) != field.default
        }
    if is_dataclass(value):
        return {
            field.name: show(getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple | list):
        return [show(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def _default(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING
