"""Settings and team: saved whole or not at all, and nobody can lock the workspace or raise themselves."""

import pytest
from tests.console.cast import Cast, make_client

GOOD = {
    "name": "Verbena", "link_domain": "https://l.example.com/", "country": "br", "language": "pt",
    "zone": "America/Sao_Paulo", "currency": "BRL", "link_days": "14", "event_hours": "24",
}  # fmt: skip


def test_settings_are_saved_whole(cast: Cast, alice):
    """Every field is set, tidied; the change is in the audit log and raises the epoch (E7)."""
    from tertulia.data.models import Audit

    assert alice.post("/settings/", GOOD).status_code == 302
    before = cast.workspace.epoch
    cast.workspace.refresh_from_db()
    found = cast.workspace
    assert (found.name, found.link_domain, found.country, found.link_days, found.event_hours) == (
        "Verbena", "https://l.example.com", "BR", 14, 24,
    )  # fmt: skip
    assert found.epoch == before + 1
    assert Audit.objects.get().verb == "workspace_changed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("link_domain", "https://l.example.com/path"),
        ("link_domain", "javascript:alert(1)"),
        ("link_domain", "https://me@l.example.com"),
        ("country", "Brazil"),
        ("zone", "../../etc/passwd"),
        ("zone", "Mars/Olympus"),
        ("currency", "EURO"),
        ("link_days", "0"),
        ("link_days", "9999"),
        ("event_hours", "0"),
        ("event_hours", "169"),
    ],
)
def test_one_wrong_field_saves_nothing(cast: Cast, alice, field, value):
    """The page says what is wrong beside the field and keeps what was typed; nothing is stored."""
    response = alice.post("/settings/", GOOD | {field: value})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode() or f'id="{field}-help"' in response.content.decode()
    cast.workspace.refresh_from_db()
    assert cast.workspace.name == "Verbena Market"


def test_M6_attributes_are_marked_as_sensitive(cast: Cast, alice):
    """Those that lists have brought are offered, others are typed; a field of the contact's own is refused."""
    from tertulia.data.models import Import

    Import.objects.create(workspace=cast.workspace, name="a", path="", size=0, mapping={"1": "attribute:plan"})
    page = alice.get("/settings/").content.decode()
    assert 'name="sensitive" value="plan"' in page
    marks = {"sensitive": ["plan"], "sensitive_more": "debt, birth date "}
    assert alice.post("/settings/", GOOD | marks).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.sensitive_attributes == ["birth date", "debt", "plan"]
    assert 'value="plan" checked' in alice.get("/settings/").content.decode()
    refused = alice.post("/settings/", GOOD | {"sensitive_more": "surname"})
    assert refused.status_code == 422
    assert "“surname” is no attribute" in refused.content.decode()
    assert alice.post("/settings/", GOOD).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.sensitive_attributes == []


def test_an_added_person_signs_in_by_the_link(cast: Cast, alice):
    """The link is shown once and lets them in with their role."""
    page = alice.post("/settings/team/", {"email": " Dora@Example.com ", "name": "Dora", "role": "marketer"})
    link = page.content.decode().split('data-copy="http://localhost')[1].split('"')[0]
    dora = make_client()
    assert dora.post(link).status_code == 302
    assert "Verbena Market" in dora.get("/").content.decode()
    assert link not in alice.get("/settings/team/").content.decode()


def test_team_refuses_in_words(cast: Cast, alice):
    """No address, no role, somebody who is there already: each beside its field."""
    for sent, words in (
        ({"email": "nobody", "role": "agent"}, "not an e-mail address"),
        ({"email": "d@example.com", "role": "king"}, "no such role"),
        ({"email": "BOB@example.com", "role": "agent"}, "in the team already"),
    ):
        response = alice.post("/settings/team/", sent)
        assert response.status_code == 422
        assert words in response.content.decode()


def test_the_last_owner_stays(cast: Cast, alice):
    """Neither removing nor demoting leaves a workspace without an owner."""
    from tertulia.data.models import Membership

    own = Membership.objects.get(user=cast.alice)
    for address, sent in (("remove", {}), ("role", {"role": "viewer"})):
        alice.post(f"/settings/team/{own.pk}/{address}/", sent, headers={"Referer": "http://localhost/settings/team/"})
        own.refresh_from_db()
        assert own.role == "owner"


def test_an_admin_makes_no_owners(cast: Cast):
    """An admin neither raises themselves, nor demotes an owner, nor signs in as one by a link."""
    from tertulia.data.models import Membership, SignInLink

    bob = Membership.objects.get(user=cast.bob)
    Membership.objects.filter(pk=bob.pk).update(role="admin")
    owner = Membership.objects.get(user=cast.alice)
    client = make_client(cast.bob)
    client.post(f"/settings/team/{bob.pk}/role/", {"role": "owner"})
    client.post(f"/settings/team/{owner.pk}/role/", {"role": "viewer"})
    client.post(f"/settings/team/{owner.pk}/link/")
    assert not SignInLink.objects.exists()
    assert set(Membership.objects.filter(workspace=cast.workspace).values_list("role", flat=True)) == {
        "owner", "admin", "viewer",
    }  # fmt: skip


def test_other_workspaces_members_are_out_of_reach(cast: Cast, alice):
    """Charlie's membership is a 404 for Alice."""
    from tertulia.data.models import Membership

    his = Membership.objects.get(user=cast.charlie)
    assert alice.post(f"/settings/team/{his.pk}/remove/").status_code == 404


def test_a_key_is_shown_once_and_revoked_at_once(cast: Cast, alice):
    """Its text works until it is revoked; the list shows only its beginning; without a scope none is made."""
    from tertulia.actions.workspaces import find_key

    assert alice.post("/settings/keys/", {"name": "Shop"}).status_code == 422
    page = alice.post("/settings/keys/", {"name": "Shop", "scopes": ["read", "write"]}).content.decode()
    text = page.split('data-copy="')[1].split('"')[0]
    key = find_key(text)
    assert key is not None
    assert text not in alice.get("/settings/keys/").content.decode()
    alice.post(f"/settings/keys/{key.pk}/revoke/")
    assert find_key(text) is None
