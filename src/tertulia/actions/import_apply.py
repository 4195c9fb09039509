"""The apply of an import: what was checked, done, group of shards by group of shards.

Between check and apply others may have come or changed, so nothing is taken from the check on trust: a new row whose
address somebody has now is classified again, and a contact that is to change is locked and compared as it stands.
Every change is kept with the value before it, for the undo.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tertulia.actions.import_check import checked_of_staged, classify_staged
from tertulia.actions.import_exits import look_at_exits_of
from tertulia.core.consent import ANY, BASIS_TOPICS, MARKETING, SERVICE
from tertulia.core.import_people import Known, New, Value, find_changes, outcome_of
from tertulia.core.import_reasons import Reason
from tertulia.core.import_rows import CheckedRow
from tertulia.core.import_states import Options
from tertulia.core.search import make_line
from tertulia.ids import shard_of_index
from tertulia.store.db import Conn
from tertulia.store.import_apply import (
    Consent,
    Locked,
    Placed,
    add_addresses,
    drop_known,
    insert_new,
    lock_contacts,
    record_known_consent,
    set_outcomes,
    suppress,
    update_contacts,
)
from tertulia.store.import_erased import count_proofs, find_erased, leave_out, set_aside, take_in_again
from tertulia.store.import_stage import Staged, load_owned, load_updated, restage
from tertulia.store.imports import ImportJob, count_staged, reject_series

SHARDS_PER_GROUP = 4
GROUPS = tuple(
    tuple(shard_of_index(index + offset) for offset in range(SHARDS_PER_GROUP))
    for index in range(0, 256, SHARDS_PER_GROUP)
)

_ATTRIBUTE = "attribute:"


def read_options(job: ImportJob) -> Options:
    """What the importer said about the list."""
    return msgspec.convert(job.options, Options, strict=False)


def prepare_apply(conn: Conn, job: ImportJob) -> int:
    """Leave out what was not confirmed; how many rows there are to apply. Harmless when done again."""
    reasons = job.counts.get("reasons", {})
    if reasons.get(Reason.IN_SERIES.value) and not read_options(job).keep_series:
        reject_series(conn, job.id, Reason.IN_SERIES.value)
    if reasons.get(Reason.ERASED.value):
        settle_erased = take_in_again if read_options(job).take_erased else leave_out
        settle_erased(conn, job.id)
    return count_staged(conn, job.id)


def was_somebody_erased(conn: Conn, job: ImportJob) -> bool:
    """Whether anybody was erased since the check began to compare: what it said of their rows holds no more."""
    known: int = job.counts.get("proofs", 0)
    return count_proofs(conn, job.workspace) != known


def leave_out_erased(conn: Conn, job: ImportJob, shards: Sequence[int]) -> None:
    """Leave out a group's rows of people who were erased since the check, whatever was decided then (C5)."""
    set_aside(conn, job.id, list(find_erased(conn, job, shards, listed=True)))
    leave_out(conn, job.id, shards)


def apply_group(conn: Conn, job: ImportJob, shards: Sequence[int], now: datetime) -> int:
    """Apply the rows of a few shards; how many. The caller commits: then they are done and off the stage."""
    options = read_options(job)
    actor = f"user:{job.user_id}" if job.user_id else "import"
    if job.kind == "opt_outs":
        return suppress(conn, job, shards, ANY, actor)
    _classify_again(conn, job, shards)
    consent = make_consent(job, options, actor)
    record_known_consent(conn, job, shards, consent, now)
    _update_known(conn, job, shards, now)
    return drop_known(conn, job, shards) + insert_new(conn, job, shards, consent, now)


def make_consent(job: ImportJob, options: Options, actor: str) -> Consent:
    """What each row agrees to by the stated basis, with its proof (C1). Service and marketing are any topic."""
    topics = BASIS_TOPICS[options.basis]
    if set(topics) == {SERVICE, MARKETING}:
        topics = (ANY,)
    evidence = {"ref": job.source, "file": job.name, "basis": options.basis.value, "source": options.source}
    return Consent(tuple(topics), options.consent_channel, evidence, options.text_version, actor)


def _classify_again(conn: Conn, job: ImportJob, shards: Sequence[int]) -> None:
    """New rows whose key is in the directory by now: the same person makes them updates."""
    again = [
        (row, outcome_of(verdict), verdict.contact_id)
        for row, verdict in classify_staged(conn, job, load_owned(conn, job, shards, listed=True))
        if not isinstance(verdict, New)
    ]
    if again:
        restage(conn, job.id, again)
        set_outcomes(conn, job.id, [(row, outcome, (), contact, None) for row, outcome, contact in again])


def _update_known(conn: Conn, job: ImportJob, shards: Sequence[int], now: datetime) -> None:
    rows = [row for row in load_updated(conn, job, shards) if row.contact_id is not None]
    if not rows:
        return
    locked = lock_contacts(conn, list(dict.fromkeys(row.contact_id for row in rows if row.contact_id is not None)))
    outcomes: list[tuple[Staged, str, Sequence[str], int | None, Mapping[str, Any] | None]] = []
    written: dict[int, tuple[Known, list[str], str]] = {}
    placed: list[Placed] = []
    for row in rows:
        contact = locked.get(row.contact_id or 0)
        checked = checked_of_staged(row)
        changes = find_changes(checked, contact.person) if contact is not None else {}
        if contact is None or not changes:
            outcomes.append((row, "unchanged", (), row.contact_id, None))
            continue
        person, keys, undo, added = change_person(contact, checked, changes)
        locked[person.contact_id] = Locked(
            person, make_line(contact.search, row.name, row.surname, row.phone, row.email)
        )
        before = written.get(person.contact_id, (person, [], ""))[1]
        written[person.contact_id] = (person, [*before, *keys], locked[person.contact_id].search)
        placed.extend(added)
        outcomes.append((row, "updated", tuple(changes), row.contact_id, undo))
    if written:
        update_contacts(conn, list(written.values()), now)
        look_at_exits_of(conn, job.workspace, written, now)
    if placed:
        add_addresses(conn, job, placed, now)
    set_outcomes(conn, job.id, outcomes)


def change_person(
    contact: Locked, row: CheckedRow, changes: Mapping[str, Value]
) -> tuple[Known, list[str], dict[str, Any], list[Placed]]:
    """The contact with its changes; the attributes written; what undoes them (field -> before and after); and the
    addresses to add."""
    person = contact.person
    plain = {field: changes[field] for field in ("name", "surname", "country", "language", "zone") if field in changes}
    undo: dict[str, Any] = {"fields": {field: [getattr(person, field), value] for field, value in plain.items()}}
    attributes = dict(person.attributes)
    keys = [change.removeprefix(_ATTRIBUTE) for change in changes if change.startswith(_ATTRIBUTE)]
    undo["attributes"] = {key: [attributes.get(key), changes[_ATTRIBUTE + key]] for key in keys}
    attributes |= {key: changes[_ATTRIBUTE + key] for key in keys}
    placed: list[Placed] = []
    phones, emails, external_id = person.phones, person.emails, person.external_id
    if "phone" in changes and row.phone is not None:
        phone = row.phone
        phones = (*phones, phone.key)
        line = phone.line.value
        placed.append(
            Placed(person.contact_id, "phone", phone.e164, phone.key, line, phone.region, phone.reachable_by_sms)
        )
    if "email" in changes:
        emails = (*emails, row.email_key)
        placed.append(Placed(person.contact_id, "email", row.email, row.email_key, "", "", False))
    if "external_id" in changes:
        external_id = row.external_id
        undo["fields"]["external_id"] = [person.external_id, external_id]
        placed.append(Placed(person.contact_id, "external_id", external_id, external_id, "", "", False))
    undo["addresses"] = [[one.kind, one.value, one.canonical] for one in placed]
    changed = msgspec.structs.replace(
        person, **plain, attributes=attributes, phones=phones, emails=emails, external_id=external_id
    )
    return changed, keys, undo, placed
