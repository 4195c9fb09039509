"""Compares what happened with what the seed says. Reads the public API and the simulator's record, nothing else."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tertulia.stories.match.acts import read_code
from tertulia.stories.match.cast import Customer, Role
from tertulia.stories.match.driver import UNDECIDED, Played
from tertulia.stories.match.expected import WITHDRAWN, Fate, Outlook
from tertulia.stories.match.shop import GREETING
from tertulia.stories.place import Api, Sim, all_at_once
from tertulia.stories.report import Report

OWN_WORD: Final = WITHDRAWN | {"consent.blocked"}  # the carrier obeys the word as well
SECOND_MARK: Final = "second round"
WHY_SAMPLES: Final = 3
BASE_SYMBOLS: Final = 12


@dataclass(slots=True)
class Evidence:
    """Everything that was read, once."""

    outgoing: list[dict[str, Any]]
    inbound: list[dict[str, Any]]
    taps: list[dict[str, Any]]
    members: Mapping[tuple[str, str], dict[str, Any]]
    deliveries: list[dict[str, Any]]
    funnel: dict[str, Any]
    contacts: Mapping[int, dict[str, Any]]
    messages: Mapping[int, list[dict[str, Any]]]
    intake: list[dict[str, Any]]


def gather(api: Api, sim: Sim, played: Played) -> Evidence:
    """Read the record and the API."""
    match = f"/matches/{played.match_id}"
    everybody = [row["id"] for row in _list_contacts(api)]
    details = all_at_once(lambda i: api.get(f"/contacts/{i}"), everybody)
    messages = all_at_once(lambda i: api.get(f"/contacts/{i}/messages", limit=500), everybody)
    return Evidence(
        outgoing=sim.read_record("outgoing"),
        inbound=sim.read_record("inbound"),
        taps=sim.read_record("taps"),
        members={(row["phone"], row["name"]): row for row in api.list_all(f"{match}/contacts")},
        deliveries=list(api.list_all(f"{match}/deliveries", key="id")),
        funnel=api.get(f"{match}/funnel"),
        contacts=dict(zip(everybody, details, strict=True)),
        messages=dict(zip(everybody, messages, strict=True)),
        intake=api.get("/intake"),
    )


def _list_contacts(api: Api) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = api.get("/contacts", limit=500, cursor=cursor)
        yield from page["contacts"]
        cursor = page["next"]
        if not cursor:
            return


class Checker:
    """Writes its findings into a report."""

    def __init__(self, report: Report, api: Api, played: Played, outlook: Outlook, evidence: Evidence) -> None:
        self._report, self._api, self._played = report, api, played
        self._outlook, self._seen = outlook, evidence
        self._shop = played.shop
        self._sms = str(played.shop.sms)

    def check_all(self) -> None:
        self._check_import()
        self._check_sending()
        self._check_links()
        self._check_funnel()
        self._check_people()
        self._check_conversations()
        self._check_opt_outs()
        self._check_intake()

    def _check_import(self) -> None:
        made, report = self._played.made, self._report
        for name, told in (("the check", self._played.checked_import), ("the import", self._played.list_import)):
            counts = told["counts"]
            expected = made.count_outcomes()
            report.equal(f"{name}: every row has its outcome", expected, {k: counts[k] for k in expected})
            report.equal(f"{name}: every trouble has its reason", made.count_reasons(), counts["reasons"])
        again = self._played.again_import["counts"]
        report.equal("the same list again changes nothing", {"new": 0, "updated": 0}, {
            "new": again["new"], "updated": again["updated"],
        })  # fmt: skip
        report.equal("everybody is known, nobody twice", sorted(self._outlook.fates), sorted(self._seen.members))

    def _check_sending(self) -> None:
        first = [row for row in self._seen.outgoing if row["channel"] == self._sms and row["verdict"] == "accepted"]
        first = [row for row in first if row["text"].startswith("Hi ") and SECOND_MARK not in row["text"]]
        got = Counter((row["to"], row["text"].removeprefix("Hi ").partition(",")[0]) for row in first)
        wanted = Counter(key for key, (_, fate) in self._outlook.fates.items() if fate.sent)
        report = self._report
        report.hold("everybody reachable got the message", [f"{key} did not" for key in wanted if key not in got])
        report.hold("nobody else got it", [f"{key} did" for key in got if key not in wanted])
        report.hold("nobody got it twice", [f"{key}: {count} times" for key, count in got.items() if count > 1])
        states = Counter(row["state"] for row in self._seen.deliveries)
        undecided = [f"{states[state]} are {state}" for state in UNDECIDED if states[state]]
        report.hold("no delivery without a verdict", undecided)
        handed = Counter(row["contact_id"] for row in self._seen.deliveries if row["sent_at"])
        ids = Counter(self._seen.members[key]["contact_id"] for key in wanted if key in self._seen.members)
        report.equal("the API tells the same deliveries", ids, handed)

    def _check_links(self) -> None:
        """M4, M5: every tap led to an app with the code of the link that was tapped."""
        wrong = []
        for row in self._seen.taps:
            if row["kind"] == "person" and row["location"]:
                base = read_code(row["url"])[:BASE_SYMBOLS]
                if base not in row["location"]:
                    wrong.append(f"{row['url']} led to {row['location']}")
        self._report.hold("no link led astray", wrong)
        links = list(self._played.stage.links.values())
        self._report.hold(
            "every link is one customer's", [f"{n} have {link}" for link, n in Counter(links).items() if n > 1]
        )

    def _check_funnel(self) -> None:
        told, report = self._seen.funnel, self._report
        steps = self._outlook.count_steps()
        report.equal("the funnel, to the unit", steps, {name: told["totals"][name] for name in steps})
        apps = {row["app"]: {name: row[name] for name in ("clicked", "wrote", "matched")} for row in told["apps"]}
        report.equal("the funnel by app, to the unit", self._outlook.count_apps(), apps)
        reasons = sum(row["contacts"] for row in told["reasons"])
        report.equal("reasons add up", told["totals"]["imported"] - told["totals"]["matched"], reasons)
        report.hold("every reason has its sentence", [row["reason"] for row in told["reasons"] if not row["sentence"]])

    def _check_people(self) -> None:
        report = self._report
        report.hold("everybody came exactly as far as they went", list(self._iter_wrong_steps()))
        report.hold("whoever is not matched has the right reason", list(self._iter_wrong_reasons()))
        report.hold("apps are linked to the right contacts, and to no others", list(self._iter_wrong_identities()))
        report.hold("consent stands with its proof", list(self._iter_wrong_consents()))
        report.hold("whoever forwarded is flagged, the friend is nobody's customer", list(self._iter_wrong_strangers()))
        report.hold("Why? is answered", list(self._iter_wrong_whys()))

    def _iter_people(self) -> Iterator[tuple[Customer, Fate, dict[str, Any]]]:
        for key, (customer, fate) in self._outlook.fates.items():
            row = self._seen.members.get(key)
            if row is not None:
                yield customer, fate, row

    def _iter_wrong_steps(self) -> Iterator[str]:
        for customer, fate, row in self._iter_people():
            for step in ("sent", "delivered", "clicked", "wrote", "matched"):
                if bool(row[f"{step}_at"]) != getattr(fate, step):
                    yield f"{_name(customer)}: {step} is {row[f'{step}_at']}"
            if fate.matched and row["matched_app"] != customer.app:
                yield f"{_name(customer)}: matched in {row['matched_app']!r} instead of {customer.app}"

    def _iter_wrong_reasons(self) -> Iterator[str]:
        for customer, fate, row in self._iter_people():
            if not fate.matched and row["why"] not in fate.reasons:
                yield f"{_name(customer)}: {row['why']!r} instead of {' or '.join(sorted(fate.reasons))}"

    def _iter_wrong_identities(self) -> Iterator[str]:
        handles = {(row["phone"], row["kind"]): row["handle"] for row in self._seen.inbound if row["channel"]}
        for customer, fate, row in self._iter_people():
            linked = {
                (item["kind"], item["value"].lstrip("+"))
                for item in self._seen.contacts[row["contact_id"]]["identities"]
                if item["unlinked_at"] is None and item["kind"] != "phone"
            }
            own = (customer.app, handles.get((customer.app_phone, customer.app), ""))
            number = ("whatsapp_phone", customer.app_phone.lstrip("+"))
            allowed = {own, number} if fate.app_opened and customer.role is not Role.KNOWN_ELSEWHERE else set()
            if fate.matched and own not in linked:
                yield f"{_name(customer)}: {customer.app} is not linked"
            if linked - allowed:
                yield f"{_name(customer)}: has {sorted(kind for kind, _ in linked - allowed)}"

    def _iter_wrong_consents(self) -> Iterator[str]:
        for customer, fate, row in self._iter_people():
            if not fate.matched:
                continue
            mine = [
                item
                for item in self._seen.contacts[row["contact_id"]]["consents"]
                if item["source"] == "first_message" and item["channel"] == customer.app and item["state"] == "granted"
            ]
            topics = {item["topic"] for item in mine}
            wanted = {"service", "marketing"} if fate.by_link else {"service"}
            if topics != wanted:
                yield f"{_name(customer)}: agreed to {sorted(topics)} instead of {sorted(wanted)}"
            if any("message:" not in str(item["proof"].get("ref", "")) for item in mine):
                yield f"{_name(customer)}: a consent without its message"
            if fate.by_link and any(item["proof"].get("match") != self._played.match_id for item in mine):
                yield f"{_name(customer)}: a consent without its match"

    def _iter_wrong_strangers(self) -> Iterator[str]:
        owner_of = {
            item["value"]: contact["id"]
            for contact in self._seen.contacts.values()
            for item in contact["identities"]
            if item["unlinked_at"] is None
        }
        members = {row["contact_id"] for row in self._seen.members.values()}
        handle_of = {(row["person"], row["kind"]): row["handle"] for row in self._seen.inbound if row["channel"]}
        for customer, _, _ in self._iter_people():
            stranger = self._played.stage.strangers.get(customer.number)
            if stranger is not None:
                owner = owner_of.get(handle_of.get((stranger, customer.app), ""))
                if owner is None or owner in members:
                    yield f"the friend of {_name(customer)} belongs to {owner}"

    def _iter_wrong_whys(self) -> Iterator[str]:
        asked: Counter[str] = Counter()
        for customer, _, row in self._iter_people():
            asked[row["why"]] += 1
            if asked[row["why"]] <= WHY_SAMPLES:
                told = self._api.get(f"/contacts/{row['contact_id']}/why", match_id=self._played.match_id)
                if not told["sentence"] or not told["gates"]:
                    yield f"{_name(customer)}: no account of why"

    def _check_conversations(self) -> None:
        written = Counter(
            row["person"] for row in self._seen.inbound if row["event"] and row["kind"] != "friend" and row["id"]
        )
        kept = sum(m["direction"] == "in" for found in self._seen.messages.values() for m in found)
        self._report.equal("every message that was written is kept, once", sum(written.values()), kept)
        greeted = Counter(
            (row["person"], row["channel"])
            for row in self._seen.outgoing
            if row["verdict"] == "accepted" and row["text"].startswith(GREETING)
        )
        self._report.hold("nobody was greeted twice", [f"{key}: {n} times" for key, n in greeted.items() if n > 1])
        missing = [
            _name(customer)
            for customer, fate, _ in self._iter_people()
            if fate.by_link and (self._played.stage.me(customer), self._shop.account(customer.app)) not in greeted
        ]
        self._report.hold("whoever wrote was greeted", missing)

    def _check_opt_outs(self) -> None:
        got = Counter(
            row["to"] for row in self._seen.outgoing if SECOND_MARK in row["text"] and row["verdict"] == "accepted"
        )
        wanted = Counter(customer.phone for customer in self._played.second_expected)
        self._report.equal("who opted out got no second round, the others did", wanted, got)
        rows = self._api.list_all(f"/matches/{self._played.second_id}/contacts")
        why = {(row["phone"], row["name"]): row["why"] for row in rows}
        refused = [
            f"{_name(c)}: {why.get(c.key)!r}" for c in self._played.second_refused if why.get(c.key) not in OWN_WORD
        ]
        self._report.hold("and the reason is their own word", refused)
        self._report.hold("an opt-out in an app is obeyed there", list(self._iter_wrong_app_stops()))

    def _iter_wrong_app_stops(self) -> Iterator[str]:
        for customer, _, row in self._iter_people():
            if customer.role is not Role.STOPS_APP:
                continue
            states = self._seen.contacts[row["contact_id"]]["consent_states"]
            mine = [s for s in states if s["channel"] == customer.app and s["topic"] == "marketing"]
            if [s["state"] for s in mine] != ["withdrawn"]:
                yield f"{_name(customer)}: {[s['state'] for s in mine]}"
            person = self._played.stage.me(customer)
            said = [r for r in self._seen.outgoing if r["person"] == person and r["kind"] == customer.app]
            if len([r for r in said if r["verdict"] == "accepted"]) != 2:
                yield f"{_name(customer)}: {len(said)} answers instead of a greeting and one confirmation"

    def _check_intake(self) -> None:
        wrong = []
        for row in self._seen.intake:
            accounted = row["processed"] + row["parked"]
            if row["received"] != accounted or row["parked"] or row["on_the_way"]:
                wrong.append(str(row))
        self._report.hold("received = processed + parked, and nothing is parked", wrong)
        doubled = sum(row["duplicates"] for row in self._seen.intake)
        self._report.hold("duplicates came, and had no effect", [] if doubled else ["no webhook came twice"])


def _name(customer: Customer) -> str:
    return f"{customer.number} ({customer.role.value}, {customer.app})"
