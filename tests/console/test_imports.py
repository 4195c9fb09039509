"""The import's four pages: what is sent, what is shown, who may, and what a bad file is told."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.console.cast import Cast, make_client

from tertulia.workers.importer import Setup, work_once

LIST = (
    b"Nome;Sobrenome;Telefone\n"
    b"Ana;Silva;912 555 019\n"
    b"Bruno;Reis;+351 21 355 0137\n"
    b"=cmd|'/c calc'!A1;X;912 555 020\n"
    b"Ana;SILVA;+351912555019\n"
    b";;call me\n"
)
SAID = {"kind": "customers", "country": "Portugal", "basis": "customer", "source": "Checkout", "text_version": "v3"}


@pytest.fixture
def setup(cast: Cast, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """An importer beside the console, with files in a folder of the test's own."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path))
    return Setup(empty_database, tmp_path)


def upload(client: Client, data: bytes, **said: str) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return client.post("/imports/new/", {**SAID, **said, "file": SimpleUploadedFile("clientes.csv", data)})


def columns_of(client: Client, path: str) -> dict[str, str]:
    """What a browser would send of the columns as they are proposed."""
    page = client.get(path).content.decode()
    chosen = re.findall(r'name="(column_\d+)">.*?value="([^"]*)" selected', page, re.DOTALL)
    assert chosen
    return dict(chosen)


def read(client: Client, path: str) -> str:
    """A page's text, without the marks around figures."""
    return re.sub("</?bdi[^>]*>", "", client.get(path).content.decode())


def walk_to_check(client: Client, setup: Setup, data: bytes = LIST, **said: str) -> str:
    path = upload(client, data, **said)["Location"]
    sent = {**SAID, **said, "has_head": "1", **columns_of(client, path)}
    answer = client.post(path, sent)
    assert answer.status_code == 302, answer.content.decode()
    assert work_once(setup)
    return answer["Location"]


def test_four_steps(alice: Client, setup: Setup) -> None:
    """From the file to the contacts, and back by an undo; each step shows what it should."""
    check = walk_to_check(alice, setup)
    page = read(alice, check)
    for text in ("clientes.csv", "5 rows", "UTF-8, semicolons", "Formula in a text", "Import as text", "call me"):
        assert text in page
    assert "Import 2 contacts" in page
    assert "1 landline is kept, but not used for SMS." in page
    applied = alice.post(check.replace("/check/", "/apply/"))
    assert applied.status_code == 302
    assert work_once(setup)
    result = check.replace("/check/", "/result/")
    assert "Imported" in read(alice, result)
    late = alice.get(check.replace("/check/", "/columns/"), follow=True)
    assert late.request["PATH_INFO"] == result
    alice.post(check.replace("/check/", "/undo/"))
    assert work_once(setup)
    page = read(alice, result)
    assert "Undone" in page
    assert "Undo the import" not in page


def test_C5_the_check_says_who_was_erased_and_asks(alice: Client, cast: Cast, setup: Setup, conn: Any) -> None:
    """The row stands with its reason and can be downloaded; nothing is taken in unless it is chosen, and the choice is
    in the audit log with whoever made it."""
    from tertulia.core.entries import shard_of_address
    from tertulia.data.models import Audit
    from tertulia.store.erasing import prove

    workspace = cast.workspace.pk
    place = (shard_of_address(workspace, "phone", "+351912555019"), workspace)
    proof = prove(workspace, "phone", "+351912555019")
    conn.execute("insert into erasure values (%s, %s, %s, 7, 'user:1', now())", (*place, proof))
    conn.commit()
    data = b"Nome;Telefone\nAna;912 555 019\n"
    check = walk_to_check(alice, setup, data)
    page = read(alice, check)
    assert "1 person in this file was erased" in page
    assert "This person was erased: left out unless you decide otherwise" in page
    assert 'name="erased" value="leave" checked' in page
    assert "Import as chosen" in page
    rows = alice.get(check.replace("/check/", "/rows.csv") + "?rows=rejected")
    assert "erased" in b"".join(rows.streaming_content).decode()
    assert alice.post(check.replace("/check/", "/apply/"), {"erased": "take"}).status_code == 302
    assert work_once(setup)
    assert "taken in again by decision" in read(alice, check.replace("/check/", "/result/") + "?rows=new")
    audit = Audit.objects.get(verb="erased_taken_in")
    assert (audit.user, audit.facts) == (cast.alice, {"rows": 1})


def test_taking_the_suggestions_checks_again(alice: Client, setup: Setup) -> None:
    """The rows with a fix join those that are imported."""
    check = walk_to_check(alice, setup)
    alice.post(check + "again/", {"suggestions": "take"})
    assert work_once(setup)
    assert "Import 3 contacts" in read(alice, check)


def test_each_listing_and_its_download(alice: Client, setup: Setup) -> None:
    """The tabs show their rows; the CSV has them all, and nothing in it runs in a spreadsheet."""
    check = walk_to_check(alice, setup)
    assert "The same person as row 2" in read(alice, check + "?rows=duplicate")
    assert "Landline: kept, not used for SMS" in read(alice, check + "?rows=without_sms")
    answer = alice.get(check.replace("/check/", "/rows.csv") + "?rows=rejected")
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert lines[1].startswith('"4","Name","\'=cmd|')


def test_a_series_is_asked_about(alice: Client, setup: Setup) -> None:
    """The warning names the rows; said to be real, they are imported."""
    data = b"name;phone\n" + b"".join(b"P%d;+35191255%04d\n" % (n, 1000 + n) for n in range(23))
    check = walk_to_check(alice, setup, data)
    page = read(alice, check)
    assert "numbers in a row differ by one" in page
    assert alice.get(check + "?rows=all&first=2&last=24").status_code == 200
    alice.post(check.replace("/check/", "/apply/"), {"series": "keep"})
    assert work_once(setup)
    assert "Imported" in read(alice, check.replace("/check/", "/result/"))
    from tertulia.data.models import Import

    assert Import.objects.get().counts["new"] == 23


def test_an_opt_out_list(alice: Client, setup: Setup) -> None:
    """It asks for a cause instead of consent, says that it wins, and offers no undo."""
    check = walk_to_check(alice, setup, b"phone,reason\n912 555 019,bounced\n", kind="opt_outs")
    page = read(alice, check)
    assert "Suppress 1 address" in page
    assert "This wins over any consent" in page
    alice.post(check.replace("/check/", "/apply/"))
    assert work_once(setup)
    page = read(alice, check.replace("/check/", "/result/"))
    assert "An opt-out list is not undone" in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"%PDF-1.7", "This is a PDF, not a table."),
        (b"", "The file is empty."),
        (b"name,phone\n", "The file has a head but no rows under it."),
    ],
)
def test_a_file_that_is_no_list_is_told_why(alice: Client, setup: Setup, data: bytes, sentence: str) -> None:
    """One clear sentence on the same page; nothing is kept."""
    from tertulia.data.models import Import

    if not data:
        data = b" "
    answer = upload(alice, data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Import.objects.count() == 0


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"basis": ""}, "Say on what consent rests"),
        ({"source": ""}, "Say where the consent was given"),
        ({"country": "Atlantis"}, "No country is called Atlantis"),
    ],
)
def test_what_is_said_is_checked(alice: Client, setup: Setup, said: dict[str, str], sentence: str) -> None:
    """Consent needs its basis and its source; a country must be one."""
    answer = upload(alice, LIST, **said)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_wrong_mapping_is_told_at_its_page(alice: Client, setup: Setup) -> None:
    """No column to reach anybody by: the sentence says so, and the choices stay."""
    path = upload(alice, LIST)["Location"]
    answer = alice.post(
        path, {**SAID, "has_head": "1", "column_0": "name", "column_1": "surname", "column_2": "ignore"}
    )
    assert answer.status_code == 422
    assert "No column is a phone, an e-mail or an id." in answer.content.decode()


def test_who_may(cast: Cast, alice: Client, setup: Setup) -> None:
    """Vera looks but cannot import; Charlie, of another workspace, finds nothing."""
    check = walk_to_check(alice, setup)
    vera, charlie = make_client(cast.vera), make_client(cast.charlie)
    assert vera.get(check).status_code == 200
    assert vera.post(check.replace("/check/", "/apply/")).status_code == 403
    assert charlie.get(check).status_code == 404


def test_progress_is_a_fragment_and_then_leads_on(alice: Client, setup: Setup) -> None:
    """While it works the fragment says how far; afterwards it leads to the page."""
    path = upload(alice, LIST)["Location"]
    check = alice.post(path, {**SAID, "has_head": "1", **columns_of(alice, path)})["Location"]
    assert "Checking" in read(alice, check)
    progress = check.replace("/check/", "/progress/")
    assert "Checking" in read(alice, progress)
    assert work_once(setup)
    assert alice.get(progress)["HX-Redirect"] == check


def test_the_list_of_imports_and_the_sample(alice: Client, setup: Setup) -> None:
    """Empty it says what to do next; the sample has a name, a surname and a phone, and imports whole."""
    assert "No imports yet" in read(alice, "/imports/")
    sample = alice.get("/imports/sample.csv").content
    assert sample.decode("utf-8-sig").splitlines()[0] == "name,surname,phone"
    walk_to_check(alice, setup, sample, country="Brazil")
    assert "clientes.csv" in read(alice, "/imports/")
    from tertulia.data.models import Import

    assert Import.objects.get().counts["new"] == 3


def test_what_was_said_stays_said(alice: Client, setup: Setup) -> None:
    """The columns' page shows the consent's basis, source and reach as they were given with the file."""
    path = upload(alice, LIST, all_channels="1")["Location"]
    page = read(alice, path)
    assert 'value="Checkout"' in page
    assert re.search(r'name="all_channels" value="1" checked', page)
    assert '<option value="customer" selected>' in page
