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
