"""Viber: one bot is one channel.

Viber answers HTTP 200 whatever happens; the verdict is `status` in the body. There is no idempotency key. A customer
has to write (or tap) first; the answer to `conversation_started` may hold one welcome message. No web address opens a
chat: our own page shows the `viber://` link, whose `context` carries the code and whose ready text repeats it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from tertulia.channels import checks
from tertulia.channels.base import (
    Account,
    Adapter,
    Attachment,
    Call,
    Capabilities,
    ChannelEvent,
    Check,
    ContactEvent,
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
from tertulia.channels.kinds import ChannelKind, need_public_address, put_code, unreadable
from tertulia.channels.outcomes import accept, make_outcome
from tertulia.channels.viber import codes, form, inbound, probe
from tertulia.channels.wire import (
    Unreadable,
    check_size,
    equal_secret,
    list_written,
    pick_id,
    pick_int,
    read_answer,
    read_json_map,
    sign_hex,
    write_json,
)

PICTURE_TEXT_MAX = 512
SENDER_NAME_MAX = 28
SHARE_PHONE_API = 3  # the first version of Viber's apps with the button
JSON_MAX_BYTES = 30_000

Body = dict[str, Any]


class Viber(ChannelKind):
    kind = "viber"
    title = "Viber"
    mark = "VB"
    colour = "ch-viber"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=True,
        text_max=7_000,
        text_unit="characters",
        receipts=frozenset({"delivered", "read"}),
        rate_per_s=100,
        window_s=None,
        may_write_first="",
        deep_link_web=False,
        token_on_link=True,
        choices_max=24,
        caption_max=PICTURE_TEXT_MAX,
        link_buttons=True,
        choices_carry=False,
        shares_phone="claimed",
    )

    def identity_scope(self, account: Account) -> str:
        return self.setting(account, "bot_uri").lower()

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        body = {"receiver": message.to, **self._write(account, message)}
        request = self._request(account, "send_message", body)
        if len(request.body) > JSON_MAX_BYTES:
            return Done(make_outcome("fix.too_long", detail=f"A message has at most {JSON_MAX_BYTES} bytes."))
        if isinstance(message.content, Picture) and len(message.content.caption) > PICTURE_TEXT_MAX:
            return Done(make_outcome("fix.too_long", detail=f"A caption has at most {PICTURE_TEXT_MAX} characters."))
        return Call(request)

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        answer = read_answer(response)
        if response.status < 300 and pick_int(answer, "status") == 0:
            return Done(accept(pick_id(answer, "message_token")))
        return Done(codes.judge(response))

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        check_size(call)
        given, token = call.headers.get("x-viber-content-signature", ""), self.setting(account, "auth_token")
        if not given:
            raise Rejected("no_signature", 401)
        if not token or not equal_secret(given, sign_hex(token, call.body)):
            raise Rejected("bad_signature")

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        """The call that Viber makes when the webhook is registered is one of these too, of kind `webhook`."""
        try:
            body = read_json_map(call.body)
        except Unreadable as error:
            return unreadable(error)
        return (inbound.parse_callback(body, self.identity_scope(account), now),)

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse:
        """The welcome message rides on the answer to `conversation_started`, free of charge."""
        welcome = self.setting(account, "welcome")
        started = any(isinstance(event, ContactEvent) and event.kind == "started" for event in events)
        headers = (("content-type", "application/json"),)
        if not started or not welcome:
            return HttpResponse(200, headers, b"{}")
        body = {"sender": self._sender(account), "type": "text", "text": welcome}
        return HttpResponse(200, headers, write_json(body))

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        uri = self.setting(account, "bot_uri")
        pairs = [("chatURI", uri)]
        pairs += [("context", token)] if token else []
        ready = put_code(text, token)
        pairs += [("text", ready)] if ready else []
        url = "viber://pa?" + urlencode(pairs, quote_via=quote)
        return DeepLink(url, web=False, shows_code=False, qr=url, account_name=self.setting(account, "sender_name"))

    def setup(self, account: Account) -> Call | Sequence[Check]:
        missing = need_public_address(account, self.base_url(account))
        if missing:
            return missing
        body: Body = {
            "url": account.hook_url,
            "event_types": list(probe.EVENT_TYPES),
            "send_name": True,
            "send_photo": False,
        }
        return checks.start(checks.Step(self._request(account, "set_webhook", body), probe.judge_setup))

    def test(self, account: Account) -> Call | Sequence[Check]:
        uri, hook_url = self.setting(account, "bot_uri"), account.hook_url
        request = self._request(account, "get_account_info", {})
        return checks.start(checks.Step(request, lambda response: probe.judge_account(response, uri, hook_url)))

    def _sender(self, account: Account) -> dict[str, str]:
        avatar = self.setting(account, "avatar")
        name = self.setting(account, "sender_name")[:SENDER_NAME_MAX]
        return {"name": name, "avatar": avatar} if avatar else {"name": name}

    def _write(self, account: Account, message: Outgoing) -> Body:
        envelope: Body = {"sender": self._sender(account), "min_api_version": 1}
        match message.content:
            case Picture(url=url, caption=caption, preview_url=preview):
                body: Body = {**envelope, "type": "picture", "text": caption, "media": url}
                return {**body, "thumbnail": preview} if preview else body
            case Text() as text:
                body = {**envelope, "type": "text", "text": text.text}
                if text.ask_phone:
                    body["min_api_version"] = SHARE_PHONE_API
                buttons = write_buttons(text)
                return {**body, "keyboard": write_keyboard(buttons)} if buttons else body
            case Template() | Attachment():
                raise AssertionError("these are refused before")

    def _request(self, account: Account, method: str, body: Body) -> HttpRequest:
        token = self.setting(account, "auth_token")
        headers = (("x-viber-auth-token", token), ("content-type", "application/json"))
        return HttpRequest(
            "POST", f"{self.base_url(account)}/pa/{method}", headers, write_json(body), list_written(token)
        )


def write_keyboard(buttons: list[dict[str, str]]) -> Body:
    return {"Type": "keyboard", "DefaultHeight": False, "Buttons": buttons}


def write_buttons(text: Text) -> list[dict[str, str]]:
    """The buttons under a text: the one that shares the number, else one a choice."""
    if text.ask_phone:
        return [{"ActionType": "share-phone", "ActionBody": "share-phone", "Text": text.ask_phone_label}]
    return [_write_button(label, payload) for label, payload in text.choices]


def _write_button(label: str, payload: str) -> dict[str, str]:
    action = "open-url" if payload.startswith("https://") else "reply"
    return {"ActionType": action, "ActionBody": payload or label, "Text": label}


adapter: Adapter = Viber()
