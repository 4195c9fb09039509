"""Coupon codes of pools, and who has which (S5).

R5, codes are shared by the owners of all shards. Whoever may claim codes of a pool first locks the pool's row until the
commit, then reads free codes and takes what it needs: as the entries of journeys are counted (`entry_counts`). So no
code is given twice, nobody is told that a pool is empty while another owner only looks at its last codes, and every
code is there for every shard. `skip locked` would tell that, and blocks of codes for each owner would leave codes lying
with one while another's customers wait. The price is that claims with coupons of one pool follow each other; those of
other messages, and codes that come back, wait for nobody.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core import coupon_effects as cx
from tertulia.core.durations import read_duration
from tertulia.core.rows import CouponRow
from tertulia.core.world import PoolFacts, World
from tertulia.errors import Conflict
from tertulia.ids import shard_of_contact, shard_of_kind
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a pool: codes that are left, those that customers have, and how often a code came back."""

    left: int = 0
    claimed: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class Coupon:
    """What a contact has of a pool. `given`: a provider has, or may have, a message with it."""

    code: str
    pool: str
    name: str
    journey_id: int
    run_id: UUID
    claimed_at: datetime
    expires_at: datetime | None
    given: bool


def shard_of_code(workspace: int, pool_id: int, code: str) -> int:
    """Where a code lies."""
    return shard_of_kind(workspace, "coupon", str(pool_id), code)


# decisions


def read_pools(conn: Conn) -> dict[tuple[int, str], PoolFacts]:
    """Every pool, by workspace and key (E7)."""
    found = {}
    for pool_id, workspace, key, name, code, expires, turn in fetch_all(conn, load("coupons")["pools"], {}):
        after = read_duration(expires) if expires else None
        found[(workspace, key)] = PoolFacts(pool_id, workspace, key, name, code, after, turn)
    return found


def load_coupons(conn: Conn, world: World, contact_ids: Collection[int], wanted: Mapping[int, int]) -> None:
    """What these contacts have; and of pools with a code for each customer as many free codes as are `wanted`, which
    are this transaction's alone."""
    args = {"shards": [shard_of_contact(contact_id) for contact_id in contact_ids], "ids": list(contact_ids)}
    for row in fetch_all(conn, load("coupons")["claims_of"], args):
        coupon = CouponRow(*row)
        world.coupons.setdefault(world.follow(coupon.contact_id), []).append(coupon)
    if not wanted:
        return
    fetch_all(conn, load("coupons")["lock_pools"], {"pools": list(wanted)})
    for pool_id, count in wanted.items():
        rows = fetch_all(conn, load("coupons")["free_codes"], {"pool": pool_id, "limit": count})
        world.codes[pool_id] = [code for (code,) in rows]


def claim_coupons(conn: Conn, group: Sequence[cx.ClaimCoupon]) -> None:
    """Codes become customers'. Raises Conflict where a code is free no more: the cycle is done again."""
    own = [e for e in group if not e.shared]
    if own:
        taken = _columns(own, "pool_id", "code", "journey_id", "at")
        taken["shard"] = [shard_of_code(e.workspace, e.pool_id, e.code) for e in own]
        if run(conn, load("coupons")["take_codes"], taken) != len(own):
            raise Conflict("A coupon code was taken meanwhile; the cycle is done again.")
        pools = sorted({e.pool_id for e in own})
        run(conn, load("coupons")["mark_low"], {"pools": pools, "at": max(e.at for e in own)})
    names = ("contact_id", "journey_id", "pool_id", "run_id", "workspace", "code", "delivery_id", "at", "expires_at")
    run(conn, load("coupons")["add_claims"], _columns(group, *names) | _home(group))


def keep_coupons(conn: Conn, group: Sequence[cx.KeepCoupon]) -> None:
    """They never come back."""
    run(conn, load("coupons")["keep_claims"], _columns(group, "contact_id", "delivery_id") | _home(group))


def move_coupons(conn: Conn, group: Sequence[cx.MoveCoupon]) -> None:
    """The next attempt carries them."""
    run(conn, load("coupons")["move_claims"], _columns(group, "contact_id", "delivery_id", "to_id") | _home(group))


def settle_returns(group: Sequence[cx.ReturnCoupon], moves: Iterable[cx.MoveCoupon]) -> list[cx.ReturnCoupon]:
    """Those that no later attempt carries on in the same cycle."""
    moved = {e.delivery_id for e in moves}
    return [e for e in group if e.delivery_id not in moved]


def return_coupons(conn: Conn, group: Sequence[cx.ReturnCoupon]) -> None:
    """The claims are gone, the codes free."""
    args = _columns(group, "contact_id", "delivery_id") | _home(group)
    back = fetch_all(conn, load("coupons")["drop_claims"], args)
    if back:
        columns: dict[str, list[Any]] = {
            "shard": [shard_of_code(*row) for row in back],
            "pool_id": [pool_id for _, pool_id, _ in back],
            "code": [code for *_, code in back],
        }
        run(conn, load("coupons")["put_back"], columns)


def mark_dry(conn: Conn, group: Sequence[cx.RunDry]) -> None:
    """The alarm and its notice, once until codes are added."""
    args = {"pools": sorted({e.pool_id for e in group}), "at": max(e.at for e in group)}
    run(conn, load("coupons")["mark_dry"], args)


COUPON_WRITERS: Mapping[type, Callable[[Conn, list[Any]], None]] = {
    cx.ReturnCoupon: return_coupons,
    cx.MoveCoupon: move_coupons,
    cx.KeepCoupon: keep_coupons,
    cx.ClaimCoupon: claim_coupons,
    cx.RunDry: mark_dry,
}
"""In the order in which a cycle's effects are written."""


def _columns(group: Sequence[Any], *names: str) -> dict[str, list[Any]]:
    return {name: [getattr(e, name) for e in group] for name in names}


def _home(group: Sequence[Any]) -> dict[str, list[Any]]:
    return {"shard": [shard_of_contact(e.contact_id) for e in group]}


# people


def add_codes(conn: Conn, workspace: int, pool_id: int, codes: Sequence[str], now: datetime) -> frozenset[str]:
    """Add codes, each once; those that were new."""
    shards = [shard_of_code(workspace, pool_id, code) for code in codes]
    args = {"pool": pool_id, "workspace": workspace, "shards": shards, "codes": list(codes), "at": now}
    return frozenset(code for (code,) in fetch_all(conn, load("coupons")["add_codes"], args))


def count_pools(conn: Conn, pool_ids: Sequence[int]) -> dict[int, Figures]:
    """The figures of each."""
    rows = fetch_all(conn, load("coupons")["figures"], {"pools": list(pool_ids)})
    return {pool_id: Figures(left, claimed, int(returned)) for pool_id, left, claimed, returned in rows}


def count_left(conn: Conn, pool_ids: Sequence[int]) -> dict[int, int]:
    """Free codes, of pools with a code for each customer."""
    return dict(fetch_all(conn, load("coupons")["left"], {"pools": list(pool_ids)}))


def count_by_journey(conn: Conn, pool_ids: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Of each pool the journeys that gave codes, and to how many customers, the most first."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pool_id, journey_id, count in fetch_all(conn, load("coupons")["by_journey"], {"pools": list(pool_ids)}):
        found[pool_id].append((journey_id, count))
    return found


def count_held(conn: Conn, workspace: int) -> int:
    """Messages that wait for a code."""
    row = fetch_one(conn, load("coupons")["held"], {"workspace": workspace})
    return row[0] if row is not None else 0


def list_coupons(conn: Conn, family: Sequence[int], limit: int) -> list[Coupon]:
    """What a contact and those who were merged into it have, the newest first."""
    args = {"shards": [shard_of_contact(id_) for id_ in family], "ids": list(family), "limit": limit}
    return [Coupon(*row) for row in fetch_all(conn, load("coupons")["coupons_of_contact"], args)]
