"""Beside the form: for how many it is and where they can be reached, how it reads for one of them, and what a channel
cannot carry."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions import journeys
from tertulia.actions.broadcast_outlook import Reach, count_audience, list_sample
from tertulia.actions.channels import list_channels
from tertulia.actions.problems import Problem
from tertulia.actions.template_texts import Outlet, Preview, preview
from tertulia.actions.templates import list_templates, read_newest
from tertulia.channels import registry
from tertulia.console.access import get_now
from tertulia.console.broadcasts.form import Box, Form
from tertulia.console.contacts.rows import join_name
from tertulia.console.templates.form import find_direction
from tertulia.console.templates.panel import Phone, make_phone
from tertulia.core.carriers import EMAIL
from tertulia.core.journeys import Journey as Document
from tertulia.core.templates import Template, Variant
from tertulia.data.models import Workspace
from tertulia.documents.journeys import read_journey
from tertulia.documents.lines import BadDocument
from tertulia.documents.templates import read_template
from tertulia.errors import NotFound
from tertulia.store.contacts import list_contacts_by_id
from tertulia.store.db import django_conn

OFFERED_MAX = 24
ATTACHED = {
    "video": gettext_lazy("video"),
    "voice": gettext_lazy("voice message"),
    "document": gettext_lazy("document"),
    "gif": gettext_lazy("GIF"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A channel as the form offers it. `mark`: what draws it; `caption_max`: 0 where it carries no pictures;
    `attached`: what else it carries; `has_links`: a button may open an address."""

    name: str
    title: str
    mark: str
    text_max: int
    caption_max: int
    attached: frozenset[str]
    has_links: bool

    @property
    def is_mail(self) -> bool:
        """Whether it is e-mail."""
        return self.mark == EMAIL


@dataclass(frozen=True, slots=True)
class Shown:
    """One box as a contact gets it. `picture`: the address of that, or of whatever else goes with the text."""

    phone: Phone | None
    picture: str
    buttons: tuple[str, ...]
    locale: str
    direction: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the panel shows. `ways`: each chosen channel with how many it reaches; `notes` in words; `per_box` says in
    which box each problem is, by its place."""

    problems: tuple[Problem, ...]
    reach: Reach | None
    ways: tuple[tuple[Way, int], ...]
    notes: tuple[str, ...]
    offered: tuple[tuple[int, str], ...]
    shown_as: int
    shown: tuple[Shown, ...]

    @property
    def may_launch(self) -> bool:
        """Whether nothing stands in the way, and somebody would get it."""
        return not self.problems and self.reach is not None and self.reach.anywhere > 0


def list_ways(workspace: Workspace) -> list[Way]:
    """The families of the connected channels: all carriers of SMS as one, each app by its kind."""
    found: dict[str, Way] = {}
    for channel in list_channels(workspace):
        kind = registry.get(channel.kind)
        able = kind.capabilities
        family = able.carries or kind.kind
        title = {"sms": "SMS", EMAIL: _("E-mail")}.get(family, kind.title)
        told = (able.text_max, able.caption_max, able.attachments, able.link_buttons)
        found.setdefault(family, Way(family, title, family, *told))
    return list(found.values())


def look_at(request: HttpRequest, form: Form, text: str, asked: str) -> Outlook:
    """Of what is typed. `asked`: the id of the contact to see it as, as it was sent."""
    workspace, now = request.workspace, get_now(request)
    _document, problems = journeys.check_text(workspace, text)
    document = _read(text)
    reach, offered = None, ()
    if document is not None and form.channels:
        reach = count_audience(django_conn(), workspace, document, now, settings.PUBLIC_URL)
        ids = list_sample(django_conn(), workspace, document, now, settings.PUBLIC_URL, OFFERED_MAX)
        names = list_contacts_by_id(django_conn(), workspace.pk, ids)
        offered = tuple((row.id, join_name(row.name, row.surname)) for row in names)
    known = [contact_id for contact_id, _name in offered]
    chosen = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    contact = chosen if chosen in known else next(iter(known), 0)
    ways = {way.name: way for way in list_ways(workspace)}
    counts = dict(reach.reachable) if reach else {}
    mine = tuple((ways[name], counts.get(name, 0)) for name in form.channels if name in ways)
    return Outlook(
        tuple(problems),
        reach,
        mine,
        tuple(list_notes(form, [way for way, _count in mine])),
        offered,
        contact,
        tuple(_show(request, box, mine[0][0], contact) for box in form.boxes) if contact and mine else (),
    )


def list_notes(form: Form, ways: Sequence[Way]) -> list[str]:
    """What a chosen channel cannot carry as it is, and what it does instead."""
    notes = []
    if any(box.picture for box in form.boxes):
        plain = [way.title for way in ways if not way.caption_max and not way.is_mail]
        if plain:
            told = {"channels": ", ".join(plain)}
            notes.append(_("%(channels)s: no pictures. The text gets the picture's address.") % told)
        for way in ways:
            longest = max((len(box.text) for box in form.boxes if box.picture), default=0)
            if way.caption_max and longest > way.caption_max:
                told = {"channel": way.title, "most": way.caption_max}
                notes.append(_("%(channel)s: at most %(most)s characters beside a picture. It is not sent.") % told)
    for form_of_it in dict.fromkeys(box.attached for box in form.boxes if box.attachment):
        plain = [way.title for way in ways if form_of_it not in way.attached]
        if plain:
            told = {"channels": ", ".join(plain), "what": ATTACHED[form_of_it]}
            notes.append(_("%(channels)s: no %(what)s. The text gets its address.") % told)
    if any(box.label for box in form.boxes):
        plain = [way.title for way in ways if not way.has_links]
        if plain:
            told = {"channels": ", ".join(plain)}
            notes.append(_("%(channels)s: no button with a link. It is a line below the text.") % told)
    if any(box.buttons for box in form.boxes):
        plain = [way.title for way in ways if not _count_choices(way)]
        if plain:
            told = {"channels": ", ".join(plain)}
            notes.append(_("%(channels)s: no buttons. They are numbered lines below the text.") % told)
    return notes


def _count_choices(way: Way) -> int:
    """How many buttons a channel shows."""
    if way.mark in ("sms", EMAIL):
        return 0
    return registry.get(way.name).capabilities.choices_max


def _read(text: str) -> Document | None:
    """The document as far as it can be counted."""
    try:
        document = read_journey(text)
    except BadDocument:
        return None
    return document if document.is_broadcast else None


def _show(request: HttpRequest, box: Box, way: Way, contact_id: int) -> Shown:
    found = _preview(request, box, way, contact_id)
    locale = found.locale if found else ""
    buttons = tuple(line.strip() for line in box.buttons.splitlines() if line.strip())
    phone = make_phone(found.shown[0]) if found else None
    links = (box.label,) if box.label else ()
    return Shown(phone, box.picture or box.attachment, (*buttons, *links), locale, find_direction(locale))


def _preview(request: HttpRequest, box: Box, way: Way, contact_id: int) -> Preview | None:
    """By the very rendering of the claim; nothing for a box without a text, or with a template that is none."""
    workspace = request.workspace
    if box.template:
        named = next((one for one in list_templates(workspace) if one.key == box.template), None)
        text = read_newest(named) if named is not None else None
        if text is None:
            return None
        document = read_template(text)
    elif box.text:
        document = Template(name="", default="en", variants={"en": Variant(text=box.text)})
    else:
        return None
    carried = way.caption_max if box.picture or (box.attached in way.attached and box.attachment) else 0
    outlets = [Outlet(way.name, carried or way.text_max)]
    try:
        told = (django_conn(), workspace, document, contact_id, settings.PUBLIC_URL, get_now(request))
        return preview(*told, outlets=outlets)
    except NotFound:
        return None
