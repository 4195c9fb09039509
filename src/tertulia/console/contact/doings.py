"""What a contact did in the business's own apps and sites, as lines of its timeline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.console.sources.words import CALL_ICONS
from tertulia.core.sessions import DERIVED, ENDED
from tertulia.store.events import StoredEvent

PLACE_CHARACTERS = 120
VIEWS = frozenset({"page", "screen"})
FOLDED_MIN = 3


@dataclass(frozen=True, slots=True)
class Act:
    """One line. ``subject`` is set bold before the sentence, ``said`` is people's own words, ``why`` opens Why.
    ``more`` is shown on demand, under ``key``. ``view``: page or screen, of which a run is folded into one line with
    those ``inside``. ``imported``: it came from a file of past events."""

    at: datetime
    icon: str
    tone: str
    sentence: str
    subject: str = ""
    said: str = ""
    fact: str = ""
    why: str = ""
    more: str = ""
    key: str = ""
    view: str = ""
    inside: tuple["Act", ...] = ()
    imported: bool = False


def tell_event(event: StoredEvent, source: str) -> Act:
    """An event with its properties, or traits, on demand. ``source`` is the name of where it came from."""
    said = {"source": source or _("a deleted source")}
    subject = ""
    match event.type:
        case "track":
            subject, sentence = event.name, _("on %(source)s") % said
        case "page":
            subject, sentence = event.name or _("Page"), _("viewed on %(source)s") % said
        case "screen":
            subject, sentence = event.name or _("Screen"), _("viewed on %(source)s") % said
        case "derived":
            return _tell_derived(event)
        case "identify":
            sentence = _("Told about itself on %(source)s") % said
        case "group":
            sentence = _("Put into a group on %(source)s") % said
        case _:
            sentence = _("Got another id on %(source)s") % said
    return Act(
        *(event.occurred_at, CALL_ICONS.get(event.type, "zap"), "", sentence, subject),
        fact=_find_place(event),
        more=_write_properties(event),
        key=str(event.id),
        view=event.type if event.type in VIEWS else "",
        imported=event.imported,
    )


def _tell_derived(event: StoredEvent) -> Act:
    """A session that began or ended (R6)."""
    sentence, fact = _("A session began"), ""
    if event.name == ENDED:
        seconds = event.properties.get("duration_s")
        minutes = round(seconds / 60) if isinstance(seconds, int) else 0
        count = event.properties.get("events")
        done = count if isinstance(count, int) else 0
        sentence = _("The session ended")
        fact = " · ".join(
            (
                ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes},
                ngettext("%(n)d event", "%(n)d events", done) % {"n": done},
            )
        )
    icon = CALL_ICONS[DERIVED]
    return Act(event.occurred_at, icon, "", sentence, fact=fact, more=_write_properties(event), key=str(event.id))


def _write_properties(event: StoredEvent) -> str:
    return msgspec.json.format(msgspec.json.encode(event.properties), indent=2).decode() if event.properties else ""


def fold_views(acts: Iterable[Act]) -> list[Act]:
    """The acts, a run of pages or of screens as one of them: who looks around would push all else off the page."""
    folded: list[Act] = []
    for (view, imported), found in groupby(acts, lambda act: (act.view, act.imported)):
        run = tuple(found)
        if not view or len(run) < FOLDED_MIN:
            folded += run
            continue
        count = {"n": len(run)}
        words = (
            ngettext("%(n)d page viewed", "%(n)d pages viewed", len(run))
            if view == "page"
            else ngettext("%(n)d screen viewed", "%(n)d screens viewed", len(run))
        )
        folded.append(Act(run[0].at, run[0].icon, "", words % count, inside=run, imported=imported))
    return folded


def _find_place(event: StoredEvent) -> str:
    """Where in the site it happened, for a page."""
    place = event.properties.get("url") or event.properties.get("path") if event.type == "page" else ""
    return place[:PLACE_CHARACTERS] if isinstance(place, str) else ""
