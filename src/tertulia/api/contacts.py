"""Contacts: searched, read whole, merged, consent, erasure, export, and why."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest
from ninja import Router, Status

from tertulia.actions import contacts as actions
from tertulia.actions import erasure
from tertulia.actions.hour_words import tell_row
from tertulia.actions.journeys import list_journeys
from tertulia.actions.matches import access_match
from tertulia.actions.why import explain_reason, explain_why
from tertulia.api.contact_shapes import (
    AskedOut,
    ConsentIn,
    ContactOut,
    DecisionOut,
    DeliveryOut,
    DismissIn,
    EventOut,
    HappeningOut,
    MergeIn,
    MergePreviewOut,
    PageOut,
    RunOut,
    SuggestionOut,
    WhyOut,
)
from tertulia.api.paging import read_cursor, read_instant, read_limit, write_cursor
from tertulia.api.shell import ask_engine, conn_of, now, workspace_of, writing
from tertulia.core.consent import write_subject
from tertulia.core.entries import Entry
from tertulia.core.merge import ConsentConflict, ConversationConflict, FieldConflict, Preview, UserIdConflict
from tertulia.core.search import split_words
from tertulia.data.models import Workspace
from tertulia.store import contacts as store
from tertulia.store import ledger_read
from tertulia.store.events import StoredEvent, list_contact_events
from tertulia.store.journeys import RunView, list_runs

router = Router(tags=["Contacts"])


@router.get("/contacts", response=PageOut, summary="Search contacts")
def list_contacts(
    request: HttpRequest,
    q: str = "",
    import_id: int = 0,
    app: str = "",
    sms: bool = False,
    consent: str = "",
    country: str = "",
    attribute: str = "",
    value: str = "",
    segment_id: int = 0,
    cursor: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """By name, number or username (`q`), import, app, SMS, marketing consent (granted, withdrawn, none), country (ISO
    3166), and an attribute with that value, whatever its case, or with any; in a segment."""
    workspace = workspace_of(request)
    which = store.Filter(split_words(q), import_id, app, sms, consent, country.upper(), attribute, value, segment_id)
    place = read_cursor(cursor)
    before = (place[0], int(place[1])) if place and place[1].isdecimal() else None
    found = store.list_contacts(conn_of(), workspace.pk, which, before, read_limit(limit))
    last = found[-1] if len(found) == limit else None
    return {
        "contacts": found,
        "next": write_cursor(last.created_at, last.id) if last else "",
        "total": store.count_contacts(conn_of(), workspace.pk, which),
    }


@router.get("/contacts/{contact_id}", response=ContactOut, summary="A contact")
def get_contact(request: HttpRequest, contact_id: int) -> dict[str, Any]:
    """With identities, consent ledger, suppressions, suggestions and merges. Follows a merge."""
    return _write_detail(actions.read_detail(conn_of(), workspace_of(request), contact_id))


@router.get("/contacts/{contact_id}/timeline", response=list[HappeningOut], summary="What happened")
def get_timeline(
    request: HttpRequest, contact_id: int, before: datetime | None = None, limit: int = 50
) -> list[store.Happening]:
    """The newest first, from before an instant."""
    workspace, family = workspace_of(request), _read_family(request, contact_id)
    return actions.read_timeline(conn_of(), workspace, family, before, read_limit(limit))


@router.get("/contacts/{contact_id}/events", response=list[EventOut], summary="What it did")
def list_events(
    request: HttpRequest, contact_id: int, before: datetime | None = None, limit: int = 50
) -> list[StoredEvent]:
    """In the business's own apps and sites, as its tracking SDKs told it; the newest first, from before an instant."""
    family = _read_family(request, contact_id)
    return list_contact_events(conn_of(), family, read_instant(before) or actions.END, read_limit(limit))


@router.get("/contacts/{contact_id}/decisions", response=list[DecisionOut], summary="Decision ledger")
def list_decisions(
    request: HttpRequest, contact_id: int, match_id: int = 0, before: datetime | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Every decision about a message to this contact, sent or not, the newest first."""
    family = _read_family(request, contact_id)
    return write_decisions(ledger_read.read_ledger(conn_of(), family, match_id, before, read_limit(limit)))


@router.get("/contacts/{contact_id}/deliveries", response=list[DeliveryOut], summary="Deliveries")
def list_deliveries(request: HttpRequest, contact_id: int, match_id: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """What was sent to this contact or is to be, the newest first."""
    family = _read_family(request, contact_id)
    return [write_delivery(row) for row in ledger_read.read_deliveries(conn_of(), family, match_id, read_limit(limit))]


@router.get("/contacts/{contact_id}/runs", response=list[RunOut], summary="Journeys of a contact")
def list_contact_runs(request: HttpRequest, contact_id: int, limit: int = 100) -> list[dict[str, Any]]:
    """Every passage through a journey, the newest first: those that live and those that are over."""
    return write_runs(workspace_of(request), list_runs(conn_of(), _read_family(request, contact_id), read_limit(limit)))


@router.get("/contacts/{contact_id}/why", response=WhyOut, summary="Why?")
def get_why(request: HttpRequest, contact_id: int, match_id: int) -> dict[str, Any]:
    """Why a match's message was or was not sent to this contact, gate by gate."""
    workspace = workspace_of(request)
    answer = explain_why(conn_of(), workspace, contact_id, access_match(workspace, match_id))
    return {
        "contact_id": answer.contact_id,
        "match_id": answer.match_id,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "sentence": answer.sentence,
        "at": answer.at,
        "gates": [{"gate": g.gate, "state": g.state, "facts": dict(g.facts)} for g in answer.gates],
        "decisions": write_decisions(answer.rows),
        "conditions": [asdict(condition) for condition in answer.conditions],
    }


@router.post("/contacts/{contact_id}/consents", response=AskedOut, summary="Grant or withdraw consent")
def post_consent(request: HttpRequest, contact_id: int, form: ConsentIn) -> dict[str, bool]:
    """A person's decision, with what it rests on; one row of the ledger."""
    workspace = workspace_of(request)
    entry = actions.ask_consent(conn_of(), workspace, None, now(), contact_id, **form.dict())
    return _ask(request, [entry])


@router.get("/contacts/{contact_id}/merge-preview", response=MergePreviewOut, summary="Preview a merge")
def get_merge_preview(request: HttpRequest, contact_id: int, absorbed: int) -> dict[str, Any]:
    """Every conflict, and what will hold."""
    return _write_preview(actions.preview_merge(conn_of(), workspace_of(request), contact_id, absorbed))


@router.post("/contacts/{contact_id}/merge", response=AskedOut, summary="Merge a contact into this one")
def post_merge(request: HttpRequest, contact_id: int, form: MergeIn) -> dict[str, bool]:
    """A redirect, never a deletion; it can be undone."""
    entry = actions.ask_merge(conn_of(), workspace_of(request), None, now(), contact_id, form.absorbed)
    return _ask(request, [entry])


@router.post("/merges/{merge_id}/undo", response=AskedOut, summary="Undo a merge")
def undo_merge(request: HttpRequest, merge_id: UUID) -> dict[str, bool]:
    """The redirect is taken away."""
    return _ask(request, [actions.ask_unmerge(conn_of(), workspace_of(request), None, now(), merge_id)])


@router.get("/suggestions", response=list[SuggestionOut], summary="Merge suggestions")
def list_suggestions(request: HttpRequest, before: datetime | None = None, limit: int = 50) -> list[store.Suggestion]:
    """Open ones, the newest first."""
    return store.list_open_suggestions(conn_of(), workspace_of(request).pk, before, read_limit(limit))


@router.post("/suggestions/dismiss", response={204: None}, summary="Dismiss a suggestion")
def dismiss_suggestion(request: HttpRequest, form: DismissIn) -> Status[None]:
    """These two are not one person."""
    with writing():
        actions.dismiss_suggestion(conn_of(), workspace_of(request), None, form.contact_id, form.other_id)
    return Status(204, None)


@router.post("/contacts/{contact_id}/erase", response=AskedOut, summary="Erase a person")
def erase_contact(request: HttpRequest, contact_id: int) -> dict[str, bool]:
    """Removed everywhere, for good; a proof of the erasure is kept."""
    entries = actions.ask_erasure(conn_of(), workspace_of(request), None, now(), contact_id)
    return _ask(request, entries)


@router.get("/contacts/{contact_id}/export", summary="Export a person's data")
def export_contact(request: HttpRequest, contact_id: int) -> dict[str, Any]:
    """Everything that is kept of a person, as one JSON document."""
    return erasure.export_contact(conn_of(), workspace_of(request), contact_id)


@router.get("/deliveries/{delivery_id}", response={200: DeliveryOut, 404: None}, summary="A delivery")
def get_delivery(request: HttpRequest, delivery_id: UUID) -> Status[Any]:
    """By its id."""
    row = ledger_read.read_delivery(conn_of(), workspace_of(request).pk, delivery_id)
    return Status(200, write_delivery(row)) if row else Status(404, None)


def write_decisions(rows: Sequence[ledger_read.LedgerRow]) -> list[dict[str, Any]]:
    """Rows of the ledger, each with its sentence."""
    return [{**asdict(row), "sentence": tell_row(row)} for row in rows]


def write_runs(workspace: Workspace, runs: Sequence[RunView]) -> list[dict[str, Any]]:
    """Runs, each with the journey's name and the sentence of its reason."""
    names = {journey.pk: journey.name for journey in list_journeys(workspace)}
    return [
        {**asdict(run), "journey": names.get(run.journey_id, ""), "sentence": explain_reason(run.reason)}
        for run in runs
    ]


def write_delivery(row: ledger_read.DeliveryRow) -> dict[str, Any]:
    """A delivery as it is told."""
    told = asdict(row)
    told["message_class"] = told.pop("class_")
    return told


def _ask(request: HttpRequest, entries: Sequence[Entry]) -> dict[str, bool]:
    return {"decided": ask_engine(workspace_of(request), entries)}


def _read_family(request: HttpRequest, contact_id: int) -> list[int]:
    workspace = workspace_of(request)
    contact = actions.access_contact(conn_of(), workspace, contact_id)
    return [contact.id, *store.read_absorbed(conn_of(), workspace.pk, contact.id)]


def _write_detail(detail: actions.Detail) -> dict[str, Any]:
    return {
        **asdict(detail.contact),
        "asked_id": detail.asked_id,
        "family": list(detail.family),
        "addresses": [asdict(item) for item in detail.addresses],
        "identities": [_write_identity(item) for item in detail.identities],
        "consents": [_write_consent(item) for item in detail.consents],
        "consent_states": [
            {
                "address": write_subject(target.subject),
                "channel": target.channel,
                "topic": target.topic,
                "state": state.given.value if state.given else "none",
                "blocked": state.blocked_by is not None,
            }
            for target, state in detail.states.items()
        ],
        "suppressions": [{**asdict(item), "value": item.canonical} for item in detail.suppressions],
        "suggestions": [asdict(item) for item in detail.suggestions],
        "merges": [asdict(item) for item in detail.merges],
    }


def _write_identity(item: store.Identity) -> dict[str, Any]:
    told = asdict(item)
    told |= msgspec.structs.asdict(told.pop("ref"))
    told["trust"] = item.trust.name.lower()
    return told


def _write_consent(item: store.Consent) -> dict[str, Any]:
    entry = item.entry
    return {
        "id": item.id,
        "contact_id": entry.contact_id,
        "address": item.address,
        "channel": entry.channel,
        "topic": entry.topic,
        "state": entry.given.value,
        "source": entry.source.value,
        "text_version": entry.text_version,
        "actor": entry.actor,
        "at": entry.at,
        "proof": item.proof,
    }


def _write_preview(preview: Preview) -> dict[str, Any]:
    obstacle = preview.obstacle
    conflicts = []
    for found in preview.conflicts:
        match found:
            case FieldConflict(field, root, absorbed, kept):
                conflicts.append(("field", field, root, absorbed, kept))
            case ConsentConflict(target, root, absorbed, holds):
                subject = f"{write_subject(target.subject)} {target.channel} {target.topic}"
                states = [state.given.value if state.given else "none" for state in (root, absorbed, holds)]
                conflicts.append(("consent", subject, *states))
            case ConversationConflict(channel_id, stays, closes):
                conflicts.append(("conversation", str(channel_id), stays, closes, stays))
            case UserIdConflict(root, absorbed):
                conflicts.append(("external_id", "", ", ".join(sorted(root)), ", ".join(sorted(absorbed)), ""))
    names = ("what", "subject", "root", "absorbed", "holds")
    return {
        "obstacle": obstacle.value if obstacle else "",
        "sentence": actions.obstacle_sentence(obstacle) if obstacle else "",
        "conflicts": [dict(zip(names, conflict, strict=True)) for conflict in conflicts],
        "revoked": preview.revoked,
    }
