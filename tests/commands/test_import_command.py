"""`tertulia import`: one JSON document with every count, or one clear line and a status that is not zero."""

import json
from pathlib import Path

import pytest
from tests.console.cast import make_cast

from tertulia.cli import main

LIST = "Fone;Nome\n11 98555-0200;Ana\n11 9855;Bruno\n(21) 3555-0137;Caro\n"


@pytest.fixture
def folder(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list, and a workspace to import it into."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path / "data"))
    make_cast()
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str) -> int:
    return main(["import", str(folder / "list.csv"), "--workspace", "verbena", "--country", "BR", *options])


def test_one_json_document(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Counts, reasons and the rejected rows; nothing else on standard output."""
    assert run(folder, "--json") == 0
    report = json.loads(capfdbinary.readouterr().out)
    counts = {name: report[name] for name in ("state", "rows", "new", "rejected", "without_sms")}
    assert counts == {"state": "done", "rows": 3, "new": 2, "rejected": 1, "without_sms": 1}
    assert report["reasons"] == {"too_short": 1, "landline": 1}
    [row] = report["rejected_rows"]
    assert (row["row"], row["reason"], row["sentence"]) == (3, "too_short", "Too short for Brazil")


def test_only_the_check(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With --check nothing is applied."""
    assert run(folder, "--check") == 0
    said = capfdbinary.readouterr().out.decode()
    counts = "2 new contacts, 0 updated, 0 unchanged, 1 without SMS, 0 duplicate rows, 1 rejected row"
    assert said.startswith(f"Checked, nothing is changed: {counts}.\nrow 3: Too short for Brazil")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--map", "Fax=phone"), "The file has no column Fax. It has: Fone, Nome."),
        (("--map", "Fone=shoe"), "There is no field shoe."),
        (("--channel", "pigeon"), "There is no channel pigeon in this workspace."),
    ],
)
def test_what_can_be_mended_is_one_line(
    folder: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], sentence: str
) -> None:
    """Status 1, one sentence, and nothing half done."""
    from tertulia.data.models import Import

    assert run(folder, *options) == 1
    error = capfd.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1
    assert Import.objects.count() == 0
