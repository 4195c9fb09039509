"""Segments in a real browser: conditions are put together, counted as they change, and kept."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.people import PEOPLE, add_people
from tests.console.test_segments_pages import make, put, settle

pytestmark = pytest.mark.browser

LIVELY = """name: Lively customers in Portugal
note: Asked for by the shop in Porto.
where:
  all:
    - {field: country, is: PT}
    - {event: Order Completed, where: {property: total, over: 50}, within: 30 d, at_least: 2}
    - any:
        - {consent: granted, channel: whatsapp}
        - {message: opened, within: 7 d}
    - none: [{segment: staff}]
"""


def test_conditions_are_put_together_and_counted(visit, cast, conn, overflow):
    """By a phone's width: a condition is added, its count follows what is typed, a mistake stands at its field; the
    kind is changed; what was put together is there after it was saved."""
    visit.expected.append("htmx:oobErrorNoTarget")  # a count's answer may come when its fields are exchanged already
    people = add_people(conn, cast.workspace.pk, PEOPLE[:3])
    conn.commit()
    segment = make(cast, "name: Any\nwhere: {all: []}\n", publish=False)
    page = visit(f"/segments/{segment.pk}/", size=NARROW)
    expect(page.locator("#count")).to_contain_text("It can be counted when its mistakes are mended.")
    page.get_by_text("Condition", exact=True).click()
    page.get_by_role("button", name="Language, country, name").click()
    page.get_by_label("Which").select_option("country")
    page.get_by_label("Value").fill("BR")
    expect(page.locator("#count-figure")).to_have_text("2")
    expect(page.locator(".segment-sample")).to_contain_text(PEOPLE[0][0])
    assert page.locator(f'.segment-sample a[href="/contacts/{people[0]}/"]').count() == 1
    assert overflow(page) == []
    page.get_by_label("Kind of condition").select_option("event")
    page.get_by_label("In the last").fill("soon")
    expect(page.locator('[id="e_w.0.within"]')).to_contain_text("Give a duration such as 30 min, 2 h or 7 d.")
    page.get_by_label("In the last").fill("7 d")
    page.get_by_label("Event", exact=True).fill("Order Completed")
    expect(page.locator("#count-figure")).to_have_text("0")
    page.get_by_label("What counts").select_option("last")
    page.get_by_label("When").select_option("before")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_text("Draft saved").wait_for()
    segment.refresh_from_db()
    assert segment.document == "name: Any\nwhere:\n  event: Order Completed\n  last:\n    before: 30 d\n"
    assert overflow(page) == []


def test_no_page_of_a_segment_is_wider_than_its_window(visit, cast, conn, overflow):
    """On a phone and on a desk."""
    segment = fill(cast, conn)
    for size in (NARROW, WIDE):
        for place in ("", "text/", "members/", "history/", "used/", "review/"):
            page = visit(f"/segments/{segment.pk}/{place}", size=size)
            assert overflow(page) == [], place
            page.close()
        for path in ("/segments/", "/segments/new/", "/segments/from-filter/?country=PT&q=ana"):
            page = visit(path, size=size)
            assert overflow(page) == [], path
            page.close()


def fill(cast, conn):
    """A lively segment with people in it, a list, and a journey that begins by it."""
    people = add_people(conn, cast.workspace.pk)
    conn.commit()
    make(cast, "name: Staff\n")
    segment = make(cast, LIVELY)
    settle(conn, segment)
    for contact_id in people[:9]:
        put(conn, segment, contact_id)
    return segment


@pytest.mark.pictures
def test_pictures_of_segments(visit, cast, conn):
    """Every page, in every look."""
    from tertulia.data.models import Segment

    segment = fill(cast, conn)
    staff = Segment.objects.get(key="staff")
    contact_id = conn.execute("select contact_id from segment_member limit 1").fetchone()[0]
    take_screenshots(visit, "/segments/", "segments")
    for place in ("who", "text", "members", "history", "used", "review"):
        path = f"/segments/{segment.pk}/{'' if place == 'who' else place + '/'}"
        take_screenshots(visit, path + ("?q=Tom" if place == "members" else ""), f"segment-{place}")
    take_screenshots(visit, f"/segments/{staff.pk}/members/", "segment-list")
    take_screenshots(visit, f"/contacts/{contact_id}/segments/?segment={segment.pk}", "contact-segments")
    take_screenshots(visit, "/segments/from-filter/?country=PT&q=ana", "segment-filter")
