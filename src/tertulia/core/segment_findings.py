"""Why somebody belongs to a segment or does not: the conditions that decided, each with the value that was there.

`explain` walks the nodes as `matches` does. Of a group it keeps no more than what makes the answer what it is: of `all`
the first part that fails, or every part where none does; of `any` the first that holds, or every part. So whatever the
other conditions came to, the answer would be the same, which a property test holds it to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, assert_never

from tertulia.core.conditions import read_subject
from tertulia.core.segments import (
    BUCKETS,
    Agreed,
    Compared,
    Counted,
    Drawn,
    Group,
    Listed,
    MemberFacts,
    Node,
    Reachable,
    draw,
    find_consent,
    find_since,
    is_reachable,
    matches,
)
from tertulia.core.subjects import make_subject

Leaf = Compared | Counted | Agreed | Reachable | Listed | Drawn


@dataclass(frozen=True, slots=True)
class Decider:
    """One condition, whether it holds, and what was there: the contact's value of a comparison; of events or messages
    how many, their sum, or the first instant of the hour or day of the first or last; the state of consent; whether
    there is somewhere to write to, or a place on the list; the share in per cent. None where there was nothing."""

    node: Leaf
    holds: bool
    value: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody belongs, and the conditions that suffice for that answer."""

    belongs: bool
    deciders: tuple[Decider, ...]


def explain(node: Node, facts: MemberFacts, now: datetime) -> Verdict:
    """The answer of `matches`, with what decided it."""
    match node:
        case Group(joint, parts):
            verdicts = [explain(part, facts, now) for part in parts]
            stops_at = joint != "all"  # the answer of one part that settles the group
            settled = next((one for one in verdicts if one.belongs is stops_at), None)
            if settled is not None:
                return Verdict(joint == "any", settled.deciders)
            deciders = tuple(decider for one in verdicts for decider in one.deciders)
            return Verdict(joint != "any", deciders)
        case _:
            holds = matches(node, facts, now)
            return Verdict(holds, (Decider(node, holds, read_value(node, facts, now)),))


def read_value(node: Leaf, facts: MemberFacts, now: datetime) -> Any:
    """What a condition looks at."""
    match node:
        case Compared(condition):
            return read_subject(condition, make_subject({}, facts.contact))
        case Counted():
            return _measure(node, facts.tallies.get(node.key, {}), now)
        case Agreed():
            return find_consent(facts, node.channel, node.topic)
        case Reachable(channel):
            return is_reachable(facts.contact, channel)
        case Listed(list_id):
            return list_id in facts.lists
        case Drawn(salt, _, _):
            return 100 * draw(salt, facts.contact.id) / BUCKETS
        case _:
            assert_never(node)


def _measure(node: Counted, tally: Mapping[datetime, tuple[int, Decimal]], now: datetime) -> Any:
    if node.measure in ("first", "last"):
        return (min if node.measure == "first" else max)(tally, default=None)
    since = find_since(node, now)
    inside = [row for at, row in tally.items() if since is None or at >= since]
    if node.measure == "count":
        return sum(count for count, _ in inside)
    return sum((total for _, total in inside), Decimal())
