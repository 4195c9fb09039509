"""What an engine does with rows that are due, by name, so that a helper, which is another process, can be given it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from tertulia.actions import cycle
from tertulia.core.allowances import shares_entries, shares_totals
from tertulia.core.rows import CallRow, OpenDelivery, OtpRow, RunRow, SessionRow, WatchRow
from tertulia.core.world import Config

Work = Callable[..., cycle.Batch]


class Act(NamedTuple):
    """`row`: what the rows are. `alone` says of which rows no part may be a helper's, for what they take of is shared
    with the others (R5), and who comes first is to be told; None: of none."""

    row: type[Any]
    work: Work
    alone: Callable[[Config, Any], bool] | None = None


CLAIM: Final = "claim"
ACTS: Final[dict[str, Act]] = {
    CLAIM: Act(OpenDelivery, cycle.claim_due, shares_totals),
    "settle": Act(OpenDelivery, cycle.settle_unknown),
    "revoke": Act(OpenDelivery, cycle.revoke_queued),
    "wake": Act(RunRow, cycle.wake_runs, shares_entries),
    "exits": Act(RunRow, cycle.look_at_exits),
    "pass over": Act(RunRow, cycle.pass_over_runs),
    "cancel": Act(RunRow, cycle.cancel_runs),
    "calls": Act(CallRow, cycle.claim_calls),
    "codes": Act(OtpRow, cycle.wake_otps),
    "sessions": Act(SessionRow, cycle.end_sessions),
    "watches": Act(WatchRow, cycle.settle_watches),
}


def find_work(name: str, owner: str) -> Callable[..., cycle.Batch]:
    """What decides such rows, called with connection, configuration, rows, now and serial numbers. `owner`: whose part
    of shared totals is spent."""
    work = ACTS[name].work
    return partial(work, owner=owner) if name == CLAIM else work
