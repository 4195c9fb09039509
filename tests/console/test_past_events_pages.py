"""The pages of past events: the four steps of a file, who may, and what a bad file is told."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client
from tests.console.cast import Cast, make_client
from tests.console.past import work_beside_engine
from tests.console.tracking import make_source

from tertulia.workers.importer import Setup, work_once

ORDERS = (
    b"Cliente;Evento;Data;Total;Pago\n"
    b"c-1;Order Completed;14/09/2026 18:20;25,90;sim\n"
    b"c-1;Order Completed;14/09/2026 18:20;25,90;sim\n"
    b"c-2;Cart Viewed;2026-09-15T10:00:00Z;;\n"
    b"c-2;Cart Viewed;someday;;\n"
    b";Cart Viewed;15/09/2026;;\n"
)


@pytest.fixture
def setup(cast: Cast, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """An importer beside the console, with files in a folder of the test's own."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path))
    return Setup(empty_database, tmp_path)


@pytest.fixture
def source(cast: Cast) -> Any:
    """A source of the workspace."""
    return make_source(cast.workspace)


def upload(client: Client, source: Any, data: bytes, name: str = "pedidos.csv") -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return client.post(f"/sources/{source.pk}/past/new/", {"file": SimpleUploadedFile(name, data)})


def fields_of(client: Client, path: str) -> dict[str, str]:
    """What a browser would send of the fields as they are proposed."""
    page = client.get(path).content.decode()
    chosen = dict(re.findall(r'name="(column_\d+)">.*?value="([^"]*)" selected', page, re.DOTALL))
    said = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in ("zone", "event", "country")}
    return chosen | {name: found[1] for name, found in said.items() if found} | {"order": "day"}


def read(client: Client, path: str) -> str:
    """A page's text, without the marks around figures."""
    return re.sub("</?bdi[^>]*>", "", client.get(path).content.decode())


def walk_to_check(client: Client, source: Any, setup: Setup, data: bytes = ORDERS) -> str:
    path = upload(client, source, data)["Location"]
    sent = {"has_head_asked": "1", "has_head": "1", **fields_of(client, path)}
    answer = client.post(path, {**sent, "column_0": "user_id"})
    assert answer.status_code == 302, answer.content.decode()
    assert work_once(setup)
    return str(answer["Location"])


def test_four_steps(alice: Client, source: Any, setup: Setup, conn: psycopg.Connection) -> None:
    """From the file to the timelines; each step shows what it should."""
    assert "No past events yet" in read(alice, f"/sources/{source.pk}/past/")
    path = upload(alice, source, ORDERS)["Location"]
    fields = fields_of(alice, path)
    assert [fields[f"column_{n}"] for n in range(1, 5)] == [
        "event", "time", "property:number:Total", "property:boolean:Pago",
    ]  # fmt: skip
    assert fields["zone"] == "Europe/Lisbon"
    check = walk_to_check(alice, source, setup)
    page = read(alice, check)
    for text in ("Import 3 events", "Not a time that can be read", "Nobody is named", "someday", "UTF-8, semicolons"):
        assert text in page
    rows = alice.get(check.replace("/check/", "/rows.csv") + "?rows=rejected")
    assert b'"5","Data","someday","Not a time' in b"".join(rows.streaming_content)
    started = alice.post(check.replace("/check/", "/start/"), follow=True)
    assert "Importing" in started.content.decode()
    work_beside_engine(setup)
    result = check.replace("/check/", "/result/")
    page = read(alice, result)
    assert "Imported" in page
    assert "Taken" in page
    assert "pedidos.csv" in read(alice, f"/sources/{source.pk}/past/")
    assert "pedidos.csv is imported: 3 past events, 0 were here, 2 rejected" in read(alice, "/notices/")
    events = conn.execute(
        "select distinct properties, occurred_at from event where name = 'Order Completed'"
    ).fetchall()
    [(told, at)] = events
    assert (told, at.isoformat()) == ({"Total": 25.9, "Pago": True}, "2026-09-14T17:20:00+00:00")
    [(contact_id,)] = conn.execute("select contact_id from event where user_id = 'c-2'").fetchall()
    assert '<span class="badge">imported</span>' in alice.get(f"/contacts/{contact_id}/").content.decode()
    late = alice.get(check.replace("/check/", "/fields/"), follow=True)
    assert late.request["PATH_INFO"] == result


def test_a_check_and_an_import_are_cancelled(alice: Client, source: Any, setup: Setup) -> None:
    """A check leads back to the fields; of an import stays what was taken; and what is over is not cancelled."""
    check = walk_to_check(alice, source, setup)
    alice.post(check.replace("/check/", "/start/"))
    page = read(alice, check.replace("/check/", "/result/"))
    assert "Cancel the import" in page
    alice.post(check.replace("/check/", "/cancel/"))
    page = read(alice, check.replace("/check/", "/result/"))
    assert "Cancelled" in page
    assert "Nothing was taken" in page
    answer = alice.post(check.replace("/check/", "/cancel/"), follow=True)
    assert "The import has moved on" in answer.content.decode()
    path = upload(alice, source, ORDERS)["Location"]
    alice.post(path, {**fields_of(alice, path), "column_0": "user_id"})
    answer = alice.post(path.replace("/fields/", "/cancel/"), follow=True)
    assert answer.request["PATH_INFO"] == path


def test_an_import_is_discarded_before_it_begins(alice: Client, source: Any, setup: Setup) -> None:
    """Nothing of it is left."""
    from tertulia.data.models import Import

    check = walk_to_check(alice, source, setup)
    alice.post(check.replace("/check/", "/discard/"))
    assert Import.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (b"[1, 2]\n", "not one object a line"),
        (b"{\n", "not one object a line"),
        (b"user_id,event,time\n", "a head but no rows"),
        (b"%PDF-1.7 x", "This is a PDF"),
    ],
)
def test_a_bad_file_is_told_why(alice: Client, source: Any, setup: Setup, data: bytes, sentence: str) -> None:
    """One sentence, and no import is left."""
    from tertulia.data.models import Import

    answer = upload(alice, source, data, "x.csv")
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Import.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"column_0": "ignore"}, "No column says who it was"),
        ({"column_2": "ignore"}, "No column says when it happened"),
        ({"column_1": "ignore"}, "No column is the event&#x27;s name"),
        ({"column_3": "time"}, "Two columns are both time"),
        ({"column_3": "property:shape:x"}, "There is no field property:shape:x"),
        ({"zone": "Mars/Base"}, "No time zone is called Mars/Base"),
        ({"country": "Nowhere"}, "No country is called Nowhere"),
    ],
)
def test_fields_that_do_not_work_are_told(
    alice: Client, source: Any, setup: Setup, changes: dict[str, str], sentence: str
) -> None:
    """The form comes back with what was sent."""
    path = upload(alice, source, ORDERS)["Location"]
    answer = alice.post(path, {**fields_of(alice, path), "column_0": "user_id", **changes})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_one_name_for_all_rows(alice: Client, source: Any, setup: Setup) -> None:
    """A file of one kind of event has no column for it."""
    path = upload(alice, source, b"user_id,time\nc-1,2026-09-01\n")["Location"]
    alice.post(path, {**fields_of(alice, path), "event": "Order Completed"})
    assert work_once(setup)
    assert "Order Completed" in read(alice, path.replace("/fields/", "/check/"))


def test_messages_need_no_choice(alice: Client, source: Any, setup: Setup) -> None:
    """The page says what becomes of their fields."""
    line = b'{"type":"track","userId":"c-1","event":"Order","timestamp":"2026-09-01T10:00:00Z","channel":"web"}\n'
    path = upload(alice, source, line, "events.jsonl")["Location"]
    page = read(alice, path)
    assert "there is nothing to choose" in page
    assert "Left out" in page
    alice.post(path, {"zone": "UTC"})
    assert work_once(setup)
    assert "Import 1 event" in read(alice, path.replace("/fields/", "/check/"))


def test_who_may(cast: Cast, alice: Client, source: Any, setup: Setup) -> None:
    """Whoever may import lists; the others look on; nobody sees another workspace's."""
    check = walk_to_check(alice, source, setup)
    bob, charlie = make_client(cast.bob), make_client(cast.charlie)
    assert bob.get(check).status_code == 200
    assert "Import 3 events" not in read(bob, check)
    assert bob.post(check.replace("/check/", "/start/")).status_code == 403
    assert upload(bob, source, ORDERS).status_code == 403
    assert charlie.get(check).status_code == 404
    assert charlie.get(f"/sources/{source.pk}/past/").status_code == 404
    other = make_source(cast.workspace, "Other")
    assert alice.get(check.replace(f"/sources/{source.pk}/", f"/sources/{other.pk}/")).status_code == 404
    import_id = check.split("/")[4]
    assert alice.get(f"/imports/{import_id}/").status_code == 404
    assert "pedidos.csv" not in read(alice, "/imports/")
    assert (
        make_client(cast.alice, enforce_csrf_checks=True).post(check.replace("/check/", "/start/")).status_code == 403
    )


def test_the_sample_can_be_imported(alice: Client, source: Any, setup: Setup) -> None:
    """As it is."""
    sample = alice.get(f"/sources/{source.pk}/past/sample.csv").content
    path = upload(alice, source, sample)["Location"]
    answer = alice.post(path, fields_of(alice, path))
    assert answer.status_code == 302
    assert work_once(setup)
    assert "Import 3 events" in read(alice, path.replace("/fields/", "/check/"))
