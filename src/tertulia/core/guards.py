"""Guards: a journey pauses itself when too many of its messages come back, are refused or make people leave (V3).

Each guard is a share that may not be passed, judged from a stated number of messages on, over the last day and since
the journey was resumed. What fires is a pause like any other: nothing is lost, and a person decides how to go on.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.shares import BUCKETS, read_share

WINDOW: Final = timedelta(days=1)
EVERY: Final = timedelta(seconds=10)  # journeys are looked at so often
LEFT_BY: Final = ("opt_word", "unsubscribe_link", "form", "platform_choice")
BLOCKED_BY: Final = ("platform_block",)
"""Sources of withdrawn consent: who opted out, and who blocked us."""
AFTER_MAX: Final = 1_000_000
NAMES: Final = ("bounces", "complaints", "opt_outs", "aborts")
FOR_BROADCASTS: Final = {"bounces": "10%", "complaints": "0.5%", "opt_outs": "5%", "after": 200}
"""What a new broadcast of the console begins with."""


class GuardRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """V3: shares of its messages; a journey of which one is passed pauses itself."""

    bounces: Annotated[str, Meta(title=_("So many failed"), description=_("A share, such as 5%."))] = ""
    complaints: Annotated[str, Meta(title=_("So many blocked you"), description=_("Such as 0.1%."))] = ""
    opt_outs: Annotated[str, Meta(title=_("So many opted out"), description=_("Such as 2%."))] = ""
    aborts: Annotated[str, Meta(title=_("So many could not be written"), description=_("Such as 10%."))] = ""
    after: Annotated[int, Meta(title=_("Judged from so many messages on"))] = 100


class CanaryRule(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename={"for_": "for"}
):
    """V3: what is new goes to a share of customers first."""

    share: Annotated[str, Meta(title=_("To this share first"), description=_("Such as 5%."))]
    for_: Annotated[str, Meta(title=_("For so long"), description=_("Then to the others, such as 2 h."))]


class Canary(msgspec.Struct, frozen=True):
    """Of a published revision: runs that began `since` then wait `until` then, but for the first."""

    since: datetime
    until: datetime


class Counts(msgspec.Struct, frozen=True):
    """Of a journey's messages: handed over, `bounces` of them that failed for good, people who blocked us after one
    (`complaints`) or opted out, and messages that could not be rendered (`aborts`)."""

    handed_over: int = 0
    bounces: int = 0
    complaints: int = 0
    opt_outs: int = 0
    aborts: int = 0


class Fired(msgspec.Struct, frozen=True):
    """A guard that fired: `count` of `of`, and the share that was `allowed`, as its document writes it."""

    guard: str
    count: int
    of: int
    allowed: str

    def tell(self) -> dict[str, Any]:
        """For the ledger, the audit log and notices."""
        facts: dict[str, Any] = msgspec.to_builtins(self)
        return facts


@lru_cache(maxsize=10_000)
def read_limits(rule: GuardRule) -> tuple[tuple[str, int], ...]:
    """The guards that are set, each with its share of BUCKETS. Raises ValueError."""
    limits = ((name, read_share(getattr(rule, name))) for name in NAMES)
    return tuple((name, share) for name, share in limits if share)


def judge(rule: GuardRule, counts: Counts) -> Fired | None:
    """The first guard whose share is passed. Aborts are of all that were to be written, the others of what went out."""
    for name, share in read_limits(rule):
        count = getattr(counts, name)
        of = counts.handed_over + (counts.aborts if name == "aborts" else 0)
        if of >= rule.after and count * BUCKETS > share * of:
            return Fired(name, count, of, getattr(rule, name))
    return None
