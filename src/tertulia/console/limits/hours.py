"""The lines of the quiet hours' form, read and filled: from, to, and the days on which they begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.dates import WEEKDAYS_ABBR

from tertulia.actions.quiet_hours import FIELD, HOURS_MAX

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what stands in its fields, the days with their names and whether each is ticked, and what is wrong."""

    begin: str
    end: str
    days: list[tuple[str, str, bool]]
    error: str = ""
    field: str = ""


def read_hours(sent: QueryDict) -> list[dict[str, Any]]:
    """The hours as documents write them. A line without times is none; one without a ticked day is for every day."""
    hours = []
    for place in range(HOURS_MAX + 1):
        begin, end = sent.get(f"from-{place}", "").strip(), sent.get(f"to-{place}", "").strip()
        if begin or end:
            days = [day for day in DAYS if day in sent.getlist(f"days-{place}")]
            every = {} if len(days) in (0, len(DAYS)) else {"days": days}
            hours.append({"from": begin, "to": end, **every})
    return hours


def fill_lines(hours: Sequence[Mapping[str, Any]], errors: Mapping[str, str] | None = None) -> list[Line]:
    """The form's lines, and an empty one to add hours. `errors` by field."""
    lines = [_fill(place, one, errors or {}) for place, one in enumerate(hours)]
    return [*lines, _fill(len(lines), {}, {})]


def _fill(place: int, hours: Mapping[str, Any], errors: Mapping[str, str]) -> Line:
    ticked = hours.get("days", DAYS if hours else ())
    days = [(day, str(WEEKDAYS_ABBR[n]), day in ticked) for n, day in enumerate(DAYS)]
    head = f"{FIELD}.{place}"
    wrong = next((field for field in errors if field == head or field.startswith(f"{head}.")), "")
    begin, end = (str(hours.get(name, "")) for name in ("from", "to"))
    return Line(begin, end, days, errors.get(wrong, ""), wrong.removeprefix(head).lstrip("."))
