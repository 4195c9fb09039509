"""Twilio SMS: one sender (a number, a short code, a name or a messaging service) is one channel.

There is no idempotency key. Each message's status callback has our delivery id in its address, so that a lost answer is
settled by the first callback; without one, by the list of messages to the number (`lookup`). Twilio itself obeys
opt-out words for many senders and then says so (`OptOutType`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tertulia.channels import checks
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
    LookedUp,
    LostMessage,
    Outgoing,
    Picture,
    Template,
    Text,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, need_public_address, render_numbered, unreadable
from tertulia.channels.outcomes import accept, make_outcome
from tertulia.channels.sms import is_phone, sms_link
from tertulia.channels.twilio import codes, form, inbound, lookup, probe, signatures
from tertulia.channels.wire import (
    Unreadable,
    basic_auth,
    list_written,
    path_part,
    pick_id,
    pick_int,
    read_answer,
    read_form,
    with_query,
    write_form,
)

_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
CALL_AGAIN = "#rc=5&rp=all"  # a report that we do not take comes five times more; by default it never comes again

Pairs = tuple[tuple[str, str], ...]


class Twilio(ChannelKind):
    kind = "twilio"
    title = "Twilio SMS"
    mark = "SM"
    colour = "ch-sms"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=False,
        text_max=1_600,
        text_unit="characters",
        receipts=frozenset({"sent", "delivered"}),
        rate_per_s=10,
        window_s=None,
        may_write_first="phone",
        deep_link_web=False,
    )

    def identity_scope(self, account: Account) -> str:
        return ""

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        if not is_phone(message.to):
            return Done(make_outcome("fix.address", detail="A number needs + and its country code."))
        url = f"{self._account_url(account)}/Messages.json"
        return Call(self._request(account, "POST", url, self._write(account, message)))

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        answer = read_answer(response)
        sid = pick_id(answer, "sid")
        if not 200 <= response.status < 300 or not sid:
            return Done(codes.judge(response))
        if (error := pick_int(answer, "error_code")) is not None:
            return Done(codes.judge_code(error, "", response))
        return Done(accept(sid, parts=pick_int(answer, "num_segments") or None))

    def can_look_up(self, account: Account) -> bool:
        return True

    def look_up(self, account: Account, lost: LostMessage) -> Call | LookedUp:
        query = [("To", lost.to), ("PageSize", str(lookup.PAGE_MESSAGES))]
        url = with_query(f"{self._account_url(account)}/Messages.json", query)
        return Call(self._request(account, "GET", url), lost)

    def look_up_next(self, account: Account, state: Any, response: HttpResponse) -> Call | LookedUp:
        return lookup.judge(state, response)

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        tokens = (self.setting(account, "auth_token"), self.setting(account, "second_auth_token"))
        signatures.verify_call(tokens, signatures.read_keys(self.setting(account, "signature_keys")), call)

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            fields = read_form(call.body or call.url.partition("?")[2])
        except Unreadable as error:
            return unreadable(error)
        return (inbound.parse_form(fields, call.query.get("m", ""), now),)

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse:
        """An empty TwiML answer: a `<Message>` inside would be sent as a reply."""
        return HttpResponse(200, (("content-type", "text/xml"),), _TWIML)

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        return sms_link(self.setting(account, "sender"), token, text)

    def setup(self, account: Account) -> Call | Sequence[Check]:
        missing = need_public_address(account, self.base_url(account))
        if missing:
            return missing
        service = self.setting(account, "messaging_service_sid")
        if service:
            body = (("InboundRequestUrl", account.hook_url), ("UseInboundWebhookOnNumber", "false"))
            request = self._request(account, "POST", self._service_url(account, service), body)
            return checks.start(checks.Step(request, probe.judge_setup))
        if not is_phone(self.setting(account, "sender")):
            return (checks.passed("Nobody can reply to a name or short code here; there is nothing to set up."),)
        judge = probe.setup_number(
            lambda method, url, pairs: self._request(account, method, url, pairs),
            f"{self._account_url(account)}/IncomingPhoneNumbers",
            account.hook_url,
        )
        return checks.start(checks.Step(self._find_number(account), judge))

    def test(self, account: Account) -> Call | Sequence[Check]:
        steps = [checks.Step(self._request(account, "GET", f"{self._account_url(account)}.json"), probe.judge_account)]
        sender, service = self.setting(account, "sender"), self.setting(account, "messaging_service_sid")
        if service:
            request = self._request(account, "GET", self._service_url(account, service))
            steps.append(checks.Step(request, lambda response: probe.judge_service(response, account.hook_url)))
        elif is_phone(sender):
            request = self._find_number(account)
            steps.append(checks.Step(request, lambda response: probe.judge_number(response, sender, account.hook_url)))
        elif not sender:
            return (checks.failed("Enter a sender or a messaging service."),)
        return checks.start(*steps)

    def _write(self, account: Account, message: Outgoing) -> Pairs:
        pairs = [("To", message.to)]
        if account.hook_url:
            mark = [("m", message.delivery_id)] if message.delivery_id else []
            pairs.append(("StatusCallback", with_query(account.hook_url, mark) + CALL_AGAIN))
        service = self.setting(account, "messaging_service_sid")
        pairs.append(("MessagingServiceSid", service) if service else ("From", self.setting(account, "sender")))
        match message.content:
            case Text() as text:
                pairs.append(("Body", render_numbered(text)))
            case Picture(url=url, caption=caption):
                pairs.extend([("Body", caption)] if caption else [])
                pairs.append(("MediaUrl", url))
            case Template():
                raise AssertionError("templates are refused before")
        return tuple(pairs)

    def _account_url(self, account: Account) -> str:
        return f"{self.base_url(account)}/2010-04-01/Accounts/{path_part(self.setting(account, 'account_sid'))}"

    def _service_url(self, account: Account, service: str) -> str:
        return f"{self.base_url(account, 'messaging_url')}/v1/Services/{path_part(service)}"

    def _find_number(self, account: Account) -> HttpRequest:
        url = f"{self._account_url(account)}/IncomingPhoneNumbers.json"
        return self._request(account, "GET", with_query(url, [("PhoneNumber", self.setting(account, "sender"))]))

    def _request(self, account: Account, method: str, url: str, pairs: Pairs = ()) -> HttpRequest:
        user, password = self.setting(account, "api_key_sid"), self.setting(account, "api_key_secret")
        if not (user and password):
            user, password = self.setting(account, "account_sid"), self.setting(account, "auth_token")
        authorization = basic_auth(user, password)
        headers: Pairs = (("authorization", authorization),)
        if method == "POST":
            headers = (*headers, ("content-type", "application/x-www-form-urlencoded"))
        return HttpRequest(method, url, headers, write_form(pairs), list_written(authorization, password))


adapter: Adapter = Twilio()
