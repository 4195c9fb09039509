"""Unsubscribe links over real HTTP: looking changes nothing, one POST withdraws (C3)."""

from uuid import UUID

import httpx
from tests.edge.conftest import KEY, Shop

from tertulia.core.leave import Leave, sign_leave
from tertulia.store.sealing import seal

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


def test_C3_a_token_of_an_e_mail_needs_no_row_and_only_a_post_withdraws(web: httpx.Client, shop: Shop) -> None:
    """Looking shows the page; the mail program's one click is in the log, for the mailbox too, before the answer."""
    shop.run("update workspace set link_key = %s where id = %s", seal(KEY), shop.workspace)
    leave = Leave(shop.workspace, 4242, UUID(int=7))
    path = f"/u/{sign_leave(KEY, leave)}"
    page = web.get(path)
    assert page.status_code == 200
    assert "Casa Verde" in page.text
    assert shop.log("consent") == []
    assert web.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    [entry] = shop.log("consent")
    told = {name: entry[name] for name in ("contact_id", "state", "topic", "channel", "source", "mailbox")}
    assert told == {
        "contact_id": 4242, "state": "withdrawn", "topic": "marketing", "channel": "*", "source": "unsubscribe_link",
        "mailbox": True,
    }  # fmt: skip
    assert entry["evidence"] == {"ref": f"delivery:{UUID(int=7)}"}


def test_C3_a_token_of_any_other_message_withdraws_too(web: httpx.Client, shop: Shop) -> None:
    """The page's button; the journey that offered it is the proof, and it is about no mailbox."""
    shop.run("update workspace set link_key = %s where id = %s", seal(KEY), shop.workspace)
    path = f"/u/{sign_leave(KEY, Leave(shop.workspace, 4242, journey_id=7))}"
    assert web.get(path).status_code == 200
    assert shop.log("consent") == []
    assert web.post(path).status_code == 200
    [entry] = shop.log("consent")
    told = (entry["contact_id"], entry["state"], entry["evidence"], entry.get("mailbox", False))
    assert told == (4242, "withdrawn", {"ref": "journey:7"}, False)


def test_C3_a_forged_token_unsubscribes_nobody(web: httpx.Client, shop: Shop) -> None:
    """Signed with another key, or for a workspace that is not there."""
    shop.run("update workspace set link_key = %s where id = %s", seal(KEY), shop.workspace)
    for key, workspace in ((b"x" * 32, shop.workspace), (KEY, 999_999)):
        token = sign_leave(key, Leave(workspace, 4242, UUID(int=7)))
        assert web.post(f"/u/{token}").status_code == 404
    assert shop.log("consent") == []
