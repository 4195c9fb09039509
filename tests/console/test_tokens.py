"""The design tokens keep their promises: contrast by the WCAG formula, equal dark blocks, and no file out of reach."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src" / "tertulia" / "console" / "static"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")

TEXT = 4.5
EDGE = 3.0
APPS = ("sms", "email", "whatsapp", "messenger", "telegram", "viber", "line", "wechat", "webchat")
GROUNDS = ("surface", "bg", "surface-hover", "surface-press", "accent-soft")
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((text, ground, TEXT) for text in ("text", "text-2", "text-3") for ground in GROUNDS),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("on-accent", "danger-fill", TEXT),
    *(("accent-text", ground, TEXT) for ground in ("surface", "accent-soft", "bg", "surface-press")),
    *((state, ground, TEXT) for state in ("ok", "warn", "danger") for ground in ("surface", f"{state}-soft")),
    ("text-2", "note", TEXT),
    ("surface", "text", TEXT),
    ("border-control", "surface", EDGE),
    ("border-control", "bg", EDGE),
    ("accent-line", "surface", EDGE),
    ("accent-line", "bg", EDGE),
    ("accent-line", "accent-soft", EDGE),
    *(("on-ch", f"ch-{app}", TEXT) for app in APPS),
)


def read_block(opening: str) -> dict[str, str]:
    """The custom properties of the block that follows ``opening``."""
    body = TOKENS.split(opening, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))


LIGHT = read_block(":root {")
DARK_BY_SYSTEM = read_block(':root:not([data-theme="light"]) {')
DARK_BY_CHOICE = read_block(':root[data-theme="dark"] {')


def compute_luminance(colour: str) -> float:
    """Relative luminance of ``#RRGGBB`` (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def compute_contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours."""
    low, high = sorted((compute_luminance(one), compute_luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "tokens"), [("light", LIGHT), ("dark", {**LIGHT, **DARK_BY_CHOICE})])
def test_every_pair_has_its_contrast(theme: str, tokens: dict[str, str]):
    """Text reaches 4.5 and edges 3 in both themes."""
    weak = {}
    for front, back, least in PAIRS:
        ratio = compute_contrast(tokens[front], tokens[back])
        if ratio < least:
            weak[front, back] = ratio
    assert not weak


def test_the_dark_blocks_are_equal():
    """Dark by the system and dark by choice are the same."""
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE
    assert len(DARK_BY_CHOICE) > 40


def test_sheets_use_only_known_tokens_and_logical_properties():
    """A misspelt token or a physical side would break a theme or a direction silently."""
    known = set(re.findall(r"--([\w-]+)\s*:", TOKENS))
    for sheet in STATIC.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)
        own = set(re.findall(r"--([\w-]+)\s*:", text))
        assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= known | own, sheet.name
        assert not re.findall(r"(?:margin|padding|border)-(?:left|right|top|bottom)\b|[^-](?:left|right)\s*:", text), (
            sheet.name
        )


def test_icons_that_are_named_exist():
    """Every icon that a template or the table of pages names is a symbol of the sprite."""
    symbols = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    console = STATIC.parent
    used = {name for page in console.rglob("*.html") for name in re.findall(r'{% icon "([\w-]+)"', page.read_text())}
    table = set(re.findall(r'_\("[^"]+"\), "([\w-]+)"', (console / "pages.py").read_text()))
    assert used | table <= symbols


def test_the_virtual_phones_use_the_same_tokens() -> None:
    """The simulator shares no code with the rest; its copy of the tokens must not drift."""
    copy = STATIC.parent.parent / "simulator" / "static" / "tokens.css"
    assert copy.read_text(encoding="utf-8") == TOKENS
