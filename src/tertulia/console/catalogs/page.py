"""Catalogs: their items, where they are added, and how a text shows one."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import catalogs as actions
from tertulia.actions.catalogs import Put
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.tags import plain_num
from tertulia.console.toasts import toast
from tertulia.core.catalog_items import read_item_file
from tertulia.core.import_reasons import FileProblem
from tertulia.data.models import Catalog
from tertulia.errors import Conflict
from tertulia.store.catalogs import Item, count_items, list_items
from tertulia.store.db import django_conn

ITEMS_SHOWN = 50
LEFT_OUT_SHOWN = 50
FIELDS_SHOWN = 6
VALUE_CHARACTERS = 60


def show_catalogs(request: HttpRequest) -> HttpResponse:
    """Every catalog with the number of its items."""
    counts = count_items(django_conn(), request.workspace.pk)
    rows = []
    for catalog in actions.list_catalogs(request.workspace):
        count, changed_at = counts.get(catalog.pk, (0, None))
        rows.append({"catalog": catalog, "items": count, "changed_at": changed_at})
    return render(request, "catalogs/list.html", {"rows": rows, "may_change": may_change(request)})


def add_catalog(request: HttpRequest) -> HttpResponse:
    """The form, and what was wrong with it."""
    name, key = request.POST.get("name", "").strip(), request.POST.get("key", "").strip()
    errors = {}
    if request.method == "POST":
        try:
            with transaction.atomic():
                made = actions.create_catalog(request.workspace, request.user, get_now(request), name, key)
            toast(request, _("Catalog added"))
            return HttpResponseRedirect(reverse("catalog", args=[made.pk]))
        except (Refused, Conflict) as refused:
            errors = {refused.field or "name": refused.sentence}
    context = {"form": {"name": name, "key": key}, "errors": errors, "may_change": may_change(request)}
    return render(request, "catalogs/new.html", context, status=422 if errors else 200)


def show_catalog(request: HttpRequest, catalog_id: int) -> HttpResponse:
    """Its items, and the form with its name."""
    catalog = actions.access_catalog(request.workspace, catalog_id)
    if request.method != "POST":
        return draw_catalog(request, catalog)
    try:
        with transaction.atomic():
            actions.rename_catalog(catalog, request.user, get_now(request), request.POST.get("name", "").strip())
    except Refused as refused:
        return draw_catalog(request, catalog, 422, errors={"name": refused.sentence})
    toast(request, _("Catalog changed"))
    return HttpResponseRedirect(reverse("catalog", args=[catalog.pk]))


def add_items(request: HttpRequest, catalog_id: int) -> HttpResponse:
    """Those of a file. Rows that were not taken are named, and the others are in the catalog."""
    catalog = actions.access_catalog(request.workspace, catalog_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("catalog", args=[catalog.pk]))
    file = request.FILES.get("file")
    if file is None:
        return draw_catalog(request, catalog, 422, errors={"file": _("Choose a file.")})
    try:
        given = read_item_file(file, file.size or 0)
        whole = request.POST.get("replace") == "on"
        with transaction.atomic():
            put = actions.fill(django_conn(), catalog, request.user, get_now(request), given, replace=whole)
    except (Refused, FileProblem) as refused:
        return draw_catalog(request, catalog, 422, errors={"file": refused.sentence})
    if not put.left_out:
        toast(request, _tell_put(put))
        return HttpResponseRedirect(reverse("catalog", args=[catalog.pk]))
    return draw_catalog(request, catalog, put=put)


def remove_item(request: HttpRequest, catalog_id: int) -> HttpResponse:
    """One, by its id."""
    catalog = actions.access_catalog(request.workspace, catalog_id)
    if request.method == "POST":
        with transaction.atomic():
            removed = actions.remove_items(
                django_conn(), catalog, request.user, get_now(request), [request.POST.get("id", "")]
            )
        if removed:
            toast(request, _("Item removed"))
    return HttpResponseRedirect(reverse("catalog", args=[catalog.pk]))


def delete_catalog(request: HttpRequest, catalog_id: int) -> HttpResponse:
    """With its items."""
    catalog = actions.access_catalog(request.workspace, catalog_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("catalog", args=[catalog.pk]))
    with transaction.atomic():
        actions.delete_catalog(django_conn(), catalog, request.user, get_now(request))
    toast(request, _("%(name)s deleted") % {"name": catalog.name})
    return HttpResponseRedirect(reverse("catalogs"))


def draw_catalog(
    request: HttpRequest, catalog: Catalog, status: int = 200, *, put: Put | None = None, **context: Any
) -> HttpResponse:
    """The page; `put`: what came of a file of which rows were left out."""
    conn, begin = django_conn(), request.GET.get("begin", "").strip()
    count, changed_at = count_items(conn, request.workspace.pk).get(catalog.pk, (0, None))
    items = list_items(conn, catalog.pk, ITEMS_SHOWN, begin=begin)
    shown = {
        "catalog": catalog,
        "count": count,
        "changed_at": changed_at,
        "begin": begin,
        "rows": [{"item": item, "fields": _list_fields(item)} for item in items],
        "is_cut": len(items) == ITEMS_SHOWN,
        "example": _write_example(catalog, items),
        "errors": {},
        "said": _tell_put(put) if put else "",
        "left_out": [actions.tell_left_out(one) for one in put.left_out[:LEFT_OUT_SHOWN]] if put else [],
        "more": max(len(put.left_out) - LEFT_OUT_SHOWN, 0) if put else 0,
        "may_change": may_change(request),
        **context,
    }
    return render(request, "catalogs/catalog.html", shown, status=status)


def _list_fields(item: Item) -> list[tuple[str, str]]:
    """The first of them, short; what the item is called before all else."""
    told = [(name, str(item.fields[name])) for name in sorted(item.fields, key=_is_minor)][:FIELDS_SHOWN]
    return [(name, text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS] + "…") for name, text in told]


def _is_minor(field: str) -> bool:
    return field not in ("title", "name")


def _write_example(catalog: Catalog, items: list[Item]) -> str:
    """How a text shows a field of an item."""
    field = next((name for item in items for name in sorted(item.fields, key=_is_minor)), "title")
    return "{{ catalogs.%s[event.product_id].%s }}" % (catalog.key, field)  # noqa: UP031 (braces)


def _tell_put(put: Put) -> str:
    told = {name: plain_num(getattr(put, name)) for name in ("added", "changed", "removed")}
    sentence: str = _("%(added)s new, %(changed)s changed, %(removed)s taken out") % told
    return sentence


ROUTES = (
    route("", show_catalogs, "catalogs"),
    route("new/", add_catalog, "new_catalog"),
    route("<int:catalog_id>/", show_catalog, "catalog"),
    route("<int:catalog_id>/items/", add_items, "add_catalog_items"),
    route("<int:catalog_id>/remove/", remove_item, "remove_catalog_item"),
    route("<int:catalog_id>/delete/", delete_catalog, "delete_catalog"),
)
