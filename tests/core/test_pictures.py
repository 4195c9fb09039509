"""A picture beside a message's text, as each family of channels carries it."""

import msgspec
import pytest

from tertulia.core.claim import place_picture
from tertulia.core.steps.message.step import MessageStep
from tertulia.core.world import ChannelFacts

URL = "https://cdn.example/hat.jpg"


def make_channel(first: str, *, app: bool = False, caption_max: int = 0) -> ChannelFacts:
    told = (1, 1, "kind", "name", "live", app, "", None, 160, first, 1.0, {}, False, False, "", False, "")
    return ChannelFacts(*told, caption_max=caption_max)


@pytest.mark.parametrize(
    ("channel", "text", "want"),
    [
        (make_channel("phone"), "A hat", (f"A hat\n{URL}", {})),
        (make_channel("phone"), "", (URL, {})),
        (make_channel("", app=True, caption_max=512), "A hat ", ("A hat", {"picture": URL})),
        (make_channel("", app=True), "A hat", (f"A hat\n{URL}", {})),
    ],
)
def test_text_and_picture(channel: ChannelFacts, text: str, want: tuple[str, dict[str, str]]) -> None:
    """Beside it, or on a line of its own."""
    assert place_picture(channel, {"text": text}, URL) == want


def test_an_e_mail_has_it_in_its_html() -> None:
    """Above the paragraphs of the text, in which nothing is obeyed; or above the HTML that is there."""
    mail = make_channel("email")
    text, beside = place_picture(mail, {"text": "A <b>hat</b>\nfor you\n\nBye"}, URL)
    assert text == "A <b>hat</b>\nfor you\n\nBye"
    assert f'<img src="{URL}" alt=""' in beside["html"]
    assert "<p>A &lt;b&gt;hat&lt;/b&gt;<br>for you</p><p>Bye</p>" in beside["html"]
    _, beside = place_picture(mail, {"text": "x", "html": "<h1>Hat</h1>"}, URL)
    assert beside["html"].endswith("<h1>Hat</h1>")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"picture": "http://cdn.example/a.jpg"}, ("picture",)),
        ({"picture": "https://cdn.example/a b.jpg"}, ("picture",)),
        ({"text": "x", "picture": URL, "buttons": ("Yes",)}, ("buttons",)),
        ({"text": "x", "buttons": ("Yes", "Yes")}, ("buttons", 1)),
        ({"text": "x", "buttons": ("x" * 21,)}, ("buttons", 0)),
        ({"text": "x", "buttons": tuple(map(str, range(11)))}, ("buttons",)),
        ({}, ("text",)),
    ],
)
def test_what_no_message_may_have(fields: dict[str, object], path: tuple[object, ...]) -> None:
    """Each with its place."""
    step = msgspec.convert({"id": "m", "kind": "message", "channels": ["sms"], **fields}, MessageStep)
    assert [complaint.path for complaint in step.find_faults()] == [path]


def test_a_picture_needs_no_text() -> None:
    """It says enough."""
    assert not msgspec.convert(
        {"id": "m", "kind": "message", "channels": ["sms"], "picture": URL}, MessageStep
    ).find_faults()
