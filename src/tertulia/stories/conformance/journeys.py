"""What can happen to journeys in a scenario, and what can be expected of them.

A journey stands in the scenario as its document, and is published as JSON. Its steps and runs are read over the API: of
a person `runs`, `why_entry`, `journey_decisions`, `journey_messages` and `rendered`, of a journey its state and counts.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tertulia.stories.conformance.spans import read_span
from tertulia.stories.conformance.stage import Failed, Stage

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS_MAX = 400
HALF_HOUR = timedelta(minutes=30)  # some zones are not whole hours from UTC


# what can happen


def publish_journey(stage: Stage, told: Mapping[str, Any]) -> None:
    """Publish a `document` under the name `as` (`journey`, if not given); a second one of that name is its next
    revision, and `runs` says what becomes of those who are in it (finish, move, restart). What it says of its class, if
    nothing, is transactional, which needs no consent. A refusal is the last
    answer, and nothing is published."""
    name = told.get("as", "journey")
    document = json.dumps({"name": name, "class": "transactional", **told["document"]})
    more = {"runs": told["runs"]} if "runs" in told else {}
    _publish(stage, "/journeys", stage.journeys, name, {"document": document}, more)
    if more:
        stage.drain()


def publish_template(stage: Stage, told: Mapping[str, Any]) -> None:
    """Publish a template's `document` under the key `as`, by which messages of journeys name it; a second one of that
    key is its next revision. A refusal is the last answer, and nothing is published."""
    name = told["as"]
    document = json.dumps({"name": name, **told["document"]})
    _publish(stage, "/templates", stage.templates, name, {"document": document, "key": name})


def _publish(
    stage: Stage,
    noun: str,
    known: dict[str, int],
    name: str,
    form: dict[str, Any],
    more: Mapping[str, Any] | None = None,
) -> None:
    if name not in known:
        made = stage.api("POST", noun, form)
        known[name] = made["id"]
    else:
        version = stage.api("GET", f"{noun}/{known[name]}")["version"]
        made = stage.api("PUT", f"{noun}/{known[name]}", {"document": form["document"], "version": version})
    headers = {"authorization": f"Bearer {stage.key}"}
    publishing = {"version": made["version"], **(more or {})}
    response = stage.http.post(f"/api{noun}/{known[name]}/publish", json=publishing, headers=headers)
    stage.last_status, stage.last_body = response.status_code, response.text


def start_journey(stage: Stage, told: Mapping[str, Any]) -> None:
    """Start the `journey` of that name for `who`, by the API, with `properties`."""
    path = f"{_path(stage, told.get('journey', 'journey'))}/start"
    stage.api("POST", path, {"contact_id": stage.find_person(told["who"]), "properties": told.get("properties", {})})
    stage.drain()


def steer_journey(stage: Stage, told: Mapping[str, Any]) -> None:
    """`act`: pause, resume (`how`: shift, fire or skip), close, open or cancel the `journey` of that name."""
    form = {"how": told["how"]} if "how" in told else {} if told["act"] == "resume" else None
    stage.api("POST", f"{_path(stage, told.get('journey', 'journey'))}/{told['act']}", form)
    stage.drain()


def go_to(stage: Stage, told: Mapping[str, Any]) -> None:
    """Let time pass until it is `at` by the clocks of a `zone`: the next time, so many `days` from the local date on,
    or on the next `weekday`."""
    zone, (hours, minutes) = ZoneInfo(told["zone"]), map(int, told["at"].split(":"))
    today = stage.now.astimezone(zone)
    for days in range(told.get("days", 0), DAYS_MAX):
        local = today.replace(hour=hours, minute=minutes, second=0, microsecond=0, fold=0) + timedelta(days=days)
        at = local.astimezone(UTC)
        fits = "weekday" not in told or local.weekday() == WEEKDAYS.index(told["weekday"])
        if fits and at >= stage.now:
            stage.set_clock(at)
            return
        if "days" in told:
            raise Failed(f"it is past {told['at']} on that day already")
    raise Failed(f"it is never {told}")


def go_before_change(stage: Stage, told: Mapping[str, Any]) -> None:
    """Let time pass until so long `before` the next change of the clocks of a `zone`; with `clocks` the next at which
    they go `forward` or `back`."""
    zone, before = ZoneInfo(told["zone"]), timedelta(seconds=read_span(told["before"]))
    earliest = (stage.now + before).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ways = {"forward": (1,), "back": (-1,), None: (1, -1)}[told.get("clocks")]
    for steps in range(DAYS_MAX * 24 * 2):
        change = earliest + steps * HALF_HOUR
        if _compare_offsets(change, zone) in ways:
            stage.set_clock(change - before)
            return
    raise Failed(f"the clocks of {told['zone']} never change")


def _compare_offsets(at: datetime, zone: ZoneInfo) -> int:
    """1 where the clocks went forward in the half hour before, -1 where they went back, else 0."""
    then, now = ((at - earlier).astimezone(zone).utcoffset() or timedelta() for earlier in (HALF_HOUR, timedelta()))
    return (now > then) - (now < then)


# what can be expected


def check_journeys(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of each journey by name, as far as it is asked for: `state`, `revision`, `entered`, `now`, `at` (how many are at
    each step), `ended` (by outcome), `not_entered` and `unsent` (how often, by reason), `held_out` (ghost sends),
    `goals` (in all) and `goals_of` (by step)."""
    for name, told in expected.items():
        journey = stage.api("GET", _path(stage, name))
        counts = stage.api("GET", f"{_path(stage, name)}/counts")
        steps = counts["steps"]
        found: dict[str, Any] = {
            "state": journey["state"],
            "revision": journey["revision"],
            "entered": counts["entered"],
            "now": counts["now"],
            "at": {step["step"]: step["now"] for step in steps if step["now"]},
            "ended": {outcome: count for outcome, count in counts["ended"].items() if count},
            "not_entered": {item["reason"]: item["count"] for item in counts["not_entered"]},
            "held_out": sum(step["messages"].get("ghost", 0) for step in steps),
            "goals": counts["goals"],
            "goals_of": {step["step"]: step["goals"] for step in steps if step["goals"]},
            "unsent": {item["reason"]: item["count"] for step in steps for item in step["unsent"]},
        }
        for what, value in told.items():
            if what not in found:
                raise Failed(f"nothing called {what!r} can be expected of a journey")
            if found[what] != value:
                yield f"{name}: {what}: expected {value}, found {found[what]}"


def read_runs(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`cart at pause` for a live run, `cart exited run.exception` for one that is over, with the name of the event that
    ended it in brackets; the oldest first, those that began at one instant in the order of `expected`."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/runs")
    events = stage.api("GET", f"/contacts/{contact['id']}/events", params={"limit": 200})
    names = {event["id"]: event["name"] for event in events}
    told = []
    for row in reversed(rows):
        by = f" ({names.get(row['event_id'], '?')})" if row["event_id"] else ""
        words = f"{row['outcome']} {row['reason']}" if row["outcome"] else f"at {row['step']}"
        told.append((row["started_at"], f"{_name(stage, row['journey_id'])} {words}".strip() + by))
    return settle_order(told, expected)


def read_goals(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """How many of the contact's runs have reached their goal."""
    return sum(row["goal_at"] is not None for row in stage.api("GET", f"/contacts/{contact['id']}/runs"))


def read_goal_steps(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """To which step each goal is owed that a run of the contact has reached (G2), the run that began first first; empty
    for one that no message had gone out before."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/runs")
    return [row["goal_step"] for row in reversed(rows) if row["goal_at"] is not None]


def read_answers(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """What was answered in the last run, by the steps that asked."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/runs")
    return rows[0]["answers"] if rows else {}


def read_hand_overs(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """What came along with each conversation that waits for a person, as far as it is asked for."""
    told = stage.api("GET", "/conversations", params={"waiting": True})["conversations"]
    found = [row["hand_over"] for row in told if row["contact_id"] in contact["family"]]
    if len(found) != len(expected):
        return found
    return [{name: facts.get(name) for name in wanted} for facts, wanted in zip(found, expected, strict=True)]


def read_why_entry(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`cart never`, `cart not_entered entry.live_run` for each journey that the scenario has."""
    found = []
    for name in stage.journeys:
        told = stage.api("GET", f"{_path(stage, name)}/why", params={"contact_id": contact["id"]})
        found.append(f"{name} {told['outcome']} {told['reason']}".strip())
    return found


def read_journey_decisions(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`remind not_sent render render.missing` (step, outcome, gate, reason), of an entry that was refused
    `not_entered entry entry.live_run`; the oldest first."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/decisions")
    told = [
        (row["at"], f"{row['step'] or ''} {row['outcome']} {row['gate']} {row['reason']}".strip())
        for row in reversed(rows)
        if row["journey_id"] is not None
    ]
    return settle_order(told, expected)


def read_epochs(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """By which epoch of the configuration each decision of journeys was made (E7), the oldest first; the first epoch is
    told as 1, each later one as one more."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/decisions")
    epochs = [row["epoch"] for row in reversed(rows) if row["journey_id"] is not None]
    numbers = {epoch: number for number, epoch in enumerate(sorted(set(epochs)), 1)}
    return [numbers[epoch] for epoch in epochs]


def read_gate_facts(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """The facts that gates used in the newest decision of a journey, as far as they are asked for."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/decisions")
    row = next((row for row in rows if row["journey_id"] is not None), None)
    if row is None:
        return {}
    facts = dict(row["facts"].get("passed", ())) | {row["gate"]: row["facts"].get("used", {})}
    return {gate: {name: facts.get(gate, {}).get(name) for name in wanted} for gate, wanted in expected.items()}


def read_rendered(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`remind cart 2 pt` (step, template, revision, variant) for each decision whose text was made of a template, of
    one that was aborted with the reason behind it; the oldest first."""
    told = []
    for row in reversed(stage.api("GET", f"/contacts/{contact['id']}/decisions")):
        facts = row["facts"]
        used = facts["used"] if row["gate"] == "render" else dict(facts.get("passed", ())).get("render", {})
        if "template" in used:
            words = [row["step"], used["template"], str(used["revision"]), used["locale"], used.get("abort", "")]
            told.append((row["at"], " ".join(filter(None, words))))
    return settle_order(told, expected)


def read_journey_messages(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`remind queued` (step, state) for each message of a journey, the oldest first."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/deliveries")
    told = [
        (row["made_at"], f"{row['step']} {row['state']}") for row in reversed(rows) if row["journey_id"] is not None
    ]
    return settle_order(told, expected)


def settle_order(told: list[tuple[str, str]], expected: list[str]) -> list[str]:
    """What was found; `expected` itself where it differs only in the order of what is of one instant."""
    found = [line for _, line in told]
    if len(found) != len(expected):
        return found
    wanted = [(at, line) for (at, _), line in zip(told, expected, strict=True)]
    return expected if sorted(wanted) == sorted(told) else found


def _path(stage: Stage, name: str) -> str:
    if name not in stage.journeys:
        raise Failed(f"the scenario has no journey {name!r}")
    return f"/journeys/{stage.journeys[name]}"


def _name(stage: Stage, journey_id: int) -> str:
    return next((name for name, known in stage.journeys.items() if known == journey_id), str(journey_id))
