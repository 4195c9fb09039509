"""A4: who came to experiments, and how many of them converted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tertulia.store.db import Conn, fetch_all, load


@dataclass(frozen=True, slots=True)
class Counted:
    """People who were assigned one way of an experiment with one weight (of 10000): those whose time to convert is
    over, how many of these did, and all of them."""

    experiment: str
    way: str
    weight: int
    over: int
    converted: int
    people: int


def count_converted(
    conn: Conn,
    workspace: int,
    experiments: Sequence[str],
    journey_id: int | None,
    within: timedelta,
    now: datetime,
    apart: Sequence[int] = (),
) -> list[Counted]:
    """Of these experiments. `within`: how long everybody has; a goal of the journey counts, or of any (None) but those
    `apart`."""
    args = {
        "workspace": workspace,
        "experiments": list(experiments),
        "journey": journey_id,
        "within": within,
        "over": now - within,
        "apart": list(apart),
    }
    return [Counted(*row) for row in fetch_all(conn, load("experiments")["converted"], args)]
