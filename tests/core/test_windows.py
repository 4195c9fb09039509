"""Send windows by the contact's clock (Q1, Q2, Q3): reading them, when they are open, when they next are."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_wall_clock import near_changes, utc

from tertulia.core.deliveries import MessageClass
from tertulia.core.wall_clock import Span, Weekday, read_wall
from tertulia.core.windows import (
    NOT_DAYS,
    NOT_FROM,
    NOT_HOURS,
    NOT_TO,
    SAME_TIME,
    SEARCH,
    Hours,
    Window,
    WindowProblem,
    choose_windows,
    find_closed,
    is_open,
    list_openings,
    next_open,
    next_opening,
    read_window,
    spread,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")
HAVANA = ZoneInfo("America/Havana")
PRAGUE = ZoneInfo("Europe/Prague")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
SHOP = read_window({"from": "09:00", "to": "21:00"}, name="workspace")
WORKDAYS = read_window({"from": "08:00", "to": "20:00", "days": ["mon", "tue", "wed", "thu", "fri"]}, name="topic")
NIGHT = read_window({"from": "22:00", "to": "02:00", "days": ["fri"]})
MINUTE = timedelta(minutes=1)


def window(*hours: tuple[str, str]) -> Window:
    return read_window([{"from": begin, "to": end} for begin, end in hours])


def test_Q1_a_window_is_read_in_the_contact_s_zone() -> None:
    """21:00 to 09:00 are quiet in Sao Paulo, whatever it is elsewhere."""
    assert not is_open([SHOP], utc("2026-12-01T11:59:59"), SAO_PAULO)
    assert is_open([SHOP], utc("2026-12-01T12:00"), SAO_PAULO)
    assert is_open([SHOP], utc("2026-12-01T23:59:59"), SAO_PAULO)
    assert not is_open([SHOP], utc("2026-12-02T00:00"), SAO_PAULO)
    assert next_open([SHOP], utc("2026-12-02T00:00"), SAO_PAULO) == utc("2026-12-02T12:00")


def test_Q1_a_window_may_cross_midnight() -> None:
    """Its hours belong to the day they begin on: Friday's go on into Saturday, Thursday night is closed."""
    assert is_open([NIGHT], utc("2026-12-04T21:00"), PRAGUE)  # Friday 22:00
    assert is_open([NIGHT], utc("2026-12-05T00:59"), PRAGUE)
    assert not is_open([NIGHT], utc("2026-12-05T01:00"), PRAGUE)
    assert not is_open([NIGHT], utc("2026-12-04T00:30"), PRAGUE)
    assert next_opening([NIGHT], utc("2026-12-01T12:00"), PRAGUE) == Span(
        utc("2026-12-04T21:00"), utc("2026-12-05T01:00")
    )


def test_Q1_several_windows_are_intersected() -> None:
    """All have to be open; the first that is not is the one to name."""
    saturday, early, late = utc("2026-12-05T12:00"), utc("2026-12-04T07:30"), utc("2026-12-04T19:30")
    both = [SHOP, WORKDAYS]
    assert [find_closed(both, at, PRAGUE) for at in (saturday, early, late)] == [WORKDAYS, SHOP, WORKDAYS]
    assert next_opening(both, early, PRAGUE) == Span(utc("2026-12-04T08:00"), utc("2026-12-04T19:00"))
    assert next_open(both, late, PRAGUE) == utc("2026-12-07T08:00")


def test_Q1_where_no_window_is_set_it_is_always_open() -> None:
    """As far as it is asked for; a window of whole days is the same."""
    at = utc("2026-12-01T03:00")
    always = read_window({"from": "00:00", "to": "24:00"})
    assert next_opening([], at, PRAGUE) == next_opening([always], at, PRAGUE) == Span(at, at + SEARCH)


def test_Q1_windows_that_never_meet_are_never_open() -> None:
    """And it is said, instead of searched for ever."""
    assert next_open([SHOP, window(("21:00", "09:00"))], utc("2026-12-01T03:00"), PRAGUE) is None
    assert next_open([NIGHT, WORKDAYS], utc("2026-12-01T03:00"), PRAGUE) is None


def test_Q1_an_open_window_tells_until_when() -> None:
    """From now on, for the ledger."""
    at = utc("2026-12-01T15:00")
    assert next_opening([SHOP], at, PRAGUE) == Span(at, utc("2026-12-01T20:00"))


@pytest.mark.parametrize(
    ("zone", "at", "opens", "closes"),
    [
        ("Europe/Prague", "2026-03-28T21:00", "2026-03-29T07:00", "2026-03-29T19:00"),
        ("Europe/Prague", "2026-10-24T20:00", "2026-10-25T08:00", "2026-10-25T20:00"),
        ("Europe/Lisbon", "2026-03-28T22:00", "2026-03-29T08:00", "2026-03-29T20:00"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T13:00", "2026-03-09T01:00"),
        ("America/Havana", "2026-11-01T02:00", "2026-11-01T14:00", "2026-11-02T02:00"),
        ("America/Sao_Paulo", "2018-11-04T01:00", "2018-11-04T11:00", "2018-11-04T23:00"),
        ("Africa/Cairo", "2026-04-23T20:00", "2026-04-24T06:00", "2026-04-24T18:00"),
        ("Asia/Tehran", "2022-03-21T18:00", "2022-03-22T04:30", "2022-03-22T16:30"),
        ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T22:00", "2026-10-04T10:00"),
        ("Pacific/Auckland", "2026-09-26T10:00", "2026-09-26T20:00", "2026-09-27T08:00"),
        ("Asia/Shanghai", "1986-05-03T14:00", "1986-05-04T00:00", "1986-05-04T12:00"),
    ],
)
def test_Q1_nine_o_clock_is_nine_o_clock_on_the_day_of_a_change(zone: str, at: str, opens: str, closes: str) -> None:
    """Asked on the evening before, in zones of all kinds."""
    assert next_opening([SHOP], utc(at), ZoneInfo(zone)) == Span(utc(opens), utc(closes))


def test_Q1_hours_that_the_clocks_leap_over_are_not_open() -> None:
    """What is left of them is; hours that vanish whole wait for the next week's."""
    evening = utc("2026-03-08T03:00")
    assert next_opening([window(("01:30", "03:30"))], evening, NEW_YORK) == Span(
        utc("2026-03-08T06:30"), utc("2026-03-08T07:30")
    )
    lost = read_window({"from": "02:15", "to": "02:45", "days": ["sun"]})
    assert next_open([lost], evening, NEW_YORK) == utc("2026-03-15T06:15")
    assert next_open([lost], utc("2026-03-01T07:45"), NEW_YORK) == utc("2026-03-15T06:15")


def test_Q1_hours_that_come_twice_are_open_as_the_clock_shows_them() -> None:
    """Nothing goes out at 01:10 by a window from 01:30, not even in the second hour past one; one until 01:30 opens
    again."""
    evening, until = utc("2026-11-01T03:00"), utc("2026-11-01T10:00")
    later = list(list_openings([window(("01:30", "03:00"))], evening, until, NEW_YORK))
    assert later == [
        Span(utc("2026-11-01T05:30"), utc("2026-11-01T06:00")),
        Span(utc("2026-11-01T06:30"), utc("2026-11-01T08:00")),
    ]
    sooner = list(list_openings([window(("00:30", "01:30"))], evening, until, NEW_YORK))
    assert sooner == [
        Span(utc("2026-11-01T04:30"), utc("2026-11-01T05:30")),
        Span(utc("2026-11-01T06:00"), utc("2026-11-01T06:30")),
    ]


def test_Q1_a_day_without_a_midnight_opens_at_its_first_minute() -> None:
    """In Havana it begins at 01:00."""
    sundays = read_window({"from": "00:00", "to": "06:00", "days": ["sun"]})
    assert next_open([sundays], utc("2026-03-08T03:00"), HAVANA) == utc("2026-03-08T05:00")
    assert read_wall(utc("2026-03-08T05:00"), HAVANA) == datetime(2026, 3, 8, 1)


def test_Q3_replies_and_transactional_messages_are_exempt() -> None:
    """From every window; a named person's decision frees the others from those that no law sets."""
    law = read_window({"from": "08:00", "to": "20:00"}, name="BR", by_law=True)
    chosen = {kind: choose_windows([SHOP, law], kind) for kind in MessageClass}
    assert chosen[MessageClass.REPLY] == chosen[MessageClass.TRANSACTIONAL] == ()
    assert chosen[MessageClass.SERVICE] == chosen[MessageClass.MARKETING] == (SHOP, law)
    assert choose_windows([SHOP, law], MessageClass.SERVICE, overridden=True) == ()
    assert choose_windows([SHOP, law], MessageClass.MARKETING, overridden=True) == (law,)


def test_Q2_releases_are_spread() -> None:
    """Of ten thousand held messages each minute of the quarter of an hour gets its share; the same again on a
    replay."""
    opens, closes = utc("2026-12-01T08:00"), utc("2026-12-01T20:00")
    ids = [UUID(int=n) for n in range(10_000)]
    releases = [spread(one, opens, closes) for one in ids]
    minutes = Counter((release - opens) // MINUTE for release in releases)
    assert sorted(minutes) == list(range(15))
    assert min(minutes.values()) > 550
    assert max(minutes.values()) < 780
    assert releases == [spread(one, opens, closes) for one in ids]
    assert len(set(releases)) == len(ids)


@given(st.uuids(), st.integers(1, 10**10), st.floats(1e-6, 1e7))
def test_Q2_a_release_never_lies_outside_the_opening(delivery: UUID, width_us: int, over_s: float) -> None:
    """However short it is, and however long the time over which releases are to be spread."""
    opens = utc("2026-12-01T08:00")
    closes = opens + timedelta(microseconds=width_us)
    release = spread(delivery, opens, closes, over_s=over_s)
    assert opens <= release < closes
    assert release <= opens + timedelta(seconds=over_s)


def test_Q2_an_opening_has_to_be_one() -> None:
    """A fault of the caller's is told."""
    at = utc("2026-12-01T08:00")
    with pytest.raises(ValueError, match="closes after it opens"):
        spread(UUID(int=1), at, at)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"from": "09:00", "to": "21:00", "days": ["mon"]}, [Hours(Weekday.MON, 540, 1260)]),
        ({"from": "9:00", "to": "24:00", "days": ["sun", "sun"]}, [Hours(Weekday.SUN, 540, 1440)]),
        ({"from": "22:00", "to": "00:00", "days": ["sat"]}, [Hours(Weekday.SAT, 1320, 1440)]),
        ({"from": "22:00", "to": "07:30", "days": ["sat"]}, [Hours(Weekday.SAT, 1320, 1890)]),
        (
            [{"from": "09:00", "to": "12:00", "days": ["mon"]}, {"from": "14:00", "to": "18:00", "days": ["mon"]}],
            [Hours(Weekday.MON, 540, 720), Hours(Weekday.MON, 840, 1080)],
        ),
    ],
)
def test_a_window_is_read_from_a_document(written: object, expected: list[Hours]) -> None:
    """Hours, or a list of hours; without days every day is meant."""
    assert list(read_window(written).hours) == expected


def test_hours_without_days_are_every_day_s() -> None:
    """And whose window it is goes along."""
    assert [hours.weekday for hours in SHOP.hours] == list(Weekday)
    assert (SHOP.name, SHOP.by_law) == ("workspace", False)


GOOD = {"from": "09:00", "to": "21:00"}


@pytest.mark.parametrize(
    ("written", "sentence", "field", "number"),
    [
        ("09:00-21:00", NOT_HOURS, "", 1),
        (None, NOT_HOURS, "", 1),
        ([], NOT_HOURS, "", 1),
        ({"from": "09:00"}, NOT_HOURS, "", 1),
        ({**GOOD, "zone": "UTC"}, NOT_HOURS, "", 1),
        ([GOOD, "21:00"], NOT_HOURS, "", 2),
        ({"from": "9", "to": "21:00"}, NOT_FROM, "from", 1),
        ({"from": "24:00", "to": "21:00"}, NOT_FROM, "from", 1),
        ({"from": 540, "to": "21:00"}, NOT_FROM, "from", 1),
        ({"from": "09:00", "to": 1260}, NOT_TO, "to", 1),  # what YAML makes of 21:00 without quotes
        ({"from": "09:00", "to": "24:01"}, NOT_TO, "to", 1),
        ({"from": "09:00", "to": "9 pm"}, NOT_TO, "to", 1),
        ({"from": "09:00", "to": "09:00"}, SAME_TIME, "to", 1),
        ([GOOD, {"from": "9:00", "to": "09:00"}], SAME_TIME, "to", 2),
        ({**GOOD, "days": []}, NOT_DAYS, "days", 1),
        ({**GOOD, "days": "mon"}, NOT_DAYS, "days", 1),
        ({**GOOD, "days": ["Mon"]}, NOT_DAYS, "days", 1),
        ({**GOOD, "days": [0]}, NOT_DAYS, "days", 1),
        ({**GOOD, "days": [["mon"]]}, NOT_DAYS, "days", 1),
        ({**GOOD, "days": None}, NOT_DAYS, "days", 1),
    ],
)
def test_Q1_hours_that_are_none_are_refused(written: Any, sentence: str, field: str, number: int) -> None:
    """From = to as well: it could be meant as the whole day or as never. The problem names its place."""
    with pytest.raises(WindowProblem) as caught:
        read_window(written)
    assert (str(caught.value), caught.value.field, caught.value.number) == (sentence, field, number)


minutes_of_day = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
some_hours = st.fixed_dictionaries(
    {
        "from": minutes_of_day,
        "to": minutes_of_day,
        "days": st.lists(st.sampled_from([day.name.lower() for day in Weekday]), min_size=1, max_size=7),
    }
).filter(lambda hours: hours["from"] != hours["to"])
some_windows = st.lists(st.lists(some_hours, min_size=1, max_size=3).map(read_window), max_size=3)


@given(some_windows, near_changes())
def test_Q1_the_next_opening_is_open_and_nothing_before_it_is(
    windows: list[Window], near: tuple[ZoneInfo, datetime]
) -> None:
    """It is not before the instant that was asked about; between the two all is closed, and where it ends it closes."""
    zone, at = near
    opening = next_opening(windows, at, zone)
    assert next_open(windows, at, zone) == (opening.begin if opening else None)
    moment, step = at, timedelta(minutes=23, seconds=17)
    while moment < (opening.begin if opening else at + SEARCH):
        assert not is_open(windows, moment, zone)
        moment += step
    if opening is None:
        return
    assert at <= opening.begin < opening.end
    assert opening.begin == at or not is_open(windows, opening.begin - timedelta(microseconds=1), zone)
    assert opening.end == at + SEARCH or not is_open(windows, opening.end, zone)
    for part in range(7):
        assert is_open(windows, opening.begin + (opening.end - opening.begin) * part / 7, zone)
    assert is_open(windows, opening.end - timedelta(microseconds=1), zone)


@given(some_windows, some_windows, near_changes())
def test_Q1_more_windows_never_open_more(
    some: list[Window], more: list[Window], near: tuple[ZoneInfo, datetime]
) -> None:
    """Their order does not matter either."""
    zone, at = near
    both = is_open([*some, *more], at, zone)
    assert both == (is_open(some, at, zone) and is_open(more, at, zone)) == is_open([*more, *some], at, zone)
    alone, together = next_open(some, at, zone), next_open([*some, *more], at, zone)
    if together is not None:
        assert alone is not None
        assert alone <= together


def test_half_an_hour_of_change_moves_an_opening_by_half_an_hour() -> None:
    """Lord Howe Island."""
    before = next_open([SHOP], datetime(2026, 10, 2, 12, tzinfo=UTC), LORD_HOWE)
    after = next_open([SHOP], datetime(2026, 10, 3, 12, tzinfo=UTC), LORD_HOWE)
    assert before is not None
    assert after is not None
    assert after - before == timedelta(hours=23, minutes=30)
