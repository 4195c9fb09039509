"""E-mail over SMTP: one sender's address at one mail server is one channel.

The server is the provider: it takes a message and brings it on its way; what becomes of it later comes back to the
sender's mailbox as mail, not to us. There is no idempotency key, but the Message-ID is made from the delivery's id, so
that a second copy of a transactional message can be folded by whoever receives it. A connection that is lost once the
message is on its way leaves its fate unknown (S3); before that nothing was sent.
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
    Content,
    DeepLink,
    Done,
    Outcome,
    Outgoing,
    Picture,
    Rejected,
    Text,
    WebhookCall,
)
from tertulia.channels.kinds import ChannelKind, derive, render_numbered
from tertulia.channels.mail import SmtpAnswer, SmtpSend
from tertulia.channels.outcomes import make_outcome
from tertulia.channels.smtp import codes, form, probe
from tertulia.channels.smtp.message import Letter, name_message, write_message
from tertulia.channels.wire import check_size, list_written
from tertulia.core.import_values import read_email

BUSY_S = 5.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Smtp(ChannelKind):
    kind = "smtp"
    title = "E-mail"
    mark = "EM"
    colour = "ch-email"
    fields = form.FIELDS
    capabilities = Capabilities(
        app=False,
        text_max=20_000,
        text_unit="characters",
        receipts=frozenset(),
        rate_per_s=10,
        window_s=None,
        may_write_first="email",
        deep_link_web=False,
    )

    def identity_scope(self, account: Account) -> str:
        return ""

    def list_addresses(self, account: Account) -> Sequence[tuple[str, str]]:
        return ()

    def refuse_content(self, content: Content) -> Outcome | None:
        if isinstance(content, Picture):
            return make_outcome("fix.unsupported", detail="An e-mail of ours carries no picture of its own.")
        return super().refuse_content(content)

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done:
        refused = self.refuse_content(message.content)
        if refused is not None:
            return Done(refused)
        if message.to_kind != "email" or read_email(message.to) is None:
            return Done(make_outcome("fix.address", detail="This is not an e-mail address."))
        if not self._port(account):
            return Done(make_outcome("fix.setup", detail="The port is not a number."))
        assert isinstance(message.content, Text)
        to = _write_in_ascii(message.to)
        letter = self._write_letter(account, message, message.content, to)
        request = self._ask(account, to, write_message(letter, now), message.content.unsubscribe)
        return Call(request, name_message(message.delivery_id, letter.domain))

    def next(self, account: Account, state: Any, response: SmtpAnswer, now: datetime) -> Call | Done:
        return Done(codes.judge(response, state))

    def failed(self, account: Account, state: Any, error: str, sent: bool) -> Call | Done:
        if error == "busy":
            return Done(make_outcome("retry.throttled", error, retry_after=BUSY_S))
        return self.give_up(error, sent)

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        """Nothing comes in: a mail server calls nobody."""
        check_size(call)
        raise Rejected("no_webhook")

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        return ()

    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        return DeepLink("", web=False, shows_code=False, account_name=self.setting(account, "from_address"))

    def setup(self, account: Account) -> Call | Sequence[Check]:
        return (probe.NOTHING_COMES_IN,)

    def test(self, account: Account) -> Call | Sequence[Check]:
        if not self._port(account):
            return (probe.NO_PORT,)
        return checks.start(probe.make_step(self._ask(account)))

    def test_next(self, account: Account, state: Any, response: SmtpAnswer) -> Call | Sequence[Check]:
        found = checks.advance(state, response)
        if isinstance(found, Call) or not all(check.ok for check in found):
            return found
        inside = self.setting(account, "security") == "none"
        travels = inside and self.setting(account, "host") not in LOOPBACK
        bare = (probe.UNENCRYPTED,) if travels and self.setting(account, "username") else ()
        one_click = () if inside or account.hook_url.startswith("https://") else (probe.NO_HTTPS,)
        return (*found, *bare, *one_click)

    def _ask(self, account: Account, to: str = "", message: bytes = b"", unsubscribe: str = "") -> SmtpSend:
        sender = _write_in_ascii(self.setting(account, "from_address"))
        return SmtpSend(
            host=self.setting(account, "host"),
            port=self._port(account),
            security=self.setting(account, "security"),
            greeting=self.setting(account, "greeting_name") or sender.rpartition("@")[2],
            sender=sender,
            recipient=to,
            message=message,
            user=self.setting(account, "username"),
            password=self.setting(account, "password"),
            utf8=not (sender + to).isascii(),
            redact=(*derive(account, ":redact", self._list_redacted), *filter(None, (unsubscribe,))),
        )

    def _write_letter(self, account: Account, message: Outgoing, content: Text, to: str) -> Letter:
        sender = _write_in_ascii(self.setting(account, "from_address"))
        name, domain = self.setting(account, "from_name"), sender.rpartition("@")[2]
        return Letter(
            id=message.delivery_id,
            domain=domain,
            sender=sender,
            sender_name=name,
            to=to,
            reply_to=_write_in_ascii(self.setting(account, "reply_to")),
            subject=content.subject or name or domain,
            text=render_numbered(content),
            html=content.html,
            unsubscribe=content.unsubscribe,
            utf8=not (sender + to).isascii(),
        )

    def _port(self, account: Account) -> int:
        """0 for what is none."""
        port = self.setting(account, "port")
        return int(port) if port.isascii() and port.isdecimal() and 0 < int(port) < 65_536 else 0

    def _list_redacted(self, account: Account) -> tuple[str, ...]:
        return list_written(self.setting(account, "password"))


def _write_in_ascii(address: str) -> str:
    """An address with its domain as name servers know it; one that cannot be written so stays as it is."""
    name, at, domain = address.rpartition("@")
    try:
        return f"{name}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


adapter: Adapter = Smtp()
