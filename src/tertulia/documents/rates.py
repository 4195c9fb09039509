"""Rates of a trial as a document: what it does not say is as in the defaults."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.simulation.rates import DEFAULTS, Rates
from tertulia.core.wall_clock import read_time
from tertulia.documents.fields import convert
from tertulia.documents.lines import BadDocument, Place, Problem, Written, read_lines


def check_rates(text: str) -> Rates:
    """The rates, or BadDocument with what is wrong."""
    return convert_rates(read_lines(text))


def convert_rates(written: Written) -> Rates:
    """The same of a document that was read."""
    if not isinstance(written.value, dict | None):
        message = _("Rates are names with values, such as sms: {opened: 90}.")
        raise BadDocument([Problem(Place(1, 1), (), message)])
    merged = _merge(msgspec.to_builtins(DEFAULTS), written.value or {})
    rates = convert(written, merged, Rates, ())
    if isinstance(rates, Problem):
        raise BadDocument([rates])
    problems = []
    for name, value in (("from", rates.unwelcome.from_), ("to", rates.unwelcome.to)):
        if not _is_time(value):
            place = written.find(("unwelcome", name))
            problems.append(Problem(place, ("unwelcome", name), _("Write a time such as 21:00.")))
    for name in ("sms", "app", "email"):
        channel = getattr(rates, name)
        if channel.refused + channel.silent > 100:
            message = _("Refused and silent are more than all together.")
            problems.append(Problem(written.find((name,)), (name,), message))
    if problems:
        raise BadDocument(problems)
    return rates


def _is_time(text: str) -> bool:
    try:
        return read_time(text) is not None
    except ValueError:
        return False


def _merge(over: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, in place of what is there; parts by parts."""
    made = dict(over)
    for name, value in said.items():
        mine = made.get(name)
        made[name] = _merge(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return made
