"""Past events by the API: uploaded, mapped, checked, started, cancelled; the rows that are not taken; who sees them."""

from pathlib import Path
from typing import Any

import pytest
from tests.api.conftest import Ask, make_client, make_visitor
from tests.console.past import work_beside_engine
from tests.console.tracking import make_source

from tertulia.workers.importer import Setup, work_once

ORDERS = (
    b"who,what,when,price\nu1,Order,2026-09-01,9\nu1,Order,2026-09-02,=1+1\nu2,Order,never,9\n,Order,2026-09-02,9\n"
)


@pytest.fixture
def setup(shop: Any, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """An importer beside the API, with files in a folder of the test's own."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path))
    return Setup(empty_database, tmp_path)


@pytest.fixture
def path(shop: Any) -> str:
    """Where the past events of the workspace's source are."""
    return f"/sources/{make_source(shop).pk}/past-events"


def upload(ask: Ask, path: str, data: bytes = ORDERS, **said: str) -> Any:
    """The import of a file; the answer's status is 201."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = make_visitor(ask.headers)
    answer = client.post(f"/api{path}", {"file": SimpleUploadedFile("orders.csv", data), **said})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_from_the_file_to_the_history(ask: Ask, path: str, setup: Setup) -> None:
    """What is proposed is changed, what would happen is read, and then it happens."""
    made = upload(ask, path)
    assert (made["state"], made["heads"]) == ("uploaded", ["who", "what", "when", "price"])
    below = f"{path}/{made['id']}"
    assert ask("POST", f"{below}/check", status=400)["sentence"].startswith("No column says who it was")
    fields = {"who": "user_id", "what": "event", "price": "property:number"}
    chosen = ask("PUT", f"{below}/fields", {"fields": fields, "zone": "America/Sao_Paulo"})
    assert chosen["fields"] == ["user_id", "event", "time", "property:number:price"]
    assert ask("POST", f"{below}/check")["state"] == "checking"
    assert work_once(setup)
    checked = ask("GET", below)
    assert {name: checked[name] for name in ("state", "rows", "new", "rejected", "as_text", "reasons", "names")} == {
        "state": "checked", "rows": 4, "new": 2, "rejected": 2, "as_text": 1, "names": {"Order": 2},
        "reasons": {"unreadable_time": 1, "no_who": 1},
    }  # fmt: skip
    [first, second] = ask("GET", f"{below}/rows")
    assert (first["row"], first["field"], first["value"], first["reason"]) == (4, "when", "never", "unreadable_time")
    assert second["sentence"] == "Nobody is named: no user id, anonymous id, e-mail or phone"
    assert ask("GET", f"{below}/rows?after=4&limit=1")[0]["row"] == 5
    assert b"4,when,never,unreadable_time" in b"".join(download(ask, f"{below}/rows.csv"))
    assert ask("POST", f"{below}/start")["state"] == "applying"
    work_beside_engine(setup)
    done = ask("GET", below)
    assert (done["state"], done["new"], done["there"]) == ("done", 2, 0)
    assert ask("GET", path) == [done]
    events = sorted(ask("GET", path.replace("/past-events", "/events")), key=lambda row: row["occurred_at"])
    assert [(row["imported"], row["properties"]) for row in events] == [(True, {"price": 9}), (True, {"price": "=1+1"})]
    assert ask("DELETE", below, status=409)["code"] == "conflict"


def download(ask: Ask, path: str) -> Any:
    answer = make_visitor(ask.headers).get(f"/api{path}")
    assert answer.status_code == 200
    return answer.streaming_content


def test_an_import_is_cancelled_and_another_discarded(ask: Ask, path: str, setup: Setup) -> None:
    """Each in the state in which that can be."""
    made = upload(ask, path, b"user_id,time\nu1,2026-09-01\n", event="Order")
    below = f"{path}/{made['id']}"
    assert ask("POST", f"{below}/cancel", status=409)["code"] == "conflict"
    ask("POST", f"{below}/check")
    assert ask("POST", f"{below}/cancel")["state"] == "uploaded"
    ask("POST", f"{below}/check")
    assert work_once(setup)
    ask("POST", f"{below}/start")
    cancelled = ask("POST", f"{below}/cancel")
    assert (cancelled["state"], cancelled["new"]) == ("cancelled", 0)
    other = upload(ask, path)
    ask("DELETE", f"{path}/{other['id']}", status=204)
    assert [row["id"] for row in ask("GET", path)] == [made["id"]]


def test_what_is_wrong_is_told_with_its_field(ask: Ask, path: str, setup: Setup) -> None:
    """One sentence each."""
    below = f"{path}/{upload(ask, path)['id']}"
    assert ask("PUT", f"{below}/fields", {"zone": "Mars"}, 400)["field"] == "zone"
    told = ask("PUT", f"{below}/fields", {"fields": {"shoe": "event"}}, 400)
    assert told["sentence"] == "The file has no column shoe. It has: who, what, when, price."
    told = ask("PUT", f"{below}/fields", {"fields": {"who": "shoe"}}, 400)
    assert told["sentence"].startswith("There is no field shoe")
    assert ask("PUT", f"{below}/fields", {"country": "Brasilia"}, 400)["field"] == "country"
    assert ask("PUT", f"{below}/fields", {"event": "x" * 256}, 400)["field"] == "event"


def test_only_its_workspace_sees_it(ask: Ask, foreign_ask: Ask, shop: Any, path: str, setup: Setup) -> None:
    """And a reading key changes nothing."""
    below = f"{path}/{upload(ask, path)['id']}"
    for method, address in (("GET", path), ("GET", below), ("POST", f"{below}/check"), ("GET", f"{below}/rows")):
        foreign_ask(method, address, status=404)
    reader = make_client(shop, ("read",))
    assert reader("GET", below)["state"] == "uploaded"
    assert reader("POST", f"{below}/check", status=403)["code"] == "scope"
    import_id = below.rpartition("/")[2]
    assert ask("GET", f"/imports/{import_id}", status=404)["code"] == "not_found"
