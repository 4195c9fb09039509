"""When an event happened (E2): every way in which clients write a time, and the correction of their clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.ingest_time import FUTURE_MAX, correct, read_time

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
AT = datetime(2024, 3, 5, 12, 30, 15, tzinfo=UTC)
instants = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2024-03-05T12:30:15Z", AT),
        ("2024-03-05T12:30:15.000+00:00", AT),
        ("2024-03-05T14:30:15+02:00", AT),
        ("2024-03-05T14:30:15+0200", AT),
        ("2024-03-05T12:30:15", AT),
        (" 2024-03-05 12:30:15 UTC ", AT),
        ("2024-3-5T12:30:15Z", AT),
        ("2024-3-5T07:00:15-05:30", AT),
        ("2024-03-05T12:30:15.123456789Z", AT.replace(microsecond=123456)),
        ("2015-2-02T00:30:12.984Z", datetime(2015, 2, 2, 0, 30, 12, 984000, UTC)),
        ("2024-03-05", datetime(2024, 3, 5, tzinfo=UTC)),
        (1709641815, AT),
        (1709641815.0, AT),
        (1709641815000, AT),
        ("1709641815", AT),
        ("1709641815000", AT),
    ],
)
def test_times_of_every_form(told: Any, at: datetime) -> None:
    assert read_time(told) == at
    assert read_time(told).tzinfo is UTC


@pytest.mark.parametrize(
    "told",
    [
        *(None, "", "x", "yesterday", True, [], {}, 0, -5, 1e30, float("nan"), "0001-01-01T00:00:00Z", "1" * 100),
        *("2024-13-01T00:00:00Z", "2024-3-99", "9999-12-31T23:59:59-10:00", "1969-12-31", "2024-03-05T12:30:15+99:99"),
    ],
)
def test_what_is_no_time(told: Any) -> None:
    assert read_time(told) is None


@given(st.text() | st.integers() | st.floats() | st.from_regex(r"[0-9]{1,5}-[0-9]+-[0-9]+([T ][0-9:.+-]*)?Z?"))
def test_any_value_is_a_time_or_none(told: Any) -> None:
    at = read_time(told)
    assert at is None or (at.tzinfo is UTC and 1970 <= at.year <= 9000)


@given(
    instants, st.timedeltas(timedelta(), timedelta(days=3)), st.timedeltas(-timedelta(days=900), timedelta(days=900))
)
def test_a_clock_that_is_wrong_all_the_time_makes_no_difference(
    happened: datetime, waited: timedelta, wrong: timedelta
) -> None:
    received_at = happened + waited
    assert correct(happened + wrong, received_at + wrong, received_at) in (happened, happened + wrong)
    assert happened.year < 1971 or correct(happened + wrong, received_at + wrong, received_at) == happened


@given(st.none() | instants, st.none() | instants, instants)
def test_nothing_happens_long_after_its_arrival(client: datetime | None, sent: datetime | None, at: datetime) -> None:
    assert correct(client, sent, at) <= at + FUTURE_MAX


def test_without_the_sending_the_clients_word_counts_unless_it_lies_ahead() -> None:
    assert correct(None, NOW, NOW) == NOW
    assert correct(AT, None, NOW) == AT
    soon, late = NOW + timedelta(minutes=4), NOW + timedelta(minutes=6)
    assert (correct(soon, None, NOW), correct(late, None, NOW)) == (soon, NOW)
    assert correct(late, NOW, NOW) == NOW
