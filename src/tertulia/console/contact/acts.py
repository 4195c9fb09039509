"""What a person does with a contact: merge and take it back, dismiss a suggestion, change consent, erase.

Each is asked of the engine through the log, for only the contact's owner decides; the page waits a moment to show what
came of it.
"""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.console.access import get_now
from tertulia.console.asking import ask_engine
from tertulia.console.contact.comparison import compare
from tertulia.console.contact.person import Person, load_person
from tertulia.console.toasts import toast
from tertulia.core.consent import ANY, MARKETING, Given, Source
from tertulia.core.entries import ConsentEntry, DismissEntry, EraseEntry, MergeEntry, UnmergeEntry
from tertulia.store.contacts import Merge, read_contact, read_merges
from tertulia.store.db import django_conn


def preview_merge(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """What a merge would do, conflict by conflict, before anything is done (M8)."""
    kept, absorbed = access_person(request, contact_id), access_person(request, other_id)
    if contact_id == other_id:
        raise Http404
    return render(
        request,
        "contact/merge.html",
        {"kept": kept, "absorbed": absorbed, "comparison": compare(kept, absorbed), "person_name": kept.name},
    )


def merge(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """Merge ``other_id`` into this contact; the toast takes it back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    kept, absorbed = access_person(request, contact_id), access_person(request, other_id)
    if contact_id == other_id:
        raise Http404
    now = get_now(request)
    entry = MergeEntry(into=kept.contact.id, absorbed=absorbed.contact.id, actor=name_actor(request), at=now)
    done = ask_engine(request.workspace.pk, [entry], now)
    made = find_merge(request, kept.contact.id, absorbed.contact.id) if done else None
    if made is not None:
        undo = reverse("unmerge", args=[kept.contact.id, made.id])
        toast(request, _("2 contacts merged"), undo=undo)
    elif done:
        toast(request, _("These two could not be merged; one of them has changed meanwhile."), failed=True)
    else:
        toast(request, _("Merge asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact", args=[kept.contact.id]))


def unmerge(request: HttpRequest, contact_id: int, merge_id: UUID) -> HttpResponse:
    """Take a merge back: the redirect goes, each contact has its own again."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = access_person(request, contact_id)
    merges = read_merges(django_conn(), request.workspace.pk, person.family)
    found = next((row for row in merges if row.id == merge_id and row.undone_at is None), None)
    if found is None:
        raise Http404
    now = get_now(request)
    entry = UnmergeEntry(absorbed=found.absorbed, merge_id=merge_id, actor=name_actor(request), at=now)
    done = ask_engine(request.workspace.pk, [entry], now)
    toast(request, _("Merge undone") if done else _("Undo asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def dismiss(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """These two are not the same person: the suggestion goes, and does not come back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = access_person(request, contact_id)
    now = get_now(request)
    entry = DismissEntry(contact_id=person.contact.id, other_id=other_id, actor=name_actor(request), at=now)
    done = ask_engine(request.workspace.pk, [entry], now)
    toast(request, _("Noted: not the same person") if done else _("Noted; kept when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def change_consent(request: HttpRequest, contact_id: int) -> HttpResponse:
    """A person of the team writes down what the customer said to them: no more offers, or offers again (C1)."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = access_person(request, contact_id)
    granted = request.POST.get("state") == "granted"
    note = request.POST.get("note", "").strip()[:500]
    if not note:
        toast(request, _("Say where the customer said it; that is the proof."), failed=True)
        return HttpResponseRedirect(reverse("contact_consent", args=[contact_id]))
    now = get_now(request)
    entry = ConsentEntry(
        contact_id=person.contact.id,
        address=ANY,
        channel=ANY,
        topic=MARKETING,
        state=Given.GRANTED if granted else Given.WITHDRAWN,
        source=Source.PERSON,
        actor=name_actor(request),
        at=now,
        evidence={"note": note},
    )
    done = ask_engine(request.workspace.pk, [entry], now)
    said = _("Written down: offers are wanted") if granted else _("Written down: no more offers")
    toast(request, said if done else _("Asked for; written down when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact_consent", args=[contact_id]))


def erase(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Remove the person everywhere and keep a proof that matches no one (C5). For owners and admins."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = access_person(request, contact_id)
    if not request.role.is_admin:
        return render(request, "layout/refused.html", status=403)
    now = get_now(request)
    entry = EraseEntry(contact_id=person.contact.id, actor=name_actor(request), at=now)
    done = ask_engine(request.workspace.pk, [entry], now)
    record_change(request.workspace, request.user, now, "contact_erased", str(person.contact.id))
    toast(
        request,
        _("1 contact erased") if done else _("Erasure asked for; done when the engine comes to it"),
    )
    return HttpResponseRedirect(reverse("contacts"))


def access_person(request: HttpRequest, contact_id: int) -> Person:
    """The one way to a contact: of this workspace, not erased, not merged away. 404 otherwise."""
    conn = django_conn()
    contact = read_contact(conn, request.workspace.pk, contact_id)
    if contact is None or contact.merged_into is not None or contact.erased_at is not None:
        raise Http404
    return load_person(conn, contact)


def find_merge(request: HttpRequest, kept: int, absorbed: int) -> Merge | None:
    """The merge of these two that stands."""
    merges = read_merges(django_conn(), request.workspace.pk, [absorbed])
    found = [row for row in merges if row.into == kept and row.absorbed == absorbed and row.undone_at is None]
    return found[-1] if found else None


def name_actor(request: HttpRequest) -> str:
    """Who acts, as ledgers name them."""
    return f"user:{request.user.pk}"
