"""`tertulia story win-back`: play, then compare what everybody got, and when, with their role.

For six days there is news, and everybody opens it at an hour of their own, or writes at one. Then they stay away. Who
has not visited the shop and bought nothing for thirty days comes into a segment, and gets a code that holds for three
days, at the hour of the day at which they used to look; who never looked, at the hour of the others, or at a stated
one. A purchase ends it, and one after the message is its goal.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tertulia.stories.place import Place
from tertulia.stories.report import Report
from tertulia.stories.timed import Person, Timed, tell_timed
from tertulia.stories.win_back.cast import (
    EVENING,
    LISBON,
    OTHERWISE,
    OUTCOMES,
    SAO_PAULO,
    TYPICAL,
    TYPICAL_MIN,
    Role,
    make_cast,
)

NAME: Final = "win-back"
BEGIN: Final = 5  # o'clock UTC: before the first of them looks
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
DAYS_OF_NEWS: Final = 6
HOLDS: Final = 3 * DAY
NEWS: Final = """\
name: News
class: marketing
entry: {event: News}
steps:
  - {id: tell, kind: message, channels: [sms], text: "news: {{ 'https://shop.example/news' | link: 'news' }}"}
"""
SEGMENT: Final = """\
name: Asleep
where:
  all:
    - {event: session_started, last: {before: 30 d}}
    - {event: Order Completed, within: 30 d, at_most: 0}
"""
WIN_BACK: Final = """\
name: Win back
class: marketing
entry: {kind: segment, segment: asleep, on: entered}
reentry: {after: 90 d}
exceptions:
  - {event: Order Completed}
goal: {event: Order Completed, within: 7 d, from: send}
steps:
  - {id: gift, kind: coupon, pool: back}
  - id: miss
    kind: message
    channels: [sms]
    best_hour: {within: 24 h, otherwise: "12:00"}
    text: >-
      back: {{ contact.name }}, {{ coupons.gift.code }} takes a fifth off
      until {{ coupons.gift.expires | date: '%d.%m. %H:%M' }}: {{ 'https://shop.example/back' | link: 'back' }}
  - {id: rest, kind: wait, for: 3 d}
"""
COLUMNS: Final = {
    "customer id": "external_id", "name": "name", "phone": "phone", "time zone": "zone",
}  # fmt: skip


def tell_win_back(place: Place, *, seed: int, rows: int) -> Report:
    """Play the story in an empty workspace; what it found. Nothing in it is left to chance."""
    return tell_timed(NAME, place, BEGIN, lambda timed: Telling(timed, make_cast(rows // len(Role))))


class Telling:
    """One telling of the story."""

    def __init__(self, timed: Timed, people: Sequence[Person]) -> None:
        self.timed = timed
        self.people = people
        self.begin = timed.now
        self.asleep_at = timed.now
        self.journey_id = 0
        self.sms = ""

    # what happens

    def play(self) -> None:
        timed = self.timed
        timed.set_clock()
        self._open_shop()
        self._visit()
        for day in range(DAYS_OF_NEWS):
            self._spend_day(self.begin + day * DAY, stops=day == DAYS_OF_NEWS - 1)
        timed.place.say("the news is told; everybody stays away")
        timed.leap_to(self.begin + 20 * DAY)
        self._buy(self._of(Role.AWAKE))
        self.asleep_at = (self.begin + 31 * DAY).replace(hour=0)
        timed.leap_to(self.asleep_at)
        timed.place.say("they are asleep; each is written to at an hour of their own")
        timed.leap_to(self.asleep_at + 3 * HOUR)
        self._buy(self._of(Role.BUYS_FIRST))
        for at in self._list_hours():
            timed.leap_to(at)
        timed.leap_to(timed.now + HOUR / 2)
        self._tap(self._of(Role.COMES_BACK))
        self._buy(self._of(Role.COMES_BACK))
        timed.leap_to(self.asleep_at + 5 * DAY)

    def _open_shop(self) -> None:
        timed = self.timed
        self.sms = str(timed.connect("twilio", "SMS", 50_000))
        timed.add_source("site", client_side=True)
        timed.add_source("server", client_side=False)
        pool = timed.api.post("/coupon-pools", {"name": "Back", "key": "back", "expires": "3 d"})
        codes = [f"BACK-{number:04}" for number in range(len(self.people))]
        timed.api.post(f"/coupon-pools/{pool['id']}/codes", {"codes": codes})
        timed.import_people(COLUMNS, [[one.user_id, one.name, one.phone, one.zone] for one in self.people])
        timed.give_phones([{"name": one.name, "phone": one.phone, "language": "en"} for one in self.people])
        timed.publish("segments", SEGMENT, key="asleep")
        timed.rest()
        timed.publish("journeys", NEWS)
        self.journey_id = timed.publish("journeys", WIN_BACK)

    def _visit(self) -> None:
        self.timed.tell("site", [{"type": "page", "name": "Home", "userId": one.user_id} for one in self.people])
        self.timed.rest()

    def _spend_day(self, morning: datetime, *, stops: bool) -> None:
        """News, then everybody's own hour."""
        timed = self.timed
        timed.leap_to(morning)
        timed.tell("server", [{"event": "News", "userId": one.user_id} for one in self.people])
        timed.rest()
        timed.leap_to(_find(morning, 8, SAO_PAULO) + HOUR / 6)
        self._reply(self._of(Role.MORNING), "Good morning")
        timed.leap_to(_find(morning, 20, LISBON) + HOUR / 6)
        self._tap([one for one in self.people if one.role in EVENING])
        if stops:
            self._reply(self._of(Role.STOPPED), "STOP")

    def _list_hours(self) -> list[datetime]:
        """A minute before each hour at which somebody is written to, and that hour."""
        hours = [_find(self.asleep_at, *told) for told in ((8, SAO_PAULO), (OTHERWISE, LISBON), (20, LISBON))]
        return [at - before for at in sorted(hours) for before in (timedelta(minutes=1), timedelta())]

    def _reply(self, people: Sequence[Person], text: str) -> None:
        for person in people:
            who = self.timed.people[person.phone]
            self.timed.sim.post(f"/people/{who}/reply", {"channel": self.sms, "text": text})
        self.timed.rest()

    def _tap(self, people: Sequence[Person]) -> None:
        """The link of the newest message. Where it leads is no server of ours."""
        for person in people:
            who = self.timed.people[person.phone]
            inbox = self.timed.sim.get(f"/people/{who}/inbox")
            newest = next(row for row in reversed(inbox) if row["links"])
            self.timed.sim.post(f"/people/{who}/tap", {"message": newest["id"], "link": 0})
        self.timed.rest()

    def _buy(self, people: Sequence[Person]) -> None:
        bought = {"event": "Order Completed", "properties": {"revenue": 80}}
        self.timed.tell("server", [{**bought, "userId": one.user_id} for one in people])
        self.timed.rest()

    def _of(self, role: Role) -> list[Person]:
        return [person for person in self.people if person.role is role]

    # what came of it

    def check(self, report: Report) -> None:
        texts = self.timed.read_texts("twilio")
        backs = {phone: [text for text in sent if text.startswith("back")] for phone, sent in texts.items()}
        contacts = {person: self.timed.find_contact(person.user_id) for person in self.people}
        decisions = {
            person: [
                row
                for row in self.timed.api.get(f"/contacts/{contact_id}/decisions")
                if row["journey_id"] == self.journey_id
            ]
            for person, contact_id in contacts.items()
        }
        for role, outcome in OUTCOMES.items():
            told = "nothing" if outcome.hour is None else f"the message at {self._find_hour(role)}:00 by their clock"
            faults = [fault for one in self._of(role) for fault in self._find_faults(one, backs, decisions[one])]
            report.hold(f"who {role.value}: {told}", faults)
        report.hold("how the runs ended", list(self._find_wrong_runs(contacts)))
        report.hold(
            "a code for each, with the day until which it holds", list(self._find_wrong_codes(backs, decisions))
        )
        report.hold("Why says by what the hour was chosen", list(self._find_unexplained(contacts)))
        counts = self.timed.api.get(f"/journeys/{self.journey_id}/counts")
        report.equal("all but those awake entered", len(self.people) - len(self._of(Role.AWAKE)), counts["entered"])
        runs = [run for id_ in contacts.values() for run in self.timed.api.get(f"/contacts/{id_}/runs")]
        reached = sum(run["goal_at"] is not None for run in runs)
        report.equal("the goal is reached once by each who came back", len(self._of(Role.COMES_BACK)), reached)
        report.figures = {
            "people": len(self.people),
            "news": sum(text.startswith("news") for sent in texts.values() for text in sent),
            "won back": sum(map(len, backs.values())),
        }

    def _find_hour(self, role: Role) -> int | None:
        """Of who is hardly known the hour of the others, where they are enough."""
        hours = DAYS_OF_NEWS * sum(one.role is not Role.HARDLY_KNOWN for one in self.people)
        return TYPICAL if role is Role.HARDLY_KNOWN and hours >= TYPICAL_MIN else OUTCOMES[role].hour

    def _find_faults(
        self, person: Person, backs: dict[str, list[str]], rows: Sequence[dict[str, Any]]
    ) -> Iterator[str]:
        hour, found = self._find_hour(person.role), backs.get(person.phone, [])
        if len(found) != (hour is not None):
            yield f"{person.name} got {found}: {[row['reason'] for row in rows]}"
        for row in rows:
            if row["outcome"] == "sent" and hour is not None:
                at, wanted = datetime.fromisoformat(row["at"]), _find(self.asleep_at, hour, person.zone)
                if at != wanted:
                    yield f"{person.name} was written to at {at}, not at {wanted}"
        reason = OUTCOMES[person.role].reason
        if reason and rows[0]["reason"] != reason:
            yield f"{person.name}: {rows[0]['reason']}"

    def _find_wrong_runs(self, contacts: dict[Person, int]) -> Iterator[str]:
        for person, contact_id in contacts.items():
            runs = self.timed.api.get(f"/contacts/{contact_id}/runs")
            mine = [f"{run['outcome']} {run['reason']}".strip() for run in runs if run["journey_id"] == self.journey_id]
            wanted = OUTCOMES[person.role].run
            if mine != ([wanted] if wanted else []):
                yield f"{person.name}: {mine}"

    def _find_wrong_codes(
        self, backs: dict[str, list[str]], decisions: dict[Person, list[dict[str, Any]]]
    ) -> Iterator[str]:
        given: dict[str, str] = {}
        for person in self.people:
            for text in backs.get(person.phone, []):
                code = next((word for word in text.split() if word.startswith("BACK-")), "no code")
                if given.setdefault(code, person.name) != person.name:
                    yield f"{code} was given to {given[code]} and {person.name}"
                sent = next(row for row in decisions[person] if row["outcome"] == "sent")
                until = datetime.fromisoformat(sent["at"]).astimezone(ZoneInfo(person.zone)) + HOLDS
                if f"until {until:%d.%m. %H:%M}" not in text:
                    yield f"{person.name} reads {text!r}, and the code holds until {until}"

    def _find_unexplained(self, contacts: dict[Person, int]) -> Iterator[str]:
        """The sentence has the counts: every day of news was one of the hours."""
        known = f"The customer opened, clicked or wrote {DAYS_OF_NEWS} times, {DAYS_OF_NEWS} of them in that hour."
        for person, contact_id in contacts.items():
            if person.role in (Role.EVENING, Role.MORNING):
                why = self.timed.api.get(f"/journeys/{self.journey_id}/why", contact_id=contact_id)
                if known not in why["more"]:
                    yield f"{person.name}: {why['more']}"


def _find(since: datetime, hour: int, zone: str) -> datetime:
    """The next time that it is so late by a clock."""
    local = since.astimezone(ZoneInfo(zone))
    at = datetime.combine(local.date(), time(hour), tzinfo=ZoneInfo(zone))
    if at < since:
        at = datetime.combine(local.date() + DAY, time(hour), tzinfo=ZoneInfo(zone))
    return at.astimezone(since.tzinfo)
