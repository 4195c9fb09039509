"""The check of an import: what each row would become, before anything does.

`check_batch` classifies a batch against the contacts that are there and writes both COPYs; `settle_check` looks at the
file as a whole afterwards: persons who stand in it twice, and series of numbers. Nothing here touches a contact.
"""

from collections.abc import Iterator, Mapping, Sequence

from tertulia.core.entries import shard_of_address
from tertulia.core.import_opt_outs import OptOut
from tertulia.core.import_people import Known, New, Series, Twin, Updated, classify_row, find_twins, outcome_of
from tertulia.core.import_reasons import Reason, pack_note
from tertulia.core.import_rows import CheckedRow, RowProblem
from tertulia.core.phones import Repair
from tertulia.core.search import LINE_CHARACTERS_MAX, fold
from tertulia.ids import INDEX_OF_SHARD, index_of_value, make_contact_id, shard_of_contact, shard_of_index
from tertulia.store.db import Conn
from tertulia.store.import_copy import RowLine, StageLine, copy_rows, copy_stage
from tertulia.store.imports import (
    TWIN_KEYS,
    ImportJob,
    Key,
    StagedRow,
    load_known,
    load_suppressed,
    load_twin_groups,
    mark_series,
    set_duplicates,
    set_reasons,
    shards_of_keys,
    take_serials,
)

Result = CheckedRow | RowProblem | OptOut


def check_batch(conn: Conn, job: ImportJob, results: Sequence[Result]) -> int:
    """Classify a batch and write what each row would become. Gives how many numbers gained a digit."""
    people = [result for result in results if isinstance(result, CheckedRow)]
    addresses = [(result.kind, result.canonical) for result in results if isinstance(result, OptOut)]
    shards = shards_of_keys(job.workspace, (key for row in people for key in keys_of_row(row)))
    known = load_known(conn, job.workspace, shards)
    postal = {key: shard for key, shard in shards.items() if key[0] != "external_id"}
    suppressed = load_suppressed(conn, job.workspace, postal | shards_of_keys(job.workspace, addresses))
    serials = iter(take_serials(conn, len(people)) if people else ())
    stage: list[StageLine] = []
    rows: list[RowLine] = []
    repaired = 0
    for result in results:
        if isinstance(result, CheckedRow):
            line, row = _place_person(result, shards, known, suppressed, serials)
            stage.append(line)
            rows.append(row)
            repaired += result.phone is not None and result.phone.repair is not Repair.NONE
        elif isinstance(result, OptOut):
            opt_line, row = _place_opt_out(job.workspace, result, suppressed)
            rows.append(row)
            if opt_line is not None:
                stage.append(opt_line)
        else:
            rows.append(_place_problem(job, result))
    copy_stage(conn, job.id, job.workspace, stage)
    copy_rows(conn, job.id, job.workspace, rows)
    return repaired


def keys_of_row(row: CheckedRow) -> list[Key]:
    """Under what a row's person may be known, the strongest first."""
    keys: list[Key] = []
    if row.external_id:
        keys.append(("external_id", row.external_id))
    if row.phone is not None:
        keys.append(("phone", row.phone.key))
    if row.email:
        keys.append(("email", row.email_key))
    return keys


def known_to_row(row: CheckedRow, known: Mapping[Key, Sequence[Known]]) -> list[Known]:
    """Everyone who shares a key with a row, each once."""
    found = {person.contact_id: person for key in keys_of_row(row) for person in known.get(key, ())}
    return list(found.values())


def _place_person(
    row: CheckedRow,
    shards: Mapping[Key, int],
    known: Mapping[Key, Sequence[Known]],
    suppressed: Mapping[Key, str],
    serials: Iterator[int],
) -> tuple[StageLine, RowLine]:
    verdict = classify_row(row, known_to_row(row, known) if known else ())
    if isinstance(verdict, New):
        shard = shards[home_key(row)]
        contact_id = make_contact_id(next(serials), INDEX_OF_SHARD[shard])
    else:
        contact_id = verdict.contact_id
        shard = shard_of_contact(contact_id)
    reason = _reason_of_row(row, verdict, suppressed)
    changed = ",".join(verdict.changes) if isinstance(verdict, Updated) else ""
    phone = row.phone
    value = phone.e164 if phone is not None else row.email or row.external_id
    outcome = outcome_of(verdict)
    by_sms = row.sms_reason is None and not reason.startswith(Reason.SUPPRESSED.value)
    shown = RowLine(shard, row.row, outcome, changed, value, reason, "", contact_id, by_sms)
    return _make_stage_line(row, shards, shard, outcome, contact_id), shown


def home_key(row: CheckedRow) -> Key:
    """Where a new contact lives: in the shard of its phone, else its e-mail, else its id."""
    if row.phone is not None:
        return "phone", row.phone.key
    return ("email", row.email_key) if row.email else ("external_id", row.external_id)


def _make_stage_line(
    row: CheckedRow, shards: Mapping[Key, int], shard: int, outcome: str, contact_id: int
) -> StageLine:
    """A row as the stage keeps it."""
    line = StageLine(shard, row.row, outcome, contact_id, row.name, row.surname)
    phone = row.phone
    if phone is not None:
        line.phone, line.phone_key, line.line_type = phone.e164, phone.key, phone.line.value
        line.phone_country, line.sms = phone.region, phone.reachable_by_sms
    if row.email:
        line.email, line.email_key = row.email, row.email_key
        line.email_shard = shards["email", row.email_key]
    if row.external_id:
        line.external_id = row.external_id
        line.external_shard = shards["external_id", row.external_id]
    line.country, line.locale, line.zone = row.country, row.language, row.zone
    line.attributes = row.attributes
    line.search = fold(f"{row.name} {row.surname} {line.phone} {row.email} {row.external_id}")[:LINE_CHARACTERS_MAX]
    line.consents = row.opt_in is not False
    return line


def _reason_of_row(row: CheckedRow, verdict: object, suppressed: Mapping[Key, str]) -> str:
    if suppressed:
        for key in keys_of_row(row):
            if key in suppressed:
                return pack_note(Reason.SUPPRESSED, {"cause": suppressed[key]})
    if row.sms_reason is not None:
        return row.sms_reason.value
    if isinstance(verdict, New) and verdict.shares_phone:
        return Reason.SHARED_PHONE.value
    return Reason.NO_OPT_IN.value if row.opt_in is False else ""


def _place_opt_out(workspace: int, row: OptOut, suppressed: Mapping[Key, str]) -> tuple[StageLine | None, RowLine]:
    shard = shard_of_address(workspace, row.kind, row.canonical)
    if suppressed.get((row.kind, row.canonical)) == row.cause.value:
        return None, RowLine(shard, row.row, "unchanged", row.kind, row.value)
    line = StageLine(shard, row.row, "suppressed", None)
    if row.kind == "phone":
        line.phone, line.phone_key = row.value, row.canonical
    else:
        line.email, line.email_key, line.email_shard = row.value, row.canonical, shard
    line.attributes = {"cause": row.cause.value, "at": row.at.isoformat(), "word": row.word}
    return line, RowLine(shard, row.row, "suppressed", row.kind, row.value, row.cause.value)


def _place_problem(job: ImportJob, problem: RowProblem) -> RowLine:
    shard = shard_of_index(index_of_value(job.workspace, "import", str(job.id), str(problem.row)))
    params = dict(problem.params)
    digits = params.pop("digits", None)
    remedy: dict[str, str | int] = {}
    if problem.fix:
        remedy["value"] = problem.fix
    if digits is not None:
        remedy["digits"] = digits
    if "limit" in params:
        remedy["limit"] = params["limit"]
    reason, suggestion = pack_note(problem.reason, params), pack_note(problem.remedy, remedy)
    return RowLine(shard, problem.row, "rejected", problem.field, problem.value, reason, suggestion)


def settle_check(conn: Conn, job: ImportJob, series: Sequence[Series]) -> None:
    """After the last batch: who stands in the file twice, who shares a phone, and which numbers follow each other.

    Ids come first, for they decide alone; a row that is a duplicate by one key is not asked for the next.
    """
    for key in TWIN_KEYS:
        _settle_twins(conn, job, load_twin_groups(conn, job.id, key))
    for found in series:
        mark_series(conn, job.id, found.first_row, found.last_row, Reason.IN_SERIES.value)


def _settle_twins(conn: Conn, job: ImportJob, groups: Sequence[Sequence[StagedRow]]) -> None:
    same: list[tuple[StagedRow, str, int | None]] = []
    shared: list[tuple[StagedRow, str]] = []
    for group in groups:
        by_row = {row.compared.row: row for row in group}
        for twin in _find_group_twins(job.kind, group):
            if twin.same:
                first = by_row[twin.of_row].contact_id
                same.append((by_row[twin.row], pack_note(Reason.SAME_PERSON, {"row": twin.of_row}), first))
            else:
                shared.append((by_row[twin.row], Reason.SHARED_PHONE.value))
    if same:
        set_duplicates(conn, job.id, same)
    if shared:
        set_reasons(conn, job.id, shared)


def _find_group_twins(kind: str, group: Sequence[StagedRow]) -> list[Twin]:
    if kind == "opt_outs":
        return [Twin(row.compared.row, group[0].compared.row, same=True) for row in group[1:]]
    return find_twins(row.compared for row in group)
