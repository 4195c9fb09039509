"""What controls the delivery of a journey: budget, throttle, guards (V3); and whether documents differ in no more."""

from collections.abc import Iterator
from typing import Any, Final

from tertulia.core.budgets import Budget, BudgetRule, read_amount
from tertulia.core.durations import read_duration
from tertulia.core.guards import AFTER_MAX, NAMES, CanaryRule, GuardRule
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.shares import WRONG, read_share
from tertulia.core.throttles import MESSAGES_MAX, PER_MAX, ThrottleRule
from tertulia.documents.lines import BadDocument, Path, Problem, Written, read_lines

CONTROLS: Final = ("budget", "throttle", "guards", "canary")
"""Fields of a document that hold for a journey as a whole, by its newest revision, whichever its runs are in."""


def check_budget(written: Written, rule: BudgetRule | None) -> Iterator[Problem]:
    """Amounts that are some, and at least one."""
    if rule is None:
        return
    amounts = {name: getattr(rule, name) for name in Budget.__struct_fields__ if getattr(rule, name) is not None}
    if not amounts:
        yield Problem(written.find(("budget",)), ("budget",), _("Give an amount, or leave the budget out."))
    for name, amount in amounts.items():
        path: Path = ("budget", name)
        try:
            read_amount(amount)
        except ValueError as error:
            yield Problem(written.find(path), path, str(error))


def check_throttle(written: Written, rule: ThrottleRule | None) -> Iterator[Problem]:
    """So many, in so much time."""
    if rule is None:
        return
    if not 1 <= rule.messages <= MESSAGES_MAX:
        path: Path = ("throttle", "messages")
        yield Problem(written.find(path), path, _("Give a number from 1 to %(most)s."), {"most": str(MESSAGES_MAX)})
    path = ("throttle", "per")
    try:
        too_long = read_duration(rule.per) > PER_MAX
    except ValueError as error:
        yield Problem(written.find(path), path, str(error))
    else:
        if too_long:
            yield Problem(written.find(path), path, _("Give a time of at most 7 d."))


def check_guards(written: Written, rule: GuardRule | None) -> Iterator[Problem]:
    """Shares, at least one of them, and from how many messages on."""
    if rule is None:
        return
    for name in NAMES:
        path: Path = ("guards", name)
        try:
            read_share(getattr(rule, name))
        except ValueError as error:
            yield Problem(written.find(path), path, str(error))
    if not any(getattr(rule, name) for name in NAMES):
        message = _("Give one of %(names)s, or leave the guards out.")
        yield Problem(written.find(("guards",)), ("guards",), message, {"names": ", ".join(NAMES)})
    if not 1 <= rule.after <= AFTER_MAX:
        path = ("guards", "after")
        yield Problem(written.find(path), path, _("Give a number from 1 to %(most)s."), {"most": str(AFTER_MAX)})


def check_canary(written: Written, rule: CanaryRule | None) -> Iterator[Problem]:
    """A share, and for how long."""
    if rule is None:
        return
    try:
        if not read_share(rule.share):
            yield Problem(written.find(("canary", "share")), ("canary", "share"), str(WRONG))
    except ValueError as error:
        yield Problem(written.find(("canary", "share")), ("canary", "share"), str(error))
    try:
        read_duration(rule.for_)
    except ValueError as error:
        yield Problem(written.find(("canary", "for")), ("canary", "for"), str(error))


def is_control_change(before: str | None, after: str) -> bool:
    """Whether two documents differ, and in nothing but controls."""
    if before is None:
        return False
    try:
        old, new = (read_lines(text).value for text in (before, after))
    except BadDocument:
        return False
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return bool(old != new) and _leave_out(old) == _leave_out(new)


def _leave_out(document: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in document.items() if name not in CONTROLS}
