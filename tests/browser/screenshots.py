"""Pictures of pages for people to look at: 1280 and 390 px, light, dark and Arabic, into ./screenshots (not kept)."""

import re
from pathlib import Path

from tests.browser.conftest import NARROW, WIDE, Visit

FOLDER = Path(__file__).parents[2] / "screenshots"
LOOKS = (
    ("light", WIDE, "light", "en"),
    ("dark", WIDE, "dark", "en"),
    ("arabic", WIDE, "light", "ar"),
    ("390", NARROW, "light", "en"),
    ("390-dark", NARROW, "dark", "ar"),
)


def take_screenshots(visit: Visit, path: str, name: str = "", looks=LOOKS) -> list[Path]:
    """One picture for every look of the page at ``path``; the files written."""
    FOLDER.mkdir(exist_ok=True)
    stem = name or re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
    taken = []
    for look, size, theme, language in looks:
        page = visit(path, size=size, theme=theme, language=language)
        taken.append(FOLDER / f"{stem}-{look}.png")
        page.screenshot(path=taken[-1])
        page.close()
    return taken
