"""Unsubscribe links over real HTTP: looking changes nothing, one POST withdraws (C3)."""

import httpx
from tests.edge.conftest import Shop

VALUES = {"phone": "+5511987654321", "app_secret": "whatsapp secret"}


def test_C3_opening_an_unsubscribe_link_changes_nothing(web: httpx.Client, shop: Shop) -> None:
    """Scanners open every link of a message: GET and HEAD show a page, and nobody is unsubscribed."""
    code = shop.link(shop.launch(shop.connect("whatsapp", **VALUES)))
    for call in (web.get, web.head):
        assert call(f"/u/{code}").status_code == 200
    page = web.get(f"/u/{code}")
    assert "Casa Verde" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert shop.log("consent") == []


def test_C3_a_post_withdraws_and_so_does_a_mail_programs_one_click(web: httpx.Client, shop: Shop) -> None:
    """The button's form and RFC 8058's one click both stand in the log before the answer."""
    code = shop.link(shop.launch(shop.connect("whatsapp", **VALUES)))
    assert web.post(f"/u/{code}").status_code == 200
    assert web.post(f"/u/{code}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    entries = shop.log("consent")
    assert {(e["state"], e["topic"], e["channel"], e["source"]) for e in entries} == {
        ("withdrawn", "marketing", "*", "unsubscribe_link")
    }


def test_C3_an_unknown_code_unsubscribes_nobody(web: httpx.Client, shop: Shop) -> None:
    """A code that fails its check, and one that passes but was never made."""
    shop.launch(shop.connect("whatsapp", **VALUES))
    assert web.post("/u/AAAAAAAAAAAAAA").status_code == 404
    assert shop.log("consent") == []
