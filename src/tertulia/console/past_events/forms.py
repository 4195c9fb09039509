"""What the pages of past events are sent: the file, what each column is, and what is said about the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tertulia import config
from tertulia.actions.import_files import save_file
from tertulia.actions.imports import read_shape_of, read_targets
from tertulia.actions.past_events import add_past, list_past_heads, read_past_options, read_past_shape
from tertulia.console.imports.forms import BLOCK_BYTES
from tertulia.console.past_events.words import AS_IT_IS, FIELDS, MESSAGE_FIELDS, TYPES
from tertulia.core.country_names import find_country, name_country
from tertulia.core.past_fields import (
    PROPERTY,
    PropertyType,
    complete_target,
    name_property,
    read_property,
    write_property,
)
from tertulia.core.past_lines import LINES, MESSAGES
from tertulia.core.past_rows import PastOptions
from tertulia.data.models import Import, Source
from tertulia.errors import Invalid

SAMPLES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the form shows it: its name in the file, what it is, what it could be, and some of its cells."""

    number: int
    head: str
    target: str
    choices: list[tuple[str, str]]
    samples: list[str]


def take_past_file(request: HttpRequest, source: Source, now: datetime) -> Import:
    """The upload as a new import. Raises Invalid with the field, or FileProblem."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid(_("Choose a file."), field="file")
    bytes_max = config.read_int("IMPORT_BYTES_MAX")
    saved = save_file(upload.chunks(BLOCK_BYTES), config.data_dir(), bytes_max)
    shape = read_past_shape(config.data_dir(), saved, bytes_max, source.workspace.country)
    return add_past(source, request.user, now, name=upload.name or _("past events"), saved=saved, shape=shape)


def read_said(sent: QueryDict, before: PastOptions) -> PastOptions:
    """What is said about a file. Raises Invalid with the field."""
    country, zone, event = (sent.get(name, "").strip() for name in ("country", "zone", "event"))
    code = find_country(country) if country else ""
    if country and not code:
        raise Invalid(_("No country is called %(name)s. Give its name or code.") % {"name": country}, field="country")
    return PastOptions(
        has_head=before.has_head if "has_head_asked" not in sent else bool(sent.get("has_head")),
        event=event,
        zone=zone or before.zone,
        country=code or "",
        month_first=sent.get("order") == "month",
    )


def read_fields(sent: QueryDict, found: Import, options: PastOptions) -> list[str]:
    """The target of each column; a property may come with its type alone."""
    heads, shape = list_past_heads(found), read_shape_of(found)
    targets = []
    for column, head in enumerate(heads):
        cells = [row[column] for row in shape.samples if column < len(row) and row[column].strip()]
        target = sent.get(f"column_{column}", "ignore")
        targets.append(complete_target(target, head if options.has_head else "", column, cells))
    return targets


def list_fields(found: Import, targets: Sequence[str], options: PastOptions) -> list[Column]:
    """The columns of the form."""
    shape = read_shape_of(found)
    rows = shape.samples if options.has_head else (shape.first, *shape.samples)
    types = AS_IT_IS if shape.kind == LINES else TYPES
    columns = []
    for number, (head, target) in enumerate(zip(list_past_heads(found), targets, strict=True)):
        cells = list(dict.fromkeys(row[number] for row in rows if number < len(row) and row[number].strip()))
        shown = target
        if shape.kind == LINES and target.startswith(f"{PROPERTY}:"):  # every value has its own type
            shown = write_property(PropertyType.TEXT, read_property(target)[1])
        columns.append(Column(number, head, shown, _list_choices(head, number, target, types), cells[:SAMPLES_SHOWN]))
    return columns


def _list_choices(head: str, number: int, target: str, types: Mapping[str, Promise]) -> list[tuple[str, str]]:
    """The fields that a column can be, then the types of a property under the name that it has or would have."""
    name = read_property(target)[1] if target.startswith(f"{PROPERTY}:") else name_property(head, number)
    known = [(value, str(words)) for value, words in FIELDS.items()]
    return known + [(write_property(kind, name), str(words)) for kind, words in types.items()]


def list_message_fields(found: Import) -> list[Column]:
    """What messages of SDKs hold, as a table to be read; nothing of it is chosen."""
    shape = read_shape_of(found)
    columns = []
    for number, name in enumerate(shape.first):
        cells = list(dict.fromkeys(row[number] for row in shape.samples if row[number].strip()))
        words = str(MESSAGE_FIELDS.get(name, _("Left out")))
        columns.append(Column(number, name, words, [], cells[:SAMPLES_SHOWN]))
    return columns


def show_said(options: PastOptions) -> dict[str, str]:
    """What was said about a file, as the form shows it again."""
    return {
        "event": options.event,
        "zone": options.zone,
        "country": name_country(options.country) if options.country else "",
        "order": "month" if options.month_first else "day",
    }


def is_messages(found: Import) -> bool:
    """Whether the file holds messages of SDKs, whose fields are known."""
    return bool(found.shape.get("kind") == MESSAGES)


def read_now(found: Import) -> tuple[list[str], PastOptions]:
    """The targets and what was said, as the import has them."""
    return read_targets(found), read_past_options(found)
