"""The workspace's hold-out on its page: a share, or what is wrong with it; changed by admins only."""

from tests.console.cast import SETTINGS, Cast, make_client

PAGE = "/settings/hold-out/"


def test_A2_a_share_is_saved(cast: Cast, alice):
    """It is in the audit log, raises the epoch (E7), and the workspace's other settings leave it alone."""
    from tertulia.data.models import Audit

    epoch = cast.workspace.epoch
    assert alice.post(PAGE, {"share": " 5 % "}).status_code == 302
    assert alice.post("/settings/", SETTINGS).status_code == 302
    cast.workspace.refresh_from_db()
    assert (cast.workspace.hold_out, cast.workspace.epoch) == ("5%", epoch + 2)
    assert Audit.objects.filter(verb="hold_out_changed").get().facts == {"share": "5%"}
    assert 'value="5%"' in alice.get(PAGE).content.decode()
    response = alice.post(PAGE, {"share": "100%"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "such as 10%" in page.split('id="share-help"')[1].split("</span>")[0]
    assert 'value="100%"' in page
    cast.workspace.refresh_from_db()
    assert cast.workspace.hold_out == "5%"
    assert alice.post(PAGE, {"share": ""}).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.hold_out == ""


def test_only_admins_change_the_hold_out(cast: Cast):
    """Others read it."""
    bob = make_client(cast.bob)
    assert "Save hold-out" not in bob.get(PAGE).content.decode()
    assert bob.post(PAGE, {"share": "5%"}).status_code == 403
