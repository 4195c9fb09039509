"""The mail provider's server: real SMTP on the loopback address, on the world's own event loop.

Accounts sign in with their user name and password and send as their own address. The switched-on failures answer as
mail servers do: 421 when it is down, 451 for what is worth trying again, 550 5.1.1 for a mailbox that nobody has, and a
connection that is cut once the message was taken.
"""

from __future__ import annotations

import asyncio
import logging

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tertulia.simulator.providers import smtp
from tertulia.simulator.world import Account, World

KIND = smtp.provider.kind
MESSAGE_BYTES_MAX = 10 * 1024 * 1024


class MailServer:
    """The listener. `close` ends it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """Listen; the port, which the system chooses for 0."""
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # the library's, which warns of itself
        self._server = await asyncio.get_running_loop().create_server(self._make_session, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _make_session(self) -> SMTP:
        return SMTP(
            Handler(self._world),
            hostname="mail.simulator.example",
            data_size_limit=MESSAGE_BYTES_MAX,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self._sign_in,
        )

    def _sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        if isinstance(data, LoginPassword):
            account = self._world.find_account(KIND, "username", data.login.decode("utf-8", "replace"))
            if account is not None and account.secret("password").encode() == data.password:
                return AuthResult(success=True, auth_data=account.id)
        _log(self._world, "", "AUTH", 535, "wrong password")
        return AuthResult(success=False, handled=False)


class Handler:
    """What the server says to one client. Method names are the library's."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if KIND in self._world.behaviours.down:
            _log(self._world, "", "EHLO", 421, "provider down")
            return ["421 4.3.2 The system is not accepting messages"]
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            _log(self._world, "", address, 530, "not signed in")
            return "530 5.7.0 Authentication required"
        account = self._find_account(session)
        if address.casefold() != account.secret("from_address").casefold():
            _log(self._world, account.id, address, 553, "not your address")
            return f"553 5.7.1 <{address}>: Sender address rejected: not owned by user"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        world, account = self._world, self._find_account(session)
        about = f"busy:{KIND}:{address}"
        if world.chance.hit(world.behaviours.fail_retryable_pct, about, world.next_number(about)):
            world.record.count("outgoing.busy", KIND)
            return self._refuse(account, address, "451 4.3.0 Temporary fault, try again later")
        if not world.knows_mailbox(address):
            return self._refuse(account, address, f"550 5.1.1 <{address}>: Recipient address rejected: User unknown")
        person = world.by_mailbox.get(address.casefold())
        if person is not None and world.bond(person, account).blocked:
            return self._refuse(account, address, "550 5.7.1 The recipient refuses mail from this sender")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        world, account = self._world, self._find_account(session)
        content = envelope.content
        assert isinstance(content, bytes)
        taken = [smtp.deliver(world, account, to, content) for to in envelope.rcpt_tos]
        for message in taken:
            _log(world, account.id, message.address, 250, str(message.data["subject"]))
        if world.behaviours.answer_delay_s:
            await asyncio.sleep(world.behaviours.answer_delay_s)
        about = f"reset:{taken[0].address}"
        if world.chance.hit(world.behaviours.mail_reset_pct, about, world.next_number(about)):
            server.transport.abort()
        return f"250 2.0.0 Ok: queued as {taken[0].id}"

    def _refuse(self, account: Account, address: str, said: str) -> str:
        status = int(said[:3])
        if status >= 500:
            self._world.refuse(account, address, "", said[4:9])
        _log(self._world, account.id, address, status, said[10:])
        return said

    def _find_account(self, session: Session) -> Account:
        """Nobody comes here who has not signed in."""
        return self._world.accounts[str(session.auth_data)]


def _log(world: World, channel: str, path: str, status: int, remark: str) -> None:
    if world.behaviours.quiet:
        return
    world.wire.add({
        "at": world.clock.now_ms(), "direction": "out", "kind": KIND, "channel": channel, "method": "SMTP",
        "path": path, "status": status, "refused": status >= 400, "remark": remark,
    })  # fmt: skip
    world.notify("wire")
