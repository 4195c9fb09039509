"""The page of one-time codes: figures, the newest, and the countries to which they may go."""

from datetime import UTC, datetime
from uuid import UUID

from tests.console.cast import Cast, make_client

PAGE = "/settings/codes/"


def add_code(workspace: int, contact: int, state: str) -> None:
    """One that went out by no channel any more."""
    from tertulia.ids import make_otp_id
    from tertulia.store.db import django_conn
    from tertulia.store.otp import NewOtp, add_otp, settle_otp

    now = datetime.now(UTC)
    otp_id: UUID = make_otp_id(contact, now.date(), contact.to_bytes(13, "big"))
    way = {"channel": 1, "kind": "phone", "value": "+351912345678", "scope": "", "key": "1", "content": {}}
    told = ("sign_in", 1, b"h" * 32, "sealed", [way], {}, 10.0, 5, now, now)
    add_otp(django_conn(), NewOtp(otp_id, workspace, contact, *told))
    settle_otp(django_conn(), otp_id, state, 1, now)


def test_the_figures_and_the_countries(cast: Cast, alice):
    """Codes without their digits or their numbers; wrong countries are named, right ones kept."""
    assert "No codes yet" in alice.get(PAGE).content.decode()
    add_code(cast.workspace.pk, 256, "verified")
    add_code(cast.workspace.pk, 512, "too_many")
    page = alice.get(PAGE).content.decode()
    assert "guessed at too often" in page
    assert "+351912345678" not in page
    wrong = alice.post(PAGE, {"countries": "PT, XX"})
    assert wrong.status_code == 422
    assert "“XX” is no country" in wrong.content.decode()
    assert alice.post(PAGE, {"countries": "pt BR"}).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.otp_countries == ["BR", "PT"]
    assert "Brazil, Portugal" in alice.get(PAGE).content.decode()


def test_only_admins_change_the_countries(cast: Cast, alice):
    """Whoever else is in the team reads; a stranger sees nothing of it."""
    add_code(cast.workspace.pk, 256, "verified")
    assert 'name="countries"' not in make_client(cast.bob).get(PAGE).content.decode()
    assert make_client(cast.bob).post(PAGE, {"countries": ""}).status_code == 403
    assert "No codes yet" in make_client(cast.charlie).get(PAGE).content.decode()
