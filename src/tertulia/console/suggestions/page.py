"""Every open merge suggestion, the newest first: perhaps the same person twice. Deciding happens on the contact."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.console.access import get_now
from tertulia.console.contact.person import name_person
from tertulia.console.contact.suggestions import describe_evidence
from tertulia.console.routes import route
from tertulia.store.contacts import list_open_suggestions, read_contact
from tertulia.store.db import django_conn
from tertulia.store.overview import count_waiting

ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts and what speaks for their being one."""

    contact_id: int
    name: str
    other_id: int
    other_name: str
    evidence: str
    at: datetime


def show_suggestions(request: HttpRequest) -> HttpResponse:
    """The list; those whose contacts have gone meanwhile are left out."""
    conn, workspace = django_conn(), request.workspace
    pairs = []
    for row in list_open_suggestions(conn, workspace.pk, None, ROWS_MAX):
        one, other = (read_contact(conn, workspace.pk, contact_id) for contact_id in (row.contact_id, row.other_id))
        if one is None or other is None or one.merged_into or other.merged_into or one.erased_at or other.erased_at:
            continue
        evidence = describe_evidence(row.rule)
        pairs.append(Pair(one.id, name_person(one), other.id, name_person(other), evidence, row.at))
    context = {"pairs": pairs, "total": count_waiting(conn, workspace.pk).suggestions, "now": get_now(request)}
    return render(request, "suggestions/list.html", context)


ROUTES = (route("", show_suggestions, "suggestions"),)
