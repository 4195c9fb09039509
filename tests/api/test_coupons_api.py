"""Pools of coupons over the API: made, changed, filled; codes that are not taken are named."""

from typing import Any

from tests.api.conftest import Ask


def test_S5_a_pool_is_made_changed_and_filled(ask: Ask, foreign_ask: Ask, shop: Any) -> None:
    """Its key is made of its name. Another workspace sees nothing of it."""
    pool = ask("POST", "/coupon-pools", {"name": "Welcome gift", "warn_at": 2, "expires": "14 d"}, 201)
    assert (pool["key"], pool["left"], pool["claimed"], pool["journeys"]) == ("welcome-gift", 0, 0, [])
    assert foreign_ask("GET", "/coupon-pools") == []
    path = f"/coupon-pools/{pool['id']}"
    for method, where, form in (
        ("GET", path, None),
        ("PUT", path, {"name": "x"}),
        ("POST", f"{path}/codes", {"codes": ["A"]}),
    ):
        assert foreign_ask(method, where, form, 404)["code"] == "not_found"
    made = ask("POST", f"{path}/codes", {"codes": ["A1", " A2 ", "", "A1"]})
    assert made["added"] == 2
    assert [(one["line"], one["sentence"]) for one in made["left_out"]] == [
        (3, "Line 3 is blank."),
        (4, "Line 4 is the same as line 1."),
    ]
    again = ask("POST", f"{path}/codes", {"codes": ["A2", "A3"]})
    assert (again["added"], again["left_out"][0]["sentence"]) == (1, "Line 1 is in the pool already.")
    changed = ask("PUT", path, {"name": "Gift", "expires": "7 d"})
    assert (changed["name"], changed["key"], changed["expires"], changed["left"]) == ("Gift", "welcome-gift", "7 d", 3)
    assert ask("GET", path) == changed
    verbs = [row["verb"] for row in ask("GET", "/audit")][:4]
    assert verbs == ["coupon_pool_changed", "coupon_codes_added", "coupon_codes_added", "coupon_pool_created"]


def test_S5_one_code_for_everybody_takes_no_others(ask: Ask, shop: Any) -> None:
    """And stays what it is."""
    pool = ask("POST", "/coupon-pools", {"name": "Spring", "code": "SPRING"}, 201)
    path = f"/coupon-pools/{pool['id']}"
    assert (pool["left"], pool["code"]) == (None, "SPRING")
    assert ask("POST", f"{path}/codes", {"codes": ["A1"]}, 400)["field"] == "codes"
    assert ask("PUT", path, {"name": "Spring"}, 400)["field"] == "code"
    assert ask("PUT", path, {"name": "Spring", "code": "SPRING26"})["code"] == "SPRING26"


def test_S5_a_wrong_pool_is_named_by_its_field(ask: Ask, shop: Any) -> None:
    """Each field with its own sentence; a key stands for one pool."""
    good = {"name": "Welcome", "key": "welcome"}
    for field, value in (("name", " "), ("code", "x" * 101), ("warn_at", -1), ("expires", "soon"), ("key", "Not me")):
        problem = ask("POST", "/coupon-pools", good | {field: value}, 400)
        assert (problem["field"], problem["sentence"][-1]) == (field, ".")
    assert ask("GET", "/coupon-pools") == []
    ask("POST", "/coupon-pools", good, 201)
    assert ask("POST", "/coupon-pools", good, 409)["field"] == "key"
