"""Pools of coupon codes, which journeys give to customers."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import coupons as actions
from tertulia.actions.coupons import PoolForm
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.data.models import CouponPool
from tertulia.store.coupons import Figures, count_by_journey, count_pools

router = Router(tags=["Coupons"])


class PoolIn(Schema):
    """`code`: one that everybody gets; empty, each customer gets their own of the codes that are added. `warn_at`: at
    how many left people are told. `expires`: how long after its claim a code holds, such as `14 d`; empty, for ever."""

    name: str
    code: str = ""
    warn_at: int = 0
    expires: str = ""


class NewPoolIn(PoolIn):
    """`key`: the pool's name in documents; made of `name` where none is given."""

    key: str = ""


class GivenOut(Schema):
    """To how many customers a journey gave a code."""

    journey_id: int
    codes: int


class PoolOut(PoolIn):
    """`left`: free codes, null where everybody gets the same. `claimed`: codes that customers have; `returned`: how
    often one came back because no provider took its message. `spent`: a message waits, or waited, for codes since any
    were added."""

    id: int
    key: str
    left: int | None
    claimed: int
    returned: int
    spent: bool
    journeys: list[GivenOut]


class CodesIn(Schema):
    codes: list[str]


class CodeLeftOutOut(Schema):
    """A code that was not taken, by its number in the list from 1."""

    line: int
    sentence: str


class AddedOut(Schema):
    added: int
    left_out: list[CodeLeftOutOut]


@router.get("/coupon-pools", response=list[PoolOut], summary="Pools of coupons")
def list_pools(request: HttpRequest) -> list[dict[str, Any]]:
    """Every pool with its figures, by name."""
    return _tell(actions.list_pools(workspace_of(request)))


@router.post("/coupon-pools", response={201: PoolOut}, summary="Make a pool of coupons")
def post_pool(request: HttpRequest, form: NewPoolIn) -> Status[dict[str, Any]]:
    """Without codes. A key that is taken is refused."""
    with writing():
        pool = actions.create_pool(workspace_of(request), None, now(), PoolForm(**form.dict()))
    return Status(201, _tell([pool])[0])


@router.get("/coupon-pools/{pool_id}", response=PoolOut, summary="A pool of coupons")
def get_pool(request: HttpRequest, pool_id: int) -> dict[str, Any]:
    """With its figures. Codes are not told."""
    return _tell([actions.access_pool(workspace_of(request), pool_id)])[0]


@router.put("/coupon-pools/{pool_id}", response=PoolOut, summary="Change a pool of coupons")
def put_pool(request: HttpRequest, pool_id: int, form: PoolIn) -> dict[str, Any]:
    """What it says holds for codes that are claimed from now on."""
    pool = actions.access_pool(workspace_of(request), pool_id)
    with writing():
        return _tell([actions.change_pool(pool, None, now(), PoolForm(**form.dict()))])[0]


@router.post("/coupon-pools/{pool_id}/codes", response=AddedOut, summary="Add codes")
def post_codes(request: HttpRequest, pool_id: int, form: CodesIn) -> dict[str, Any]:
    """At most 100,000 at a time; each is in the pool once. Messages that wait for codes go out."""
    pool = actions.access_pool(workspace_of(request), pool_id)
    with writing():
        made = actions.add_codes(conn_of(), pool, None, now(), form.codes)
    told = [{"line": one.line, "sentence": actions.tell_left_out(one)} for one in made.left_out]
    return {"added": made.added, "left_out": told}


def _tell(pools: list[CouponPool]) -> list[dict[str, Any]]:
    ids = [pool.pk for pool in pools]
    figures, journeys = count_pools(conn_of(), ids), count_by_journey(conn_of(), ids)
    return [_tell_one(pool, figures[pool.pk], journeys.get(pool.pk, [])) for pool in pools]


def _tell_one(pool: CouponPool, figures: Figures, journeys: list[tuple[int, int]]) -> dict[str, Any]:
    return {
        **{name: getattr(pool, name) for name in ("id", "key", "name", "code", "warn_at", "expires")},
        "left": None if pool.code else figures.left,
        "claimed": figures.claimed,
        "returned": figures.returned,
        "spent": pool.empty_at is not None,
        "journeys": [{"journey_id": journey_id, "codes": count} for journey_id, count in journeys],
    }
