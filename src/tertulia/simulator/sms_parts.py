"""How many parts an SMS takes (3GPP TS 23.038 and 23.040): the provider counts for itself."""

_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = set("\f^{}\\[~]|€")


def count_parts(text: str) -> tuple[int, int, int]:
    """Parts, units used, and units in one part of this size: (1, 111, 160). A pair is never split across parts."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        widths = [2 if char in _EXTENDED else 1 for char in text]
        return _fill(widths, 160, 153)
    return _fill([2 if ord(char) > 0xFFFF else 1 for char in text], 70, 67)


def _fill(widths: list[int], single: int, multiple: int) -> tuple[int, int, int]:
    total = sum(widths)
    if total <= single:
        return 1, total, single
    parts, room = 1, multiple
    for width in widths:
        if width > room:
            parts, room = parts + 1, multiple
        room -= width
    return parts, total, multiple
