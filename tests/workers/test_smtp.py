"""The client for mail servers, against real servers: what is sent, what is known when a connection breaks, how
connections are kept, and which addresses are refused."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tertulia.channels.mail import SmtpAnswer, SmtpSend
from tertulia.workers import smtp as client
from tertulia.workers.guard import Guard
from tertulia.workers.http import CallFailed
from tertulia.workers.smtp import MailClient

HERE = Guard(frozenset({"127.0.0.1", "localhost"}))
SEND = SmtpSend(
    host="127.0.0.1",
    port=0,
    security="none",
    greeting="shop.example",
    sender="news@shop.example",
    recipient="ana@example.com",
    message=b"Subject: Hi\r\n\r\n.Hello\r\n",
)


@dataclass
class Server:
    """A mail server that remembers. `plan` may answer instead, by the command; `cut` hangs up at one."""

    port: int = 0
    connections: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    plan: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    sessions: list[SMTP] = field(default_factory=list)

    def say(self, server: SMTP, command: str, otherwise: str) -> str:
        self.commands.append(command)
        if self.cut == command:
            server.transport.abort()
        return self.plan.get(command, otherwise)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.say(server, "MAIL", "250 Ok")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.say(server, "RCPT", "250 Ok")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.say(server, "RSET", "250 Ok")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append((envelope.rcpt_tos[0], envelope.content))
        return self.say(server, "DATA", "250 2.0.0 Ok: queued as Q1")


@asynccontextmanager
async def serve(server: Server, **options: object) -> AsyncIterator[SmtpSend]:
    tls = options.pop("listen_tls", None)

    def make() -> SMTP:
        server.connections += 1
        session = SMTP(server, hostname="mail.example", **options)
        server.sessions.append(session)
        return session

    listening = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    yield msgspec.structs.replace(SEND, port=server.port)
    listening.close()


def run(work: Callable[[], object]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


def test_several_messages_share_a_connection() -> None:
    """The second finds the connection that the first has left; a dot at a line's beginning arrives as one."""
    server = Server()

    async def work() -> None:
        async with serve(server) as send:
            mail = MailClient(HERE)
            for _ in range(3):
                assert await mail.send(send) == SmtpAnswer("message", 250, "2.0.0 Ok: queued as Q1")
            await mail.close()

    run(work)
    assert server.connections == 1
    assert [content for _, content in server.taken] == [b"Subject: Hi\r\n\r\n.Hello\r\n"] * 3


def test_messages_at_once_have_a_few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the limit, whatever waits; who waits too long is told that all are busy, and has sent nothing."""
    monkeypatch.setattr(client, "CONNECTIONS_MAX", 2)
    server = Server()

    async def work() -> None:
        async with serve(server) as send:
            mail = MailClient(HERE)
            await asyncio.gather(*(mail.send(send) for _ in range(9)))
            monkeypatch.setattr(client, "FREE_LIMIT_S", 0.01)
            pool = next(iter(mail._pools.values()))
            async with pool.room, pool.room:
                with pytest.raises(CallFailed) as failed:
                    await mail.send(send)
            assert (failed.value.error, failed.value.sent) == ("busy", False)
            await mail.close()

    run(work)
    assert server.connections == 2
    assert len(server.taken) == 9


def test_a_connection_that_was_closed_meanwhile_is_no_failure() -> None:
    """The server hung up while nothing was said, or says 421 at the next word: a fresh connection is made."""
    server = Server()

    async def work() -> None:
        async with serve(server) as send:
            mail = MailClient(HERE)
            await mail.send(send)
            server.sessions[-1].transport.abort()
            await mail.send(send)
            server.plan["MAIL"] = "421 4.4.2 Idle for too long"
            answer = asyncio.ensure_future(mail.send(send))
            while server.commands.count("MAIL") < 3:
                await asyncio.sleep(0)
            server.plan.clear()
            assert (await answer).status == 250
            await mail.close()

    run(work)
    assert len(server.taken) == 3


@pytest.mark.parametrize(
    ("command", "said", "stage"),
    [
        ("MAIL", "553 5.7.1 Not your address", "sender"),
        ("RCPT", "550 5.1.1 User unknown", "recipient"),
        ("DATA", "554 5.7.1 Spam", "message"),
    ],
)
def test_S2_a_refusal_says_where_and_spoils_nothing(command: str, said: str, stage: str) -> None:
    """The answer has the stage, and the next message goes out on the same connection."""
    server = Server(plan={command: said})

    async def work() -> None:
        async with serve(server) as send:
            mail = MailClient(HERE)
            assert await mail.send(send) == SmtpAnswer(stage, int(said[:3]), said[4:])
            server.plan.clear()
            assert (await mail.send(send)).status == 250
            await mail.close()

    run(work)
    assert server.connections == 1


@pytest.mark.parametrize(("cut", "sent"), [("MAIL", False), ("RCPT", False), ("DATA", True)])
def test_S3_what_is_known_when_the_connection_breaks(cut: str, sent: bool) -> None:
    """Before the message nothing was sent; after its last line nobody knows."""
    server = Server(cut=cut)

    async def work() -> None:
        async with serve(server) as send:
            mail = MailClient(HERE)
            with pytest.raises(CallFailed) as failed:
                await mail.send(send)
            assert (failed.value.error, failed.value.sent) == ("reset", sent)

    run(work)
    assert len(server.taken) == sent


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out before the message has sent nothing; one after it leaves open what happened."""
    monkeypatch.setattr(client, "CONVERSATION_LIMIT_S", 0.1)
    monkeypatch.setattr(client, "MESSAGE_LIMIT_S", 0.1)

    async def work() -> None:
        asleep = await asyncio.start_server(lambda reader, writer: asyncio.sleep(1), "127.0.0.1", 0)
        port = asleep.sockets[0].getsockname()[1]
        with pytest.raises(CallFailed) as failed:
            await MailClient(HERE).send(msgspec.structs.replace(SEND, port=port))
        assert (failed.value.error, failed.value.sent) == ("timeout", False)
        asleep.close()

        class Slow(Server):
            async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
                await asyncio.sleep(1)
                return "250 Ok"

        async with serve(Slow()) as send:
            with pytest.raises(CallFailed) as failed:
                await MailClient(HERE).send(send)
        assert (failed.value.error, failed.value.sent) == ("timeout", True)

    run(work)


def test_signing_in() -> None:
    """The right password; a wrong one is refused at that stage; so is a user where nobody can sign in."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"secret")
        return AuthResult(success=good, handled=False)

    async def work() -> None:
        options = {"authenticator": check, "auth_required": True, "auth_require_tls": False}
        async with serve(Server(), **options) as send:
            mail = MailClient(HERE)
            good = msgspec.structs.replace(send, user="shop", password="secret")
            assert (await mail.send(good)).status == 250
            wrong = await mail.send(msgspec.structs.replace(good, password="wrong"))
            assert (wrong.stage, wrong.status) == ("login", 535)
            nobody = await mail.send(send)
            assert (nobody.stage, nobody.status) == ("sender", 530)
            await mail.close()
        async with serve(Server()) as send:
            answer = await MailClient(HERE).send(msgspec.structs.replace(send, user="shop", password="secret"))
            assert answer.stage == "login"

    run(work)


def test_a_test_ends_before_the_recipient() -> None:
    """Nothing is sent, and the connection can be used for a message afterwards."""
    server = Server()

    async def work() -> None:
        async with serve(server) as send:
            mail = MailClient(HERE)
            probe = msgspec.structs.replace(send, recipient="", message=b"")
            assert await mail.send(probe) == SmtpAnswer("sender", 250)
            assert (await mail.send(send)).status == 250
            await mail.close()

    run(work)
    assert server.commands == ["MAIL", "RSET", "MAIL", "RCPT", "DATA"]


def test_addresses_outside_ascii_need_a_server_that_takes_them() -> None:
    """Without SMTPUTF8 it is said before anything is sent."""

    async def work() -> None:
        foreign = msgspec.structs.replace(SEND, recipient="evá@example.com", utf8=True)
        server = Server()
        async with serve(server, enable_SMTPUTF8=True) as send:
            await MailClient(HERE).send(msgspec.structs.replace(foreign, port=send.port))
        assert server.taken[0][0] == "evá@example.com"
        async with serve(Server()) as send:
            answer = await MailClient(HERE).send(msgspec.structs.replace(foreign, port=send.port))
        assert (answer.stage, answer.text[:5]) == ("sender", "5.6.7")

    run(work)


def test_private_addresses_are_refused() -> None:
    """A mail server's name may lead into our own network only where the operator allows it."""

    async def work() -> None:
        async with serve(Server()) as send:
            for host in ("127.0.0.1", "localhost"):
                with pytest.raises(CallFailed) as failed:
                    await MailClient(Guard()).send(msgspec.structs.replace(send, host=host))
                assert (failed.value.error, failed.value.detail) == ("connect", "private_address")
                assert not failed.value.sent
            with pytest.raises(CallFailed) as failed:
                await MailClient(HERE).send(msgspec.structs.replace(send, port=1))
            assert (failed.value.error, failed.value.sent) == ("connect", False)

    run(work)


@pytest.fixture
def own_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], ssl.SSLContext]:
    """The context of a server; its certificate is trusted where that is asked for."""

    def make(trusted: bool) -> ssl.SSLContext:
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
        now = datetime.now(UTC)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        made = made.add_extension(names, critical=True).add_extension(x509.BasicConstraints(True, None), critical=True)
        path, plain = tmp_path / "server.pem", serialization.Encoding.PEM
        written = made.sign(key, hashes.SHA256()).public_bytes(plain)
        pkcs8, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(written + key.private_bytes(plain, pkcs8, open_))
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    return make


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encryption_needs_a_valid_certificate(security: str, own_authority: Callable[[bool], ssl.SSLContext]) -> None:
    """With one the message goes out; without one nothing is said, least of all the password."""

    async def work(trusted: bool) -> SmtpAnswer:
        context = own_authority(trusted)
        options = {"listen_tls": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
        async with serve(Server(), **options) as send:
            mail = MailClient(HERE)
            answer = await mail.send(msgspec.structs.replace(send, security=security))
            await mail.close()
            return answer

    with pytest.raises(CallFailed) as failed:
        asyncio.run(work(False))
    assert (failed.value.error, failed.value.sent) == ("tls", False)
    assert asyncio.run(work(True)).status == 250


def test_starttls_is_never_left_out() -> None:
    """A server that does not offer it, or somebody between who hides that it does, gets no message."""
    server = Server()

    async def work() -> None:
        async with serve(server) as send:
            answer = await MailClient(HERE).send(msgspec.structs.replace(send, security="starttls"))
            assert (answer.stage, answer.status) == ("tls", 502)

    run(work)
    assert server.commands == []


def test_an_answer_that_is_none() -> None:
    """A web server on that port: not understood, and nothing was sent."""

    async def work() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()

        other = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = other.sockets[0].getsockname()[1]
        with pytest.raises(CallFailed) as failed:
            await MailClient(HERE).send(msgspec.structs.replace(SEND, port=port))
        assert not failed.value.sent
        other.close()

    run(work)
