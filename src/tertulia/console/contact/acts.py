"""What a person does with a contact: merge and take it back, dismiss a suggestion, change consent, say that a waiting
conversation was answered, erase.

All but the dismissal are asked of the engine through the log, for only the contact's owner decides; the page waits a
moment to show what came of it. What cannot be done raises with its sentence, which `guard` shows as a toast.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import contacts as actions
from tertulia.actions.audit import record_change
from tertulia.console.access import get_now
from tertulia.console.asking import ask_engine
from tertulia.console.contact.comparison import compare
from tertulia.console.contact.person import name_person
from tertulia.console.toasts import toast
from tertulia.store.contacts import Merge, read_merges
from tertulia.store.db import django_conn


def preview_merge(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """What a merge would do, conflict by conflict, before anything is done (M8)."""
    conn, workspace = django_conn(), request.workspace
    preview = actions.preview_merge(conn, workspace, contact_id, other_id)
    if preview.obstacle is not None:
        toast(request, actions.obstacle_sentence(preview.obstacle), failed=True)
        return HttpResponseRedirect(reverse("contact", args=[contact_id]))
    kept = actions.read_detail(conn, workspace, contact_id)
    absorbed = actions.read_detail(conn, workspace, other_id)
    context = {
        "kept": kept.contact,
        "kept_name": name_person(kept.contact),
        "absorbed": absorbed.contact,
        "comparison": compare(kept, absorbed, preview),
        "preview": preview,
    }
    return render(request, "contact/merge.html", context)


def merge(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """Merge ``other_id`` into this contact; the toast takes it back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    now = get_now(request)
    entry = actions.ask_merge(django_conn(), request.workspace, request.user, now, contact_id, other_id)
    done = ask_engine(request.workspace.pk, [entry], now)
    made = find_merge(request, contact_id, other_id)
    if made is not None:
        toast(request, _("2 contacts merged"), undo=reverse("unmerge", args=[contact_id, made.id]))
    elif done:
        toast(request, _("Not merged: one of the two has changed meanwhile"), failed=True)
    else:
        toast(request, _("Merge asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def unmerge(request: HttpRequest, contact_id: int, merge_id: UUID) -> HttpResponse:
    """Take a merge back: the redirect goes, each contact has its own again."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    now = get_now(request)
    entry = actions.ask_unmerge(django_conn(), request.workspace, request.user, now, merge_id)
    done = ask_engine(request.workspace.pk, [entry], now)
    toast(request, _("Merge undone") if done else _("Undo asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def dismiss(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """These two are not the same person: the suggestion goes, and does not come back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actions.dismiss_suggestion(django_conn(), request.workspace, request.user, contact_id, other_id)
    toast(request, _("Noted: not the same person"))
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def change_consent(request: HttpRequest, contact_id: int) -> HttpResponse:
    """A person of the team writes down what the customer said to them: no more offers, or offers again (C1)."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    now = get_now(request)
    entry = actions.ask_consent(
        *(django_conn(), request.workspace, request.user, now, contact_id),
        address="*",
        channel="*",
        topic="marketing",
        state=request.POST.get("state", ""),
        reason=request.POST.get("note", ""),
    )
    done = ask_engine(request.workspace.pk, [entry], now)
    said = _("Written down: offers are wanted") if entry.state == "granted" else _("Written down: no more offers")
    toast(request, said if done else _("Asked for; written down when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact_consent", args=[contact_id]))


def erase(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Remove the person everywhere and keep a proof that matches no one (C5). For owners and admins."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not request.role.is_admin:
        return render(request, "layout/refused.html", status=403)
    now = get_now(request)
    entries = actions.ask_erasure(django_conn(), request.workspace, request.user, now, contact_id)
    done = ask_engine(request.workspace.pk, entries, now)
    record_change(request.workspace, request.user, now, "contact_erased", str(contact_id))
    toast(request, _("1 contact erased") if done else _("Erasure asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contacts"))


def release(request: HttpRequest, contact_id: int, conversation_id: UUID) -> HttpResponse:
    """Somebody has answered the customer: the conversation waits no more (I6)."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    now = get_now(request)
    entry = actions.ask_release(django_conn(), request.workspace, now, contact_id, conversation_id)
    done = ask_engine(request.workspace.pk, [entry], now)
    said = _("The conversation waits for nobody any more")
    toast(request, said if done else _("Asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def find_merge(request: HttpRequest, kept: int, absorbed: int) -> Merge | None:
    """The merge of these two that stands."""
    merges = read_merges(django_conn(), request.workspace.pk, [absorbed])
    found = [row for row in merges if row.into == kept and row.absorbed == absorbed and row.undone_at is None]
    return found[-1] if found else None
