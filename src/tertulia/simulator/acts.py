"""What a person can do in an app, as a closed union. Each provider turns an act into its own webhook events."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Open:
    """Opened the chat, by a deep link that carried `token` or by the app itself."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """Sent a text. `token` rides with a first message where the platform lets it (Messenger's ref, a start code)."""

    text: str
    token: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """Wrote publicly below a post of the account's."""

    post: str
    text: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Tapped a quick reply or button under message `message_id`."""

    label: str
    payload: str
    message_id: str


@dataclass(frozen=True, slots=True)
class SharePhone:
    """Shared the own number by the app's button."""


@dataclass(frozen=True, slots=True)
class Block:
    """Blocked the account, or left it where the platform knows only that."""


@dataclass(frozen=True, slots=True)
class Unblock:
    """Took the block back, or followed again."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Told the platform to stop (or resume) marketing from this account (WhatsApp)."""

    stop: bool


Act = Open | Write | Comment | Choose | SharePhone | Block | Unblock | Preference
