"""What the check and the result show: outcome tiles, one bar, tabs of rows, series, and what will happen."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tertulia.actions.imports import count_erased, read_options_of, read_shape_of
from tertulia.console.imports.words import BASES, CAUSES, STATES, show_row
from tertulia.console.parts import Pager, Tile
from tertulia.core.country_names import name_country
from tertulia.core.import_fields import ListKind
from tertulia.core.import_states import UNDO_DAYS, ImportState
from tertulia.core.tabular import Shape
from tertulia.data.models import Import
from tertulia.store.db import django_conn
from tertulia.store.import_rows import Listing, list_rows

PAGE_ROWS = 50
ROW_MAX = 2**31 - 1
_DELIMITERS = {
    ",": gettext_lazy("commas"),
    ";": gettext_lazy("semicolons"),
    "\t": gettext_lazy("tabs"),
    "|": gettext_lazy("bars"),
}
_ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One listing with its count."""

    name: str
    count: int
    url: str
    current: bool


def build_check(request: HttpRequest, found: Import, view: str) -> dict[str, object]:
    """Everything that the page of a checked or finished import draws."""
    counts = found.counts
    working = found.state in (ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING)
    context: dict[str, object] = {"working": working, "facts": describe_file(found), "said": describe_said(found)}
    context["live_topic"] = f"import:{found.pk}"
    if working or "new" not in counts:
        return {**context, **progress_of(found), "tiles": ()}
    listing = read_listing(request)
    base = reverse(view, args=[found.pk])
    after = request.GET.get("after", "")
    start = min(int(after), ROW_MAX) if after.isdecimal() else 0
    first, last = _read_bounds(request)
    rows = list_rows(django_conn(), found.pk, listing, start, PAGE_ROWS + 1, first=first, last=last)
    shown = rows[:PAGE_ROWS]
    drawn = [show_row(row) for row in shown]
    from_row = int(request.GET["from"]) if request.GET.get("from", "").isdecimal() else 1
    total = count_of(counts, listing) if not first else None
    bounds = f"&first={first}&last={last}" if first else ""
    more = len(rows) > PAGE_ROWS
    on = f"?rows={listing.value}{bounds}&after={shown[-1].row}&from={from_row + len(shown)}" if more else ""
    back = f"?rows={listing.value}{bounds}" if start else ""
    return {
        **context,
        "tiles": make_tiles(found, base, listing),
        "bar": _make_bar(counts),
        "tabs": make_tabs(counts, base, listing),
        "listing": listing.value,
        "listed": count_of(counts, listing),
        "rows": drawn,
        "has_fields": any(row.field for row in drawn),
        "has_suggestions": any(row.suggestion for row in drawn),
        "pager": Pager(from_row if shown else 0, from_row + len(shown) - 1 if shown else 0, total, back, on),
        "series": [_show_series(base, one) for one in found.warnings if one.get("kind") == "series"],
        "will": describe_will(found),
        "erased": count_erased(found),
        "changes": count_changes(found),
        "suggestions": counts["suggestions"],
        "taken": read_options_of(found).take_suggestions,
    }


def count_changes(found: Import) -> int:
    """How many contacts, or suppressions, the import adds or changes."""
    return int(sum(found.counts[outcome] for outcome in ("new", "updated", "suppressed")))


def progress_of(found: Import) -> dict[str, object]:
    """How far a working import is, as a share and in words."""
    guess = read_shape_of(found).lines if found.state == ImportState.CHECKING else 0
    total = max(found.rows_total or guess, found.rows_done)
    places = {"done": f"{found.rows_done:,}", "total": f"{total:,}"}
    words = _("%(done)s of %(total)s rows") % places
    return {"share": found.rows_done / total if total else 0.0, "words": words, "doing": STATES[found.state][0]}


def read_listing(request: HttpRequest) -> Listing:
    """Which rows the address asks for; the rejected ones where it asks for none."""
    asked = request.GET.get("rows", "")
    return Listing(asked) if asked in set(Listing) else Listing.REJECTED


def count_of(counts: dict, listing: Listing) -> int:
    """How many rows a listing has."""
    if listing is Listing.ALL:
        return int(counts["rows"])
    return int(counts.get(listing.value, 0))


def make_tiles(found: Import, base: str, listing: Listing) -> list[Tile]:
    """The outcomes as doors."""
    counts = found.counts
    if found.kind == ListKind.OPT_OUTS:
        outcomes = [(Listing.SUPPRESSED, _("Suppressed"), "5", _("nothing is sent to them"))]
    else:
        without = _("%(n)s without SMS") % {"n": f"{counts['without_sms']:,}"}
        without = without if counts["without_sms"] else _("all with SMS")
        fields = ngettext("%(n)s change", "%(n)s changes", counts["fields"]) % {"n": f"{counts['fields']:,}"}
        outcomes = [
            (Listing.NEW, _("New"), "5", without if counts["new"] else _("nobody")),
            (Listing.UPDATED, _("Updated"), "3", fields),
        ]
    outcomes += [
        (Listing.UNCHANGED, _("Unchanged"), "1", _("nothing to do")),
        (Listing.DUPLICATE, _("Duplicates"), "grey", _("twice in the file")),
        (Listing.REJECTED, _("Rejected"), "danger", _("left out")),
    ]
    return [
        Tile(
            name,
            f"{count_of(counts, which):,}",
            against,
            url=f"{base}?rows={which.value}",
            dot=dot,
            current=which is listing,
        )
        for which, name, dot, against in outcomes
    ]


def make_tabs(counts: dict, base: str, listing: Listing) -> list[Tab]:
    """The listings that have rows, and the one that is shown."""
    names = [
        (Listing.REJECTED, _("Rejected")),
        (Listing.WITHOUT_SMS, _("Without SMS")),
        (Listing.DUPLICATE, _("Duplicates")),
        (Listing.UPDATED, _("Updated")),
        (Listing.NEW, _("New")),
        (Listing.UNCHANGED, _("Unchanged")),
        (Listing.SUPPRESSED, _("Suppressed")),
        (Listing.KEPT, _("Kept")),
    ]
    return [
        Tab(name, count_of(counts, which), f"{base}?rows={which.value}", which is listing)
        for which, name in names
        if count_of(counts, which) or which is listing
    ]


def describe_file(found: Import) -> str:
    """Rows, encoding, delimiter and channel in one line."""
    shape = read_shape_of(found)
    parts = []
    if found.rows_total:
        rows = found.counts.get("rows", found.rows_total)
        parts.append(ngettext("%(n)s row", "%(n)s rows", rows) % {"n": f"{rows:,}"})
    parts.append(describe_csv(shape))
    if found.channel is not None:
        parts.append(_("channel %(name)s") % {"name": found.channel.name})
    return " · ".join(parts)


def describe_csv(shape: Shape) -> str:
    """The sheet of a spreadsheet, or encoding and delimiter."""
    if shape.kind == "sheet":
        return _("sheet %(name)s") % {"name": shape.sheet}
    encoding = _ENCODINGS.get(shape.encoding) or shape.encoding.replace("cp", "Windows-").replace("gb", "GB ")
    return f"{encoding}, {_DELIMITERS.get(shape.delimiter, shape.delimiter)}"


def describe_said(found: Import) -> list[tuple[str, str]]:
    """What was said about the list, as facts."""
    options = read_options_of(found)
    country = _("Only numbers with a country code")
    if options.country:
        country = _("%(country)s, where none is given") % {"country": name_country(options.country)}
    said = [(_("Country"), country)]
    if found.kind == ListKind.OPT_OUTS:
        return [*said, (_("Cause"), str(CAUSES[options.cause.value]))]
    source = " · ".join(filter(None, (options.source, options.text_version)))
    return [*said, (_("Consent"), str(BASES[options.basis.value])), (_("Its source"), source or _("none"))]


def describe_will(found: Import) -> list[str]:
    """What will happen, or has, one sentence each."""
    counts = found.counts
    if not count_changes(found):
        known = counts["unchanged"]
        said = _("Nothing changes: no row of this file can be taken. The reasons stand beside the rows.")
        return [_("Nothing changes: what this file says is here already.") if known else said]
    if found.kind == ListKind.OPT_OUTS:
        number = counts["suppressed"]
        stopped = ngettext("%(n)s address gets nothing any more.", "%(n)s addresses get nothing any more.", number)
        return [
            stopped % {"n": f"{number:,}"},
            _("This wins over any consent, whichever comes first, and is not undone."),
        ]
    changed, repaired = counts["new"] + counts["updated"], counts.get("repaired", 0)
    reasons = counts["reasons"]
    landlines, sharing = reasons.get("landline", 0), reasons.get("shared_phone", 0)
    stopped = reasons.get("suppressed", 0)
    lines = [
        (changed, ngettext("%(n)s contact is added or changed.", "%(n)s contacts are added or changed.", changed)),
        (repaired, ngettext("%(n)s number gets its present form.", "%(n)s numbers get their present form.", repaired)),
        (
            landlines,
            ngettext(
                "%(n)s landline is kept, but not used for SMS.",
                "%(n)s landlines are kept, but not used for SMS.",
                landlines,
            ),
        ),
        (
            sharing,
            ngettext("%(n)s person shares a phone with another.", "%(n)s people share a phone with another.", sharing),
        ),
        (
            stopped,
            ngettext(
                "%(n)s is on the opt-out list and gets nothing.",
                "%(n)s are on the opt-out list and get nothing.",
                stopped,
            ),
        ),
    ]
    said = [sentence % {"n": f"{number:,}"} for number, sentence in lines if number]
    return [*said, _("Nothing is sent."), _("You can undo the import for %(days)s days.") % {"days": UNDO_DAYS}]


def _make_bar(counts: dict) -> list[tuple[float, str]]:
    outcomes = (("new", "5"), ("suppressed", "5"), ("updated", "3"), ("unchanged", "1"))
    return [(counts[outcome], fill) for outcome, fill in (*outcomes, ("duplicate", "grey"), ("rejected", "danger"))]


def _show_series(base: str, series: dict) -> dict[str, object]:
    url = f"{base}?rows=all&first={series['first_row']}&last={series['last_row']}"
    return {**series, "url": url}


def _read_bounds(request: HttpRequest) -> tuple[int, int]:
    first, last = request.GET.get("first", ""), request.GET.get("last", "")
    if first.isdecimal() and last.isdecimal():
        return min(int(first), ROW_MAX), min(int(last), ROW_MAX)
    return 0, 0
