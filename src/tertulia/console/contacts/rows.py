"""The rows of the contact list: apps that reach, and whether offers may be sent, as the rules of consent derive it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tertulia.console.contacts.filters import APPS
from tertulia.core.consent import MARKETING, SERVICE, ConsentFact, Given, derive_all
from tertulia.data.models import Channel, Workspace
from tertulia.store.contacts import ListedContact, read_consents, read_undone_evidence
from tertulia.store.db import Conn


@dataclass(frozen=True, slots=True)
class Row:
    """One contact as it is listed. ``marks`` is (app, reaches); ``consent`` is offers, service, refused or none."""

    contact: ListedContact
    name: str
    marks: list[tuple[str, bool]]
    consent: str


def build_rows(conn: Conn, workspace: Workspace, contacts: Sequence[ListedContact]) -> list[Row]:
    """The rows of one page, with two queries for all of their consents."""
    apps = list_apps(workspace)
    undone = read_undone_evidence(conn, workspace.pk)
    entries: dict[int, list[ConsentFact]] = defaultdict(list)
    for consent in read_consents(conn, [contact.id for contact in contacts]):
        entries[consent.entry.contact_id].append(consent.entry)
    return [
        Row(
            contact,
            join_name(contact.name, contact.surname),
            mark_apps(contact, apps),
            sum_up_consent(entries[contact.id], undone),
        )
        for contact in contacts
    ]


def list_apps(workspace: Workspace) -> list[str]:
    """The apps that this workspace has a channel for, in their usual order; all of them before the first channel."""
    kinds = set(Channel.objects.filter(workspace=workspace, archived_at=None).values_list("kind", flat=True))
    return [app for app in APPS if app in kinds] or list(APPS)


def mark_apps(contact: ListedContact, apps: Sequence[str]) -> list[tuple[str, bool]]:
    """Every app of the workspace and SMS, each with whether it reaches the contact."""
    shown = [*apps, *(app for app in contact.apps if app in APPS and app not in apps)]
    return [*((app, app in contact.apps) for app in shown), ("sms", contact.sms)]


def sum_up_consent(entries: Sequence[ConsentFact], undone: frozenset[str]) -> str:
    """offers when they may be sent anywhere; refused when they may nowhere and were refused; service; none."""
    states = derive_all(entries, undone=undone)
    open_to = {
        target.topic for target, state in states.items() if state.given is Given.GRANTED and not state.blocked_by
    }
    refused = any(
        state.given is Given.WITHDRAWN or state.blocked_by
        for target, state in states.items()
        if target.topic == MARKETING
    )
    if MARKETING in open_to:
        return "offers"
    if refused or any(entry.given is Given.WITHDRAWN for entry in entries):
        return "refused"
    return "service" if SERVICE in open_to else "none"


def join_name(name: str, surname: str) -> str:
    """Name and surname as one."""
    return f"{name} {surname}".strip()
