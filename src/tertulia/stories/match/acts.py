"""What the people of the story do with their phones, role by role, through the simulator's control API.

Everybody who acts on the link takes it from their own SMS. A customer's steps come in rounds with quiet between them,
so that what answers an answer comes after it; within a round the people act at once and webhooks overtake each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from tertulia.stories.match.cast import Customer, Role
from tertulia.stories.match.shop import TITLES, Shop
from tertulia.stories.place import Sim, StoryBroken

SMS_OPT_OUTS: Final = ("STOP", "Sair.", "PARAR", "stop!", "UNSUBSCRIBE")
APP_OPT_OUTS: Final = ("STOP", "Stop.", "unsubscribe", "PARAR")
SCANNER: Final = "Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)"
PHONE: Final = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0.0.0 Mobile Safari/537.36"
CODE_SYMBOLS: Final = 14
WRONG_ANSWERS: Final = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """An app that stands open on its ready first message."""

    account: str
    text: str
    code: str


@dataclass(slots=True)
class Stage:
    """Where they act: the simulator, the channels, the link that each customer got, a stranger for whoever forwards."""

    sim: Sim
    shop: Shop
    seed: int
    person_of: Mapping[str, str]
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)
    strangers: Mapping[int, str] = field(default_factory=dict)

    def random(self, customer: Customer, purpose: str) -> Random:
        """Chance that belongs to one customer and purpose, however the threads run."""
        return Random(f"{self.seed}/{purpose}/{customer.number}")  # noqa: S311 (a story, not a secret)

    def open_app(self, person: str, link: str, app: str) -> Opened:
        """Tap the link, choose the app, and stand before its ready message."""
        chooser = self.tap(person, link)
        choice = next((choice for choice in chooser["links"] if TITLES[app] in choice["label"]), None)
        if choice is None:
            raise StoryBroken(f"the chooser at {link} does not offer {app}")
        code = read_code(choice["url"])
        opened = self.sim.post(f"/people/{person}/tap", {"url": choice["url"]})
        page = opened.get("page")
        if page is not None:
            way = next((way for way in page["links"] if way["app"] == app), None)
            if way is None:  # no link opens this app: the code is typed
                return Opened(self.shop.account(app), code, code)
            opened = self.sim.post(f"/people/{person}/tap", {"url": way["url"]})
        if opened.get("channel") != self.shop.account(app):
            raise StoryBroken(f"{choice['url']} opens {opened.get('channel')!r} instead of {app}")
        text = opened["text"] or f"/start {opened['token']}"
        return Opened(opened["channel"], text, code)

    def tap(self, person: str, link: str) -> Any:
        """The page that a link shows."""
        opened = self.sim.post(f"/people/{person}/tap", {"url": link})
        if opened["status"] != 200 or "page" not in opened:
            raise StoryBroken(f"{link}: {opened['status']} {opened['problem']}")
        return opened["page"]

    def send(self, person: str, opened: Opened, text: str | None = None) -> None:
        """Send the ready message, or another text in its place."""
        self.sim.post(f"/people/{person}/send", {"channel": opened.account, "text": text or opened.text})

    def say(self, person: str, app: str, text: str) -> None:
        """Write in an open chat (or answer an SMS)."""
        self.sim.post(f"/people/{person}/reply", {"channel": self.shop.account(app), "text": text})

    def me(self, customer: Customer) -> str:
        """The phone on which this customer's apps are."""
        return self.person_of[customer.app_phone]


Act = Callable[[Stage, Customer], None]


def write_before(stage: Stage, customer: Customer) -> None:
    """Some had written before anybody imported a list."""
    stage.say(stage.me(customer), customer.app, "Good morning! Do you open on Sunday?")


def look(stage: Stage, customer: Customer) -> None:
    stage.tap(stage.me(customer), stage.links[customer.key])


def be_scanned(stage: Stage, customer: Customer) -> None:
    """A scanner reads the SMS: a HEAD with a phone's name, a GET with its own."""
    link = stage.links[customer.key]
    httpx.head(link, headers={"User-Agent": PHONE}, timeout=30)
    httpx.get(link, headers={"User-Agent": SCANNER}, timeout=30)


def open_only(stage: Stage, customer: Customer) -> None:
    stage.open_app(stage.me(customer), stage.links[customer.key], customer.app)


def write(stage: Stage, customer: Customer) -> None:
    person = stage.me(customer)
    stage.send(person, stage.open_app(person, stage.links[customer.key], customer.app))


def write_edited(stage: Stage, customer: Customer) -> None:
    person = stage.me(customer)
    opened = stage.open_app(person, stage.links[customer.key], customer.app)
    stage.send(person, opened, edit(opened, stage.random(customer, "edit")))


def write_without_code(stage: Stage, customer: Customer) -> None:
    person = stage.me(customer)
    stage.send(person, stage.open_app(person, stage.links[customer.key], customer.app), "Hello, is anybody there?")


def let_stranger_write(stage: Stage, customer: Customer) -> None:
    """The link goes to a friend, who taps and sends before or after the customer does."""
    stranger = stage.strangers[customer.number]
    link = stage.links[customer.key]
    stage.sim.post(f"/people/{stage.me(customer)}/forward", {"to": stranger, "text": f"Look at this: {link}"})
    stage.send(stranger, stage.open_app(stranger, link, customer.app))


def answer_right(stage: Stage, customer: Customer) -> None:
    stage.say(stage.me(customer), customer.app, f"It ends in {customer.phone[-4:]}")


def stranger_answers_wrong(stage: Stage, customer: Customer) -> None:
    wrong = f"{(int(customer.phone[-4:]) + 4321) % 10_000:04d}"
    stage.say(stage.strangers[customer.number], customer.app, wrong)


def stranger_wonders(stage: Stage, customer: Customer) -> None:
    stage.say(stage.strangers[customer.number], customer.app, "Who is this?")


def share_number(stage: Stage, customer: Customer) -> None:
    stage.sim.post(f"/people/{stage.me(customer)}/share-phone", {"channel": stage.shop.account(customer.app)})


def stop_sms(stage: Stage, customer: Customer) -> None:
    word = stage.random(customer, "stop").choice(SMS_OPT_OUTS)
    stage.say(stage.person_of[customer.phone], "twilio", word)


def stop_app(stage: Stage, customer: Customer) -> None:
    stage.say(stage.me(customer), customer.app, stage.random(customer, "stop").choice(APP_OPT_OUTS))


def write_again(stage: Stage, customer: Customer) -> None:
    stage.say(stage.me(customer), customer.app, "Thank you, that was all.")


ROUNDS: Final[tuple[Mapping[Role, Act], ...]] = (
    {
        Role.SCANNED: be_scanned, Role.LOOKS: look, Role.OPENS: open_only, Role.WRITES: write,
        Role.EDITS: write_edited, Role.DOUBLES: write, Role.OTHER_SPELLING: write, Role.OTHER_NUMBER: write,
        Role.USERNAME: write, Role.LOSES_CODE: write_without_code, Role.SHARES_NUMBER: write_without_code,
        Role.FORWARDS_AFTER: write, Role.FORWARDS_BEFORE: let_stranger_write, Role.WROTE_BEFORE: write,
        Role.KNOWN_ELSEWHERE: write, Role.STOPS_SMS: stop_sms, Role.STOPS_APP: write,
    },
    {
        Role.DOUBLES: write, Role.OTHER_NUMBER: answer_right, Role.SHARES_NUMBER: share_number,
        Role.FORWARDS_AFTER: let_stranger_write, Role.FORWARDS_BEFORE: stranger_wonders, Role.STOPS_APP: stop_app,
    },
    {Role.FORWARDS_AFTER: stranger_answers_wrong, Role.FORWARDS_BEFORE: write, Role.STOPS_APP: write_again},
    {Role.FORWARDS_AFTER: stranger_answers_wrong},
    {Role.FORWARDS_AFTER: stranger_answers_wrong},
)  # fmt: skip
"""What each role does, round by round."""


def read_code(link: str) -> str:
    """The code at the end of a short link."""
    code = link.rstrip("/").rpartition("/")[2]
    if len(code) != CODE_SYMBOLS:
        raise StoryBroken(f"{link} does not end in a code")
    return code


def edit(opened: Opened, random: Random) -> str:
    """The ready message as people change it, with the code still in it, somehow."""
    code = opened.code
    grouped = " ".join((code[:4], code[4:9], code[9:]))
    ways = (
        opened.text.lower(),
        f"Oi! {opened.text} Obrigado :)",
        f"({grouped})",
        opened.text.replace(code, code.replace("0", "O").replace("1", "l")),
        f"my code is {code[:7]}-{code[7:]} ok?",
        f"{code.lower()}\n\nQuero receber as ofertas",
    )
    return random.choice(ways)
