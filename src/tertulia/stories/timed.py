"""A story of days, told in minutes: on the test clock, which both the platform and the simulator follow.

The clock goes forward by steps. After each one both sides come to rest: the platform has done what was due and the
simulator has delivered, reported and been heard.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import count
from typing import Any, Final, Protocol

from tertulia.stories.place import Api, Place, Sim, StoryBroken, Web
from tertulia.stories.report import Report

STEP: Final = timedelta(minutes=15)
SETTLE_S: Final = 30.0
RESTS: Final = 3
RATE_PER_S: Final = 200.0
CREDENTIALS: Final[Mapping[str, Mapping[str, str]]] = {
    "twilio": {"account_sid": "AC" + "5" * 32, "auth_token": "a" * 32, "sender": "+15017122661"},
    "smtp": {"username": "verbena", "password": "of-the-story-only", "from_address": "news@verbena.example"},
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a cast, one of several of a `role`: the shop's id of them, a name, a mobile number and, where the
    story asks for it, a mailbox and where their clock stands."""

    user_id: str
    role: Any
    name: str
    phone: str
    email: str = ""
    zone: str = ""


def make_people(roles: type[Enum], of_each: int, phones_from: int) -> list[Person]:
    """So many of each role, with numbers from that one on."""
    return [
        Person(
            f"customer-{place * of_each + number:04}",
            role,
            f"{role.name.title().replace('_', '')}{number}",
            f"+55119{phones_from + 7 * (place * of_each + number)}",
        )
        for place, role in enumerate(roles)
        for number in range(of_each)
    ]


class Told(Protocol):
    """A story under way: what happens in it, and what came of that."""

    def play(self) -> None: ...

    def check(self, report: Report) -> None: ...


def tell_timed(name: str, place: Place, o_clock: int, begin: "Callable[[Timed], Told]") -> Report:
    """Play a story in an empty workspace from tomorrow at an hour of UTC on; what it found. Never raises for what the
    platform does wrong."""
    report = Report(name)
    began = time.monotonic()
    with Api(place) as api, Sim(place) as sim, Web(place.base_url) as shop:
        today = datetime.now(UTC).replace(hour=o_clock, minute=0, second=0, microsecond=0)
        try:
            telling = begin(Timed(place, api, sim, shop, today + timedelta(days=1)))
            telling.play()
            telling.check(report)
        except StoryBroken as broken:
            report.hold("the story could be told to its end", [str(broken)])
    report.seconds = time.monotonic() - began
    return report


@dataclass(slots=True)
class Timed:
    """One telling's hands: the platform's API, the simulator, the shop's own systems, and the clock."""

    place: Place
    api: Api
    sim: Sim
    shop: Web
    now: datetime
    keys: dict[str, str] = field(default_factory=dict)  # a source's name -> its write key
    people: dict[str, str] = field(default_factory=dict)  # a phone -> the simulator's name of who has it
    serial: Any = field(default_factory=lambda: count(1))

    # the clock

    def go_to(self, at: datetime) -> None:
        """Let time pass until then."""
        while self.now < at:
            self.now = min(self.now + STEP, at)
            self.set_clock()

    def leap_to(self, at: datetime) -> None:
        """Let it be then at once: for long stretches in which nothing hangs on what came before what."""
        self.now = max(self.now, at)
        self.set_clock()

    def set_clock(self) -> None:
        """Both sides read this time, and have done what was due by it."""
        told = self.now.astimezone(UTC).isoformat()
        self.sim.post("/clock", {"now": told, "frozen": True})
        self.api.post("/test/clock", {"now": told})
        self.rest()

    def rest(self) -> None:
        """Until nothing is on its way. Raises StoryBroken when it never comes to rest."""
        for _ in range(RESTS):
            settled = self.sim.post("/settle", {"timeout_s": SETTLE_S})
            self.api.post("/test/drain")
            if settled["idle"] and self.sim.post("/settle", {"timeout_s": 0})["idle"]:
                return
        raise StoryBroken("the simulator never came to rest")

    # the shop

    def connect(self, kind: str, name: str, price_micros: int | None = None) -> int:
        """A channel with its account at the provider; its id."""
        own = CREDENTIALS[kind]
        if kind == "smtp":
            server = {"host": "127.0.0.1", "port": str(self.place.mail_port), "security": "none"}
            settings = {**server, "from_name": "Verbena Market"}
        else:
            settings = {"base_url": f"{self.place.phones_url}/{kind}"}
        form = {"kind": kind, "name": name, "values": {**own, **settings}, "rate_per_s": RATE_PER_S}
        made = self.api.post("/channels", {**form, "price_micros": price_micros})
        account = {"id": str(made["id"]), "kind": kind, "name": name, "webhook_url": made["hook_url"]}
        self.sim.post("/accounts", {**account, "credentials": dict(own)})
        return int(made["id"])

    def add_source(self, name: str, *, client_side: bool) -> None:
        """A site, an app or a server that tells events."""
        self.keys[name] = self.api.post("/sources", {"name": name, "client_side": client_side})["write_key"]

    def import_people(self, columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> None:
        """A customer list with consent. `columns`: a head and what it is."""
        content = "".join(",".join(row) + "\n" for row in ([*columns], *rows)).encode()
        made = self.api.upload("/imports", "customers.csv", content, {"kind": "customers"})
        form = {"targets": [*columns.values()], "basis": "consent", "source": "the loyalty form", "text_version": "1"}
        self.api.put(f"/imports/{made['id']}/columns", form)
        self.api.check_import(made["id"])
        self.api.apply_import(made["id"], keep_series=True)

    def publish(self, noun: str, document: str, key: str = "") -> int:
        """A document of a kind (`journeys`, `templates`, `segments`), drafted and published; its id."""
        made = self.api.post(f"/{noun}", {"document": document} | ({"key": key} if key else {}))
        if made["problems"]:
            raise StoryBroken(f"{noun}: {made['problems'][0]}")
        self.api.post(f"/{noun}/{made['id']}/publish", {"version": made["version"]})
        return int(made["id"])

    def tell(self, source: str, calls: Sequence[Mapping[str, Any]]) -> None:
        """The calls of a tracking SDK, as they happen now."""
        at = self.now.isoformat()
        batch = [
            {"type": "track", "messageId": f"story-{next(self.serial)}", "timestamp": at, **call} for call in calls
        ]
        key = self.keys[source]
        self.shop.ask("POST", "/v1/batch", json={"batch": batch, "sentAt": at}, auth=(key, ""))

    # the people

    def give_phones(self, people: Sequence[Mapping[str, Any]]) -> None:
        """Everybody gets a phone, and a mailbox where they have an `email`."""
        for told in self.sim.post("/people", list(people)):
            self.people[told["phone"]] = told["id"]

    def read_texts(self, kind: str) -> dict[str, list[str]]:
        """What was sent over a kind of channel, by the number or address it went to, in its order."""
        texts: dict[str, list[str]] = {}
        for row in self.sim.read_record("outgoing", kind=kind, verdict="accepted"):
            texts.setdefault(row["to"], []).append(row["text"])
        return texts

    def find_contact(self, user_id: str) -> int:
        """The one contact that the shop knows by this id. Raises StoryBroken for none, and for several."""
        found = self.api.get("/contacts", q=user_id, limit=10)["contacts"]
        if len(found) != 1:
            raise StoryBroken(f"{len(found)} contacts are known as {user_id}")
        return int(found[0]["id"])
