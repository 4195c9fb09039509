"""Past events from the file to the timeline, on a real database with a real engine beside: checked, taken, cancelled,
taken up again, done twice."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.core.test_tabular import make_sheet, text_cell
from tests.workers.conftest import wait_for
from tests.workers.town import NOW, Town

from tertulia.core.entries import EventEntry
from tertulia.errors import Conflict
from tertulia.workers import past_importer
from tertulia.workers.importer import Setup, serve, sweep_files, work_once

HEAD = "user_id,event,time,total,coupon\n"
ORDERS = HEAD + (
    "u1,Order Completed,2026-09-01 10:00:00,120.50,SPRING\n"
    "u1,Order Completed,2026-09-02 11:00:00,80,\n"
    "u2,Cart Viewed,2026-10-31T22:15:00Z,,\n"
    "u2,Cart Viewed,soon,,\n"
    ",Cart Viewed,2026-10-31,,\n"
    "u3,,2026-10-31,,\n"
    "u3,Order Completed,2026-12-24,9,\n"
    "u3,Order Completed,2019-12-24,9,\n"
    "u3,Order Completed,,9,\n"
)
LIMIT_S = 60.0
Run = Callable[..., Any]


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace in São Paulo's time whose source 1 is its shop."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        made.workspace.zone = "America/Sao_Paulo"
        made.workspace.save()
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1", client_side=True)
        made._change_epoch()
        yield made


@pytest.fixture
def setup(town: Town, tmp_path: Path) -> Setup:
    """An importer beside the town's engine, files in a folder of the test's own."""
    return Setup(town.url, tmp_path, test_clock=True)


@pytest.fixture
def check(town: Town, setup: Setup) -> Run:
    """Take a file in, change fields (`changes`) and options, and check it."""
    from tertulia.actions.import_files import save_file
    from tertulia.actions.past_events import add_past, list_past_heads, read_past_options, read_past_shape, set_fields
    from tertulia.core.past_fields import override_past_mapping
    from tertulia.data.models import Source

    def run(data: str | bytes, changes: dict[str, str] | None = None, **said: Any) -> Any:
        import msgspec
        from django.db import connection, transaction

        raw = data.encode() if isinstance(data, str) else data
        saved = save_file(iter([raw]), setup.data, 10_000_000)
        shape = read_past_shape(setup.data, saved, 10_000_000, "BR")
        with transaction.atomic():
            connection.ensure_connection()
            source = Source.objects.select_related("workspace").get(pk=1)
            found = add_past(source, None, town.now, name="orders.csv", saved=saved, shape=shape)
            targets = [found.mapping[str(n)] for n in range(shape.width)]
            targets = override_past_mapping(targets, list_past_heads(found), shape.samples, changes or {})
            options = msgspec.structs.replace(read_past_options(found), **said)
            set_fields(connection.connection, found, targets, options)
        begin_check(found)
        assert work_once(setup)
        found.refresh_from_db()
        assert found.state == "checked", found.fault
        return found

    return run


@pytest.fixture
def take(town: Town, setup: Setup, check: Run) -> Run:
    """Take a file in, check it and let its events be decided."""

    def run(data: str | bytes, changes: dict[str, str] | None = None, **said: Any) -> Any:
        found = check(data, changes, **said)
        begin(found, town)
        work_beside(town, setup)
        found.refresh_from_db()
        assert found.state == "done", found.fault
        return found

    return run


def begin_check(found: Any) -> None:
    from django.db import connection, transaction

    from tertulia.actions.past_events import start_past_check

    with transaction.atomic():
        connection.ensure_connection()
        start_past_check(connection.connection, found)


def begin(found: Any, town: Town) -> None:
    from django.db import transaction

    from tertulia.actions.past_events import start_past

    with transaction.atomic():
        start_past(found, None, town.now)


def work_beside(town: Town, setup: Setup) -> None:
    """The importer does one pass in a thread while the town's engine decides."""
    thread = threading.Thread(target=work_once, args=(setup,))
    thread.start()
    while thread.is_alive():
        town.engine.run_round()
        thread.join(0.01)
    town.drain()


def read_events(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("select user_id, name, occurred_at, properties, imported from event order by occurred_at, name")


def read_rows(conn: Any, found: Any) -> dict[int, tuple[str, str, str]]:
    rows = conn.rows("select row, field, value, reason from import_row where import_id = %s order by row", found.pk)
    return {row: tuple(rest) for row, *rest in rows}


def test_a_file_becomes_history(town: Town, take: Run) -> None:
    """Each row with its time in the workspace's zone, its properties typed; rejected rows with line, field and why."""
    town.event("identify", user="u2")
    found = take(ORDERS)
    assert {name: found.counts[name] for name in ("rows", "new", "strangers", "there", "twice", "rejected")} == {
        "rows": 9, "new": 3, "strangers": 2, "there": 0, "twice": 0, "rejected": 6,
    }  # fmt: skip
    events = [row for row in read_events(town) if row[1]]
    assert [(user, name, at.isoformat(), told) for user, name, at, told, _ in events] == [
        ("u1", "Order Completed", "2026-09-01T13:00:00+00:00", {"total": 120.5, "coupon": "SPRING"}),
        ("u1", "Order Completed", "2026-09-02T14:00:00+00:00", {"total": 80}),
        ("u2", "Cart Viewed", "2026-10-31T22:15:00+00:00", {}),
    ]
    assert all(imported for *_, imported in events)
    assert read_rows(town, found) == {
        5: ("time", "soon", "unreadable_time"),
        6: ("", "", "no_who"),
        7: ("event", "", "no_event_name"),
        8: ("time", "2026-12-24", "in_future"),
        9: ("time", "2019-12-24", "too_old?days=730"),
        10: ("time", "", "no_time"),
    }


def test_E4_it_starts_nothing(town: Town, take: Run) -> None:
    """Not even what happened a minute ago."""
    take(HEAD + f"u1,Cart Viewed,{(NOW - timedelta(minutes=1)).isoformat()},1,\n")
    town.advance(timedelta(hours=2))
    assert town.rows("select name from event") == [("Cart Viewed",)]
    assert town.rows("select count(*) from session") == [(0,)]


def test_E1_the_same_file_again_changes_nothing(town: Town, check: Run, take: Run) -> None:
    """Also when E1's keys are forgotten, and equal rows are as many as they were."""
    data = HEAD + "u1,Order Completed,2026-10-31,9,\n" * 3 + "u1,Order Completed,2026-11-01,9,\n"
    assert take(data).counts["new"] == 4
    before = read_events(town)
    assert len(before) == 4
    assert check(data).counts["there"] == 4
    town.advance(timedelta(days=30))
    with psycopg.connect(town.url) as conn:
        conn.execute("delete from event_seen")
    again = take(data)
    assert (again.counts["new"], again.counts["there"]) == (0, 4)
    assert read_events(town) == before


def test_E1_the_stored_event_stops_its_copy(town: Town, take: Run) -> None:
    """Whoever appends it: two importers that take one file at the same time find nothing of each other."""
    take(HEAD + "u1,Order Completed,2026-09-01,9,\n" * 2)
    with psycopg.connect(town.url) as conn:
        conn.execute("delete from event_seen")
    stored = town.rows("select message_id, occurred_at from event")
    for message_id, at in stored:
        town.append(EventEntry(1, "track", message_id, at, at, name="Order Completed", user_id="u1", imported=True))
    town.drain()
    assert town.rows("select message_id, occurred_at from event") == stored
    assert len(stored) == 2


def test_E1_it_is_known_again_after_its_contact_was_merged(town: Town, check: Run, take: Run) -> None:
    """By an id and by an address, long after E1's keys are forgotten."""
    ana, other = town.add_contact("Ana", "+5511985550101"), town.add_contact("Ana", "+5511985550102")
    orders = HEAD + "u1,Order Completed,2026-09-01,9,\n"
    by_phone = "phone,event,time\n+5511985550101,Order,2026-09-01\n"
    take(orders)
    take(by_phone)
    user = town.identity("user_id", "u1")
    assert user is not None
    town.merge(user, other)
    town.merge(ana, other)
    with psycopg.connect(town.url) as conn:
        conn.execute("delete from event_seen")
    for data in (orders, by_phone):
        found = check(data)
        assert (found.counts["new"], found.counts["there"]) == (0, 1)
    stored = town.rows("select message_id, occurred_at from event where user_id = 'u1'")
    [(message_id, at)] = stored
    town.append(EventEntry(1, "track", message_id, at, at, name="Order Completed", user_id="u1", imported=True))
    town.drain()
    assert town.rows("select count(*) from event") == [(2,)]


def test_an_address_names_the_contact_that_has_it(town: Town, take: Run) -> None:
    """Nobody is made by an address, and where several have it nobody can say who it was."""
    ana = town.add_contact("Ana", "+5511985550101")
    town.add_contact("Bruno", "+5511985550102")
    town.add_contact("Caro", "+5511985550102")
    data = "phone,event,time\n(11) 98555-0101,Order,2026-09-01\n(11) 98555-0102,Order,2026-09-01\n"
    found = take(data + "(11) 98555-0109,Order,2026-09-01\n(11) 98,Order,2026-09-01\n")
    assert town.rows("select contact_id from event") == [(ana,)]
    assert [reason for _field, _value, reason in read_rows(town, found).values()] == [
        "several_have_it", "nobody_has_it", "too_short?country=BR",
    ]  # fmt: skip
    again = take(data)
    assert (again.counts["new"], again.counts["there"]) == (0, 1)


def test_C5_nobody_who_was_erased_is_brought_back(town: Town, take: Run) -> None:
    """Neither by an id of an app nor by an address in traits."""
    town.event("identify", user="u1", device="d1", traits={"email": "ana@loja.example"})
    contact = town.identity("user_id", "u1")
    assert contact is not None
    town.erase(contact)
    lines = (
        '{"type":"track","event":"Order","userId":"u1","timestamp":"2026-09-01T10:00:00Z"}\n'
        '{"type":"track","event":"Order","anonymousId":"d1","timestamp":"2026-09-01T10:00:00Z"}\n'
        '{"type":"identify","userId":"u9","traits":{"email":"Ana@loja.example"},"timestamp":"2026-09-01T10:00:00Z"}\n'
        '{"type":"track","event":"Order","userId":"u2","timestamp":"2026-09-01T10:00:00Z"}\n'
    )
    found = take(lines)
    assert {row: told[::2] for row, told in read_rows(town, found).items()} == {
        1: ("user_id", "erased_person"), 2: ("anonymous_id", "erased_person"), 3: ("email", "erased_person"),
    }  # fmt: skip
    assert [user for user, *_ in read_events(town)] == ["u2"]
    assert town.identity("user_id", "u1") is None


def test_an_interrupted_import_goes_on_and_takes_no_event_twice(
    town: Town, setup: Setup, check: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal rows before and behind the interruption keep their numbers."""
    monkeypatch.setattr(past_importer, "TAKEN_ROWS", 2)
    found = check(HEAD + "u1,Order Completed,2026-09-01,9,\n" * 5)
    begin(found, town)
    real = past_importer._take
    batches = []

    def fail(work: Any, *rest: Any) -> None:
        batches.append(1)
        if len(batches) == 2:
            raise psycopg.OperationalError("the server is gone")
        real(work, *rest)

    monkeypatch.setattr(past_importer, "_take", fail)
    with pytest.raises(psycopg.OperationalError):
        work_once(setup)
    found.refresh_from_db()
    assert (found.state, found.rows_done, found.counts["new"]) == ("applying", 2, 2)
    monkeypatch.setattr(past_importer, "_take", real)
    work_beside(town, setup)
    found.refresh_from_db()
    assert (found.state, found.counts["rows"], found.counts["new"]) == ("done", 5, 5)
    assert len(read_events(town)) == 5


@contextmanager
def importer_process(setup: Setup) -> Iterator[subprocess.Popen[bytes]]:
    """An importer in a process of its own; killed at the end."""
    code = (
        "import os, sys, threading\n"
        "import django\n"
        "django.setup()\n"
        "from pathlib import Path\n"
        "from tertulia.workers import past_importer\n"
        "from tertulia.workers.importer import Setup, work_once\n"
        "past_importer.TAKEN_ROWS = past_importer.UNDECIDED_MAX = 50\n"
        "work_once(Setup(sys.argv[1], Path(sys.argv[2]), test_clock=True))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code, setup.url, str(setup.data)], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(LIMIT_S)


def test_an_importer_that_is_killed_leaves_all_to_the_next(town: Town, setup: Setup, check: Run) -> None:
    """SIGKILL in the midst of it: what is committed is counted, and nothing is lost or doubled."""
    found = check(HEAD + "u1,Order Completed,2026-09-01,9,\n" * 1_000)
    begin(found, town)
    with importer_process(setup):
        wait_for(lambda: (town.engine.run_round(), found.refresh_from_db(), found.rows_done)[2] >= 200)
    found.refresh_from_db()
    assert 200 <= found.rows_done < 1_000
    work_beside(town, setup)
    found.refresh_from_db()
    assert (found.state, found.counts["rows"], found.counts["new"]) == ("done", 1_000, 1_000)
    assert town.rows("select count(*) from event") == [(1_000,)]


def test_live_events_do_not_wait_behind_a_file(
    town: Town, setup: Setup, check: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the owners decide nothing, no more than two batches lie in the log; a person may cancel meanwhile, and what
    was taken stays."""
    monkeypatch.setattr(past_importer, "TAKEN_ROWS", 2)
    monkeypatch.setattr(past_importer, "UNDECIDED_MAX", 2)
    monkeypatch.setattr(past_importer, "HOLD_EVERY_S", 0.01)
    found = check(HEAD + "".join(f"u{n},Order Completed,2026-09-01,9,\n" for n in range(20)))
    begin(found, town)
    waits = threading.Event()
    real = past_importer.hold_check
    monkeypatch.setattr(past_importer, "hold_check", lambda *args: (waits.set(), real(*args))[1])
    thread = threading.Thread(target=work_once, args=(setup,))
    thread.start()
    assert waits.wait(LIMIT_S)
    assert town.rows("select count(*) from log") == [(4,)]
    cancel(found, town)
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    found.refresh_from_db()
    assert (found.state, found.rows_done) == ("cancelled", 4)
    town.drain()
    assert len(read_events(town)) == 4


def test_an_export_with_everything_among_the_properties_is_read(town: Town, take: Run) -> None:
    """Who and when stand in the inner object, and what the first lines do not have is a property without its place."""
    line = '{"event":"Order","properties":{"time":1788000000,"distinct_id":"u1","$insert_id":"%s","total":9%s}}\n'
    rows = [line % (n, "") for n in range(200)] + [line % (200, ',"late":true')]
    found = take("".join(rows))
    assert (found.counts["new"], found.counts["rejected"]) == (201, 0)
    told = town.rows("select distinct user_id, properties from event order by 2")
    assert told == [("u1", {"total": 9}), ("u1", {"late": True, "total": 9})]


def cancel(found: Any, town: Town) -> None:
    from django.db import transaction

    from tertulia.actions.past_events import cancel_past

    with transaction.atomic():
        cancel_past(found, None, town.now)


def test_messages_of_an_sdk_need_no_fields(town: Town, take: Run) -> None:
    """Every type, traits by their own times (E2); a message id that stands twice is taken once."""
    lines = (
        '{"type":"identify","userId":"u1","traits":{"plan":"pro"},"timestamp":"2026-09-02T10:00:00Z","messageId":"a"}\n'
        '{"type":"identify","userId":"u1","traits":{"plan":"free"},"timestamp":"2026-09-01T10:00:00Z"}\n'
        '{"type":"page","userId":"u1","name":"Home","timestamp":1788000000000}\n'
        '{"type":"identify","userId":"u1","traits":{"plan":"max"},"timestamp":"2026-09-02T10:00:00Z","messageId":"a"}\n'
        '{"type":"track","userId":"u1","event":"Order","timestamp":"never","sentAt":"2026-09-02T10:00:00Z"}\n'
        '{"type":"track","userId":"u1","timestamp":"2026-09-02T10:00:00Z"}\n'
        '{"type":"track","userId":{"a":1},"event":"Order","timestamp":"2026-09-02T10:00:00Z"}\n'
        "not JSON\n"
    )
    found = take(lines)
    assert town.rows("select attributes from contact") == [({"plan": "pro"},)]
    assert [reason for _field, _value, reason in read_rows(town, found).values()] == [
        "twice_in_file", "unreadable_time", "no_event_name", "not_taken?code=id_not_string", "not_json",
    ]  # fmt: skip
    assert (found.counts["new"], found.counts["twice"], found.counts["rejected"]) == (3, 1, 4)


def test_objects_are_rows_whose_keys_are_columns(town: Town, take: Run) -> None:
    """Values keep their types, the object of properties is spread, and keys that come late are properties."""
    lines = '{"distinct_id":7,"event_type":"Order","ts":1788000000,"properties":{"total":9.5},"vip":true}\n' * 201
    found = take(lines + '{"distinct_id":7,"event_type":"Refund","ts":1788000001,"late":[1]}\n')
    assert found.counts["new"] == 202
    told = {name: properties for _user, name, _at, properties, _imported in read_events(town)}
    assert told == {"Order": {"total": 9.5, "vip": True}, "Refund": {"late": [1]}}


def test_a_spreadsheet_is_read_too(town: Town, take: Run) -> None:
    """A date cell is a day in the workspace's zone, a number a number."""
    cells = (
        f'<row r="1">{text_cell("A1", "user_id")}{text_cell("B1", "event")}{text_cell("C1", "time")}'
        f'{text_cell("D1", "total")}</row><row r="2">{text_cell("A2", "u1")}{text_cell("B2", "Order")}'
        '<c r="C2" s="1"><v>46266</v></c><c r="D2"><v>12.5</v></c></row>'
    )
    take(make_sheet(cells))
    [(_user, name, at, told, _imported)] = read_events(town)
    assert (name, at.isoformat(), told) == ("Order", "2026-09-01T03:00:00+00:00", {"total": 12.5})


def test_no_list_waits_for_past_events(town: Town, setup: Setup, check: Run) -> None:
    """While the engine does not decide, the importer checks lists all the same; told to stop, it leaves what it had."""
    from django.db import connection, transaction

    from tertulia.actions.import_files import read_shape, save_file
    from tertulia.actions.imports import add_import, start_check
    from tertulia.core.import_fields import ListKind
    from tertulia.core.import_states import Options

    past = check(ORDERS)
    begin(past, town)
    saved = save_file(iter([b"name,phone\nAna,11 98555-0101\n"]), setup.data, 10_000)
    shape = read_shape(setup.data, saved, 10_000, "BR")
    with transaction.atomic():
        connection.ensure_connection()
        people = add_import(
            town.workspace, None, NOW, kind=ListKind.CUSTOMERS, name="list.csv", saved=saved, shape=shape,
            options=Options(country="BR"),
        )  # fmt: skip
        start_check(connection.connection, people)
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(setup, stop))
    thread.start()
    wait_for(lambda: (people.refresh_from_db(), people.state)[1] == "checked")
    wait_for(lambda: town.rows("select count(*) from log") == [(3,)])
    stop.set()
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    past.refresh_from_db()
    assert (past.state, past.rows_done) == ("applying", 9)
    work_beside(town, setup)
    past.refresh_from_db()
    assert (past.state, past.counts["new"]) == ("done", 3)


def test_the_file_goes_when_it_is_taken_or_cancelled(town: Town, setup: Setup, check: Run, take: Run) -> None:
    """And as long as somebody may still start it, it stays; of its rows nothing is left in the import."""
    done, waiting = take(ORDERS), check(HEAD + "u1,Order,2026-09-01,9,\n")
    cancelled = check(HEAD + "u2,Order,2026-09-01,9,\n")
    begin(cancelled, town)
    cancel(cancelled, town)
    for found in (done, waiting, cancelled):
        os.utime(setup.data / found.path, (0, 0))
    assert sweep_files(setup) == 2
    assert (setup.data / waiting.path).exists()
    done.refresh_from_db()
    assert (done.counts["preview"], done.shape["samples"]) == ([], [])
    assert len(waiting.counts["preview"]) == 1


def test_a_file_that_is_gone_fails_the_check_with_a_notice(town: Town, setup: Setup, check: Run) -> None:
    """Nothing was taken; it is not started unchecked, and a fresh check may follow."""
    found = check(ORDERS)
    begin_check(found)
    path = setup.data / found.path
    kept = path.read_bytes()
    path.unlink()
    assert work_once(setup)
    found.refresh_from_db()
    assert (found.state, found.started_at) == ("failed", None)
    assert town.rows("select kind, link from notice") == [("import_failed", f"/sources/1/past/{found.pk}/")]
    with pytest.raises(Conflict):
        begin(found, town)
    path.write_bytes(kept)
    found.state = "uploaded"
    found.save()
    begin_check(found)
    assert work_once(setup)
    found.refresh_from_db()
    assert (found.state, found.counts["new"]) == ("checked", 3)
