"""The mail provider of a scenario: a real SMTP server for all of them, and what an account of it answers.

The user name says whose account it is. A plan's answers are told to the recipient's name or, for those that take the
message first, after its last line.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tertulia.stories.conformance.wire import Answer, Post, Sent, Taken, Unsupported, Writer

if TYPE_CHECKING:
    from tertulia.stories.conformance.sink import Account

REFUSALS = {
    "throttled": "421 4.7.0 Too many messages, slow down",
    "down": "451 4.3.0 Temporary fault",
    "unknown_number": "550 5.1.1 User unknown",
    "blocked": "550 5.7.1 The recipient refuses mail from this sender",
    "bad_credentials": "530 5.7.0 Authentication required",
}
AFTER_THE_MESSAGE = ("ok", "hang_up", "vanish")


@dataclass(frozen=True, slots=True)
class Mail:
    """One account. Nothing of it is spoken over HTTP."""

    password: str
    sender: str

    def settings(self, base_url: str) -> dict[str, str]:
        """`base_url` is `smtp://user@host:port`."""
        where = urlsplit(base_url)
        server = {"host": where.hostname or "", "port": str(where.port), "security": "none"}
        return {**server, "username": where.username or "", "password": self.password, "from_address": self.sender}

    def read_send(self, path: str, body: bytes, provider_id: str) -> Sent | None:
        return None

    def look_up(self, path: str, query: str, taken: Sequence[Taken]) -> Answer | None:
        return None

    def accept(self, sent: Sent) -> Answer:
        raise Unsupported("a mail server is not spoken to over HTTP")

    def refuse(self, how: str) -> Answer:
        raise Unsupported("a mail server is not spoken to over HTTP")

    def message(self, writer: Writer, text: str, message_id: str, at: datetime, url: str, **more: Any) -> Post:
        raise Unsupported("nobody reads e-mails yet")

    def receipt(self, sent: Sent, state: str, code: str, at: datetime, url: str) -> Post:
        raise Unsupported("a mail server gives no receipts")

    def signal(self, writer: Writer, event: str, event_id: str, at: datetime, url: str) -> Post:
        raise Unsupported("a mail server gives no signals")


class MailSink:
    """The server, in a thread of its own. `find` gives an account by its name."""

    def __init__(self, find: Callable[[str], "Account | None"], ids: "count[int]") -> None:
        self._find = find
        self._ids = ids
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # the library's, which warns of itself
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(self._make_session, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _hang_up(self) -> None:
        self._server.close()
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)

    def _make_session(self) -> SMTP:
        return SMTP(self, hostname="mail.example", authenticator=self._sign_in, auth_require_tls=False, loop=self._loop)

    def _sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        if isinstance(data, LoginPassword):
            account = self._find(data.login.decode())
            if account is not None and cast(Mail, account.provider).password.encode() == data.password:
                return AuthResult(success=True, auth_data=account)
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        account: Account = session.auth_data
        plan = account.plan_for(address)
        how = plan.take() if plan else "ok"
        if how not in AFTER_THE_MESSAGE:
            account.sent.append(Sent(address, "", str(next(self._ids))))
            return REFUSALS[how]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(how)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        account: Account = session.auth_data
        read = cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        text = "\n".join(str(part.get_content()) for part in read.walk() if part.get_content_maintype() == "text")
        unsubscribe = str(read.get("List-Unsubscribe", "")).strip(" <>")
        whole = f"{read.get('Subject', '')}\n{text}"
        sent = Sent(envelope.rcpt_tos[0], whole, str(next(self._ids)), unsubscribe)
        how = envelope.rcpt_options[-1]
        account.sent.append(sent)
        if how != "vanish":
            account.taken.append(Taken(sent, datetime.now(UTC)))
        if account.before_answer is not None:
            account.before_answer(sent)
        if how != "ok":
            server.transport.abort()
        return f"250 2.0.0 Ok: queued as {sent.provider_id}"
