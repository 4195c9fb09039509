"""A generic SMS gateway over HTTP: one sender at one gateway is one channel.

Everything that differs between gateways is configuration (`profile`). Our delivery id rides on the address that each
message gives for its report, which is the portable way to bind a report to its message. There is no idempotency key.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

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
    LookedUp,
    LostMessage,
    Outcome,
    Outgoing,
    Picture,
    Rejected,
    Text,
    WebhookCall,
)
from tertulia.channels.http_sms import form, inbound, lookup, outbound, signatures
from tertulia.channels.http_sms.profile import PROFILE_SETTINGS, Profile, list_faults, read_profile
from tertulia.channels.kinds import ChannelKind, derive, render_numbered, unreadable
from tertulia.channels.outcomes import make_outcome
from tertulia.channels.sms import is_phone, sms_link
from tertulia.channels.wire import Unreadable, basic_auth, check_size, list_written, pick_text, with_query
from tertulia.core.sms import count_parts


class HttpSms(ChannelKind):
    kind = "http_sms"
    title = "SMS gateway"
    mark = "SG"
    colour = "ch-sms"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=False,
        text_max=4_000,
        text_unit="characters",
        receipts=frozenset({"sent", "delivered"}),
        rate_per_s=10,
        window_s=None,
        may_write_first="phone",
        deep_link_web=False,
    )

    def identity_scope(self, account: Account) -> str:
        return ""

    def list_addresses(self, account: Account) -> Sequence[tuple[str, str]]:
        messages = with_query(account.hook_url, self._own_query(account))
        suffix = self._profile(account).message_suffix
        if suffix and "?" not in messages:
            suffix = "?" + suffix[1:]
        return (
            ("Address for incoming messages", messages + suffix),
            ("Address for delivery reports", self._report_url(account, "")),
        )

    def refuse_content(self, content: Content) -> Outcome | None:
        if isinstance(content, Picture):
            return make_outcome("fix.unsupported", detail="A text message carries no picture.")
        return super().refuse_content(content)

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        if not is_phone(message.to):
            return Done(make_outcome("fix.address", detail="A number needs + and its country code."))
        assert isinstance(message.content, Text)
        text = render_numbered(message.content)
        size = count_parts(text)
        longest = self.setting(account, "parts_max")
        if longest.isdecimal() and size.parts > int(longest):
            return Done(make_outcome("fix.too_long", detail=f"{size.parts} parts; at most {longest} are allowed."))
        profile = self._profile(account)
        given = self._values(account, profile, message.to, message.delivery_id)
        values = outbound.make_values(profile, text, size.encoding, given)
        url = self.setting(account, "send_url")
        return Call(outbound.write_request(profile, url, values, self._redact(account)), size.parts)

    def next(self, account: Account, state: Any, response: HttpResponse, now: datetime) -> Call | Done:
        return Done(outbound.judge(self._profile(account), response, state))

    def can_look_up(self, account: Account) -> bool:
        return bool(self.setting(account, "status_url"))

    def look_up(self, account: Account, lost: LostMessage) -> Call | LookedUp:
        return Call(self._ask(account, lost.delivery_id, lost.to), lost)

    def look_up_next(self, account: Account, state: Any, response: HttpResponse) -> Call | LookedUp:
        fields, absent = self.setting(account, "status_fields"), self.setting(account, "status_absent")
        return lookup.judge(self._profile(account), fields, absent, state, response)

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        check_size(call)
        secret, name = self.setting(account, "verify_secret"), self.setting(account, "verify_name")
        networks = derive(account, ":networks", self._read_networks)
        mode = self.setting(account, "verification")
        if networks or mode == "addresses":
            signatures.verify_address(networks, call.remote_address)
        algorithm = self.setting(account, "hmac_algorithm")
        match mode:
            case "addresses":
                return
            case "header":
                signatures.verify_secret(call.headers.get(name.lower(), ""), secret)
            case "hmac":
                encoding, prefix = self.setting(account, "hmac_encoding"), self.setting(account, "hmac_prefix")
                signatures.verify_hmac(secret, name, algorithm, encoding, prefix, call)
            case "vonage":
                signatures.verify_vonage(secret, self._signed_fields(call), algorithm, now)
            case "messagebird":
                signatures.verify_messagebird(secret, call, now)
            case _:
                signatures.verify_secret(call.query.get("key", ""), secret)

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        try:
            values = inbound.read_values(call)
        except Unreadable as error:
            return unreadable(error)
        profile = self._profile(account)
        if "report" in call.query:
            return (inbound.parse_report(profile, values, call.query.get("m", ""), now),)
        return (inbound.parse_message(profile, values, now),)

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse:
        return HttpResponse(200, (("content-type", "text/plain"),), self._profile(account).ack_body.encode())

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        return sms_link(self.setting(account, "sender"), token, text)

    def setup(self, account: Account) -> Call | Sequence[Check]:
        return (checks.passed("Enter the two addresses above at the gateway; it cannot be told by machine."),)

    def test(self, account: Account) -> Call | Sequence[Check]:
        """The gateway's documents name no test call, so: is the description sound, and does its machine answer?"""
        faults = [checks.failed(sentence, what=what) for sentence, what in list_faults(self._profile(account))]
        parts = urlsplit(self.setting(account, "send_url"))
        if parts.scheme not in ("http", "https") or not parts.netloc:
            faults.append(checks.failed("The send address is not an http or https address."))
        if self.can_look_up(account) and "{ref}" not in self.setting(account, "status_url"):
            faults.append(checks.failed("The status address never says {what}.", what="{ref}"))
        if faults:
            return faults
        root = HttpRequest("GET", urlunsplit((parts.scheme, parts.netloc, "/", "", "")))
        steps = [checks.Step(root, _judge_root)]
        absent = self.setting(account, "status_absent")
        if self.can_look_up(account) and absent:
            request = self._ask(account, lookup.NOBODYS_REF, self.setting(account, "sender"))
            steps.append(checks.Step(request, lambda response: lookup.judge_probe(absent, response)))
        return checks.start(*steps)

    def _profile(self, account: Account) -> Profile:
        return derive(account, ":profile", self._read_profile)

    def _read_profile(self, account: Account) -> Profile:
        return read_profile({name: self.setting(account, name) for name in PROFILE_SETTINGS})

    def _read_networks(self, account: Account) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, self.setting(account, "allowed_addresses").splitlines())))

    def _own_query(self, account: Account) -> list[tuple[str, str]]:
        keyed = self.setting(account, "verification") == "key"
        return [("key", self.setting(account, "verify_secret"))] if keyed else []

    def _report_url(self, account: Account, delivery_id: str) -> str:
        url = derive(account, ":report_url", self._write_report_url)
        return with_query(url, [("m", delivery_id)]) if delivery_id else url

    def _write_report_url(self, account: Account) -> str:
        return with_query(account.hook_url, [("report", "1"), *self._own_query(account)])

    def _ask(self, account: Account, delivery_id: str, to: str) -> HttpRequest:
        profile = self._profile(account)
        values = self._values(account, profile, to, delivery_id)
        return lookup.write_request(
            profile, self.setting(account, "status_url"), values, derive(account, ":redact", self._list_redacted)
        )

    def _values(self, account: Account, profile: Profile, to: str, delivery_id: str) -> Mapping[str, str]:
        return {
            "to": outbound.format_number(to, profile.number_format),
            "from": self._write_sender(account, profile),
            "ref": delivery_id,
            "report_url": self._report_url(account, delivery_id) if account.hook_url else "",
            "username": self.setting(account, "username"),
            "password": self.setting(account, "password"),
            "api_key": self.setting(account, "api_key"),
        }

    def _write_sender(self, account: Account, profile: Profile) -> str:
        sender = self.setting(account, "sender")
        return outbound.format_number(sender, profile.number_format) if is_phone(sender) else sender

    def _redact(self, account: Account) -> tuple[str, ...]:
        return derive(account, ":redact", self._list_redacted)

    def _list_redacted(self, account: Account) -> tuple[str, ...]:
        user, password = self.setting(account, "username"), self.setting(account, "password")
        key, secret = self.setting(account, "api_key"), self.setting(account, "verify_secret")
        return list_written(password, key, secret, basic_auth(user, password) if password else "")

    def _signed_fields(self, call: WebhookCall) -> Mapping[str, str]:
        try:
            values = inbound.read_values(call)
        except Unreadable as error:
            raise Rejected(error.reason, 400) from None
        return {name: pick_text(dict(values), name) for name in values}


def _judge_root(response: HttpResponse) -> checks.Judged:
    return checks.found(
        checks.passed("The gateway's machine answers. Whether it takes the credentials shows with the first message."),
        checks.WAIT_FOR_CALL,
    )


adapter: Adapter = HttpSms()
