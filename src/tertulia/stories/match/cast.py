"""Who is in the story: customers with a phone, an app and a role, all from the seed.

Roles are dealt like cards, by stated shares, so that every role has somebody even in a small cast. What a role comes
to in the funnel stands in `expected`; what somebody in it does, in `acts`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final


class Role(StrEnum):
    """What a customer does with the link."""

    IGNORES = "ignores"
    SCANNED = "scanned"  # only a HEAD and a scanner open the link
    LOOKS = "looks"  # taps, sees the chooser, closes it
    OPENS = "opens"  # taps through to the app, writes nothing
    WRITES = "writes"
    EDITS = "edits"  # writes around the code, or spells it otherwise
    DOUBLES = "doubles"  # taps twice, sends twice
    OTHER_SPELLING = "other_spelling"  # WhatsApp knows the number in its other national spelling
    OTHER_NUMBER = "other_number"  # WhatsApp runs on another number; the second question is answered right
    USERNAME = "username"  # WhatsApp shows no number at all
    LOSES_CODE = "loses_code"  # writes without the code, from the number in the list
    SHARES_NUMBER = "shares_number"  # writes without code and number, then shares the number by the button
    FORWARDS_AFTER = "forwards_after"  # writes; then somebody else uses the link, and does not know the number
    FORWARDS_BEFORE = "forwards_before"  # somebody else uses the link first, from another number; then the customer
    WROTE_BEFORE = "wrote_before"  # had written in WhatsApp before the list was imported
    KNOWN_ELSEWHERE = "known_elsewhere"  # had written in Telegram, where nothing said who it was
    STOPS_SMS = "stops_sms"  # answers the SMS with an opt-out word
    STOPS_APP = "stops_app"  # writes, then opts out there
    PHONE_OFF = "phone_off"
    DEAD_NUMBER = "dead_number"


SHARES: Final[dict[Role, int]] = {
    Role.IGNORES: 22, Role.SCANNED: 3, Role.LOOKS: 4, Role.OPENS: 6, Role.WRITES: 22, Role.EDITS: 8, Role.DOUBLES: 4,
    Role.OTHER_SPELLING: 4, Role.OTHER_NUMBER: 3, Role.USERNAME: 5, Role.LOSES_CODE: 2, Role.SHARES_NUMBER: 2,
    Role.FORWARDS_AFTER: 3, Role.FORWARDS_BEFORE: 3, Role.WROTE_BEFORE: 2, Role.KNOWN_ELSEWHERE: 2,
    Role.STOPS_SMS: 3, Role.STOPS_APP: 3, Role.PHONE_OFF: 2, Role.DEAD_NUMBER: 2,
}  # fmt: skip
"""Of a hundred customers."""

APPS: Final = ("whatsapp", "messenger", "line", "viber", "telegram", "wechat")
ONLY_WHATSAPP: Final = frozenset({
    Role.OTHER_SPELLING, Role.OTHER_NUMBER, Role.USERNAME, Role.LOSES_CODE, Role.SHARES_NUMBER, Role.FORWARDS_BEFORE,
    Role.WROTE_BEFORE,
})  # fmt: skip
EDITABLE: Final = ("whatsapp", "messenger", "line", "viber", "wechat")

_NAMES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "pt": (
        ("Beatriz", "Jurema", "Rafael", "Larissa", "Thiago", "Camila", "Gustavo", "Patrícia", "André", "Luísa"),
        ("Almeida", "Barros", "Cardoso", "Duarte", "Esteves", "Gouveia", "Lacerda", "Nogueira", "Sampaio", "Uchoa"),
    ),
    "es": (("Sofía", "Mateo", "Valentina", "Joaquín"), ("Fernández", "Quiroga", "Ibáñez", "Medina")),
    "cs": (("Petr", "Jana", "Tomáš", "Eliška"), ("Novák", "Dvořáková", "Kučera", "Černá")),
    "ro": (("Andrei", "Elena", "Ștefan", "Ioana"), ("Ionescu", "Popa", "Munteanu", "Țurcanu")),
    "ar": (("فاطمة", "أحمد", "ليلى", "يوسف"), ("علي", "حسن", "منصور", "خليل")),
    "zh": (("芳", "伟", "娜", "磊"), ("王", "李", "张", "刘")),
    "ja": (("花子", "健", "美咲", "翔"), ("田中", "佐藤", "鈴木", "高橋")),
}

# language, how the number begins, digits after it, share of a hundred
_COUNTRIES: Final = (
    ("pt", "+55{area}9{mobile}", 7, 62),
    ("es", "+5255", 8, 7),
    ("es", "+54911", 8, 7),
    ("pt", "+35191", 7, 5),
    ("cs", "+420602", 6, 5),
    ("ro", "+4072", 7, 4),
    ("ar", "+97150", 7, 4),
    ("zh", "+86138", 8, 3),
    ("ja", "+8190", 8, 3),
)
_AREAS: Final = ("11", "21", "31", "41", "51", "61", "71", "81", "85", "19")


@dataclass(frozen=True, slots=True)
class Customer:
    """A person of the list. `phone` (E.164) takes the SMS; `app` is where they write, on the number `app_phone`."""

    number: int
    name: str
    surname: str
    phone: str
    language: str
    role: Role
    app: str
    app_phone: str

    @property
    def key(self) -> tuple[str, str]:
        """Whom the platform must know them as: two people may share a phone."""
        return self.phone, self.name


class Casting:
    """Gives people out, no number twice. `random` is the story's own."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()
        self._number = 0

    def avoid(self, phones: Iterable[str]) -> None:
        """Numbers that are taken already."""
        for phone in phones:
            self._taken |= {phone, spell_otherwise(phone)}

    def make_cast(self, count: int) -> list[Customer]:
        """That many customers, roles by their shares, each role at least once where `count` allows."""
        roles = deal_roles(count, self._random)
        return [self.make_customer(role) for role in roles]

    def make_customer(self, role: Role) -> Customer:
        self._number += 1
        language, phone = self.draw_phone(brazilian=role is Role.OTHER_SPELLING)
        name, surname = self.draw_name(language)
        app = self._draw_app(role)
        app_phone = phone
        if role is Role.OTHER_SPELLING:
            app_phone = spell_otherwise(phone)
        elif role is Role.OTHER_NUMBER:
            app_phone = self.draw_phone()[1]
        return Customer(self._number, name, surname, phone, language, role, app, app_phone)

    def draw_name(self, language: str, other_than: str = "") -> tuple[str, str]:
        """A name and a surname; none of the words of `other_than`."""
        names, surnames = _NAMES[language]
        free = [name for name in names if name != other_than]
        return self._random.choice(free), self._random.choice(surnames)

    def draw_phone(self, *, brazilian: bool = False) -> tuple[str, str]:
        """A language and a mobile number of a country that speaks it. `brazilian`: one that has two spellings."""
        while True:
            weights = [country[3] for country in _COUNTRIES]
            spelled_twice = _COUNTRIES[:3]
            language, head, digits, _ = (
                self._random.choice(spelled_twice) if brazilian else self._random.choices(_COUNTRIES, weights)[0]
            )
            head = head.format(area=self._random.choice(_AREAS), mobile=self._random.choice("689"))
            phone = head + self._random.choice("2345678") + "".join(self._random.choices("0123456789", k=digits - 1))
            if phone not in self._taken and spell_otherwise(phone) not in self._taken:
                self._taken |= {phone, spell_otherwise(phone)}
                return language, phone

    def _draw_app(self, role: Role) -> str:
        if role in ONLY_WHATSAPP:
            return "whatsapp"
        if role is Role.KNOWN_ELSEWHERE:
            return "telegram"
        return self._random.choice(EDITABLE if role is Role.EDITS else APPS)


def deal_roles(count: int, random: Random) -> list[Role]:
    """`count` roles by their shares, every role first once while there is room, in a random order."""
    roles = list(SHARES)[:count]
    hand = [role for role, share in SHARES.items() for _ in range(max(0, round(count * share / 100) - 1))]
    random.shuffle(hand)
    roles += hand[: count - len(roles)]
    roles += [Role.WRITES] * (count - len(roles))
    random.shuffle(roles)
    return roles


def spell_otherwise(phone: str) -> str:
    """The other national spelling of a mobile of Brazil, Mexico or Argentina; of any other the number itself."""
    if phone.startswith("+55") and len(phone) == 14:
        return phone[:5] + phone[6:]
    if phone.startswith("+521"):
        return "+52" + phone[4:]
    if phone.startswith("+52"):
        return "+521" + phone[3:]
    if phone.startswith("+549"):
        return "+54" + phone[4:]
    return phone


def iter_phones(cast: list[Customer]) -> Iterator[str]:
    """Every number that somebody of the cast holds."""
    for customer in cast:
        yield customer.phone
        if customer.app_phone != customer.phone:
            yield customer.app_phone
