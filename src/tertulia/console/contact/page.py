"""One contact: identities, permissions and profile; its timeline or its consent ledger; and Why beside them."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tertulia.actions.contacts import Detail, read_detail
from tertulia.actions.run_words import name_cause
from tertulia.actions.why import explain_reason
from tertulia.actions.why_journey import explain_entry
from tertulia.console.access import get_now
from tertulia.console.contact.acts import change_consent, dismiss, erase, merge, preview_merge, release, unmerge
from tertulia.console.contact.person import (
    describe_source,
    list_former,
    list_handles,
    list_permissions,
    list_profile,
    name_own_id,
    name_person,
)
from tertulia.console.contact.proof import describe_proof
from tertulia.console.contact.segments import change_lists, describe_segments
from tertulia.console.contact.suggestions import list_suggestions
from tertulia.console.contact.timeline import SHOWS, Names, list_days
from tertulia.console.contact.why import Why, explain_decisions
from tertulia.console.contact.words import CONSENT_SOURCES, TOPICS
from tertulia.console.contacts.filters import list_imports
from tertulia.console.routes import route
from tertulia.console.zones import read_zone
from tertulia.core.consent import UNDOABLE_SOURCES
from tertulia.core.hand_over import BY_WORD
from tertulia.data.models import Channel, Journey, Match, Source
from tertulia.store.contacts import read_undone_evidence
from tertulia.store.conversations import list_handed_over_of
from tertulia.store.coupons import Coupon, list_coupons
from tertulia.store.db import Conn, django_conn
from tertulia.store.decisions import count_stopped, read_account
from tertulia.store.journeys import RunView, list_runs

RUNS = 100


def show_contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The page with its timeline."""
    conn, person = django_conn(), find_person(request, contact_id)
    if person.contact.id != contact_id:
        return HttpResponseRedirect(reverse("contact", args=[person.contact.id]))
    show = request.GET.get("show", "all")
    show = show if show in SHOWS else "all"
    before = read_before(request.GET.get("before", ""))
    days, on = list_days(conn, request.workspace.pk, person.family, list_names(request), show, before)
    why = find_why(conn, person, request.GET.get("why", ""))
    return render(
        request,
        "contact/timeline.html",
        describe(request, conn, person)
        | {
            "tab": "timeline",
            "topic": f"contact:{person.contact.id}",
            "show": show,
            "days": days,
            "on": f"{on.timestamp():.6f}" if on else "",
            "why": why,
            "there_then": show_there(why.decision.at, person) if why else None,
            "why_id": request.GET.get("why", ""),
            "others": count_stopped(conn, why.decision.match_id, why.decision.reason)
            if why and why.decision.match_id and why.decision.outcome != "sent"
            else 0,
        },
    )


def show_consent(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The consent ledger with the proof of each row."""
    conn, person = django_conn(), find_person(request, contact_id)
    if person.contact.id != contact_id:
        return HttpResponseRedirect(reverse("contact_consent", args=[person.contact.id]))
    undone = read_undone_evidence(conn, person.contact.workspace)
    rows = [
        {
            "entry": consent.entry,
            "granted": consent.entry.given == "granted",
            "address": consent.entry.subject.value if consent.entry.subject else "",
            "is_phone": consent.entry.subject is not None and consent.entry.subject.kind == "phone",
            "topic": TOPICS.get(consent.entry.topic, consent.entry.topic),
            "source": CONSENT_SOURCES.get(consent.entry.source, consent.entry.source),
            "proof": describe_proof(consent.proof, request.workspace),
            "undone": consent.entry.source in UNDOABLE_SOURCES and consent.entry.evidence in undone,
        }
        for consent in person.consents
    ]
    return render(request, "contact/consent.html", describe(request, conn, person) | {"tab": "consent", "rows": rows})


def show_runs(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The contact's runs of journeys; with `?journey=` why it is, was or never was in that one."""
    conn, person = django_conn(), find_person(request, contact_id)
    if person.contact.id != contact_id:
        return HttpResponseRedirect(reverse("contact_runs", args=[person.contact.id]))
    names = list_names(request).journeys
    journeys = Journey.objects.filter(workspace=request.workspace, revision__isnull=False).order_by("name")
    asked = request.GET.get("journey", "")
    chosen = next((journey for journey in journeys if str(journey.pk) == asked), None)
    runs = list_runs(conn, person.family, RUNS)
    coupons: dict[UUID, list[Coupon]] = {}
    for coupon in list_coupons(conn, person.family, RUNS):
        coupons.setdefault(coupon.run_id, []).append(coupon)
    context = describe(request, conn, person) | {
        "tab": "runs",
        "runs": [
            (run, names.get(run.journey_id, ""), name_cause(run.event), explain_run(run), list_answers(run), given)
            for run, given in ((run, coupons.get(run.id, [])) for run in runs)
        ],
        "journeys": journeys,
        "chosen": chosen,
        "answer": explain_entry(conn, request.workspace, contact_id, chosen) if chosen else None,
    }
    return render(request, "contact/runs.html", context)


def show_segments(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The contact's segments and lists, with when and why it came and left."""
    conn, person = django_conn(), find_person(request, contact_id)
    if person.contact.id != contact_id:
        return HttpResponseRedirect(reverse("contact_segments", args=[person.contact.id]))
    context = describe(request, conn, person) | describe_segments(request, conn, person)
    return render(request, "contact/segments.html", context)


def explain_run(run: RunView) -> str:
    """Where it is, or how it ended, in words."""
    if run.ended_at is None and run.asked:
        return _("at “%(step)s”, where a question waits for the reply") % {"step": run.step}
    if run.ended_at is None:
        return _("at “%(step)s”") % {"step": run.step}
    if run.outcome == "completed":
        return _("went to the end")
    return explain_reason(run.reason) if run.reason else _("left at “%(step)s”") % {"step": run.step}


def list_answers(run: RunView) -> list[tuple[str, str]]:
    """What was answered in it, by the steps that asked."""
    return [(step, tell_answer(value)) for step, value in run.answers.items()]


def find_person(request: HttpRequest, contact_id: int) -> Detail:
    """The contact with all that belongs to it, merges followed. 404 outside the workspace."""
    return read_detail(django_conn(), request.workspace, contact_id)


def describe(request: HttpRequest, conn: Conn, person: Detail) -> dict[str, object]:
    """What both tabs show beside their own content."""
    contact = person.contact
    imports = [(int(pk), name) for pk, name in list_imports(request.workspace)]
    undone = read_undone_evidence(conn, contact.workspace)
    return {
        "person_name": name_person(contact) or name_own_id(person),
        "contact": contact,
        "handles": list_handles(person),
        "former": list_former(person),
        "permissions": list_permissions(person, undone),
        "profile": list_profile(contact),
        "source": describe_source(contact.source, imports, list_names(request).sources),
        "suggestions": list_suggestions(conn, person),
        "waiting": list_waiting(request, conn, person),
        "merges": [row for row in person.merges if row.undone_at is None],
        "consent_count": len(person.consents),
        "there_now": show_there(get_now(request), person),
        "now": get_now(request),
        "zone_name": timezone.get_current_timezone_name(),
    }


def list_waiting(request: HttpRequest, conn: Conn, person: Detail) -> list[dict[str, object]]:
    """The conversations that wait for a person, each with what they need to know (I6)."""
    names = list_names(request)
    return [
        {
            "row": row,
            "app": names.app(row.channel_id),
            "journey": row.hand_over.get("journey", ""),
            "asked": row.hand_over.get("reason") == BY_WORD,
            "question": row.hand_over.get("failed_question", ""),
            "answers": [(step, tell_answer(value)) for step, value in row.hand_over.get("answers", {}).items()],
        }
        for row in list_handed_over_of(conn, person.family)
    ]


def tell_answer(value: object) -> str:
    """An answer as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def list_names(request: HttpRequest) -> Names:
    """Channels, matches, sources and journeys of the workspace, archived ones too: the past names them."""
    channels = Channel.objects.filter(workspace=request.workspace).values_list("pk", "kind", "name")
    matches = Match.objects.filter(workspace=request.workspace).values_list("pk", "name")
    sources = Source.objects.filter(workspace=request.workspace).values_list("pk", "name")
    journeys = Journey.objects.filter(workspace=request.workspace).values_list("pk", "name")
    named = {pk: (kind, name) for pk, kind, name in channels}
    return Names(named, dict(matches), dict(sources), dict(journeys))


def find_why(conn: Conn, person: Detail, wanted: str) -> Why | None:
    """The decision of that id, or the last one about the delivery of that id."""
    try:
        rows = read_account(conn, person.family, UUID(wanted))
    except ValueError:
        return None
    return explain_decisions(rows) if rows else None


def show_there(at: datetime, person: Detail) -> str:
    """The time on the contact's own clock, where its zone is known."""
    zone = read_zone(person.contact.zone)
    return f"{at.astimezone(zone):%H:%M}" if zone else ""


def read_before(text: str) -> datetime | None:
    """The instant before which a page of the timeline begins."""
    try:
        return datetime.fromtimestamp(float(text), tz=UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None


ROUTES = (
    route("", show_contact, "contact"),
    route("consent/", show_consent, "contact_consent"),
    route("runs/", show_runs, "contact_runs"),
    route("segments/", show_segments, "contact_segments"),
    route("segments/change/", change_lists, "change_contact_lists"),
    route("consent/change/", change_consent, "change_consent"),
    route("merge/<int:other_id>/", preview_merge, "preview_merge"),
    route("merge/<int:other_id>/do/", merge, "merge_contacts"),
    route("merge/<int:other_id>/dismiss/", dismiss, "dismiss_suggestion"),
    route("unmerge/<uuid:merge_id>/", unmerge, "unmerge"),
    route("release/<uuid:conversation_id>/", release, "release_conversation"),
    route("erase/", erase, "erase_contact"),
)
