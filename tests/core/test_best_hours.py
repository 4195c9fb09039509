"""The hour of the day at which a customer most often looked."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.imagined import NOW, make_config, make_customer, make_shop, play, track

from tertulia.core.best_hours import KEPT_MAX, OWN_MIN, Source, choose_time, count_hours, keep_newest, number_moment

LISBON = ZoneInfo("Europe/Lisbon")
SINCE = datetime(2026, 11, 2, 9, 20, tzinfo=UTC)
DAY = timedelta(days=1)
TEN = time(10)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Lisbon", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia")]


def open_at(*hours: int, zone: ZoneInfo = LISBON, before: datetime = SINCE) -> set[int]:
    """Once at each of these hours of a clock, a day apart, the last of them the day before."""
    day = before.astimezone(zone).date()
    walls = [
        datetime.combine(day - DAY * (n + 1), time(hour, 10), tzinfo=zone) for n, hour in enumerate(reversed(hours))
    ]
    return {number_moment(at.astimezone(UTC)) for at in walls}


def choose(moments: set[int], since: datetime = SINCE, within: timedelta = DAY, typical: tuple[int, ...] = ()):  # type: ignore[no-untyped-def]
    return choose_time(moments, since, within, LISBON, typical, TEN)


@given(
    st.sets(st.integers(1_900_000, 2_100_000), max_size=80),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 24),
    st.sampled_from(ZONES),
    st.lists(st.integers(0, 40), min_size=24, max_size=24),
)
def test_a_best_hour_is_within_reach_and_stays_the_same(
    moments: set[int], since: datetime, hours: int, zone: ZoneInfo, typical: list[int]
) -> None:
    """Never before and never too late; in that hour at once, else at its beginning; whatever comes afterwards changes
    nothing; of enough moments the customer's own decide."""
    within = timedelta(hours=hours)
    choice = choose_time(moments, since, within, zone, typical, TEN)
    assert since <= choice.at <= since + within
    later = moments | {number_moment(since) + n for n in range(8)}
    assert choose_time(later, since, within, zone, typical, TEN) == choice
    own = count_hours((moment for moment in moments if moment < number_moment(since)), zone)
    assert (choice.source is Source.OWN) == (own.total() >= OWN_MIN)
    if choice.source is Source.OWN:
        assert choice.counts == own
    wall = choice.at.astimezone(zone)
    assert choice.at == since or wall.minute == 0 or wall.utcoffset() != since.astimezone(zone).utcoffset()


def test_neighbours_count_half() -> None:
    """Two evenings around eight are more than three mornings apart; an hour in which much was done counts once."""
    choice = choose(open_at(8, 20, 19, 21, 8, 20, 19, 12))
    assert (choice.at, choice.source) == (datetime(2026, 11, 2, 20, tzinfo=UTC), Source.OWN)
    assert choice.counts == Counter({8: 2, 12: 1, 19: 2, 20: 2, 21: 1})
    seven = number_moment(SINCE.replace(hour=7, minute=0))
    assert count_hours({seven, seven + 1, seven + 3}, ZoneInfo("UTC")) == Counter({7: 1})


def test_what_is_newer_weighs_more() -> None:
    """Whoever changed their habits is written to by the new ones, at the latest when the old ones are half as heavy."""
    before = open_at(7, 7, 7, 7, before=SINCE - 100 * DAY)
    assert choose(before | open_at(22, 22, 22)).at.hour == 22


def test_this_hour_is_now() -> None:
    """And an hour that is out of reach is none: the best of those that are."""
    assert choose(open_at(9, 9, 9, 9, 9)).at == SINCE
    assert choose(open_at(20, 20, 20, 20, 12), within=timedelta(hours=4)).at.hour == 12


def test_who_is_hardly_known_goes_by_the_others() -> None:
    """By typical hours where these are of enough people, else by the hour that the document states."""
    few, typical = open_at(20, 20), tuple(60 if hour == 18 else 0 for hour in range(24))
    assert (choose(few, typical=typical).at.hour, choose(few, typical=typical).source) == (18, Source.TYPICAL)
    stated = choose(few, typical=(3,) * 4)
    assert (stated.at, stated.source, stated.counts) == (datetime(2026, 11, 2, 10, tzinfo=UTC), Source.DEFAULT, {})
    assert choose(set(), since=SINCE + DAY / 8, within=timedelta(hours=2)).at == SINCE + DAY / 8


@pytest.mark.parametrize(
    ("since", "hour", "at"),
    [
        (datetime(2027, 3, 27, 22, tzinfo=UTC), 1, datetime(2027, 3, 28, 1, tzinfo=UTC)),  # 01:00 does not come
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 1, datetime(2026, 10, 25, 0, tzinfo=UTC)),  # 01:00 comes twice
        (datetime(2027, 3, 27, 22, tzinfo=UTC), 19, datetime(2027, 3, 28, 18, tzinfo=UTC)),
    ],
)
def test_T2_the_clocks_change_before_the_hour(since: datetime, hour: int, at: datetime) -> None:
    """A habit of the winter is kept by the summer's clock: each moment is read by the offset that it had (T1)."""
    assert choose(open_at(*[hour] * 6, before=since), since=since).at == at


def test_the_newest_moments_are_kept_whatever_their_order() -> None:
    """So that counting from the history again comes to the same."""
    moments = list(range(KEPT_MAX + 30))
    assert keep_newest(reversed(moments)) == keep_newest([*moments, 5]) == moments[-KEPT_MAX:]


JOURNEY = """
name: Back
class: service
entry: {event: Asked}
steps:
  - {id: tell, kind: message, channels: [SMS], text: Hello, best_hour: {within: 24 h, otherwise: "10:30"}}
"""


def test_what_if_waits_for_the_same_hour() -> None:
    """Of each customer; of who is not known at the hour that is stated, which is not a message held back."""
    memory = make_shop(make_config(JOURNEY), 2)
    memory.rows.moments = {make_customer(1).id: open_at(*[19] * 6, zone=ZoneInfo("America/Sao_Paulo"), before=NOW)}
    report = play(memory, [track(1, NOW, "Asked"), track(2, NOW, "Asked", "u2")], NOW + 2 * DAY)
    assert report.messages == 2
    assert sorted(f"{sample.at:%H:%M}" for sample in report.samples) == ["13:30", "22:00"]
    assert not report.unsent
