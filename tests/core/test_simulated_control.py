"""Guards, canaries, budgets and throttles of a journey that is played on a virtual clock (V3, R5)."""

from datetime import time, timedelta
from itertools import chain, repeat

from msgspec.structs import replace
from tests.core.imagined import LISBON, NOW, SMS, Arrival, make_config, make_shop, play, provide, track

from tertulia.actions.what_if import launch
from tertulia.core.guards import Fired
from tertulia.core.simulation.crowd import Crowd
from tertulia.core.simulation.memory import Memory
from tertulia.core.simulation.play import Player
from tertulia.core.simulation.rates import DEFAULTS, Unwelcome, set_shares
from tertulia.core.simulation.report import Report

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFER = """
name: Offer
entry: {event: Product Added}
guards: {bounces: 10%, opt_outs: 10%, aborts: 10%, after: 4}
steps:
  - {id: nap, kind: wait, for: 1 h}
  - {id: tell, kind: message, channels: [sms], text: "Hi"}
"""


def add(memory: Memory, count: int, every: timedelta = timedelta(seconds=30)) -> list[Arrival]:
    """As many customers put something in their carts, one after the other."""
    assert len(memory.rows.contacts) >= count
    return [track(n, NOW + n * every, "Product Added", f"u{n}") for n in range(1, count + 1)]


def test_V3_a_guard_pauses_a_journey_on_the_virtual_clock() -> None:
    """Every fifth message or so reaches nobody: from the fourth on it is judged, within ten seconds; then nobody
    enters, and who waits goes nowhere."""
    memory = make_shop(make_config(OFFER), 40)
    report = play(memory, add(memory, 40, MINUTE * 2), NOW + 2 * DAY, answer=provide(refused=30.0))
    paused = memory.guards.paused[1]
    handed_over = paused.fired.of
    assert paused.fired == Fired("bounces", paused.fired.count, handed_over, "10%")
    assert handed_over >= 4
    assert paused.fired.count * 10 > handed_over
    assert report.messages == handed_over
    assert NOW + HOUR < paused.at <= NOW + HOUR + 2 * MINUTE * handed_over + timedelta(seconds=10)
    assert report.refused["entry.paused"] + report.entered == 40
    assert len(report.inside) == report.entered - handed_over


def test_V3_nothing_bad_pauses_nothing() -> None:
    """Everybody is written to."""
    memory = make_shop(make_config(OFFER), 40)
    report = play(memory, add(memory, 40), NOW + 2 * DAY, answer=provide())
    assert (memory.guards.paused, report.messages) == ({}, 40)


def test_V3_what_is_older_than_a_day_is_not_judged() -> None:
    """Three messages that reach nobody, and two days later three that do: never four within a day."""
    memory = make_shop(make_config(OFFER), 6)
    late = [track(n, NOW + 2 * DAY, "Product Added", f"u{n}") for n in (4, 5, 6)]
    play(memory, [*add(memory, 3), *late], NOW + 4 * DAY, answer=provide(refused=100.0))
    assert memory.guards.paused == {}


def test_V3_texts_that_cannot_be_written_count() -> None:
    """Without one message that went out."""
    memory = make_shop(make_config(OFFER.replace("Hi", "Hi {{ contact.nick }}")), 6)
    report = play(memory, add(memory, 6), NOW + DAY)
    assert memory.guards.paused[1].fired == Fired("aborts", 4, 4, "10%")
    assert report.messages == 0


def test_V3_customers_who_leave_count_each_once() -> None:
    """Synthetic ones to whom every offer is unwelcome, by the rates."""
    memory = make_shop(make_config(OFFER), 20)
    smooth = set_shares(DEFAULTS, refused=0, silent=0)
    rates = replace(smooth, sms=replace(smooth.sms, opened=100), unwelcome=Unwelcome(leave=100))
    crowd = Crowd(rates, memory.config.channels, lambda contact, at: time(23))
    report = Report(1, LISBON)
    Player(memory, report.watch, provide(), crowd=crowd).play(add(memory, 20), NOW + 3 * DAY)
    fired = memory.guards.paused[1].fired
    assert (fired.guard, fired.allowed) == ("opt_outs", "10%")
    assert fired.count * 10 > fired.of >= 4
    assert crowd.done[(1, "tell", "left")] >= fired.count


CANARY = """
name: Offer
entry: {event: Product Added}
canary: {share: 30%, for: 2 h}
steps:
  - {id: tell, kind: message, channels: [sms], text: "Hi"}
"""


def test_V3_a_canary_goes_to_its_share_first() -> None:
    """The others' messages when its time is over: each day has what it would have had."""
    config = launch(make_config(CANARY.replace("2 h", "1 d")), [1], NOW)
    memory = make_shop(config, 40)
    report = play(memory, add(memory, 40), NOW + 3 * DAY)
    held = report.held[("throttle", "throttle.canary")]
    assert 20 < held < 36
    assert report.sent == {(NOW.date(), SMS): 40 - held, (NOW.date() + DAY, SMS): held}


def test_V3_a_guard_stops_what_a_canary_holds_back() -> None:
    """So the many are never written to."""
    text = CANARY.replace("steps:", "guards: {bounces: 10%, after: 4}\nsteps:")
    memory = make_shop(launch(make_config(text), [1], NOW), 40)
    report = play(memory, add(memory, 40, timedelta(seconds=1)), NOW + 3 * DAY, answer=provide(refused=60.0))
    assert memory.guards.paused[1].at < NOW + 2 * HOUR
    assert report.messages < 20
    assert len(report.waiting) == report.held[("throttle", "throttle.canary")]


def test_V3_money_that_comes_back_to_a_total_goes_out_again() -> None:
    """Enough for two of ten, and one of the two messages reaches nobody: ten minutes later another one goes out."""
    text = CANARY.replace("canary: {share: 30%, for: 2 h}", "budget: {total: 0.1}")
    memory = make_shop(make_config(text), 10)
    providers = chain([provide(refused=100.0)], repeat(provide()))
    arrivals = add(memory, 10, timedelta(0))
    report = play(memory, arrivals, NOW + 2 * DAY, answer=lambda delivery, now: next(providers)(delivery, now))
    assert (report.messages, report.held[("throttle", "budget.spent")]) == (3, 8)
    assert sorted({sample.at for sample in report.samples}) == [NOW, NOW + 10 * MINUTE]
