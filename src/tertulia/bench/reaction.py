"""`reaction`: one event and one journey on an idle machine, from the request to the call of the provider.

A hundred events, one at a time and at uneven distances, so that they meet every moment of a round. Each starts a run
whose first step is an SMS; it counts from just before its request is sent to the provider's taking of the text.
"""

import os
import random
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import urlopen

import msgspec

from tertulia.bench.billion import WRITE_KEY
from tertulia.bench.harness import Figure, Report, await_roles, fresh_database, run_beside, serve
from tertulia.bench.people import make_gateway, make_people

GOAL_S = 0.1
EVENTS = 100
APART_S = (0.2, 0.5)
TAKEN_LIMIT_S = 30.0
RATE_PER_S = 100
SEED = 20_261_130

JOURNEY = """name: Cart
entry: {event: Product Added}
steps:
  - {id: tell, kind: message, channels: [sms], text: "Ana, your cart waits. due={{ event.due }}"}
"""


def run() -> Report:
    """Measure the way of each event alone."""
    chance = random.Random(SEED)  # noqa: S311 (a seed, so that runs can be compared)
    with fresh_database() as url, ExitStack() as stack:
        provider = stack.enter_context(serve("tertulia.bench.provider", ready="/counts"))
        os.environ["ALLOW_PRIVATE_HOSTS"] = provider.removeprefix("http://")
        _make_workspace(url, f"{provider}/send")
        web = stack.enter_context(serve("tertulia.cli", "web"))
        os.environ["PUBLIC_URL"] = web
        for role in ("engine", "sender", "keeper"):
            stack.enter_context(run_beside("tertulia.cli", role))
        await_roles(url)
        _tell(web, chance)
        taken = _await_taken(provider)
        late = _ask(provider, "late")
    return Report(
        "reaction",
        (
            Figure("reaction_p50", round(late["p50"], 4), "s", goal=f"<= {GOAL_S} s", met=late["p50"] <= GOAL_S),
            Figure("missing", EVENTS - taken, "messages", goal="0", met=taken == EVENTS),
        ),
        {"p99_s": round(late["p99"], 4), "max_s": round(late["max"], 4)},
    )


def _make_workspace(url: str, send_url: str) -> None:
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish
    from tertulia.data.models import Source, Workspace
    from tertulia.store.sealing import seal

    key = seal(b"of a bench only, and long")
    workspace = Workspace.objects.create(name="Bench", slug="bench", country="BR", currency="BRL", link_key=key)
    Source.objects.create(id=1, workspace=workspace, name="Shop", write_key=WRITE_KEY)
    make_gateway(workspace, send_url, RATE_PER_S)
    make_people(url, workspace.pk, EVENTS, reachable=True)
    now = datetime.now(UTC)
    with transaction.atomic():
        publish(create_journey(workspace, None, now, JOURNEY, name="Cart"), None, now, version=1)


def _tell(web: str, chance: random.Random) -> None:
    """One event of each customer, as a server's SDK tells it."""
    connection = HTTPConnection(urlsplit(web).netloc, timeout=30)
    for serial in range(1, EVENTS + 1):
        time.sleep(chance.uniform(*APART_S))
        due = str(int(time.time() * 1_000))
        event = {
            "event": "Product Added",
            "userId": f"u{serial}",
            "messageId": f"m{serial}",
            "properties": {"due": due},
        }
        headers = {"content-type": "application/json"}
        connection.request("POST", "/v1/track", msgspec.json.encode(event | {"writeKey": WRITE_KEY}), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"an event of the bench was not taken: {answer.status}")


def _await_taken(provider: str) -> int:
    """Until the provider has all texts, or the time for that is over: how many it has."""
    deadline = time.monotonic() + TAKEN_LIMIT_S
    while (taken := int(_ask(provider, "counts")["taken"])) < EVENTS and time.monotonic() < deadline:
        time.sleep(0.1)
    return taken


def _ask(provider: str, what: str) -> dict[str, float]:
    with urlopen(f"{provider}/{what}", timeout=10) as answer:  # noqa: S310 (our own address)
        return msgspec.json.decode(answer.read(), type=dict[str, float])


if __name__ == "__main__":
    print(run().to_json().decode())
