"""E-mail as data: one message handed to a mail server, and what the server said last.

Where HTTP has a request and a response, SMTP has a conversation. It is one step here all the same: the server is
greeted, the connection made private, the user signed in, sender and recipient named, the message given. The first
refusal ends it, and the answer says at which `stage` that was. A conversation that breaks off has no answer, as a
request has none; before the message is on its way it has certainly not arrived.

Without a `message` nothing is sent: the conversation ends where the recipient would be named, which is how a channel is
tested.
"""

from typing import ClassVar

import msgspec

from tertulia.channels.masks import mask

STAGES = ("connect", "tls", "login", "sender", "recipient", "message")
"""Where a conversation can end, in order. `message` is also where a good one does."""


class SmtpSend(msgspec.Struct, frozen=True):
    """Hand `message`, a whole e-mail with its headers and CRLF, to a mail server. `security`: starttls, tls or none;
    `user` is empty where nobody signs in; `greeting` is the name that we give in EHLO. `sender` and `recipient` are the
    envelope's; `utf8` says that one of them needs SMTPUTF8. `redact` as in a HttpRequest."""

    host: str
    port: int
    security: str
    greeting: str
    sender: str
    recipient: str = ""
    message: bytes = b""
    user: str = ""
    password: str = ""
    utf8: bool = False
    redact: tuple[str, ...] = ()
    secret_answer: ClassVar[bool] = False

    # as the channel log shows it, beside requests of HTTP
    @property
    def method(self) -> str:
        return "SMTP"

    @property
    def url(self) -> str:
        scheme = "smtps" if self.security == "tls" else "smtp"
        return f"{scheme}://{self.host}:{self.port}"

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        signed_in = (("AUTH", self.user),) if self.user else ()
        envelope = (("MAIL FROM", f"<{self.sender}>"), ("RCPT TO", f"<{self.recipient}>"))
        return (("EHLO", self.greeting), ("Security", self.security), *signed_in, *envelope)

    @property
    def body(self) -> bytes:
        return self.message

    def masked(self) -> "SmtpSend":
        """The same as it may be logged: no password, and every secret in the message replaced."""
        message = mask(self.message.decode("utf-8", "replace"), self.redact).encode()
        return msgspec.structs.replace(self, password="", message=message, redact=())

    def mask(self, text: str) -> str:
        """A text, such as the answer's, without the secrets of this message."""
        return mask(text, self.redact)

    def __repr__(self) -> str:
        return f"SmtpSend({self.url} to={self.recipient} {len(self.message)} bytes)"


class SmtpAnswer(msgspec.Struct, frozen=True):
    """The server's last word: at which of STAGES, its reply code and its text, several lines as one with line feeds."""

    stage: str
    status: int
    text: str = ""

    @property
    def body(self) -> bytes:
        return self.text.encode()
