"""Every kind has its page, and the page keeps up with the form and the tables of codes."""

import importlib
from pathlib import Path

import pytest

from tertulia.channels import registry
from tertulia.channels.base import Adapter

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "channels"
HEADINGS = ("Connect it", "What the webhook is for", "Limits", "Receipts", "Costs", "Errors")


@pytest.mark.parametrize("adapter", registry.kinds(), ids=lambda adapter: adapter.kind)
def test_every_kind_has_its_page(adapter: Adapter) -> None:
    """Where to find each value, what the webhook is for, limits, receipts, costs and errors."""
    page = (PAGES / f"{adapter.kind}.md").read_text("utf-8")
    missing = [heading for heading in HEADINGS if f"\n## {heading}\n" not in page]
    missing += [field.label for field in adapter.fields if field.label not in page]
    missing += [field.help for field in adapter.fields if field.help not in page]
    assert not missing
    assert f"({adapter.kind}.md)" in (PAGES / "index.md").read_text("utf-8")


@pytest.mark.parametrize("kind", ["twilio", "smtp", "whatsapp", "messenger", "viber", "wechat"])
def test_every_code_is_explained(kind: str) -> None:
    """Each code of a kind's table stands in its page."""
    codes = importlib.import_module(f"tertulia.channels.{kind}.codes")
    known = [*map(str, codes.CODES), *(f"{a}/{b}" for a, b in getattr(codes, "SUBCODES", {}))]
    table = (PAGES / f"{kind}.md").read_text("utf-8").partition("\n## Errors\n")[2].replace(",", " ").split()
    assert not [code for code in known if code not in table]
