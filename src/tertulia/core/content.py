"""What a delivery carries, as it stands in the column `content`: filled at the claim, read by the sender.

Empty (no text and no template) means that the claim has still to render it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tertulia.core.leave import SAMPLE_TOKEN
from tertulia.core.links import WEB, write_sample
from tertulia.core.templates import Used

MASK = "\u2022\u2022\u2022\u2022"
TEXTS = ("text", "subject", "html", "unsubscribe")  # of a content, in which links stand


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """Text with its choices, or a template of the platform's. `picture`: the address of one, whose caption the text
    then is; `attachment`: that of a video, a voice message, a document or a GIF, as `form` says. `direct` marks a
    first contact by phone number (LINE's push by number); `reply_token` what the platform wants back with an
    answer; `code` a one-time code, sealed, for which a mask stands in the text; `neutral` that it is the neutral
    text (M6); `used` the template that it was made of; `reserved` the money that it has of budgets: scope, period
    and millionths. In an e-mail `subject` and `html` stand beside the text, and `unsubscribe` is the address in its
    header, where it has one."""

    text: str = ""
    subject: str = ""
    html: str = ""
    unsubscribe: str = ""
    picture: str = ""
    attachment: str = ""
    form: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    ask_phone: bool = False
    template: str = ""
    language: str = ""
    parameters: tuple[str, ...] = ()
    reply_token: str = ""
    direct: bool = False
    code: str = ""
    neutral: bool = False
    used: Used | None = None
    reserved: tuple[tuple[str, str, int], ...] = ()

    @property
    def numbered(self) -> str:
        """The text as it stands where there are no buttons."""
        return number_choices(self.text, self.choices)

    @property
    def is_rendered(self) -> bool:
        return bool(self.text or self.template or self.picture or self.attachment)


def number_choices(text: str, choices: Iterable[tuple[str, str]]) -> str:
    """A text with its choices (label, payload) as numbered lines below; one that leads to an address with that."""
    lines = [
        f"{label}: {payload}" if payload.startswith("https://") else f"{number}. {label}"
        for number, (label, payload) in enumerate(choices, 1)
    ]
    return "\n".join([text, *lines])


def read_content(stored: Mapping[str, Any]) -> Content:
    """The content of a stored delivery."""
    return msgspec.convert(stored, Content)


def write_content(content: Content) -> dict[str, Any]:
    """What is stored of it."""
    made: dict[str, Any] = msgspec.to_builtins(content)
    return made


def show_samples(text: str, link_base: str) -> str:
    """A text that goes to nobody, with codes and tokens that are nobody's in the place of those that it was rendered
    with."""
    text = re.sub(rf"({re.escape(link_base)}/l/)[\w-]+", rf"\g<1>{write_sample(WEB)}", text, flags=re.ASCII)
    return re.sub(rf"({re.escape(link_base)}/u/)[\w-]+", rf"\g<1>{SAMPLE_TOKEN}", text, flags=re.ASCII)


def mask_links(content: Mapping[str, Any], link_base: str) -> dict[str, Any]:
    """The content for the history: the secret part of every personal link is left out, and so is a code, so that nobody
    who reads the history can use it."""
    secret = re.compile(rf"({re.escape(link_base)}/[lu]/)[\w-]+", re.ASCII)

    def mask(name: str, value: Any) -> Any:
        if name in TEXTS and isinstance(value, str):
            return secret.sub(rf"\1{MASK}", value)
        if name == "choices":  # a button may be a link
            return [[label, secret.sub(rf"\1{MASK}", payload)] for label, payload in value]
        return value

    return {name: mask(name, value) for name, value in content.items() if name not in ("code", "reserved")}
