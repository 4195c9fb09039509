"""How many digits a numbering plan's pattern looks at."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.number_patterns import ALL_DIGITS, count_named_digits
from tertulia.core.phone_plans import load_plan

PLANS = [plan for region in sorted(phonenumbers.SUPPORTED_REGIONS) if (plan := load_plan(region))]
PATTERNS = sorted(
    {
        pattern.pattern.removesuffix(r"\Z")
        for plan in PLANS
        for pattern in (
            plan.general,
            plan.international_prefix,
            plan.national_prefix,
            plan.leading_digits,
            *(pattern for _, pattern in plan.each_kind),
        )
        if pattern is not None
    }
)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        (r"\d{8}", 0),
        (r"800\d{6,7}", 3),
        (r"1|22\d|\d\d[34]\d", 3),
        (r"(?:[14689][1-9]|2[12478])(?:7|9\d)\d{7}", 3),
        (r"\d{2,4}5", 5),
        (r"(?:1\d){3}", 6),
        (r"(?:\d\d){3}", 0),
        (r"(?:0(?:1[245])?)?(\d{10,11})?", 3),
        (r"(?!9)\d{4}", 1),
        (r"\d+5", ALL_DIGITS),
    ],
)
def test_digits_that_are_named(pattern: str, named: int) -> None:
    """The last named digit counts, at the furthest place where it may stand; an unknown sign names all."""
    assert count_named_digits(pattern) == named


def test_every_plan_is_understood() -> None:
    """No pattern of the library has a sign that the count does not know."""
    assert [pattern for pattern in PATTERNS if count_named_digits(pattern) == ALL_DIGITS] == []


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PATTERNS), st.data())
def test_digits_behind_the_named_ones_change_nothing(pattern: str, data: st.DataObject) -> None:
    """Two numbers that begin alike and are equally long match alike, down to where groups end."""
    head = data.draw(st.from_regex(pattern, fullmatch=True, alphabet="0123456789") | st.text("0123456789", max_size=17))
    named = count_named_digits(pattern)
    other = head[:named] + "".join(data.draw(st.sampled_from("0123456789")) for _ in head[named:])
    for compiled in (re.compile(pattern), re.compile(rf"(?:{pattern})\Z")):
        one, two = compiled.match(head), compiled.match(other)
        assert (one and one.regs) == (two and two.regs)
