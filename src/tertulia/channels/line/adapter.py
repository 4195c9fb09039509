"""LINE: one official account is one channel.

A push carries a retry key made from the delivery's id, so a lost answer may be repeated: 409 with the same key means
that LINE already has it. A reply (free of charge) has no such key, but its token works once: a lost reply is repeated
under the same token at once, and cannot arrive twice. A token that is refused at the first try is old, and the message
goes as a push; refused at the second, the first may have used it, and nobody knows. `direct` writes to a phone number,
given as its SHA-256, where LINE agreed to that by contract.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tertulia.channels import checks
from tertulia.channels.base import (
    Account,
    Adapter,
    Attachment,
    Call,
    Capabilities,
    ChannelEvent,
    Check,
    Content,
    DeepLink,
    Done,
    HttpRequest,
    HttpResponse,
    Outgoing,
    Picture,
    Rejected,
    Template,
    Text,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, need_public_address, put_code, render_numbered, unreadable
from tertulia.channels.line import codes, form, inbound, probe
from tertulia.channels.outcomes import accept, make_outcome
from tertulia.channels.sms import is_phone
from tertulia.channels.wire import (
    Unreadable,
    check_size,
    equal_secret,
    header_of,
    list_written,
    path_part,
    pick_id,
    pick_maps,
    read_answer,
    read_json_map,
    sha256_hex,
    sign_base64,
    write_json,
)

CHOICES_MAX = 13
LABEL_MAX = 20
DATA_MAX = 300
RETRY_KEYS = uuid.UUID("5a0d7a2e-6f0b-5c8e-9f43-2d1c7b8e4a60")  # the name space of our retry keys

PUSH, REPLY, BY_PHONE = "/v2/bot/message/push", "/v2/bot/message/reply", "/bot/pnp/push"


@dataclass(frozen=True, slots=True)
class Sending:
    """The message under way, the road it took, and whether the same call was lost before."""

    message: Outgoing
    path: str
    repeated: bool = False


class Line(ChannelKind):
    kind = "line"
    title = "LINE"
    mark = "LN"
    colour = "ch-line"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=True,
        text_max=5_000,
        text_unit="utf16",
        receipts=frozenset(),
        rate_per_s=2_000,
        window_s=None,
        may_write_first="phone_push",
        retry_safe=True,
        choices_max=CHOICES_MAX,
        caption_max=5_000,
        link_buttons=True,
    )

    def identity_scope(self, account: Account) -> str:
        return self.setting(account, "channel_id")

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        if message.direct and self.setting(account, "phone_push") != "yes":
            return Done(make_outcome("fix.not_agreed", detail="Push by phone number is off in the channel's settings."))
        if message.direct and not is_phone(message.to):
            return Done(make_outcome("fix.address", detail="A number needs + and its country code."))
        path = BY_PHONE if message.direct else REPLY if message.reply_token else PUSH
        return self._send(account, message, path)

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        sending: Sending = state
        if response.status == 409 and sending.path == PUSH:
            earlier = header_of(response.headers, "x-line-accepted-request-id")
            return Done(accept(*(_read_ids(response) or (earlier,))))
        ids = _read_ids(response)
        if 200 <= response.status < 300 and (ids or sending.path == BY_PHONE):
            return Done(accept(*ids))
        if sending.path != PUSH and (sending.repeated or response.status >= 500):
            return self._lose(account, sending, str(response.status))
        if sending.path == REPLY and codes.is_bad_reply_token(response):
            return self._send(account, sending.message, PUSH)
        return Done(codes.judge(response, sending.path == BY_PHONE))

    def failed(self, account: Account, state: Any, error: str, sent: bool) -> Call | Done:
        """A lost push is safe to repeat by its key."""
        if state.repeated or (sent and state.path != PUSH):
            return self._lose(account, state, error)
        return self.give_up(error, sent)

    def _lose(self, account: Account, sending: Sending, code: str) -> Call | Done:
        """LINE may have taken the message. A reply is tried once more under its token, and whatever else than success
        comes of that, the first may have arrived; a push by number cannot be repeated."""
        if sending.path == REPLY and not sending.repeated:
            return self._send(account, sending.message, REPLY, repeated=True)
        return Done(make_outcome("ambiguous.no_answer", code))

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        check_size(call)
        given, secret = call.headers.get("x-line-signature", ""), self.setting(account, "channel_secret")
        if not given:
            raise Rejected("no_signature", 401)
        if not secret or not equal_secret(given, sign_base64(secret, call.body)):
            raise Rejected("bad_signature")

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            body = read_json_map(call.body)
        except Unreadable as error:
            return unreadable(error)
        return tuple(inbound.parse_call(body, self.identity_scope(account), now))

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        """The ready text is the query itself. Whoever is no friend yet sees *Add friend* first."""
        basic_id = self._basic_id(account)
        ready = put_code(text, token)
        if ready:
            url = f"https://line.me/R/oaMessage/{path_part(basic_id)}/?{path_part(ready)}"
        else:
            url = f"https://line.me/R/ti/p/{path_part(basic_id)}"
        return DeepLink(url, web=True, shows_code=False, qr=url, account_name=basic_id)

    def setup(self, account: Account) -> Call | Sequence[Check]:
        missing = need_public_address(account, self.base_url(account))
        if missing:
            return missing
        put = self._request(account, "PUT", "/v2/bot/channel/webhook/endpoint", {"endpoint": account.hook_url})
        return checks.start(checks.Step(put, probe.judge_setup), self._test_step(account))

    def test(self, account: Account) -> Call | Sequence[Check]:
        basic_id, hook_url = self._basic_id(account), account.hook_url
        endpoint = self._request(account, "GET", "/v2/bot/channel/webhook/endpoint")
        return checks.start(
            checks.Step(
                self._request(account, "GET", "/v2/bot/info"), lambda response: probe.judge_info(response, basic_id)
            ),
            checks.Step(endpoint, lambda response: probe.judge_endpoint(response, hook_url)),
            self._test_step(account),
        )

    def _test_step(self, account: Account) -> checks.Step:
        body = {"endpoint": account.hook_url}
        return checks.Step(self._request(account, "POST", "/v2/bot/channel/webhook/test", body), probe.judge_test)

    def _basic_id(self, account: Account) -> str:
        return "@" + self.setting(account, "basic_id").lstrip("@")

    def _send(self, account: Account, message: Outgoing, path: str, *, repeated: bool = False) -> Call:
        headers: tuple[tuple[str, str], ...] = ()
        if path == PUSH:
            headers = (("x-line-retry-key", make_retry_key(account.channel, message.delivery_id)),)
        if path == BY_PHONE:
            headers = (*headers, ("x-line-delivery-tag", inbound.make_tag(message.delivery_id)))
        to = sha256_hex(message.to.encode()) if path == BY_PHONE else message.to
        recipient = {"replyToken": message.reply_token} if path == REPLY else {"to": to}
        body = {**recipient, "messages": write_messages(message.content), "notificationDisabled": False}
        return Call(self._request(account, "POST", path, body, headers), Sending(message, path, repeated))

    def _request(
        self,
        account: Account,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        more: tuple[tuple[str, str], ...] = (),
    ) -> HttpRequest:
        token = self.setting(account, "access_token")
        headers: tuple[tuple[str, str], ...] = (("authorization", f"Bearer {token}"), *more)
        if body is None:
            return HttpRequest(method, self.base_url(account) + path, headers, redact=list_written(token))
        headers = (*headers, ("content-type", "application/json"))
        return HttpRequest(method, self.base_url(account) + path, headers, write_json(body), list_written(token))


def make_retry_key(channel: str, delivery_id: str) -> str:
    """The same UUID for every attempt at a delivery."""
    return str(uuid.uuid5(RETRY_KEYS, f"{channel}:{delivery_id}"))


def write_messages(content: Content) -> list[dict[str, Any]]:
    """The bubbles of one message."""
    match content:
        case Text() as text:
            return [write_text(text)]
        case Picture(url=url, caption=caption, preview_url=preview):
            picture = {"type": "image", "originalContentUrl": url, "previewImageUrl": preview or url}
            return [picture, {"type": "text", "text": caption}] if caption else [picture]
        case Template() | Attachment():
            raise AssertionError("these are refused before")


def write_text(text: Text) -> dict[str, Any]:
    """Text with quick replies; labels or data too long for them, or too many, become numbered lines."""
    fit = all(len(label) <= LABEL_MAX and len(payload) <= DATA_MAX for label, payload in text.choices)
    if not text.choices or len(text.choices) > CHOICES_MAX or not fit:
        return {"type": "text", "text": render_numbered(text)}
    items = [{"type": "action", "action": write_action(label, payload)} for label, payload in text.choices]
    return {"type": "text", "text": text.text, "quickReply": {"items": items}}


def write_action(label: str, payload: str) -> dict[str, str]:
    if not payload:
        return {"type": "message", "label": label, "text": label}
    if payload.startswith("https://"):
        return {"type": "uri", "label": label, "uri": payload}
    return {"type": "postback", "label": label, "data": payload, "displayText": label}


def _read_ids(response: HttpResponse) -> tuple[str, ...]:
    return tuple(pick_id(item, "id") for item in pick_maps(read_answer(response), "sentMessages"))


adapter: Adapter = Line()
