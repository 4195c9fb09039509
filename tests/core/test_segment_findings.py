"""Why somebody belongs: the answer is that of `matches`, and what it names suffices for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.conditions import Condition
from tertulia.core.rows import ContactRow
from tertulia.core.segment_findings import explain
from tertulia.core.segments import (
    DAY,
    Agreed,
    Compared,
    Counted,
    Drawn,
    EventKey,
    Group,
    Listed,
    MemberFacts,
    Node,
    Reachable,
    floor_to,
    matches,
    walk,
)

NOW = datetime(2026, 11, 22, 9, 17, tzinfo=UTC)
ORDERS = EventKey("track", "Order Completed", "", "", False)

leaves = st.one_of(
    st.sampled_from(("gold", "silver")).map(lambda tier: Compared(Condition(attribute="tier", is_=tier))),
    st.integers(0, 3).map(lambda n: Counted(ORDERS, "count", timedelta(days=30), None, "at_least", n)),
    st.sampled_from(("first", "last")).map(lambda name: Counted(ORDERS, name, None, 3 * DAY, "at_least", 1)),
    st.sampled_from(("granted", "none")).map(lambda state: Agreed(state, "*", "marketing")),
    st.just(Reachable("*")),
    st.integers(1, 2).map(Listed),
    st.integers(0, 9).map(lambda n: Drawn("a", 1000 * n, 1000 * n + 1000)),
)
nodes = st.recursive(
    leaves,
    lambda inner: st.builds(
        Group, st.sampled_from(("all", "any", "none")), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=12,
)
people = st.builds(
    lambda tier, days, lists: MemberFacts(
        ContactRow(7, 1, "Ana", "", "pt", "BR", "api", {"tier": tier} if tier else {}, created_at=NOW),
        {ORDERS: {floor_to(NOW - timedelta(days=n), DAY): (1, Decimal()) for n in days}},
        frozenset(lists),
    ),
    st.sampled_from(("", "gold", "silver")),
    st.sets(st.integers(0, 60), max_size=4),
    st.sets(st.integers(1, 3)),
)


def decide(node: Node, answer: Callable[[Node], bool]) -> bool:
    """The tree, its leaves answered by somebody else."""
    if not isinstance(node, Group):
        return answer(node)
    inside = [decide(part, answer) for part in node.parts]
    return all(inside) if node.joint == "all" else any(inside) if node.joint == "any" else not any(inside)


@given(nodes, people, st.randoms(use_true_random=False))
def test_S1_what_is_named_suffices(node: Node, facts: MemberFacts, chance) -> None:
    """It is the answer of `matches`, and stays it whatever the conditions that are not named come to."""
    verdict = explain(node, facts, NOW)
    assert verdict.belongs is matches(node, facts, NOW)
    named = {decider.node: decider.holds for decider in verdict.deciders}
    assert all(matches(leaf, facts, NOW) is holds for leaf, holds in named.items())
    for _ in range(3):
        others = {leaf: chance.random() < 0.5 for leaf in walk(node)}
        assert decide(node, (others | named).__getitem__) is verdict.belongs


def test_the_value_that_was_there() -> None:
    """A value, a count, an instant's day, a state, a place, a share."""
    bucket = floor_to(NOW - 2 * DAY, DAY)
    facts = MemberFacts(
        ContactRow(7, 1, "Ana", "", "pt", "BR", "api", {"tier": "gold"}, created_at=NOW),
        {ORDERS: {bucket: (2, Decimal("7.5"))}},
        frozenset({1}),
    )
    asked = {
        Compared(Condition(attribute="tier", is_="x")): "gold",
        Counted(ORDERS, "count", timedelta(days=1), None, "over", 0): 0,
        Counted(ORDERS, "count", None, None, "over", 0): 2,
        Counted(ORDERS, "sum", None, None, "over", 0): Decimal("7.5"),
        Counted(ORDERS, "last", DAY, None, "at_least", 1): bucket,
        Agreed("granted", "*", "marketing"): "none",
        Reachable("*"): False,
        Listed(1): True,
    }
    for node, value in asked.items():
        assert [one.value for one in explain(node, facts, NOW).deciders] == [value]
