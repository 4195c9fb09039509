"""`tertulia import-events`: one JSON document with every count, or one clear line and a status that is not zero."""

import json
from pathlib import Path

import psycopg
import pytest
from tests.console.cast import make_cast
from tests.console.tracking import make_source

from tertulia.cli import main

ORDERS = "client,when,sum\nc-1,2026-09-01 10:00,9\nc-1,2026-09-02 10:00,12\nc-2,someday,9\n"


@pytest.fixture
def folder(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, and a source to import it into."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path / "data"))
    make_source(make_cast().workspace, "Shop")
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str, source: str = "shop") -> int:
    mapped = ("--map", "client=user_id", "--map", "sum=property:number:total", "--event", "Order")
    where = ("--workspace", "verbena", "--source", source)
    return main(["import-events", str(folder / "orders.csv"), *where, *mapped, *options])


def test_one_json_document(folder: Path, conn: psycopg.Connection, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Counts and the rejected rows; the events are decided without a running engine, and the same again is nothing."""
    assert run(folder, "--json", "--zone", "UTC") == 0
    report = json.loads(capfdbinary.readouterr().out)
    assert {name: report[name] for name in ("state", "rows", "new", "there", "rejected", "names")} == {
        "state": "done", "rows": 3, "new": 2, "there": 0, "rejected": 1, "names": {"Order": 2},
    }  # fmt: skip
    [row] = report["rejected_rows"]
    assert (row["row"], row["field"], row["value"], row["reason"]) == (4, "when", "someday", "unreadable_time")
    stored = conn.execute("select name, properties, imported from event order by occurred_at").fetchall()
    assert stored == [("Order", {"total": 9}, True), ("Order", {"total": 12}, True)]
    conn.rollback()
    assert run(folder, "--zone", "UTC") == 0
    assert capfdbinary.readouterr().out.decode().startswith("Imported: 0 new events, 2 here already, 1 rejected row.\n")


def test_only_the_check(folder: Path, conn: psycopg.Connection, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With --check nothing is taken."""
    assert run(folder, "--check") == 0
    said = capfdbinary.readouterr().out.decode()
    assert said.startswith(
        "Checked, nothing is changed: 2 new events, 0 here already, 1 rejected row.\nrow 4: Not a time"
    )
    assert conn.execute("select count(*) from event").fetchone() == (0,)


@pytest.mark.parametrize(
    ("options", "source", "sentence"),
    [
        (("--map", "Fax=phone"), "shop", "The file has no column Fax. It has: client, when, sum."),
        (("--map", "when=ignore"), "shop", "No column says when it happened."),
        (("--zone", "Mars"), "shop", "No time zone is called Mars."),
        ((), "999999", "There is no source 999999 in this workspace."),
    ],
)
def test_what_can_be_mended_is_one_line(
    folder: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], source: str, sentence: str
) -> None:
    """Status 1, one sentence, and nothing half done."""
    from tertulia.data.models import Import

    assert run(folder, *options, source=source) == 1
    error = capfd.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1
    assert Import.objects.count() == 0
