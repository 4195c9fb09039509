"""What can happen to pools of coupons in a scenario, and what can be expected of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from tertulia.stories.conformance.stage import Failed, Stage


def fill_pool(stage: Stage, told: Mapping[str, Any]) -> None:
    """Add `codes` to the pool with the key `as`, which is made where there is none: with `code` one for everybody, with
    `expires` and `warn_at`. What waits for codes goes out
    within 15 minutes."""
    key = told["as"]
    form = {name: told[name] for name in ("code", "expires", "warn_at") if name in told}
    pool = _find_pool(stage, key) or stage.api("POST", "/coupon-pools", {"name": key, "key": key, **form})
    if "codes" in told:
        stage.api("POST", f"/coupon-pools/{pool['id']}/codes", {"codes": told["codes"]})
    stage.drain()


def check_coupons(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of each pool by key, as far as it is asked for: `left`, `claimed`, `returned`, `spent`."""
    for key, told in expected.items():
        pool = _find_pool(stage, key)
        if pool is None:
            raise Failed(f"the scenario has no pool {key!r}")
        for name, value in told.items():
            if pool[name] != value:
                yield f"pool {key}: {name}: expected {value}, found {pool[name]}"


def _find_pool(stage: Stage, key: str) -> dict[str, Any] | None:
    pools: list[dict[str, Any]] = stage.api("GET", "/coupon-pools")
    return next((pool for pool in pools if pool["key"] == key), None)
