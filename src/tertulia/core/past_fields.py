"""What the columns of a file of past events are: recognised by their heads, corrected by people, checked.

A mapping names one target for each column: a `PastField`, `property:<type>:<name>` or `ignore`. A row needs to say who
(one of user id, anonymous id, e-mail and phone), what (a column, or one name for the whole file) and when.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Final

from tertulia.core.folding import fold_text
from tertulia.core.import_fields import IGNORE, Field, ListKind, looks_like_data, override_mapping, recognise_head
from tertulia.core.import_reasons import FileProblem, FileReason
from tertulia.core.import_values import read_email, read_yes_no
from tertulia.core.past_time import looks_like_time

PROPERTY: Final = "property"
NAME_CHARACTERS_MAX: Final = 200


class PastField(StrEnum):
    """What a column can be, besides a property."""

    USER_ID = "user_id"
    ANONYMOUS_ID = "anonymous_id"
    EMAIL = "email"
    PHONE = "phone"
    EVENT = "event"
    TIME = "time"
    ZONE = "zone"
    MESSAGE_ID = "message_id"
    PROPERTIES = "properties"


class PropertyType(StrEnum):
    """What the cells of a property's column become. A cell that is not of its type stays text."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"


WHO: Final = (PastField.USER_ID, PastField.ANONYMOUS_ID, PastField.EMAIL, PastField.PHONE)
_OF_LISTS: Final[Mapping[Field, PastField]] = {
    Field.EMAIL: PastField.EMAIL,
    Field.PHONE: PastField.PHONE,
    Field.EXTERNAL_ID: PastField.USER_ID,
    Field.ZONE: PastField.ZONE,
}
# Heads of lists that mean something else beside an event.
_DOUBTFUL: Final = frozenset({"id", "number", "numero", "sms", "code", "codigo", "numar", "cislo", "المعرف", "编号"})
# Folded as `fold_text` folds: English, Portuguese, Arabic, Czech, Romanian, Chinese, Spanish, German, French.
_HEADS: Final[Mapping[PastField, str]] = {
    PastField.USER_ID: """
        user id|userid|distinct id|uid|id do usuario|id do utilizador|id usuario|معرف المستخدم|id uzivatele|
        id utilizator|用户id|id de usuario|benutzer id|nutzer id|id utilisateur""",
    PastField.ANONYMOUS_ID: """
        anonymous id|anonymousid|device id|deviceid|visitor id|visitorid|cookie id|amplitude id|id anonimo|
        id do dispositivo|id do visitante|معرف الجهاز|معرف الزائر|id zarizeni|id navstevnika|id dispozitiv|id vizitator|
        设备id|访客id|id de dispositivo|id de visitante|gerate id|besucher id|id appareil|id visiteur""",
    PastField.EVENT: """
        event|event name|eventname|event type|eventtype|action|activity|evento|nome do evento|tipo de evento|acao|
        الحدث|اسم الحدث|نوع الحدث|udalost|nazev udalosti|akce|eveniment|nume eveniment|numele evenimentului|actiune|
        事件|事件名|事件名称|行为|accion|nombre del evento|ereignis|ereignisname|aktion|evenement|nom evenement|
        nom de l evenement""",
    PastField.TIME: """
        time|timestamp|event time|eventtime|occurred at|happened at|original timestamp|originaltimestamp|created at|
        datetime|date time|date and time|date|when|ts|event date|order date|data|data hora|data e hora|momento|
        criado em|data do evento|data do pedido|الوقت|التاريخ|وقت الحدث|تاريخ الحدث|cas|datum|datum a cas|cas udalosti|
        ora|data si ora|momentul|时间|日期|时间戳|发生时间|事件时间|fecha|fecha y hora|fecha del evento|
        hora|zeit|zeitpunkt|zeitstempel|date heure|date et heure|heure|horodatage""",
    PastField.ZONE: "tz name|utc zone",
    PastField.MESSAGE_ID: """
        message id|messageid|event id|eventid|insert id|uuid|id do evento|id da mensagem|معرف الحدث|id udalosti|
        id eveniment|事件id|消息id|id del evento|ereignis id|id evenement""",
    PastField.PROPERTIES: """
        properties|event properties|eventproperties|props|propriedades|propriedades do evento|الخصائص|vlastnosti|
        proprietati|属性|事件属性|propiedades|eigenschaften|proprietes""",
}
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,14})([.,]\d+)?")
_GROUPED: Final = re.compile(r"-?[1-9]\d{0,2}(?:([.,])\d{3})+(?!\1)[.,]\d+")


def recognise_past_head(text: str) -> PastField | None:
    """The field that a column's head names, in any of the languages."""
    text = text.removeprefix("properties.")
    folded = fold_text(text)
    found = _by_head().get(folded)
    if found is not None or folded in _DOUBTFUL:
        return found
    listed = recognise_head(text, ListKind.CUSTOMERS)
    return _OF_LISTS.get(listed) if listed is not None else None


def has_past_head(first: Sequence[str]) -> bool:
    """Whether a file's first row is a head: a cell is a known one, or no cell holds what rows hold."""
    if any(recognise_past_head(cell) for cell in first):
        return True
    return bool(first) and all(cell.strip() and not looks_like_data(cell) for cell in first)


def propose_past_mapping(first: Sequence[str], samples: Sequence[Sequence[str]], *, has_head: bool) -> list[str]:
    """A target for each column: by its head, else by what its cells look like; what is left is a property."""
    rows = samples if has_head else (first, *samples)
    cells = [[row[n].strip() for row in rows if n < len(row) and row[n].strip()] for n in range(len(first))]
    targets = _choose_by_head(first) if has_head else [""] * len(first)
    for column, target in enumerate(targets):
        if not target:
            targets[column] = _choose_by_cells(cells[column], targets)
    for column, target in enumerate(targets):
        if not target:
            name = name_property(first[column] if has_head else "", column)
            targets[column] = write_property(guess_type(cells[column]), _make_unique(name, targets))
    return targets


def complete_target(target: str, head: str, column: int, cells: Sequence[str]) -> str:
    """A target that a person chose in words: `property` and `property:number` take their name from the head, the type
    from the cells."""
    if target != PROPERTY and not target.startswith(f"{PROPERTY}:"):
        return target
    kind, _colon, name = target.removeprefix(PROPERTY).removeprefix(":").partition(":")
    return write_property(kind or guess_type(cells).value, name or name_property(head, column))


def override_past_mapping(
    targets: Sequence[str], heads: Sequence[str], samples: Sequence[Sequence[str]], changes: Mapping[str, str]
) -> list[str]:
    """Apply changes by column head or number: {"When": "time", "Price": "property:number"}. Raises FileProblem."""
    changed = override_mapping(targets, heads, changes)
    for column, target in enumerate(changed):
        cells = [row[column].strip() for row in samples if column < len(row) and row[column].strip()]
        changed[column] = complete_target(target, heads[column], column, cells)
    return changed


def check_past_mapping(targets: Sequence[str], heads: Sequence[str], fixed_name: str) -> None:
    """Raises FileProblem that says what to choose. `fixed_name` is the event name of rows that have none."""
    known = {field.value for field in PastField}
    seen: dict[str, int] = {}
    for column, target in enumerate(targets):
        if target == IGNORE:
            continue
        key = target
        if target.startswith(f"{PROPERTY}:"):
            kind, name = read_property(target)
            key = f"{PROPERTY}:{name}"
            if kind not in set(PropertyType) or not 0 < len(name) <= NAME_CHARACTERS_MAX or "\0" in name:
                raise FileProblem(FileReason.UNKNOWN_PAST_FIELD, field=target, fields=", ".join(PastField))
        elif target not in known:
            raise FileProblem(FileReason.UNKNOWN_PAST_FIELD, field=target, fields=", ".join(PastField))
        if key in seen:
            columns = ", ".join(heads[n] if heads[n].strip() else str(n + 1) for n in (seen[key], column))
            raise FileProblem(FileReason.COLUMN_TWICE, field=key, columns=columns)
        seen[key] = column
    if not set(WHO) & seen.keys():
        raise FileProblem(FileReason.NO_WHO_COLUMN)
    if PastField.TIME not in seen:
        raise FileProblem(FileReason.NO_TIME_COLUMN)
    if PastField.EVENT not in seen and not fixed_name:
        raise FileProblem(FileReason.NO_EVENT_COLUMN)


def write_property(kind: str, name: str) -> str:
    """The target of a column that is a property."""
    return f"{PROPERTY}:{kind}:{name}"


def read_property(target: str) -> tuple[str, str]:
    """Type and name of a property's target."""
    kind, _colon, name = target.removeprefix(f"{PROPERTY}:").partition(":")
    return kind, name


def name_property(head: str, column: int) -> str:
    """The property's name: the head as it stands, without what exports write before it."""
    name = head.strip()
    for before in ("properties.", "event_properties.", "properties_", "event_properties_"):
        name = name.removeprefix(before) or name
    return name[:NAME_CHARACTERS_MAX] or f"column_{column + 1}"


def guess_type(cells: Sequence[str]) -> PropertyType:
    """The type that all of a column's cells have; text where there is none. A letter alone is no yes, for it may be a
    size."""
    if cells and all(read_figure(cell) is not None for cell in cells):
        return PropertyType.NUMBER
    if cells and all(len(cell) > 1 and read_yes_no(cell) is not None for cell in cells):
        return PropertyType.BOOLEAN
    if cells and all(cell[0] + cell[-1] in ("{}", "[]") for cell in cells):
        return PropertyType.JSON
    return PropertyType.TEXT


def read_figure(text: str) -> int | float | None:
    """A number as files write it: 1204, -3.5, 12,50, 1.204,50. None for what may be something else: leading zeros, more
    than 15 digits, and 1,204, which is a thousand to some and a fraction to others."""
    if _GROUPED.fullmatch(text):
        mark = re.findall(r"[.,]", text)[-1]
        whole, _mark, part = text.rpartition(mark)
        return float(f"{re.sub('[.,]', '', whole)}.{part}")
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    if found[2] is None:
        return int(text)
    if found[2][0] == "," and len(found[2]) == 4:
        return None
    return float(text.replace(",", "."))


def _choose_by_head(first: Sequence[str]) -> list[str]:
    """Of several columns with heads of one field the one whose head comes first in the field's list."""
    ranks = {head: rank for rank, head in enumerate(_by_head())}
    best: dict[PastField, tuple[int, int]] = {}
    for column, head in enumerate(first):
        field = recognise_past_head(head)
        if field is not None:
            folded = fold_text(head.removeprefix("properties."))
            found = (ranks.get(folded, len(ranks)), column)
            best[field] = min(found, best.get(field, found))
    targets = [""] * len(first)
    for field, (_rank, column) in best.items():
        targets[column] = field.value
    return targets


def _choose_by_cells(cells: Sequence[str], taken: Sequence[str]) -> str:
    if not cells:
        return ""
    if PastField.EMAIL not in taken and all(read_email(cell) for cell in cells):
        return PastField.EMAIL.value
    if PastField.TIME not in taken and all(looks_like_time(cell) for cell in cells):
        return PastField.TIME.value
    return ""


def _make_unique(name: str, targets: Sequence[str]) -> str:
    names = {read_property(target)[1] for target in targets if target.startswith(f"{PROPERTY}:")}
    number, unique = 2, name
    while unique in names:
        unique, number = f"{name}_{number}", number + 1
    return unique


@cache
def _by_head() -> dict[str, PastField]:
    found: dict[str, PastField] = {}
    for field, heads in _HEADS.items():
        for head in heads.split("|"):
            found.setdefault(fold_text(head), field)
    return found
