"""Given customers and events, read from files for a simulation; nothing of them is stored.

Customers as an import's list has them, or JSON Lines with the same fields; a row that an import would leave out is left
out here. Events as `/v1/batch` takes its messages, one a line, or a CSV with a column for each of their fields and one
for each property. An event that cannot be read is one error that names file and line.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from tertulia.actions.config import list_zones
from tertulia.actions.source_words import explain_discard
from tertulia.actions.what_if_audience import find_named
from tertulia.core.events import USER
from tertulia.core.identity import IdentityRef
from tertulia.core.import_fields import ListKind, check_mapping, has_head, propose_mapping
from tertulia.core.import_reasons import pack_note, sentence_of_reason
from tertulia.core.import_rows import RowProblem, RowReader
from tertulia.core.ingest import Arrival as Call
from tertulia.core.ingest import read_body
from tertulia.core.ingest_time import read_time
from tertulia.core.occasions import API, COMMENT, MESSAGE
from tertulia.core.rows import ContactRow
from tertulia.core.simulation.arrivals import Arrival, Called, Wrote
from tertulia.core.simulation.people import make_contact
from tertulia.core.tabular import Broken, detect_shape, iter_pieces, split_pieces
from tertulia.core.world import Config
from tertulia.errors import Invalid

FILE_SOURCE: Final = -1  # whose given events are: a customer's own device's, unless an event says otherwise
LIST_BYTES_MAX: Final = 4 * 1024**3
JSON_LINES: Final = (".jsonl", ".ndjson", ".json")
FIELDS: Final = ("type", "event", "name", "userId", "anonymousId", "previousId", "groupId", "messageId")
TIMES: Final = ("receivedAt", "timestamp")
SPELLINGS: Final = {"user_id": "userId", "anonymous_id": "anonymousId", "message_id": "messageId", "time": "timestamp"}


@dataclass(slots=True)
class People:
    """Customers of a file; `left_out` says of each row that an import would leave out where it is and why."""

    rows: list[ContactRow] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_people(path: Path, workspace: int, country: str, at: datetime) -> People:
    """The customers of a file, as they are known at `at`. `country`: of numbers without a country code. Raises Invalid
    for what is no list."""
    columns, records = _read_objects(path) if path.suffix in JSON_LINES else _read_list(path, country)
    targets = check_mapping(columns, columns, ListKind.CUSTOMERS)
    reader = RowReader(targets, country=country, zones=list_zones(), today=at.date())
    found = People()
    for number, cells in records:
        row = reader.read(number, cells)
        if isinstance(row, RowProblem):
            sentence, params = sentence_of_reason(pack_note(row.reason, row.params))
            found.left_out.append(f"{path}:{number}: {row.field or 'row'}: {sentence % params}")
        else:
            found.rows.append(make_contact(row, workspace, at))
    return found


Records = Iterator[tuple[int, list[str]]]


def _read_list(path: Path, country: str) -> tuple[list[str], Records]:
    """A list as an import takes it: what each column is, and the rows below its head."""
    with _open(path).open("rb") as file:
        shape = detect_shape(file, path.stat().st_size, LIST_BYTES_MAX, country)
    headed = has_head(shape.first, ListKind.CUSTOMERS)

    def iter_rows() -> Records:
        with path.open("rb") as file:
            for n, record in enumerate(split_pieces(iter_pieces(file, shape), shape.delimiter)):
                if isinstance(record, Broken):
                    raise Invalid(f"{path}:{record.row}: This row cannot be taken apart. Look at its quotation marks.")
                if n or not headed:
                    yield record

    return propose_mapping(shape.first, shape.samples, ListKind.CUSTOMERS), iter_rows()


def _read_objects(path: Path) -> tuple[list[str], Records]:
    """One customer a line: names and values, the names as the heads of a list."""
    rows = [(line, {str(key): _write(value) for key, value in told.items()}) for line, told in iter_objects(path)]
    heads = list(dict.fromkeys(key for _, told in rows for key in told))
    if not heads:
        raise Invalid(f"{path}: There is nobody in this file.")
    samples = [[told.get(head, "") for head in heads] for _, told in rows[:20]]
    targets = propose_mapping(heads, samples, ListKind.CUSTOMERS)
    return targets, ((line, [told.get(head, "") for head in heads]) for line, told in rows)


def _write(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_write, value))
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


def iter_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON Lines with their lines, blank ones left out. Raises Invalid."""
    with _open(path).open("rb") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                told = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError):
                told = None
            if not isinstance(told, dict):
                raise Invalid(f"{path}:{line}: Write one JSON object on each line.", line=line)
            yield line, told


def read_events(path: Path, config: Config, workspace: int) -> list[Arrival]:
    """The events of a file in the order of their arrival: `receivedAt`, else `timestamp`; those of type `message` or
    `comment` are what customers wrote, on a channel of the workspace, those of type `api` calls about them. Raises
    Invalid."""
    messages = iter_objects(path) if path.suffix in JSON_LINES else _iter_rows(path)
    told = (_read_event(path, line, message, config, workspace) for line, message in messages)
    return sorted(told, key=lambda one: one.at)


def _iter_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a CSV as messages; a column that is no field of a message is a property."""
    with _open(path).open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        heads = [SPELLINGS.get(head.strip(), head.strip()) for head in next(rows, [])]
        if not {"timestamp", "receivedAt"} & set(heads):
            raise Invalid(f"{path}:1: Name a column timestamp: when each event happened.", line=1)
        for cells in rows:
            if len(cells) != len(heads) and any(cells):
                raise Invalid(f"{path}:{rows.line_num}: This row has {len(cells)} cells, the head {len(heads)}.")
            told = {head: cell for head, cell in zip(heads, cells, strict=False) if cell.strip()}
            if told:
                message: dict[str, Any] = {"type": "track"}
                message |= {head: cell for head, cell in told.items() if head in (*FIELDS, *TIMES)}
                message["properties"] = {head: cell for head, cell in told.items() if head not in (*FIELDS, *TIMES)}
                yield rows.line_num, message


def _read_event(path: Path, line: int, message: dict[str, Any], config: Config, workspace: int) -> Arrival:
    at = next((found for name in TIMES if (found := read_time(message.get(name))) is not None), None)
    if at is None:
        raise Invalid(f"{path}:{line}: timestamp: Say when it happened, such as 2026-03-01T09:14:00Z.", line=line)
    if message.get("type") in (MESSAGE, COMMENT):
        return Arrival(at, workspace, _read_message(path, line, message, config, workspace))
    if message.get("type") == API:
        return Arrival(at, workspace, _read_call(path, line, message))
    taken = read_body(message, Call(FILE_SOURCE, at, lambda: f"{path.name}:{line}"))
    if not taken.entries:
        wrong, remedy = explain_discard(taken.discards[0].code)
        raise Invalid(f"{path}:{line}: {wrong} {remedy}".rstrip(), line=line)
    return Arrival(at, workspace, taken.entries[0])


def _read_call(path: Path, line: int, message: dict[str, Any]) -> Called:
    user, properties = str(message.get("userId", "")), message.get("properties", {})
    if not isinstance(properties, dict):
        raise Invalid(f"{path}:{line}: properties: Write names with their values.", line=line)
    if not user:
        raise Invalid(f"{path}:{line}: userId: Say about whom the call is.", line=line)
    call_id = str(message.get("messageId") or f"{path.name}:{line}")
    journey = str(message.get("journey") or properties.get("journey", ""))
    return Called(IdentityRef(USER, "", user), call_id, properties, journey)


def _read_message(path: Path, line: int, message: dict[str, Any], config: Config, workspace: int) -> Wrote:
    said = message | message.get("properties", {})
    user, name = str(said.get("userId", "")), str(said.get("channel", ""))
    channel = find_named(config, workspace, name)
    if not user or channel is None:
        wrong = f"channel: There is no channel “{name}”." if user else "userId: Say who wrote."
        raise Invalid(f"{path}:{line}: {wrong}", line=line)
    message_id = str(said.get("messageId") or f"{path.name}:{line}")
    post = str(said.get("post", "")) if message["type"] == COMMENT else None
    return Wrote(IdentityRef(USER, "", user), message_id, channel.id, str(said.get("text", "")), post)


def _open(path: Path) -> Path:
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    return path
