"""What may be wrong with an entry by an audience or by a date."""

from collections.abc import Iterator
from typing import Final

from tertulia.core.journeys import AudienceEntry, DateEntry
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.wall_clock import read_time
from tertulia.documents.lines import Problem, Written

DAYS_MAX: Final = 366


def check_round(
    written: Written, entry: AudienceEntry | DateEntry, segments: frozenset[str] | None
) -> Iterator[Problem]:
    """`segments`: the keys of those that are published; None: not known."""
    found = _list_date(entry) if isinstance(entry, DateEntry) else _list_audience(entry)
    for name, message in [*found, *_list_time(entry)]:
        yield Problem(written.find(("entry", name)), ("entry", name), message)
    key = entry.segment if isinstance(entry, AudienceEntry) else ""
    if key and segments is not None and key not in segments:
        message = _("No published segment has the key “%(key)s”. There are: %(known)s.")
        told = {"key": key, "known": ", ".join(sorted(segments)) or "-"}
        yield Problem(written.find(("entry", "segment")), ("entry", "segment"), message, told)


def _list_time(entry: AudienceEntry | DateEntry) -> Iterator[tuple[str, str]]:
    if isinstance(entry, AudienceEntry) and entry.at_launch:
        if entry.time:
            yield "time", _("Whoever enters at the launch does so at once. Leave the time out.")
        return
    try:
        right = read_time(entry.time) is not None
    except ValueError:
        right = False
    if not right:
        yield "time", _("Give a time of day such as 09:00.")


def _list_audience(entry: AudienceEntry) -> Iterator[tuple[str, str]]:
    given = [name for name in ("at_launch", "on", "every") if getattr(entry, name)]
    if len(given) != 1:
        yield given[-1] if given else "on", _("Give either a date (on), how often (every), or at_launch.")
    if entry.at_launch and entry.clock == "customer":
        yield "clock", _("A launch is at one instant for everybody. Leave the clock out, or give a date.")
    if entry.every == "week" and not entry.weekdays:
        yield "weekdays", _("Say on which days of the week, such as [mon, thu].")
    if entry.weekdays and entry.every != "week":
        yield "weekdays", _("Days of the week belong to every: week. Leave them out.")
    if entry.every == "month" and entry.day is None:
        yield "day", _("Say on which day of the month, from 1 to 31.")
    if entry.day is not None and (entry.every != "month" or not 1 <= entry.day <= 31):
        yield "day", _("A day from 1 to 31 belongs to every: month.")


def _list_date(entry: DateEntry) -> Iterator[tuple[str, str]]:
    if not entry.attribute.strip():
        yield "attribute", _("Give the attribute that holds the date.")
    for name in ("days_before", "days_after"):
        if not 0 <= getattr(entry, name) <= DAYS_MAX:
            yield name, _("Give a number of days from 0 to 366.")
    if entry.days_before and entry.days_after:
        yield "days_after", _("Give the days either before or after the date.")
