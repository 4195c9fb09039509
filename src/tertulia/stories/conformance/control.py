"""The workspace's settings, budget and caps in a scenario, and what is spent of a budget and of journeys'."""

from collections.abc import Iterator, Mapping
from typing import Any

from tertulia.stories.conformance.stage import Stage

ALWAYS_SAID = ("name", "link_domain", "country", "language", "zone", "currency", "link_days")


def change_workspace(stage: Stage, told: Mapping[str, Any]) -> None:
    """Change these settings of the workspace, such as `zone` and `send_window`; the others stay."""
    known = stage.api("GET", "/workspace")
    stage.api("PUT", "/workspace", {**{name: known[name] for name in ALWAYS_SAID}, **told})
    stage.drain()


def mark_sensitive(stage: Stage, names: list[str]) -> None:
    """From now on these attributes are sensitive, and no others."""
    change_workspace(stage, {"sensitive_attributes": names})


def set_hold_out(stage: Stage, share: str) -> None:
    """From now on this share of customers gets no marketing; empty for none."""
    change_workspace(stage, {"hold_out": share})


def set_budget(stage: Stage, told: Mapping[str, Any]) -> None:
    """The workspace's, as `message`, `day`, `month` and `rates`."""
    stage.api("PUT", "/budget", dict(told))
    stage.drain()


def add_cap(stage: Stage, told: Mapping[str, Any]) -> None:
    """A frequency cap: `limit` messages `per` day, week, month or length of time, perhaps of `channels` and `classes`
    only. One of the same `as` takes the place of the one before."""
    name = str(told.get("as", "cap"))
    form = {"name": name, **{field: value for field, value in told.items() if field != "as"}}
    known = next((cap["id"] for cap in stage.api("GET", "/caps") if cap["name"] == name), None)
    if known is None:
        stage.api("POST", "/caps", form)
    else:
        stage.api("PUT", f"/caps/{known}", form)
    stage.drain()


def check_spent(stage: Stage, expected: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """In the workspace's currency, of `workspace` or a journey: by day, month or total."""
    for whose, told in expected.items():
        path = "/budget" if whose == "workspace" else f"/journeys/{stage.journeys[whose]}/budget"
        answer = stage.api("GET", path)
        rows = answer["spent"] if whose == "workspace" else answer
        found = {row["per"]: row["used_micros"] / 1_000_000 for row in rows}
        for per, value in told.items():
            if found.get(per) != value:
                yield f"spent by {whose}: {per}: expected {value}, found {found.get(per)}"


def check_notices(stage: Stage, expected: list[str]) -> Iterator[str]:
    """The kinds of notices, in the order in which they came."""
    found = [row["kind"] for row in reversed(stage.api("GET", "/notices"))]
    if found != expected:
        yield f"notices: expected {expected}, found {found}"
