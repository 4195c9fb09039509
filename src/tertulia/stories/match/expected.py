"""What the seed says must come of everybody: computed from roles alone, before anything is played."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tertulia.stories.match.cast import Customer, Role
from tertulia.stories.match.rows import CustomerList

WITHDRAWN: Final = frozenset({"consent.withdrawn", "suppression.withdrawn"})


@dataclass(frozen=True, slots=True)
class Fate:
    """How far somebody comes. `reasons`: which of them may be given where they are not matched. `by_link`: the code
    said who they are, so their first message agreed to offers too (M7). `strangers`: others who used their link."""

    sent: bool = True
    delivered: bool = True
    clicked: bool = False
    app_opened: bool = False
    wrote: bool = False
    matched: bool = False
    by_link: bool = False
    forwarded: bool = False
    reasons: frozenset[str] = frozenset()


def _unmatched(*reasons: str, **steps: bool) -> Fate:
    return Fate(**steps, reasons=frozenset(reasons))


def _matched(*, by_link: bool = True, forwarded: bool = False) -> Fate:
    return Fate(clicked=True, app_opened=True, wrote=True, matched=True, by_link=by_link, forwarded=forwarded)


FATES: Final[Mapping[Role, Fate]] = {
    Role.IGNORES: _unmatched("match.not_clicked"),
    Role.SCANNED: _unmatched("match.not_clicked"),
    Role.LOOKS: _unmatched("match.not_written", clicked=True),
    Role.OPENS: _unmatched("match.not_written", clicked=True, app_opened=True),
    Role.WRITES: _matched(),
    Role.EDITS: _matched(),
    Role.DOUBLES: _matched(),
    Role.OTHER_SPELLING: _matched(),
    Role.OTHER_NUMBER: _matched(by_link=False, forwarded=True),
    Role.USERNAME: _matched(),
    Role.LOSES_CODE: _matched(by_link=False),
    Role.SHARES_NUMBER: _matched(by_link=False),
    Role.FORWARDS_AFTER: _matched(forwarded=True),
    Role.FORWARDS_BEFORE: _matched(forwarded=True),
    Role.WROTE_BEFORE: _matched(by_link=False),
    Role.KNOWN_ELSEWHERE: _unmatched("match.identity_elsewhere", clicked=True, app_opened=True, wrote=True),
    Role.STOPS_SMS: _unmatched("match.not_clicked"),
    Role.STOPS_APP: _matched(),
    Role.PHONE_OFF: _unmatched("match.not_delivered", delivered=False),
    Role.DEAD_NUMBER: _unmatched("gone.unknown", delivered=False),
}
LANDLINE: Final = Fate(sent=False, delivered=False, reasons=frozenset({"address.not_mobile"}))
OPTED_OUT: Final = Fate(sent=False, delivered=False, reasons=WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everybody's fate, and the figures that follow."""

    fates: Mapping[tuple[str, str], tuple[Customer, Fate]]

    def count_steps(self) -> dict[str, int]:
        """The funnel's totals."""
        fates = [fate for _, fate in self.fates.values()]
        return {
            "imported": len(fates),
            "valid_mobile": sum(fate is not LANDLINE for fate in fates),
            **{step: sum(getattr(fate, step) for fate in fates) for step in (
                "sent", "delivered", "clicked", "wrote", "matched", "forwarded",
            )},
        }  # fmt: skip

    def count_apps(self) -> dict[str, dict[str, int]]:
        """The funnel's figures by app."""
        counts: dict[str, Counter[str]] = {}
        for customer, fate in self.fates.values():
            if fate.app_opened:
                row = counts.setdefault(customer.app, Counter())
                row["clicked"] += 1
                row["wrote"] += fate.wrote
                row["matched"] += fate.matched
        return {app: dict(row) for app, row in counts.items()}


def foresee(made: CustomerList) -> Outlook:
    """The outlook of a list."""
    fates = {customer.key: (customer, FATES[customer.role]) for customer in made.reachable}
    fates |= {customer.key: (customer, LANDLINE) for customer in made.landlines}
    fates |= {customer.key: (customer, OPTED_OUT) for customer in (*made.opted_out_before, *made.opted_out_after)}
    return Outlook(fates)
