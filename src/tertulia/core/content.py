"""What a delivery carries, as it stands in the column `content`: filled at the claim, read by the sender.

Empty (no text and no template) means that the claim has still to render it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tertulia.core.links import CODE_SYMBOLS
from tertulia.core.templates import Used

MASK = "\u2022\u2022\u2022\u2022"


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """Text with its choices, or a template of the platform's. `direct` marks a first contact by phone number (LINE's
    push by number); `reply_token` what the platform wants back with an answer; `neutral` that it is the neutral text
    (M6); `used` the template that it was made of."""

    text: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    ask_phone: bool = False
    template: str = ""
    language: str = ""
    parameters: tuple[str, ...] = ()
    reply_token: str = ""
    direct: bool = False
    neutral: bool = False
    used: Used | None = None

    @property
    def is_rendered(self) -> bool:
        return bool(self.text or self.template)


def read_content(stored: Mapping[str, Any]) -> Content:
    """The content of a stored delivery."""
    return msgspec.convert(stored, Content)


def write_content(content: Content) -> dict[str, Any]:
    """What is stored of it."""
    made: dict[str, Any] = msgspec.to_builtins(content)
    return made


def mask_links(content: Mapping[str, Any], link_base: str) -> dict[str, Any]:
    """The content for the history: the secret part of every personal link is left out, so that nobody who reads the
    history can use it."""
    text = str(content.get("text", ""))
    for path in ("/l/", "/u/"):
        head, *rest = text.split(link_base + path)
        text = (link_base + path).join([head, *(MASK + part[CODE_SYMBOLS:] for part in rest)])
    return {**content, "text": text} if text else dict(content)
