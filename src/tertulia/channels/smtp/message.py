"""Writing an e-mail (RFC 5322): the same bytes again for the same delivery, so that a second attempt can be folded.

A text goes alone, for mail programs show it well and make its addresses links; with HTML both go, the text first, and
the program takes the last that it can show. The body is 7 bit (quoted-printable or base64), which every server takes.
"""

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

SUBJECT_CHARACTERS_MAX = 250


@dataclass(frozen=True, slots=True)
class Letter:
    """What one e-mail says and between whom. `id` is that of the delivery; `domain` the sender's."""

    id: str
    domain: str
    sender: str
    sender_name: str
    to: str
    reply_to: str
    subject: str
    text: str
    html: str
    unsubscribe: str
    utf8: bool


def name_message(delivery_id: str, domain: str) -> str:
    """The Message-ID, with its brackets."""
    return f"<{delivery_id}@{domain}>"


def write_message(letter: Letter, now: datetime) -> bytes:
    """The whole e-mail with CRLF. Raises ValueError for a sender that is no address."""
    message = EmailMessage(policy.SMTPUTF8 if letter.utf8 else policy.SMTP)
    message["From"] = Address(_flatten(letter.sender_name), addr_spec=letter.sender)
    message["To"] = letter.to
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    message["Subject"] = _flatten(letter.subject)[:SUBJECT_CHARACTERS_MAX]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = name_message(letter.id, letter.domain)
    message["Auto-Submitted"] = "auto-generated"
    _fill(message, letter)
    return _write_list_headers(letter.unsubscribe) + message.as_bytes()


def _fill(message: EmailMessage, letter: Letter) -> None:
    message.set_content(letter.text, cte=_choose_encoding(letter.text))
    if letter.html:
        html = _wrap(letter.html)
        message.add_alternative(html, subtype="html", cte=_choose_encoding(html))
        message.set_boundary(f"=_{letter.id}")


def _write_list_headers(unsubscribe: str) -> bytes:
    """One click unsubscribes (RFC 8058). The address stays on one line: signatures made on the way break where it is
    folded, and the library would encode one that is longer than a line."""
    if not unsubscribe:
        return b""
    return f"List-Unsubscribe: <{unsubscribe}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode("ascii")


def _choose_encoding(text: str) -> str:
    """Quoted-printable keeps what is mostly Latin readable in a log; other scripts are half as long in base64."""
    foreign = sum(not character.isascii() for character in text)
    return "base64" if foreign * 3 > len(text) else "quoted-printable"


def _wrap(html: str) -> str:
    """A whole document around a fragment."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"<!doctype html>\n<html><head>{head}</head><body>\n{html}\n</body></html>\n"


def _flatten(text: str) -> str:
    """On one line: nothing in a template or a setting may begin a header of its own."""
    return " ".join(text.split())
