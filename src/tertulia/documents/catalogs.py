"""Whether a text that shows items of catalogs can."""

from collections.abc import Iterator

from tertulia.core.catalogs import list_names
from tertulia.core.reasons import gettext_noop as _
from tertulia.documents.lines import Path, Problem, Written
from tertulia.documents.texts import place_line

SHOWN_IN = frozenset({"text", "neutral", "subject", "html", "to"})
"""Fields of messages: items are looked up when one is handed over."""


def check_catalogs(
    written: Written, text: str, path: Path, known: frozenset[str] | None, *, is_html: bool = False
) -> Iterator[Problem]:
    """What is wrong with the catalogs that a text names. `known`: the keys of those that are there (None: not
    known)."""
    for name, line in list_names(text, is_html):
        place = place_line(written, path, line)
        if path[-1] not in SHOWN_IN or "retry" in path:
            message = _("Items of catalogs are looked up for messages. This text is none: leave the catalog out.")
            yield Problem(place, path, message, {})
        elif not name:
            yield Problem(place, path, _("Name the catalog: catalogs.products[event.product_id]."), {})
        elif known is not None and name not in known:
            message = _("No catalog has the key “%(key)s”. There are: %(known)s.")
            yield Problem(place, path, message, {"key": name, "known": ", ".join(sorted(known)) or "-"})
