"""Notifications: told in words, brought to those who are there, seen once for all."""

import pytest
from tests.console.cast import Cast, make_client


@pytest.fixture
def notice(cast: Cast):
    """An import that has ended."""
    from django.utils.timezone import now

    from tertulia.data.models import Notice

    facts = {"import": 1, "name": "clientes.csv", "new": 9659, "updated": 12, "rejected": 64}
    return Notice.objects.create(
        workspace=cast.workspace, kind="import_done", facts=facts, link="/imports/1/", at=now()
    )


def test_a_notice_is_told_and_counted(notice, alice, cast):
    """In the list with its figures, and beside the bell; another workspace hears nothing of it."""
    page = alice.get("/notices/").content.decode()
    assert "clientes.csv is imported: 9,659 new, 12 updated, 64 rejected" in page
    assert 'id="notice-count"><bdi class="num">1</bdi>' in page
    assert "clientes.csv" not in make_client(cast.charlie).get("/notices/").content.decode()


def test_new_ones_come_as_a_toast_once(notice, alice):
    """The fragment brings what the page does not know, and nothing when it knows it."""
    fresh = alice.get("/notices/new/?after=0").content.decode()
    assert 'id="toast"' in fresh
    assert f"after={notice.pk}" in fresh
    assert 'id="toast"' not in alice.get(f"/notices/new/?after={notice.pk}").content.decode()
    assert alice.get("/notices/new/?after=99999999999999999999").status_code == 200


def test_seen_is_seen(notice, alice):
    """Marking empties the count; opening the list does not."""
    alice.get("/notices/")
    notice.refresh_from_db()
    assert notice.seen_at is None
    alice.post("/notices/seen/")
    assert 'id="notice-count"></span>' in alice.get("/").content.decode()


def test_an_unknown_kind_is_still_told(cast: Cast, alice):
    """A kind that the console does not know appears by its name, whatever signs it holds."""
    from django.utils.timezone import now

    from tertulia.data.models import Notice

    Notice.objects.create(workspace=cast.workspace, kind="odd_%s_kind", facts={"name": "<b>"}, at=now())
    assert "odd_%s_kind" in alice.get("/notices/").content.decode()
