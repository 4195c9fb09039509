"""C5 in imports: a list from before an erasure does not bring the erased person back by itself."""

from typing import Any

import psycopg
import pytest

from tertulia.core import effects as fx
from tertulia.core.phones import key_of_e164
from tertulia.store.erasing import erase, prove
from tertulia.workers.importer import Setup, work_once
from workers.test_importer import HEAD, NOW, Run, add, apply, ask, check, outcomes, setup, undo, workspace

__all__ = ["add", "apply", "check", "setup", "workspace"]  # fixtures

ANA, BRUNO = "+5511985550200", "+5511985550201"
LIST = HEAD + "Ana,Silva,11 98555-0200\nBruno,Lima,11 98555-0201\n"


def erase_person(conn: psycopg.Connection, workspace: Any, phone: str) -> None:
    """As the engine does it, with the proofs of all addresses."""
    [(contact_id,)] = ask(conn, "select contact_id from address where value = %s", phone)
    addresses = ask(conn, "select kind, canonical from address where contact_id = %s", contact_id)
    erase(conn, [fx.Erase(workspace.pk, contact_id, tuple(addresses), (phone.lstrip("+"),), (), "user:1", NOW)])
    conn.commit()


def start(found: Any, *, take_erased: bool) -> None:
    from django.db import transaction

    from tertulia.actions.imports import start_apply

    with transaction.atomic():
        start_apply(found, None, NOW, keep_series=False, take_erased=take_erased)


def finish(setup: Setup, found: Any, *, take_erased: bool = False) -> Any:
    """Apply a checked import."""
    start(found, take_erased=take_erased)
    assert work_once(setup)
    found.refresh_from_db()
    assert found.state == "done", found.fault
    return found


def people(conn: psycopg.Connection) -> list[str]:
    return [row[0] for row in ask(conn, "select name from contact where erased_at is null order by name")]


def test_C5_an_erased_person_is_left_out_of_a_list(
    conn: psycopg.Connection, setup: Setup, workspace: Any, apply: Run, check: Run
) -> None:
    """The check says so for the row and counts it; the apply leaves it out and keeps nothing of the address; the same
    list as often as you like."""
    apply(LIST)
    erase_person(conn, workspace, ANA)
    for _again in range(2):
        found = check(LIST)
        assert outcomes(conn, found.pk) == {2: ("rejected", "erased"), 3: ("unchanged", "")}
        assert (found.counts["rejected"], found.counts["reasons"]["erased"]) == (1, 1)
        assert ask(conn, "select field, value from import_row where row = 2 and import_id = %s", found.pk) == [
            ("phone", ANA)
        ]
        finish(setup, found)
        assert ask(conn, "select value, contact_id from import_row where row = 2 and import_id = %s", found.pk) == [
            ("", None)
        ]
        assert people(conn) == ["Bruno"]
    assert ask(conn, "select count(*) from import_stage") == [(0,)]
    assert ask(conn, "select count(*) from address where value = %s", ANA) == [(0,)]


def test_C5_who_is_taken_in_again_is_a_persons_decision(
    conn: psycopg.Connection, setup: Setup, workspace: Any, apply: Run, check: Run
) -> None:
    """The erased person is new again, with the list's consent; the audit log has the decision; it can be undone."""
    from tertulia.data.models import Audit

    apply(LIST, basis="consent")
    erase_person(conn, workspace, ANA)
    found = finish(setup, check(LIST, basis="consent"), take_erased=True)
    assert outcomes(conn, found.pk)[2] == ("new", "erased_before")
    assert people(conn) == ["Ana", "Bruno"]
    assert ask(conn, "select count(*) from consent where address = %s", f"phone:{key_of_e164(ANA)}") == [(1,)]
    [audit] = Audit.objects.filter(verb="erased_taken_in")
    assert (audit.subject, audit.facts) == (f"import:{found.pk}", {"rows": 1})
    later = check(LIST)
    assert outcomes(conn, later.pk)[2] == ("unchanged", ""), "the address is somebody's again"
    undo(conn, setup, found)
    assert people(conn) == ["Bruno"]


def test_C5_nothing_is_recorded_where_nobody_was_erased(setup: Setup, check: Run) -> None:
    """The choice alone is no decision about anybody."""
    from tertulia.data.models import Audit

    finish(setup, check(LIST), take_erased=True)
    assert not Audit.objects.filter(verb="erased_taken_in").exists()


def test_C5_an_address_is_known_in_every_spelling_and_sort(
    conn: psycopg.Connection, workspace: Any, apply: Run, check: Run
) -> None:
    """The national variant of the number, the e-mail beside another number, a second row of the same person, and an
    erased number that would be added to somebody who is there."""
    apply("name,surname,phone,email\nAna,Silva,11 98555-0200,ana@example.com\nBruno,Lima,11 98555-0201,b@example.com\n")
    erase_person(conn, workspace, ANA)
    found = check(
        "name,surname,phone,email\n"
        "Ana,Silva,+55 11 8555-0200,\n"
        "Ana,Silva,11 98555-0777,ANA@example.com\n"
        "Ana,Silva,11 98555-0200,\n"
        "Bruno,Lima,11 98555-0200,b@example.com\n"
        "Carla,Reis,11 98555-0300,c@example.com\n"
    )
    said = outcomes(conn, found.pk)
    assert said[2] == ("rejected", "erased")
    assert said[3] == ("rejected", "erased")
    assert said[4] == ("duplicate", "same_person?row=2")
    assert said[5] == ("rejected", "erased")
    assert said[6] == ("new", "")
    assert ask(conn, "select field from import_row where row = 3 and import_id = %s", found.pk) == [("email",)]


@pytest.mark.parametrize("take", [False, True])
def test_C5_an_update_that_was_set_aside_is_an_update_again(
    conn: psycopg.Connection, setup: Setup, workspace: Any, apply: Run, check: Run, take: bool
) -> None:
    """Bruno's row brings Ana's erased number: left out nothing changes, taken in he has it."""
    head = "name,surname,phone,customer id\n"
    apply(head + "Ana,Silva,11 98555-0200,7\nBruno,Lima,11 98555-0201,8\n")
    erase_person(conn, workspace, ANA)
    data = head + "Bruno,Lima,11 98555-0200,8\n"
    found = finish(setup, check(data), take_erased=take)
    assert outcomes(conn, found.pk)[2] == (("updated", "erased_before") if take else ("rejected", "erased"))
    assert people(conn) == ["Bruno"]
    has = ask(conn, "select count(*) from address where value = %s", ANA)
    assert has == [(1 if take else 0,)]


def test_C5_an_erasure_between_check_and_apply_counts(
    conn: psycopg.Connection, setup: Setup, workspace: Any, apply: Run, check: Run
) -> None:
    """What the check has said of the row holds no more, whatever was decided then."""
    apply(LIST)
    found = check(HEAD + "Ana,Silva,11 98555-0200\nCarla,Reis,11 98555-0300\n")
    erase_person(conn, workspace, ANA)
    finish(setup, found, take_erased=True)
    assert outcomes(conn, found.pk) == {2: ("rejected", "erased"), 3: ("new", "")}
    assert people(conn) == ["Bruno", "Carla"]


def test_C5_a_workspace_without_erasures_asks_nothing_of_its_rows(
    conn: psycopg.Connection, workspace: Any, check: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another workspace's proofs are none of its own, and no row's proof is made."""
    from tertulia.store import import_erased

    made: list[str] = []
    monkeypatch.setattr(import_erased, "prove", lambda workspace, kind, value: made.append(value) or b"")
    conn.execute(
        "insert into erasure (shard, workspace, proof, contact_id, actor, at) values (1, %s, %s, 1, 'user:1', %s)",
        (workspace.pk + 1, prove(workspace.pk + 1, "phone", key_of_e164(ANA)), NOW),
    )
    conn.commit()
    found = check(LIST)
    assert (found.counts["new"], made) == (2, [])
