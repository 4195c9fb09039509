"""`tertulia story otp`: codes by every channel, a dead provider, phones that are off, guesses, floods, and a broadcast.

Real processes and the real clock. Every figure is taken where the customer is: a code has arrived when it stands on the
virtual phone or in the mailbox.
"""

import re
import time
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from tertulia.stories.otp.acts import Cast, Customer, ask, ask_all, await_codes, give, look, miss
from tertulia.stories.otp.shop import Shop, import_list, launch_broadcast, open_shop
from tertulia.stories.place import Api, Place, Sim, StoryBroken, all_at_once, wait_for
from tertulia.stories.report import Report

NAME: Final = "otp"
EACH: Final = 10  # customers on each channel, and while the broadcast runs
DEAD_LEAST: Final = 50
FALL_BACK_S: Final = 10.0
DEAD_LIMIT_S: Final = 15.0
DEAD_SHARE: Final = 0.99
PRIORITY_LIMIT_S: Final = 5.0
ARRIVE_LIMIT_S: Final = 60.0
SHORT_S: Final = 30
PER_ADDRESS: Final = 10
TRIED: Final = 4  # wrong guesses that leave one

_DIGITS: Final = re.compile(r"(?<![0-9a-fA-F])[0-9]{6}(?![0-9a-fA-F])")


def tell_otp(place: Place, *, seed: int, rows: int) -> Report:
    """Play the story in an empty workspace; what it found. Never raises for what the platform does wrong."""
    report = Report(NAME)
    began = time.monotonic()
    with Api(place) as api, Sim(place) as sim:
        try:
            random = Random(seed)  # noqa: S311 (a story, not a secret)
            shop = open_shop(api, sim, place, random, rows)
            story = _Story(place, api, sim, shop, Cast(sim, random), report)
            story.play(rows)
            report.figures |= {"seed": seed, "rows": rows}
        except StoryBroken as broken:
            report.hold("the story could be told to its end", [str(broken)])
    report.seconds = time.monotonic() - began
    return report


class _Story:
    """One telling."""

    def __init__(self, place: Place, api: Api, sim: Sim, shop: Shop, cast: Cast, report: Report) -> None:
        self._place, self._api, self._sim, self._shop, self._cast, self._report = place, api, sim, shop, cast, report
        self._seen: list[str] = []  # every code that anybody was sent
        self._asked: list[int] = []  # some of the contacts that they were sent to

    def play(self, rows: int) -> None:
        """Scene by scene."""
        [late] = self._cast.call(1)
        ask(self._api, late, ["SMS"], lifetime_s=SHORT_S)
        self._play_every_channel()
        self._play_guesses()
        self._play_newer_ones()
        self._play_dead_provider(max(DEAD_LEAST, rows // 10))
        self._play_phones_that_are_off()
        self._play_flood()
        self._play_late(late)
        self._play_broadcast(rows)
        self._check_nothing_kept()

    def _play_every_channel(self) -> None:
        """Each alone, everybody types what they read; the number is verified by it."""
        groups = {name: self._cast.call(EACH) for name in ("SMS", "WhatsApp", "E-mail")}
        for name, customers in groups.items():
            ask_all(self._api, customers, [name])
            self._await(customers)
        everybody = [customer for customers in groups.values() for customer in customers]
        results = all_at_once(self._give_what_arrived, everybody)
        self._report.equal("a code by each channel is right", ["verified"] * len(everybody), results)
        again = all_at_once(self._give_what_arrived, everybody)
        self._report.equal("and right once", ["used"] * len(everybody), again)
        unproved = [
            f"{customer.phone}: {told}"
            for customer in groups["SMS"]
            if (told := self._read_trust(customer)) != "verified"
        ]
        self._report.hold("a right code verifies the number", unproved)
        self._asked = [customer.contact_id for customer in (*groups["SMS"], *groups["E-mail"])]
        self._place.say("codes by every channel")

    def _play_guesses(self) -> None:
        """Four wrong ones leave one; five leave none, not even for the right one."""
        customers = self._cast.call(2 * EACH)
        ask_all(self._api, customers, ["SMS"])
        self._await(customers)
        lucky, unlucky = customers[:EACH], customers[EACH:]
        all_at_once(lambda customer: self._guess(customer, TRIED), lucky)
        ends = all_at_once(lambda customer: self._guess(customer, TRIED + 1), unlucky)
        self._report.equal("the last wrong guess ends it", ["too_many"] * EACH, ends)
        results = all_at_once(self._give_what_arrived, customers)
        self._report.equal(
            "the right one counts as long as a guess is left", ["verified"] * EACH + ["too_many"] * EACH, results
        )
        self._place.say("guesses")

    def _play_newer_ones(self) -> None:
        """A newer code takes the place of the older one."""
        customers = self._cast.call(EACH)
        ask_all(self._api, customers, ["SMS"], purpose="sign_in")
        self._await(customers)
        old = {customer.phone: (customer.id, self._code(customer)) for customer in customers}
        ask_all(self._api, customers, ["SMS"], purpose="sign_in")
        self._await(customers, lambda customer: self._code(customer) not in ("", old[customer.phone][1]))
        told = [self._api.post("/otp/verify", {"id": otp_id, "code": code})["result"] for otp_id, code in old.values()]
        self._report.equal("the older code is good for nothing", ["replaced"] * EACH, told)
        self._report.equal("the newer one is right", ["verified"] * EACH, [*map(self._give_what_arrived, customers)])

    def _play_dead_provider(self, count: int) -> None:
        """WhatsApp answers nothing but errors: the code comes by SMS."""
        customers = self._cast.call(count)
        self._sim.post("/behaviours", {"down": ["whatsapp"]})
        ask_all(self._api, customers, ["WhatsApp", "SMS"])
        self._await(customers)
        self._sim.post("/behaviours", {"down": []})
        times = sorted(customer.took_s or ARRIVE_LIMIT_S for customer in customers)
        share = sum(took <= DEAD_LIMIT_S for took in times) / count
        slow = [f"{took:.1f} s" for took in times if took > DEAD_LIMIT_S]
        self._report.hold(
            f"with the first provider dead {DEAD_SHARE:.0%} are on the phone within {DEAD_LIMIT_S:g} s",
            slow if share < DEAD_SHARE else [],
        )
        self._report.equal("and are right", ["verified"] * count, all_at_once(self._give_what_arrived, customers))
        self._report.figures |= {"dead_provider": count, "dead_provider_p99_s": round(times[int(count * 0.99) - 1], 1)}
        self._place.say("a dead provider")

    def _play_phones_that_are_off(self) -> None:
        """The SMS waits for the phone, so the code comes by e-mail too; it is one code, whichever they read."""
        customers = self._cast.call(EACH, on=False)
        ask_all(self._api, customers, ["SMS", "E-mail"])
        wait_for("the e-mails", lambda: len(self._read_mails(customers)) == EACH, ARRIVE_LIMIT_S)
        took_s = time.monotonic() - customers[-1].asked_at
        self._report.hold(
            "the next channel is tried when its time has come, and not before",
            [] if FALL_BACK_S <= took_s <= DEAD_LIMIT_S else [f"after {took_s:.1f} s"],
        )
        for customer in customers:
            self._sim.post(f"/people/{customer.person}/power", {"on": True})
        self._await(customers, lambda customer: len(customer.arrived) == 2)
        several = [f"{c.phone}: {sorted(c.arrived.values())}" for c in customers if len(set(c.arrived.values())) != 1]
        self._report.hold("one code is valid across the channels", several)
        both = [c.phone for c in customers if len(c.arrived) != 2]
        self._report.hold("both messages arrived in the end", both)
        by_sms = [give(self._api, c, c.arrived.get(str(self._shop.sms), ""))["result"] for c in customers]
        self._report.equal("what the late SMS says is right", ["verified"] * EACH, by_sms)
        self._place.say("phones that were off")

    def _play_flood(self) -> None:
        """Somebody has codes sent to one number again and again."""
        [customer] = self._cast.call(1)
        for _ in range(PER_ADDRESS):
            ask(self._api, customer, ["SMS"])
        status, told = self._api.try_post("/otp", {"phone": customer.phone, "channels": ["SMS"]})
        self._report.equal("a number is not flooded", (429, "too_many"), (status, told.get("code")))

    def _play_late(self, customer: Customer) -> None:
        """Who was asked first comes back when the code's time is over."""
        self._await([customer])
        time.sleep(max(0.0, customer.asked_at + SHORT_S + 1 - time.monotonic()))
        self._report.equal("a code ends with its time", "expired", self._give_what_arrived(customer))

    def _play_broadcast(self, rows: int) -> None:
        """While a broadcast keeps the slow line busy, codes go out over it before all of that."""
        import_id = import_list(self._api, rows)
        match_id = launch_broadcast(self._api, self._shop, import_id)
        wait_for("the broadcast goes out", lambda: self._count_sent(rows // 10), ARRIVE_LIMIT_S)
        customers = self._cast.call(EACH)
        for customer in customers:  # one after the other, as people come
            ask(self._api, customer, ["Slow line"])
            self._await([customer])
        left = rows - len(self._read_broadcast())
        self._report.hold("the broadcast was still running then", [] if left > 0 else ["nothing of it was left"])
        slow = [f"{c.took_s:.1f} s" for c in customers if (c.took_s or ARRIVE_LIMIT_S) > PRIORITY_LIMIT_S]
        self._report.hold(f"a code beside a broadcast is on the phone within {PRIORITY_LIMIT_S:g} s", slow)
        self._report.equal("and is right", ["verified"] * EACH, [*map(self._give_what_arrived, customers)])
        times = sorted(customer.took_s or ARRIVE_LIMIT_S for customer in customers)
        self._report.figures |= {"priority_slowest_s": round(times[-1], 1), "broadcast_left": left}
        self._api.post(f"/matches/{match_id}/stop")
        self._place.say("codes beside a broadcast")

    def _check_nothing_kept(self) -> None:
        """No code that anybody was sent stands in what is kept: of the calls to providers, and of the messages."""
        channels = (self._shop.sms, self._shop.whatsapp, self._shop.email, self._shop.slow)
        calls = [row for channel in channels for row in self._api.get(f"/channels/{channel}/log", limit=200)]
        kept = " ".join(f"{row['url']} {row['body']} {row['answer']}" for row in calls)
        said = [row["text"] for one in self._asked for row in self._api.get(f"/contacts/{one}/transcript")]
        found = set(_DIGITS.findall(kept)) | {digits for text in said for digits in _DIGITS.findall(text)}
        self._report.hold("no code stands in a channel's log or a transcript", sorted(found & set(self._seen)))
        hidden = sum("******" in text for text in said)
        self._report.hold("transcripts have the messages", [] if hidden >= len(self._asked) else [f"{hidden} of them"])
        self._report.figures["codes"] = len(self._seen)

    # what they need

    def _await(self, customers: Sequence[Customer], done: Any = None) -> None:
        await_codes(self._sim, customers, ARRIVE_LIMIT_S, done or (lambda customer: bool(customer.arrived)))

    def _code(self, customer: Customer) -> str:
        return next(iter(customer.arrived.values()), "")

    def _give_what_arrived(self, customer: Customer) -> str:
        look(self._sim, customer)
        code = self._code(customer)
        self._seen.append(code)
        return str(give(self._api, customer, code)["result"])

    def _guess(self, customer: Customer, count: int) -> str:
        result = ""
        for _ in range(count):
            result = str(give(self._api, customer, miss(self._code(customer)))["result"])
        return result

    def _read_trust(self, customer: Customer) -> str:
        contact = self._api.get(f"/contacts/{customer.contact_id}")
        mine = [row for row in contact["identities"] if (row["kind"], row["value"]) == ("phone", customer.phone)]
        return str(mine[0]["trust"]) if mine else "none"

    def _read_mails(self, customers: Sequence[Customer]) -> set[str]:
        """The mailboxes that got something."""
        return {row["to"] for row in self._sim.read_record("outgoing", kind="smtp")} & {one.email for one in customers}

    def _read_broadcast(self) -> list[dict[str, Any]]:
        rows = self._sim.read_record("outgoing", kind="twilio", verdict="accepted")
        return [row for row in rows if "we are here too" in row["text"]]

    def _count_sent(self, least: int) -> bool:
        return len(self._read_broadcast()) >= least
