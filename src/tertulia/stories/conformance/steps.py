"""What can happen in a scenario. Each function is one verb; its argument is what the document says under it."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tertulia.stories.conformance.calls import plan_api, settle_call
from tertulia.stories.conformance.catalogs import fill_catalog
from tertulia.stories.conformance.control import add_cap, change_workspace, mark_sensitive, set_budget, set_hold_out
from tertulia.stories.conformance.coupons import fill_pool
from tertulia.stories.conformance.experiments import track_crowd
from tertulia.stories.conformance.journeys import (
    go_before_change,
    go_to,
    publish_journey,
    publish_template,
    start_journey,
    steer_journey,
)
from tertulia.stories.conformance.otp import ask_code, give_code
from tertulia.stories.conformance.segments import change_list, publish_segment
from tertulia.stories.conformance.sink import Plan
from tertulia.stories.conformance.spans import read_span
from tertulia.stories.conformance.stage import PHONE_AGENT, Failed, Stage
from tertulia.stories.conformance.tracking import post_hooks, track_calls, track_meanwhile
from tertulia.stories.conformance.wire import Post, Sent, Writer

AGENTS = {
    "person": PHONE_AGENT,
    "preview": "WhatsApp/2.23.20.0",
    "scanner": "python-requests/2.32",
    "nobody": "",
}

Step = Callable[[Stage, Any], None]


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
        if row.get("name") and row.get("email"):
            stage.emails.setdefault(row["name"], row["email"])


def import_past(stage: Stage, told: Mapping[str, Any]) -> None:
    """A file of past events for the `source` (the first one by default), checked and taken as a person does it, `times`
    over: `rows` with `user` or another column that says who, `event`, `ago` before now or `time`, and properties. The
    last answer has the counts and the reasons."""
    name = told.get("source", next(iter(stage.sources), ""))
    source = next(item["id"] for item in stage.api("GET", "/sources") if item["name"] == name)
    rows = [_place_in_time(stage, row) for row in told["rows"]]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(head for row in rows for head in row)))
    writer.writeheader()
    writer.writerows(rows)
    for _again in range(told.get("times", 1)):
        file = {"file": ("past.csv", out.getvalue().encode(), "text/csv")}
        path = f"/sources/{source}/past-events"
        path += f"/{stage.api('POST', path, files=file)['id']}"
        if "user" in rows[0]:
            stage.api("PUT", f"{path}/fields", {"fields": {"user": "user_id"}})
        stage.api("POST", f"{path}/check")
        stage.drain()
        checked = stage.api("GET", path)
        if checked["new"]:
            stage.api("POST", f"{path}/start")
        stage.drain()
        done = stage.api("GET", path)
        stage.last_body = " ".join(
            f"{name} {count}"
            for name, count in (("new", done["new"]), ("there", done["there"]), *sorted(done["reasons"].items()))
        )
        if checked["new"] and done["state"] != "done":
            raise Failed(f"the import is {done['state']}: {done['fault']}")


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
    everybody. `receipt_first`: the receipt comes before the answer. `meanwhile`: calls that are told, and decided,
    before the answer comes. `looks_up: false`: it says nothing when it is asked about a lost message."""
    channel = stage.channel(told["channel"])
    channel.account.looks_up = told.get("looks_up", channel.account.looks_up)
    answers = told.get("answers", ["ok"])
    answers = [answers] if isinstance(answers, str) else list(answers)
    known = stage.emails if channel.kind == "smtp" else stage.phones
    to = known.get(told["for"], told["for"]).lstrip("+") if "for" in told else ""
    channel.account.plans[to] = Plan(answers)
    if told.get("receipt_first"):

        def tell_first(sent: Any) -> None:
            post = channel.provider.receipt(sent, told["receipt_first"], "", stage.now, channel.hook_url)
            stage.call_hook(channel, post)

        channel.account.before_answer = tell_first
    if "meanwhile" in told:
        channel.account.before_answer = lambda sent: track_meanwhile(stage, told["for"], told["meanwhile"])


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
    """Open a person's link. `app`: chooser (the default), an app, or web for a link in a message of a journey; `by`:
    person, preview, scanner; `method`. `shown`: false where no browser shows the page that comes, so that its script
    never reports."""
    code = told.get("code") or stage.link_code(told["of"], told.get("app", "chooser"))
    headers = {"sec-purpose": told["purpose"]} if "purpose" in told else {}
    for _again in range(told.get("times", 1)):
        stage.open_url(f"/l/{code}", told.get("method", "GET"), AGENTS[told.get("by", "person")], **headers)
        if told.get("by", "person") == "person" and told.get("shown", True):
            stage.report_page(AGENTS["person"])
    stage.drain()


def unsubscribe(stage: Stage, told: Mapping[str, Any]) -> None:
    """Open the unsubscribe page of a person's link (`method: GET`), or use it (POST, the default). With a `channel` it
    is the one in the newest e-mail there, which a mail program uses by itself, or in the newest text."""
    if "channel" in told:
        path, form = stage.unsubscribe_address(told["channel"], told["of"]), {"List-Unsubscribe": "One-Click"}
    else:
        path, form = f"/u/{stage.link_code(told['of'], 'chooser')}", None
    method = told.get("method", "POST")
    stage.open_url(path, method, AGENTS["person"], form if method == "POST" else None)
    stage.drain()


def write_message(stage: Stage, told: Mapping[str, Any]) -> None:
    """Somebody writes. `channel`, `as` (a name), `with` ({id, phone, username}: who that is there), `text`, in which
    `{code}` is the code of `code_of`'s link; `start: true` sends it by the app's own way; `times` the same webhook
    again; `id` the provider's; `ago` how long before now it was written. `tap`: a button of this label is tapped (in
    Telegram), under the newest message that has it or the one with this `number`. `below`: a comment below this post
    (on Messenger), whose author is known there by their own id, or as `author`; `verb` is add, edited or remove."""
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
    "import_past": import_past,
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
    "workspace": change_workspace,
    "sensitive": mark_sensitive,
    "hold_out": set_hold_out,
    "budget": set_budget,
    "cap": add_cap,
    "crowd": track_crowd,
    "preview": preview_match,
    "api": plan_api,
    "settle": settle_call,
    "journey": publish_journey,
    "template": publish_template,
    "catalog": fill_catalog,
    "coupons": fill_pool,
    "ask_code": ask_code,
    "give_code": give_code,
    "steer": steer_journey,
    "start": start_journey,
    "segment": publish_segment,
    "list": change_list,
    "wait": wait,
    "wait_until": go_to,
    "wait_for_change": go_before_change,
}


def _place_in_time(stage: Stage, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of past events with its time instead of how long ago it was."""
    told = {name: value for name, value in row.items() if name != "ago"}
    return (
        {**told, "time": (stage.now - timedelta(seconds=read_span(row["ago"]))).isoformat()} if "ago" in row else told
    )


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
    if "tap" in told:
        more["tap"] = _find_button(stage, told)
    more |= {name: str(told[name]) for name in ("below", "author", "verb") if name in told}
    at = stage.now - timedelta(seconds=read_span(told["ago"])) if "ago" in told else stage.now
    message_id = str(told["id"] + stage.number * 1_000) if "id" in told else stage.next_id()
    return channel.provider.message(writer, text, message_id, at, channel.hook_url, **more)


def _find_button(stage: Stage, told: Mapping[str, Any]) -> tuple[Sent, str]:
    """The message under which a button of this label stands, the newest or the one that is asked for, and what it
    carries."""
    having = [sent for sent in stage.sent_to(told["channel"], told["as"]) if told["tap"] in dict(sent.buttons)]
    if not having:
        raise Failed(f"{told['as']} has no button {told['tap']!r}")
    sent = having[told.get("number", 0) - 1]
    return sent, dict(sent.buttons)[told["tap"]]


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
