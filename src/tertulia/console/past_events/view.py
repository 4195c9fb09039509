"""What the check and the result of past events show: outcomes as doors, what comes, the rows that are not taken."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.imports import read_shape_of
from tertulia.actions.past_words import LISTINGS, explain_past
from tertulia.console.imports.check import describe_csv
from tertulia.console.imports.words import STATES
from tertulia.console.parts import Pager, Tile
from tertulia.console.sources.words import name_event
from tertulia.core.import_states import WORKING_STATES, ImportState
from tertulia.core.past_counts import PastCounts, read_counts
from tertulia.core.past_lines import is_json
from tertulia.data.models import Import
from tertulia.store.db import django_conn
from tertulia.store.import_rows import Listing, list_rows

PAGE_ROWS = 50
ROW_MAX = 2**31 - 1
NAMES_SHOWN = 10
TOLD_CHARACTERS_MAX = 160


@dataclass(frozen=True, slots=True)
class Tab:
    """One listing with its count."""

    name: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not taken."""

    row: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the first events, as it will stand in a timeline."""

    row: int
    at: datetime
    who: str
    name: str
    told: str


def build_outcome(request: HttpRequest, found: Import, view: str) -> dict[str, object]:
    """Everything that the page of a checked, running or finished import draws."""
    working = found.state in WORKING_STATES
    context: dict[str, object] = {"working": working, "facts": describe_file(found), **progress_of(found)}
    counts = read_counts(found.counts) if found.counts else PastCounts()
    if working or not found.counts:
        return context | {"counts": counts, "tiles": ()}
    base = reverse(view, args=[found.source_id, found.pk])
    listing = read_listing(request, counts)
    after = request.GET.get("after", "")
    start = min(int(after), ROW_MAX) if after.isdecimal() else 0
    rows = list_rows(django_conn(), found.pk, listing, start, PAGE_ROWS + 1)
    shown = [Row(row.row, row.field, row.value, explain_past(row.reason)) for row in rows[:PAGE_ROWS]]
    from_row = int(request.GET["from"]) if request.GET.get("from", "").isdecimal() else 1
    on = f"?rows={listing.value}&after={shown[-1].row}&from={from_row + len(shown)}" if len(rows) > PAGE_ROWS else ""
    back = f"?rows={listing.value}" if start else ""
    last = from_row + len(shown) - 1 if shown else 0
    return context | {
        "counts": counts,
        "tiles": make_tiles(counts, base, listing, found),
        "bar": [(counts.new, "5"), (counts.there, "1"), (counts.twice, "grey"), (counts.rejected, "danger")],
        "tabs": make_tabs(counts, base, listing),
        "listing": listing.value,
        "listed": count_of(counts, listing),
        "rows": shown,
        "pager": Pager(from_row if shown else 0, last, count_of(counts, listing), back, on),
        "names": sorted(counts.names.items(), key=lambda item: (-item[1], item[0]))[:NAMES_SHOWN],
        "more_names": max(len(counts.names) - NAMES_SHOWN, 0),
        "preview": [show_preview(row) for row in counts.preview],
        "will": describe_will(counts),
    }


def progress_of(found: Import) -> dict[str, object]:
    """How far a working import is, as a share and in words."""
    guess = read_shape_of(found).lines if found.state == ImportState.CHECKING else 0
    total = max(found.rows_total or guess, found.rows_done)
    places = {"done": f"{found.rows_done:,}", "total": f"{total:,}"}
    words = _("%(done)s of %(total)s rows") % places
    share = found.rows_done / total if total else 0.0
    return {"share": share, "words": words, "doing": STATES[found.state][0], "live_topic": f"import:{found.pk}"}


def read_listing(request: HttpRequest, counts: PastCounts) -> Listing:
    """Which rows the address asks for; where it asks for none, the rejected ones, or those that stand twice."""
    asked = request.GET.get("rows", "")
    if asked in {listing.value for listing in LISTINGS}:
        return Listing(asked)
    return Listing.DUPLICATE if counts.twice and not counts.rejected else Listing.REJECTED


def count_of(counts: PastCounts, listing: Listing) -> int:
    """How many rows a listing has."""
    return counts.twice if listing is Listing.DUPLICATE else counts.rejected


def make_tiles(counts: PastCounts, base: str, listing: Listing, found: Import) -> list[Tile]:
    """The outcomes; those that are listed are doors."""
    taken = _("Taken") if found.started_at else _("New")
    doors = [
        (Listing.DUPLICATE, _("Twice in the file"), counts.twice, "grey", _("taken once")),
        (Listing.REJECTED, _("Rejected"), counts.rejected, "danger", _("left out")),
    ]
    return [
        Tile(taken, f"{counts.new:,}", _("now in timelines") if found.started_at else _("go into timelines"), dot="5"),
        Tile(_("Here already"), f"{counts.there:,}", _("stay as they are"), dot="1"),
        *(
            Tile(name, f"{count:,}", against, url=f"{base}?rows={which.value}", dot=dot, current=which is listing)
            for which, name, count, dot, against in doors
        ),
    ]


def make_tabs(counts: PastCounts, base: str, listing: Listing) -> list[Tab]:
    """The listings that have rows, and the one that is shown."""
    names = [(Listing.REJECTED, _("Rejected")), (Listing.DUPLICATE, _("Twice in the file"))]
    return [
        Tab(name, count_of(counts, which), f"{base}?rows={which.value}", which is listing)
        for which, name in names
        if count_of(counts, which) or which is listing
    ]


def describe_file(found: Import) -> str:
    """Rows, encoding and form in one line."""
    shape, parts = read_shape_of(found), []
    if found.rows_total:
        parts.append(ngettext("%(n)s row", "%(n)s rows", found.rows_total) % {"n": f"{found.rows_total:,}"})
    parts.append(_("JSON Lines") if is_json(shape) else describe_csv(shape))
    return " · ".join(parts)


def describe_will(counts: PastCounts) -> list[str]:
    """What will happen, one sentence each."""
    new, there, left, odd = counts.new, counts.there, counts.rejected + counts.twice, counts.as_text
    if not new:
        known = _("Nothing changes: every event of this file is here already.")
        none = _("Nothing changes: no row of this file can be taken. The reasons stand beside the rows.")
        return [known if there else none]
    lines = [
        (
            new,
            ngettext(
                "%(n)s event goes into its contact's timeline, marked as imported.",
                "%(n)s events go into their contacts' timelines, marked as imported.",
                new,
            ),
        ),
        (
            counts.strangers,
            ngettext(
                "%(n)s of them is of an id that nobody has yet: it makes a new contact.",
                "%(n)s of them are of ids that nobody has yet: they make new contacts.",
                counts.strangers,
            ),
        ),
        (there, ngettext("%(n)s is here already and stays.", "%(n)s are here already and stay.", there)),
        (left, ngettext("%(n)s row is left out.", "%(n)s rows are left out.", left)),
        (
            odd,
            ngettext(
                "%(n)s cell is not of its column's type and stays text.",
                "%(n)s cells are not of their column's type and stay text.",
                odd,
            ),
        ),
    ]
    said = [sentence % {"n": f"{number:,}"} for number, sentence in lines if number]
    return [
        *said,
        _("Nothing is started by them and nothing is sent."),
        _("It cannot be undone. The same file again changes nothing."),
    ]


def show_preview(row: dict) -> Shown:
    """One of the first events."""
    told = msgspec.json.encode(row["told"]).decode() if row["told"] else ""
    at = datetime.fromisoformat(row["at"])
    return Shown(row["row"], at, row["who"], name_event(row["call"], row["name"]), told[:TOLD_CHARACTERS_MAX])
