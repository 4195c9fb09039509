"""Imports from the file to the contacts, on a real database: checked, applied, taken up again, done twice, undone."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tertulia.workers.importer import Setup, work_once

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = "name,surname,phone\n"

Run = Callable[..., Any]


@pytest.fixture
def setup(conn: psycopg.Connection, empty_database: str, tmp_path: Path) -> Setup:
    """An importer over the test's database, files in a folder of the test's own; the clock is virtual."""
    from tertulia.store.clock import set_test_clock

    set_test_clock(conn, NOW)
    conn.commit()
    return Setup(empty_database, tmp_path, test_clock=True)


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Any:
    """A workspace in Brazil."""
    from tertulia.data.models import Workspace

    return Workspace.objects.create(name="Verbena", slug="verbena", country="BR", link_key=b"k")


@pytest.fixture
def add(setup: Setup, workspace: Any) -> Run:
    """Take a file in: `add(text, kind=..., **options)`."""
    from tertulia.actions.import_files import read_shape, save_file
    from tertulia.actions.imports import add_import
    from tertulia.core.import_fields import ListKind
    from tertulia.core.import_states import Options

    def take(data: str | bytes, kind: str = "customers", **options: Any) -> Any:
        raw = data.encode() if isinstance(data, str) else data
        saved = save_file(iter([raw]), setup.data, 10_000_000)
        shape = read_shape(setup.data, saved, 10_000_000, "BR")
        said = Options(**{"country": "BR", **options})
        return add_import(
            workspace, None, NOW, kind=ListKind(kind), name="list.csv", saved=saved, shape=shape, options=said
        )

    return take


@pytest.fixture
def check(setup: Setup, conn: psycopg.Connection, add: Run) -> Run:
    """Take a file in and check it."""

    def run(data: str | bytes, **options: Any) -> Any:
        found = add(data, **options)
        begin_check(found)
        assert work_once(setup)
        found.refresh_from_db()
        return found

    return run


@pytest.fixture
def apply(setup: Setup, check: Run) -> Run:
    """Take a file in, check it and apply it."""

    def run(data: str | bytes, keep_series: bool = False, **options: Any) -> Any:
        found = check(data, **options)
        assert found.state == "checked", found.fault
        begin_apply(found, keep_series=keep_series)
        assert work_once(setup)
        found.refresh_from_db()
        assert found.state == "done", found.fault
        return found

    return run


def begin_check(found: Any) -> None:
    from django.db import connection, transaction

    from tertulia.actions.imports import start_check

    with transaction.atomic():
        connection.ensure_connection()
        start_check(connection.connection, found)


def begin_apply(found: Any, *, keep_series: bool = False) -> None:
    from django.db import transaction

    from tertulia.actions.imports import start_apply

    with transaction.atomic():
        start_apply(found, None, NOW, keep_series=keep_series)


def ask(conn: psycopg.Connection, query: str, *args: Any) -> list[tuple[Any, ...]]:
    rows = conn.execute(query, args).fetchall()
    conn.commit()
    return rows


def outcomes(conn: psycopg.Connection, import_id: int) -> dict[int, tuple[str, str]]:
    rows = ask(conn, "select row, outcome, reason from import_row where import_id = %s order by row", import_id)
    return {row: (outcome, reason) for row, outcome, reason in rows}


def dump(conn: psycopg.Connection) -> list[list[tuple[Any, ...]]]:
    """Everything that an import may write about contacts."""
    tables = ("contact", "address", "address_key", "consent", "suppression")
    return [ask(conn, f"select t::text from {table} t order by 1") for table in tables]


def test_a_list_becomes_contacts(conn: psycopg.Connection, apply: Run) -> None:
    """Contact, address, directory, search and consent with its proof, each once."""
    found = apply(
        "name,surname,phone,e-mail,id,city\nAna,Silva,11 98555-0200,Ana@x.org,C1,São Paulo\n",
        basis="customer",
        source="Checkout",
        text_version="v3",
    )
    assert (found.counts["new"], found.rows_done, found.rows_total) == (1, 1, 1)
    [(name, surname, country, external_id, attributes, source, search)] = ask(
        conn, "select name, surname, country, external_id, attributes, source, search from contact"
    )
    assert (name, surname, country, external_id) == ("Ana", "Silva", "BR", "C1")
    assert (attributes, source) == ({"city": "São Paulo"}, f"import:{found.pk}")
    assert search == "ana silva +5511985550200 ana@x.org c1"
    assert ask(conn, "select kind, value, canonical, line_type, sms from address order by 1 desc") == [
        ("phone", "+5511985550200", "+5511985550200", "mobile", True),
        ("email", "Ana@x.org", "ana@x.org", "", False),
    ]
    assert ask(conn, "select kind from address_key order by 1") == [("email",), ("external_id",), ("phone",)]
    consents = ask(
        conn, "select address, channel, topic, state, source, evidence, text_version from consent order by 1"
    )
    proof = {"ref": f"import:{found.pk}", "file": "list.csv", "basis": "customer", "source": "Checkout"}
    assert consents == [
        ("email:ana@x.org", "email", "*", "granted", "customer_list", proof, "v3"),
        ("phone:+5511985550200", "sms", "*", "granted", "customer_list", proof, "v3"),
    ]


def test_every_key_lies_where_it_is_looked_for(conn: psycopg.Connection, apply: Run, workspace: Any) -> None:
    """A contact is in the shard that its id names, and each directory row in its address's."""
    from tertulia.core.entries import shard_of_address
    from tertulia.ids import shard_of_contact

    apply("name,phone,e-mail,id\nAna,11 98555-0200,a@x.org,C1\nBo,,b@x.org,C2\nCi,,,C3\n")
    for shard, contact_id in ask(conn, "select shard, id from contact"):
        assert shard == shard_of_contact(contact_id)
    keys = ask(conn, "select shard, kind, canonical from address_key")
    assert len(keys) == 6
    for shard, kind, canonical in keys:
        assert shard == shard_of_address(workspace.pk, kind, canonical)


TROUBLE = """name,surname,phone
Ana,Silva,+55 11 98555-0200
No,Phone,
Letters,Here,11 9855A-0200
Too,Short,+55 11 9855
Too,Long,+55 11 98555-02000
Unassigned,Prefix,+55 20 98555-0200
Land,Line,(21) 3555-0137
Digits,Lost,5.51E+12
Place,Holder,000000000
ANA,silva,11985550200
Ana,Silva,+55 11 8555-0200
Bruno,Reis,11 98555-0200
"Quote,Open,+5511985550211
Wrong,Count
Last,One,+55 11 98555-0300
"""


def test_thirteen_kinds_of_trouble(conn: psycopg.Connection, apply: Run) -> None:
    """Each row has its outcome and its reason; what is wrong with one swallows no other."""
    found = apply(TROUBLE)
    assert outcomes(conn, found.pk) == {
        2: ("new", ""),
        3: ("rejected", "no_phone"),
        4: ("rejected", "letters"),
        5: ("rejected", "too_short?country=BR"),
        6: ("rejected", "too_long?country=BR"),
        7: ("rejected", "unassigned_prefix?country=BR"),
        8: ("new", "landline"),
        9: ("rejected", "digits_lost"),
        10: ("rejected", "placeholder"),
        11: ("duplicate", "same_person?row=2"),
        12: ("duplicate", "same_person?row=2"),
        13: ("new", "shared_phone"),
        14: ("rejected", "quote_never_closed"),
        15: ("rejected", "wrong_column_count?found=2&expected=3"),
        16: ("new", ""),
    }
    counts = found.counts
    assert [counts[key] for key in ("rows", "new", "duplicate", "rejected", "without_sms")] == [15, 4, 2, 9, 1]
    assert counts["repaired"] == 1
    assert ask(conn, "select count(*) from contact") == [(4,)]


def test_no_country_code(conn: psycopg.Connection, check: Run) -> None:
    """Without a default country the full number without its plus is suggested."""
    found = check(HEAD + "Ana,Silva,5511985550200\n", country="")
    assert ask(conn, "select reason, suggestion from import_row") == [
        ("no_country_code", "use_value?value=%2B5511985550200")
    ]
    assert found.counts["suggestions"] == 1


def test_taking_the_suggestions(conn: psycopg.Connection, apply: Run) -> None:
    """Rows with a plain fix are imported with it."""
    data = "name,phone,e-mail\n=cmd|' /c calc'!A1,11985550200,m@@example.com\n"
    found = apply(data, take_suggestions=True)
    assert outcomes(conn, found.pk) == {2: ("new", "")}
    assert ask(conn, "select name from contact") == [("=cmd|' /c calc'!A1",)]
    assert ask(conn, "select value from address where kind = 'email'") == [("m@example.com",)]


def test_the_check_changes_nothing(conn: psycopg.Connection, check: Run) -> None:
    """Until it is applied there is no contact."""
    before = dump(conn)
    found = check(TROUBLE)
    assert (found.state, found.counts["new"]) == ("checked", 4)
    assert dump(conn) == before


def test_the_same_file_twice_changes_nothing(conn: psycopg.Connection, apply: Run) -> None:
    """Every row is unchanged, and not a byte of any contact's rows differs, consent included."""
    head = "name,surname,phone,e-mail,city\n"
    data = head + "Ana,Silva,11 98555-0200,a@x.org,Recife\nBruno,Reis,11 98555-0200,,\nCi,,,c@x.org,\n"
    apply(data, basis="consent")
    before = dump(conn)
    again = apply(data, basis="consent")
    assert outcomes(conn, again.pk) == {
        2: ("unchanged", ""),
        3: ("unchanged", "shared_phone"),
        4: ("unchanged", "no_mobile"),
    }
    assert dump(conn) == before


def test_changes_are_written_and_kept_for_the_undo(conn: psycopg.Connection, apply: Run) -> None:
    """A better name, a new address and an attribute; the row says which fields."""
    apply(HEAD + "Ana,Silva,11 98555-0200\n")
    found = apply("name,surname,phone,e-mail,city\nAna Maria,Silva,11 8555-0200,a@x.org,Recife\n")
    assert found.counts["updated"] == 1
    assert found.counts["fields"] == 3
    [(field, undo)] = ask(conn, "select field, undo from import_row where import_id = %s", found.pk)
    assert field == "name,email,attribute:city"
    assert undo["fields"] == {"name": ["Ana", "Ana Maria"]}
    [(name, attributes, search)] = ask(conn, "select name, attributes, search from contact")
    assert (name, attributes) == ("Ana Maria", {"city": "Recife"})
    assert {"ana", "maria", "silva", "a@x.org", "+5511985550200"} <= set(search.split())
    assert ask(conn, "select changed from contact")[0][0].keys() == {"city"}


def test_M2_a_national_variant_finds_its_contact(conn: psycopg.Connection, apply: Run) -> None:
    """Mexico's 1 and Argentina's 9 in a second file are the people of the first."""
    apply(HEAD + "Ana,Paz,+52 55 1234 5678\nBeto,Sosa,+54 9 11 2345 6789\n")
    found = apply(HEAD + "Ana,Paz,+52 1 55 1234 5678\nBeto,Sosa,+54 11 2345 6789\n")
    assert outcomes(conn, found.pk) == {2: ("unchanged", ""), 3: ("unchanged", "landline")}


def test_C4_an_opt_out_list_wins_whichever_came_first(conn: psycopg.Connection, apply: Run) -> None:
    """Before or after the customers: the address is suppressed with its cause, and the row says so."""
    apply(HEAD + "Ana,Silva,11 98555-0200\n", basis="consent")
    outs = apply("phone,date,reason\n11 8555-0200,2024-05-01,unsubscribed\n11 98555-0300,,bounced\n", kind="opt_outs")
    assert outs.counts["suppressed"] == 2
    customers = apply(HEAD + "Bo,Reis,11 98555-0300\n", basis="consent")
    assert outcomes(conn, customers.pk) == {2: ("new", "suppressed?cause=bounced")}
    assert ask(conn, "select canonical, cause, channel, lifted_at from suppression order by 1") == [
        ("+5511985550200", "withdrawn", "*", None),
        ("+5511985550300", "bounced", "*", None),
    ]
    ledger = ask(conn, "select state, source, at from consent where address = 'phone:+5511985550200' order by at")
    assert [(state, source) for state, source, _ in ledger] == [
        ("withdrawn", "opt_out_list"),
        ("granted", "customer_list"),
    ]
    again = apply("phone,date,reason\n11 8555-0200,2024-05-01,unsubscribed\n", kind="opt_outs")
    assert outcomes(conn, again.pk) == {2: ("unchanged", "")}


def test_an_opt_out_list_with_numbers_that_nobody_has(conn: psycopg.Connection, apply: Run) -> None:
    """They are kept for whoever brings them later; a number twice counts once."""
    outs = apply("phone\n11 98555-0200\n+5511985550200\n", kind="opt_outs")
    assert [outs.counts[key] for key in ("suppressed", "duplicate")] == [1, 1]
    assert ask(conn, "select count(*) from contact") == [(0,)]


def test_a_series_is_left_out_unless_it_is_real(conn: psycopg.Connection, apply: Run) -> None:
    """20 numbers that differ by one are a warning; they are imported only if someone says so."""
    data = HEAD + "".join(f"P,N{n},11 98555-02{n:02d}\n" for n in range(20)) + "Ana,Silva,11 98555-0900\n"
    found = apply(data)
    assert [found.counts[key] for key in ("new", "rejected")] == [1, 20]
    [warning] = found.warnings
    assert (warning["first_row"], warning["last_row"], warning["count"]) == (2, 21, 20)
    kept = apply(data, keep_series=True)
    assert [kept.counts[key] for key in ("new", "unchanged")] == [20, 1]


def undo(conn: psycopg.Connection, setup: Setup, found: Any) -> Any:
    from django.db import transaction

    from tertulia.actions.imports import start_undo

    with transaction.atomic():
        start_undo(found, None, NOW)
    assert work_once(setup)
    found.refresh_from_db()
    return found


def test_an_undo_removes_and_restores(conn: psycopg.Connection, setup: Setup, apply: Run) -> None:
    """Contacts it made are gone, fields it changed are back, and its consent counts no more."""
    apply("name,surname,phone,city\nAna,Silva,11 98555-0200,Recife\n", basis="consent")
    before = dump(conn)
    second = apply(
        "name,surname,phone,e-mail,city\nAna Maria,Silva,11 98555-0200,a@x.org,Olinda\nBo,Reis,11 98555-0300,,\n",
        basis="consent",
    )
    undone = undo(conn, setup, second)
    assert (undone.state, undone.counts["undone"], undone.counts["kept"]) == ("undone", 2, 0)
    after = dump(conn)
    assert after[1:3] == before[1:3]
    assert ask(conn, "select name, attributes from contact") == [("Ana", {"city": "Recife"})]
    from tertulia.store.contacts import read_undone_evidence

    assert read_undone_evidence(conn, second.workspace_id) == {f"import:{second.pk}"}


def test_an_undo_keeps_what_has_happened_since(conn: psycopg.Connection, setup: Setup, apply: Run) -> None:
    """A contact who wrote, and a field that somebody changed again, stay; the rows say so."""
    found = apply(HEAD + "Ana,Silva,11 98555-0200\nBo,Reis,11 98555-0300\n")
    conn.execute("update contact set active_at = %s where name = 'Ana'", (NOW,))
    conn.commit()
    changed = apply(HEAD + "Bo Jr,Reis,11 98555-0300\n")
    conn.execute("update contact set name = 'Bob' where name = 'Bo Jr'")
    conn.commit()
    undone = undo(conn, setup, changed)
    assert (undone.counts["undone"], undone.counts["kept"]) == (0, 1)
    undone = undo(conn, setup, found)
    assert (undone.counts["undone"], undone.counts["kept"]) == (0, 2)
    assert ask(conn, "select name from contact order by 1") == [("Ana",), ("Bob",)]
    assert outcomes(conn, found.pk)[2] == ("kept", "kept")


def test_an_undo_keeps_who_is_or_was_in_a_journey(conn: psycopg.Connection, setup: Setup, apply: Run) -> None:
    """A run without its contact could never go on."""
    found = apply(HEAD + "Ana,Silva,11 98555-0200\nBo,Reis,11 98555-0300\n")
    (shard, ana), (other, bo) = ask(conn, "select shard, id from contact order by name")
    same = "key, step, entered_at, started_at, event"
    conn.execute(
        f"""insert into run_open (shard, id, workspace, contact_id, journey_id, revision, visit, since, {same})
            values (%s, gen_random_uuid(), 1, %s, 1, 1, 0, now(), '', 'a', now(), now(), '{{}}')""",
        (shard, ana),
    )
    conn.execute(
        f"""insert into run (shard, day, id, workspace, contact_id, journey_id, revision, outcome, reason, ended_at,
                             {same})
            values (%s, current_date, gen_random_uuid(), 1, %s, 1, 1, 'completed', '', now(), '', 'a', now(), now(),
                    '{{}}')""",
        (other, bo),
    )
    conn.commit()
    undone = undo(conn, setup, found)
    assert (undone.counts["undone"], undone.counts["kept"]) == (0, 2)


def test_C4_suppressions_survive_an_undo(conn: psycopg.Connection, setup: Setup, apply: Run) -> None:
    """An opt-out list is not undone, and undoing the customers lifts nothing."""
    from tertulia.errors import Conflict

    outs = apply("phone\n11 98555-0200\n", kind="opt_outs")
    customers = apply(HEAD + "Ana,Silva,11 98555-0200\n")
    undo(conn, setup, customers)
    assert ask(conn, "select count(*) from suppression where lifted_at is null") == [(1,)]
    with pytest.raises(Conflict):
        undo(conn, setup, outs)


def test_an_undo_has_thirty_days(conn: psycopg.Connection, setup: Setup, apply: Run) -> None:
    """On the thirty-first it is refused."""
    from django.db import transaction

    from tertulia.actions.imports import start_undo
    from tertulia.errors import Conflict

    found = apply(HEAD + "Ana,Silva,11 98555-0200\n")
    with pytest.raises(Conflict), transaction.atomic():
        start_undo(found, None, NOW + timedelta(days=30))


def test_an_import_after_an_undo_counts_again(conn: psycopg.Connection, setup: Setup, apply: Run) -> None:
    """The same list, imported again, makes the same contacts with consent that counts."""
    data = HEAD + "Ana,Silva,11 98555-0200\n"
    undo(conn, setup, apply(data, basis="consent"))
    assert ask(conn, "select count(*) from contact") == [(0,)]
    again = apply(data, basis="consent")
    assert ask(conn, "select evidence ->> 'ref' from consent") == [(f"import:{again.pk}",)]


def test_start_and_end_notify(conn: psycopg.Connection, apply: Run) -> None:
    """Two notices with a link to the import."""
    found = apply(HEAD + "Ana,Silva,11 98555-0200\n")
    rows = ask(conn, "select kind, link, facts ->> 'name' from notice order by id")
    assert rows == [(kind, f"/imports/{found.pk}/", "list.csv") for kind in ("import_started", "import_done")]


def test_an_import_is_taken_up_where_it_was(
    conn: psycopg.Connection, setup: Setup, apply: Run, check: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies between batches or groups leaves whole ones; the next goes on, and nothing is done twice."""
    from tertulia.workers import import_reading, importer

    rows = "".join(f"P{n},Q{n},11 9{(n * 7919) % 10**8:08d}\n" for n in range(300))
    monkeypatch.setattr(import_reading, "BATCH_ROWS", 50)
    found = check(HEAD + rows)
    whole = outcomes(conn, found.pk)

    def die_after(name: str, calls: int) -> None:
        real, seen = getattr(importer, name), []

        def dying(*args: Any) -> Any:
            seen.append(1)
            if len(seen) > calls:
                raise psycopg.OperationalError("the worker is killed")
            return real(*args)

        monkeypatch.setattr(importer, name, dying)

    begin_check(found)
    with monkeypatch.context():
        die_after("stage_batch", 3)
        with pytest.raises(psycopg.OperationalError):
            work_once(setup)
    monkeypatch.undo()
    monkeypatch.setattr(import_reading, "BATCH_ROWS", 50)
    found.refresh_from_db()
    assert (found.state, found.rows_done, found.cursor) == ("checking", 150, 151)
    with monkeypatch.context():
        die_after("check_group", 20)
        with pytest.raises(psycopg.OperationalError):
            work_once(setup)
    monkeypatch.undo()
    found.refresh_from_db()
    assert (found.state, found.rows_done, found.cursor) == ("checking", 300, 301)
    assert 0 < len(outcomes(conn, found.pk)) < 300
    assert work_once(setup)
    assert outcomes(conn, found.pk) == whole

    begin_apply(found)
    die_after("apply_group", 20)
    with pytest.raises(psycopg.OperationalError):
        work_once(setup)
    monkeypatch.undo()
    found.refresh_from_db()
    assert found.state == "applying"
    assert 0 < found.rows_done < 300
    assert work_once(setup)
    found.refresh_from_db()
    assert (found.state, found.rows_done, found.rows_total) == ("done", 300, 300)
    assert ask(conn, "select count(*), count(distinct name) from contact") == [(300, 300)]
    assert ask(conn, "select count(*) from notice where kind = 'import_started'") == [(1,)]


def test_a_long_list_is_read_by_processes(
    conn: psycopg.Connection, setup: Setup, check: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They make of each row what a thread makes of it: values, reasons, added digits, series, broken rows."""
    from tertulia.workers import import_reading

    rows = [f"João{n},Q{n},11 8{(n * 7919) % 10**7:07d}" for n in range(200)]
    rows += [f"S{n},T{n},11 98555-02{n:02d}" for n in range(30)]
    rows += ["Ana,Silva,(11) 3555-0200", "Bia,Lima,not a number", 'Eva,"Rocha,11 98555-0290', "Rui,Costa,a,b"]

    def stage(found: Any) -> list[tuple[Any, ...]]:
        columns = "row, name, surname, phone, phone_key, line_type, sms, search, shard, reason"
        return ask(conn, f"select {columns} from import_stage where import_id = %s order by row", found.pk)

    monkeypatch.setattr(import_reading, "BATCH_ROWS", 50)
    one = check(HEAD + "\n".join(rows))
    monkeypatch.setattr(import_reading, "PROCESSES_FROM_ROWS", 0)
    two = check(HEAD + "\n".join(rows))
    assert (two.state, two.counts, two.warnings) == ("checked", one.counts, one.warnings)
    assert (two.counts["repaired"], two.counts["rejected"], len(two.warnings)) == (200, 3, 1)
    assert outcomes(conn, two.pk) == outcomes(conn, one.pk)
    assert stage(two) == stage(one)


def test_a_row_lies_in_its_contacts_shard(conn: psycopg.Connection, setup: Setup, apply: Run, check: Run) -> None:
    """Known by an id, with a number of another shard: staged, listed and applied where the contact lives."""
    from tertulia.ids import shard_of_contact

    head = "name,surname,phone,id\n"
    apply(head + "".join(f"Ana{n},Silva,11 98555-0{n * 7:03d},C{n}\n" for n in range(20)))
    found = check(head + "".join(f"Ana{n},Silva,21 98555-0{n * 7:03d},C{n}\n" for n in range(20)))
    for table in ("import_stage", "import_row"):
        rows = ask(conn, f"select shard, contact_id, outcome from {table} where import_id = %s", found.pk)
        assert len(rows) == 20
        assert all((shard, outcome) == (shard_of_contact(contact), "updated") for shard, contact, outcome in rows)
    begin_apply(found)
    assert work_once(setup)
    assert {outcome for outcome, _ in outcomes(conn, found.pk).values()} == {"updated"}
    assert ask(conn, "select count(*), count(distinct contact_id) from address where kind = 'phone'") == [(40, 20)]


def test_C5_an_import_that_is_done_keeps_no_row_of_its_file(conn: psycopg.Connection, apply: Run) -> None:
    """The rows that were shown to choose the columns are forgotten, a first row that is no head too."""
    headed = apply(HEAD + "Ana,Silva,11 98555-0200\n")
    bare = apply("Bia,Souza,11 98555-0201\n", has_head=False)
    assert (headed.shape["first"], headed.shape["samples"]) == (["name", "surname", "phone"], [])
    assert (bare.shape["first"], bare.shape["samples"]) == (["", "", ""], [])


def test_one_import_has_one_worker(conn: psycopg.Connection, setup: Setup, add: Run) -> None:
    """While one holds it, another finds nothing to do."""
    from tertulia.store.db import connect
    from tertulia.store.imports import claim_import

    found = add(HEAD + "Ana,Silva,11 98555-0200\n")
    begin_check(found)
    with connect(setup.url) as other:
        assert claim_import(other) == found.pk
        assert not work_once(setup)
    assert work_once(setup)


def test_somebody_came_between_check_and_apply(conn: psycopg.Connection, setup: Setup, apply: Run, check: Run) -> None:
    """A row that was new at the check and is there at the apply changes that contact instead of doubling it."""
    first = check("name,surname,phone,city\nAna,Silva,11 98555-0200,Recife\n")
    apply(HEAD + "Ana,Silva,11 98555-0200\n")
    begin_apply(first)
    assert work_once(setup)
    assert outcomes(conn, first.pk) == {2: ("updated", "")}
    assert ask(conn, "select name, attributes from contact") == [("Ana", {"city": "Recife"})]


def test_bytes_that_look_like_sql_or_copy(conn: psycopg.Connection, apply: Run) -> None:
    """Backslashes, quotes and COPY's own marks are text like any other."""
    name = "O'Neil \\N \\. \\t"
    apply(HEAD + f"{name},\\,11 98555-0200\n")
    assert ask(conn, "select name, surname from contact") == [(name, "\\")]


def test_a_file_that_is_gone_fails_in_words(conn: psycopg.Connection, setup: Setup, add: Run) -> None:
    """The import says so and can be given up; no exception's text reaches anybody."""
    found = add(io.BytesIO((HEAD + "Ana,Silva,11 98555-0200\n").encode()).getvalue())
    (setup.data / found.path).unlink()
    begin_check(found)
    work_once(setup)
    found.refresh_from_db()
    assert found.state == "failed"
    assert "stopped on an error" in found.fault
