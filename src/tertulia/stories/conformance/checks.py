"""What a scenario can expect. Every check reads the public API, or what the providers were given."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tertulia.stories.conformance.calls import check_called, check_waiting
from tertulia.stories.conformance.control import check_notices, check_spent
from tertulia.stories.conformance.coupons import check_coupons
from tertulia.stories.conformance.experiments import check_results, check_sent, check_sides
from tertulia.stories.conformance.journeys import (
    check_journeys,
    read_answers,
    read_epochs,
    read_gate_facts,
    read_goal_steps,
    read_goals,
    read_hand_overs,
    read_journey_decisions,
    read_journey_messages,
    read_rendered,
    read_runs,
    read_why_entry,
    settle_order,
)
from tertulia.stories.conformance.segments import check_segments, read_segments, read_why_segments
from tertulia.stories.conformance.stage import Failed, Stage

Check = Callable[[Stage, Any], Iterator[str]]


def check_all(stage: Stage, told: Mapping[str, Any]) -> list[str]:
    """Every expectation that does not hold, in words."""
    faults: list[str] = []
    for name, expected in told.items():
        if name not in CHECKS:
            raise Failed(f"there is no expectation called {name!r}")
        faults += CHECKS[name](stage, expected)
    return faults


def check_contacts(stage: Stage, expected: int) -> Iterator[str]:
    """How many contacts the workspace has."""
    yield from _differ("contacts", stage.api("GET", "/contacts")["total"], expected)


def check_people(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is known of each person."""
    for who, told in expected.items():
        contact = stage.api("GET", f"/contacts/{stage.find_person(who)}")
        for name, value in told.items():
            if name not in OF_PERSON:
                raise Failed(f"nothing called {name!r} can be expected of a person")
            yield from _differ(f"{who}: {name}", OF_PERSON[name](stage, who, contact, value), value)


def check_received(stage: Stage, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What providers were given for people, by channel: how many, or the texts that must stand in them in order."""
    for who, channels in expected.items():
        for channel, value in channels.items():
            sent = stage.sent_to(channel, who)
            if isinstance(value, int):
                yield from _differ(f"{who} received on {channel}", len(sent), value)
                continue
            texts = [item.text for item in sent]
            fits = len(texts) == len(value) and all(part in text for part, text in zip(value, texts, strict=True))
            if not fits:
                yield f"{who} received on {channel}: expected {value}, found {texts}"


def check_funnel(stage: Stage, expected: Mapping[str, Any]) -> Iterator[str]:
    """A match's figures; `reasons` of those not matched; `apps`; every figure equals the list behind it."""
    match_id = stage.matches[expected.get("match", "match")]
    funnel = stage.api("GET", f"/matches/{match_id}/funnel")
    for name, value in expected.items():
        match name:
            case "match":
                continue
            case "reasons":
                found: Any = {item["reason"]: item["contacts"] for item in funnel["reasons"]}
            case "apps":
                found = {
                    item["app"]: {step: item[step] for step in value.get(item["app"], {})} for item in funnel["apps"]
                }
                found = {app: steps for app, steps in found.items() if app in value}
            case "direct":
                found = {item["kind"]: item["matched"] for item in funnel["direct"]}
            case _:
                found = funnel["totals"][name]
                behind = stage.api("GET", f"/matches/{match_id}/contacts", params={"step": name})
                yield from _differ(f"the list behind {name}", len(behind), found)
        yield from _differ(f"funnel: {name}", found, value)


def check_intake(stage: Stage, expected: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """A channel's tally; always received = processed + parked."""
    tallies = {item["channel_id"]: item for item in stage.api("GET", "/intake")}
    for name, told in expected.items():
        found = tallies[stage.channel(name).id]
        yield from _differ(f"{name}: on the way", found["on_the_way"], 0)
        for key, value in told.items():
            yield from _differ(f"{name}: {key}", found[key], value)


def check_match(stage: Stage, expected: Mapping[str, str]) -> Iterator[str]:
    """The state of each match."""
    for name, value in expected.items():
        found = stage.api("GET", f"/matches/{stage.matches[name]}")["state"]
        yield from _differ(f"match {name}", found, value)


def check_problems(stage: Stage, expected: Mapping[str, list[str]]) -> Iterator[str]:
    """What stands between a draft and its launch, by code."""
    for name, value in expected.items():
        found = stage.api("GET", f"/matches/{stage.matches[name]}/check")
        yield from _differ(f"problems of {name}", sorted(item["code"] for item in found), sorted(value))


def check_channel(stage: Stage, expected: Mapping[str, str]) -> Iterator[str]:
    """The state of each channel."""
    for name, value in expected.items():
        yield from _differ(f"channel {name}", stage.api("GET", f"/channels/{stage.channel(name).id}")["state"], value)


def check_answer(stage: Stage, expected: Mapping[str, Any]) -> Iterator[str]:
    """What the last link, page or webhook was answered with: `status`, `location` (a beginning), `body` (a part)."""
    for name, value in expected.items():
        match name:
            case "status":
                yield from _differ("status", stage.last_status, value)
            case "location":
                found = stage.last_headers.get("location", "")
                if not found.startswith(value):
                    yield f"location: expected {value}…, found {found}"
            case "body":
                if value not in stage.last_body:
                    yield f"body: {value!r} does not stand in it"
            case _:
                raise Failed(f"an answer has no {name!r}")


def check_conversations(stage: Stage, expected: Mapping[str, list[str]]) -> Iterator[str]:
    """Each channel's conversations in the order in which they were opened: `open`, or `resolved`, or `into 1` for one
    that was closed in favour of the first."""
    for name, value in expected.items():
        told = stage.api("GET", "/conversations", params={"channel_id": stage.channel(name).id})["conversations"]
        rows = sorted(told, key=lambda row: row["opened_at"])
        places = {row["id"]: number for number, row in enumerate(rows, 1)}
        found = [f"into {places.get(row['into'])}" if row["into"] else row["state"] for row in rows]
        yield from _differ(f"conversations on {name}", found, value)


def check_counts(path: str) -> Check:
    """How many rows an address gives."""

    def check(stage: Stage, expected: int) -> Iterator[str]:
        yield from _differ(path.strip("/"), len(stage.api("GET", path)), expected)

    return check


def _read_identities(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`telegram 77 token_linked` for each linked identity; an unlinked one with `unlinked` behind."""
    found = []
    for item in contact["identities"]:
        words = [item["kind"], item["value"], item["trust"], *(["unlinked"] if item["unlinked_at"] else [])]
        found.append(" ".join(words))
    return sorted(found) if sorted(found) != sorted(expected) else expected


def _read_states(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`sms marketing granted` for each address or identity that `expected` names by channel and topic."""
    found = set()
    for item in contact["consent_states"]:
        found.add(f"{item['channel']} {item['topic']} {item['state']}{' blocked' if item['blocked'] else ''}")
    missing = [line for line in expected if line not in found]
    return sorted(found) if missing else expected


def _read_ledger(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`withdrawn * marketing opt_word` (state, channel, topic, source) for each row of the consent ledger."""
    return [
        f"{item['state']} {item['channel']} {item['topic']} {item['source']}" for item in reversed(contact["consents"])
    ]


def _read_decisions(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`not_sent consent consent.withdrawn` (outcome, gate, reason), the oldest first; of matches alone. Those of one
    instant have no order."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/decisions")
    rows = [row for row in reversed(rows) if row["match_id"] is not None]
    lines = [(row["at"], f"{row['outcome']} {row['gate']} {row['reason']}") for row in rows]
    return settle_order(lines, expected)


def _read_deliveries(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """The states of a match's deliveries, the oldest first, with their flags."""
    rows = [row for row in stage.api("GET", f"/contacts/{contact['id']}/deliveries") if row["match_id"] is not None]
    return [" ".join([row["state"], *row["flags"]]) for row in reversed(rows)]


def _read_why(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`not_sent consent.withdrawn` (outcome, reason) for the match called `match`."""
    params = {"match_id": next(iter(stage.matches.values()))}
    told = stage.api("GET", f"/contacts/{contact['id']}/why", params=params)
    return f"{told['outcome']} {told['reason']}".strip()


def _read_gates(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """The gates in their order with their states, as far as `expected` names them."""
    params = {"match_id": next(iter(stage.matches.values()))}
    told = stage.api("GET", f"/contacts/{contact['id']}/why", params=params)
    return [f"{gate['gate']} {gate['state']}" for gate in told["gates"]]


def _read_trust(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """The facts of the gate `trust`, as far as `expected` names them."""
    params = {"match_id": next(reversed(stage.matches.values()))}
    told = stage.api("GET", f"/contacts/{contact['id']}/why", params=params)
    facts = next((gate["facts"] for gate in told["gates"] if gate["gate"] == "trust"), {})
    return {name: facts.get(name) for name in expected}


def _read_messages(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """`in Hello` for each message of the conversation, the oldest first."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/messages")
    return [f"{row['direction']} {row['text']}" for row in reversed(rows) if row["direction"] == "in"]


def _read_clicks(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """How many openings of links by class: human, preview, scanner."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/timeline", params={"limit": 200})
    return dict(Counter(row["fact"] for row in rows if row["what"] == "click"))


def _read_attributes(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """The attributes that `expected` names; null for one that is not there."""
    return {name: contact["attributes"].get(name) for name in expected}


def _read_session(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """What the last session that ended came to, as far as it is asked for."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/events", params={"limit": 200})
    ended = [row for row in rows if (row["type"], row["name"]) == ("derived", "session_ended")]
    last = max(ended, key=lambda row: row["occurred_at"], default={"properties": {}})
    return {name: last["properties"].get(name) for name in expected}


def _read_events(stage: Stage, who: str, contact: Mapping[str, Any], expected: Any) -> Any:
    """What the person did in apps and sites, the oldest first: the name of each event, or its call."""
    rows = stage.api("GET", f"/contacts/{contact['id']}/events", params={"limit": 200})
    return [row["name"] or row["type"] for row in reversed(rows)]


OF_PERSON: Mapping[str, Callable[[Stage, str, Mapping[str, Any], Any], Any]] = {
    "identities": _read_identities,
    "consent": _read_states,
    "ledger": _read_ledger,
    "decisions": _read_decisions,
    "deliveries": _read_deliveries,
    "why": _read_why,
    "gates": _read_gates,
    "trust": _read_trust,
    "messages": _read_messages,
    "clicks": _read_clicks,
    "attributes": _read_attributes,
    "events": _read_events,
    "last_session": _read_session,
    "runs": read_runs,
    "answers": read_answers,
    "goals": read_goals,
    "goal_steps": read_goal_steps,
    "hand_overs": read_hand_overs,
    "why_entry": read_why_entry,
    "segments": read_segments,
    "why_segments": read_why_segments,
    "journey_decisions": read_journey_decisions,
    "epochs": read_epochs,
    "gate_facts": read_gate_facts,
    "journey_messages": read_journey_messages,
    "rendered": read_rendered,
    "name": lambda stage, who, contact, expected: contact["name"],
    "phones": lambda stage, who, contact, expected: [a["value"] for a in contact["addresses"] if a["kind"] == "phone"],
    "is": lambda stage, who, contact, expected: (
        expected if stage.find_person(expected) == contact["id"] else "somebody else"
    ),
    "erased": lambda stage, who, contact, expected: contact["erased_at"] is not None,
    "suppressed": lambda stage, who, contact, expected: sorted({item["cause"] for item in contact["suppressions"]}),
    "suggestions": lambda stage, who, contact, expected: sorted(item["rule"] for item in contact["suggestions"]),
}


def check_audit(stage: Stage, expected: list[str]) -> Iterator[str]:
    """Verbs that the audit log must hold."""
    found = {row["verb"] for row in stage.api("GET", "/audit")}
    yield from (f"the audit log has no {verb}" for verb in expected if verb not in found)


CHECKS: Mapping[str, Check] = {
    "audit": check_audit,
    "contacts": check_contacts,
    "people": check_people,
    "received": check_received,
    "funnel": check_funnel,
    "intake": check_intake,
    "conversations": check_conversations,
    "coupons": check_coupons,
    "spent": check_spent,
    "notices": check_notices,
    "match": check_match,
    "journeys": check_journeys,
    "sides": check_sides,
    "sent": check_sent,
    "results": check_results,
    "segments": check_segments,
    "called": check_called,
    "calls_waiting": check_waiting,
    "problems": check_problems,
    "channel": check_channel,
    "answer": check_answer,
    "parked": check_counts("/parked"),
    "unreadable": check_counts("/unreadable"),
    "suggestions": check_counts("/suggestions"),
}


def _differ(what: str, found: Any, expected: Any) -> Iterator[str]:
    if found != expected:
        yield f"{what}: expected {expected}, found {found}"
