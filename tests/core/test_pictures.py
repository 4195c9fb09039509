"""What goes with a message's text, as each family of channels carries it."""

from typing import Any

import msgspec
import pytest

from tertulia.core.content import MASK, mask_links
from tertulia.core.placing import Attachment, Placed, place_attachment, place_link
from tertulia.core.steps.message.step import MessageStep
from tertulia.core.world import ChannelFacts

URL = "https://cdn.example/hat.jpg"


def make_channel(first: str, *, app: bool = False, caption_max: int = 0, **able: Any) -> ChannelFacts:
    told = (1, 1, "kind", "name", "live", app, "", None, 160, first, 1.0, {}, False, False, "", False, "")
    return ChannelFacts(*told, caption_max=caption_max, **able)


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
    placed = place_attachment(channel, {"text": text}, Attachment("picture", URL))
    assert (placed.text, placed.beside) == want


@pytest.mark.parametrize(
    ("channel", "form", "want"),
    [
        (make_channel("", app=True, caption_max=512, attachments=frozenset({"video"})), "video", True),
        (make_channel("", app=True, caption_max=512, attachments=frozenset({"video"})), "gif", False),
        (make_channel("phone"), "document", False),
    ],
)
def test_what_a_channel_does_not_carry_stands_in_the_text(channel: ChannelFacts, form: str, want: bool) -> None:
    """As an address; nobody gets less than the message says."""
    carried = Placed("A hat", {"attachment": URL, "form": form})
    assert place_attachment(channel, {"text": "A hat"}, Attachment(form, URL)) == (
        carried if want else Placed(f"A hat\n{URL}", {})
    )


def test_a_link_is_a_button_or_a_line() -> None:
    """A button only for what apps open from one; an e-mail's HTML has it too."""
    app, sms, mail = make_channel("", app=True, link_buttons=True), make_channel("phone"), make_channel("email")
    made, line = {"text": "Hi\n"}, "Hi\nShop: https://l.example/l/X"
    assert place_link(app, made, "Shop", "https://l.example/l/X") == Placed(
        "Hi", {}, (("Shop", "https://l.example/l/X"),)
    )
    assert place_link(app, made, "Shop", "http://l.example/l/X").text == "Hi\nShop: http://l.example/l/X"
    assert place_link(sms, made, "Shop", "https://l.example/l/X") == Placed(line, {})
    assert place_link(mail, made, "Shop", "https://l.example/l/X") == Placed(line, {})
    html = place_link(mail, {**made, "html": "<p>Hi</p>"}, "<Shop>", "https://l.example/l/X").beside["html"]
    assert "Hi" in html
    assert '<a href="https://l.example/l/X"' in html
    assert "&lt;Shop&gt;" in html


def test_the_history_has_no_code_of_a_button() -> None:
    """Nobody who reads it can use one."""
    content = {"text": "Hi", "choices": [["Shop", "https://l.example/l/4GB6QCWJWSXXW3"], ["No", ""]]}
    masked = mask_links(content, "https://l.example")
    assert masked["choices"] == [["Shop", f"https://l.example/l/{MASK}"], ["No", ""]]


def test_an_e_mail_has_it_in_its_html() -> None:
    """Above the paragraphs of the text, in which nothing is obeyed; or above the HTML that is there."""
    mail = make_channel("email")
    placed = place_attachment(mail, {"text": "A <b>hat</b>\nfor you\n\nBye"}, Attachment("gif", URL))
    text, beside = placed.text, placed.beside
    assert text == "A <b>hat</b>\nfor you\n\nBye"
    assert f'<img src="{URL}" alt=""' in beside["html"]
    assert "<p>A &lt;b&gt;hat&lt;/b&gt;<br>for you</p><p>Bye</p>" in beside["html"]
    beside = place_attachment(mail, {"text": "x", "html": "<h1>Hat</h1>"}, Attachment("picture", URL)).beside
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
        ({"video": "https://cdn.example/a b.mp4"}, ("video",)),
        ({"picture": URL, "gif": URL}, ("gif",)),
        ({"text": "x", "voice": URL}, ("voice",)),
        ({"text": "x", "document": URL, "buttons": ("Yes",)}, ("buttons",)),
        ({"text": "x", "link": {"label": "x" * 21, "to": URL}}, ("link", "label")),
        ({"text": "x", "link": {"label": "Shop", "to": "cdn.example"}}, ("link", "to")),
        ({"text": "x", "link": {"label": "Shop", "to": URL}, "buttons": ("Yes",)}, ("link",)),
        ({"link": {"label": "Shop", "to": URL}}, ("text",)),
        ({}, ("text",)),
    ],
)
def test_what_no_message_may_have(fields: dict[str, object], path: tuple[object, ...]) -> None:
    """Each with its place."""
    step = msgspec.convert({"id": "m", "kind": "message", "channels": ["sms"], **fields}, MessageStep)
    assert [complaint.path for complaint in step.find_faults()] == [path]


def test_a_picture_needs_no_text() -> None:
    """It says enough."""
    for name in ("picture", "video", "voice", "document", "gif"):
        told = {"id": "m", "kind": "message", "channels": ["sms"], name: URL}
        assert not msgspec.convert(told, MessageStep).find_faults()
