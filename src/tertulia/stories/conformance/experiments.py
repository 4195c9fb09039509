"""What hold-outs do to many people at once: nobody can say of one person beforehand on which side they will be.

A crowd is told of by an SDK, each with a phone number; of a journey, the `sides` on which its people were are counted.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tertulia.stories.conformance.stage import Failed, Stage
from tertulia.stories.conformance.tracking import track_calls

CROWD_MAX = 99


def track_crowd(stage: Stage, told: Mapping[str, Any]) -> None:
    """So many people as `size` says, called Ana1, Ana2 and so on: each is known by a phone number and has agreed to
    marketing, unless they are there already, and an `event` comes of each; with `way` only of those whom a bandit of
    the `journey` has sent that way."""
    size = told["size"]
    if not 0 < size <= CROWD_MAX:
        raise Failed(f"a crowd has 1 to {CROWD_MAX} people")
    names = [f"Ana{n}" for n in range(1, size + 1)]
    fresh = [name for name in names if name not in stage.phones]
    for name in fresh:
        stage.phones[name] = f"+55119855502{int(name[3:]):02d}"
    traits = {name: {"firstName": name, "phone": stage.phones[name]} for name in fresh}
    if fresh:
        calls = [{"user": name, "call": "identify", "traits": told} for name, told in traits.items()]
        track_calls(stage, {"calls": calls})
    for name in fresh:
        form = {"state": "granted", "topic": "marketing", "channel": "sms", "reason": "conformance"}
        stage.api("POST", f"/contacts/{stage.find_person(name)}/consents", form)
    stage.drain()
    if "way" in told:
        names = [name for name in names if told["way"] in _read_ways(stage, told["journey"], name)]
    track_calls(stage, {"calls": [{"user": name, "event": told["event"]} for name in names]})


def _read_ways(stage: Stage, journey: str, who: str) -> set[str]:
    """The ways that a bandit of a journey has assigned somebody."""
    rows = stage.api("GET", f"/contacts/{stage.find_person(who)}/decisions")
    mine = [row for row in rows if (row["journey_id"], row["outcome"]) == (stage.journeys[journey], "assigned")]
    return {row["facts"]["way"] for row in mine}


def check_sides(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of each journey by name, of a crowd of `size`: `both` sides have people (true or false), and `kept`: nobody was
    on both. Of several journeys, `same_in`: whether those whom it holds out are the ones that another holds out."""
    for name, told in expected.items():
        sides = _read_sides(stage, name, told["size"])
        held = {who for who, outcomes in sides.items() if "ghost" in outcomes}
        found: dict[str, Any] = {
            "size": sum(bool(outcomes) for outcomes in sides.values()),
            "both": 0 < len(held) < len(sides),
            "kept": all(len(outcomes) < 2 for outcomes in sides.values()),
        }
        for what, value in told.items():
            if what == "same_in":
                for other, same in value.items():
                    beside = _read_sides(stage, other, told["size"])
                    if (held == {who for who, outcomes in beside.items() if "ghost" in outcomes}) != same:
                        yield f"{name}: the same are held out of {other}: expected {same}"
            elif found[what] != value:
                yield f"{name}: {what}: expected {value}, found {found[what]}"


def check_sent(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of each journey by name, to how many of a crowd of `size` a message of it has gone out by now: `none`, `some` or
    `all`."""
    for name, told in expected.items():
        sent = sum("sent" in outcomes for outcomes in _read_sides(stage, name, told["size"]).values())
        found = {0: "none", told["size"]: "all"}.get(sent, "some")
        if found != told["to"]:
            yield f"{name}: sent to: expected {told['to']}, found {found}, {sent}"


def check_results(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of each journey by name, of its first experiment: `people` whose time to convert is over and how many of them
    `converted`, on all sides together, `waiting` those whose time is not over, the `verdict` of the first
    comparison, and the way that a bandit `favours`."""
    for name, told in expected.items():
        [experiment, *_] = stage.api("GET", f"/journeys/{stage.journeys[name]}/results")["experiments"]
        found: dict[str, Any] = {
            "people": sum(one["people"] for one in experiment["variants"]),
            "converted": sum(one["converted"] for one in experiment["variants"]),
            "waiting": experiment["waiting"],
            "verdict": experiment["comparisons"][0]["verdict"],
            "favours": max(experiment["weights"], key=experiment["weights"].get, default=None),
        }
        for what, value in told.items():
            if found[what] != value:
                yield f"{name}: {what}: expected {value}, found {found[what]}"


def _read_sides(stage: Stage, journey: str, size: int) -> dict[str, set[str]]:
    """What became of each one's messages of a journey that passed every gate before the hold-out."""
    sides = {}
    for number in range(1, size + 1):
        who = f"Ana{number}"
        rows = stage.api("GET", f"/contacts/{stage.find_person(who)}/decisions")
        mine = [row for row in rows if row["journey_id"] == stage.journeys[journey]]
        sides[who] = {row["outcome"] for row in mine if row["outcome"] in ("sent", "ghost")}
    return sides
