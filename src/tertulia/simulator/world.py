"""The simulated world in memory: accounts, people with phones, what was written between them, and what comes next.

A *bond* is what one account and one person have in common: their messages, whether the person blocked the account,
until when the platform lets the account write freely. A message that a provider accepts lives here and moves on by
itself (`deliver`): each receipt falls due after the configured delay, changes the message's state, and goes to the
platform by the outbox. Everything runs on one event loop; nothing here is called from a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tertulia.simulator.chance import Chance
from tertulia.simulator.clock import Clock
from tertulia.simulator.config import AccountSpec, Behaviours, Config, PersonSpec, WrongConfig
from tertulia.simulator.record import Record, Row, Wire

if TYPE_CHECKING:
    from tertulia.simulator.outbox import Outbox
    from tertulia.simulator.providers.base import Provider

PEOPLE_MAX = 200_000


@dataclass(slots=True)
class Account:
    """One account at a provider. `state` belongs to the provider; `webhook_url` may be set by the platform's API."""

    spec: AccountSpec
    provider: Provider
    webhook_url: str
    state: Any = None

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def name(self) -> str:
        return self.spec.name or self.spec.id

    def secret(self, name: str) -> str:
        return self.spec.credentials.get(name, "")

    def setting(self, name: str, default: Any = "") -> Any:
        return self.spec.settings.get(name, default)


@dataclass(slots=True)
class Person:
    """Somebody with a phone. `unknown` is a number that no network knows; `got_from` whose link they hold."""

    id: str
    name: str
    phone: str
    language: str
    apps: tuple[str, ...]
    email: str
    username: str = ""
    hides_phone: bool = False
    unknown: bool = False
    on: bool = True
    got_from: str = ""

    @property
    def country(self) -> str:
        """Two letters for the few payloads that carry a country; a guess by the calling code."""
        codes = {"55": "BR", "49": "DE", "44": "GB", "351": "PT", "34": "ES", "33": "FR", "81": "JP", "1": "US"}
        digits = self.phone.lstrip("+")
        return next((codes[digits[:n]] for n in (3, 2, 1) if digits[:n] in codes), "US")


@dataclass(slots=True)
class Message:
    """One message on a phone. `ours` is true when the business wrote it; `state` is accepted, sent, delivered, read or
    failed; `choices` are tappable answers (label, payload); `address` how the platform named the recipient;
    `callback` where receipts for this very message go; `friend` who forwarded it."""

    id: str
    account: str
    kind: str
    person: str
    address: str
    text: str
    ours: bool
    at_ms: int
    state: str = "accepted"
    ref: str = ""
    parts: int = 1
    choices: tuple[tuple[str, str], ...] = ()
    ask_phone: bool = False
    label: str = ""
    callback: str = ""
    sender: str = ""
    error: str = ""
    friend: str = ""
    data: Any = None
    row: Row | None = None


@dataclass(slots=True)
class Bond:
    """What one account and one person have in common."""

    messages: list[Message] = field(default_factory=list)
    last_inbound_ms: int | None = None
    inbound: int = 0
    blocked: bool = False
    opened: bool = False
    follows: bool = False
    opted_out: bool = False
    no_marketing: bool = False
    draft: str = ""
    token: str = ""
    count: int = 0


class World:
    """The state of one simulator. `provider_of` maps a kind to its provider; `notify` is told what changed."""

    def __init__(self, config: Config, providers: dict[str, Provider], clock: Clock | None = None) -> None:
        self.config = config
        self.providers = providers
        self.clock = clock or Clock()
        self.outbox: Outbox | None = None
        self.notify: Callable[[str], None] = lambda topic: None
        self.on_arrival: Callable[[Person, Message], None] = lambda person, message: None
        self.clear()

    def clear(self) -> None:
        """Back to the configuration given at the start: nobody wrote anything yet."""
        self.behaviours = self.config.behaviours
        self.rates = self.config.rates
        self.chance = Chance(self.behaviours.seed)
        self.accounts: dict[str, Account] = {}
        self.people: dict[str, Person] = {}
        self.by_phone: dict[str, Person] = {}
        self.by_mailbox: dict[str, Person] = {}
        self.by_hash: dict[str, Person] = {}
        self.by_handle: dict[tuple[str, str, str], Person] = {}
        self.bonds: dict[tuple[str, str], Bond] = {}
        self.messages: dict[str, Message] = {}
        self.waiting: dict[str, list[Message]] = {}
        self.friends: dict[str, list[Message]] = {}
        self.written: dict[str, Message] = {}
        self.acted: set[str] = set()
        self.record = Record(self.behaviours.quiet)
        self.wire = Wire()
        self.numbers: dict[str, int] = {}
        for spec in self.config.accounts:
            self.add_account(spec)
        for person in self.config.people:
            self.add_person(person)

    # accounts and people

    def add_account(self, spec: AccountSpec) -> Account:
        """Open an account, or replace the one with this id. Raises WrongConfig when a credential is missing."""
        provider = self.providers.get(spec.kind)
        if provider is None:
            raise WrongConfig(
                f"account {spec.id}: there is no kind {spec.kind!r}; kinds are {', '.join(self.providers)}"
            )
        missing = [name for name in provider.needs if not spec.credentials.get(name)]
        if missing:
            raise WrongConfig(f"account {spec.id}: {spec.kind} needs the credentials {', '.join(missing)}")
        account = Account(spec, provider, spec.webhook_url, provider.new_state())
        self.accounts[spec.id] = account
        return account

    def find_account(self, kind: str, name: str, value: str) -> Account | None:
        """The account of `kind` whose credential `name` is `value`."""
        for account in self.accounts.values():
            if account.spec.kind == kind and value and account.secret(name) == value:
                return account
        return None

    def add_person(self, spec: PersonSpec) -> Person:
        """Give somebody a phone; the same number again changes who holds it. Raises WrongConfig."""
        if not spec.phone.startswith("+") or not spec.phone[1:].isdigit() or not 6 <= len(spec.phone) <= 16:
            raise WrongConfig(f"phone {spec.phone!r}: give it in E.164, such as +5511985550142")
        if len(self.people) >= PEOPLE_MAX:
            raise WrongConfig(f"a simulator holds at most {PEOPLE_MAX} people")
        apps = self.apps() if spec.apps is None else spec.apps
        wrong = [app for app in apps if app not in self.providers]
        if wrong:
            raise WrongConfig(f"{spec.phone}: there is no app {wrong[0]!r}")
        held = self.by_phone.get(spec.phone)
        person = Person(
            held.id if held else f"p{len(self.people) + 1}", spec.name, spec.phone, spec.language, tuple(apps),
            spec.email or f"{spec.phone[1:]}@phones.example", spec.username, spec.hides_phone, spec.unknown, spec.on,
        )  # fmt: skip
        self.people[person.id] = self.by_phone[person.phone] = person
        if self.by_mailbox.get(person.email.casefold(), person).id == person.id:
            self.by_mailbox[person.email.casefold()] = person
        self.by_hash[sha256(person.phone.encode()).hexdigest()] = person
        return person

    def apps(self) -> tuple[str, ...]:
        """Every kind that is a messaging app."""
        return tuple(kind for kind, provider in self.providers.items() if provider.app)

    def meet_number(self, phone: str) -> Person | None:
        """Who holds `phone`; a stranger gets a phone when strangers appear."""
        person = self.by_phone.get(phone)
        if person or self.behaviours.strangers != "appear" or len(self.people) >= PEOPLE_MAX:
            return person
        return self.add_person(PersonSpec(phone=phone))

    def meet_mailbox(self, address: str) -> Person | None:
        """Whose mailbox that is; a stranger gets a phone when strangers appear, under a number that no network has. Of
        a household the first."""
        person = self.by_mailbox.get(address.casefold())
        if person or self.behaviours.strangers != "appear" or len(self.people) >= PEOPLE_MAX:
            return person
        number = int.from_bytes(sha256(address.casefold().encode()).digest()[:4], "big")
        return self.add_person(PersonSpec(name=address.partition("@")[0], phone=f"+999{number:010}", email=address))

    def knows_mailbox(self, address: str) -> bool:
        """Whether anybody has `address` (a stranger is somebody unless strangers are unknown)."""
        person = self.by_mailbox.get(address.casefold())
        if (person is not None and person.unknown) or (person is None and self.behaviours.strangers == "unknown"):
            return False
        return not self.chance.hit(self.behaviours.unknown_number_pct, "unknown", address)

    def handle(self, account: Account, person: Person) -> str:
        """The provider's id for this person in this account's scope. The account may write to it from then on."""
        value = account.provider.handle(self, account, person)
        self.by_handle[account.spec.kind, account.provider.scope(account), value] = person
        return value

    def find_handle(self, account: Account, value: str) -> Person | None:
        return self.by_handle.get((account.spec.kind, account.provider.scope(account), value))

    def bond(self, person: Person, account: Account) -> Bond:
        bond = self.bonds.get((person.id, account.id))
        if bond is None:
            bond = self.bonds[person.id, account.id] = Bond()
        return bond

    def next_number(self, name: str) -> int:
        """1, 2, 3, ... for each name: what ids are made from."""
        number = self.numbers.get(name, 0) + 1
        self.numbers[name] = number
        return number

    def hides(self, person: Person) -> bool:
        """Whether WhatsApp shows this person's username instead of the number."""
        return person.hides_phone or self.behaviours.hide_phone_numbers

    def knows_number(self, phone: str) -> bool:
        """Whether a network knows `phone` at all (a stranger is somebody unless strangers are unknown)."""
        person = self.by_phone.get(phone)
        if person is not None and person.unknown:
            return False
        if person is None and self.behaviours.strangers == "unknown":
            return False
        return not self.chance.hit(self.behaviours.unknown_number_pct, "unknown", phone)

    def set_behaviours(self, behaviours: Behaviours) -> None:
        if behaviours.seed != self.chance.seed:
            self.chance = Chance(behaviours.seed)
        self.behaviours = behaviours
        self.record.quiet = behaviours.quiet
        self.notify("behaviours")

    # messages from the business

    def accept(self, account: Account, person: Person | None, message: Message) -> Message:
        """Take a message that a provider accepted: record it and put it on the phone (not in quiet mode)."""
        self.record.count("state.accepted", account.spec.kind)
        if self.behaviours.quiet:
            self.record.count("outgoing.accepted", account.spec.kind)
            return message
        message.row = self.record.add("outgoing", "accepted", self._outgoing_row(account, message, "accepted"))
        self.messages[message.id] = message
        if person is not None:
            message.person = person.id
            message.row["person"] = person.id
            bond = self.bond(person, account)
            bond.messages.append(message)
            bond.count += 1
            self.notify(person.id)
        return message

    def refuse(self, account: Account, address: str, text: str, code: object) -> None:
        """Record a send that the provider refused at once."""
        message = Message("", account.id, account.spec.kind, "", address, text, True, self.clock.now_ms())
        row = self._outgoing_row(account, message, "refused")
        row["code"] = str(code)
        self.record.add("outgoing", "refused", row)

    def _outgoing_row(self, account: Account, message: Message, verdict: str) -> Row:
        return {
            "at": self.clock.now_ms(), "channel": account.id, "kind": account.spec.kind, "person": message.person,
            "to": message.address, "id": message.id, "text": message.text, "ref": message.ref, "label": message.label,
            "parts": message.parts, "verdict": verdict, "state": "accepted" if verdict == "accepted" else "failed",
            "code": "",
        }  # fmt: skip

    def acknowledge(self, account: Account, written: list[tuple[str, str]]) -> None:
        """The platform took what people wrote (person, message id): the second tick."""
        for person, name in written:
            message = self.written.pop(f"{account.id}|{person}|{name}", None)
            if message is not None:
                message.state = "delivered"
                self.notify(message.person)

    def deliver(self, account: Account, message: Message, person: Person | None, states: tuple[str, ...]) -> None:
        """Let `states` befall a message one after another. A phone that is off gets it when it is switched on."""
        if person is not None and not person.on:
            self.waiting.setdefault(person.id, []).append(message)
            states = states[:1] if states[:1] == ("sent",) else ()
        delay = self.behaviours.receipt_delay_s
        for position, state in enumerate(states, 1):
            self.later(delay * position, self.reach, account, message, state)

    def later(self, delay_s: float, what: Callable[..., None], *args: Any) -> None:
        assert self.outbox is not None
        self.outbox.later(delay_s, what, *args)

    def reach(self, account: Account, message: Message, state: str, code: str = "") -> None:
        """A message reaches a state; its receipt goes to the platform where the provider has one."""
        assert self.outbox is not None
        message.state = state
        message.error = code
        self.record.count(f"state.{state}", message.kind)
        if message.row is not None:
            message.row["state"] = state
            message.row["code"] = code
        event = account.provider.receipt(self, account, message, state)
        if event is not None:
            self.outbox.submit(account, event)
        if message.person:
            self.notify(message.person)
            if state == "delivered" and self.behaviours.link_previews:
                self.on_arrival(self.people[message.person], message)

    def fail(self, account: Account, message: Message, code: str) -> None:
        """An accepted message fails afterwards, with the provider's code."""
        self.later(self.behaviours.receipt_delay_s, self.reach, account, message, "failed", code)

    def settle_states(self, person: Person | None, states: tuple[str, ...], message_id: str) -> tuple[str, ...]:
        """The states that befall a message to this person: read only for those who read (`read_pct`)."""
        if "read" in states and not self.chance.hit(self.behaviours.read_pct, "read", message_id):
            return tuple(state for state in states if state != "read")
        return states

    def switch(self, person: Person, on: bool) -> None:
        """Switch a phone off, or on: then all that waited arrives."""
        person.on = on
        if on:
            for message in self.waiting.pop(person.id, []):
                account = self.accounts[message.account]
                states = tuple(state for state in account.provider.states if state != "sent")
                self.deliver(account, message, person, self.settle_states(person, states, message.id))
        self.notify(person.id)

    def change_person(self, person: Person, **fields: Any) -> Person:
        """Change what a person is (name, apps, hides_phone, ...), keeping the id and all that was written."""
        changed = replace(person, **fields)
        self.people[person.id] = self.by_phone[person.phone] = changed
        self.by_hash[sha256(person.phone.encode()).hexdigest()] = changed
        for address in [address for address, held in self.by_mailbox.items() if held is person]:
            self.by_mailbox[address] = changed
        for key in [key for key, held in self.by_handle.items() if held is person]:
            self.by_handle[key] = changed
        self.notify(person.id)
        return changed


def run_soon(work: Any) -> asyncio.Task[Any]:
    """Start a coroutine and keep it alive until it ends."""
    task: asyncio.Task[Any] = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


_running: set[asyncio.Task[Any]] = set()
