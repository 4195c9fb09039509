"""QR codes of links."""

import struct
import xml.etree.ElementTree as ET

import pytest

from tertulia.core.qr import draw_png, draw_svg

URL = "https://l.example/l/0K3DX7P2MN4Q2H"


def test_qr_svg_fills_its_box_and_has_a_title() -> None:
    """A view box, no size, a title, the same bytes each time."""
    drawn = draw_svg(URL, 'WhatsApp <"&">')
    root = ET.fromstring(drawn)
    assert root.attrib["viewBox"]
    assert "width" not in root.attrib
    assert root.findtext("{http://www.w3.org/2000/svg}title") == 'WhatsApp <"&">'
    assert drawn == draw_svg(URL, 'WhatsApp <"&">')
    assert ET.fromstring(draw_svg(URL)).find("{http://www.w3.org/2000/svg}title") is None


@pytest.mark.parametrize("pixels", [1, 600, 1001])
def test_qr_png_is_at_least_as_large_as_asked(pixels: int) -> None:
    """Whole pixels per module: a scanner meets no blur."""
    drawn = draw_png(URL, pixels)
    assert drawn.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", drawn[16:24])
    assert width == height >= pixels
    assert width % 37 == 0  # version 3: 29 modules and a quiet zone of 4 on each side


@pytest.mark.parametrize("text", ["", "x" * 1001, "é" * 501])
def test_qr_refuses_what_no_phone_reads(text: str) -> None:
    """Nothing, or more than a thousand bytes."""
    with pytest.raises(ValueError, match="bytes"):
        draw_svg(text)
    with pytest.raises(ValueError, match="bytes"):
        draw_png(text)


@pytest.mark.parametrize("pixels", [0, 4001])
def test_qr_png_has_a_sane_size(pixels: int) -> None:
    """No picture that eats the memory."""
    with pytest.raises(ValueError, match="pixels"):
        draw_png(URL, pixels)
