"""Plays the story: the shop opens, the lists are imported, the match goes out, everybody acts, processes are killed.

Whatever is waited for is asked of the public API and of the simulator. The sender is killed while the provider holds
its calls: it has taken the messages and nobody was told so. The engine is killed in the middle of the first round.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tertulia.stories.match.acts import ROUNDS, Stage, write_before
from tertulia.stories.match.cast import APPS, Casting, Customer, Role, iter_phones
from tertulia.stories.match.rows import HEAD, CustomerList, write_list, write_opt_outs
from tertulia.stories.match.shop import SECOND_TEXT, TEXT, Shop, open_shop
from tertulia.stories.place import Api, Place, Sim, StoryBroken, all_at_once, wait_for

SENDING_LIMIT_S: Final = 300.0  # limits for what never comes; how fast it comes is the benchmarks' affair
QUIET_LIMIT_S: Final = 300.0
QUIET_LOOKS: Final = 2
QUIET_LOOKS_OF_RETRIES: Final = 8  # an attempt that was refused comes again within four seconds
LOOK_EVERY_S: Final = 0.5
HELD_S: Final = 1.0
CALM_S: Final = 4.0  # longer than a sender holds still after a refusal
ANSWERS_HELD_S: Final = 20.0  # less than a sender waits for an answer
READ_SMS_S: Final = 2.5  # who opens a link sooner after the sending is taken for a machine
CONTROLS: Final = 5
TROUBLED: Final = {
    "receipt_delay_s": 0.1, "read_pct": 60, "duplicate_pct": 8, "disorder_pct": 8, "fail_retryable_pct": 3,
    "link_previews": True, "strangers": "appear",
}  # fmt: skip
UNDECIDED: Final = ("held", "queued", "sending", "unknown")


@dataclass(slots=True)
class Played:
    """What the checker needs beside the record and the API: the world that was made, and the ids it got."""

    made: CustomerList
    shop: Shop
    stage: Stage
    list_import: dict[str, Any] = field(default_factory=dict)
    checked_import: dict[str, Any] = field(default_factory=dict)
    again_import: dict[str, Any] = field(default_factory=dict)
    match_id: int = 0
    second_id: int = 0
    second_expected: list[Customer] = field(default_factory=list)
    second_refused: list[Customer] = field(default_factory=list)


class Driver:
    """One telling of the story."""

    def __init__(self, place: Place, api: Api, sim: Sim, *, seed: int, rows: int) -> None:
        self._place, self._api, self._sim = place, api, sim
        self._seed, self._random = seed, Random(seed)  # noqa: S311 (a story, not a secret)
        self.made = write_list(rows, self._random)

    def play(self) -> Played:
        """From an empty workspace to the last receipt."""
        self._sim.post("/behaviours", {**TROUBLED, "seed": self._seed})
        shop = open_shop(self._api, self._sim, self._place.phones_url, self._random)
        stage = Stage(self._sim, shop, self._seed, self._give_phones())
        played = Played(self.made, shop, stage)
        before = [c for c in self.made.reachable if c.role in (Role.WROTE_BEFORE, Role.KNOWN_ELSEWHERE)]
        all_at_once(lambda customer: write_before(stage, customer), before)
        self._place.say("the shop is open; some write before anybody knows them")
        self._import_opt_outs(self.made.opted_out_before)
        self.wait_until_quiet(QUIET_LOOKS_OF_RETRIES)
        self._import_customers(played)
        self._import_opt_outs(self.made.opted_out_after)
        self._place.say("the lists are imported")
        played.match_id = self._send_match(
            shop, "First round", TEXT, {"imports": [played.list_import["id"]]}, kill=True
        )
        stage.links = self._read_links()
        self._place.say("the match is out; people act")
        self._act(stage)
        self._send_second(played)
        self.wait_until_quiet()
        self._place.say("the second match is out; everything is counted")
        return played

    # the world

    def _give_phones(self) -> dict[str, str]:
        """Everybody gets a phone; number -> the simulator's name of its holder."""
        specs = {}
        for customer in self.made.people:
            specs[customer.phone] = self._describe(customer, customer.phone)
            if customer.app_phone and customer.app_phone != customer.phone:
                specs[customer.app_phone] = self._describe(customer, customer.app_phone)
        told = self._sim.post("/people", list(specs.values()))
        return {person["phone"]: person["id"] for person in told}

    def _describe(self, customer: Customer, phone: str) -> dict[str, Any]:
        hides = customer.role in (Role.USERNAME, Role.SHARES_NUMBER)
        return {
            "name": f"{customer.name} {customer.surname}",
            "phone": phone,
            "language": customer.language,
            "apps": list(APPS),
            "username": f"user.{customer.number}" if hides else "",
            "hides_phone": hides,
            "unknown": customer.role is Role.DEAD_NUMBER,
            "on": customer.role is not Role.PHONE_OFF,
        }

    def _give_strangers(self, stage: Stage) -> None:
        """A friend for everybody who forwards, with a number that is in no list."""
        casting = Casting(Random(f"{self._seed}/strangers"))  # noqa: S311
        casting.avoid(iter_phones(self.made.people))
        forwarders = [c for c in self.made.reachable if c.role in (Role.FORWARDS_AFTER, Role.FORWARDS_BEFORE)]
        specs = [
            {"name": f"Friend {c.number}", "phone": casting.draw_phone()[1], "language": c.language, "apps": list(APPS)}
            for c in forwarders
        ]
        told = self._sim.post("/people", specs) if specs else []
        stage.strangers = {c.number: person["id"] for c, person in zip(forwarders, told, strict=True)}

    # lists

    def _import_opt_outs(self, customers: Sequence[Customer]) -> None:
        content = write_opt_outs(list(customers), self._random)
        made = self._api.upload("/imports", "opt-outs.csv", content, {"kind": "opt_outs"})
        self._run_import(made["id"])

    def _import_customers(self, played: Played) -> None:
        content = self.made.encode()
        made = self._upload_customers(content)
        played.checked_import = self._api.check_import(made["id"])
        played.list_import = self._api.apply_import(made["id"], keep_series=False)
        again = self._upload_customers(content)
        played.again_import = self._run_import(again["id"])

    def _upload_customers(self, content: bytes) -> dict[str, Any]:
        made: dict[str, Any] = self._api.upload("/imports", "customers.csv", content, {"kind": "customers"})
        if len(made["heads"]) != len(HEAD):
            raise StoryBroken(f"the list's columns were read as {made['heads']}")
        columns = {
            "targets": ["name", "surname", "phone", "attribute:city"],
            "basis": "consent", "source": "the shop's loyalty form", "text_version": "2026-01",
        }  # fmt: skip
        self._api.put(f"/imports/{made['id']}/columns", columns)
        return made

    def _run_import(self, import_id: int) -> dict[str, Any]:
        self._api.check_import(import_id)
        return self._api.apply_import(import_id, keep_series=False)

    # the match

    def _send_match(self, shop: Shop, name: str, text: str, audience: dict[str, Any], *, kill: bool) -> int:
        draft = {"name": name, "sms_channel_id": shop.sms, "apps": shop.apps, "text": text, "audience": audience}
        match_id = int(self._api.post("/matches", draft)["id"])
        wrong = [problem for problem in self._api.get(f"/matches/{match_id}/check") if not problem["warning"]]
        if wrong:
            raise StoryBroken(f"the match cannot be launched: {wrong[0]['sentence']}")
        self._api.post(f"/matches/{match_id}/launch")
        if kill:
            self._kill_sender(match_id)
        wait_for("every delivery has its verdict", lambda: self._is_decided(match_id), SENDING_LIMIT_S)
        return match_id

    def _kill_sender(self, match_id: int) -> None:
        """The provider takes messages and holds its answers; nothing new is handed over; then the sender dies with
        nothing but what the provider has: of anything else it would be asked for ten minutes before it goes again (S3).
        """
        third = len(self.made.reachable) // 3
        wait_for("a third of the messages", lambda: self._count_accepted() >= third, SENDING_LIMIT_S)
        self._sim.post("/behaviours", {"answer_delay_s": ANSWERS_HELD_S, "fail_retryable_pct": 0})
        time.sleep(HELD_S)
        self._api.post(f"/matches/{match_id}/pause")
        taken = -1
        while taken < (taken := self._count_accepted()):
            time.sleep(CALM_S)
        self._place.kill("sender")
        self._place.say("the sender was killed with its calls under way")
        self._sim.post("/behaviours", {"answer_delay_s": 0, "fail_retryable_pct": TROUBLED["fail_retryable_pct"]})
        self._api.post(f"/matches/{match_id}/resume")

    def _count_accepted(self) -> int:
        return int(self._sim.get("/record/counts").get("outgoing.accepted.twilio", 0))

    def _is_decided(self, match_id: int) -> bool:
        match = self._api.get(f"/matches/{match_id}")
        if match["state"] in ("launching", "paused") or match["audience_size"] is None:
            return False
        return not any(self._api.get(f"/matches/{match_id}/deliveries", state=s, limit=1) for s in UNDECIDED)

    def _read_links(self) -> dict[tuple[str, str], str]:
        """Everybody's own link, from the SMS that the provider took for their phone."""
        links = {}
        by_phone: dict[str, list[Customer]] = {}
        for customer in self.made.reachable:
            by_phone.setdefault(customer.phone, []).append(customer)
        for row in self._sim.read_record("outgoing", kind="twilio", verdict="accepted"):
            for customer in by_phone.get(row["to"], ()):
                if f"Hi {customer.name}," in row["text"]:
                    links[customer.key] = row["text"].split()[-1]
        return links

    # the people

    def _act(self, stage: Stage) -> None:
        self._give_strangers(stage)
        self.wait_until_quiet()
        time.sleep(READ_SMS_S)
        for number, acts in enumerate(ROUNDS):
            turn = [c for c in self.made.reachable if c.role in acts and c.key in stage.links]
            self._random.shuffle(turn)
            half = len(turn) // 2 if number == 0 else 0
            all_at_once(lambda c, acts=acts: acts[c.role](stage, c), turn[:half])  # type: ignore[misc]
            if number == 0:
                self._place.kill("engine")
                self._place.say("the engine was killed")
            all_at_once(lambda c, acts=acts: acts[c.role](stage, c), turn[half:])  # type: ignore[misc]
            self.wait_until_quiet(QUIET_LOOKS_OF_RETRIES if number == 0 else QUIET_LOOKS)
            if number == 0:
                self._sim.post("/behaviours", {"fail_retryable_pct": 0})
            self._place.say(f"round {number + 1} of {len(ROUNDS)} is over")

    def _send_second(self, played: Played) -> None:
        """A second match to some who opted out and some who did not."""
        controls = [c for c in self.made.reachable if c.role is Role.WRITES][:CONTROLS]
        refused = [c for c in self.made.reachable if c.role is Role.STOPS_SMS]
        refused += [*self.made.opted_out_before, *self.made.opted_out_after]
        known = self.map_contacts(played.match_id)
        ids = [known[c.key] for c in (*controls, *refused) if c.key in known]
        played.second_expected, played.second_refused = controls, refused
        played.second_id = self._send_match(played.shop, "Second", SECOND_TEXT, {"contacts": ids}, kill=False)

    def map_contacts(self, match_id: int) -> dict[tuple[str, str], int]:
        """The contacts of a match: (phone, name) -> id."""
        rows = self._api.list_all(f"/matches/{match_id}/contacts")
        return {(row["phone"], row["name"]): row["contact_id"] for row in rows}

    def wait_until_quiet(self, looks_wanted: int = QUIET_LOOKS) -> None:
        """Until nothing is on its way on either side and nothing has changed for so many looks."""
        until = time.monotonic() + QUIET_LIMIT_S
        last: Any = None
        looks = 0
        while looks < looks_wanted:
            settled = self._sim.post("/settle", {"timeout_s": 1, "retries": True})
            intake = self._api.get("/intake")
            now = (intake, self._sim.get("/record/counts"))
            open_entries = [row for row in intake if row["on_the_way"]]
            looks = looks + 1 if settled["idle"] and now == last and not open_entries else 0
            last = now
            if time.monotonic() > until:
                raise StoryBroken(f"it never became quiet: simulator {settled}, on the way {open_entries}")
            time.sleep(LOOK_EVERY_S)
