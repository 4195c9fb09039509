"""The pages of coupons: pools with their figures, codes that are added, who may change what, and the alarm."""

import re
from datetime import UTC, datetime
from html import unescape
from io import BytesIO

from tests.console.cast import Cast, make_client

PAGE = "/coupons/"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_S5_a_pool_is_added_filled_and_changed(cast: Cast, alice):
    """Lines that are not taken are named, and the others are in the pool."""
    from tertulia.data.models import CouponPool

    assert "No coupons yet" in alice.get(PAGE).content.decode()
    wrong = alice.post(f"{PAGE}new/", {"name": "", "expires": "soon", "warn_at": "many"})
    assert wrong.status_code == 422
    assert wrong.content.decode().count('aria-invalid="true"') == 3
    assert alice.post(f"{PAGE}new/", {"name": "Welcome", "warn_at": "5", "expires": "14 d"}).status_code == 302
    pool = CouponPool.objects.get()
    page = f"{PAGE}{pool.pk}/"
    told = alice.post(f"{page}codes/", {"codes": "A1\r\nA2\r\n\r\nA1\r\n"}).content.decode()
    assert "codes added. Not taken:" in told
    assert "Line 3 is blank." in told
    assert "Line 4 is the same as line 1." in told
    assert alice.post(f"{page}codes/", {"codes": "A3\n"}).status_code == 302
    told = alice.post(f"{page}codes/", {"file": BytesIO(b"Name;Code\nten off;B1\nten off;\nten off;A1\nx;B1\n")})
    for said in ("1 code added", "Line 3 is blank.", "Line 4 is in the pool", "Line 5 is the same as line 2."):
        assert said in unescape(re.sub(r"<[^>]+>", "", told.content.decode()))
    assert alice.post(f"{page}codes/", {"file": BytesIO(b"C1\nC2\n")}).status_code == 302
    refused = alice.post(f"{page}codes/", {"file": BytesIO(b"%PDF-1.7 codes")})
    assert (refused.status_code, "a PDF" in refused.content.decode()) == (422, True)
    assert alice.post(page, {"name": "Gift", "warn_at": "", "expires": ""}).status_code == 302
    pool.refresh_from_db()
    assert (pool.name, pool.warn_at, pool.expires, pool.key) == ("Gift", 0, "", "welcome")
    listed = alice.get(PAGE).content.decode()
    assert "Gift" in listed
    assert "one for each customer" in listed


def test_only_editors_change_pools(cast: Cast, alice):
    """Others read them; those of another workspace are not there."""
    alice.post(f"{PAGE}new/", {"name": "Spring", "code": "SPRING"})
    from tertulia.data.models import CouponPool

    page = f"{PAGE}{CouponPool.objects.get().pk}/"
    bob = make_client(cast.bob)
    assert "Save pool" not in bob.get(page).content.decode()
    assert bob.post(page, {"name": "Mine", "code": "MINE"}).status_code == 403
    charlie = make_client(cast.charlie)
    assert charlie.get(page).status_code == 404
    assert "Spring" not in charlie.get(PAGE).content.decode()


def test_S5_a_pool_that_is_spent_stands_on_home_and_among_the_notices(cast: Cast, alice):
    """Until codes are added; both lead to where they are."""
    from tertulia.data.models import CouponPool, Notice

    alice.post(f"{PAGE}new/", {"name": "Welcome"})
    pool = CouponPool.objects.get()
    CouponPool.objects.update(low_at=NOW, empty_at=NOW)
    facts = {"pool": pool.pk, "name": "Welcome"}
    Notice.objects.create(workspace=cast.workspace, kind="coupons_spent", facts=facts, at=NOW)
    Notice.objects.create(workspace=cast.workspace, kind="coupons_low", facts=facts | {"left": 0}, at=NOW)
    home, notices = alice.get("/").content.decode(), alice.get("/notices/").content.decode()
    assert "has no coupons left" in home
    assert f'href="/coupons/{pool.pk}/"' in home
    assert "The coupons of Welcome are spent; messages wait for more" in notices
    assert "The last coupon of Welcome is given" in notices
    assert f"/coupons/{pool.pk}/" in notices
    alice.post(f"{PAGE}{pool.pk}/codes/", {"codes": "A1"})
    assert "has no coupons left" not in alice.get("/").content.decode()


def test_the_editor_offers_the_pools(cast: Cast, alice):
    """A new step has the first; which may be chosen stands in its panel."""
    from tertulia.actions.journeys import create_journey

    alice.post(f"{PAGE}new/", {"name": "Welcome"})
    text = "name: Gift\nentry: {event: Added}\nsteps:\n  - {id: end, kind: exit}\n"
    journey = create_journey(cast.workspace, None, NOW, text, name="Gift")
    sent = {"kind": "coupon", "at": "steps", "place": "0", "version": str(journey.version)}
    assert alice.post(f"/journeys/{journey.pk}/insert/", sent).status_code == 302
    journey.refresh_from_db()
    assert "pool: welcome" in journey.document
    panel = alice.get(f"/journeys/{journey.pk}/?at=steps.0").content.decode()
    assert '<option value="welcome" selected>Welcome</option>' in panel
