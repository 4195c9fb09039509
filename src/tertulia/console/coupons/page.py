"""Pools of coupon codes: what is left, who gave what, and where codes are added."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions import coupons as actions
from tertulia.actions.coupons import Added, PoolForm
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.parts import Tile
from tertulia.console.routes import route
from tertulia.console.tags import plain_num
from tertulia.console.toasts import toast
from tertulia.core.coupon_files import read_code_file
from tertulia.core.import_reasons import FileProblem
from tertulia.data.models import CouponPool, Journey
from tertulia.store.coupons import count_by_journey, count_held, count_pools
from tertulia.store.db import django_conn

LEFT_OUT_SHOWN = 50
DIGITS_MAX = 7


def show_pools(request: HttpRequest) -> HttpResponse:
    """Every pool with its figures."""
    pools = actions.list_pools(request.workspace)
    figures = count_pools(django_conn(), [pool.pk for pool in pools])
    rows = [{"pool": pool, "figures": figures[pool.pk], "state": find_state(pool)} for pool in pools]
    return render(request, "coupons/list.html", {"rows": rows, "may_change": may_change(request)})


def add_pool(request: HttpRequest) -> HttpResponse:
    """A new pool, or what is wrong with it beside its fields."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            pool = actions.create_pool(request.workspace, request.user, get_now(request), read_form(request))
            toast(request, _("1 pool added"))
            return HttpResponseRedirect(reverse("coupon_pool", args=[pool.pk]))
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {"form": write_form(request), "errors": errors, "may_change": may_change(request)}
    return render(request, "coupons/new.html", context, status=422 if errors else 200)


def show_pool(request: HttpRequest, pool_id: int) -> HttpResponse:
    """One pool; a POST changes it."""
    pool = actions.access_pool(request.workspace, pool_id)
    if request.method != "POST":
        return draw_pool(request, pool)
    try:
        actions.change_pool(pool, request.user, get_now(request), read_form(request))
    except Refused as refused:
        errors = {problem.field: problem.sentence for problem in refused.problems}
        return draw_pool(request, pool, 422, form=write_form(request), errors=errors)
    toast(request, _("Pool changed"))
    return HttpResponseRedirect(reverse("coupon_pool", args=[pool.pk]))


def add_codes(request: HttpRequest, pool_id: int) -> HttpResponse:
    """Pasted codes, one a line, or those of a file. Lines that were not taken are named, and the others are in the
    pool."""
    pool = actions.access_pool(request.workspace, pool_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("coupon_pool", args=[pool.pk]))
    pasted, file = request.POST.get("codes", ""), request.FILES.get("file")
    field = "file" if file is not None else "codes"
    try:
        lines, first = read_code_file(file, file.size or 0) if file is not None else (pasted.splitlines(), 1)
        made = actions.add_codes(django_conn(), pool, request.user, get_now(request), lines, first)
    except (Refused, FileProblem) as refused:
        return draw_pool(request, pool, 422, errors={field: refused.sentence}, pasted=pasted)
    if not made.left_out:
        said = ngettext("%(n)s code added", "%(n)s codes added", made.added) % {"n": plain_num(made.added)}
        toast(request, said)
        return HttpResponseRedirect(reverse("coupon_pool", args=[pool.pk]))
    return draw_pool(request, actions.access_pool(request.workspace, pool_id), made=made)


def draw_pool(
    request: HttpRequest, pool: CouponPool, status: int = 200, *, made: Added | None = None, **context: Any
) -> HttpResponse:
    """The page; `context` has the forms as they were typed, where something is wrong with them."""
    conn = django_conn()
    figures = count_pools(conn, [pool.pk])[pool.pk]
    names = dict(Journey.objects.filter(workspace=request.workspace).values_list("pk", "name"))
    tiles = [Tile(_("Left"), plain_num(figures.left))] if not pool.code else []
    tiles += [Tile(_("Claimed"), plain_num(figures.claimed))]
    tiles += [Tile(_("Returned"), plain_num(figures.returned))] if not pool.code else []
    shown = {
        "pool": pool,
        "state": find_state(pool),
        "tiles": tiles,
        "held": count_held(conn, request.workspace.pk) if pool.empty_at is not None else 0,
        "given": [(pk, names.get(pk, ""), count) for pk, count in count_by_journey(conn, [pool.pk])[pool.pk]],
        "form": {name: getattr(pool, name) for name in ("name", "code", "warn_at", "expires")},
        "errors": {},
        "made": made,
        "left_out": [actions.tell_left_out(one) for one in made.left_out[:LEFT_OUT_SHOWN]] if made else [],
        "more": max(len(made.left_out) - LEFT_OUT_SHOWN, 0) if made else 0,
        "may_change": may_change(request),
        **context,
    }
    return render(request, "coupons/pool.html", shown, status=status)


def find_state(pool: CouponPool) -> str:
    """spent, low, or empty where nothing is to be told."""
    if pool.empty_at is not None:
        return "spent"
    return "low" if pool.low_at is not None else ""


def read_form(request: HttpRequest) -> PoolForm:
    """The form as it was posted; a number that is none is refused as one out of range."""
    sent = write_form(request)
    warn_at = sent["warn_at"] or "0"
    number = int(warn_at) if warn_at.isdecimal() and len(warn_at) <= DIGITS_MAX else -1
    return PoolForm(sent["name"], sent["code"], number, sent["expires"])


def write_form(request: HttpRequest) -> dict[str, str]:
    """What stands in its fields."""
    return {name: request.POST.get(name, "").strip() for name in ("name", "code", "warn_at", "expires")}


ROUTES = (
    route("", show_pools, "coupons"),
    route("new/", add_pool, "new_coupon_pool"),
    route("<int:pool_id>/", show_pool, "coupon_pool"),
    route("<int:pool_id>/codes/", add_codes, "add_coupon_codes"),
)
