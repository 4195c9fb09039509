"""Journeys in a small world: what customers do in the shop, and what the business makes of it.

Events come as an SDK would send them: late, twice, out of order. Each listed person is known to the shop as `u<label>`.
A journey's message begins with its label and ends with the number of the event that began it, so that the provider's
record tells which run every copy belongs to.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg
from tests.sim.otp_acts import use_codes
from tests.sim.script import Act

from tertulia.core.entries import EventEntry, shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.errors import Conflict
from tertulia.ids import shard_of_contact

if TYPE_CHECKING:
    from tests.sim.world import World

DOUBLED: Final = 0.2
LATE: Final = 0.25
EVENTS: Final = ("Product Added", "Product Added", "Product Added", "Order Completed", "Cart Viewed")
JOURNEYS_MAX: Final = 3

DOCUMENTS: Final = (
    """
name: J{label}
class: {class_}
hold_out: 30%
entry: {{event: Product Added, second: {second}, key: "{key}"}}
exceptions: [{{event: Order Completed}}]
steps:
  - {{id: pause, kind: wait, for: 10 min}}
  - id: tell
    kind: message
    channels: [sms]
    text: "J{label} {{{{ contact.name }}}} e{{{{ event.n }}}}a {{{{ 'https://shop.example' | link }}}}"
  - {{id: ask, kind: call, endpoint: shop, path: "/j{label}/{{{{ event.n }}}}", save: {{p: points}}, at_most: 2 h}}
  - {{id: later, kind: wait, for: 3 h}}
  - {{id: again, kind: message, channels: [telegram, sms], text: "J{label} {{{{ contact.name }}}} e{{{{ event.n }}}}b"}}
""",
    """
name: J{label}
class: {class_}
reentry: {{after: 1 d, from: message}}
entry: {{event: Cart Viewed, second: {second}, where: {{property: n, over: 10}}}}
exceptions: [{{event: Order Completed, lookback: 5 min, same: "cart"}}]
steps:
  - id: back
    kind: wait_for
    event: Product Added
    at_most: 1 h
    came: [{{id: mark, kind: update, set: {{came: true}}}}]
    missed:
      - id: tell
        kind: message
        channels: [whatsapp, sms]
        {patience}
        text: "J{label} {{{{ contact.name }}}} e{{{{ event.n }}}}a"
  - id: known
    kind: branch
    branches: [{{when: {{attribute: came, is: true}}, steps: [{{id: stop, kind: exit, reason: came back}}]}}]
  - {{id: last, kind: message, channels: [sms], text: "J{label} {{{{ contact.name }}}} e{{{{ event.n }}}}b"}}
""",
    """
name: J{label}
class: {class_}
reentry: never
entry: {{event: Product Added, second: {second}}}
exceptions: [{{event: Product Added}}, {{event: Cart Viewed}}]
steps:
  - {{id: quiet, kind: wait, for: 30 min}}
  - {{id: tell, kind: message, channels: [sms], text: "J{label} {{{{ contact.name }}}} e{{{{ event.n }}}}a"}}
""",
)


def link_users(world: "World") -> None:
    """The shop knows the listed people by ids of its own."""
    workspace = world.workspace.pk
    with psycopg.connect(world.url) as conn:
        for label, contact in world.played.contacts.items():
            identity = IdentityRef("user_id", "", f"u{label}")
            home, route = shard_of_identity(workspace, identity), shard_of_contact(contact)
            conn.execute(
                """insert into identity (shard, workspace, kind, scope, value, contact_id, route, trust, seen_at)
                   values (%s, %s, 'user_id', '', %s, %s, %s, 0, %s)""",
                (home, workspace, identity.value, contact, route, world.now),
            )
            conn.execute(
                """insert into contact_identity (shard, contact_id, kind, scope, value, workspace, channel_id, trust,
                       name, username, linked_at, evidence, signal, reply_token)
                   values (%s, %s, 'user_id', '', %s, %s, null, 0, '', '', %s, '{}', '', '')""",
                (route, contact, identity.value, workspace, world.now),
            )


def do_something(world: "World", act: Act) -> bool:
    """A customer does something in the shop; the SDK tells it, perhaps late, perhaps twice."""
    from tests.sim.staff_acts import ask

    chance = world.chance(act)
    name = chance.choice(EVENTS)
    at = world.now - timedelta(minutes=chance.choice((1, 7, 45, 6_000))) if chance.random() < LATE else world.now
    who = {"user_id": f"u{act.who}"} if chance.random() < 0.8 else {"anonymous_id": f"d{act.who}"}
    entry = EventEntry(
        source_id=1,
        call="track",
        message_id=f"e{act.n}",
        at=at,
        client_at=at,
        name=name,
        properties={"n": act.n, "cart": f"c{act.n % 3}"},
        **who,
    )
    for _ in range(2 if chance.random() < DOUBLED else 1):
        ask(world, [entry])
    world.played.events += 1
    use_codes(world, act)
    return True


def publish(world: "World", act: Act) -> bool:
    """A journey begins, or gets its next revision."""
    from django.db import transaction

    from tertulia.actions import journeys as actions

    label = len(world.played.journeys) + 1
    chance = world.chance(act)
    if label > JOURNEYS_MAX:
        label = chance.choice(sorted(world.played.journeys))
    told = {
        "label": label,
        "class_": chance.choice(("marketing", "marketing", "transactional")),
        "second": chance.choice(("ignore", "restart", "parallel")),
        "key": chance.choice(("", "cart")),
    }
    told["patience"] = "delivered_within: 5 min" if told["class_"] == "transactional" else "name: Tell"
    document = DOCUMENTS[(label + world.script.seed) % len(DOCUMENTS)].format(**told)
    with transaction.atomic():
        if label in world.played.journeys:
            journey = actions.access_journey(world.workspace, world.played.journeys[label])
            actions.save_draft(journey, None, world.now, document, version=journey.version)
        else:
            journey = actions.create_journey(world.workspace, None, world.now, document, name=f"J{label}")
            world.played.journeys[label] = journey.pk
        try:
            actions.publish(journey, None, world.now, version=journey.version)
        except Conflict:
            return False
    return True


def _change(world: "World", act: Act, verb: str) -> bool:
    from django.db import transaction

    from tertulia.actions import journeys as actions

    if act.match not in world.played.journeys:
        return False
    journey = actions.access_journey(world.workspace, world.played.journeys[act.match])
    try:
        with transaction.atomic():
            if verb == "resume":
                actions.resume(journey, None, world.now, world.chance(act).choice(("shift", "fire")))
            else:
                getattr(actions, verb)(journey, None, world.now)
    except Conflict:
        return False
    return True


def change(verb: str) -> "Callable[[World, Act], bool]":
    """An act of the business upon a journey."""
    return lambda world, act: _change(world, act, verb)


def resume_all(world: "World") -> None:
    """At the end nothing is paused any more."""
    for label in world.played.journeys:
        _change(world, Act(0, "resume_journey", match=label), "resume")


ACTS: Final[dict[str, Any]] = {
    "do": do_something,
    "publish": publish,
    "pause_journey": change("pause"),
    "resume_journey": change("resume"),
    "close_journey": change("close_entry"),
    "open_journey": change("open_entry"),
    "cancel_journey": change("cancel"),
}
