"""Verbena Market's customers: a list as shops have it, and the phones of the people in it.

Everything follows from a seed. Most numbers are mobiles of people who have a phone in the simulator; some rows are as
lists really are: landlines, gaps, the same person twice.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

ROWS = 1_000
SEED = "verbena"
FIRST_NAMES = (
    *("Beatriz", "Jurema", "Rafael", "Larissa", "Thiago", "Camila", "Gustavo", "Fernanda", "Lucas", "Patrícia"),
    *(
        "Mateus",
        "Aline",
        "Bruno",
        "Vanessa",
        "Diego",
        "Juliana",
        "Felipe",
        "Marina",
        "André",
        "Renata",
        "Caio",
        "Luísa",
    ),
)
SURNAMES = (
    *("Almeida", "Barros", "Cardoso", "Duarte", "Esteves", "Ferraz", "Gouveia", "Henriques", "Lacerda", "Macedo"),
    *("Nogueira", "Oliveira", "Pacheco", "Queiroz", "Ramalho", "Sampaio", "Teixeira", "Uchoa", "Vasconcelos", "Xavier"),
)
ABROAD = (
    # names, calling code, national number's head, digits after it, language, apps
    (("Marta Sousa", "Rui Pinto", "Inês Lopes"), "+351", "91", 7, "pt", ("whatsapp", "messenger", "viber")),
    (("Petr Novák", "Jana Dvořáková"), "+420", "606", 6, "cs", ("whatsapp", "messenger", "viber", "telegram")),
    (("Andrei Ionescu", "Elena Popa"), "+40", "72", 7, "ro", ("whatsapp", "viber", "messenger")),
    (("王芳", "李伟"), "+86", "138", 8, "zh", ("wechat",)),
    (("فاطمة علي", "أحمد حسن"), "+971", "50", 7, "ar", ("whatsapp", "telegram", "viber")),
    (("田中 花子", "佐藤 健"), "+81", "901", 7, "ja", ("line",)),
)
AREAS = ("11", "21", "31", "41", "51", "61", "71", "81", "85", "19")
BRAZILIAN_APPS = ("whatsapp", "telegram", "messenger")
CITIES = ("São Paulo", "Rio de Janeiro", "Belo Horizonte", "Curitiba", "Porto Alegre", "Recife")


@dataclass(frozen=True, slots=True)
class Customer:
    """A person with a phone."""

    name: str
    surname: str
    phone: str
    language: str
    apps: tuple[str, ...]
    email: str
    city: str = ""


def make_customers(count: int = ROWS) -> list[Customer]:
    """People, each with a number of their own; the same at every call."""
    made: dict[str, Customer] = {}
    for number in _count():
        if len(made) >= count:
            return list(made.values())
        customer = _make_abroad(number) if _pick(number, "abroad", 10) == 0 else _make_brazilian(number)
        made.setdefault(customer.phone, customer)
    raise AssertionError


def write_list(customers: list[Customer]) -> bytes:
    """The list as a CSV in UTF-8 with a BOM, as spreadsheets write it, troubles included."""
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Nome", "Sobrenome", "Telefone", "E-mail", "Cidade"])
    for number, customer in enumerate(customers):
        rows.writerow([customer.name, customer.surname, _spell(number, customer.phone), customer.email, customer.city])
        rows.writerows(_make_trouble(number, customer))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _make_brazilian(number: int) -> Customer:
    area = AREAS[_pick(number, "area", len(AREAS))]
    phone = f"+55{area}9{80_000_000 + _pick(number, 'phone', 19_999_999)}"
    first = FIRST_NAMES[_pick(number, "first", len(FIRST_NAMES))]
    last = SURNAMES[_pick(number, "last", len(SURNAMES))]
    city = CITIES[_pick(number, "city", len(CITIES))]
    return Customer(first, last, phone, "pt", BRAZILIAN_APPS, _make_email(number, first, last), city)


def _make_abroad(number: int) -> Customer:
    names, code, head, digits, language, apps = ABROAD[_pick(number, "country", len(ABROAD))]
    name, _, surname = names[_pick(number, "first", len(names))].partition(" ")
    tail = str(_pick(number, "phone", 10**digits)).zfill(digits)
    return Customer(name, surname, f"{code}{head}{tail}", language, apps, _make_email(number, name, surname))


def _make_email(number: int, name: str, surname: str) -> str:
    """An address of a domain that exists nowhere; of a name in another script only its number is left."""
    plain = unicodedata.normalize("NFKD", f"{name} {surname}").encode("ascii", "ignore").decode().lower()
    return f"{'.'.join([*plain.split(), str(number)])}@mail.example"


def _spell(number: int, phone: str) -> str:
    """A number as people write it: every third Brazilian one in the national way."""
    if phone.startswith("+55") and number % 3 == 0:
        return f"({phone[3:5]}) {phone[5:10]}-{phone[10:]}"
    return phone


def _make_trouble(number: int, customer: Customer) -> Iterator[list[str]]:
    """Now and then a row that a check has to say something about."""
    match number % 100:
        case 17:
            yield [customer.name, "Matriz", "(11) 3071-" + str(1_000 + _pick(number, "land", 9_000)), "", ""]
        case 38:
            number_again = customer.phone.replace("+", "00")
            yield [customer.name, customer.surname.upper(), number_again, customer.email, customer.city]
        case 61:
            yield ["Cliente", "sem telefone", "", "", ""]
        case 83:
            yield ["Teste", "", "000000000", "", ""]


def _pick(number: int, what: str, below: int) -> int:
    digest = blake2b(f"{SEED}:{what}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
