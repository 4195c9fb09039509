"""What can happen in a scenario. Each function is one verb; its argument is what the document says under it."""

import base64
import csv
import hmac
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tertulia.stories.conformance.sink import Plan
from tertulia.stories.conformance.stage import PHONE_AGENT, Failed, Stage
from tertulia.stories.conformance.wire import Post, Writer

AGENTS = {
    "person": PHONE_AGENT,
    "preview": "WhatsApp/2.23.20.0",
    "scanner": "python-requests/2.32",
    "nobody": "",
}
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

Step = Callable[[Stage, Any], None]


def read_span(text: str) -> float:
    """`90s`, `5m`, `2h`, `31d` in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", str(text))
    if not found:
        raise Failed(f"{text!r} is no span of time such as 90s or 2h")
    return float(found[1]) * UNITS_S[found[2]]


def import_list(stage: Stage, told: Mapping[str, Any]) -> None:
    """`rows` of a customer list (or `list: opt_outs`), checked and applied as a person does it; `take_erased`: people
    who were erased are taken in again. The reasons of the check are the last answer."""
    rows = told["rows"]
    heads = list(dict.fromkeys(head for row in rows for head in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, heads)
    writer.writeheader()
    writer.writerows(rows)
    form = {"kind": told.get("list", "customers"), "basis": told.get("basis", "consent"), "source": "conformance"}
    form |= {name: told[name] for name in ("cause", "consent_channel", "country") if name in told}
    file = {"file": (f"{told.get('as', 'list')}.csv", out.getvalue().encode(), "text/csv")}
    if form["kind"] != "customers":
        form.pop("basis")
    made = stage.api("POST", "/imports", data=form, files=file)
    path = f"/imports/{made['id']}"
    stage.imports[told.get("as", "list")] = made["id"]
    stage.api("POST", f"{path}/check")
    stage.drain()
    checked = stage.api("GET", path)
    stage.last_body = " ".join(f"{name} {count}" for name, count in sorted(checked["counts"]["reasons"].items()))
    stage.api("POST", f"{path}/apply", {"keep_series": True, "take_erased": told.get("take_erased", False)})
    stage.drain()
    done = stage.api("GET", path)
    if done["state"] != "done":
        raise Failed(f"the import is {done['state']}: {done['fault']}")
    for row in rows:
        if row.get("name") and row.get("phone"):
            stage.phones.setdefault(row["name"], row["phone"])


def undo_import(stage: Stage, name: str) -> None:
    """Undo the import of that name."""
    stage.api("POST", f"/imports/{stage.imports[name]}/undo")
    stage.drain()


def send_match(stage: Stage, told: Mapping[str, Any]) -> None:
    """Draft and launch a match. `to`: all (the default) or names; `draft: true` leaves it at that."""
    to = told.get("to", "all")
    audience = {"all": True} if to == "all" else {"contacts": [stage.find_person(name) for name in to]}
    form = {
        "name": told.get("as", "match"),
        "sms_channel_id": stage.channel(told.get("channel", "sms")).id,
        "apps": [stage.channel(name).id for name in told.get("apps", ["telegram"])],
        "text": told.get("text", "Hi {{ contact.name }}: {{ link }} {{ links.telegram }}"),
        "neutral": told.get("neutral", ""),
        "audience": audience,
        "message_class": told.get("class", "marketing"),
        "on_missing": told.get("on_missing", "fail"),
        "direct": [{**way, "channel_id": stage.channel(way["channel_id"]).id} for way in told.get("direct", [])],
    }
    form |= {name: told[name] for name in ("rate_per_s", "budget_micros") if name in told}
    made = stage.api("POST", "/matches", form)
    stage.matches[told.get("as", "match")] = made["id"]
    if not told.get("draft"):
        launch_match(stage, told.get("as", "match"), drain=told.get("drain", True))


def launch_match(stage: Stage, name: str, drain: bool = True) -> None:
    """Launch a draft. What refuses it is kept as the last status."""
    headers = {"authorization": f"Bearer {stage.key}"}
    response = stage.http.post(f"/api/matches/{stage.matches[name]}/launch", headers=headers)
    stage.last_status, stage.last_body = response.status_code, response.text
    if drain:
        stage.drain()


def steer_match(verb: str) -> Step:
    """Pause, resume or stop a match."""

    def steer(stage: Stage, name: str) -> None:
        stage.api("POST", f"/matches/{stage.matches[name]}/{verb}")
        stage.drain()

    return steer


def plan_provider(stage: Stage, told: Mapping[str, Any]) -> None:
    """How a provider answers from now on: `answers` in turn (ok, throttled, down, blocked, unknown_number, hang_up:
    taken, but the line is cut; vanish: the line is cut and nothing is taken), the last for ever; `for` one person, else
    everybody. `receipt_first`: the receipt comes before the answer. `looks_up: false`: it says nothing when it is asked
    about a lost message."""
    channel = stage.channel(told["channel"])
    channel.account.looks_up = told.get("looks_up", channel.account.looks_up)
    answers = told.get("answers", ["ok"])
    answers = [answers] if isinstance(answers, str) else list(answers)
    to = stage.phones.get(told["for"], told["for"]).lstrip("+") if "for" in told else ""
    channel.account.plans[to] = Plan(answers)
    if told.get("receipt_first"):

        def tell_first(sent: Any) -> None:
            post = channel.provider.receipt(sent, told["receipt_first"], "", stage.now, channel.hook_url)
            stage.call_hook(channel, post)

        channel.account.before_answer = tell_first


def give_receipt(stage: Stage, told: Mapping[str, Any]) -> None:
    """What became of the newest message to a person; `states` in turn or `state`, each `times` over. `echo: false`:
    the provider gives nothing of ours back; `unknown: true`: for a message that we never sent."""
    channel = stage.channel(told.get("channel", "sms"))
    sent = stage.sent_to(told.get("channel", "sms"), told["of"])
    if not sent:
        raise Failed(f"{told['of']} was sent nothing")
    message = sent[told.get("number", 0) - 1]
    for state in told.get("states", [told.get("state", "delivered")]):
        for _again in range(told.get("times", 1)):
            post = channel.provider.receipt(message, state, str(told.get("code", "")), stage.now, channel.hook_url)
            if told.get("echo") is False:
                message = type(message)(message.to, message.text, message.provider_id, "")
                post = channel.provider.receipt(message, state, "", stage.now, channel.hook_url)
            _expect_ok(stage.call_hook(channel, post))
    stage.drain()


def open_link(stage: Stage, told: Mapping[str, Any]) -> None:
    """Open a person's link. `app`: chooser (the default) or an app; `by`: person, preview, scanner; `method`. `shown`:
    false where no browser shows the page that comes, so that its script never reports."""
    code = told.get("code") or stage.link_code(told["of"], told.get("app", "chooser"))
    headers = {"sec-purpose": told["purpose"]} if "purpose" in told else {}
    for _again in range(told.get("times", 1)):
        stage.open_url(f"/l/{code}", told.get("method", "GET"), AGENTS[told.get("by", "person")], **headers)
        if told.get("by", "person") == "person" and told.get("shown", True):
            stage.report_page(AGENTS["person"])
    stage.drain()


def unsubscribe(stage: Stage, told: Mapping[str, Any]) -> None:
    """Open the unsubscribe page of a person's link (`method: GET`), or use it (POST, the default)."""
    code = stage.link_code(told["of"], "chooser")
    stage.open_url(f"/u/{code}", told.get("method", "POST"), AGENTS["person"])
    stage.drain()


def write_message(stage: Stage, told: Mapping[str, Any]) -> None:
    """Somebody writes. `channel`, `as` (a name), `with` ({id, phone, username}: who that is there), `text`, in which
    `{code}` is the code of `code_of`'s link; `start: true` sends it by the app's own way; `times` the same webhook
    again; `id` the provider's; `ago` how long before now it was written."""
    post = _make_message(stage, told)
    channel = stage.channel(told["channel"])
    for _again in range(told.get("times", 1)):
        _expect_ok(stage.call_hook(channel, post))
    if not told.get("at_once"):
        stage.drain()


def write_together(stage: Stage, told: list[Mapping[str, Any]]) -> None:
    """Several messages one after the other, with no time for the server in between."""
    for message in told:
        write_message(stage, {**message, "at_once": True})
    stage.drain()


def track_calls(stage: Stage, told: Mapping[str, Any]) -> None:
    """A company's app or site tells what customers did: `calls` in one batch of its SDK to the `source` (the first one
    by default), `times` over. Each names its `call` (track by default), `user`, `anonymous`, `previous` and `group`,
    the `event` and its `properties` or `traits`; `id` the SDK's, `ago` how long ago by the client's clock, which is
    `slow` by so much. The answer is the last one."""
    source = told.get("source", next(iter(stage.sources), ""))
    slow = timedelta(seconds=read_span(told["slow"])) if "slow" in told else timedelta()
    batch = [_make_call(stage, call, stage.now - slow) for call in told["calls"]]
    for _again in range(told.get("times", 1)):
        stage.track(source, {"batch": batch, "sentAt": (stage.now - slow).isoformat()})
    if not told.get("at_once"):
        stage.drain()


def post_hooks(stage: Stage, told: Mapping[str, Any]) -> None:
    """A business's own system posts a webhook to the `source` (the first one by default), `times` over: its `body`, in
    which the text `now` is this instant, about a `topic`; `id` the shop's own of this event. `signed: false`: with a
    wrong signature. The answer is the last one."""
    source = told.get("source", next(iter(stage.hooks), ""))
    hook = stage.hooks.get(source)
    secret = hook.secret if hook and told.get("signed", True) else "wrong"
    raw = json.dumps(told["body"]).replace('"now"', json.dumps(stage.now.isoformat())).encode()
    digest = hmac.digest(secret.encode(), raw, "sha256")
    in_hex = hook is not None and hook.signing["encoding"] == "hex"
    headers = {"content-type": "application/json"}
    if hook is not None:
        headers[hook.signing["header"]] = digest.hex() if in_hex else base64.b64encode(digest).decode()
    topic = str(told.get("topic", ""))
    headers |= {"x-shopify-topic": topic, "x-wc-webhook-topic": topic, "x-topic": topic}
    if "id" in told:
        headers["x-shopify-event-id"] = f"{stage.number}-{told['id']}"
    for _again in range(told.get("times", 1)):
        stage.post_hook(source, raw, headers)
    if not told.get("at_once"):
        stage.drain()


def give_signal(stage: Stage, told: Mapping[str, Any]) -> None:
    """A platform tells of a person: `event` blocked or unblocked."""
    channel = stage.channel(told["channel"])
    writer = stage.writer(told["channel"], told["as"])
    post = channel.provider.signal(writer, told["event"], stage.next_id(), stage.now, channel.hook_url)
    for _again in range(told.get("times", 1)):
        _expect_ok(stage.call_hook(channel, post))
    stage.drain()


def post_raw(stage: Stage, told: Mapping[str, Any]) -> None:
    """A webhook as it is told: `body`, signed or (`signed: false`) with a wrong signature."""
    channel = stage.channel(told["channel"])
    writer = Writer("990", "Nobody", "+5511985550990")
    post = channel.provider.message(writer, told.get("text", "Hi"), stage.next_id(), stage.now, channel.hook_url)
    if told.get("signed") is False:
        wrong = {name: "wrong" if name.startswith("x-") else value for name, value in post.headers.items()}
        post = Post(post.body, wrong, post.query)
    if "body" in told:
        post = Post(told["body"].encode(), post.headers, post.query)
    stage.call_hook(channel, post)
    stage.drain()


def retry_parked(stage: Stage, told: Mapping[str, Any]) -> None:
    """Try again what is parked or could not be read on a `channel`."""
    stage.api("POST", f"/parked/retry?channel_id={stage.channel(told['channel']).id}")
    stage.drain()


def change_consent(stage: Stage, told: Mapping[str, Any]) -> None:
    """A person of the team grants or withdraws for a contact."""
    form = {name: value for name, value in told.items() if name != "who"}
    stage.api("POST", f"/contacts/{stage.find_person(told['who'])}/consents", {"reason": "conformance", **form})
    stage.drain()


def merge_people(stage: Stage, told: Mapping[str, Any]) -> None:
    """`absorbed` is the same person as `into`."""
    into, absorbed = stage.find_person(told["into"]), stage.find_person(told["absorbed"])
    stage.api("POST", f"/contacts/{into}/merge", {"absorbed": absorbed})
    stage.drain()


def undo_merge(stage: Stage, told: Mapping[str, Any]) -> None:
    """Undo the merge of `absorbed`."""
    absorbed = stage.find_person(told["absorbed"])
    merges = stage.api("GET", f"/contacts/{absorbed}")["merges"]
    merge = next(item for item in merges if item["absorbed"] == absorbed and item["undone_at"] is None)
    stage.api("POST", f"/merges/{merge['id']}/undo")
    stage.drain()


def erase_person(stage: Stage, who: str) -> None:
    """Remove a person for good."""
    stage.api("POST", f"/contacts/{stage.find_person(who)}/erase")
    stage.drain()


def mark_sensitive(stage: Stage, names: list[str]) -> None:
    """From now on these attributes are sensitive, and no others."""
    known = stage.api("GET", "/workspace")
    fields = ("name", "link_domain", "country", "language", "zone", "currency", "link_days")
    stage.api("PUT", "/workspace", {**{name: known[name] for name in fields}, "sensitive_attributes": names})


def preview_match(stage: Stage, told: Mapping[str, Any]) -> None:
    """Preview the match `as` one person; the answer is the last one."""
    form = {"contact_id": stage.find_person(told["for"])}
    shown = stage.api("POST", f"/matches/{stage.matches[told.get('as', 'match')]}/preview", form)
    stage.last_body = f"{shown['variant']}: {shown['text'] or shown['problem']['sentence']}"


def wait(stage: Stage, span: str) -> None:
    """Let time pass; everything that falls due happens."""
    stage.advance(read_span(span))


STEPS: Mapping[str, Step] = {
    "import": import_list,
    "undo_import": undo_import,
    "match": send_match,
    "launch": launch_match,
    "pause": steer_match("pause"),
    "resume": steer_match("resume"),
    "stop": steer_match("stop"),
    "provider": plan_provider,
    "receipt": give_receipt,
    "open": open_link,
    "unsubscribe": unsubscribe,
    "write": write_message,
    "together": write_together,
    "track": track_calls,
    "hook": post_hooks,
    "signal": give_signal,
    "post": post_raw,
    "retry": retry_parked,
    "consent": change_consent,
    "merge": merge_people,
    "undo_merge": undo_merge,
    "erase": erase_person,
    "sensitive": mark_sensitive,
    "preview": preview_match,
    "wait": wait,
}


_CALL_FIELDS = {
    "user": "userId",
    "anonymous": "anonymousId",
    "previous": "previousId",
    "group": "groupId",
    "event": "event",
    "name": "name",
    "properties": "properties",
    "traits": "traits",
    "context": "context",
}


def _make_call(stage: Stage, told: Mapping[str, Any], clock: datetime) -> dict[str, Any]:
    at = clock - timedelta(seconds=read_span(told["ago"])) if "ago" in told else clock
    message_id = f"{stage.number}-{told.get('id') or stage.next_id()}"
    made = {"type": told.get("call", "track"), "messageId": message_id, "timestamp": at.isoformat()}
    return made | {field: told[name] for name, field in _CALL_FIELDS.items() if name in told}


def _make_message(stage: Stage, told: Mapping[str, Any]) -> Post:
    name, channel = told["channel"], stage.channel(told["channel"])
    if "with" in told:
        given = told["with"]
        writer = Writer(str(given.get("id", "")), told["as"], given.get("phone", ""), given.get("username", ""))
        stage.writers[(name, told["as"])] = writer
    writer = stage.writer(name, told["as"])
    code = stage.link_code(told["code_of"], told.get("app", "chooser")) if "code_of" in told else ""
    code = _spell(code, told.get("spelled", ""))
    text = str(told.get("text", "Hello {code}" if code else "Hello")).replace("{code}", code)
    more: dict[str, Any] = {"forwarded": told.get("forwarded", False)}
    if told.get("start"):
        more["start"] = code
    if told.get("share_phone"):
        more["share_phone"] = True
    at = stage.now - timedelta(seconds=read_span(told["ago"])) if "ago" in told else stage.now
    message_id = str(told["id"] + stage.number * 1_000) if "id" in told else stage.next_id()
    return channel.provider.message(writer, text, message_id, at, channel.hook_url, **more)


def _spell(code: str, how: str) -> str:
    """A code as people spoil it."""
    match how:
        case "lower":
            return code.lower()
        case "spaced":
            return " ".join([code[:4], code[4:9], code[9:]])
        case "lookalike":
            return code.replace("0", "O").replace("1", "l")
        case "glued":
            return f"({code})"
        case _:
            return code


def _expect_ok(status: int) -> None:
    if not 200 <= status < 300:
        raise Failed(f"the webhook was answered with {status}")
