"""What a company's apps, sites and shops tell in a scenario: calls of tracking SDKs, and webhooks."""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tertulia.stories.conformance.spans import read_span
from tertulia.stories.conformance.stage import Stage

MEANWHILE_READS = 100
MEANWHILE_POLL_S = 0.05

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


def track_calls(stage: Stage, told: Mapping[str, Any]) -> None:
    """A company's app or site tells what customers did: `calls` in one batch of its SDK to the `source` (the first one
    by default), `times` over. Each names its `call` (track by default), `user`, `anonymous`, `previous` and `group`,
    the `event` and its `properties` or `traits`; `id` the SDK's, `ago` how long ago by the client's clock, which is
    `slow` by so much. `dates` are traits that are an instant `in` so long, or the date so many `days` from now by the
    clocks of a `zone`. A phone among the traits is that of their `firstName`. The answer is the last one."""
    source = told.get("source", next(iter(stage.sources), ""))
    slow = timedelta(seconds=read_span(told["slow"])) if "slow" in told else timedelta()
    batch = [_make_call(stage, call, stage.now - slow) for call in told["calls"]]
    for _again in range(told.get("times", 1)):
        stage.track(source, {"batch": batch, "sentAt": (stage.now - slow).isoformat()})
    if not told.get("at_once"):
        stage.drain()


def track_meanwhile(stage: Stage, who: str, calls: list[Mapping[str, Any]]) -> None:
    """Tell calls of a person, and wait until the last of them is decided. The server is at work, so it never rests."""
    path = f"/contacts/{stage.find_person(who)}/events"
    track_calls(stage, {"calls": calls, "at_once": True})
    for _again in range(MEANWHILE_READS):
        if any(event["name"] == calls[-1]["event"] for event in stage.api("GET", path)):
            return
        time.sleep(MEANWHILE_POLL_S)


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


def _make_call(stage: Stage, told: Mapping[str, Any], clock: datetime) -> dict[str, Any]:
    at = clock - timedelta(seconds=read_span(told["ago"])) if "ago" in told else clock
    message_id = f"{stage.number}-{told.get('id') or stage.next_id()}"
    made = {"type": told.get("call", "track"), "messageId": message_id, "timestamp": at.isoformat()}
    traits = told.get("traits", {})
    if "firstName" in traits and "phone" in traits:
        stage.phones.setdefault(traits["firstName"], traits["phone"])
    if "firstName" in traits and "email" in traits:
        stage.emails.setdefault(traits["firstName"], traits["email"])
    if "dates" in told:
        told = {**told, "traits": {**traits, **{name: _find_date(at, one) for name, one in told["dates"].items()}}}
    return made | {field: told[name] for name, field in _CALL_FIELDS.items() if name in told}


def _find_date(now: datetime, told: Mapping[str, Any]) -> str:
    if "in" in told:
        return (now + timedelta(seconds=read_span(told["in"]))).isoformat()
    return (now.astimezone(ZoneInfo(told["zone"])).date() + timedelta(days=told["days"])).isoformat()
