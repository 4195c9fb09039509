"""What may be wrong with a broadcast's document, each with its place."""

import pytest

from tertulia.documents.journeys import Around, check_journey
from tertulia.documents.lines import BadDocument

AROUND = Around({"sms": "sms"}, segments=frozenset({"gold"}))
ENTRY = "entry: {kind: audience, segment: gold, at_launch: true}\n"
BOX = "{id: a, kind: message, channels: [sms], text: Hello}"
STEPS = f"steps: [{BOX}]\n"


def check(text: str) -> list[tuple[str, int]]:
    """The paths and lines of what is wrong."""
    try:
        check_journey("name: Sale\nkind: broadcast\n" + text, AROUND)
    except BadDocument as bad:
        return [(".".join(map(str, problem.path)), problem.place.line) for problem in bad.problems]
    return []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (ENTRY + STEPS, []),
        ('entry: {kind: audience, on: 2027-01-31, time: "09:00", clock: customer}\n' + STEPS, []),
        ("entry: {kind: audience, channel: sms, at_launch: true}\n" + STEPS, []),
        ("entry: {event: Bought}\n" + STEPS, [("entry.kind", 3)]),
        ('entry: {kind: audience, every: day, time: "09:00"}\n' + STEPS, [("entry.every", 3)]),
        ("entry: {kind: audience, channel: fax, at_launch: true}\n" + STEPS, [("entry.channel", 3)]),
        ('entry: {kind: audience, at_launch: true, time: "09:00"}\n' + STEPS, [("entry.time", 3)]),
        ("entry: {kind: audience, at_launch: true, clock: customer}\n" + STEPS, [("entry.clock", 3)]),
        ("entry: {kind: audience, at_launch: true, on: 2027-01-31}\n" + STEPS, [("entry.on", 3)]),
        (ENTRY + "steps: []\n", [("steps", 4)]),
        (ENTRY + "steps: [{id: w, kind: wait, for: 1 h}]\n", [("steps.0.kind", 4)]),
        (ENTRY + "steps: [" + ", ".join(BOX.replace("a,", f"a{n},") for n in range(11)) + "]\n", [("steps", 4)]),
    ],
)
def test_a_broadcast_is_entered_once_and_has_messages(text: str, wrong: list[tuple[str, int]]) -> None:
    """Anything else is a journey."""
    assert check(text) == wrong
