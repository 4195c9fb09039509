"""Home in a real browser, with figures, needs and a running match."""

import psycopg
import pytest
from tests.browser.screenshots import take_screenshots
from tests.console.history import add_history
from tests.console.people import add_people

pytestmark = pytest.mark.browser


@pytest.mark.pictures
def test_pictures_of_home(visit, cast, database_url):
    """A workspace with people, a stopped channel and a running match."""
    from tertulia.data.models import Channel, Import

    with psycopg.connect(database_url) as conn:
        add_history(conn, cast.workspace.pk, add_people(conn, cast.workspace.pk))
    Channel.objects.filter(workspace=cast.workspace).update(state="fault", fault="The token was refused.")
    Import.objects.create(workspace=cast.workspace, name="clientes.csv", path="x", size=1, sha256="", state="checked")
    for picture in take_screenshots(visit, "/", "home-filled"):
        assert picture.stat().st_size > 5_000
