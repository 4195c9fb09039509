"""Segments as documents: read, and checked with everything that is wrong in them named by line and column."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.segment_document import (
    NAME_CHARACTERS_MAX,
    Known,
    Segment,
    SegmentCondition,
    find_segment_faults,
    list_named,
)
from tertulia.documents.fields import convert
from tertulia.documents.lines import BadDocument, Place, Problem, read_lines


def read_segment(text: str) -> Segment:
    """A segment that was found valid before. Raises BadDocument for what is none."""
    written = read_lines(text)
    found = convert(written, written.value, Segment, ())
    if isinstance(found, Problem):
        raise BadDocument([found])
    return found


def write_schema() -> dict[str, Any]:
    """The JSON Schema of a segment's document."""
    (schema,), shared = msgspec.json.schema_components([Segment], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Segment", **schema, "$defs": shared}


def check_segment(
    text: str, known: Known, key: str = "", others: Mapping[str, SegmentCondition | None] | None = None
) -> Segment:
    """The segment, or BadDocument with everything that is wrong with it, in the order of its lines. `key` is its own,
    `others` are the conditions of those that it may name: none may lead back to it."""
    written = read_lines(text)
    if not isinstance(written.value, dict):
        message = _("A segment begins with its name: write name, and where for who belongs.")
        raise BadDocument([Problem(Place(1, 1), (), message)])
    segment = convert(written, written.value, Segment, ())
    if isinstance(segment, Problem):
        raise BadDocument([segment])
    problems = []
    if not 0 < len(segment.name.strip()) <= NAME_CHARACTERS_MAX:
        message = _("Give the segment a name of at most 200 characters.")
        problems.append(Problem(written.find(("name",)), ("name",), message))
    if segment.where is not None:
        for fault in find_segment_faults(segment.where, ("where",), known):
            problems.append(Problem(written.find(fault.path), fault.path, fault.message, fault.parameters))
        if key and not problems and _leads_to(key, segment.where, others or {}):
            message = _("The segments that this one names lead back to itself.")
            problems.append(Problem(written.find(("where",)), ("where",), message))
    if problems:
        raise BadDocument(sorted(problems, key=lambda one: (one.place.line, one.place.column)))
    return segment


def _leads_to(key: str, where: SegmentCondition | None, others: Mapping[str, SegmentCondition | None]) -> bool:
    seen: set[str] = set()
    open_ = list(list_named(where))
    while open_:
        name = open_.pop()
        if name == key:
            return True
        if name not in seen:
            seen.add(name)
            open_ += list_named(others.get(name))
    return False
