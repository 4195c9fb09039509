"""WhatsApp Cloud API: one business phone number is one channel.

There is no idempotency key: `biz_opaque_callback_data` carries our delivery id into every status, so a lost answer is
ambiguous and settled by its first status. Many failures come only there. Free text needs the customer's message of the
last 24 hours; a template does not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tertulia.channels import checks, meta
from tertulia.channels.base import (
    Account,
    Adapter,
    Call,
    Capabilities,
    ChannelEvent,
    Check,
    DeepLink,
    Done,
    HttpRequest,
    HttpResponse,
    Outcome,
    Outgoing,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, derive, need_public_address, put_code, unreadable
from tertulia.channels.outcomes import accept
from tertulia.channels.whatsapp import bodies, codes, form, inbound, probe
from tertulia.channels.wire import (
    Unreadable,
    list_written,
    path_part,
    pick_id,
    pick_maps,
    read_answer,
    read_json_map,
    with_query,
    write_json,
)


class WhatsApp(ChannelKind):
    kind = "whatsapp"
    title = "WhatsApp"
    mark = "WA"
    colour = "ch-whatsapp"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=True,
        text_max=4_096,
        text_unit="characters",
        receipts=frozenset({"sent", "delivered", "read"}),
        rate_per_s=80,
        window_s=24 * 3_600,
        may_write_first="template",
        choices_max=bodies.ROWS_MAX,
        caption_max=1_024,
        attachments=frozenset({"video", "voice", "document"}),
        link_buttons=True,
        shares_phone="proven",
    )

    def identity_scope(self, account: Account) -> str:
        return self.setting(account, "portfolio_id") or self.setting(account, "waba_id")

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        body = self.refuse_content(message.content) or bodies.write_message(message)
        if isinstance(body, Outcome):
            return Done(body)
        return Call(self._request(account, "POST", f"{self._number(account)}/messages", body))

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        answer = read_answer(response)
        message_id = pick_id(next(iter(pick_maps(answer, "messages")), {}), "id")
        if 200 <= response.status < 300 and message_id:
            return Done(accept(message_id))
        return Done(codes.judge(response))

    def handshake(self, account: Account, call: WebhookCall, now: datetime) -> HttpResponse | None:
        return meta.answer_handshake(self.setting(account, "verify_token"), call)

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        meta.verify_signature(self.setting(account, "app_secret"), call)

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            body = read_json_map(call.body)
        except Unreadable as error:
            return unreadable(error)
        return tuple(inbound.parse_call(body, self.identity_scope(account), self._number(account), now))

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        """Nothing rides on wa.me: the code stands at the end of the ready text."""
        phone = self.setting(account, "phone")
        digits = "".join(filter(str.isdecimal, phone))
        url = with_query(f"https://wa.me/{digits}", [("text", put_code(text, token))] if text or token else [])
        return DeepLink(url, web=True, shows_code=False, qr=url, account_name=phone)

    def setup(self, account: Account) -> Call | Sequence[Check]:
        missing = need_public_address(account, self.base_url(account))
        if missing:
            return missing
        body = {"override_callback_uri": account.hook_url, "verify_token": self.setting(account, "verify_token")}
        return checks.start(
            checks.Step(self._request(account, "POST", self._apps_path(account), body), probe.judge_subscribe),
            checks.Step(
                self._request(account, "POST", self._number(account), {"webhook_configuration": body}),
                probe.judge_own_address,
            ),
        )

    def test(self, account: Account) -> Call | Sequence[Check]:
        phone, hook_url = self.setting(account, "phone"), account.hook_url
        number = (
            f"{self._number(account)}?fields=display_phone_number,verified_name,quality_rating,webhook_configuration"
        )
        subscribed = self._request(account, "GET", self._apps_path(account))

        def apps(application: str) -> checks.Step:
            return checks.Step(subscribed, lambda answer: probe.judge_subscription(answer, hook_url, application))

        return checks.start(
            checks.Step(
                self._request(account, "GET", number),
                lambda response: probe.judge_number(response, phone, hook_url, apps),
            )
        )

    def mark_read(self, account: Account, message_id: str) -> HttpRequest:
        """Shows the customer the two blue ticks."""
        return self._request(account, "POST", f"{self._number(account)}/messages", bodies.write_read(message_id))

    def _number(self, account: Account) -> str:
        return derive(account, ":number", lambda a: path_part(self.setting(a, "phone_number_id")))

    def _graph(self, account: Account) -> str:
        return f"{self.base_url(account)}/{path_part(self.setting(account, 'graph_version'))}"

    def _apps_path(self, account: Account) -> str:
        return f"{path_part(self.setting(account, 'waba_id'))}/subscribed_apps"

    def _request(self, account: Account, method: str, path: str, body: bodies.Body | None = None) -> HttpRequest:
        token = self.setting(account, "access_token")
        url = f"{derive(account, ':graph', self._graph)}/{path}"
        headers: tuple[tuple[str, str], ...] = (("authorization", f"Bearer {token}"),)
        redact = list_written(token, self.setting(account, "verify_token"), self.setting(account, "app_secret"))
        if body is None:
            return HttpRequest(method, url, headers, redact=redact)
        return HttpRequest(method, url, (*headers, ("content-type", "application/json")), write_json(body), redact)


adapter: Adapter = WhatsApp()
