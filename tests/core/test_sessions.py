"""Visits from what customers do (R6): where one begins, where it ends, what it came to."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_events import LOJA, NOW, Village

from tertulia.core import event_effects as ev
from tertulia.core.rows import Done
from tertulia.core.sessions import BACKGROUNDED, ENDED, IDLE, STARTED, is_act, settle, sum_up
from tertulia.core.world import Config

MINUTE = timedelta(minutes=1)


class Shop(Village):
    """A village whose source is a shop's site and app. Time is the number of minutes that have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.world.config = Config({1: LOJA}, {}, {}, client_sources=frozenset({1}))

    def act(self, at: int, name: str = "Clicked", **facts: Any) -> None:
        self.world.now = max(self.world.now, NOW + timedelta(minutes=at))
        self.tell("track", at=at, name=name, user="u1", **facts)

    def look(self, at: int) -> None:
        """The owner looks for sessions whose end has come."""
        self.world.now = NOW + timedelta(minutes=at)
        for row in [row for row in self.world.sessions.values() if row.ends_at <= self.world.now]:
            settle(self.world, row, self.world.now)

    def derived(self) -> list[tuple[str, int]]:
        """The derived events: name, and minutes after the beginning of time."""
        found = [e for e in self.world.effects if isinstance(e, ev.StoreEvent) and e.type == "derived"]
        return [(e.name, round((e.occurred_at - NOW) / MINUTE)) for e in found]

    def ends(self) -> list[dict[str, Any]]:
        found = [e for e in self.world.effects if isinstance(e, ev.StoreEvent) and e.name == ENDED]
        return [e.properties for e in found]


def test_R6_a_session_ends_after_half_an_hour_without_anything() -> None:
    """Its end lies at the last thing that was done; it is known half an hour later."""
    shop = Shop()
    shop.act(0)
    shop.act(20)
    shop.look(30)
    assert shop.derived() == [(STARTED, 0)]
    shop.look(49)
    assert shop.derived() == [(STARTED, 0)]
    shop.look(50)
    assert shop.derived() == [(STARTED, 0), (ENDED, 20)]
    assert shop.ends()[0]["events"] == 2
    assert shop.world.sessions == {}


def test_R6_what_comes_before_the_owner_has_looked_begins_a_session_of_its_own() -> None:
    """How late an end is noticed changes nothing."""
    shop = Shop()
    shop.act(0)
    shop.act(45)
    shop.look(80)
    assert shop.derived() == [(STARTED, 0), (ENDED, 0), (STARTED, 45), (ENDED, 45)]


def test_R6_an_app_that_goes_to_the_background_ends_it_at_once() -> None:
    """That is the last event of the session, and begins none."""
    shop = Shop()
    shop.act(0)
    shop.act(5, BACKGROUNDED)
    shop.act(6, BACKGROUNDED)
    assert shop.derived() == [(STARTED, 0), (ENDED, 5)]
    assert (shop.ends()[0]["reason"], shop.ends()[0]["events"], shop.ends()[0]["duration_s"]) == ("background", 2, 300)


def test_R6_a_late_event_of_a_session_that_is_over_begins_none() -> None:
    """The next new one does."""
    shop = Shop()
    shop.act(10)
    shop.look(60)
    shop.act(8)
    assert shop.derived() == [(STARTED, 10), (ENDED, 10)]
    shop.act(70)
    assert shop.derived()[-1] == (STARTED, 70)


def test_E4_what_happened_before_the_horizon_begins_no_session() -> None:
    """It goes into the history alone."""
    shop = Shop()
    shop.act(-72 * 60 - 1)
    assert shop.derived() == []
    shop.act(-72 * 60 + 1)
    assert shop.derived() == [(STARTED, -72 * 60 + 1)]


def test_R6_app_and_site_of_one_person_are_one_session() -> None:
    """The cart that was filled on the phone is worth what it is worth on the site."""
    shop = Shop()
    phone = {"os": {"name": "iOS"}}
    shop.act(0, "Product Added", properties={"product_id": "p1", "price": 90}, context=phone)
    shop.act(10, "Product Added", properties={"product_id": "p2", "price": 30}, context={"page": {"path": "/p2"}})
    shop.look(60)
    [end] = shop.ends()
    assert (end["cart_value"], end["cart_products"], end["platforms"]) == (120.0, ["p1", "p2"], ["ios", "web"])


def test_M8_the_running_session_of_an_absorbed_contact_goes_on() -> None:
    """A visitor who signs in is in the same session; the merge itself starts none, and tells of no end."""
    shop = Shop()
    shop.act(-60)
    shop.look(-10)
    shop.tell("track", at=0, name="Clicked", device="d1")
    shop.tell("track", at=0, name="Signed In", device="d1", user="u1")
    shop.settle()
    told = shop.derived()
    assert told.count((STARTED, 0)) == 2  # the visitor's, and the user's own by what they did while being merged
    assert (ENDED, 0) not in told
    [row] = shop.world.sessions.values()
    assert row.contact_id == shop.user("u1").id


@pytest.mark.parametrize(
    ("call", "source", "context", "active"),
    [
        ("track", 1, {}, True),
        ("track", 2, {}, False),
        ("track", 2, {"channel": "mobile"}, True),
        ("track", 1, {"channel": "server"}, False),
        ("track", 1, {"active": False}, False),
        ("page", 2, {}, True),
        ("identify", 1, {}, False),
    ],
)
def test_R6_only_what_customers_do_themselves_is_a_visit(
    call: str, source: int, context: dict[str, Any], active: bool
) -> None:
    """Not what a server tells of them."""
    config = Config({}, {}, {}, client_sources=frozenset({1}))
    assert is_act(config, call, Done(NOW, source, call, "", {}, context)) is active


def test_a_session_tells_what_happened() -> None:
    """Counts by name, its pages, and where it came from."""
    campaign = {"name": "spring", "source": "newsletter"}
    acts = [
        Done(NOW, 1, "page", "Home", {"url": "https://loja.example/"}, {"page": {}, "campaign": campaign}),
        Done(NOW + MINUTE, 1, "track", "Product Viewed", {}, {}),
        Done(NOW + 2 * MINUTE, 1, "page", "Cart", {}, {"page": {"path": "/cart"}}),
    ]
    assert sum_up(acts, NOW, NOW + 2 * MINUTE) == {
        "started_at": "2026-11-02T09:00:00+00:00",
        "ended_at": "2026-11-02T09:02:00+00:00",
        "duration_s": 120,
        "events": 3,
        "pages": 2,
        "screens": 0,
        "counts": {"Product Viewed": 1},
        "platforms": ["web"],
        "cart_value": 0,
        "cart_products": [],
        "orders": 0,
        "revenue": 0.0,
        "first_page": "https://loja.example/",
        "last_page": "/cart",
        "campaign": campaign,
    }


@given(
    times=st.lists(st.integers(0, 300), min_size=1, max_size=30).map(sorted),
    looks=st.lists(st.integers(0, 400), max_size=10),
)
def test_R6_sessions_are_what_a_recompute_finds(times: list[int], looks: list[int]) -> None:
    """However often and when the owner looks, they are cut exactly where nothing was done for half an hour."""
    shop = Shop()
    told = sorted([(at, "act") for at in times] + [(at, "look") for at in looks])
    for at, what in told:
        shop.act(at) if what == "act" else shop.look(at)
    shop.look(1_000)
    expected: list[tuple[str, int]] = []
    idle = IDLE / MINUTE
    for n, at in enumerate(times):
        if n == 0 or at - times[n - 1] >= idle:
            expected += [(ENDED, times[n - 1])] if n else []
            expected.append((STARTED, at))
    assert shop.derived() == [*expected, (ENDED, times[-1])]
