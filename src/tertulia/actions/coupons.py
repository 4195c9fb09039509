"""Pools of coupon codes: made, changed, and filled (S5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.drafts import NAME_CHARACTERS_MAX, find_free_key
from tertulia.actions.problems import Problem, Refused, refuse
from tertulia.core.coupon_codes import CODE_CHARACTERS_MAX, THERE, LeftOut, read_codes
from tertulia.core.durations import read_duration
from tertulia.data.models import CouponPool, User, Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store import coupons as store
from tertulia.store.db import Conn

ID_MAX: Final = 2**31 - 1
WARN_MAX: Final = 1_000_000
CODES_MAX: Final = 100_000  # at a time


@dataclass(frozen=True, slots=True)
class PoolForm:
    """What people say of a pool. `code`: the one for everybody, empty where each customer gets their own; `expires`: a
    duration after the claim, empty for none."""

    name: str
    code: str = ""
    warn_at: int = 0
    expires: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """How many codes are new in the pool, and the lines that were not taken, in their order."""

    added: int
    left_out: tuple[LeftOut, ...]


def list_pools(workspace: Workspace) -> list[CouponPool]:
    """The workspace's pools, by their names."""
    return list(CouponPool.objects.filter(workspace=workspace).order_by("name", "id"))


def access_pool(workspace: Workspace, pool_id: int) -> CouponPool:
    """The only way to a pool: one of this workspace. Raises NotFound."""
    found = CouponPool.objects.filter(pk=pool_id, workspace=workspace) if 0 <= pool_id <= ID_MAX else None
    pool: CouponPool | None = found.select_related("workspace").first() if found is not None else None
    if pool is None:
        raise NotFound(_("This pool of coupons does not exist in this workspace."))
    return pool


def create_pool(workspace: Workspace, user: User | None, now: datetime, form: PoolForm) -> CouponPool:
    """A new pool, without codes. Raises Refused, and Conflict for a key that another pool has."""
    refuse(_check(form))
    taken = set(CouponPool.objects.filter(workspace=workspace).values_list("key", flat=True))
    if form.key and form.key in taken:
        raise Conflict(_("There is a pool with this key. Choose another."), field="key")
    key = find_free_key(form.key, form.name, taken, "pool")
    told = {"name": form.name.strip(), "code": form.code.strip(), "warn_at": form.warn_at}
    pool: CouponPool = CouponPool.objects.create(workspace=workspace, key=key, expires=form.expires.strip(), **told)
    record_change(workspace, user, now, "coupon_pool_created", f"coupon_pool:{pool.pk}", {"key": key})
    return pool


def change_pool(pool: CouponPool, user: User | None, now: datetime, form: PoolForm) -> CouponPool:
    """Another name, warning and time to expire, which codes have that are claimed from now on; of a pool with one code
    for everybody another code. Its kind and key stay. Raises Refused."""
    problems = _check(form)
    if bool(form.code.strip()) != bool(pool.code):
        sentence = _("A pool stays what it is: of a code for each customer, or of one for everybody.")
        problems.append(Problem("invalid", sentence, "code"))
    refuse(problems)
    pool.name, pool.code, pool.expires = form.name.strip(), form.code.strip(), form.expires.strip()
    changed = ["name", "code", "expires"]
    if pool.warn_at != form.warn_at:
        pool.warn_at, pool.low_at = form.warn_at, None
        changed += ["warn_at", "low_at"]
    pool.save(update_fields=changed)
    record_change(pool.workspace, user, now, "coupon_pool_changed", f"coupon_pool:{pool.pk}", {"key": pool.key})
    return pool


def add_codes(
    conn: Conn, pool: CouponPool, user: User | None, now: datetime, lines: Iterable[str], first: int = 1
) -> Added:
    """Codes, one a line; each is in the pool once. What waits for them goes out. `first`: the number of the first line.
    Raises Refused where there are too many lines, or the pool has one code for everybody."""
    if pool.code:
        raise Refused([Problem("invalid", _("This pool has one code for everybody, so it takes no others."), "codes")])
    given = list(lines)
    if len(given) > CODES_MAX:
        raise Refused([Problem("range", _("Give at most %(most)d codes at a time.") % {"most": CODES_MAX}, "codes")])
    read = read_codes(given, first)
    new = store.add_codes(conn, pool.workspace_id, pool.pk, list(read.codes), now)
    there = [LeftOut(line, THERE) for code, line in read.codes.items() if code not in new]
    if new:
        told = {"turn": F("turn") + 1, "low_at": None, "empty_at": None}
        CouponPool.objects.filter(pk=pool.pk).update(**told)
        facts = {"key": pool.key, "codes": len(new)}
        record_change(pool.workspace, user, now, "coupon_codes_added", f"coupon_pool:{pool.pk}", facts)
    return Added(len(new), tuple(sorted((*read.left_out, *there), key=lambda one: one.line)))


def tell_left_out(one: LeftOut) -> str:
    """The sentence about a line."""
    sentence: str = _(one.message) % {"line": one.line, "first": one.first}
    return sentence


def _check(form: PoolForm) -> list[Problem]:
    """What is wrong, field by field."""
    problems = []
    if not 0 < len(form.name.strip()) <= NAME_CHARACTERS_MAX or not form.name.isprintable():
        problems.append(Problem("required", _("Give the pool a name of at most 200 characters."), "name"))
    code = form.code.strip()
    if len(code) > CODE_CHARACTERS_MAX or not code.isprintable():
        problems.append(Problem("invalid", _("Give a code of at most 100 characters that can be typed."), "code"))
    if not 0 <= form.warn_at <= WARN_MAX:
        sentence = _("Give a number from 0 to %(most)s.") % {"most": WARN_MAX}
        problems.append(Problem("range", sentence, "warn_at"))
    try:
        if form.expires.strip():
            read_duration(form.expires)
    except ValueError as error:
        problems.append(Problem("invalid", _(str(error)), "expires"))
    return problems
