"""Telegram Bot API: one bot is one channel.

The token stands in the address of every call, so it is masked there. There is no idempotency key (a lost answer is
ambiguous), no receipt, no window: whoever pressed Start may be written to until they block the bot. A chat that grew
into another id is answered with `migrate_to_chat_id`: the message goes there at once and the new id is reported.
"""

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
    InboundMessage,
    Outgoing,
    Picture,
    Rejected,
    Template,
    Text,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, need_public_address, unreadable
from tertulia.channels.outcomes import accept, make_outcome
from tertulia.channels.telegram import codes, form, inbound, probe
from tertulia.channels.telegram.signatures import check_start
from tertulia.channels.wire import (
    Unreadable,
    check_size,
    equal_secret,
    list_written,
    path_part,
    pick_id,
    pick_int,
    pick_maps,
    read_answer,
    read_json_map,
    write_json,
)
from tertulia.core.identity import IdentityRef

CALLBACK_MAX_BYTES = 64
CAPTION_MAX_CHARACTERS = 1_024
ATTACHED = {
    "video": ("sendVideo", "video"),
    "voice": ("sendVoice", "voice"),
    "document": ("sendDocument", "document"),
    "gif": ("sendAnimation", "animation"),
}
POLL_S = 25
BUTTONS_PER_ROW = 2


@dataclass(frozen=True, slots=True)
class Sending:
    """The method and body under way, to be sent again to a migrated chat; `moved` after that happened."""

    method: str
    body: dict[str, object]
    moved: str = ""


class Telegram(ChannelKind):
    kind = "telegram"
    title = "Telegram"
    mark = "TG"
    colour = "ch-telegram"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=True,
        text_max=4_096,
        text_unit="utf16",
        receipts=frozenset(),
        rate_per_s=30,
        window_s=None,
        may_write_first="",
        token_on_link=True,
        choices_max=100,
        caption_max=CAPTION_MAX_CHARACTERS,
        attachments=frozenset(ATTACHED),
        link_buttons=True,
        shares_phone="proven",
    )

    def identity_scope(self, account: Account) -> str:
        return self._username(account).lower()

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content) or self._refuse_choices(message.content)
        if refused is not None:
            return Done(refused)
        state = self._write(message)
        return Call(self._method(account, state.method, state.body), state)

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        sending: Sending = state
        answer = read_answer(response)
        if answer.get("ok") is True:
            chat = pick_id(answer, "result", "chat", "id") or sending.moved or str(sending.body["chat_id"])
            moved = IdentityRef("telegram", self.identity_scope(account), sending.moved) if sending.moved else None
            number = pick_id(answer, "result", "message_id")
            return Done(accept(f"{chat}:{number}" if number else ""), moved_to=moved)
        new_chat = pick_int(answer, "parameters", "migrate_to_chat_id")
        if new_chat is not None and not sending.moved:
            body = {**sending.body, "chat_id": new_chat}
            again = Sending(sending.method, body, moved=str(new_chat))
            return Call(self._method(account, again.method, body), again)
        return Done(codes.judge(response))

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        check_size(call)
        given = call.headers.get("x-telegram-bot-api-secret-token", "")
        if not given:
            raise Rejected("no_signature", 401)
        if not equal_secret(given, self.setting(account, "secret_token")):
            raise Rejected("bad_signature")

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            update = read_json_map(call.body)
        except Unreadable as error:
            return unreadable(error)
        return (inbound.parse_update(update, self.identity_scope(account), now),)

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse:
        """A tapped button shows a clock until its query is answered; the answer may ride on ours."""
        for event in events:
            if isinstance(event, InboundMessage) and event.form == "choice" and event.reply_token:
                body = {"method": "answerCallbackQuery", "callback_query_id": event.reply_token}
                return HttpResponse(200, (("content-type", "application/json"),), write_json(body))
        return HttpResponse(200, (("content-type", "application/json"),), b"{}")

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        """Raises ValueError for a token that may not ride on a Start link."""
        url = f"https://t.me/{path_part(self._username(account))}"
        if token:
            url += f"?start={check_start(token)}"
        return DeepLink(url, web=True, shows_code=False, qr=url, account_name="@" + self._username(account))

    def setup(self, account: Account) -> Call | Sequence[Check]:
        polling = self._polls(account)
        missing = () if polling else need_public_address(account, self.base_url(account))
        if missing:
            return missing
        secret = self.setting(account, "secret_token")
        return checks.start(probe.setup_step(self._caller(account), account.hook_url, secret, polling))

    def test(self, account: Account) -> Call | Sequence[Check]:
        steps = probe.test_steps(self._caller(account), self._username(account), account.hook_url, self._polls(account))
        return checks.start(*steps)

    def poll(self, account: Account, cursor: str) -> HttpRequest | None:
        if not self._polls(account):
            return None
        body: dict[str, object] = {"timeout": POLL_S, "allowed_updates": probe.ALLOWED_UPDATES}
        if cursor:
            body["offset"] = int(cursor)
        return self._method(account, "getUpdates", body)

    def parse_poll(self, account: Account, response: HttpResponse, now: datetime) -> tuple[Sequence[ChannelEvent], str]:
        """An update's number, once past the cursor, is never given again: the cursor is kept after the events are."""
        updates = pick_maps(read_answer(response), "result")
        numbers = [number for update in updates if (number := pick_int(update, "update_id")) is not None]
        scope = self.identity_scope(account)
        events = tuple(inbound.parse_update(update, scope, now) for update in updates)
        return events, str(max(numbers) + 1) if numbers else ""

    def _polls(self, account: Account) -> bool:
        return self.setting(account, "transport") == "polling"

    def _username(self, account: Account) -> str:
        return self.setting(account, "bot_username").lstrip("@")

    def _caller(self, account: Account) -> probe.Method:
        return lambda method, body: self._method(account, method, body)

    def _method(self, account: Account, method: str, body: dict[str, object]) -> HttpRequest:
        token = self.setting(account, "token")
        url = f"{self.base_url(account)}/bot{path_part(token).replace('%3A', ':')}/{method}"
        redact = list_written(token, self.setting(account, "secret_token"))
        return HttpRequest("POST", url, (("content-type", "application/json"),), write_json(body), redact)

    def _refuse_choices(self, content: Content) -> Any:
        if isinstance(content, Picture) and self.measure(content.caption) > CAPTION_MAX_CHARACTERS:
            return make_outcome("fix.too_long", detail=f"A caption has at most {CAPTION_MAX_CHARACTERS} characters.")
        if isinstance(content, Text) and any(
            len((payload or label).encode()) > CALLBACK_MAX_BYTES
            for label, payload in content.choices
            if not payload.startswith("https://")
        ):
            return make_outcome("fix.content", detail=f"A button carries at most {CALLBACK_MAX_BYTES} bytes.")
        return None

    def _write(self, message: Outgoing) -> Sending:
        chat: object = int(message.to) if message.to.lstrip("-").isdecimal() else message.to
        match message.content:
            case Picture(url=url, caption=caption):
                body: dict[str, object] = {"chat_id": chat, "photo": url}
                return Sending("sendPhoto", {**body, "caption": caption} if caption else body)
            case Attachment(form=form, url=url, caption=caption):
                method, name = ATTACHED[form]
                return Sending(method, {"chat_id": chat, name: url, **({"caption": caption} if caption else {})})
            case Text() as text:
                return Sending("sendMessage", {"chat_id": chat, "text": text.text, **_write_markup(text)})
            case Template():
                raise AssertionError("templates are refused before")


def _write_markup(text: Text) -> dict[str, object]:
    if text.ask_phone:
        button = {"text": text.ask_phone_label, "request_contact": True}
        return {"reply_markup": {"keyboard": [[button]], "one_time_keyboard": True, "resize_keyboard": True}}
    buttons = [_write_button(label, payload) for label, payload in text.choices]
    rows = [buttons[i : i + BUTTONS_PER_ROW] for i in range(0, len(buttons), BUTTONS_PER_ROW)]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _write_button(label: str, payload: str) -> dict[str, str]:
    if payload.startswith("https://"):
        return {"text": label, "url": payload}
    return {"text": label, "callback_data": payload or label}


adapter: Adapter = Telegram()
