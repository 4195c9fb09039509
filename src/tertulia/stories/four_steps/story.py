"""`tertulia story four-steps`: play, then compare what everybody got, and what is said of it, with their role.

The four steps: the event and its condition (a visit ended with more than 100 in the cart), the message, the delay with
the event that makes it pointless, and the time: how long the campaign lasts and at which hours it writes. A frequency
cap stands above it, and a message that is important passes the cap.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tertulia.stories.four_steps.cast import OUTCOMES, Outcome, Role, make_cast
from tertulia.stories.place import Place
from tertulia.stories.report import Report
from tertulia.stories.timed import Person, Timed, tell_timed

NAME: Final = "four-steps"
HOUR: Final = timedelta(hours=1)
BEGIN: Final = 14  # o'clock UTC: day from New York to Lisbon, night from Tokyo to Sydney
JOURNEY: Final = """\
name: Left with a full cart
class: marketing
entry:
  event: session_ended
  where: {{property: cart_value, over: 100}}
exceptions:
  - {{event: Order Completed}}
reentry: always
starts: {starts}
ends: {ends}
window: {{from: "09:00", to: "21:00"}}
steps:
  - {{id: delay, kind: wait, for: 30 min}}
  - {{id: remind, kind: message, channels: [sms], at_cap: drop,
      text: "reminder: {{{{ contact.name }}}}, your cart is worth {{{{ event.cart_value }}}}"}}
"""
RECALL: Final = """\
name: A product is called back
class: marketing
entry: {event: Product Recalled}
steps:
  - {id: tell, kind: message, channels: [sms], important: true, text: "recall: do not use {{ event.product }}"}
"""
CAP: Final = {"name": "One a day", "limit": 1, "per": "24 h", "classes": ["marketing"]}
COLUMNS: Final = {
    "customer id": "external_id", "name": "name", "phone": "phone", "time zone": "zone",
}  # fmt: skip


def tell_four_steps(place: Place, *, seed: int, rows: int) -> Report:
    """Play the story in an empty workspace; what it found. Nothing in it is left to chance."""
    return tell_timed(NAME, place, BEGIN, lambda timed: Telling(timed, make_cast(rows // len(Role))))


class Telling:
    """One telling of the story."""

    def __init__(self, timed: Timed, people: Sequence[Person]) -> None:
        self.timed = timed
        self.people = people
        self.begin = timed.now
        self.journey_id = 0

    # what happens

    def play(self) -> None:
        timed = self.timed
        timed.set_clock()
        self._open_shop()
        timed.place.say("the campaign is live")
        self._stop(self._of(Role.STOPPED))
        self._visit([person for person in self.people if person.role is not Role.TOO_LATE])
        timed.go_to(self.begin + timedelta(minutes=10))
        self._buy(self._of(Role.BUYS_AT_ONCE))
        timed.go_to(self.begin + timedelta(minutes=50))  # the visits have ended, the delay runs
        self._buy(self._of(Role.BUYS_LATER))
        timed.go_to(self.begin + 3 * HOUR)
        self._visit(self._of(Role.TWICE), again=True)
        timed.go_to(self.begin + 5 * HOUR)
        recalled = {"event": "Product Recalled", "properties": {"product": "kettle"}}
        timed.tell("server", [{**recalled, "userId": person.user_id} for person in self._of(Role.TWICE)])
        timed.place.say("the day is over; the far side of the world wakes up")
        timed.go_to(self.begin + 13 * HOUR)
        self._visit(self._of(Role.TOO_LATE))
        timed.go_to(self.begin + 16 * HOUR)

    def _open_shop(self) -> None:
        timed = self.timed
        timed.connect("twilio", "SMS", 50_000)
        timed.add_source("site", client_side=True)
        timed.add_source("app", client_side=True)
        timed.add_source("server", client_side=False)
        timed.api.post("/caps", CAP)
        listed = [person for person in self.people if person.role is not Role.NO_CONSENT]
        timed.import_people(COLUMNS, [[one.user_id, one.name, one.phone, one.zone] for one in listed])
        timed.give_phones([{"name": one.name, "phone": one.phone, "language": "en"} for one in self.people])
        starts, ends = self.begin, self.begin + 13 * HOUR
        self.journey_id = timed.publish("journeys", JOURNEY.format(starts=_write(starts), ends=_write(ends)))
        timed.publish("journeys", RECALL)

    def _visit(self, people: Sequence[Person], *, again: bool = False) -> None:
        """On the site as nobody, signed in there, and on in the app: one visit of one person."""
        site: list[dict[str, Any]] = []
        app: list[dict[str, Any]] = []
        for person in people:
            device = {"anonymousId": f"web-{person.user_id}"}
            worth = 30 if person.role is Role.SMALL_CART else 90
            if not again:
                site.append({"type": "page", "name": "Home", **device})
            site.append(_add(device, worth))
            traits = {"phone": person.phone, "timezone": person.zone} if person.role is Role.NO_CONSENT else {}
            site.append({"type": "identify", "userId": person.user_id, "traits": traits, **device})
            app.append(_add({"userId": person.user_id, "anonymousId": f"app-{person.user_id}"}, worth / 3))
        self.timed.tell("site", site)
        self.timed.rest()
        self.timed.tell("app", app)
        self.timed.rest()

    def _buy(self, people: Sequence[Person]) -> None:
        bought = {"event": "Order Completed", "properties": {"revenue": 120}}
        self.timed.tell("app", [{**bought, "userId": one.user_id} for one in people])
        self.timed.rest()

    def _stop(self, people: Sequence[Person]) -> None:
        sms = str(next(row["id"] for row in self.timed.api.get("/channels") if row["kind"] == "twilio"))
        for person in people:
            who = self.timed.people[person.phone]
            self.timed.sim.post(f"/people/{who}/reply", {"channel": sms, "text": "STOP"})
        self.timed.rest()

    def _of(self, role: Role) -> list[Person]:
        return [person for person in self.people if person.role is role]

    # what came of it

    def check(self, report: Report) -> None:
        texts = self.timed.read_texts("twilio")
        campaign = {phone: [text for text in sent if ":" in text] for phone, sent in texts.items()}
        contacts = {person: self.timed.find_contact(person.user_id) for person in self.people}
        for role in Role:
            of_role = self._of(role)
            faults = list(self._find_faults(of_role, OUTCOMES[role], campaign, contacts))
            report.hold(f"who {role.value}: {' and '.join(OUTCOMES[role].texts) or 'nothing'}", faults)
        report.hold("nobody was written to outside 9 to 21 o'clock where they live", self._find_untimely(contacts))
        report.hold("every message that was not sent has its reason", self._find_unexplained(contacts))
        report.hold("site and app are one person's", self._find_split(contacts))
        report.figures = {
            "people": len(self.people),
            "reminders": sum(text.startswith("reminder") for sent in campaign.values() for text in sent),
            "recalls": sum(text.startswith("recall") for sent in campaign.values() for text in sent),
        }

    def _find_faults(
        self, people: Iterable[Person], expected: Outcome, texts: dict[str, list[str]], contacts: dict[Person, int]
    ) -> Iterable[str]:
        for person in people:
            kinds = tuple(text.partition(":")[0] for text in texts.get(person.phone, []))
            if kinds != expected.texts:
                yield f"{person.name} got {list(kinds)}"
            why = self.timed.api.get(f"/journeys/{self.journey_id}/why", contact_id=contacts[person])
            if (why["outcome"], why["reason"]) != (expected.outcome, expected.reason):
                yield f"why {person.name}: {why['outcome']} {why['reason']}"

    def _find_untimely(self, contacts: dict[Person, int]) -> list[str]:
        faults = []
        for person, contact_id in contacts.items():
            for row in self.timed.api.get(f"/contacts/{contact_id}/decisions"):
                if row["journey_id"] == self.journey_id and row["outcome"] == "sent":
                    local = datetime.fromisoformat(row["at"]).astimezone(ZoneInfo(person.zone))
                    if not 9 <= local.hour < 21:
                        faults.append(f"{person.name} at {local:%H:%M} in {person.zone}")
        return faults

    def _find_unexplained(self, contacts: dict[Person, int]) -> list[str]:
        """Of whoever entered and was not written to, or once only: the gate that their role must meet."""
        wanted = {Role.STOPPED: "consent", Role.NO_CONSENT: "consent", Role.TWICE: "cap"}
        faults = []
        for person in (person for person in self.people if person.role in wanted):
            rows = self.timed.api.get(f"/contacts/{contacts[person]}/decisions")
            mine = [row["gate"] for row in rows if row["journey_id"] == self.journey_id and row["outcome"] != "sent"]
            if mine != [wanted[person.role]]:
                faults.append(f"{person.name}: {mine}")
        return faults

    def _find_split(self, contacts: dict[Person, int]) -> list[str]:
        faults = []
        for person, contact_id in contacts.items():
            identities = self.timed.api.get(f"/contacts/{contact_id}")["identities"]
            found = {row["value"] for row in identities if row["kind"] in ("user_id", "anonymous_id")}
            wanted = {person.user_id, f"web-{person.user_id}", f"app-{person.user_id}"}
            if found != wanted:
                faults.append(f"{person.name} is known by {sorted(found)}")
        return faults


def _add(who: dict[str, str], price: float) -> dict[str, Any]:
    return {"event": "Product Added", "properties": {"product_id": f"p{price:g}", "price": price, "quantity": 1}, **who}


def _write(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
