"""What goes with a message's text, as each family of channels carries it: a picture, a video, a voice message, a
document, a GIF, or a link as a button.

Whatever a channel does not carry stands in the text as an address, on a line of its own, so that no customer gets less
than the message says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tertulia.core.carriers import EMAIL
from tertulia.core.mail_html import put_link, put_picture
from tertulia.core.world import ChannelFacts

SHOWN_IN_MAIL: Final = ("picture", "gif")
BUTTON_SCHEME: Final = "https://"  # what apps open from a button


@dataclass(frozen=True, slots=True)
class Attachment:
    """What goes with a text, at a public https address that the provider fetches: `form` is picture, video, voice,
    document or gif."""

    form: str
    address: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The text that goes out, and the fields of the content beside it."""

    text: str
    beside: Mapping[str, str]
    choices: tuple[tuple[str, str], ...] = ()


def carries(channel: ChannelFacts, form: str) -> bool:
    """Whether a channel sends it as what it is."""
    return bool(channel.caption_max) if form == "picture" else form in channel.attachments


def place_attachment(channel: ChannelFacts, made: Mapping[str, str], attachment: Attachment) -> Placed:
    """`made` are the rendered texts by name. An e-mail shows pictures and GIFs in its HTML and links to the rest."""
    text, address = made["text"].strip(), attachment.address
    if channel.carries == EMAIL:
        if attachment.form in SHOWN_IN_MAIL:
            return Placed(text or address, {"html": put_picture(made.get("html", ""), text, address)})
        html = made.get("html", "")
        return Placed(_join(text, address), {"html": put_link(html, address, address)} if html else {})
    if not carries(channel, attachment.form):
        return Placed(_join(text, address), {})
    if attachment.form == "picture":
        return Placed(text, {"picture": address})
    return Placed(text, {"attachment": address, "form": attachment.form})


def place_link(channel: ChannelFacts, made: Mapping[str, str], label: str, url: str) -> Placed:
    """A link with a label: a button where the channel has such, else a line below the text."""
    text = made["text"].rstrip()
    if channel.carries == EMAIL:
        html = made.get("html", "")
        return Placed(_join(text, f"{label}: {url}"), {"html": put_link(html, label, url)} if html else {})
    if channel.link_buttons and url.startswith(BUTTON_SCHEME):
        return Placed(text, {}, ((label, url),))
    return Placed(_join(text, f"{label}: {url}"), {})


def _join(text: str, line: str) -> str:
    return f"{text}\n{line}".strip()
