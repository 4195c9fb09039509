"""Wall times and instants (T1, T2, T3, T5, T6): the changes of the clocks in ten zones, and what always holds."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tertulia.core.wall_clock import (
    Late,
    Weekday,
    add_calendar_days,
    day_bounds,
    list_offsets,
    month_bounds,
    next_time_of_day,
    next_weekday,
    read_wall,
    resolve,
    settle_past,
    week_bounds,
)

NEW_YORK = ZoneInfo("America/New_York")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
HAVANA = ZoneInfo("America/Havana")
LISBON = ZoneInfo("Europe/Lisbon")
PRAGUE = ZoneInfo("Europe/Prague")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
TOKYO = ZoneInfo("Asia/Tokyo")
ST_JOHNS = ZoneInfo("America/St_Johns")
APIA = ZoneInfo("Pacific/Apia")
ZONES = [
    *(NEW_YORK, SAO_PAULO, HAVANA, LISBON, PRAGUE, LOS_ANGELES, TOKYO, ST_JOHNS, APIA),
    *map(ZoneInfo, ("Africa/Cairo", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Shanghai")),
    *map(ZoneInfo, ("America/Scoresbysund", "Africa/Casablanca", "Asia/Beirut", "America/Asuncion", "UTC")),
]
DAY = timedelta(days=1)

zones = st.sampled_from(ZONES)
dates = st.dates(date(1985, 1, 1), date(2036, 12, 31))
times = st.times()
instants = st.datetimes(datetime(1985, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC))


@st.composite
def near_changes(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant; in half of the cases at a change of its clocks or within two hours of one."""
    zone, at = draw(zones), draw(instants)
    spans = list(list_offsets(at, at + 370 * DAY, zone))
    if len(spans) > 1 and draw(st.booleans()):
        apart = st.timedeltas(timedelta(hours=-2), timedelta(hours=2)) | st.just(timedelta(0))
        at = draw(st.sampled_from(spans[1:])).begin + draw(apart)
    return zone, at


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str, zone: str) -> datetime:
    at = datetime.fromisoformat(text)
    return resolve(at.date(), at.time(), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "shown", "expected"),
    [
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00"),
        ("America/Sao_Paulo", "2018-11-04T00:15", "2018-11-04T03:00"),  # at midnight
        ("America/Sao_Paulo", "2026-11-01T00:15", "2026-11-01T03:15"),  # no change any more
        ("Europe/Lisbon", "2026-03-29T01:59:59.999999", "2026-03-29T01:00"),
        ("Europe/Prague", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("Africa/Cairo", "2026-04-24T00:30", "2026-04-23T22:00"),  # at midnight, on a Friday
        ("Asia/Tehran", "2022-03-22T00:30", "2022-03-21T20:30"),  # the last change there
        ("Asia/Tehran", "2023-03-22T00:30", "2023-03-21T21:00"),  # none
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # half an hour
        ("Pacific/Auckland", "2026-09-27T02:30", "2026-09-26T14:00"),
        ("America/Havana", "2026-03-08T00:30", "2026-03-08T05:00"),  # at midnight
        ("Asia/Shanghai", "1986-05-04T02:30", "1986-05-03T18:00"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),  # a day that never was
    ],
)
def test_T2_a_time_that_the_clocks_leap_over_is_the_moment_of_the_change(zone: str, shown: str, expected: str) -> None:
    """The first valid instant after the gap: neither an hour before nor half an hour later."""
    assert wall(shown, zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "shown", "expected"),
    [
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("America/Sao_Paulo", "2018-02-17T23:30", "2018-02-18T01:30"),
        ("Europe/Lisbon", "2026-10-25T01:30", "2026-10-25T00:30"),
        ("Europe/Prague", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30"),
        ("Asia/Tehran", "2022-09-21T23:30", "2022-09-21T19:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("Pacific/Auckland", "2026-04-05T02:30", "2026-04-04T13:30"),
        ("America/Havana", "2026-11-01T00:30", "2026-11-01T04:30"),
        ("Asia/Shanghai", "1986-09-14T01:30", "1986-09-13T16:30"),
    ],
)
def test_T2_a_time_that_comes_twice_is_its_first_occurrence(zone: str, shown: str, expected: str) -> None:
    """And it is the instant at which the clock shows it."""
    at = wall(shown, zone)
    assert at == utc(expected)
    assert read_wall(at, ZoneInfo(zone)) == datetime.fromisoformat(shown)


def test_T1_nine_o_clock_asked_on_the_eve_of_a_change_is_nine_o_clock() -> None:
    """Not ten: the offset is the one of the target date."""
    eve = utc("2026-03-28T19:00")
    assert next_time_of_day(eve, time(9), PRAGUE) == utc("2026-03-29T07:00")
    assert read_wall(next_time_of_day(eve, time(9), PRAGUE), PRAGUE).time() == time(9)
    assert next_time_of_day(utc("2026-10-24T19:00"), time(9), PRAGUE) == utc("2026-10-25T08:00")


def test_T5_monday_in_los_angeles_is_no_sunday() -> None:
    """Sunday 18:00 there is Monday in UTC."""
    sunday = utc("2026-11-30T00:30")
    due = next_weekday(sunday, [Weekday.MON], time(18), LOS_ANGELES)
    assert due == utc("2026-12-01T02:00")
    assert read_wall(due, LOS_ANGELES).weekday() == Weekday.MON


def test_T5_thursday_in_tokyo_is_no_friday() -> None:
    """Thursday 05:00 there is Wednesday in UTC."""
    due = next_weekday(utc("2026-11-30T12:00"), [Weekday.THU], time(5), TOKYO)
    assert due == utc("2026-12-02T20:00")
    assert read_wall(due, TOKYO).weekday() == Weekday.THU


def test_T5_a_wall_clock_wait_of_a_contact_who_moved_is_another_instant() -> None:
    """Resolved again from what was asked, in the new zone; a number of hours stays."""
    begun = utc("2026-12-01T15:00")
    assert next_time_of_day(begun, time(9), NEW_YORK) == utc("2026-12-02T14:00")
    assert next_time_of_day(begun, time(9), TOKYO) == utc("2026-12-02T00:00")


def test_T1_what_is_due_now_is_due_now() -> None:
    """Not tomorrow; a moment later it is."""
    nine = utc("2026-12-01T14:00")
    assert next_time_of_day(nine, time(9), NEW_YORK) == nine
    assert next_time_of_day(nine + timedelta(microseconds=1), time(9), NEW_YORK) == nine + DAY


def test_T2_a_time_before_a_midnight_that_is_leapt_over_is_due_at_the_change() -> None:
    """In Nuuk the clocks go from 23:00 to 00:00: Saturday's 23:30 is the first moment of Sunday, and fires then."""
    nuuk, change = ZoneInfo("America/Nuuk"), utc("2026-03-29T01:00")
    assert read_wall(change, nuuk) == datetime(2026, 3, 29)
    for asked in (change - DAY, change - timedelta(seconds=1), change):
        assert next_weekday(asked, [Weekday.SAT], time(23, 30), nuuk) == change
    assert next_time_of_day(change, time(23, 30), nuuk) == change
    assert next_time_of_day(change + timedelta(seconds=1), time(23, 30), nuuk) == utc("2026-03-30T00:30")


def test_T5_some_day_of_the_week_has_to_be_named() -> None:
    """Else no day would ever come."""
    with pytest.raises(ValueError, match="at least one weekday"):
        next_weekday(utc("2026-12-01T15:00"), [], time(9), TOKYO)


def test_T3_a_calendar_day_is_no_24_hours() -> None:
    """It is the same time on the next date, though 23 or 25 hours lie between."""
    before = utc("2026-03-28T18:00")  # 19:00 in Prague
    assert add_calendar_days(before, 1, None, PRAGUE) == utc("2026-03-29T17:00")
    assert before + DAY == utc("2026-03-29T18:00")
    assert add_calendar_days(utc("2026-10-24T17:00"), 1, None, PRAGUE) == utc("2026-10-25T18:00")


def test_T3_calendar_days_are_counted_from_the_local_date() -> None:
    """In Sao Paulo it is still the evening before."""
    late = utc("2026-12-02T01:30")
    assert add_calendar_days(late, 1, time(9), SAO_PAULO) == utc("2026-12-02T12:00")
    assert add_calendar_days(late, 0, time(9), SAO_PAULO) == utc("2026-12-01T12:00")


def test_T2_a_time_in_the_repeated_hour_fires_once() -> None:
    """Asked in the second half past one, it is tomorrow's."""
    second = utc("2026-11-01T06:15")
    assert read_wall(second, NEW_YORK).time() == time(1, 15)
    assert next_time_of_day(second, time(1, 30), NEW_YORK) == utc("2026-11-02T06:30")


def test_T6_a_wait_that_is_a_little_late_goes_on_and_a_later_one_is_skipped() -> None:
    """An hour is the limit, unless a policy says otherwise."""
    due = utc("2026-12-01T15:00")
    assert settle_past(due, due + timedelta(hours=1)) is Late.RUN_NOW
    assert settle_past(due, due + timedelta(hours=1, microseconds=1)) is Late.SKIP
    assert [settle_past(due, due + 9 * DAY, policy) for policy in Late] == list(Late)
    assert settle_past(due, due + timedelta(minutes=1), Late.EXIT) is Late.EXIT


@pytest.mark.parametrize(
    ("zone", "noon", "hours"),
    [
        ("America/New_York", "2026-03-08T16:00", 23),
        ("America/New_York", "2026-11-01T16:00", 25),
        ("America/Sao_Paulo", "2018-11-04T15:00", 23),
        ("America/Sao_Paulo", "2018-02-17T15:00", 25),
        ("America/Havana", "2026-03-08T16:00", 23),
        ("Australia/Lord_Howe", "2026-10-04T01:00", 23.5),
        ("Australia/Lord_Howe", "2026-04-05T01:00", 24.5),
        ("Asia/Tehran", "2026-03-22T09:00", 24),
        ("Asia/Shanghai", "2026-05-04T04:00", 24),
    ],
)
def test_F1_a_day_is_as_long_as_it_is(zone: str, noon: str, hours: float) -> None:
    """From its midnight, or what comes in its place, to the next."""
    bounds = day_bounds(utc(noon), ZoneInfo(zone))
    assert (bounds.end - bounds.begin) / timedelta(hours=1) == hours


def test_F1_weeks_begin_on_monday_and_months_on_the_first() -> None:
    """By the local calendar: in Auckland it is December while UTC is in November."""
    at = utc("2026-11-30T11:30")
    zone = ZoneInfo("Pacific/Auckland")
    assert month_bounds(at, zone).begin == utc("2026-11-30T11:00")
    assert month_bounds(at, zone).end == utc("2026-12-31T11:00")
    assert week_bounds(at, zone).begin == utc("2026-11-29T11:00")
    assert week_bounds(at, zone).end == utc("2026-12-06T11:00")
    assert month_bounds(utc("2028-02-29T12:00"), PRAGUE).end == utc("2028-02-29T23:00")


def test_F1_clocks_that_go_back_over_midnight_begin_a_day_once() -> None:
    """In St John's they went from 00:01 to 23:01: the old date is shown again, and the new day goes on."""
    again = utc("2006-10-29T03:00")
    assert read_wall(again, ST_JOHNS) == datetime(2006, 10, 28, 23, 30)
    assert day_bounds(again, ST_JOHNS).begin == utc("2006-10-29T02:30")
    assert day_bounds(again, ST_JOHNS).end == utc("2006-10-30T03:30")


@given(zones, dates, times, dates, times)
@example(NEW_YORK, date(2026, 3, 8), time(2, 30), date(2026, 3, 8), time(2, 45))
@example(NEW_YORK, date(2026, 11, 1), time(1, 59), date(2026, 11, 1), time(2))
def test_T1_later_by_the_clock_is_never_earlier_in_truth(
    zone: ZoneInfo, day: date, at: time, other_day: date, other: time
) -> None:
    """Whatever the clocks do between the two."""
    first, second = sorted([(day, at), (other_day, other)])
    assert resolve(*first, zone) <= resolve(*second, zone)


@given(near_changes(), st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
def test_T2_a_wall_time_is_the_first_instant_that_shows_it_or_a_later_one(
    near: tuple[ZoneInfo, datetime], apart: timedelta
) -> None:
    """No instant before it does, and it does itself: which is all that T2 says of gaps and folds."""
    zone, at = near
    shown = read_wall(at, zone) + apart
    found = resolve(shown.date(), shown.time(), zone)
    assert read_wall(found, zone) >= shown
    for minutes in (0, 1, 29, 30, 31, 59, 60, 61, 120, 240):
        assert read_wall(found - timedelta(minutes=minutes, microseconds=1), zone) < shown


@given(near_changes(), times, st.frozensets(st.sampled_from(list(Weekday)), min_size=1))
def test_T5_the_next_weekday_is_the_first_of_all_that_come(
    near: tuple[ZoneInfo, datetime], local_time: time, weekdays: frozenset[Weekday]
) -> None:
    """Compared with all the dates around."""
    zone, at = near
    today = read_wall(at, zone).date()
    days = [today + n * DAY for n in range(-3, 12)]
    all_of_them = [resolve(day, local_time, zone) for day in days if day.weekday() in weekdays]
    assert next_weekday(at, weekdays, local_time, zone) == min(moment for moment in all_of_them if moment >= at)


@given(near_changes())
def test_F1_the_days_weeks_and_months_of_a_zone_cover_all_time(near: tuple[ZoneInfo, datetime]) -> None:
    """Each instant lies in one of each, the next begins where it ends, and days do not straddle weeks or months."""
    zone, at = near
    day = day_bounds(at, zone)
    for bounds in (day, week_bounds(at, zone), month_bounds(at, zone)):
        assert bounds.begin <= at < bounds.end
        assert bounds.begin <= day.begin
        assert day.end <= bounds.end
    assert day_bounds(day.end, zone).begin == day.end
    assert week_bounds(week_bounds(at, zone).end, zone).begin == week_bounds(at, zone).end
    assert month_bounds(month_bounds(at, zone).end, zone).begin == month_bounds(at, zone).end


@given(near_changes(), st.timedeltas(timedelta(0), 400 * DAY))
def test_T1_between_two_changes_a_clock_shows_utc_and_its_offset(
    near: tuple[ZoneInfo, datetime], length: timedelta
) -> None:
    """The stretches follow each other from beginning to end, each with another offset than the one before."""
    zone, at = near
    spans = list(list_offsets(at, at + length, zone))
    edges = [at, *(span.end for span in spans)]
    assert [span.begin for span in spans] == edges[:-1]
    assert edges[-1] == at + length
    for span in spans:
        for moment in (span.begin, span.begin + (span.end - span.begin) / 3, span.end - timedelta(microseconds=1)):
            assert read_wall(moment, zone) - moment.replace(tzinfo=None) == span.offset
    assert all(one.offset != next_one.offset for one, next_one in pairwise(spans))
