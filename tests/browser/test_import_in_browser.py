"""The import in a real browser: a list walks the four steps, is seen at phone width, and is taken back."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tertulia.workers.importer import Setup, work_once

pytestmark = pytest.mark.browser

LIST = """Nome;Sobrenome;Telefone;Cidade
Ana;Silva;912 555 019;Porto
Bruno;Reis;+351 21 355 0137;Lisboa
=cmd|'/c calc'!A1;X;912 555 020;Faro
ANA;silva;+351912555019;Porto
;;call me;
Caro;Curto;+351 912;Braga
"""


@pytest.fixture
def setup(cast: object, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """An importer beside the console, with files in a folder of the test's own."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path))
    return Setup(empty_database, tmp_path)


def test_an_import_from_file_to_undo(visit, setup: Setup, tmp_path: Path, overflow) -> None:
    """Each step is one act; what will happen stands on the button, and the result can be taken back."""
    path = tmp_path / "clientes.csv"
    path.write_text(LIST, encoding="utf-8")
    page = visit("/imports/")
    page.get_by_role("link", name="Import a list").first.click()
    page.get_by_label("File", exact=True).set_input_files(str(path))
    page.get_by_label("Country").fill("Portugal")
    page.get_by_label("Consent rests on").select_option("customer")
    page.get_by_label("Where it was given").fill("Checkout")
    page.get_by_role("button", name="Read the file").click()
    assert page.get_by_label("Telefone").input_value() == "phone"
    assert page.get_by_label("Cidade").input_value() == "attribute:cidade"
    page.get_by_role("button", name="Check the rows").click()
    page.locator("#progress").wait_for()
    assert work_once(setup)
    page.reload()
    page.get_by_role("button", name="Import 2 contacts").wait_for()
    assert page.locator(".stepper [aria-current=step]").inner_text().split() == ["3", "Check"]
    page.locator(".tabs").get_by_role("link", name="Without SMS").click()
    page.locator(".tabs [aria-current]", has_text="Without SMS").wait_for()
    assert "Landline: kept, not used for SMS" in page.locator("table").inner_text()
    page.locator("[data-submit-on-change]").select_option("take")
    page.locator("#progress").wait_for()
    assert work_once(setup)
    page.reload()
    page.get_by_role("button", name="Import 3 contacts").click()
    page.locator("#progress").wait_for()
    assert work_once(setup)
    page.reload()
    page.get_by_role("button", name="Undo the import").click()
    page.locator("#progress").wait_for()
    assert work_once(setup)
    page.reload()
    assert page.get_by_text("Undone").first.is_visible()


def test_the_check_fits_a_phone_and_mirrors(visit, setup: Setup, tmp_path: Path, overflow) -> None:
    """Nothing sticks out at 390 px, in Arabic, in the dark."""
    from tests.console.cast import make_client
    from tests.console.test_imports import walk_to_check

    from tertulia.data.models import User

    client = make_client(User.objects.get(email="alice@example.com"))
    check = walk_to_check(client, setup, LIST.encode())
    for size, theme, language in (
        ((390, 844), "light", "en"),
        ((390, 844), "dark", "ar"),
        ((1280, 800), "light", "ar"),
    ):
        page = visit(check, size=size, theme=theme, language=language)
        assert overflow(page) == []
    for path in ("/imports/", "/imports/new/", check.replace("/check/", "/columns/")):
        assert overflow(visit(path, size=(390, 844))) == []


def test_a_mistake_in_a_field_keeps_the_chosen_file(visit, setup: Setup, tmp_path: Path) -> None:
    """The answer names the field and focus goes there; the file need not be chosen again."""
    path = tmp_path / "clientes.csv"
    path.write_text(LIST, encoding="utf-8")
    visit.expected.append("422")
    page = visit("/imports/new/")
    assert not page.get_by_label("Cause", exact=True).is_visible()
    page.get_by_label("File", exact=True).set_input_files(str(path))
    page.get_by_role("button", name="Read the file").click()
    page.get_by_text("Say on what consent rests").wait_for()
    expect(page.locator("[name=basis]:focus")).to_have_count(1)
    assert page.get_by_label("File", exact=True).evaluate("input => input.files[0].name") == "clientes.csv"
    page.get_by_label("Consent rests on").select_option("none")
    page.get_by_role("button", name="Read the file").click()
    page.get_by_label("Telefone").wait_for()
    page = visit("/imports/")
    row, head = (page.locator(place).first.bounding_box() for place in ("tbody tr", "thead th"))
    assert row["y"] >= head["y"] + head["height"], "the head covers the first row"


def test_an_opt_out_list_asks_for_its_cause_and_for_no_consent(visit, setup: Setup) -> None:
    """Each kind of list asks only what it needs."""
    page = visit("/imports/new/")
    page.get_by_label("Opt-outs and bounces of the old system").check()
    assert page.get_by_label("Cause", exact=True).is_visible()
    assert not page.get_by_label("Consent rests on").is_visible()
