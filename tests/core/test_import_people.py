"""Who a row is: compared with contacts, with the other rows of its file, and by how its numbers follow each other."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.consent import Cause
from tertulia.core.import_opt_outs import OptOut, OptOutReader
from tertulia.core.import_people import (
    SERIES_LENGTH_MIN,
    FileRow,
    Known,
    New,
    Series,
    SeriesWatch,
    Twin,
    Unchanged,
    Updated,
    classify_row,
    find_twins,
    names_agree,
)
from tertulia.core.import_reasons import Reason
from tertulia.core.import_rows import CheckedRow, RowProblem, RowReader

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGETS = ("name", "surname", "phone", "email", "external_id", "attribute:city")
READER = RowReader(TARGETS, country="BR", zones=frozenset({"America/Bahia"}), today=date(2026, 11, 22))
KEY = "+5511985550200"


def make_row(
    name: str = "Ana", surname: str = "Silva", phone: str = KEY, email: str = "", external_id: str = "", city: str = ""
) -> CheckedRow:
    row = READER.read(2, [name, surname, phone, email, external_id, city])
    assert isinstance(row, CheckedRow)
    return row


ANA = Known(256, "Ana", "Silva", "BR", external_id="", phones=(KEY,))


def test_nobody_known_is_new() -> None:
    """No contact shares an address or an id."""
    assert classify_row(make_row(), []) == New()


def test_the_same_person_again_is_unchanged() -> None:
    """Other capitals, another spelling of the number: nothing to do."""
    assert classify_row(make_row("ANA", "silva", "11 8555-0200"), [ANA]) == Unchanged(256)


def test_M2_a_national_variant_is_the_same_person() -> None:
    """The ninth digit makes no second contact."""
    assert classify_row(make_row(phone="+551185550200"), [ANA]) == Unchanged(256)


def test_what_the_file_knows_better_is_changed() -> None:
    """Filled cells change fields, empty ones nothing; new addresses are added."""
    row = make_row("Ana Maria", "Silva", email="ana@x.org", external_id="C1", city="Recife")
    changes = {"name": "Ana Maria", "external_id": "C1", "email": "ana@x.org", "attribute:city": "Recife"}
    assert classify_row(row, [ANA]) == Updated(256, changes)
    assert classify_row(make_row("", ""), [ANA]) == Unchanged(256)


def test_M1_two_people_with_one_phone_are_two() -> None:
    """Another name on a known number is a new contact that shares it."""
    assert classify_row(make_row("Bruno", "Reis"), [ANA]) == New(shares_phone=True)


def test_an_external_id_decides_alone() -> None:
    """The same id is the same person whatever else changed; another id is another person."""
    known = Known(256, "Ana", "Silva", external_id="C1", phones=("+5521985550200",))
    verdict = classify_row(make_row("Anna", "Reis", external_id="C1"), [known])
    assert isinstance(verdict, Updated)
    assert verdict.changes["phone"] == KEY
    assert classify_row(
        make_row(external_id="C2"), [Known(256, "Ana", "Silva", external_id="C1", phones=(KEY,))]
    ) == New(shares_phone=True)


def test_an_email_joins_only_where_phones_do_not_contradict() -> None:
    """One mailbox, two phones: a household."""
    with_mail = Known(256, "Ana", "Silva", "BR", emails=("ana@x.org",))
    assert isinstance(classify_row(make_row(email="Ana@X.org"), [with_mail]), Updated)
    other_phone = Known(256, "Ana", "Silva", "BR", phones=("+5521985550200",), emails=("ana@x.org",))
    assert classify_row(make_row(email="ana@x.org"), [other_phone]) == New()


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (("Ana", "Silva"), ("ANA", "SILVA"), True),
        (("Ana", "Silva"), ("Ana Maria", "Silva"), True),
        (("Ana Silva", ""), ("Ana", "Silva"), True),
        (("José", ""), ("Jose", "Conceição"), True),
        (("", ""), ("Ana", "Silva"), True),
        (("Ana", "Silva"), ("Bruno", "Silva"), False),
        (("Ana", "Silva"), ("Ana", "Souza"), False),
        (("王", "伟"), ("王伟", ""), True),
    ],
)
def test_names_agree(one: tuple[str, str], other: tuple[str, str], agree: bool) -> None:
    """The words of the shorter name all stand in the longer one."""
    assert names_agree(*one, *other) is agree
    assert names_agree(*other, *one) is agree


def test_rows_of_one_file_that_share_a_phone() -> None:
    """The first stands; the same person again is a twin, another person shares."""
    rows = [
        FileRow(2, "Ana", "Silva", "", KEY, ""),
        FileRow(5, "ana", "SILVA", "", KEY, ""),
        FileRow(7, "Bruno", "Reis", "", KEY, ""),
        FileRow(9, "Bruno", "", "", KEY, ""),
        FileRow(11, "Ana", "Silva", "C9", KEY, ""),
    ]
    assert find_twins(rows) == [
        Twin(5, 2, same=True),
        Twin(7, 2, same=False),
        Twin(9, 7, same=True),
        Twin(11, 2, same=True),
    ]


def feed(numbers: list[int]) -> list[Series]:
    watch = SeriesWatch()
    found: list[Series] = []
    for row, number in enumerate(numbers, 2):
        found += watch.feed([(row, number)])
        watch = SeriesWatch(watch.state)
    last, whole = watch.end(), SeriesWatch()
    assert (whole.feed(enumerate(numbers, 2)), whole.state) == (found, watch.state)
    return [*found, last] if last else found


def test_a_series_of_numbers_is_found() -> None:
    """23 numbers that rise by one, among others; 19 are no series; falling counts too."""
    first = 5511985550200
    rising = list(range(first, first + 23))
    assert feed([first + 900, *rising, first + 400]) == [Series(3, 25, f"+{first}", f"+{first + 22}", 23)]
    assert feed(list(range(first, first + SERIES_LENGTH_MIN - 1))) == []
    assert feed(rising[::-1]) == [Series(2, 24, f"+{first + 22}", f"+{first}", 23)]


@given(st.lists(st.integers(-1, 1), max_size=120))
def test_series_are_exactly_the_long_runs(steps: list[int]) -> None:
    """Whatever the steps are, each series found is a run of equal steps of one, and none is missed."""
    numbers = [5511985550200]
    for step in steps:
        numbers.append(numbers[-1] + (step or 50))
    runs, length, before = 0, 1, 0
    for step in [*steps, 0]:
        if step and step == before:
            length += 1
        else:
            runs += length >= SERIES_LENGTH_MIN
            length = 2 if step else 1
        before = step
    assert len(feed(numbers)) == runs


def read_opt_out(targets: tuple[str, ...], *cells: str) -> OptOut | RowProblem:
    return OptOutReader(targets, country="BR", cause=Cause.WITHDRAWN, now=NOW).read(2, cells)


def test_C4_causes_of_an_opt_out_list_stay_apart() -> None:
    """Words of old systems in many languages name the cause; what is unknown is the list's own."""
    for word, cause in [
        ("Bounced", Cause.BOUNCED),
        ("SPAM", Cause.COMPLAINED),
        ("退订", Cause.WITHDRAWN),
        ("?", Cause.WITHDRAWN),
    ]:
        found = read_opt_out(("phone", "date", "cause"), "11 98555-0200", "2024-05-01", word)
        assert isinstance(found, OptOut)
        assert (found.kind, found.canonical, found.cause) == ("phone", KEY, cause)
        assert found.at == datetime(2024, 5, 1, tzinfo=UTC)


def test_an_opt_out_is_obeyed_in_doubt() -> None:
    """An unreadable date, a missing plus, a mistyped e-mail: the meaning is plain, so it counts."""
    found = read_opt_out(("address", "date"), "351912345678", "someday")
    assert isinstance(found, OptOut)
    assert (found.canonical, found.at) == ("+351912345678", NOW)
    mail = read_opt_out(("address", "date"), "Ana@@Example.com", "")
    assert isinstance(mail, OptOut)
    assert (mail.kind, mail.canonical, mail.value) == ("email", "ana@example.com", "Ana@Example.com")


def test_an_opt_out_row_without_address_is_reported() -> None:
    """It has its reason like any other row."""
    problem = read_opt_out(("phone", "date"), "", "2024-05-01")
    assert isinstance(problem, RowProblem)
    assert problem.reason is Reason.NO_ADDRESS
    short = read_opt_out(("phone", "date"), "+55 11 9855", "")
    assert isinstance(short, RowProblem)
    assert short.reason is Reason.TOO_SHORT
