"""What can happen to segments in a scenario, and what can be expected of them.

A segment stands in the scenario as its document, and is published as JSON; one without `where` is a list. Who is in it,
who came and left, and why, are read over the API.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tertulia.stories.conformance.journeys import settle_order
from tertulia.stories.conformance.stage import Failed, Stage

# what can happen


def publish_segment(stage: Stage, told: Mapping[str, Any]) -> None:
    """Publish a segment `as` a name (`segment`, if not given), which is its key too, of whom `where` holds; without
    `where` a list. A second one of that name is its next revision. A refusal is the last answer."""
    name = told.get("as", "segment")
    where = {"where": told["where"]} if "where" in told else {}
    document = json.dumps({"name": name, **where})
    if name not in stage.segments:
        made = stage.api("POST", "/segments", {"document": document, "key": name})
        stage.segments[name] = made["id"]
    else:
        known = stage.api("GET", _path(stage, name))
        made = stage.api("PUT", _path(stage, name), {"document": document, "version": known["version"]})
    headers = {"authorization": f"Bearer {stage.key}"}
    form = {"version": made["version"]}
    response = stage.http.post(f"/api{_path(stage, name)}/publish", json=form, headers=headers)
    stage.last_status, stage.last_body = response.status_code, response.text
    stage.drain()


def change_list(stage: Stage, told: Mapping[str, Any]) -> None:
    """A person puts people (`put`) on the list `as` (`segment`, if not given), or takes them off it (`take`)."""
    path = _path(stage, told.get("as", "segment"))
    if "put" in told:
        contacts = [stage.find_person(who) for who in told["put"]]
        stage.api("POST", f"{path}/members", {"contacts": contacts})
    for who in told.get("take", ()):
        stage.api("DELETE", f"{path}/members/{stage.find_person(who)}")
    stage.drain()


# what can be expected


def check_segments(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of each segment by name, as far as it is asked for: `members` by their names, and `changes`, the oldest first:
    `Ana came event Order Completed`, `Ana left time`."""
    for name, told in expected.items():
        for what, value in told.items():
            if what not in OF_SEGMENT:
                raise Failed(f"nothing called {what!r} can be expected of a segment")
            found = OF_SEGMENT[what](stage, _path(stage, name), value)
            if found != value:
                yield f"{name}: {what}: expected {value}, found {found}"


def _read_members(stage: Stage, path: str, expected: list[str]) -> list[str]:
    found = [row["name"] for row in stage.api("GET", f"{path}/members")]
    return expected if sorted(found) == sorted(expected) else found


def _read_changes(stage: Stage, path: str, expected: list[str]) -> list[str]:
    """Those of one instant have no order."""
    rows = reversed(stage.api("GET", f"{path}/changes"))
    return settle_order([(row["at"], _tell(stage, row)) for row in rows], expected)


OF_SEGMENT: Mapping[str, Callable[[Stage, str, list[str]], list[str]]] = {
    "members": _read_members,
    "changes": _read_changes,
}


def read_segments(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """The keys of the segments in which somebody is, in the order of their names."""
    return sorted(row["key"] for row in stage.api("GET", f"/contacts/{contact['id']}/segments"))


def read_why_segments(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`buyers out: “Order Completed”: 1 times; ...` for each segment that `expected` names, with the first ground."""
    found = []
    for line in expected:
        name = line.split(" ")[0]
        told = stage.api("GET", f"{_path(stage, name)}/why", params={"contact_id": contact["id"]})
        grounds = [ground["sentence"] for ground in told["grounds"][:1]]
        found.append(f"{name} {told['outcome']}: {''.join(grounds)}")
    return found


def _tell(stage: Stage, row: Mapping[str, Any]) -> str:
    contact = stage.api("GET", f"/contacts/{row['contact_id']}")
    verb = "came" if row["entered"] else "left"
    return f"{contact['name']} {verb} {row['cause']} {row['event']}".strip()


def _path(stage: Stage, name: str) -> str:
    if name not in stage.segments:
        raise Failed(f"the scenario has no segment {name!r}")
    return f"/segments/{stage.segments[name]}"
