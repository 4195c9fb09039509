"""Beside the editor: how what is typed looks to one contact on each channel, and whom of many it fails.

The contacts are read once and kept for some seconds, so that a keystroke renders a few hundred of them and asks the
database for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from tertulia.actions.template_texts import (
    READERS_MAX,
    Checks,
    Finding,
    Preview,
    Shown,
    check_readers,
    list_event_names,
    list_outlets,
    preview,
)
from tertulia.actions.templates import Use
from tertulia.console.access import get_now
from tertulia.console.contacts.rows import join_name
from tertulia.console.journeys.editor import list_events
from tertulia.console.templates.form import find_direction
from tertulia.core.language_names import name_language
from tertulia.core.search import split_words
from tertulia.core.sms import SINGLE_UNITS
from tertulia.core.templates import Template as Document
from tertulia.documents.lines import BadDocument
from tertulia.documents.templates import read_template
from tertulia.errors import NotFound
from tertulia.store.contacts import Filter, list_contacts, list_contacts_by_id
from tertulia.store.db import django_conn
from tertulia.store.templates import Reader, read_readers

READERS_KEPT_S: Final = 15
OFFERED_MAX: Final = 24


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader chose to see: a contact, what they look for among contacts, a language, an event."""

    contact_id: int
    words: str
    locale: str
    event: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One preview. `units` of `units_max` of the SMS part that is being filled."""

    shown: Shown
    units: int = 0
    units_max: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the panel shows."""

    asked: Asked
    offered: tuple[tuple[int, str], ...]
    events: tuple[str, ...]
    preview: Preview | None
    phones: tuple[Phone, ...]
    language: str
    direction: str
    checks: Checks | None
    findings: tuple[tuple[Finding, str, tuple[tuple[int, str], ...]], ...]


def read_asked(sent: Any) -> Asked:
    """From a query or a form."""
    shown = sent.get("show") or sent.get("as") or ""
    contact_id = int(shown) if shown.isdecimal() and len(shown) < 19 else 0
    return Asked(
        contact_id, sent.get("find", "").strip()[:200].replace("\0", ""), sent.get("in", ""), sent.get("event", "")
    )


def look_at(request: HttpRequest, text: str, uses: Sequence[Use], asked: Asked, places: dict[str, int]) -> Outlook:
    """Of a draft's text. `places`: the number of each variant in the form, by its tag."""
    document = read_document(text)
    names = [asked.event] if asked.event else list_event_names(uses)
    readers = find_readers(request, names)
    offered = offer_contacts(request, readers, asked)
    known = [contact_id for contact_id, _name in offered]
    contact_id = asked.contact_id if asked.contact_id in known else next(iter(known), 0)
    shown = _preview(request, document, contact_id, names, asked.locale)
    checks = None
    if document is not None and readers:
        workspace = request.workspace
        told = (list_outlets(workspace), settings.PUBLIC_URL, get_now(request))
        checks = check_readers(django_conn(), readers, workspace, document, *told)
    called = {reader.contact_id: join_name(reader.name, reader.surname) for reader in readers}
    return Outlook(
        asked=Asked(contact_id, asked.words, asked.locale, asked.event),
        offered=offered,
        events=tuple(dict.fromkeys([*(list_event_names(uses) or ()), *list_events(request)])),
        preview=shown,
        phones=tuple(make_phone(one) for one in shown.shown) if shown else (),
        language=name_language(shown.locale) if shown else "",
        direction=find_direction(shown.locale) if shown else "ltr",
        checks=checks,
        findings=tuple(
            (one, _find_place(one, places), tuple((id_, called[id_]) for id_ in one.contact_ids))
            for one in (checks.findings if checks else ())
        ),
    )


def read_document(text: str) -> Document | None:
    """The draft as far as it can be rendered; None where it cannot."""
    try:
        document = read_template(text)
    except BadDocument:
        return None
    return document if document.default in document.variants else None


def find_readers(request: HttpRequest, names: Sequence[str] | None) -> list[Reader]:
    """The contacts that came last, at most READERS_KEPT_S old."""
    key = f"readers:{request.workspace.pk}:{sorted(names) if names is not None else ''}".encode().hex()
    found: list[Reader] = cache.get_or_set(
        key, lambda: read_readers(django_conn(), request.workspace.pk, names, READERS_MAX), READERS_KEPT_S
    )
    return found


def offer_contacts(request: HttpRequest, readers: Sequence[Reader], asked: Asked) -> tuple[tuple[int, str], ...]:
    """Whom the preview may be shown as: those found by words, else those that came last; the chosen one among them."""
    if asked.words:
        which = Filter(words=split_words(asked.words))
        rows = list_contacts(django_conn(), request.workspace.pk, which, None, OFFERED_MAX)
        return tuple((row.id, join_name(row.name, row.surname) or row.phone) for row in rows)
    offered = {reader.contact_id: join_name(reader.name, reader.surname) for reader in readers[:OFFERED_MAX]}
    if asked.contact_id and asked.contact_id not in offered:
        chosen = list_contacts_by_id(django_conn(), request.workspace.pk, [asked.contact_id])
        offered = {row.id: join_name(row.name, row.surname) for row in chosen} | offered
    return tuple(offered.items())


def _preview(
    request: HttpRequest, document: Document | None, contact_id: int, names: Sequence[str] | None, locale: str
) -> Preview | None:
    if document is None or not contact_id:
        return None
    try:
        told = (django_conn(), request.workspace, document, contact_id, settings.PUBLIC_URL, get_now(request))
        return preview(*told, names=names, locale=locale)
    except NotFound:
        return None


def make_phone(shown: Shown) -> Phone:
    """With the units of the SMS part that is being filled."""
    if shown.parts is None:
        return Phone(shown)
    whole = shown.parts.units + shown.parts.left
    return Phone(shown, shown.parts.units, max(whole, SINGLE_UNITS[shown.parts.encoding]))


def _find_place(finding: Finding, places: dict[str, int]) -> str:
    """The field of the form where the finding is."""
    number = places.get(finding.locale)
    return f"{finding.field}.{number}" if number and finding.field else ""
