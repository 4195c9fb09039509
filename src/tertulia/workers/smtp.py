"""The client that talks to mail servers: one message a conversation, several conversations on a connection.

Greeting, encryption and sign-in take longer than a message does, so a connection is kept for the next message of the
same account for a while. There are only a few to a server, for many take no more from one machine; who waits too long
for a free one is told `busy`, which is a matter of pace. The address goes through the guard as those of HTTP do, and
the connection to the very address that was checked.

Until the message begins (DATA) nothing was sent, whatever breaks. From then on a lost connection leaves open whether
the server took the message (S3), for nobody here can see whether its last line arrived.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field

import aiosmtplib

from tertulia.channels.mail import SmtpAnswer, SmtpSend
from tertulia.workers.guard import Guard, GuardedResolver, PrivateAddress
from tertulia.workers.http import CallFailed

CONNECTIONS_MAX = 8  # to one account at one server
MESSAGES_PER_CONNECTION_MAX = 100
KEPT_S = 20.0  # idle; servers hang up after 30 s to 5 minutes
FREE_LIMIT_S = 5.0  # to wait for a connection; together with the next two less than an attempt may take
CONVERSATION_LIMIT_S = 12.0  # all before the message
MESSAGE_LIMIT_S = 20.0  # the message and what the server says to it
GOODBYE_LIMIT_S = 1.0
NO = 400  # reply codes from here on

Place = tuple[str, int, str, str, str, str]


@dataclass(slots=True)
class Line:
    """An open connection. `left` is how many messages it may still carry; `begun` that the last one was not ended."""

    smtp: aiosmtplib.SMTP
    left: int = MESSAGES_PER_CONNECTION_MAX
    begun: bool = False
    closing: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Pool:
    """The connections of one account at one server."""

    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS_MAX))
    idle: list[Line] = field(default_factory=list)


class Refused(Exception):
    """The server said no."""

    def __init__(self, answer: SmtpAnswer) -> None:
        super().__init__(answer.stage)
        self.answer = answer


class MailClient:
    """One client per event loop; `close` it at the end."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._pools: dict[Place, Pool] = {}

    async def send(self, request: SmtpSend) -> SmtpAnswer:
        """The server's last word. Raises CallFailed."""
        pool = self._pools.setdefault(_place_of(request), Pool())
        try:
            async with asyncio.timeout(FREE_LIMIT_S):
                await pool.room.acquire()
        except TimeoutError:
            raise CallFailed("busy", sent=False) from None
        try:
            return await self._converse(pool, request)
        finally:
            pool.room.release()

    async def close(self) -> None:
        """Hang up everywhere."""
        for pool in self._pools.values():
            while (line := _take_idle(pool)) is not None:
                await _say_goodbye(line.smtp)

    async def _converse(self, pool: Pool, request: SmtpSend) -> SmtpAnswer:
        """One message on a connection that is there, else on a fresh one. One that the server has closed meanwhile is
        no failure: nothing was sent on it."""
        line = _take_idle(pool)
        if line is not None:
            try:
                answer = await self._hand_over(pool, line, request)
                if answer.status != 421 or answer.stage == "message":
                    return answer
            except CallFailed as failure:
                if failure.sent or failure.error not in ("reset", "connect"):
                    raise
        return await self._hand_over(pool, None, request)

    async def _hand_over(self, pool: Pool, line: Line | None, request: SmtpSend) -> SmtpAnswer:
        """Raises CallFailed; the connection goes back to the pool while it is good."""
        on_its_way = good = False
        try:
            async with asyncio.timeout(CONVERSATION_LIMIT_S):
                line = line or await self._connect(request)
                await _name_both(line, request)
            if not request.message:
                good = True
                return SmtpAnswer("sender", 250)
            on_its_way = True
            async with asyncio.timeout(MESSAGE_LIMIT_S):
                told = await _call("message", line.smtp.data(request.message, timeout=None))
            line.begun, good = False, True
            return SmtpAnswer("message", told.code, told.message)
        except Refused as refused:
            good = True
            return refused.answer
        except (TimeoutError, aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise read_failure(error, sent=on_its_way) from None
        finally:
            if line is not None:
                _give_back(pool, line, good=good)

    async def _connect(self, request: SmtpSend) -> Line:
        """A connection on which the user is signed in. Raises Refused, and what goes wrong."""
        sock = await self._open_socket(request.host, request.port)
        smtp = aiosmtplib.SMTP(
            hostname=request.host,
            sock=sock,
            use_tls=request.security == "tls",
            start_tls=False,
            local_hostname=request.greeting,
            timeout=CONVERSATION_LIMIT_S,
        )
        try:
            await _call("connect", smtp.connect())
            await _call("connect", smtp.ehlo())
            if request.security == "starttls":
                if not smtp.supports_extension("starttls"):
                    raise Refused(SmtpAnswer("tls", 502, "STARTTLS is not offered."))
                await _call("tls", smtp.starttls())
                await _call("connect", smtp.ehlo())
            if request.user:
                await _sign_in(smtp, request)
        except BaseException:
            smtp.close()
            raise
        return Line(smtp)

    async def _open_socket(self, host: str, port: int) -> socket.socket:
        """To the first address that may be called and answers. Raises OSError, PrivateAddress among them."""
        loop = asyncio.get_running_loop()
        failed: OSError = OSError(f"{host} has no address")
        for found in await GuardedResolver(self._guard).resolve(host, port, socket.AF_UNSPEC):
            sock = socket.socket(found["family"], socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, (found["host"], port))
            except OSError as error:
                sock.close()
                failed = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise failed


def read_failure(error: Exception, *, sent: bool) -> CallFailed:
    """What went wrong, in the adapters' words."""
    causes = _list_causes(error)
    if any(isinstance(cause, PrivateAddress) for cause in causes):
        return CallFailed("connect", sent=False, detail="private_address")
    if any(isinstance(cause, ssl.SSLError) for cause in causes) and not sent:
        return CallFailed("tls", sent=False, detail=type(causes[-1]).__name__)
    if isinstance(error, TimeoutError):  # those of the library among them
        return CallFailed("timeout", sent=sent)
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return CallFailed("reset", sent=sent)
    return CallFailed("reset" if sent else "connect", sent=sent, detail=type(causes[-1]).__name__)


def _list_causes(error: BaseException) -> list[BaseException]:
    found = [error]
    while (inner := found[-1].__cause__) is not None:
        found.append(inner)
    return found


async def _call(stage: str, said: Awaitable[aiosmtplib.SMTPResponse]) -> aiosmtplib.SMTPResponse:
    """What the server answers. Raises Refused for a no, ConnectionError for what is no answer at all."""
    try:
        return await said
    except aiosmtplib.SMTPResponseException as error:
        if error.code < NO:
            raise ConnectionError("not understood") from None
        raise Refused(SmtpAnswer(stage, error.code, error.message)) from None


async def _sign_in(smtp: aiosmtplib.SMTP, request: SmtpSend) -> None:
    if not smtp.supported_auth_methods:
        raise Refused(SmtpAnswer("login", 503, "The server offers no way to sign in that is known here."))
    await _call("login", smtp.login(request.user, request.password))


async def _name_both(line: Line, request: SmtpSend) -> None:
    """The envelope; for a test only the sender. Raises Refused."""
    smtp = line.smtp
    if request.utf8 and not smtp.supports_extension("smtputf8"):
        raise Refused(SmtpAnswer("sender", 550, "5.6.7 The server takes only addresses in ASCII."))
    if line.begun:
        await _call("connect", smtp.rset())
    options, encoding = (["SMTPUTF8"], "utf-8") if request.utf8 else ([], "ascii")
    if request.message and smtp.supports_extension("size"):
        options.append(f"SIZE={len(request.message)}")
    line.begun = True
    await _call("sender", smtp.mail(request.sender, options=options, encoding=encoding))
    if request.recipient:
        await _call("recipient", smtp.rcpt(request.recipient, encoding=encoding))


def _take_idle(pool: Pool) -> Line | None:
    """The connection that was used last."""
    while pool.idle:
        line = pool.idle.pop()
        if line.closing is not None:
            line.closing.cancel()
        if line.smtp.is_connected:
            return line
    return None


def _give_back(pool: Pool, line: Line, *, good: bool) -> None:
    """Kept for the next message while it is good, and closed when none comes."""
    line.left -= 1
    if not good or line.left <= 0 or not line.smtp.is_connected:
        line.smtp.close()
        return
    pool.idle.append(line)
    line.closing = asyncio.get_running_loop().call_later(KEPT_S, _let_go, pool, line)


def _let_go(pool: Pool, line: Line) -> None:
    pool.idle.remove(line)
    line.smtp.close()


async def _say_goodbye(smtp: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await smtp.quit(timeout=GOODBYE_LIMIT_S)
    smtp.close()


def _place_of(request: SmtpSend) -> Place:
    """What has to be equal for two messages to share a connection."""
    server = (request.host, request.port, request.security, request.greeting)
    return (*server, request.user, request.password)
