"""Quiet hours and caps over the API: what the console's page can do."""

from typing import Any

from tests.api.conftest import Ask

FORM = {"name": "Loja", "zone": "America/Sao_Paulo", "currency": "BRL"}
HOURS = [{"from": "09:00", "to": "21:00", "days": ["mon", "fri"]}, {"from": "22:00", "to": "02:00"}]


def test_Q1_quiet_hours_are_a_part_of_the_workspace(ask: Ask, shop: Any) -> None:
    """Given as documents write them; left out they stay, an empty list takes them away."""
    assert ask("GET", "/workspace")["send_window"] == []
    assert ask("PUT", "/workspace", {**FORM, "send_window": HOURS})["send_window"] == HOURS
    assert ask("PUT", "/workspace", FORM)["send_window"] == HOURS
    assert ask("PUT", "/workspace", {**FORM, "send_window": []})["send_window"] == []


def test_Q1_wrong_hours_are_named_by_their_place(ask: Ask, shop: Any) -> None:
    """Each with its own sentence; nothing is changed."""
    wrong = [HOURS[0], {"from": "09:00", "to": "09:00"}, {"from": "09:00", "to": "21:00", "days": ["monday"]}, {}]
    problems = ask("PUT", "/workspace", {**FORM, "send_window": wrong}, 400)["problems"]
    assert [problem["field"] for problem in problems] == ["send_window.1.to", "send_window.2.days", "send_window.3"]
    assert all(problem["sentence"].endswith(".") for problem in problems)
    assert ask("GET", "/workspace")["send_window"] == []


def test_A2_the_hold_out_is_a_part_of_the_workspace(ask: Ask, shop: Any) -> None:
    """Written as it is meant; left out it stays, an empty text takes it away, and what is no share changes nothing."""
    assert ask("PUT", "/workspace", {**FORM, "hold_out": "2.50 %"})["hold_out"] == "2.5%"
    assert ask("PUT", "/workspace", FORM)["hold_out"] == "2.5%"
    [problem] = ask("PUT", "/workspace", {**FORM, "hold_out": "half"}, 400)["problems"]
    assert (problem["field"], problem["sentence"]) == ("hold_out", "Write a share from 0.01% to 90%, such as 10%.")
    assert ask("PUT", "/workspace", {**FORM, "hold_out": ""})["hold_out"] == ""


def test_F1_caps_are_made_changed_and_deleted(ask: Ask, foreign_ask: Ask, shop: Any) -> None:
    """What is left out means all. Another workspace sees nothing of them."""
    cap = ask("POST", "/caps", {"name": "Three a week", "limit": 3, "per": "week", "classes": ["marketing"]}, 201)
    assert cap["id"]
    assert (cap["limit"], cap["per"], cap["classes"], cap["channels"]) == (3, "week", ["marketing"], None)
    assert foreign_ask("GET", "/caps") == []
    assert foreign_ask("PUT", f"/caps/{cap['id']}", {"name": "x", "limit": 1, "per": "day"}, 404)["code"] == "not_found"
    assert foreign_ask("DELETE", f"/caps/{cap['id']}", None, 404)["code"] == "not_found"
    changed = ask("PUT", f"/caps/{cap['id']}", {"name": "Daily", "limit": 1, "per": "24 h", "counts_important": True})
    assert (changed["name"], changed["per"], changed["classes"], changed["counts_important"]) == (
        "Daily", "24 h", None, True,
    )  # fmt: skip
    assert ask("GET", "/caps") == [changed]
    assert [row["verb"] for row in ask("GET", "/audit")][:2] == ["cap_changed", "cap_created"]
    ask("DELETE", f"/caps/{cap['id']}", None, 204)
    assert ask("GET", "/caps") == []


def test_F1_a_wrong_cap_is_named_by_its_field(ask: Ask, shop: Any) -> None:
    """Each field with its own sentence; nothing is made, and a name stands for one cap."""
    good = {"name": "Daily", "limit": 1, "per": "day"}
    for field, value in (
        ("name", " "), ("limit", 0), ("per", "fortnight"), ("channels", ["fax"]), ("channels", []),
        ("topics", ["news"]), ("classes", ["transactional"]),
    ):  # fmt: skip
        [problem] = ask("POST", "/caps", good | {field: value}, 400)["problems"]
        assert (problem["field"], problem["sentence"][-1]) == (field, ".")
    assert ask("GET", "/caps") == []
    ask("POST", "/caps", good, 201)
    assert ask("POST", "/caps", good, 409)["field"] == "name"
    assert ask("PUT", "/caps/999999999999", good, 404)["code"] == "not_found"


def test_F1_a_workspace_has_only_so_many_caps(ask: Ask, shop: Any) -> None:
    """Every message is judged by all of them."""
    from tertulia.actions.caps import CAPS_MAX

    for n in range(CAPS_MAX):
        ask("POST", "/caps", {"name": f"Cap {n}", "limit": 1, "per": "day"}, 201)
    refused = ask("POST", "/caps", {"name": "One more", "limit": 1, "per": "day"}, 400)
    assert "at most 20 caps" in refused["sentence"]


def test_V3_the_budget_is_set_whole_and_read_with_what_is_spent(ask: Ask, shop: Any) -> None:
    """What is left out is not limited; a currency without a rate is named; nothing of a wrong one is kept."""
    told = ask("PUT", "/budget", {"day": 50, "month": 900.5, "rates": {"USD": 0.18}})
    assert (told["message"], told["day"], told["month"], told["rates"]) == (None, 50, 900.5, {"USD": 0.18})
    assert [(one["per"], one["limit_micros"], one["used_micros"], one["held"]) for one in told["spent"]] == [
        ("day", 50_000_000, 0, False), ("month", 900_500_000, 0, False),
    ]  # fmt: skip
    assert ask("GET", "/budget")["day"] == 50
    wrong = {"day": 0, "month": 0.0000001, "rates": {"usd": 1}}
    problems = ask("PUT", "/budget", wrong, 400)["problems"]
    assert sorted(problem["field"] for problem in problems) == ["day", "month", "rates"]
    assert ask("PUT", "/budget", {"message": 0.1})["spent"] == []
    assert ask("GET", "/audit")[0]["verb"] == "budget_changed"
