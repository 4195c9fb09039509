"""The contacts behind a match's figures: lists with their filter in the address, and the same as CSV."""

import csv
from collections.abc import Iterator
from io import StringIO
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.match_funnel import list_behind
from tertulia.actions.matches import access_match
from tertulia.actions.why import explain_reason
from tertulia.console.access import may_change
from tertulia.console.channels.words import title_of
from tertulia.console.contacts.rows import join_name
from tertulia.console.export.page import make_safe
from tertulia.console.matches.head import describe_match
from tertulia.console.matches.words import OPENING_NAMES, STEP_NAMES, shorten_reason
from tertulia.console.routes import route
from tertulia.data.models import Match
from tertulia.store.db import django_conn
from tertulia.store.funnel import STEPS, Person, read_apps, read_reasons

PAGE_ROWS = 50
BATCH_ROWS = 500
FILTERS = ("step", "lacking", "reason", "direct", "app", "opening")
CSV_HEADS = ("contact", "name", "surname", "phone", "state", "app", "sent", "delivered", "clicked", "wrote", "matched")


def read_filter(request: HttpRequest) -> dict[str, str]:
    """The filter of the address, as `list_behind` takes it."""
    return {name: request.GET[name][:80] for name in FILTERS if request.GET.get(name)}


def show_people(request: HttpRequest, match_id: int) -> HttpResponse:
    """The frozen audience, or those of it that the address asks for."""
    match = access_match(request.workspace, match_id)
    which = read_filter(request)
    context = describe_match(request, match, "people") | list_page(request, match, which)
    context |= {"said": say_filter(which), "steps": list_steps(which), "which": which}
    return render(request, "matches/people.html", context)


def show_not_matched(request: HttpRequest, match_id: int) -> HttpResponse:
    """Everybody who is not matched, with the reason, by reason."""
    match = access_match(request.workspace, match_id)
    reason = request.GET.get("reason", "")[:80]
    which = {"lacking": "matched"} | ({"reason": reason} if reason else {})
    context = describe_match(request, match, "not_matched") | list_page(request, match, which)
    context["reasons"] = [
        (code, shorten_reason(code, explain_reason(code)), explain_reason(code), count, code == reason)
        for code, count in read_reasons(django_conn(), match.pk)
    ]
    context["reason"], context["which"] = reason, which
    return render(request, "matches/not_matched.html", context)


def show_forwards(request: HttpRequest, match_id: int) -> HttpResponse:
    """Links that somebody else seems to have used (M5)."""
    match = access_match(request.workspace, match_id)
    which = {"step": "forwarded"}
    context = describe_match(request, match, "forwards") | list_page(request, match, which) | {"which": which}
    return render(request, "matches/forwards.html", context)


def list_page(request: HttpRequest, match: Match, which: dict[str, str]) -> dict[str, object]:
    """One page of the list, by the last id of the page before."""
    text = request.GET.get("after", "")
    after = int(text) if text.isdecimal() and len(text) < 19 else 0
    found = list_behind(django_conn(), match, **which, after=after, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    kept = {name: value for name, value in request.GET.items() if name != "after"}
    on = "?" + urlencode({**kept, "after": str(shown[-1].contact_id)}) if len(found) > PAGE_ROWS else ""
    return {
        "people": [(person, join_name(person.name, person.surname), explain_reason(person.why)) for person in shown],
        "on": on,
        "start": "?" + urlencode(kept) if after else "",
        "csv": f"{reverse('match_csv', args=[match.pk])}?{urlencode(which)}",
    }


def list_steps(which: dict[str, str]) -> list[tuple[str, str, bool]]:
    """(address, words, whether chosen) for the filter by step."""
    plain = not any(which.get(name) for name in FILTERS[1:])
    return [(f"?step={step}", str(STEP_NAMES[step]), plain and which.get("step", STEPS[0]) == step) for step in STEPS]


def say_filter(which: dict[str, str]) -> str:
    """The filter in words; empty for the whole audience."""
    told = []
    if "app" in which:
        told.append(title_of(which["app"]))
    if "direct" in which:
        told.append(_("reached directly by %(kind)s") % {"kind": title_of(which["direct"])})
    if "step" in which and which["step"] in STEP_NAMES:
        told.append(str(STEP_NAMES[which["step"]]))
    if "lacking" in which and which["lacking"] in STEP_NAMES:
        told.append(_("not %(step)s") % {"step": str(STEP_NAMES[which["lacking"]]).lower()})
    if which.get("opening") in OPENING_NAMES:
        told.append(str(OPENING_NAMES[which["opening"]]))
    if "reason" in which:
        told.append(explain_reason(which["reason"]).rstrip("."))
    return ", ".join(told)


def download_people(request: HttpRequest, match_id: int) -> StreamingHttpResponse:
    """The list as CSV, with the reason of those who are not matched."""
    if not may_change(request):
        raise PermissionDenied  # lists with numbers leave the console only with those who may change matches
    match = access_match(request.workspace, match_id)
    which = read_filter(request)
    list_behind(django_conn(), match, **which, limit=1)  # a wrong filter is refused before the file begins
    lines = write_people(match, which)
    return send_csv(lines, f"match-{match.pk}.csv")


def download_apps(request: HttpRequest, match_id: int) -> HttpResponse:
    """The table by app as CSV."""
    match = access_match(request.workspace, match_id)
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(("app", "clicked", "wrote", "matched", "median_seconds"))
    for row in read_apps(django_conn(), match.pk):
        median = "" if row.median_s is None else round(row.median_s)
        writer.writerow((row.app, row.clicked, row.wrote, row.matched, median))
    return send_csv(iter(["\ufeff" + text.getvalue()]), f"match-{match.pk}-apps.csv")


def write_people(match: Match, which: dict[str, str]) -> Iterator[str]:
    """The file in batches, each in a short read of its own: the request's transaction has ended by now."""
    yield "\ufeff" + ",".join((*CSV_HEADS, "reason", "why")) + "\r\n"
    after = 0
    while True:
        with transaction.atomic():
            batch = list_behind(django_conn(), match, **which, after=after, limit=BATCH_ROWS)
        text = StringIO()
        csv.writer(text).writerows([make_safe(cell) for cell in write_person(person)] for person in batch)
        yield text.getvalue()
        if len(batch) < BATCH_ROWS:
            return
        after = batch[-1].contact_id


def write_person(person: Person) -> list[str]:
    """The cells of one contact, in the order of the heads."""
    instants = (person.sent_at, person.delivered_at, person.clicked_at, person.wrote_at, person.matched_at)
    why = "" if person.matched_at else person.why
    return [
        *(str(person.contact_id), person.name, person.surname, person.phone, person.state),
        person.matched_app or person.direct,
        *("" if at is None else at.isoformat() for at in instants),
        *(why, explain_reason(why) if why else ""),
    ]


def send_csv(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    """A download of that name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


ROUTES = (
    route("<int:match_id>/people/", show_people, "match_people"),
    route("<int:match_id>/not-matched/", show_not_matched, "match_not_matched"),
    route("<int:match_id>/forwards/", show_forwards, "match_forwards"),
    route("<int:match_id>/people.csv", download_people, "match_csv"),
    route("<int:match_id>/apps.csv", download_apps, "match_apps_csv"),
)
