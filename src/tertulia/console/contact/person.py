"""Who a contact is: its identities with trust and history, where it may be written to, and its profile."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions.contacts import Detail
from tertulia.console.contact.words import IDENTITY_ICONS, IDENTITY_NAMES
from tertulia.console.contacts.filters import APPS
from tertulia.core.came import subject_of
from tertulia.core.consent import MARKETING, SERVICE, Cause, ConsentState, Suppression, Target, derive, find_suppression
from tertulia.core.consent import permits as consent_permits
from tertulia.core.country_names import name_country
from tertulia.core.deliveries import MessageClass
from tertulia.core.identity import IdentityRef, Trust
from tertulia.store.contacts import Address, Contact, Identity

TRUST_WORDS = {
    Trust.CLAIMED: (gettext_lazy("claimed"), ""),
    Trust.TOKEN_LINKED: (gettext_lazy("linked"), "badge-accent"),
    Trust.VERIFIED: (gettext_lazy("verified"), "badge-ok"),
}
KIND_CHANNELS = {"phone": "sms", "email": "email"}


@dataclass(frozen=True, slots=True)
class Handle:
    """One identity or address as it is listed."""

    app: str
    value: str
    is_phone: bool
    badge: str
    badge_class: str
    details: list[str]
    since: datetime
    gone: bool

    @property
    def title(self) -> str:
        """What an id of the business's own apps and sites is, in words; empty for an app or an address."""
        return str(IDENTITY_NAMES.get(self.app, ""))

    @property
    def icon(self) -> str:
        """The icon that stands for it."""
        return IDENTITY_ICONS.get(self.app, "")


@dataclass(frozen=True, slots=True)
class Permission:
    """May we write there? One answer for service, one for offers: (class, words)."""

    app: str
    value: str
    is_phone: bool
    service: tuple[str, str]
    offers: tuple[str, str]
    several: bool = False


def name_person(contact: Contact) -> str:
    """Name and surname, or empty."""
    return f"{contact.name} {contact.surname}".strip()


def name_own_id(person: Detail) -> str:
    """The id in the business's own systems of somebody whose name is not known, or empty."""
    own = (row.ref.value for row in person.identities if row.ref.kind == "user_id" and row.unlinked_at is None)
    return next(own, "")


def list_handles(person: Detail) -> list[Handle]:
    """Identities that are linked now, then addresses; each value once."""
    handles = [_handle_of_identity(row) for row in person.identities if row.unlinked_at is None]
    known = {(handle.app, handle.value) for handle in handles}
    for address in person.addresses:
        app = KIND_CHANNELS.get(address.kind, address.kind)
        if (app, address.value) not in known:
            known.add((app, address.value))
            handles.append(_handle_of_address(address, app))
    return sorted(handles, key=lambda handle: handle.is_phone)


def list_former(person: Detail) -> list[Handle]:
    """Identities that belonged to this contact and no longer do."""
    return [_handle_of_identity(row) for row in person.identities if row.unlinked_at is not None]


def _handle_of_identity(row: Identity) -> Handle:
    words, badge_class = TRUST_WORDS[row.trust]
    is_phone = row.ref.kind == "phone"
    details = [detail for detail in (row.name, f"@{row.username}" if row.username else "") if detail]
    if row.signal:
        words, badge_class = _("blocked us") if row.signal == "blocked" else _("unfollowed"), "badge-danger"
    app = KIND_CHANNELS.get(row.ref.kind, row.ref.kind)
    shown = f"@{row.username}" if row.username and not is_phone else row.ref.value
    return Handle(app, shown, is_phone, str(words), badge_class, details, row.linked_at, row.unlinked_at is not None)


def _handle_of_address(address: Address, app: str) -> Handle:
    badge, badge_class = _("imported"), ""
    if address.dead_code:
        badge, badge_class = _("dead"), "badge-danger"
    elif app == "sms" and not address.sms:
        badge, badge_class = _("no SMS"), "badge-warn"
    return Handle(app, address.value, address.kind == "phone", badge, badge_class, [], address.added_at, False)


def list_permissions(person: Detail, undone: frozenset[str]) -> list[Permission]:
    """One row for each app identity and address: what may be written there, as the gates decide it."""
    places = [(row.ref, row.ref.kind) for row in person.identities if row.unlinked_at is None and row.ref.kind in APPS]
    places += [
        (IdentityRef(address.kind, "", address.value), KIND_CHANNELS[address.kind])
        for address in person.addresses
        if address.kind in KIND_CHANNELS and (address.kind != "phone" or address.sms)
    ]
    rows = [_permit(person, undone, subject, channel) for subject, channel in dict.fromkeys(places)]
    counts = Counter(row.app for row in rows)
    return [replace(row, several=counts[row.app] > 1) for row in rows]


def _permit(person: Detail, undone: frozenset[str], subject: IdentityRef, channel: str) -> Permission:
    entries = [consent.entry for consent in person.consents]
    stops = list(_list_suppressions(person, subject))
    answers = []
    for topic, message_class in ((SERVICE, MessageClass.SERVICE), (MARKETING, MessageClass.MARKETING)):
        state = derive(entries, Target(subject_of(subject), channel, topic), undone=undone)
        stop = find_suppression(stops, subject, channel, message_class)
        answers.append(_answer(state, message_class, stop))
    is_phone = subject.kind == "phone"
    return Permission(channel, subject.value, is_phone, answers[0], answers[1])


def _answer(state: ConsentState, message_class: MessageClass, stop: Suppression | None) -> tuple[str, str]:
    if stop is not None:
        return "danger", str(SUPPRESSION_WORDS[stop.cause])
    if state.blocked_by is not None:
        return "danger", _("blocked us")
    if consent_permits(state, message_class):
        return "ok", _("yes")
    return ("danger", _("no")) if state.by is not None else ("quiet", _("never asked"))


SUPPRESSION_WORDS = {
    Cause.WITHDRAWN: gettext_lazy("on the opt-out list"),
    Cause.BOUNCED: gettext_lazy("bounced"),
    Cause.COMPLAINED: gettext_lazy("complained"),
    Cause.DEAD_NUMBER: gettext_lazy("number dead"),
    Cause.LEGAL: gettext_lazy("legal stop"),
    Cause.MANUAL: gettext_lazy("stopped by the team"),
}


def _list_suppressions(person: Detail, subject: IdentityRef) -> Iterable[Suppression]:
    mine = [row for row in person.addresses if (row.kind, row.value) == (subject.kind, subject.value)]
    canonicals = {row.canonical for row in mine}
    for row in person.suppressions:
        if row.kind == subject.kind and row.canonical in canonicals:
            yield Suppression(Cause(row.cause), subject, row.channel, row.at, row.source, row.lifted_at is not None)


def list_profile(contact: Contact) -> list[tuple[str, str]]:
    """Plain facts in words; attributes come as their list brought them."""
    facts = [
        (_("Language"), contact.locale),
        (_("Country"), name_country(contact.country)),
        (_("Zone"), contact.zone),
        (_("Own id"), contact.external_id),
    ]
    facts += [(name, str(value)) for name, value in sorted(contact.attributes.items())]
    return [(name, value) for name, value in facts if value]


def describe_source(source: str, imports: Sequence[tuple[int, str]], sources: Mapping[int, str]) -> str:
    """Where the contact came from, in words: a list, a source of events, a first message, a comment, the API."""
    kind, _sep, detail = source.partition(":")
    if kind == "import":
        names = {str(pk): name for pk, name in imports}
        return names.get(detail, _("an imported list"))
    if kind == "event":
        return sources.get(int(detail) if detail.isdecimal() else 0, _("a deleted source"))
    return {"inbound": _("first message"), "comment": _("comment")}.get(kind, source)
