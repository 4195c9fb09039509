"""A5: the weights that bandits have set. Decisions take them from the configuration; the engine sets them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from tertulia.store.db import Conn, fetch_all, load, read_json, run


def read_newest(conn: Conn) -> dict[str, dict[str, int]]:
    """By experiment, the weights of its ways."""
    rows = fetch_all(conn, load("bandits")["newest"], {})
    return {f"{journey}/{step}": read_json(weights) for journey, step, weights in rows}


def set_weights(
    conn: Conn,
    journey_id: int,
    step: str,
    at: datetime,
    weights: Mapping[str, int],
    counts: Mapping[str, Sequence[int]],
) -> bool:
    """The weights from an instant on, with the people and conversions that they are of. False where another engine has
    set them."""
    told = {"weights": json.dumps(dict(weights)), "counts": json.dumps(dict(counts))}
    return bool(fetch_all(conn, load("bandits")["set"], {"journey": journey_id, "step": step, "at": at, **told}))


def raise_epoch(conn: Conn, workspace: int) -> None:
    """What is decided next is decided by the new weights (E7)."""
    run(conn, load("bandits")["raise_epoch"], {"workspace": workspace})


def list_weights(conn: Conn, journey_id: int) -> dict[str, tuple[dict[str, int], datetime]]:
    """By step, the weights that hold now, and since when."""
    rows = fetch_all(conn, load("bandits")["last_of"], {"journey": journey_id})
    return {step: (read_json(weights), at) for step, weights, at in rows}
