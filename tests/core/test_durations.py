"""Durations as documents write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.durations import DURATION_MAX, NOT_A_DURATION, OUT_OF_RANGE, UNITS, read_duration, write_duration


@pytest.mark.parametrize(
    ("written", "canonical", "seconds"),
    [
        ("30 s", "30 s", 30),
        ("30s", "30 s", 30),
        ("15 min", "15 min", 900),
        ("90 min", "90 min", 5_400),
        ("60 min", "1 h", 3_600),
        ("1 h", "1 h", 3_600),
        ("36 h", "36 h", 129_600),
        (" 02 d ", "2 d", 172_800),
        ("7 d", "1 w", 604_800),
        ("1 w", "1 w", 604_800),
        ("1825 d", "1825 d", 157_680_000),
        ("157680000 s", "1825 d", 157_680_000),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written: str, canonical: str, seconds: int) -> None:
    """With a blank between them or not; one way to write it back."""
    assert read_duration(written) == timedelta(seconds=seconds)
    assert write_duration(read_duration(written)) == canonical


@pytest.mark.parametrize(
    "written",
    [
        *(30, 30.0, True, None, timedelta(hours=1), ["1 h"]),
        *(
            "",
            "30",
            "h",
            "1.5 h",
            "1,5 h",
            "-1 h",
            "1 h 30 min",
            "1 m",
            "1 month",
            "1 H",
            "PT1H",
            "٣ h",
            "1  h",
            "one h",
        ),
    ],
)
def test_what_is_no_duration_says_how_to_write_one(written: object) -> None:
    """A bare number too: 30 of what? And a month has no fixed length."""
    with pytest.raises(ValueError, match="30 min, 2 h or 7 d") as caught:
        read_duration(written)
    assert str(caught.value) == NOT_A_DURATION


@pytest.mark.parametrize(
    "written", ["0 s", "000 w", "1826 d", "261 w", "157680001 s", "999999999 w", "1" + 5_000 * "0" + " s"]
)
def test_a_duration_has_limits(written: str) -> None:
    """More than nothing, at most five years."""
    with pytest.raises(ValueError, match="1825 d") as caught:
        read_duration(written)
    assert str(caught.value) == OUT_OF_RANGE


@pytest.mark.parametrize(
    ("duration", "sentence"),
    [
        (timedelta(0), OUT_OF_RANGE),
        (timedelta(seconds=-1), OUT_OF_RANGE),
        (DURATION_MAX + timedelta(seconds=1), OUT_OF_RANGE),
        (timedelta(milliseconds=1_500), NOT_A_DURATION),
    ],
)
def test_what_could_not_be_read_back_is_not_written(duration: timedelta, sentence: str) -> None:
    """Better an error here than in the reader of the document."""
    with pytest.raises(ValueError, match="Give a duration") as caught:
        write_duration(duration)
    assert str(caught.value) == sentence


@given(st.integers(1, DURATION_MAX // timedelta(seconds=1)))
def test_whatever_is_written_is_read_back(seconds: int) -> None:
    """In the largest unit that leaves no remainder."""
    written = write_duration(timedelta(seconds=seconds))
    assert read_duration(written) == timedelta(seconds=seconds)
    count, unit = written.split()
    assert int(count) * UNITS[unit] == timedelta(seconds=seconds)
