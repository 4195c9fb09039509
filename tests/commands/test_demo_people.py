"""The demo's list."""

import csv
import io
from collections import Counter

from tertulia.commands.demo_people import ROWS, make_customers, write_list
from tertulia.core.phones import Phone, normalise_phone


def test_everybody_has_a_mobile_of_their_own() -> None:
    """Every number is a mobile by its country's plan, and the list is the same at every start."""
    customers = make_customers()
    assert customers == make_customers()
    assert len({customer.phone for customer in customers}) == ROWS
    read = [normalise_phone(customer.phone) for customer in customers]
    assert [phone for phone in read if not (isinstance(phone, Phone) and phone.reachable_by_sms)] == []
    assert len({phone.key for phone in read if isinstance(phone, Phone)}) == ROWS


def test_the_list_has_the_usual_troubles() -> None:
    """Ten landlines, ten rows without a phone, ten placeholders, ten people twice."""
    text = write_list(make_customers()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(rows) == ROWS + 40
    phones = Counter(row["Telefone"] for row in rows)
    assert (phones[""], phones["000000000"]) == (10, 10)
    assert sum(row["Sobrenome"] == "Matriz" for row in rows) == 10
    assert sum(row["Sobrenome"].isupper() for row in rows) == 10
