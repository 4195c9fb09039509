"""The bars of What if: every day in its place, channels stacked, whole numbers at the lines."""

from datetime import date

import pytest

from tertulia.console.journeys.bars import BAR, HEIGHT, SLOT, choose_whole_step, draw_bars

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 8)


@pytest.mark.parametrize(("highest", "step"), [(1, 1), (3, 1), (9, 5), (10, 5), (70, 20), (100, 25), (4_000, 1_000)])
def test_lines_stand_at_whole_numbers(highest: int, step: int) -> None:
    """What is counted by ones has no half of one."""
    assert choose_whole_step(highest) == step


def test_channels_of_a_day_stand_on_each_other(database_url: str) -> None:
    """From the ground up, none over the highest line."""
    chart = draw_bars(
        [
            {"day": date(2026, 11, 4), "channel": "App", "kind": "whatsapp", "count": 3},
            {"day": date(2026, 11, 4), "channel": "SMS", "kind": "sms", "count": 1},
            {"day": LAST, "channel": "SMS", "kind": "sms", "count": 2},
        ],
        FIRST,
        LAST,
    )
    app, sms, last = chart.bars
    assert app.x == sms.x == SLOT * 2 + (SLOT - BAR) / 2
    assert (app.y + app.height, sms.y + sms.height, sms.y) == (HEIGHT, app.y, 0)
    assert last.x + BAR < chart.width == SLOT * 7
    assert chart.counts == [4, 3, 2, 1, 0]
    assert (chart.lines[0], chart.lines[-1]) == (HEIGHT, 0)
    assert chart.days == ["2 Nov", "5 Nov", "8 Nov"]
    assert chart.channels == [("whatsapp", "App"), ("sms", "SMS")]


def test_one_day_has_one_mark(database_url: str) -> None:
    """And is a bar all the same."""
    chart = draw_bars([{"day": FIRST, "channel": "SMS", "kind": "sms", "count": 7}], FIRST, FIRST)
    assert (chart.days, len(chart.bars)) == (["2 Nov"], 1)
