"""WeChat Official Account: one account is one channel.

Every call needs an access token of two hours. It comes from `stable_token`, which gives all workers the same one, is
kept with the account (`Done.cache`) and fetched anew at most once in a send. Answers are HTTP 200 whatever happens.
Customers have to follow, scan or write first; then 5 messages within 48 hours. No link opens a chat: the QR code of a
scene carries the code (`make_link`), else the customer sends it by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tertulia.channels import checks
from tertulia.channels.base import (
    Account,
    Adapter,
    Call,
    Capabilities,
    ChannelEvent,
    Check,
    Content,
    DeepLink,
    Done,
    HttpRequest,
    HttpResponse,
    Outcome,
    Outgoing,
    Picture,
    Text,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, render_numbered, unreadable
from tertulia.channels.outcomes import accept, make_outcome
from tertulia.channels.wechat import codes, form, inbound, signatures
from tertulia.channels.wire import (
    Unreadable,
    list_written,
    pick_id,
    pick_int,
    pick_text,
    read_answer,
    read_xml,
    with_query,
    write_json,
)

SEND, SCENE, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/qrcode/create", "/cgi-bin/stable_token"
TOKEN_MARGIN_S = 300
SCENE_MAX_CHARACTERS = 64
SCENE_EXPIRY_MAX_S = 30 * 24 * 3_600
CHOICES_MAX = 20

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Calling:
    """The call to make once there is a token; `token` empty while it is fetched, `cache` what to keep at the end."""

    path: str
    body: Body
    token: str = ""
    refreshed: bool = False
    cache: tuple[tuple[str, str], ...] = ()


class WeChat(ChannelKind):
    kind = "wechat"
    title = "WeChat"
    mark = "WC"
    colour = "ch-wechat"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=True,
        text_max=2_048,
        text_unit="bytes",
        receipts=frozenset(),
        rate_per_s=50,
        window_s=48 * 3_600,
        may_write_first="",
        deep_link_web=False,
        token_on_link=True,
        qr_only=True,
        choices_max=CHOICES_MAX,
    )

    def identity_scope(self, account: Account) -> str:
        return self.setting(account, "account_id")

    def refuse_content(self, content: Content) -> Outcome | None:
        if isinstance(content, Picture):
            return make_outcome("fix.unsupported", detail="A picture has to be in WeChat's own library.")
        return super().refuse_content(content)

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        content = message.content
        assert isinstance(content, Text)
        return self._begin(account, SEND, {"touser": message.to, **write_content(content)}, now)

    def make_link(self, account: Account, token: str, expires_s: int, now: datetime) -> Call | None:
        """A QR code whose scene is the token. Raises ValueError for a token that is no scene."""
        if not 1 <= len(token) <= SCENE_MAX_CHARACTERS:
            raise ValueError("a scene is 1 to 64 characters")
        scene: Body = {
            "expire_seconds": max(60, min(expires_s, SCENE_EXPIRY_MAX_S)),
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": token}},
        }
        return self._begin(account, SCENE, scene, now)

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        calling: Calling = state
        if not calling.token:
            return self._take_token(account, calling, response, now)
        if codes.is_stale_token(response) and not calling.refreshed:
            return self._fetch_token(account, replace(calling, token="", refreshed=True), force=True)
        return replace(self._finish(account, calling, response), cache=dict(calling.cache))

    def failed(self, account: Account, state: Any, error: str, sent: bool) -> Done:
        """A lost answer to the token call means that nothing was sent; a QR code may be made twice."""
        harmless = not state.token or state.path == SCENE
        done = self.give_up(error, sent and not harmless)
        return replace(done, cache=dict(state.cache))

    def handshake(self, account: Account, call: WebhookCall, now: datetime) -> HttpResponse | None:
        """Saving the address at WeChat makes it call once, with a text that must be given back."""
        if call.method != "GET":
            return None
        self.verify(account, call, now)
        echo = call.query.get("echostr", "")[:256]
        return HttpResponse(200, (("content-type", "text/plain"),), echo.encode("utf-8", "replace"))

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        signatures.verify_call(self.setting(account, "token"), self.setting(account, "encoding_aes_key"), call, now)

    def find_nonce(self, account: Account, call: WebhookCall) -> str:
        return signatures.read_nonce(call)

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            body = call.body
            if signatures.is_encrypted(call):
                key, app_id = self.setting(account, "encoding_aes_key"), self.setting(account, "app_id")
                body = signatures.decrypt(key, app_id, signatures.read_envelope(call))
            fields = read_xml(body)
        except Unreadable as error:
            return unreadable(error)
        return (inbound.parse_message(fields, self.identity_scope(account), now),)

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse:
        return HttpResponse(200, (("content-type", "text/plain"),), b"success")

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        qr, name = self.setting(account, "qr_content"), self.setting(account, "account_name")
        return DeepLink("", web=False, shows_code=True, qr=qr, account_name=name)

    def setup(self, account: Account) -> Call | Sequence[Check]:
        return (_BY_HAND,)

    def test(self, account: Account) -> Call | Sequence[Check]:
        return checks.start(checks.Step(self._token_request(account, force=False), _judge_token))

    def _begin(self, account: Account, path: str, body: Body, now: datetime) -> Call:
        token, until = account.cache.get("access_token", ""), account.cache.get("access_token_until", "")
        if token and until.isdecimal() and now.timestamp() < int(until):
            return self._call(account, Calling(path, body, token))
        return self._fetch_token(account, Calling(path, body), force=False)

    def _fetch_token(self, account: Account, calling: Calling, force: bool) -> Call:
        return Call(self._token_request(account, force), calling)

    def _take_token(self, account: Account, calling: Calling, response: HttpResponse, now: datetime) -> Call | Done:
        answer = read_answer(response)
        token = pick_text(answer, "access_token")
        if not token:
            refused = codes.judge(response)
            unsure = refused.reason.startswith("ambiguous.")
            return Done(make_outcome("retry.unavailable", refused.code, refused.detail) if unsure else refused)
        lasts_s = max(0, (pick_int(answer, "expires_in") or 0) - TOKEN_MARGIN_S)
        until = int((now + timedelta(seconds=min(lasts_s, 86_400))).timestamp())
        cache = (("access_token", token), ("access_token_until", str(until)))
        return self._call(account, replace(calling, token=token, cache=cache))

    def _finish(self, account: Account, calling: Calling, response: HttpResponse) -> Done:
        answer = read_answer(response)
        if calling.path == SCENE and (ticket := pick_text(answer, "ticket")):
            return Done(accept(), link=self._read_link(account, ticket, pick_text(answer, "url")))
        if response.status < 300 and pick_int(answer, "errcode") == 0:
            return Done(accept(pick_id(answer, "msgid")))
        return Done(codes.judge(response))

    def _read_link(self, account: Account, ticket: str, content: str) -> DeepLink:
        picture = f"{self.base_url(account, 'picture_url')}/cgi-bin/showqrcode?ticket={quote(ticket, safe='')}"
        name = self.setting(account, "account_name")
        return DeepLink("", web=False, shows_code=False, qr=content, picture_url=picture, account_name=name)

    def _call(self, account: Account, calling: Calling) -> Call:
        url = with_query(self.base_url(account) + calling.path, [("access_token", calling.token)])
        redact = list_written(calling.token)
        headers = (("content-type", "application/json; charset=utf-8"),)
        return Call(HttpRequest("POST", url, headers, write_json(calling.body), redact), calling)

    def _token_request(self, account: Account, force: bool) -> HttpRequest:
        secret = self.setting(account, "app_secret")
        body = {
            "grant_type": "client_credential",
            "appid": self.setting(account, "app_id"),
            "secret": secret,
            "force_refresh": force,
        }
        headers = (("content-type", "application/json; charset=utf-8"),)
        url = self.base_url(account) + TOKEN
        return HttpRequest("POST", url, headers, write_json(body), list_written(secret), secret_answer=True)


def write_content(text: Text) -> Mapping[str, Any]:
    """Text, or a menu whose tapped line comes back with its id."""
    if not text.choices or len(text.choices) > CHOICES_MAX or any(p.startswith("https://") for _, p in text.choices):
        return {"msgtype": "text", "text": {"content": render_numbered(text)}}
    lines = [{"id": payload or label, "content": label} for label, payload in text.choices]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": text.text, "list": lines, "tail_content": ""}}


_BY_HAND = Check(
    True,
    "In the WeChat console, Basic configuration, Server configuration: enter the webhook address, the token and the "
    "encryption key, choose safe mode and save. WeChat calls this server at once.",
    waits=True,
)
_TOKEN_ERRORS = {
    40013: "WeChat does not know this app ID.",
    40125: "WeChat refuses the app secret. Copy it again from Basic configuration.",
    40001: "WeChat refuses the app secret. Copy it again from Basic configuration.",
    40164: "WeChat refuses this server's IP address. Add it to the white list in Basic configuration: {reason}",
}


def _judge_token(response: HttpResponse) -> checks.Judged:
    answer = read_answer(response)
    if pick_text(answer, "access_token"):
        return checks.found(checks.passed("The app ID and secret are good."), _BY_HAND)
    reason = pick_text(answer, "errmsg", limit=200) or f"HTTP {response.status}"
    sentence = _TOKEN_ERRORS.get(pick_int(answer, "errcode") or 0, "WeChat refused: {reason}")
    return checks.halt(sentence, reason=reason)


adapter: Adapter = WeChat()
