"""Facebook Messenger: one Page is one channel.

Nobody can be written to first. An m.me link carries the code as `ref` and, because refs may be lost on the way, in the
ready text too. There is no idempotency key: `metadata` comes back in the echo of our own message and settles a lost
answer. Free text for 24 hours; an answer written by a person for seven days where Meta approved it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tertulia.channels import checks, meta
from tertulia.channels.base import (
    Account,
    Adapter,
    Attachment,
    Call,
    Capabilities,
    ChannelEvent,
    Check,
    DeepLink,
    Done,
    HttpRequest,
    HttpResponse,
    Outgoing,
    Picture,
    Template,
    Text,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, need_public_address, put_code, render_numbered, unreadable
from tertulia.channels.messenger import codes, form, inbound, probe
from tertulia.channels.outcomes import accept, make_outcome
from tertulia.channels.wire import (
    Unreadable,
    list_written,
    path_part,
    pick_id,
    read_answer,
    read_json_map,
    with_query,
    write_json,
)
from tertulia.core.identity import COMMENT_KIND, IdentityRef

QUICK_REPLIES_MAX = 13
QUICK_REPLY_TITLE_MAX = 20
QUICK_REPLY_PAYLOAD_MAX = 1_000
BUTTON_TEXT_MAX = 640  # above a button
ATTACHED = {"video": "video", "voice": "audio", "document": "file", "gif": "image"}

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sending:
    """The body under way, the caption that follows a picture as a message of its own, and what is out already."""

    body: dict[str, Any]
    caption: str = ""
    accepted: tuple[str, ...] = ()


class Messenger(ChannelKind):
    kind = "messenger"
    title = "Messenger"
    mark = "ME"
    colour = "ch-messenger"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=True,
        text_max=2_000,
        text_unit="characters",
        receipts=frozenset({"sent", "delivered", "read"}),
        rate_per_s=250,
        window_s=24 * 3_600,
        may_write_first="",
        token_on_link=True,
        choices_max=QUICK_REPLIES_MAX,
        caption_max=2_000,
        attachments=frozenset(ATTACHED),
        link_buttons=True,
    )

    def identity_scope(self, account: Account) -> str:
        return self.setting(account, "page_id")

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        if message.to_kind == COMMENT_KIND:
            message = _join_caption(message)
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        if isinstance(message.content, Text) and any(
            len(payload) > QUICK_REPLY_PAYLOAD_MAX for _, payload in message.content.choices
        ):
            return Done(make_outcome("fix.content", detail=f"A choice carries at most {QUICK_REPLY_PAYLOAD_MAX}."))
        return self._send(account, self._write(account, message), _after(message), ())

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        sending: Sending = state
        message_id = pick_id(read_answer(response), "message_id")
        if not (200 <= response.status < 300 and message_id):
            return Done(accept(*sending.accepted) if sending.accepted else codes.judge(response))
        accepted = (*sending.accepted, message_id)
        if "comment_id" in sending.body["recipient"]:
            return Done(accept(*accepted), moved_to=self._read_author(account, response))
        if not sending.caption:
            return Done(accept(*accepted))
        told = {key: value for key, value in sending.body["message"].items() if key != "attachment"}
        return self._send(account, {**sending.body, "message": {**told, "text": sending.caption}}, "", accepted)

    def _read_author(self, account: Account, response: HttpResponse) -> IdentityRef | None:
        """As whom the author of a comment will answer in Messenger: only the reply's own answer tells it for sure."""
        person = pick_id(read_answer(response), "recipient_id")
        return IdentityRef("messenger", self.identity_scope(account), person) if person else None

    def failed(self, account: Account, state: Any, error: str, sent: bool) -> Done:
        """With the picture out the message counts as sent, caption or not."""
        if state.accepted:
            return Done(accept(*state.accepted))
        return self.give_up(error, sent)

    def handshake(self, account: Account, call: WebhookCall, now: datetime) -> HttpResponse | None:
        return meta.answer_handshake(self.setting(account, "verify_token"), call)

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        meta.verify_signature(self.setting(account, "app_secret"), call)

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            body = read_json_map(call.body)
        except Unreadable as error:
            return unreadable(error)
        return tuple(inbound.parse_call(body, self.setting(account, "page_id"), now))

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        name = self.setting(account, "page_name") or self.setting(account, "page_id")
        pairs = [("ref", token)] if token else []
        ready = put_code(text, token)
        pairs += [("text", ready)] if ready else []
        url = with_query(f"https://m.me/{path_part(name)}", pairs)
        return DeepLink(url, web=True, shows_code=False, qr=url, account_name=name)

    def setup(self, account: Account) -> Call | Sequence[Check]:
        missing = need_public_address(account, self.base_url(account))
        if missing:
            return missing
        page = self._page(account)
        fields = [("subscribed_fields", ",".join(probe.SUBSCRIBED_FIELDS))]
        button = {"get_started": {"payload": inbound.GET_STARTED}}
        return checks.start(
            *self._setup_app(account),
            _succeed(
                self._request(account, "POST", f"{page}/subscribed_apps", fields),
                "The Page gives its events to the app.",
            ),
            _succeed(
                self._request(account, "POST", f"{page}/messenger_profile", [], button),
                "The Get started button is set.",
            ),
        )

    def test(self, account: Account) -> Call | Sequence[Check]:
        page, page_id = self._page(account), self.setting(account, "page_id")
        button = self._request(account, "GET", "me/messenger_profile", [("fields", "get_started")])
        app = self._app_request(account, "GET", [])
        steps = [
            checks.Step(
                self._request(account, "GET", "me", [("fields", "id,name")]),
                lambda response: probe.judge_page(response, page_id),
            ),
            checks.Step(self._request(account, "GET", f"{page}/subscribed_apps", []), probe.judge_fields),
            checks.Step(button, self._judge_last(app is None)),
        ]
        if app is not None:
            steps.append(checks.Step(app, lambda response: probe.judge_app(response, account.hook_url)))
        return checks.start(*steps)

    def _judge_last(self, by_hand: bool) -> Any:
        def judge(response: HttpResponse) -> checks.Judged:
            judged = probe.judge_start_button(response, inbound.GET_STARTED)
            return checks.Judged((*judged.checks, *probe.BY_HAND.checks)) if by_hand else judged

        return judge

    def _setup_app(self, account: Account) -> tuple[checks.Step, ...]:
        """The app's own webhook, where the app's ID is known. Meta calls the address at once with a challenge."""
        pairs = [
            ("object", "page"),
            ("callback_url", account.hook_url),
            ("verify_token", self.setting(account, "verify_token")),
            ("fields", ",".join(probe.SUBSCRIBED_FIELDS)),
        ]
        request = self._app_request(account, "POST", pairs)
        return () if request is None else (_succeed(request, "Meta called this server and got the right answer."),)

    def _send(self, account: Account, body: dict[str, Any], caption: str, accepted: tuple[str, ...]) -> Call:
        request = self._request(account, "POST", f"{self._page(account)}/messages", [], body)
        return Call(request, Sending(body, caption, accepted))

    def _write(self, account: Account, message: Outgoing) -> dict[str, Any]:
        key = "comment_id" if message.to_kind == COMMENT_KIND else "id"
        body: dict[str, Any] = {"recipient": {key: message.to}, **self._write_type(account, message)}
        match message.content:
            case Text() as text:
                body["message"] = write_text(text)
            case Picture(url=url):
                payload = {"url": url, "is_reusable": True}
                body["message"] = {"attachment": {"type": "image", "payload": payload}}
            case Attachment(form=form, url=url):
                payload = {"url": url, "is_reusable": True}
                body["message"] = {"attachment": {"type": ATTACHED[form], "payload": payload}}
            case Template():
                raise AssertionError("templates are refused before")
        if message.delivery_id:
            body["message"]["metadata"] = inbound.METADATA_PREFIX + message.delivery_id
        return body

    def _write_type(self, account: Account, message: Outgoing) -> dict[str, str]:
        if message.by_person and self.setting(account, "human_agent") == "yes":
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        return {"messaging_type": "RESPONSE"}

    def _page(self, account: Account) -> str:
        return path_part(self.setting(account, "page_id"))

    def _request(
        self, account: Account, method: str, path: str, pairs: Pairs, body: dict[str, Any] | None = None
    ) -> HttpRequest:
        token, secret = self.setting(account, "access_token"), self.setting(account, "app_secret")
        proof = meta.make_proof(secret, token)
        query = [("access_token", token), ("appsecret_proof", proof), *pairs]
        url = with_query(f"{self.base_url(account)}/{path_part(self.setting(account, 'graph_version'))}/{path}", query)
        redact = list_written(token, proof)
        if body is None:
            return HttpRequest(method, url, redact=redact)
        return HttpRequest(method, url, (("content-type", "application/json"),), write_json(body), redact)

    def _app_request(self, account: Account, method: str, pairs: Pairs) -> HttpRequest | None:
        app_id, secret = self.setting(account, "app_id"), self.setting(account, "app_secret")
        if not app_id:
            return None
        token = f"{app_id}|{secret}"
        version = path_part(self.setting(account, "graph_version"))
        url = f"{self.base_url(account)}/{version}/{path_part(app_id)}/subscriptions"
        redact = list_written(token, secret, self.setting(account, "verify_token"))
        return HttpRequest(method, with_query(url, [("access_token", token), *pairs]), redact=redact)


def _join_caption(message: Outgoing) -> Outgoing:
    """One message is all that a comment's author may get: a caption goes above the address of what it belongs to."""
    content = message.content
    if not isinstance(content, Picture | Attachment) or not content.caption:
        return message
    return msgspec.structs.replace(message, content=Text(f"{content.caption}\n{content.url}"))


def _after(message: Outgoing) -> str:
    return message.content.caption if isinstance(message.content, Picture | Attachment) else ""


def write_text(text: Text) -> dict[str, Any]:
    """Text with a link as its button, or with quick replies; labels too long for them, links among them and too many of
    them become numbered lines."""
    if len(text.choices) == 1 and text.choices[0][1].startswith("https://"):
        return _write_link(text, *text.choices[0])
    labels_fit = all(len(label) <= QUICK_REPLY_TITLE_MAX for label, _ in text.choices)
    links = any(payload.startswith("https://") for _, payload in text.choices)
    if not text.choices or len(text.choices) > QUICK_REPLIES_MAX or not labels_fit or links:
        return {"text": render_numbered(text)}
    replies = [{"content_type": "text", "title": label, "payload": payload or label} for label, payload in text.choices]
    return {"text": text.text, "quick_replies": replies}


def _write_link(text: Text, label: str, url: str) -> dict[str, Any]:
    if len(text.text) > BUTTON_TEXT_MAX or len(label) > QUICK_REPLY_TITLE_MAX:
        return {"text": render_numbered(text)}
    button = {"type": "web_url", "title": label, "url": url}
    payload = {"template_type": "button", "text": text.text, "buttons": [button]}
    return {"attachment": {"type": "template", "payload": payload}}


def _succeed(request: HttpRequest, done: str) -> checks.Step:
    return checks.Step(request, lambda response: probe.judge_success(response, done))


adapter: Adapter = Messenger()
