"""Past events in a real browser: a file walks the four steps into the timelines; the pages fit a phone and mirror."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.browser.conftest import NARROW, WIDE
from tests.console.past import work_beside_engine
from tests.console.tracking import make_source

from tertulia.workers.importer import Setup, work_once

pytestmark = pytest.mark.browser

ORDERS = """customer_id;event;time;total;paid;coupon
c-1001;Order Completed;2026-09-14 18:20;25,90;yes;AUTUMN-2026-LOYAL-CUSTOMERS
c-1001;Order Refunded;2026-09-20 09:05;25,90;no;
c-1002;Order Completed;2026-10-02 11:48;1.204,50;yes;
c-1002;Cart Viewed;someday;;;
;Cart Viewed;2026-10-02 11:40;;;
c-1003;Order Completed;2019-10-02 11:40;12;yes;
"""


@pytest.fixture
def setup(cast: object, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """An importer beside the console, with files in a folder of the test's own."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path))
    return Setup(empty_database, tmp_path)


@pytest.fixture
def source(cast: Any) -> Any:
    """A source of the workspace."""
    return make_source(cast.workspace)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A file of orders."""
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS, encoding="utf-8")
    return path


def walk_to_check(visit: Any, setup: Setup, source: Any, path: Path) -> Any:
    """The page of the check."""
    page = visit(f"/sources/{source.pk}/past/")
    page.get_by_role("link", name="Import past events").click()
    page.get_by_label("File", exact=True).set_input_files(str(path))
    page.get_by_role("button", name="Read the file").click()
    page.get_by_label("customer_id").wait_for()
    page.get_by_role("button", name="Check the rows").click()
    page.locator("#progress").wait_for()
    assert work_once(setup)
    page.reload()
    page.get_by_role("button", name="Import 3 events").wait_for()
    return page


def test_a_file_becomes_history(visit: Any, setup: Setup, source: Any, orders: Path, conn: psycopg.Connection) -> None:
    """Each step is one act; what is left out stands there with its row and reason; the timeline marks what came."""
    page = visit(f"/sources/{source.pk}/")
    page.get_by_role("link", name="Past events").click()
    page.get_by_role("link", name="Import past events").click()
    page.get_by_label("File", exact=True).set_input_files(str(orders))
    page.get_by_role("button", name="Read the file").click()
    assert page.get_by_label("customer_id").input_value() == "user_id"
    assert page.get_by_label("total").input_value() == "property:number:total"
    assert page.get_by_label("paid").input_value() == "property:boolean:paid"
    page.get_by_label("coupon").select_option("ignore")
    page.get_by_role("button", name="Check the rows").click()
    page.locator("#progress").wait_for()
    assert work_once(setup)
    page.reload()
    told = page.locator(".import-tabs + .table-wrap").inner_text()
    for text in ("someday", "Not a time that can be read", "Nobody is named", "Too old: events are kept 730 days"):
        assert text in told
    page.get_by_role("button", name="Import 3 events").click()
    page.get_by_role("button", name="Cancel the import").wait_for()
    work_beside_engine(setup)
    page.reload()
    assert page.get_by_text("Imported", exact=True).is_visible()
    [(contact_id,)] = conn.execute("select distinct contact_id from event where user_id = 'c-1001'").fetchall()
    timeline = visit(f"/contacts/{contact_id}/")
    assert timeline.get_by_text("imported", exact=True).count() == 2


def test_the_pages_fit_a_phone_and_mirror(visit: Any, setup: Setup, source: Any, orders: Path, overflow: Any) -> None:
    """Nothing sticks out at 390 px, in Arabic, in the dark."""
    below = f"/sources/{source.pk}/past/"
    for path in (below, f"{below}new/"):
        assert overflow(visit(path, size=NARROW)) == []
    check = walk_to_check(visit, setup, source, orders).url.removeprefix(visit.site)
    for path in (below, check.replace("/check/", "/fields/"), check):
        for size, theme, language in ((NARROW, "light", "en"), (NARROW, "dark", "ar"), (WIDE, "light", "ar")):
            assert overflow(visit(path, size=size, theme=theme, language=language)) == []


@pytest.mark.pictures
def test_pictures(visit: Any, setup: Setup, source: Any, orders: Path, conn: psycopg.Connection) -> None:
    """Every step, for people to look at."""
    from tests.browser.screenshots import take_screenshots

    below = f"/sources/{source.pk}/past/"
    taken = take_screenshots(visit, below, "past-empty") + take_screenshots(visit, f"{below}new/", "past-file")
    page = walk_to_check(visit, setup, source, orders)
    check = page.url.removeprefix(visit.site)
    taken += take_screenshots(visit, check.replace("/check/", "/fields/"), "past-fields")
    taken += take_screenshots(visit, check, "past-check")
    page.get_by_role("button", name="Import 3 events").click()
    page.get_by_role("button", name="Cancel the import").wait_for()
    result = check.replace("/check/", "/result/")
    taken += take_screenshots(visit, result, "past-working")
    work_beside_engine(setup)
    taken += take_screenshots(visit, result, "past-result") + take_screenshots(visit, below, "past-list")
    [(contact_id,)] = conn.execute("select distinct contact_id from event where user_id = 'c-1001'").fetchall()
    taken += take_screenshots(visit, f"/contacts/{contact_id}/", "past-timeline")
    assert all(path.stat().st_size for path in taken)
