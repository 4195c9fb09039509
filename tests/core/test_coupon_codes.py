"""Codes as people paste them: each once, and every line that is none named."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.coupon_codes import BLANK, NO_CODE, TWICE, read_codes
from tertulia.core.coupons import read_used, sample_coupons


def test_every_line_is_a_code_or_is_named() -> None:
    """Blanks around a code are none of it, nor is what some programs write first; blank lines at the end are fine."""
    read = read_codes(["\ufeffA1 ", "", "B2", "A1", "x" * 101, "C\x003", "", " "])
    assert read.codes == {"A1": 1, "B2": 3}
    assert [(one.line, one.message, one.first) for one in read.left_out] == [
        (2, BLANK, 0), (4, TWICE, 1), (5, NO_CODE, 0), (6, NO_CODE, 0)
    ]  # fmt: skip


@given(st.lists(st.text("AB \n\x00", max_size=3)))
def test_no_line_is_lost_and_no_code_comes_twice(lines: list[str]) -> None:
    """Always, of lines up to the last that is not blank."""
    read = read_codes(lines)
    told = sorted([*read.codes.values(), *(one.line for one in read.left_out)])
    last = max((n for n, line in enumerate(lines, 1) if line.strip()), default=0)
    assert told == list(range(1, last + 1))
    assert all(code == code.strip() and code for code in read.codes)


def test_which_coupons_a_text_shows() -> None:
    """By steps, also inside tags and filters, and with a name of several words."""
    text = "{% if coupons.gift.expires %}{{ coupons.gift-2.code | upcase }}{% endif %} {{ contact.name }}"
    assert sorted(read_used(text)) == ["gift", "gift-2"]
    assert read_used("{{ coupons.gift") == ()


def test_a_preview_shows_a_sample_for_each_step() -> None:
    """With an instant that is still to come."""
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    shown = sample_coupons("{{ coupons.gift.code }} {{ coupons.more.expires }}", now)
    assert {step: told["code"] for step, told in shown.items()} == {"gift": "SAMPLE-CODE", "more": "SAMPLE-CODE"}
    assert all(told["expires"] > now for told in shown.values())
