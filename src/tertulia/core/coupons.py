"""Codes of coupons at work: claimed at the hand-over of the first message that shows them, kept through retries, the
other channels and the later messages of the run, and returned where no provider ever took such a message (S5).

A customer has one code of a pool from a journey. Entered again, the journey shows the same, unless that has expired. A
code comes back only from an attempt that carries it alone and was refused or taken back: once a provider may have a
message with it, or a second message shows it, it is the customer's for good. What a merged contact was given is its
root's (M8).

Free codes are loaded before the decisions and are this cycle's alone (`store.coupons`); what is left of them is free.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from tertulia.core import coupon_effects as cx
from tertulia.core.journeys import Program
from tertulia.core.render import TemplateProblem, compile_template, variables
from tertulia.core.rows import ClosedDelivery, CouponRow, OpenDelivery, RunRow
from tertulia.core.steps.coupon.step import CouponStep
from tertulia.core.templates import Wording
from tertulia.core.world import PoolFacts, World

ROOT: Final = "coupons"
SAMPLE_CODE: Final = "SAMPLE-CODE"  # in the place of a customer's own, where nothing is claimed
SAMPLE_HOLDS: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Grant:
    """The code that a message shows for a coupon step, and until when it is good. `kept`: the customer had it before.
    No code: the pool has none left, or is gone."""

    step: str
    key: str
    pool: PoolFacts | None
    code: str = ""
    expires_at: datetime | None = None
    kept: CouponRow | None = None


def list_texts(wording: Wording) -> tuple[tuple[str, bool], ...]:
    """Everything that a message may say, each with whether it is HTML."""
    return (wording.text, False), (wording.neutral, False), (wording.subject, False), (wording.html, True)


def list_pools(world: World, run: RunRow | None, wording: Wording) -> set[int]:
    """The pools that a message of a run may need a code of; of no run none."""
    if run is None or run.journey_id not in world.config.giving:
        return set()
    found = [_find_pool(world, run, step.pool) for step in _list_used(_program(world, run), list_texts(wording))]
    return {pool.id for pool in found if pool is not None}


def find_grants(world: World, run: RunRow | None, texts: Iterable[tuple[str, bool]]) -> tuple[Grant, ...]:
    """The codes for these texts of a message of a run: those that the customer has, else free ones."""
    if run is None or run.journey_id not in world.config.giving:
        return ()
    return tuple(_grant(world, run, step) for step in _list_used(_program(world, run), texts))


def claim_coupons(world: World, run: RunRow, delivery: OpenDelivery, grants: Iterable[Grant]) -> None:
    """The message is handed over with its codes. One that another attempt carries too is the customer's for good."""
    fresh = {}
    for grant in grants:
        if grant.kept is not None and not grant.kept.given and grant.kept.delivery_id != delivery.id:
            world.add(cx.KeepCoupon(delivery.workspace, grant.kept.contact_id, grant.kept.delivery_id))
        elif grant.kept is None and grant.pool is not None:
            fresh[grant.pool.id] = grant
    for pool_id, grant in fresh.items():
        assert grant.pool is not None
        world.add(
            cx.ClaimCoupon(
                *(run.workspace, run.contact_id, run.journey_id, pool_id, run.id, delivery.id, grant.code),
                *(bool(grant.pool.code), world.now, grant.expires_at),
            )
        )


def keep_coupons(world: World, delivery: OpenDelivery | ClosedDelivery) -> None:
    """A provider has the message, or may have it."""
    if delivery.journey_id in world.config.giving:
        world.add(cx.KeepCoupon(delivery.workspace, delivery.contact_id, delivery.id))


def keep_coupons_of(world: World, run: RunRow) -> None:
    """The run's last message may have arrived."""
    if run.delivery_id is not None and run.journey_id in world.config.giving:
        world.add(cx.KeepCoupon(run.workspace, run.contact_id, run.delivery_id))


def move_coupons(world: World, run: RunRow, to_id: UUID) -> None:
    """The message goes on by another attempt, after the run's last one."""
    if run.delivery_id is not None and run.journey_id in world.config.giving:
        world.add(cx.MoveCoupon(run.workspace, run.contact_id, run.delivery_id, to_id))


def return_coupons(world: World, delivery: OpenDelivery) -> None:
    """No provider has the message, and this attempt will not be made again."""
    if delivery.journey_id in world.config.giving:
        world.add(cx.ReturnCoupon(delivery.workspace, delivery.contact_id, delivery.id))


def tell_run_dry(world: World, delivery: OpenDelivery, grants: Iterable[Grant]) -> None:
    """People are told of the pools for which the message waits."""
    for pool_id in sorted({grant.pool.id for grant in grants if not grant.code and grant.pool is not None}):
        world.add(cx.RunDry(delivery.workspace, pool_id, world.now))


def coupon_facts(grants: Iterable[Grant], now: datetime) -> dict[str, object]:
    """What texts see, by step. `now` is the customer's local time: in their zone it is said until when a code holds."""
    return {
        grant.step: {
            "code": grant.code,
            "expires": grant.expires_at.astimezone(now.tzinfo) if grant.expires_at is not None else None,
        }
        for grant in grants
    }


def sample_coupons(source: str, now: datetime) -> dict[str, object]:
    """What a text sees of coupons before anybody is given one. `now` is the customer's local time."""
    return {step: {"code": SAMPLE_CODE, "expires": now + SAMPLE_HOLDS} for step in read_used(source)}


@lru_cache(maxsize=2_000)
def read_used(source: str, is_html: bool = False) -> tuple[str, ...]:
    """The steps whose coupons a text shows; none of a text that cannot be read."""
    try:
        names = [variable.name.split(".") for variable in variables(compile_template(source, is_html))]
    except TemplateProblem:
        return ()
    return tuple(dict.fromkeys(name[1] for name in names if name[0] == ROOT and len(name) > 1))


def _list_used(program: Program, texts: Iterable[tuple[str, bool]]) -> list[CouponStep]:
    names = dict.fromkeys(name for source, is_html in texts if source for name in read_used(source, is_html))
    steps = [program.nodes[name].step for name in names if name in program.nodes]
    return [step for step in steps if isinstance(step, CouponStep)]


def _program(world: World, run: RunRow) -> Program:
    return world.config.journeys[run.journey_id].programs[run.revision]


def _find_pool(world: World, run: RunRow, key: str) -> PoolFacts | None:
    return world.config.pools.get((run.workspace, key))


def _grant(world: World, run: RunRow, step: CouponStep) -> Grant:
    pool = _find_pool(world, run, step.pool)
    if pool is None:
        return Grant(step.id, step.pool, None)
    known = _find_claim(world, run, pool.id)
    if known is not None:
        return Grant(step.id, pool.key, pool, known.code, known.expires_at, known)
    expires_at = world.now + pool.expires if pool.expires is not None else None
    code = pool.code or next(iter(world.codes.get(pool.id, ())), "")
    return Grant(step.id, pool.key, pool, code, expires_at)


def _find_claim(world: World, run: RunRow, pool_id: int) -> CouponRow | None:
    """The run's own, however old; else the journey's first that still holds. Of a merged contact only what it was given
    counts: the rest may yet come back."""
    rows: Sequence[CouponRow] = [
        row
        for row in world.coupons.get(world.follow(run.contact_id), ())
        if (row.journey_id, row.pool_id) == (run.journey_id, pool_id)
        and (row.contact_id == run.contact_id or row.given)
        and (row.run_id == run.id or row.expires_at is None or row.expires_at > world.now)
    ]
    return min(rows, key=lambda row: (row.run_id != run.id, row.claimed_at), default=None)
