"""`tertulia story cart-series`: play, then compare what everybody got with their role.

Whoever bought coffee is asked by SMS what interests them; the answer becomes an attribute, and a link leads back into
the shop. Who fills a cart and does not buy gets an e-mail after an hour, another one with a discount code after twelve,
and an SMS with the code while it holds after a day. A purchase ends it, wherever it is.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from tertulia.stories.cart_series.cast import ASKED, OUTCOMES, Role, make_cast
from tertulia.stories.place import Place
from tertulia.stories.report import Report
from tertulia.stories.timed import Person, Timed, tell_timed

NAME: Final = "cart-series"
HOUR: Final = timedelta(hours=1)
BEGIN: Final = 12
INTEREST: Final = "machines"
SERIES: Final = """\
name: Cart series
class: marketing
entry: {event: Product Added, key: cart_id}
exceptions:
  - {event: Order Completed}
goal: {event: Order Completed, within: 3 d}
steps:
  - {id: hour, kind: wait, for: 1 h}
  - id: first
    kind: message
    channels: [email]
    subject: "first: your cart waits"
    text: "Hi {{ contact.name }}, {{ event.product }} waits for you: {{ event.url | link: 'cart' }}"
  - {id: half, kind: wait, for: 11 h}
  - {id: code, kind: coupon, pool: cart}
  - id: second
    kind: message
    channels: [email]
    subject: "second: a discount"
    text: "Hi {{ contact.name }}, {{ coupons.code.code }} takes ten per cent off: {{ event.url | link: 'cart' }}"
  - {id: day, kind: wait, for: 12 h}
  - id: last
    kind: message
    channels: [sms]
    text: |
      last: {{ coupons.code.code }} holds until {{ coupons.code.expires | date: '%d.%m.' }}
      {{ event.url | link: 'cart' }}
"""
SEGMENT: Final = """\
name: Bought coffee
where: {event: Order Completed, within: 90 d, at_least: 1, where: {property: category, is: coffee}}
"""
QUESTION: Final = """\
name: What interests you
class: marketing
entry: {kind: segment, segment: bought-coffee, on: entered}
steps:
  - id: interest
    kind: ask
    channels: [sms]
    text: "ask: you like our coffee, {{ contact.name }}. What interests you?"
    answer: choice
    choices: [{label: Beans, value: beans}, {label: Machines, value: machines}, {label: Courses, value: courses}]
    save: interest
    at_most: 1 d
    answered:
      - id: show
        kind: message
        channels: [sms]
        text: "show: {{ 'https://shop.example/new/' | append: answers.interest | link: 'new' }}"
    missed: [{id: over, kind: exit}]
    not_understood: [{id: odd, kind: exit}]
"""
COLUMNS: Final = {"customer id": "external_id", "name": "name", "phone": "phone", "e-mail": "email"}


def tell_cart_series(place: Place, *, seed: int, rows: int) -> Report:
    """Play the story in an empty workspace; what it found. Nothing in it is left to chance."""
    return tell_timed(NAME, place, BEGIN, lambda timed: Telling(timed, make_cast(rows // len(Role))))


class Telling:
    """One telling of the story."""

    def __init__(self, timed: Timed, people: Sequence[Person]) -> None:
        self.timed = timed
        self.people = people
        self.begin = timed.now
        self.journeys: dict[str, int] = {}
        self.pool_id = 0
        self.sms = ""

    # what happens

    def play(self) -> None:
        timed = self.timed
        timed.set_clock()
        self._open_shop()
        timed.place.say("the series is live")
        self._buy([one for one in self.people if one.role in ASKED], category="coffee")
        timed.go_to(self.begin + HOUR)
        self._answer()
        self._fill_carts([one for one in self.people if one.role not in ASKED])
        filled = timed.now
        timed.go_to(filled + HOUR / 2)
        self._buy(self._of(Role.AT_ONCE))
        timed.go_to(filled + 3 * HOUR)
        self._tap(self._of(Role.AFTER_FIRST))
        self._buy(self._of(Role.AFTER_FIRST))
        self._leave(self._of(Role.LEAVES))
        timed.place.say("the first e-mails are out")
        timed.go_to(filled + 13 * HOUR)
        self._buy(self._of(Role.AFTER_SECOND))
        timed.go_to(filled + 27 * HOUR)

    def _open_shop(self) -> None:
        timed = self.timed
        timed.connect("smtp", "E-mail")
        self.sms = str(timed.connect("twilio", "SMS", 50_000))
        timed.add_source("site", client_side=True)
        timed.add_source("server", client_side=False)
        pool = timed.api.post("/coupon-pools", {"name": "Cart", "key": "cart", "expires": "2 d"})
        self.pool_id = pool["id"]
        codes = [f"CART-{number:04}" for number in range(2 * len(self.people))]
        timed.api.post(f"/coupon-pools/{self.pool_id}/codes", {"codes": codes})
        timed.import_people(COLUMNS, [[one.user_id, one.name, one.phone, one.email] for one in self.people])
        timed.give_phones([_describe(one) for one in self.people])
        timed.publish("segments", SEGMENT, key="bought-coffee")
        timed.rest()
        self.journeys = {"ask": timed.publish("journeys", QUESTION), "series": timed.publish("journeys", SERIES)}

    def _fill_carts(self, people: Sequence[Person]) -> None:
        calls = [
            {
                "event": "Product Added",
                "userId": one.user_id,
                "properties": {"cart_id": f"cart-{one.user_id}", "product": "a kettle", "url": _cart_of(one)},
            }
            for one in people
        ]
        self.timed.tell("site", calls)
        self.timed.rest()

    def _buy(self, people: Sequence[Person], category: str = "kettles") -> None:
        bought = {"event": "Order Completed", "properties": {"revenue": 80, "category": category}}
        self.timed.tell("server", [{**bought, "userId": one.user_id} for one in people])
        self.timed.rest()

    def _answer(self) -> None:
        """By the number in the list; then they look at what they are shown."""
        for person in self._of(Role.INTERESTED):
            who = self.timed.people[person.phone]
            self.timed.sim.post(f"/people/{who}/reply", {"channel": self.sms, "text": "2"})
        self.timed.rest()
        self.timed.go_to(self.timed.now + HOUR / 4)
        self._tap(self._of(Role.INTERESTED))

    def _tap(self, people: Sequence[Person]) -> None:
        """The link of the newest message that has one. Where it leads is no server of ours."""
        for person in people:
            who = self.timed.people[person.phone]
            inbox = self.timed.sim.get(f"/people/{who}/inbox")
            newest = next(row for row in reversed(inbox) if row["links"])
            self.timed.sim.post(f"/people/{who}/tap", {"message": newest["id"], "link": 0})
        self.timed.rest()

    def _leave(self, people: Sequence[Person]) -> None:
        """By the mail program's own button (RFC 8058)."""
        for person in people:
            who = self.timed.people[person.phone]
            mail = next(row for row in reversed(self.timed.sim.get(f"/people/{who}/inbox")) if row["kind"] == "smtp")
            self.timed.sim.post(f"/people/{who}/unsubscribe", {"message": mail["id"]})
        self.timed.rest()

    def _of(self, role: Role) -> list[Person]:
        return [person for person in self.people if person.role is role]

    # what came of it

    def check(self, report: Report) -> None:
        texts, mails = self.timed.read_texts("twilio"), self._read_mails()
        contacts = {person: self.timed.find_contact(person.user_id) for person in self.people}
        for role, expected in OUTCOMES.items():
            faults: list[str] = []
            for person in self._of(role):
                found = (tuple(mails[person]), tuple(_kinds(texts.get(person.phone, []))))
                if found != (expected.mails, expected.texts):
                    rows = self.timed.api.get(f"/contacts/{contacts[person]}/decisions")
                    why = [f"{row['step']} {row['outcome']} {row['reason']}" for row in rows]
                    faults.append(f"{person.name} got {found}: {why}")
                runs = self.timed.api.get(f"/contacts/{contacts[person]}/runs")
                ended = [f"{run['outcome']} {run['reason']}".strip() for run in runs]
                if ended != [expected.run]:
                    faults.append(f"{person.name}'s run: {ended}")
            told = [*expected.mails, *expected.texts]
            report.hold(f"who {role.value}: {', '.join(told) or 'nothing'}", faults)
        report.hold("an answer becomes an attribute, and leads on", list(self._find_wrong_answers(texts, contacts)))
        report.hold("one code for each, the same by e-mail and SMS", list(self._find_wrong_codes(texts)))
        report.hold("who clicked is known", list(self._find_clicks(contacts)))
        bought = len(self._of(Role.AT_ONCE)) + len(self._of(Role.AFTER_FIRST)) + len(self._of(Role.AFTER_SECOND))
        runs = [run for id_ in contacts.values() for run in self.timed.api.get(f"/contacts/{id_}/runs")]
        reached = sum(run["goal_at"] is not None for run in runs)
        report.equal("the goal is reached once by each who bought", bought, reached)
        report.figures = {
            "people": len(self.people),
            "mails": sum(map(len, mails.values())),
            "texts": sum(map(len, texts.values())),
        }

    def _read_mails(self) -> dict[Person, list[str]]:
        found: dict[Person, list[str]] = {}
        for person in self.people:
            inbox = self.timed.sim.get(f"/people/{self.timed.people[person.phone]}/inbox")
            found[person] = [row["subject"].partition(":")[0] for row in inbox if row["kind"] == "smtp"]
        return found

    def _find_wrong_answers(self, texts: dict[str, list[str]], contacts: dict[Person, int]) -> Iterator[str]:
        for role, expected, wanted in ((Role.INTERESTED, INTEREST, ["ask", "show"]), (Role.SILENT, None, ["ask"])):
            for person in self._of(role):
                told = self.timed.api.get(f"/contacts/{contacts[person]}")["attributes"].get("interest")
                if told != expected:
                    yield f"{person.name} is interested in {told}"
                if (kinds := _kinds(texts.get(person.phone, []))) != wanted:
                    yield f"{person.name} got {kinds}"

    def _find_wrong_codes(self, texts: dict[str, list[str]]) -> Iterator[str]:
        given: dict[str, str] = {}
        for person in self.people:
            inbox = self.timed.sim.get(f"/people/{self.timed.people[person.phone]}/inbox")
            codes = {word for row in inbox for word in row["text"].split() if word.startswith("CART-")}
            wanted = 1 if person.role in (Role.NEVER_BUYS, Role.AFTER_SECOND, Role.NO_MAIL) else 0
            if len(codes) != wanted:
                yield f"{person.name} has {sorted(codes)}"
            for code in codes:
                if given.setdefault(code, person.name) != person.name:
                    yield f"{code} was given to {given[code]} and {person.name}"
        pool = self.timed.api.get(f"/coupon-pools/{self.pool_id}")
        if pool["claimed"] != len(given):
            yield f"the pool says that {pool['claimed']} codes were given, and {len(given)} were"

    def _find_clicks(self, contacts: dict[Person, int]) -> Iterator[str]:
        for person, contact_id in contacts.items():
            rows = self.timed.api.get(f"/contacts/{contact_id}/timeline")
            clicked = any(row["what"] == "click" for row in rows)
            if clicked != (person.role in (Role.AFTER_FIRST, Role.INTERESTED)):
                yield f"{person.name}: {'a click' if clicked else 'no click'}"


def _kinds(texts: Sequence[str]) -> list[str]:
    return [text.partition(":")[0] for text in texts]


def _describe(person: Person) -> dict[str, str]:
    """As the simulator asks for people."""
    told = {"name": person.name, "phone": person.phone, "language": "en"}
    return {**told, "email": person.email} if person.email else told


def _cart_of(person: Person) -> str:
    return f"https://shop.example/cart/{person.user_id}"
