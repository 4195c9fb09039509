"""The list of broadcasts, one page to write one on, its launch with a dialog, and the addresses of everything below."""

import time
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tertulia.actions import broadcasts as actions
from tertulia.actions import journeys
from tertulia.actions.broadcast_outlook import Trial, try_broadcast
from tertulia.actions.problems import Refused
from tertulia.actions.segments import list_segments
from tertulia.actions.templates import list_templates
from tertulia.console.access import get_now, may_change
from tertulia.console.broadcasts import acts, results, what_if
from tertulia.console.broadcasts.form import (
    WAYS,
    Form,
    change_boxes,
    list_wrong,
    read_form,
    show_document,
    write_form,
)
from tertulia.console.broadcasts.panel import ATTACHED, Outlook, list_ways, look_at
from tertulia.console.broadcasts.words import describe_progress
from tertulia.console.files.page import list_addresses
from tertulia.console.journeys.words import CHOICES
from tertulia.console.routes import route
from tertulia.console.tags import plain_money
from tertulia.console.toasts import toast
from tertulia.data.models import Journey
from tertulia.documents.broadcasts import BOXES_MAX
from tertulia.documents.journeys import read_journey
from tertulia.documents.lines import BadDocument
from tertulia.errors import Conflict
from tertulia.store.broadcasts import read_figures
from tertulia.store.db import django_conn

CLASSES = ("marketing", "service", "transactional")


def show_broadcasts(request: HttpRequest) -> HttpResponse:
    """Every broadcast with what it is doing and what it came to, those changed last first."""
    found = journeys.list_journeys(request.workspace, "broadcast")
    progress = actions.read_progress(django_conn(), found)
    figures = read_figures(django_conn(), [journey.pk for journey in found])
    names = {segment.key: segment.name for segment in list_segments(request.workspace)}
    rows = [
        {
            "journey": journey,
            "progress": progress[journey.pk],
            "state": describe_progress(progress[journey.pk]),
            "audience": name_audience(journey, names),
            "figures": figures.get(journey.pk, (0, 0, 0)),
        }
        for journey in found
    ]
    context = {"rows": rows, "may_change": may_change(request), "now": get_now(request)}
    return render(request, "broadcasts/list.html", context)


def name_audience(journey: Journey, segments: dict[str, str]) -> str:
    """To whom it goes, in words; empty where its draft does not say so."""
    try:
        form = show_document(journeys.read_newest(journey) or journey.document)
    except (BadDocument, TypeError):
        return ""
    kind, _colon, which = form.audience.partition(":")
    if kind == "segment":
        return segments.get(which, which)
    return _("Everybody on %(channel)s") % {"channel": which} if which else _("Everybody")


def new_broadcast(request: HttpRequest) -> HttpResponse:
    """An empty page (GET); the first save makes a draft (POST)."""
    if request.method == "POST":
        return save(request, None)
    ways = list_ways(request.workspace)
    name = _("Broadcast of %(day)s") % {"day": date_format(localtime(get_now(request)), "j F")}
    form = Form(name=name, channels=tuple(way.name for way in ways[:1]))
    return show(request, None, form, write_form("", form))


def show_broadcast(request: HttpRequest, journey_id: int) -> HttpResponse:
    """A draft on its page, kept by the button that says so (POST); of one that was launched what came of it."""
    journey = actions.access_broadcast(request.workspace, journey_id)
    if journey.state != "draft":
        return results.show_results(request, journey)
    try:
        form = show_document(journey.document)
    except (BadDocument, TypeError):
        return HttpResponseRedirect(reverse("journey_text", args=[journey_id]))
    return save(request, journey) if request.method == "POST" else show(request, journey, form, journey.document)


def save(request: HttpRequest, journey: Journey | None) -> HttpResponse:
    """Keep the draft, and do what the pressed button says: nothing more, another box, or ask for the launch."""
    form, text = _read(request, journey)
    act, _colon, place = request.POST.get("act", "save").partition(":")
    if act in ("add", "drop", "up"):
        form = change_boxes(form, act, int(place) if place.isdecimal() and len(place) < 4 else -1)
        return show(request, journey, form, write_form(journey.document if journey else "", form))
    now = get_now(request)
    try:
        if journey is None:
            journey = journeys.create_journey(request.workspace, request.user, now, text, name=form.name)
        elif text != journey.document:
            version = request.POST.get("version", "")
            kept = int(version) if version.isdecimal() else -1
            journeys.save_draft(journey, request.user, now, text, version=kept)
    except (Refused, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return show(request, journey, form, text, refusal=error.sentence, status=status)
    address = reverse("broadcast", args=[journey.pk])
    if act == "launch":
        return HttpResponseRedirect(address + "?launch=1")
    toast(request, _("Draft saved"))
    return HttpResponseRedirect(address)


def show(
    request: HttpRequest, journey: Journey | None, form: Form, text: str, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The page of the form with its panel; `text` is the document that the form stands for."""
    outlook = look_at(request, form, text, request.GET.get("as", request.POST.get("as", "")))
    context = describe(request, journey, form, outlook) | {"refusal": refusal}
    asked = "launch" in request.GET and journey is not None and may_change(request)
    if asked:
        context["problems"] = outlook.problems
    if asked and journey is not None and outlook.may_launch:
        context["trial"] = try_it(request, journey, text)
        context |= tell_trial(context["trial"])
    return render(request, "broadcasts/edit.html", context, status=status)


def show_panel(request: HttpRequest) -> HttpResponse:
    """The panel alone, for what is typed. Stores nothing."""
    number = request.POST.get("journey", "")
    known = number.isdecimal() and len(number) < 10
    journey = actions.access_broadcast(request.workspace, int(number)) if known else None
    try:
        form, text = _read(request, journey)
    except (BadDocument, TypeError):
        return HttpResponse(status=204)
    outlook = look_at(request, form, text, request.POST.get("as", ""))
    return render(request, "broadcasts/panel.html", describe(request, journey, form, outlook) | {"swap": True})


def describe(request: HttpRequest, journey: Journey | None, form: Form, outlook: Outlook) -> dict[str, Any]:
    """What the form and its panel draw."""
    ways = list_ways(request.workspace)
    reach = outlook.reach
    one = next((shown.phone.shown.parts.parts for shown in outlook.shown if shown.phone and shown.phone.shown.parts), 1)
    first = outlook.ways[0][1] if outlook.ways else 0
    cost = reach.price_micros * first * len(form.boxes) * one if reach else 0
    wrong = list_wrong(form, outlook.problems)
    return {
        "journey": journey,
        "form": form,
        "boxes": [(name := f"box-{n}", box, wrong[name]) for n, box in enumerate(form.boxes)],
        "boxes_max": BOXES_MAX,
        "wrong": wrong,
        "outlook": outlook,
        "cost": plain_money(cost, reach.currency) if reach and cost else "",
        "ways": ways,
        "places": [form.channels[n] if n < len(form.channels) else "" for n in range(min(len(ways), WAYS))],
        "has_mail": any(way.is_mail for way, _count in outlook.ways),
        "segments": [row for row in list_segments(request.workspace) if row.state == "live"],
        "templates": [row for row in list_templates(request.workspace) if row.revision],
        "attached": list(ATTACHED.items()),
        "files": list_addresses(request.workspace),
        "classes": [(name, CHOICES[name]) for name in CLASSES],
        "may_change": may_change(request),
        "phone_name": request.workspace.name,
        "currency": request.workspace.currency,
    }


def launch(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Launch the draft as it was asked for; what stops it is shown in the form."""
    journey = actions.access_broadcast(request.workspace, journey_id)
    address = reverse("broadcast", args=[journey_id])
    if request.method != "POST":
        return HttpResponseRedirect(address + "?launch=1")
    version = request.POST.get("version", "")
    try:
        kept = int(version) if version.isdecimal() else -1
        journeys.publish(journey, request.user, get_now(request), version=kept)
    except Refused:
        return HttpResponseRedirect(address + "?launch=1")
    toast(request, _("%(name)s launched") % {"name": journey.name}, undo=reverse("take_back", args=[journey_id]))
    return HttpResponseRedirect(address)


def try_it(request: HttpRequest, journey: Journey, text: str) -> Trial:
    """Played for a sample of its audience."""
    began = time.monotonic()
    return try_broadcast(
        *(django_conn(), request.workspace, read_journey(text), get_now(request)),
        journey_id=journey.pk,
        public_url=settings.PUBLIC_URL,
        elapsed=lambda: time.monotonic() - began,
    )


def tell_trial(trial: Trial) -> dict[str, Any]:
    """In figures: who would get the first box, messages by channel and by day, what all of them would cost by the
    sample, and why others get none, each reason once."""
    told, scale = trial.told, trial.reach.count / trial.sample if trial.sample else 0
    by_channel: dict[str, int] = {}
    for row in told["by_day"]:
        by_channel[row["channel"]] = by_channel.get(row["channel"], 0) + row["count"]
    by_day: dict[date, int] = {}
    for row in told["by_day"]:
        by_day[row["day"]] = by_day.get(row["day"], 0) + row["count"]
    reasons: dict[str, int] = {}
    for row in (*told["not_sent"], *told["not_entered"]):
        reasons[row["sentence"]] = reasons.get(row["sentence"], 0) + row["count"]
    return {
        "written_to": told["steps"][0]["sent"],
        "by_channel": sorted(by_channel.items()),
        "by_day": sorted(by_day.items()),
        "costs": ", ".join(plain_money(round(cost["micros"] * scale), cost["currency"]) for cost in told["cost"]),
        "reasons": sorted(reasons.items(), key=lambda item: -item[1]),
    }


def _read(request: HttpRequest, journey: Journey | None) -> tuple[Form, str]:
    form = read_form(request.POST)
    return form, write_form(journey.document if journey else "", form)


ROUTES = (
    route("", show_broadcasts, "broadcasts"),
    route("new/", new_broadcast, "new_broadcast"),
    route("panel/", show_panel, "broadcast_panel"),
    route("<int:journey_id>/", show_broadcast, "broadcast"),
    route("<int:journey_id>/launch/", launch, "launch_broadcast"),
    *results.ROUTES,
    *what_if.ROUTES,
    *acts.ROUTES,
)
