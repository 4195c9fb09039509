"""Frequency caps (F1-F6): scopes and windows, what counts, when a slot is free, and that none is ever exceeded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.core.test_wall_clock import ZONES, utc

from tertulia.core.caps import (
    NOT_A_CAP,
    NOT_A_CLASS,
    NOT_A_LIMIT,
    NOT_A_LIST,
    NOT_A_SWITCH,
    NOT_A_WINDOW,
    Cap,
    CapProblem,
    CapsPassed,
    CapsRefused,
    Counted,
    Period,
    Slot,
    SlotState,
    defer_until,
    judge_caps,
    read_cap,
    takes_slot,
    waking_key,
)
from tertulia.core.deliveries import MessageClass
from tertulia.core.wall_clock import day_bounds, month_bounds, week_bounds

NOON = utc("2026-12-02T12:00")  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UTC_ZONE, PRAGUE, SAO_PAULO = map(ZoneInfo, ("UTC", "Europe/Prague", "America/Sao_Paulo"))
ONE_A_DAY = Cap("one a day", 1, Period.DAY)
TWO_IN_24_H = Cap("two in 24 h", 2, DAY)
OFFERS = frozenset({"offers"})
OFFER = Counted(UUID(int=0), "sms", "offers", MessageClass.MARKETING, important=False)


def slot(number: int, at: datetime, **facts: Any) -> Slot:
    made = Slot(UUID(int=number), "sms", "offers", MessageClass.MARKETING, False, at, SlotState.USED)
    return replace(made, **facts)


def judge(
    *caps: Cap, slots: Sequence[Slot] = (), at: datetime = NOON, zone: ZoneInfo = UTC_ZONE, message: Counted = OFFER
) -> CapsPassed | CapsRefused:
    return judge_caps(caps, slots, at, zone, message)


def refused(cap: Cap, counted: Sequence[int], free_at: datetime) -> CapsRefused:
    return CapsRefused(cap, tuple(UUID(int=number) for number in counted), free_at)


def test_F1_a_rolling_window_is_free_when_its_oldest_slot_falls_out() -> None:
    """The ledger gets the rule, the messages it counted and until when."""
    slots = [slot(1, NOON - 20 * HOUR), slot(2, NOON - HOUR)]
    assert judge(TWO_IN_24_H, slots=slots) == refused(TWO_IN_24_H, [1, 2], NOON + 4 * HOUR)
    assert judge(TWO_IN_24_H, slots=slots, at=NOON + 4 * HOUR) == CapsPassed(((TWO_IN_24_H, 1),), exempt=False)
    just_before = NOON + 4 * HOUR - timedelta(microseconds=1)
    assert judge(TWO_IN_24_H, slots=slots, at=just_before) == refused(TWO_IN_24_H, [1, 2], NOON + 4 * HOUR)


def test_F1_what_falls_out_at_that_very_moment_is_not_counted() -> None:
    """Hand-overs a whole window apart do not meet in it, so nothing between two such has both beside it."""
    one = Cap("one in 24 h", 1, DAY)
    slots = [slot(1, NOON - DAY), slot(2, NOON - HOUR)]
    assert judge(one, slots=slots) == refused(one, [2], NOON + 23 * HOUR)
    apart = [slot(1, NOON - 12 * HOUR), slot(2, NOON + 12 * HOUR)]
    assert judge(TWO_IN_24_H, slots=apart) == CapsPassed(((TWO_IN_24_H, 1),), exempt=False)


def test_F1_after_a_limit_was_lowered_enough_slots_have_to_fall_out() -> None:
    """Of four the third."""
    slots = [slot(number, NOON - number * HOUR) for number in (1, 2, 3, 4)]
    assert judge(TWO_IN_24_H, slots=slots) == refused(TWO_IN_24_H, [4, 3, 2, 1], NOON + 22 * HOUR)


def test_F1_a_calendar_day_is_the_contact_s() -> None:
    """In Sao Paulo the evening's message belongs to the day before, in Prague to this one."""
    slots = [slot(1, utc("2026-12-02T01:00"))]
    assert judge(ONE_A_DAY, slots=slots, zone=SAO_PAULO) == CapsPassed(((ONE_A_DAY, 0),), exempt=False)
    assert judge(ONE_A_DAY, slots=slots, zone=PRAGUE) == refused(ONE_A_DAY, [1], utc("2026-12-02T23:00"))


@pytest.mark.parametrize(
    ("period", "free_at"),
    [(Period.DAY, "2026-12-03T00:00"), (Period.WEEK, "2026-12-07T00:00"), (Period.MONTH, "2027-01-01T00:00")],
)
def test_F1_a_calendar_window_is_free_when_the_next_one_begins(period: Period, free_at: str) -> None:
    """Unless that is full of what is planned."""
    cap = Cap("calendar", 1, period)
    first = slot(1, NOON - HOUR)
    assert judge(cap, slots=[first]) == refused(cap, [1], utc(free_at))
    bounds = {Period.DAY: day_bounds, Period.WEEK: week_bounds, Period.MONTH: month_bounds}[period]
    planned = slot(2, utc(free_at), state=SlotState.RESERVED)
    assert judge(cap, slots=[first, planned]) == refused(cap, [1], bounds(utc(free_at), UTC_ZONE).end)


def test_F1_a_day_of_25_hours_is_one_day() -> None:
    """The 25th of October in Prague: 24 hours and a half lie between its first message and the second."""
    slots = [slot(1, utc("2026-10-24T22:15"))]
    assert judge(ONE_A_DAY, slots=slots, at=utc("2026-10-25T22:45"), zone=PRAGUE) == refused(
        ONE_A_DAY, [1], utc("2026-10-25T23:00")
    )


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        ({}, 4),
        ({"channels": frozenset({"sms"})}, 3),
        ({"topics": frozenset({"offers"})}, 3),
        ({"classes": frozenset({MessageClass.MARKETING})}, 3),
        ({"channels": frozenset({"sms", "line"}), "topics": frozenset({"offers"})}, 3),
        ({"channels": frozenset({"sms"}), "classes": frozenset({MessageClass.MARKETING})}, 2),
    ],
)
def test_F1_a_cap_counts_what_its_scope_covers(scope: dict[str, Any], counts: int) -> None:
    """Channels, topics and classes all have to fit; an empty set fits all."""
    slots = [
        slot(1, NOON - HOUR),
        slot(2, NOON - HOUR, channel="line"),
        slot(3, NOON - HOUR, topic="news"),
        slot(4, NOON - HOUR, message_class=MessageClass.SERVICE),
    ]
    cap = Cap("scoped", 9, DAY, **scope)
    assert judge(cap, slots=slots) == CapsPassed(((cap, counts),), exempt=False)


def test_F1_a_cap_does_not_touch_what_its_scope_does_not_cover() -> None:
    """A message by LINE passes a full cap on SMS, and is not in its facts."""
    cap = replace(ONE_A_DAY, channels=frozenset({"sms"}))
    by_line = replace(OFFER, channel="line")
    assert judge(cap, slots=[slot(1, NOON)], message=by_line) == CapsPassed((), exempt=False)


def test_F1_all_caps_must_pass_and_the_longest_is_named() -> None:
    """A message deferred to tomorrow's slot would only meet the weekly cap there."""
    weekly = Cap("two a week", 2, Period.WEEK)
    slots = [slot(1, NOON - DAY), slot(2, NOON - HOUR)]
    assert judge(ONE_A_DAY, weekly, slots=slots) == refused(weekly, [1, 2], utc("2026-12-07T00:00"))
    assert judge(weekly, ONE_A_DAY, slots=slots) == refused(weekly, [1, 2], utc("2026-12-07T00:00"))
    assert judge(ONE_A_DAY, weekly, slots=slots[1:]) == refused(ONE_A_DAY, [2], utc("2026-12-03T00:00"))


def test_F1_a_slot_is_free_when_it_is_under_every_cap() -> None:
    """Where one cap has room again, another may be full of what is planned."""
    two_a_day, apart = Cap("two a day", 2, Period.DAY), Cap("an hour apart", 1, HOUR)
    planned = slot(2, utc("2026-12-03T00:30"), state=SlotState.RESERVED)
    slots = [slot(1, NOON - HOUR), planned, slot(3, NOON - 2 * HOUR)]
    assert judge(two_a_day, apart, slots=slots) == refused(two_a_day, [3, 1], utc("2026-12-03T01:30"))


def test_F2_fall_back_attempts_count_once() -> None:
    """They share a logical message, whose own slot is in nobody's way but the others'."""
    attempts = [slot(1, NOON - 3 * HOUR), slot(1, NOON - 2 * HOUR, channel="line")]
    assert judge(TWO_IN_24_H, slots=attempts) == CapsPassed(((TWO_IN_24_H, 1),), exempt=False)


def test_F2_of_several_attempts_the_latest_counts() -> None:
    """In whatever order they are given: the message reached the customer then."""
    attempts = [slot(1, NOON - HOUR), slot(1, NOON - 30 * HOUR)]
    assert judge(TWO_IN_24_H, slots=attempts) == CapsPassed(((TWO_IN_24_H, 1),), exempt=False)
    assert judge(TWO_IN_24_H, slots=attempts[::-1]) == CapsPassed(((TWO_IN_24_H, 1),), exempt=False)


def test_F3_the_claim_moves_a_message_s_own_slot() -> None:
    """Judged again at the real time, it does not refuse itself."""
    own = slot(0, NOON - HOUR, state=SlotState.RESERVED)
    assert judge(ONE_A_DAY, slots=[own]) == CapsPassed(((ONE_A_DAY, 0),), exempt=False)


def test_F3_a_reserved_slot_counts_as_a_used_one_does() -> None:
    """Also one that is planned for later: nothing is squeezed in before it that would be too much with it."""
    planned = slot(1, NOON + 20 * HOUR, state=SlotState.RESERVED)
    cap = Cap("one in 24 h", 1, DAY)
    assert judge(cap, slots=[planned]) == refused(cap, [1], NOON + 44 * HOUR)
    assert judge(cap, slots=[planned], at=NOON - 4 * HOUR) == CapsPassed(((cap, 0),), exempt=False)


def test_F3_a_released_slot_is_free_at_once() -> None:
    """Whoever failed leaves nothing behind."""
    slots = [slot(1, NOON - 20 * HOUR), slot(2, NOON - HOUR)]
    assert isinstance(judge(TWO_IN_24_H, slots=slots), CapsRefused)
    assert isinstance(judge(TWO_IN_24_H, slots=slots[1:]), CapsPassed)


@pytest.mark.parametrize("kind", [MessageClass.REPLY, MessageClass.TRANSACTIONAL])
def test_F5_replies_and_transactional_messages_are_exempt(kind: MessageClass) -> None:
    """They pass a full cap, and fill none."""
    message = replace(OFFER, message_class=kind)
    assert judge(ONE_A_DAY, slots=[slot(1, NOON)], message=message) == CapsPassed((), exempt=True)
    assert judge(ONE_A_DAY, slots=[slot(1, NOON, message_class=kind)]) == CapsPassed(((ONE_A_DAY, 0),), exempt=False)
    assert not takes_slot(kind)
    assert takes_slot(MessageClass.SERVICE)


def test_F5_an_important_message_passes_and_each_cap_says_whether_it_counts_it() -> None:
    """By default not."""
    full = [slot(1, NOON - HOUR)]
    counting = replace(ONE_A_DAY, counts_important=True)
    assert judge(ONE_A_DAY, slots=full, message=replace(OFFER, important=True)) == CapsPassed((), exempt=True)
    important = [slot(1, NOON - HOUR, important=True)]
    assert judge(ONE_A_DAY, slots=important) == CapsPassed(((ONE_A_DAY, 0),), exempt=False)
    assert judge(counting, slots=important) == refused(counting, [1], utc("2026-12-03T00:00"))


def test_F6_the_deferred_are_woken_by_priority_then_deadline_then_age() -> None:
    """Who has no deadline comes after who has one; the id decides between equals."""
    keys = [
        waking_key(1, None, NOON, UUID(int=9)),
        waking_key(2, NOON + HOUR, NOON, UUID(int=8)),
        waking_key(2, NOON + 2 * HOUR, NOON - HOUR, UUID(int=7)),
        waking_key(2, NOON + 2 * HOUR, NOON, UUID(int=5)),
        waking_key(2, NOON + 2 * HOUR, NOON, UUID(int=6)),
        waking_key(2, None, NOON - 9 * DAY, UUID(int=1)),
    ]
    assert sorted({*keys}) == keys


def test_F6_a_deferred_message_waits_for_a_slot_or_its_deadline() -> None:
    """Whichever comes first."""
    assert defer_until(NOON, None) == NOON
    assert defer_until(NOON, NOON + HOUR) == NOON
    assert defer_until(NOON, NOON - HOUR) == NOON - HOUR


@pytest.mark.parametrize(("limit", "window"), [(0, DAY), (-1, Period.DAY), (1, timedelta(0)), (1, -DAY)])
def test_F1_a_cap_that_lets_nothing_through_is_none(limit: int, window: timedelta | Period) -> None:
    """To stop a kind of message is another act."""
    with pytest.raises(ValueError, match="a cap"):
        Cap("none", limit, window)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"limit": 3, "per": "24 h"}, Cap("some", 3, DAY)),
        ({"limit": 1, "per": "1 w", "channels": ["sms", "line"]}, Cap("some", 1, 7 * DAY, frozenset({"sms", "line"}))),
        ({"limit": 1000, "per": "month", "topics": ["offers"]}, Cap("some", 1000, Period.MONTH, topics=OFFERS)),
        (
            {"limit": 2, "per": "day", "classes": ["marketing"], "counts_important": True},
            Cap("some", 2, Period.DAY, classes=frozenset({MessageClass.MARKETING}), counts_important=True),
        ),
    ],
)
def test_F1_a_cap_is_read_from_a_document(written: object, expected: Cap) -> None:
    """What is left out means all."""
    assert read_cap("some", written) == expected


@pytest.mark.parametrize(
    ("written", "sentence", "field"),
    [
        (3, NOT_A_CAP, ""),
        ({"limit": 3}, NOT_A_CAP, ""),
        ({"per": "day"}, NOT_A_CAP, ""),
        ({"limit": 3, "per": "day", "kinds": ["sms"]}, NOT_A_CAP, ""),
        ({"limit": 0, "per": "day"}, NOT_A_LIMIT, "limit"),
        ({"limit": 1001, "per": "day"}, NOT_A_LIMIT, "limit"),
        ({"limit": True, "per": "day"}, NOT_A_LIMIT, "limit"),
        ({"limit": "3", "per": "day"}, NOT_A_LIMIT, "limit"),
        ({"limit": 3, "per": "year"}, NOT_A_WINDOW, "per"),
        ({"limit": 3, "per": 24}, NOT_A_WINDOW, "per"),
        ({"limit": 3, "per": "0 h"}, NOT_A_WINDOW, "per"),
        ({"limit": 3, "per": "day", "channels": "sms"}, NOT_A_LIST, "channels"),
        ({"limit": 3, "per": "day", "topics": []}, NOT_A_LIST, "topics"),
        ({"limit": 3, "per": "day", "topics": [""]}, NOT_A_LIST, "topics"),
        ({"limit": 3, "per": "day", "classes": None}, NOT_A_LIST, "classes"),
        ({"limit": 3, "per": "day", "classes": ["transactional"]}, NOT_A_CLASS, "classes"),
        ({"limit": 3, "per": "day", "classes": ["adverts"]}, NOT_A_CLASS, "classes"),
        ({"limit": 3, "per": "day", "counts_important": "no"}, NOT_A_SWITCH, "counts_important"),
    ],
)
def test_F1_what_is_no_cap_says_how_to_write_one(written: object, sentence: str, field: str) -> None:
    """One sentence and the field at fault."""
    with pytest.raises(CapProblem) as caught:
        read_cap("some", written)
    assert (str(caught.value), caught.value.sentence, caught.value.field) == (sentence, sentence, field)


windows = st.one_of(st.sampled_from(Period), st.sampled_from([HOUR, 5 * HOUR, DAY, 7 * DAY]))
some_caps = st.lists(
    st.builds(
        Cap,
        name=st.text(max_size=3),
        limit=st.integers(1, 4),
        window=windows,
        channels=st.frozensets(st.sampled_from(["sms", "line"])),
        classes=st.frozensets(st.sampled_from([MessageClass.MARKETING, MessageClass.SERVICE])),
        counts_important=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
# Around the change of the clocks in most zones, on whole and half hours, so that edges meet.
moments = st.integers(0, 2 * 24 * 12).map(lambda half_hours: utc("2026-10-24T12:00") + half_hours * HOUR / 2)
asked = st.lists(
    st.tuples(
        moments,
        st.sampled_from(["sms", "line"]),
        st.sampled_from([MessageClass.MARKETING, MessageClass.SERVICE]),
        st.just(False),
    ),
    max_size=25,
)


def play(
    caps: list[Cap], messages: Sequence[tuple[datetime, str, MessageClass, bool]], zone: ZoneInfo, *, defer: bool
) -> list[Slot]:
    """Decide messages one after the other, in whatever order their times are; each that passes takes its slot. With
    `defer` one that is refused takes the slot that it was told would be free."""
    slots: list[Slot] = []
    for number, (at, channel, kind, important) in enumerate(messages):
        message = Counted(UUID(int=number), channel, "offers", kind, important)
        verdict = judge_caps(caps, slots, at, zone, message)
        if isinstance(verdict, CapsRefused):
            if not defer:
                continue
            at = verdict.free_at
            assert isinstance(judge_caps(caps, slots, at, zone, message), CapsPassed)
        slots.append(Slot(message.delivery_id, channel, "offers", kind, important, at, SlotState.RESERVED))
    return slots


def is_kept(cap: Cap, slots: Sequence[Slot], zone: ZoneInfo) -> bool:
    """Whether no window that ends with a message, and no calendar period, holds more than the limit."""
    bounds = {Period.DAY: day_bounds, Period.WEEK: week_bounds, Period.MONTH: month_bounds}
    times = [
        one.at
        for one in slots
        if (not cap.channels or one.channel in cap.channels) and (not cap.classes or one.message_class in cap.classes)
    ]
    if isinstance(cap.window, Period):
        spans = [bounds[cap.window](at, zone) for at in times]
        return all(sum(span.begin <= at < span.end for at in times) <= cap.limit for span in spans)
    return all(sum(at - cap.window < other <= at for other in times) <= cap.limit for at in times)


@given(some_caps, asked, st.sampled_from(ZONES), st.booleans())
def test_F1_no_cap_is_ever_exceeded_whatever_the_order(
    caps: list[Cap], messages: list[tuple[datetime, str, MessageClass, bool]], zone: ZoneInfo, defer: bool
) -> None:
    """Neither by those that pass at once nor by those that wait until they are told."""
    slots = play(caps, messages, zone, defer=defer)
    assert all(is_kept(cap, slots, zone) for cap in caps)
    assert not defer or len(slots) == len(messages)


@given(some_caps, asked, st.sampled_from(ZONES), moments)
def test_F1_nothing_is_free_before_it_is_said_to_be(
    caps: list[Cap], messages: list[tuple[datetime, str, MessageClass, bool]], zone: ZoneInfo, at: datetime
) -> None:
    """Wherever in between it was handed over, some cap would be exceeded: no message waits longer than it has to."""
    slots = play(caps, messages, zone, defer=True)
    verdict = judge_caps(caps, slots, at, zone, replace(OFFER, delivery_id=UUID(int=999)))
    if isinstance(verdict, CapsPassed):
        return
    assert verdict.free_at > at
    assert {slot.delivery_id for slot in slots} >= set(verdict.counted) > set()
    length = verdict.free_at - at
    moments_before = [at + length * part / 50 for part in range(50)]
    for moment in (*moments_before, verdict.free_at - timedelta(microseconds=1)):
        assert not all(is_kept(cap, [*slots, slot(999, moment)], zone) for cap in caps)
    assert all(is_kept(cap, [*slots, slot(999, verdict.free_at)], zone) for cap in caps)


@given(some_caps, asked, st.sampled_from(ZONES), st.randoms(use_true_random=False))
def test_F1_the_order_in_which_slots_are_given_does_not_matter(
    caps: list[Cap], messages: list[tuple[datetime, str, MessageClass, bool]], zone: ZoneInfo, chance: Random
) -> None:
    """The same verdict for the claim, for the explanation and for the preview."""
    slots = play(caps, messages, zone, defer=False)
    shuffled = slots[:]
    chance.shuffle(shuffled)
    for at, *_ in messages[:5]:
        message = replace(OFFER, delivery_id=UUID(int=999))
        assert judge_caps(caps, slots, at, zone, message) == judge_caps(caps, shuffled, at, zone, message)
