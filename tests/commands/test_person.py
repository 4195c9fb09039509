"""The commands about one person, and backup and restore, on one installation without a running `up`."""

import json
from pathlib import Path

import psycopg

from commands.installation import database, run
from tertulia.core.entries import shard_of_address
from tertulia.ids import INDEX_OF_SHARD, make_contact_id

PHONE = "+5511985550142"
AT = "2026-11-22 09:00+00"


def add_person(conn: psycopg.Connection, name: str = "Beatriz", phone: str = PHONE, serial: int = 1) -> int:
    """A contact with a phone, as an import leaves it, in the only workspace."""
    workspace = conn.execute("select id from workspace").fetchone()[0]
    shard = shard_of_address(workspace, "phone", phone)
    contact = make_contact_id(serial, INDEX_OF_SHARD[shard])
    conn.execute(
        """insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id, attributes,
                                changed, search, source, created_at, updated_at)
           values (%s, %s, %s, %s, '', 'pt', '', 'BR', '', '{}', '{}', %s, 'import:1', %s, %s)""",
        [shard, contact, workspace, name, f"{name.lower()} {phone}", AT, AT],
    )
    conn.execute(
        """insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms,
                                dead_code, source, added_at)
           values (%s, %s, 'phone', %s, %s, %s, 'mobile', 'BR', true, '', 'import:1', %s)""",
        [shard, contact, phone, phone, workspace, AT],
    )
    conn.execute("insert into address_key values (%s, %s, 'phone', %s, %s)", [shard, workspace, phone, contact])
    return contact


def test_C5_a_person_is_found_exported_erased_and_stays_erased_after_a_restore(served: Path) -> None:
    """An erasure that came after the backup is done again when the backup is put back."""
    folder = served
    assert "/sign-in/once/" in run(folder, "sign-in").stdout
    with database(folder) as conn:
        contact = add_person(conn)

    exported = run(folder, "export", "+55 11 98555-0142")
    assert exported.returncode == 0, exported.stderr
    document = json.loads(exported.stdout)
    assert (document["contact"]["id"], document["contact"]["name"]) == (contact, "Beatriz")
    assert document["addresses"][0]["value"] == PHONE

    documents = folder / "documents" / "segments"
    documents.mkdir(parents=True)
    (documents / "gold.yaml").write_text("name: Gold\nwhere: {attribute: tier, is: gold}\n")
    assert run(folder, "apply", str(documents.parent)).returncode == 0
    why = run(folder, "why", "--contact", PHONE, "--segment", "gold")
    assert why.returncode == 0, why.stderr
    assert why.stdout.splitlines()[0] == "Gold: out"
    assert "tier is not known; the condition: is gold." in why.stdout

    backup = folder / "tertulia.backup"
    saved = run(folder, "backup", str(backup))
    assert saved.returncode == 0, saved.stderr
    assert backup.stat().st_mode & 0o077 == 0
    again = run(folder, "backup", str(backup))
    assert (again.returncode, "never writes over" in again.stderr) == (1, True)

    refused = run(folder, "erase", str(contact))
    assert (refused.returncode, "--yes" in refused.stderr) == (1, True)
    erased = run(folder, "erase", str(contact), "--yes")
    assert erased.returncode == 0, erased.stderr
    with database(folder) as conn:
        assert read_names(conn) == [""]
        add_person(conn, "Later", "+5511985550199", serial=2)

    key = (folder / "secret.key").read_text()
    restored = run(folder, "restore", str(backup), "--yes")
    assert restored.returncode == 0, restored.stderr
    assert "1 erasure was done again." in restored.stdout
    assert (folder / "secret.key").read_text() == key
    with database(folder) as conn:
        assert read_names(conn) == [""]  # Beatriz is erased, Later came after the backup
        assert conn.execute("select count(*) from erasure").fetchone()[0] == 1
        assert conn.execute("select count(*) from user_account").fetchone()[0] == 1
    assert run(folder, "export", PHONE).stderr == "There is no such contact in this workspace.\n"


def test_a_file_that_is_no_backup_changes_nothing(installed: Path) -> None:
    """One clear line; what was there is there."""
    folder = installed
    (folder / "letter.txt").write_text("Dear Sir or Madam")
    refused = run(folder, "restore", str(folder / "letter.txt"), "--yes")
    assert refused.returncode == 1
    assert refused.stderr == f"{folder / 'letter.txt'} cannot be read as a backup of Tertulia.\n"
    with database(folder) as conn:
        assert conn.execute("select count(*) from workspace").fetchone()[0] == 1


def test_doctor_names_what_is_wrong(installed: Path) -> None:
    """A fresh installation is good; a key that opens nothing is told in one line."""
    folder = installed
    good = run(folder, "doctor")
    assert good.returncode == 0, good.stdout
    assert "good   The schema is up to date." in good.stdout
    assert "note   No engine runs now." in good.stdout
    with database(folder) as conn:
        conn.execute(
            """insert into channel (workspace_id, public_id, kind, name, settings, secrets, cache, state, fault,
                                    rate_per_s, greeting, offers_text, first_message, polling, poll_cursor,
                                    test_findings, created_at)
               select id, 'x', 'telegram', 'Bot', '{}', %s, '', 'live', '', 1, '', false, '', false, '', '[]', %s
               from workspace""",
            [b"\x01" + b"sealed by another key", AT],
        )
    wrong = run(folder, "doctor")
    assert wrong.returncode == 1
    assert "WRONG  A stored secret cannot be opened" in wrong.stdout


def read_names(conn: psycopg.Connection) -> list[str]:
    return [row[0] for row in conn.execute("select name from contact order by id").fetchall()]
