"""What the business's system and its customers do: ask for a code, look at the phone, type what stands there."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tertulia.stories.otp.shop import TEMPLATE
from tertulia.stories.place import Api, Sim, all_at_once

_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
LOOK_S: Final = 0.1


@dataclass(slots=True)
class Customer:
    """Somebody with a phone and a mailbox; what was asked for them, and what arrived when, in seconds since then."""

    person: str
    phone: str
    email: str
    id: str = ""
    contact_id: int = 0
    asked_at: float = 0.0
    arrived: dict[str, str] = field(default_factory=dict)  # channel -> code
    took_s: float | None = None


class Cast:
    """Makes customers with phones at the simulator, no two alike."""

    def __init__(self, sim: Sim, random: Random) -> None:
        self._sim = sim
        self._number = random.randrange(1_000)

    def call(self, count: int, *, on: bool = True) -> list[Customer]:
        """So many new ones; with `on` false their phones are off, and what is sent there waits."""
        specs = []
        for _ in range(count):
            self._number += 1
            phone, email = f"+55219{70_000_000 + 11 * self._number}", f"customer{self._number}@mail.example"
            name = f"Customer {self._number}"
            specs.append({"name": name, "phone": phone, "email": email, "apps": ["whatsapp"], "on": on})
        people = [
            person for start in range(0, count, 100) for person in self._sim.post("/people", specs[start : start + 100])
        ]
        return [Customer(person["id"], person["phone"], person["email"]) for person in people]


def ask(api: Api, customer: Customer, channels: Sequence[str], **told: Any) -> None:
    """The business asks for a code."""
    form = {"phone": customer.phone, "email": customer.email, "channels": list(channels), "template": TEMPLATE, **told}
    customer.asked_at, customer.took_s = time.monotonic(), None
    customer.arrived.clear()
    made = api.post("/otp", {"locale": "en", **form})
    customer.id, customer.contact_id = made["id"], made["contact_id"]


def ask_all(api: Api, customers: Sequence[Customer], channels: Sequence[str], **told: Any) -> None:
    """For all of them at once."""
    all_at_once(lambda customer: ask(api, customer, channels, **told), list(customers))


def look(sim: Sim, customer: Customer) -> None:
    """What codes are on the phone and in the mailbox by now: the newest on each channel."""
    for row in sim.get(f"/people/{customer.person}/inbox"):
        if found := _DIGITS.search(row["text"]):
            customer.arrived[str(row["channel"])] = found[0]
    if customer.arrived and customer.took_s is None:
        customer.took_s = time.monotonic() - customer.asked_at


def await_codes(sim: Sim, customers: Sequence[Customer], limit_s: float, done: Callable[[Customer], bool]) -> None:
    """Until everybody has what `done` says, or the time is over."""
    until = time.monotonic() + limit_s
    waiting = list(customers)
    while waiting and time.monotonic() < until:
        all_at_once(lambda customer: look(sim, customer), waiting)
        waiting = [customer for customer in waiting if not done(customer)]
        time.sleep(LOOK_S)


def give(api: Api, customer: Customer, code: str) -> dict[str, Any]:
    """The customer types a code, and the business has it checked."""
    answer: dict[str, Any] = api.post("/otp/verify", {"id": customer.id, "code": code})
    return answer


def miss(code: str) -> str:
    """A code of the same length that is another."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
