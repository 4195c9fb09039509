"""The file: the cast's rows, and among them the thirteen kinds of trouble that customer lists really have.

Every row says what must become of it. The list is imported without a default country, so that a number without its
country code is trouble too.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

from tertulia.stories.match.cast import Casting, Customer, Role, spell_otherwise

HEAD: Final = ("Name", "Surname", "Phone", "City")
TROUBLE_SHARE: Final = 21  # of a hundred rows
CITIES: Final = ("São Paulo", "Recife", "Porto", "Brno", "Cluj", 'Vila "Nova"', "Rio; Zona Sul", "")


class Trouble(StrEnum):
    """The kinds of trouble."""

    NO_PHONE = "no phone"
    LETTERS = "letters in the phone"
    WRONG_LENGTH = "too short or long"
    UNASSIGNED = "unassigned prefix"
    LANDLINE = "landline"
    NO_COUNTRY_CODE = "no country code"
    DIGITS_LOST = "digits lost to a spreadsheet"
    PLACEHOLDER = "placeholder"
    SAME_PERSON = "the same person twice in two spellings"
    NATIONAL_VARIANT = "national variant of an earlier row"
    SHARED_PHONE = "two people with one phone"
    OPTED_OUT = "a number on the opt-out list"
    BROKEN = "a broken row"


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file as it is written, with what must become of it: the outcome and the reason's code."""

    line: str
    outcome: str
    reason: str = ""
    trouble: Trouble | None = None


@dataclass(slots=True)
class CustomerList:
    """The file and what follows from it. `reachable` get the SMS; `opted_out_before` and `_after` are the opt-out
    lists' numbers, imported before and after this file; `landlines` are kept without SMS; `sharing` maps the second
    person of a shared phone to the first."""

    rows: list[Row] = field(default_factory=list)
    reachable: list[Customer] = field(default_factory=list)
    opted_out_before: list[Customer] = field(default_factory=list)
    opted_out_after: list[Customer] = field(default_factory=list)
    landlines: list[Customer] = field(default_factory=list)
    sharing: list[Customer] = field(default_factory=list)

    @property
    def people(self) -> list[Customer]:
        """Everybody whom the import must know afterwards."""
        return [*self.reachable, *self.opted_out_before, *self.opted_out_after, *self.landlines]

    def encode(self) -> bytes:
        """UTF-8 with a BOM, semicolons, CR LF: as spreadsheets write it."""
        lines = [";".join(HEAD), *(row.line for row in self.rows)]
        return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()

    def count_outcomes(self) -> dict[str, int]:
        return dict(Counter(row.outcome for row in self.rows))

    def count_reasons(self) -> dict[str, int]:
        return dict(Counter(row.reason for row in self.rows if row.reason))


def write_opt_outs(customers: list[Customer], random: Random) -> bytes:
    """An opt-out list of the old system: numbers in any spelling, and one that nobody has."""
    lines = ["phone,date,reason"]
    lines += [f"{spell(c.phone, random)},2025-03-0{random.randint(1, 9)},unsubscribed" for c in customers]
    lines.append("+5511900000001,2025-03-01,unsubscribed")
    return "".join(f"{line}\n" for line in lines).encode()


def write_list(count: int, random: Random) -> CustomerList:
    """A list of `count` rows under the head."""
    return _Writer(random).write(count)


class _Writer:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._casting = Casting(random)
        self._made = CustomerList()

    def write(self, count: int) -> CustomerList:
        troubles = self._deal_troubles(count * TROUBLE_SHARE // 100)
        doubled = sum(trouble in (Trouble.SAME_PERSON, Trouble.NATIONAL_VARIANT) for trouble in troubles)
        for customer in self._casting.make_cast(count - len(troubles)):
            self._add_customer(customer)
        earlier = list(self._made.reachable)
        self._random.shuffle(earlier)
        self._variants = [c for c in earlier if spell_otherwise(c.phone) != c.phone]
        self._plain = [c for c in earlier if c.role is not Role.WROTE_BEFORE and c not in self._variants[:doubled]]
        bad = [row for trouble in troubles for row in [self._make_trouble(trouble)]]
        self._mix_in(bad)
        return self._made

    def _deal_troubles(self, count: int) -> list[Trouble]:
        kinds = list(Trouble)
        return [kinds[number % len(kinds)] for number in range(max(count, len(kinds)))]

    def _add_customer(self, customer: Customer) -> None:
        self._made.reachable.append(customer)
        outcome = "updated" if customer.role is Role.WROTE_BEFORE else "new"
        self._made.rows.append(Row(self._line(customer, spell(customer.phone, self._random)), outcome))

    def _mix_in(self, bad: list[Row]) -> None:
        """Rows that repeat an earlier one come last, the others anywhere; a quote that is never closed ends nothing."""
        for row in bad:
            later = row.outcome == "duplicate" or row.reason == "shared_phone"
            place = len(self._made.rows) if later else self._random.randint(0, len(self._made.rows))
            self._made.rows.insert(place, row)

    def _make_trouble(self, trouble: Trouble) -> Row:
        match trouble:
            case Trouble.NO_PHONE:
                return self._reject(trouble, self._random.choice(["", "-", "n/a"]), "no_phone")
            case Trouble.LETTERS:
                return self._reject(trouble, f"+55 11 9OO{self._random.randint(10, 99)}-1B34", "letters")
            case Trouble.WRONG_LENGTH:
                short = self._random.random() < 0.5
                digits = self._random.randint(81_000, 89_999)
                number = f"+55 11 9{digits}" if short else f"+55 11 9{digits}{digits}"
                return self._reject(trouble, number, "too_short" if short else "too_long")
            case Trouble.UNASSIGNED:
                number = f"+55 20 98{self._random.randint(1_000_000, 9_999_999)}"
                return self._reject(trouble, number, "unassigned_prefix")
            case Trouble.NO_COUNTRY_CODE:
                number = f"(11) 98{self._random.randint(100, 999)}-{self._random.randint(1000, 9999)}"
                return self._reject(trouble, number, "no_country_code")
            case Trouble.DIGITS_LOST:
                return self._reject(trouble, self._random.choice(["5.51E+12", "5,51E+12"]), "digits_lost")
            case Trouble.PLACEHOLDER:
                return self._reject(trouble, self._random.choice(["000000000", "999999999"]), "placeholder")
            case Trouble.BROKEN:
                return self._make_broken()
            case Trouble.LANDLINE:
                return self._make_landline()
            case Trouble.SAME_PERSON:
                return self._repeat(trouble, self._plain.pop())
            case Trouble.NATIONAL_VARIANT:
                return self._repeat(trouble, self._variants.pop(0))
            case Trouble.SHARED_PHONE:
                return self._share()
            case Trouble.OPTED_OUT:
                return self._make_opted_out()

    def _reject(self, trouble: Trouble, phone: str, reason: str) -> Row:
        name, surname = self._casting.draw_name("pt")
        return Row(_join(name, surname, phone, "Recife"), "rejected", reason, trouble)

    def _make_broken(self) -> Row:
        name, surname = self._casting.draw_name("pt")
        phone = self._casting.draw_phone()[1]
        if self._random.random() < 0.5:
            return Row(f'{name};"{surname};{phone};Recife', "rejected", "quote_never_closed", Trouble.BROKEN)
        line = f"{name};{surname};{phone};Recife;x;y"
        return Row(line, "rejected", "wrong_column_count", Trouble.BROKEN)

    def _make_landline(self) -> Row:
        customer = self._casting.make_customer(Role.IGNORES)
        phone = f"+5511307{self._random.randint(10_000, 99_999)}"
        customer = Customer(customer.number, *self._casting.draw_name("pt"), phone, "pt", Role.IGNORES, "", phone)
        self._made.landlines.append(customer)
        return Row(self._line(customer, phone), "new", "landline", Trouble.LANDLINE)

    def _repeat(self, trouble: Trouble, earlier: Customer) -> Row:
        """The same person again: the number in its other national spelling, or the same one written otherwise."""
        phone = "00" + earlier.phone[1:]
        if trouble is Trouble.NATIONAL_VARIANT:
            phone = spell_otherwise(earlier.phone)
        line = _join(earlier.name.upper(), earlier.surname, phone, "")
        return Row(line, "duplicate", "same_person", trouble)

    def _share(self) -> Row:
        """Another person with the phone of an earlier row: both are kept, both are written to."""
        first = self._plain.pop()
        while first.role not in (Role.IGNORES, Role.WRITES, Role.LOOKS, Role.OPENS):
            first = self._plain.pop()
        name, surname = self._casting.draw_name(first.language, other_than=first.name)
        other = Customer(-first.number, name, f"{surname} Filho", first.phone, first.language, Role.IGNORES, "", "")
        self._made.reachable.append(other)
        self._made.sharing.append(other)
        return Row(self._line(other, first.phone), "new", "shared_phone", Trouble.SHARED_PHONE)

    def _make_opted_out(self) -> Row:
        customer = self._casting.make_customer(Role.IGNORES)
        before = len(self._made.opted_out_before) <= len(self._made.opted_out_after)
        (self._made.opted_out_before if before else self._made.opted_out_after).append(customer)
        reason = "suppressed" if before else ""
        return Row(self._line(customer, spell(customer.phone, self._random)), "new", reason, Trouble.OPTED_OUT)

    def _line(self, customer: Customer, phone: str) -> str:
        return _join(customer.name, customer.surname, phone, self._random.choice(CITIES))


def spell(phone: str, random: Random) -> str:
    """A number as people write it, always with its country code."""
    match random.randint(0, 4):
        case 0:
            return f"{phone[:3]} {phone[3:5]} {phone[5:]}"
        case 1:
            return f"{phone[:3]} ({phone[3:5]}) {phone[5:9]}-{phone[9:]}"
        case 2:
            return f"00{phone[1:]}"
        case 3:
            return f"\u200e{phone}"
        case _:
            return phone


def _join(*cells: str) -> str:
    return ";".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if set(cell) & set('";') else cell for cell in cells)
