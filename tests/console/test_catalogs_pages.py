"""The pages of catalogs: made, filled from a file, looked into, deleted; who may change what."""

import re
from html import unescape
from io import BytesIO

from tests.console.cast import Cast, make_client

PAGE = "/catalogs/"


def read(answer: object) -> str:
    return unescape(re.sub(r"<[^>]+>", "", answer.content.decode()))  # type: ignore[attr-defined]


def test_a_catalog_is_added_filled_and_deleted(cast: Cast, alice):
    """Rows that are not taken are named, and the others are in the catalog."""
    from tertulia.data.models import Catalog

    assert "No catalogs yet" in read(alice.get(PAGE))
    wrong = alice.post(f"{PAGE}new/", {"name": "", "key": "Not a key"})
    assert (wrong.status_code, wrong.content.decode().count('aria-invalid="true"')) == (422, 1)
    assert alice.post(f"{PAGE}new/", {"name": "Products"}).status_code == 302
    page = f"{PAGE}{Catalog.objects.get().pk}/"
    assert alice.post(f"{page}items/", {}).status_code == 422
    file = BytesIO(b"sku,title,price\np1,Espresso,9.90\n,none,\np2,Cup,4\n")
    told = read(alice.post(f"{page}items/", {"file": file}))
    for said in ("2 new, 0 changed, 0 taken out", "Row 3 has no id.", "title Espresso", "2 items"):
        assert said in told
    shown = read(alice.get(f"{page}?begin=p2"))
    assert ("Cup" in shown, "Espresso" in shown) == (True, False)
    assert "{{ catalogs.products[event.product_id].title }}" in shown
    assert alice.post(f"{page}items/", {"file": BytesIO(b"%PDF-1.7 items")}).status_code == 422
    empty = alice.post(f"{page}items/", {"file": BytesIO(b"sku,title\n,none\n"), "replace": "on"})
    assert (empty.status_code, "left as it is" in read(empty), "2 items" in read(empty)) == (422, True, True)
    whole = alice.post(f"{page}items/", {"file": BytesIO(b"sku,title\np2,Mug\n"), "replace": "on"}, follow=True)
    assert "1 item" in read(whole)
    assert alice.post(f"{page}remove/", {"id": "p2"}).status_code == 302
    assert "No items yet." in read(alice.get(page))
    assert alice.post(page, {"name": "Shop"}).status_code == 302
    assert "Shop" in read(alice.get(PAGE))
    assert alice.post(f"{page}delete/").status_code == 302
    assert not Catalog.objects.exists()


def test_only_editors_change_catalogs(cast: Cast, alice):
    """Others read them; those of another workspace are not there."""
    from tertulia.data.models import Catalog

    alice.post(f"{PAGE}new/", {"name": "Products"})
    page = f"{PAGE}{Catalog.objects.get().pk}/"
    bob = make_client(cast.bob)
    assert "Add items" not in bob.get(page).content.decode()
    assert bob.post(page, {"name": "Mine"}).status_code == 403
    charlie = make_client(cast.charlie)
    assert charlie.get(page).status_code == 404
    assert "Products" not in charlie.get(PAGE).content.decode()
