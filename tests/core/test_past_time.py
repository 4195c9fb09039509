"""Times as files of past events write them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.past_time import guess_month_first, looks_like_time, read_moment

LISBON = ZoneInfo("Europe/Lisbon")
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-07-01T10:00:00Z", "2026-07-01T10:00:00+00:00"),
        ("2026-07-01 10:00:00", "2026-07-01T09:00:00+00:00"),  # summer in Lisbon
        ("2026-01-01 10:00", "2026-01-01T10:00:00+00:00"),
        ("2026-07-01 10:00:00.250 +0200", "2026-07-01T08:00:00.250000+00:00"),
        ("2026-7-1", "2026-06-30T23:00:00+00:00"),
        ("2026/07/01 10:00", "2026-07-01T09:00:00+00:00"),
        ("2026年7月1日 10:00", "2026-07-01T09:00:00+00:00"),
        ("14/09/2026 18:20", "2026-09-14T17:20:00+00:00"),
        ("14.09.2026", "2026-09-13T23:00:00+00:00"),
        ("1-2-2026, 6:20 PM", "2026-02-01T18:20:00+00:00"),
        ("1-2-2026 12:05 a.m.", "2026-02-01T00:05:00+00:00"),
        ("2026-07-01 10:00:00 UTC", "2026-07-01T10:00:00+00:00"),
        ("1788000000", "2026-08-29T10:40:00+00:00"),
        ("1788000000000", "2026-08-29T10:40:00+00:00"),
        ("1788000000000000", "2026-08-29T10:40:00+00:00"),
        ("1788000000.5", "2026-08-29T10:40:00.500000+00:00"),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, told: str) -> None:
    """Its own, else the one that is said."""
    at = read_moment(text, LISBON)
    assert at is not None
    assert at.isoformat() == told


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "31/02/2026", "09/14/2026", "2026-07-01 25:00", "10:00", "7", "2026-07-01 13:00 PM",
     "0000-00-00", "1969-12-31", "2026-07-01 10:00 +99:99", "x" * 100, "20 of July", "-1788000000"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    """Never guessed."""
    assert read_moment(text, UTC) is None


def test_numbers_are_instants_and_other_values_are_none() -> None:
    """As JSON has them."""
    assert read_moment(1_788_000_000, LISBON) == read_moment(1_788_000_000_000, LISBON)
    assert [read_moment(value, UTC) for value in (True, None, [], {}, float("nan"), 0)] == [None] * 6


def test_which_of_day_and_month_comes_first_is_said() -> None:
    """Or seen, where a date can be read in one way only."""
    assert read_moment("03/04/2026", UTC) == datetime(2026, 4, 3, tzinfo=UTC)
    assert read_moment("03/04/2026", UTC, month_first=True) == datetime(2026, 3, 4, tzinfo=UTC)
    assert guess_month_first(["03/04/2026", "09/14/2026"], default=False)
    assert not guess_month_first(["03/04/2026", "14/09/2026"], default=True)
    assert guess_month_first(["03/04/2026", "2026-03-04", ""], default=True)


def test_a_number_alone_may_be_anything() -> None:
    """A column of phones is no column of times."""
    assert [looks_like_time(cell) for cell in ("912555019", "2026-03-01", "09/14/2026", "no")] == [
        False, True, True, False,
    ]  # fmt: skip


@given(MOMENTS, st.integers(-14, 14))
def test_an_iso_instant_is_always_itself(at: datetime, hours: int) -> None:
    """Whatever zone it is written in."""
    zone = timezone(timedelta(hours=hours))
    assert read_moment(at.astimezone(zone).isoformat(), LISBON) == at


@given(MOMENTS.map(lambda at: at.replace(microsecond=0)))
def test_a_number_is_always_its_instant(at: datetime) -> None:
    """In seconds from 9 digits on, in milliseconds and microseconds."""
    seconds = int(at.timestamp())
    if seconds >= 1_000_000_000:
        assert {read_moment(seconds * factor, LISBON) for factor in (1, 1_000, 1_000_000)} == {at}


@given(st.text(max_size=80))
def test_no_text_ever_raises(text: str) -> None:
    """A file holds anything."""
    at = read_moment(text, LISBON)
    assert at is None or at.tzinfo is UTC
