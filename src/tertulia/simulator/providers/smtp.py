"""A mail provider: its server takes e-mails by SMTP (`simulator.mail`), and everybody has a mailbox.

Nothing of it is spoken over HTTP, and it calls nobody: what cannot be delivered is refused at once.
"""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from tertulia.simulator.acts import Act
from tertulia.simulator.outbox import Event
from tertulia.simulator.providers.base import CommonProvider, arrive
from tertulia.simulator.wire import Call, Post, Reply, reply_json
from tertulia.simulator.world import Account, Message, Person, World


class Smtp(CommonProvider):
    kind = "smtp"
    mark = "EM"
    title = "E-mail"
    prefix = "smtp"
    app = False
    needs = ("username", "password", "from_address")
    states: tuple[str, ...] = ("delivered",)

    def scope(self, account: Account) -> str:
        return ""

    def handle(self, world: World, account: Account, person: Person) -> str:
        return person.email

    def answer(self, world: World, call: Call) -> Reply:
        return reply_json({"error": "not_found"}, 404)

    def busy(self, world: World) -> Reply:
        return reply_json({"error": "busy"}, 503)

    def is_send(self, call: Call) -> bool:
        return False

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        return None

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        raise AssertionError("a mail server calls nobody")


def deliver(world: World, account: Account, to: str, raw: bytes) -> Message:
    """Put an e-mail that was taken into the mailbox of whoever has the address."""
    read = cast(EmailMessage, message_from_bytes(raw, policy=policy.default))
    name = f"e-{world.chance.token(20, 'smtp', account.id, world.next_number('smtp'))}"
    one_click = "one-click" in str(read.get("List-Unsubscribe-Post", "")).lower()
    data: dict[str, Any] = {
        "subject": str(read.get("Subject", "")),
        "html": _read_part(read, "html"),
        "unsubscribe": str(read.get("List-Unsubscribe", "")).strip(" <>") if one_click else "",
    }
    message = Message(
        name, account.id, "smtp", "", to, _read_part(read, "plain"), True, world.clock.now_ms(),
        ref=str(read.get("Message-ID", "")), data=data, sender=str(read.get("From", "")),
    )  # fmt: skip
    return arrive(world, account, world.meet_mailbox(to), message)


def _read_part(read: EmailMessage, kind: str) -> str:
    part = read.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n").strip() if part is not None else ""


provider = Smtp()
