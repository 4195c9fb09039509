"""What happens in a small world, written down before anything runs: people, and acts in their order.

A script hangs on its seed alone and names everything by label (person 3, match 1), never by an id of the database, so
the same script can be played with crashes and without, and a failing one can be shortened. An act that makes no sense
when its turn comes (a tap on a link that nobody was sent) does nothing.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

APPS: Final = ("whatsapp", "telegram", "viber")
LANDLINE: Final = "+551130781234"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with phones and apps. `phone` is how the list spells the number (empty: none), `number` the same as
    carriers and platforms spell it. `listed`: whether the customer list has them; else they are strangers who get
    forwarded links. `whatsapp_phone` is what WhatsApp vouches for: empty for a customer with a username."""

    label: int
    name: str
    phone: str
    number: str
    listed: bool
    whatsapp_phone: str

    def identity(self, app: str) -> str:
        """What the platform calls them."""
        return {
            "whatsapp": f"BR.77{self.label:03d}",
            "telegram": f"88{self.label:03d}",
            "viber": f"v99{self.label:03d}==",
        }[app]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens. What the fields mean is up to the kind; `n` is the act's number and the source of its
    chance, so that taking other acts away leaves it as it is."""

    n: int
    kind: str
    who: int = 0
    other: int = 0
    match: int = 0
    app: str = ""
    word: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    seed: int
    people: tuple[Person, ...]
    acts: tuple[Act, ...]


def has_mobile(person: Person) -> bool:
    return not person.number.startswith(LANDLINE[:-2])


# How often each kind of act comes, beside the engine's rounds.
WEIGHTS: Final[dict[str, float]] = {
    "round": 22, "send": 12, "receipts": 9, "clock": 6, "sweep": 3,
    "tap": 8, "write": 14, "hello": 2, "forward": 6, "again": 3, "digits": 4, "share": 2, "started": 3,
    "stop": 3, "start": 2, "sms": 2, "block": 2, "unblock": 1, "changed": 1,
    "unsubscribe": 1, "withdraw": 1, "grant": 1, "opt_outs": 1, "undo_import": 0.3,
    "merge": 2, "unmerge": 2, "there_and_back": 0.7, "dismiss": 1, "erase": 1,
    "launch": 4, "pause": 2, "resume": 3, "stop_match": 0.7, "pause_channel": 1, "resume_channel": 2,
    "rival": 1,
    "do": 34, "publish": 2, "pause_journey": 1, "resume_journey": 2, "close_journey": 0.5, "open_journey": 0.7,
    "cancel_journey": 0.4,
}  # fmt: skip
PLACES: Final = (*APPS, "sms")
STOPS: Final = ("STOP", "sair", "Parar!", "stop all", "UNSUBSCRIBE", "cancelar")
STARTS: Final = ("START", "voltar", "UNSTOP")
EDITS: Final = ("as_it_is", "lower", "grouped", "words", "letters", "bare")
AUDIENCES: Final = ("list", "list", "all", "half")
CLASSES: Final = ("marketing", "marketing", "marketing", "service", "transactional")


def write_script(seed: int, length: int = 60) -> Script:
    """The script of a seed: its people, and so many acts after the first launch."""
    random = Random(f"script/{seed}")
    people = _draw_people(random)
    acts = [
        Act(0, "import"),
        Act(
            1, "launch", match=1, word=random.choice(CLASSES), app=random.choice(AUDIENCES), count=random.randint(0, 2)
        ),
        Act(2, "round", count=3),
        Act(3, "send"),
        Act(4, "round"),
        Act(5, "send"),
        Act(6, "publish"),
    ]
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    for n in range(len(acts), len(acts) + length):
        acts.append(_draw_act(random, n, random.choices(kinds, weights)[0], len(people)))
    return Script(seed, people, tuple(acts))


def _draw_people(random: Random) -> tuple[Person, ...]:
    people: list[Person] = []
    listed = random.randint(4, 8)
    for label in range(listed + 2):
        number = f"+55119855502{label:02d}"
        phone = number
        if label < listed:
            match random.randint(0, 9):
                case 0:
                    phone = number[:5] + number[6:]  # without the ninth digit
                case 1:
                    phone = number = LANDLINE[:-2] + f"{label:02d}"
                case 2 if people:
                    phone = number = people[-1].number  # a household
        vouched = random.choice((number, number, "", number[:5] + number[6:], f"+55219855503{label:02d}"))
        name = f"Nome{'abcdefghijklmn'[label]}{seed_letters(random)}"
        people.append(Person(label, name, phone, number, label < listed, vouched))
    return tuple(people)


def seed_letters(random: Random) -> str:
    """Letters that stand nowhere else, so that a search finds a name and nothing but it."""
    return "".join(random.choices("bcdfghjklmnpqrstvwxz", k=6))


def _draw_act(random: Random, n: int, kind: str, people: int) -> Act:
    who, other = random.randrange(people), random.randrange(people)
    match kind:
        case "round" | "send" | "receipts":
            return Act(n, kind, count=random.choice((1, 1, 2, 5, 20)))
        case "clock":
            return Act(n, kind, count=random.choice((1, 5, 30, 90, 600, 4_000, 30_000, 100_000)))
        case "launch":
            classes, audience = random.choice(CLASSES), random.choice(AUDIENCES)
            return Act(n, kind, word=classes, app=audience, count=random.randint(0, 2))
        case "stop":
            return Act(n, kind, who, app=random.choice(PLACES), word=random.choice(STOPS))
        case "start":
            return Act(n, kind, who, app=random.choice(PLACES), word=random.choice(STARTS))
        case "write" | "forward" | "tap":
            app, edit = random.choice(APPS), random.choice(EDITS)
            return Act(n, kind, who, app=app, word=edit, count=random.choice((1, 1, 1, 2)))
        case "digits":
            return Act(n, kind, who, other, app=random.choice(APPS), word=random.choice(("right", "right", "wrong")))
        case _:
            return Act(n, kind, who, other, random.randint(1, 3), random.choice(APPS))
