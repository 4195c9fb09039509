"""QR codes for links, as SVG and PNG (M5's desktop chooser, a channel's download).

Error correction M survives a scratch on a printed flyer; the quiet zone of four modules is the standard's. The same
text gives the same bytes.
"""

from io import BytesIO
from typing import Final

import segno

TEXT_BYTES_MAX: Final = 1_000  # what a phone still reads from a screen
QUIET_MODULES: Final = 4
PNG_PIXELS_DEFAULT: Final = 600
PNG_PIXELS_MAX: Final = 4_000


def draw_svg(text: str, title: str = "") -> bytes:
    """An SVG without a fixed size (it fills its box), black on white, with `title` for screen readers.

    Raises ValueError for an empty text or one of more than 1,000 bytes."""
    out = BytesIO()
    _make(text).save(
        out,
        kind="svg",
        border=QUIET_MODULES,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
        title=title or None,
        nl=False,
    )
    return out.getvalue()


def draw_png(text: str, pixels: int = PNG_PIXELS_DEFAULT) -> bytes:
    """A PNG, black on white, of at least `pixels` a side (whole pixels per module), at most 4,000 asked for."""
    if not 1 <= pixels <= PNG_PIXELS_MAX:
        raise ValueError(f"a QR code's side is 1 to {PNG_PIXELS_MAX} pixels")
    code = _make(text)
    modules = code.symbol_size(scale=1, border=QUIET_MODULES)[0]
    out = BytesIO()
    code.save(out, kind="png", scale=-(-pixels // modules), border=QUIET_MODULES, dark="#000", light="#fff")
    return out.getvalue()


def _make(text: str) -> segno.QRCode:
    if not 0 < len(text.encode()) <= TEXT_BYTES_MAX:
        raise ValueError(f"a QR code holds 1 to {TEXT_BYTES_MAX} bytes here")
    return segno.make_qr(text, error="m", boost_error=False)
