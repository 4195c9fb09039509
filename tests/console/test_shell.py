"""Sign-in, permissions, headers: what holds for every page."""

import re
from importlib import import_module

import pytest
from tests.console.cast import PASSWORD, Cast, make_client


@pytest.fixture
def client():
    """Nobody's client."""
    return make_client()


def list_addresses() -> list[str]:
    """Every address of the table of pages that takes no argument."""
    from tertulia.console.pages import PAGES

    routes = [(page, route) for page in PAGES for route in import_module(f"tertulia.console.{page.name}.page").ROUTES]
    return ["/" + page.path + route.path for page, route in routes if "<" not in page.path + route.path]


def test_a_stranger_is_asked_to_sign_in_and_comes_back(cast: Cast, client):
    """Every page leads to sign-in first; a fragment tells htmx to take the whole page there."""
    for address in list_addresses():
        response = client.get(address)
        assert response.status_code == 302, address
        assert response.headers["Location"].startswith("/sign-in/"), address
    fragment = client.get("/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/sign-in/")


def test_password_signs_in(cast: Cast, client):
    """The right password opens Home; the wrong one says so without telling whether the address exists."""
    wrong = client.post("/sign-in/", {"login": "alice@example.com", "password": "not it at all"})
    nobody = client.post("/sign-in/", {"login": "nobody@example.com", "password": "not it at all"})
    assert wrong.status_code == nobody.status_code == 200
    assert "not correct" in wrong.content.decode()
    assert "not correct" in nobody.content.decode()
    right = client.post("/sign-in/", {"login": "alice@example.com", "password": PASSWORD})
    assert right.headers["Location"] == "/"
    assert "Verbena Market" in client.get("/").content.decode()


def test_one_time_link_works_once(cast: Cast, client):
    """Opening it changes nothing, however often; pressing its button signs in; the second press does not."""
    from tertulia.console.sign_in.once import make_sign_in_link

    link = make_sign_in_link(cast.alice)
    assert [client.get(link).status_code for _ in range(3)] == [200, 200, 200]
    assert client.get("/").status_code == 302
    assert client.post(link).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.post(link).status_code == client.get(link).status_code == 410


def test_one_time_link_ends_with_its_time(cast: Cast, client):
    """A link past its time does not sign in."""
    from tertulia.console.sign_in.once import make_sign_in_link

    assert client.post(make_sign_in_link(cast.alice, minutes=-1)).status_code == 410


def test_every_page_opens_for_the_owner(cast: Cast, alice):
    """No page of the table is a dead link, and each keeps to the content policy's headers."""
    for address in list_addresses():
        response = alice.get(address, follow=True)
        assert response.status_code in (200, 405), address  # 405: an act, which a GET does not do
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy


def test_roles_are_obeyed_page_by_page(cast: Cast):
    """Who may not see a page gets 403 on GET; who may not change it gets 403 on POST, before any view runs."""
    from tertulia.console.pages import PAGES, Role

    clients = {
        Role.OWNER: make_client(cast.alice),
        Role.AGENT: make_client(cast.bob),
        Role.VIEWER: make_client(cast.vera),
    }
    for page in PAGES:
        address = "/" + re.sub("<int:[^>]+>", "1", page.path)
        for role, client in clients.items():
            if role not in page.see:
                assert client.get(address).status_code == 403, (page.name, role)
            if role not in page.change:
                assert client.post(address).status_code == 403, (page.name, role)


def test_a_get_cannot_change_anything(cast: Cast, alice, monkeypatch):
    """A page that writes on GET fails in PostgreSQL, whatever its code says."""
    from django.db import InternalError, ProgrammingError, connection
    from django.test import RequestFactory

    from tertulia.console.access import guard
    from tertulia.console.pages import get_page

    def write(request):
        with connection.cursor() as cursor:
            cursor.execute("update workspace set name = 'changed'")

    request = RequestFactory().get("/")
    request.user, request.session = cast.alice, {}
    with pytest.raises((InternalError, ProgrammingError)):
        guard(get_page("home"), write)(request)
    cast.workspace.refresh_from_db()
    assert cast.workspace.name == "Verbena Market"


def test_forms_need_their_token(cast: Cast):
    """A POST without the CSRF token is refused with a page of ours."""
    strict = make_client(cast.alice, enforce_csrf_checks=True)
    response = strict.post("/you/", {"theme": "dark"})
    assert response.status_code == 403
    assert "Refused" in response.content.decode()


def test_preferences_are_kept(cast: Cast, alice):
    """Theme and language stand on the next page; Arabic mirrors it."""
    alice.post("/you/", {"theme": "dark", "language": "ar", "zone": "Africa/Cairo"})
    page = alice.get("/").content.decode()
    assert '<html lang="ar" dir="rtl" data-theme="dark"' in page


def test_another_workspace_is_out_of_reach(cast: Cast, alice):
    """Choosing a workspace that one does not belong to is a 404 and changes nothing."""
    assert alice.post("/you/workspace/", {"workspace": cast.other.pk}).status_code == 404
    assert "Verbena Market" in alice.get("/").content.decode()


def test_without_a_workspace_the_page_says_so(cast: Cast):
    """A user whom nobody has added gets a page that names the next step."""
    from tertulia.data.models import User

    client = make_client(User.objects.create_user("dora@example.com", PASSWORD))
    response = client.get("/")
    assert response.status_code == 403
    assert "Ask an owner to add you" in response.content.decode()


def test_password_and_second_factor_have_pages_of_ours(cast: Cast, client):
    """Changing the password and adding a second factor open in our look after a sign-in with the password."""
    client.post("/sign-in/", {"login": "alice@example.com", "password": PASSWORD})
    again = client.get("/you/second-factor/totp/activate/").headers["Location"]
    assert "plain-card" in client.get(again).content.decode()
    client.post(again, {"password": PASSWORD})
    for address in ("/you/password/", "/you/second-factor/", "/you/second-factor/totp/activate/"):
        response = client.get(address)
        assert response.status_code == 200, address
        assert "plain-card" in response.content.decode(), address
        assert "style=" not in response.content.decode(), address
