"""Rows are read cell by cell: what is right goes on as typed values, what is wrong has its reason and its remedy."""

import zoneinfo
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import import_reasons
from tertulia.core.import_reasons import Reason, Remedy, pack_note, sentence_of_reason, sentence_of_remedy
from tertulia.core.import_rows import CheckedRow, RowProblem, RowReader, split_full_name
from tertulia.core.phones import LineType, Phone, PhoneReason

ZONES = frozenset(zoneinfo.available_timezones())
TODAY = date(2026, 11, 22)
TARGETS = tuple(
    "name surname phone email country language zone birthday external_id opt_in tags attribute:city".split()  # noqa: SIM905
)
PLACE = {target: column for column, target in enumerate(TARGETS)}


def make_reader(targets: tuple[str, ...] = TARGETS, *, country: str = "BR", take: bool = False) -> RowReader:
    return RowReader(targets, country=country, zones=ZONES, today=TODAY, take_suggestions=take)


def make_cells(**cells: str) -> list[str]:
    values = {"name": "Ana", "phone": "11 98555-0200", **cells}
    row = [""] * len(TARGETS)
    for target, value in values.items():
        row[PLACE[target.replace("attribute_", "attribute:")]] = value
    return row


def read_row(**cells: str) -> CheckedRow:
    checked = make_reader().read(7, make_cells(**cells))
    assert isinstance(checked, CheckedRow), checked
    return checked


def refuse_row(default: str = "BR", **cells: str) -> RowProblem:
    problem = make_reader(country=default).read(7, make_cells(**cells))
    assert isinstance(problem, RowProblem), problem
    assert problem.row == 7
    return problem


def test_a_whole_row() -> None:
    """Every kind of column, as values of its type."""
    checked = read_row(
        name=" Ana\u00a0Maria ",
        surname="Silva",
        email="Ana@Example.com",
        country="Brasil",
        language="Português",
        zone="America/Sao_Paulo",
        birthday="01/03/1988",
        external_id="C-17",
        opt_in="Sim",
        tags="vip; novo, vip",
        attribute_city="São Paulo",
    )
    assert (checked.name, checked.surname, checked.email) == ("Ana Maria", "Silva", "Ana@Example.com")
    assert (checked.country, checked.language, checked.zone) == ("BR", "pt", "America/Sao_Paulo")
    assert checked.external_id == "C-17"
    assert checked.opt_in is True
    assert checked.attributes == {"birthday": "1988-03-01", "tags": ["vip", "novo"], "city": "São Paulo"}
    assert checked.phone is not None
    assert checked.phone.e164 == "+5511985550200"
    assert checked.sms_reason is None


@pytest.mark.parametrize(
    ("cells", "field", "reason", "remedy", "fix"),
    [
        ({"phone": "call me"}, "phone", Reason.LETTERS, Remedy.LEAVE_OUT, None),
        ({"phone": "+55 11 9855"}, "phone", Reason.TOO_SHORT, Remedy.NEEDS_DIGITS, None),
        ({"phone": "+55 11 98555 02000"}, "phone", Reason.TOO_LONG, Remedy.NEEDS_DIGITS, None),
        ({"phone": "+55 20 98555-0200"}, "phone", Reason.UNASSIGNED_PREFIX, Remedy.LEAVE_OUT, None),
        ({"phone": "5.51E+12"}, "phone", Reason.DIGITS_LOST, Remedy.ASK_AGAIN, None),
        ({"phone": "9,12555E+11"}, "phone", Reason.DIGITS_LOST, Remedy.ASK_AGAIN, None),
        ({"phone": "000000000"}, "phone", Reason.PLACEHOLDER, Remedy.LEAVE_OUT, None),
        ({"phone": "0800 555 0199"}, "phone", Reason.TOLL_FREE, Remedy.LEAVE_OUT, None),
        ({"phone": "351912345678"}, "phone", Reason.TOO_LONG, Remedy.USE_VALUE, "+351912345678"),
        ({"phone": "x", "email": "a@b.org"}, "phone", Reason.LETTERS, Remedy.WITHOUT_IT, ""),
        ({"phone": ""}, "phone", Reason.NO_ADDRESS, Remedy.LEAVE_OUT, None),
        ({"email": "m.f@@example.com"}, "email", Reason.EMAIL_TWO_ATS, Remedy.USE_VALUE, "m.f@example.com"),
        ({"email": "m.f@example"}, "email", Reason.EMAIL_WRONG, Remedy.WITHOUT_IT, ""),
        ({"email": "m.f@example,com"}, "email", Reason.EMAIL_WRONG, Remedy.USE_VALUE, "m.f@example.com"),
        ({"zone": "America/Sao_Paolo"}, "zone", Reason.UNKNOWN_ZONE, Remedy.USE_VALUE, "America/Sao_Paulo"),
        ({"zone": "Mars"}, "zone", Reason.UNKNOWN_ZONE, Remedy.WITHOUT_IT, ""),
        ({"name": "=cmd|'/c calc'!A1"}, "name", Reason.FORMULA, Remedy.AS_TEXT, "=cmd|'/c calc'!A1"),
        ({"name": "@SUM(A1)"}, "name", Reason.FORMULA, Remedy.AS_TEXT, "@SUM(A1)"),
        ({"attribute_city": '=HYPERLINK("x")'}, "city", Reason.FORMULA, Remedy.AS_TEXT, '=HYPERLINK("x")'),
        ({"birthday": "31.02.1988"}, "birthday", Reason.NO_SUCH_DATE, Remedy.WITHOUT_IT, ""),
        ({"birthday": "12/31/1988"}, "birthday", Reason.NO_SUCH_DATE, Remedy.USE_VALUE, "1988-12-31"),
        ({"birthday": "2088-01-01"}, "birthday", Reason.NO_SUCH_DATE, Remedy.WITHOUT_IT, ""),
        ({"country": "Brasil / PT"}, "country", Reason.TWO_COUNTRIES, Remedy.LEAVE_OUT, None),
        ({"country": "Atlantis"}, "country", Reason.UNKNOWN_COUNTRY, Remedy.WITHOUT_IT, ""),
        ({"language": "Klingon"}, "language", Reason.UNKNOWN_LANGUAGE, Remedy.WITHOUT_IT, ""),
        ({"opt_in": "maybe"}, "opt_in", Reason.UNCLEAR_OPT_IN, Remedy.WITHOUT_IT, ""),
        ({"name": "\u202eacirfá"}, "name", Reason.DIRECTION_MARK, Remedy.REMOVE_MARK, "acirfá"),
        ({"name": "A\x00na"}, "name", Reason.CONTROL_CHARACTER, Remedy.REMOVE_MARK, "Ana"),
        ({"name": "Jos\ufffd"}, "name", Reason.UNREADABLE_CHARACTER, Remedy.WITHOUT_IT, ""),
        ({"name": "a" * 201}, "name", Reason.TEXT_TOO_LONG, Remedy.SHORTEN, "a" * 200),
    ],
)
def test_what_is_wrong_has_field_reason_and_remedy(
    cells: dict[str, str], field: str, reason: Reason, remedy: Remedy, fix: str | None
) -> None:
    """A row is refused at its first problem; where the fix is plain, taking suggestions imports the row with it."""
    problem = refuse_row(**cells)
    assert (problem.field, problem.reason, problem.remedy, problem.fix) == (field, reason, remedy, fix)
    taken = make_reader(take=True).read(7, make_cells(**cells))
    if fix is None:
        assert isinstance(taken, RowProblem)
    else:
        assert isinstance(taken, CheckedRow)


def test_hidden_characters_are_shown_written_out() -> None:
    """The report shows what cannot be seen."""
    assert refuse_row(name="\u202eacirfá").value == "\\u202eacirfá"
    assert refuse_row(name="A\x00na").value == "A\\x00na"


def test_no_country_code_and_no_default_country() -> None:
    """Without a default country a national number is refused, and a full one without its plus is suggested."""
    assert refuse_row(default="", phone="11 98555-0200").reason is Reason.NO_COUNTRY_CODE
    problem = refuse_row(default="", phone="5511985550200")
    assert (problem.reason, problem.fix) == (Reason.NO_COUNTRY_CODE, "+5511985550200")


def test_the_rows_own_country_reads_its_number() -> None:
    """A country column wins over the default."""
    checked = read_row(country="Portugal", phone="912 345 678")
    assert checked.phone is not None
    assert checked.phone.e164 == "+351912345678"


def test_a_list_with_only_phones_says_no_phone() -> None:
    """Where a phone is the only way, an empty one is `no phone`; blanks and dashes are empty."""
    reader = make_reader(("name", "phone"))
    for text in ("", " ", "-", "n/a"):
        problem = reader.read(3, ["Ana", text])
        assert isinstance(problem, RowProblem)
        assert problem.reason is Reason.NO_PHONE


@pytest.mark.parametrize(
    ("cells", "reason", "line"),
    [
        ({"phone": "21 3555-0137"}, Reason.LANDLINE, LineType.LANDLINE),
        ({"phone": "", "email": "a@b.org"}, Reason.NO_MOBILE, None),
        ({"phone": "11 98555-0200"}, None, LineType.MOBILE),
    ],
)
def test_landlines_are_kept_but_set_aside_for_sms(
    cells: dict[str, str], reason: Reason | None, line: LineType | None
) -> None:
    """They are imported; the row says why no SMS goes there."""
    checked = read_row(**cells)
    assert checked.sms_reason is reason
    assert (checked.phone.line if checked.phone else None) is line


def test_a_row_of_the_wrong_width_is_broken() -> None:
    """Too few or too many cells; empty cells behind the last column are a spreadsheet's habit and no fault."""
    reader = make_reader(("name", "phone"))
    for cells in (["Ana"], ["Ana", "Silva", "11985550200"]):
        problem = reader.read(2, cells)
        assert isinstance(problem, RowProblem)
        assert (problem.reason, problem.params) == (Reason.WRONG_COLUMN_COUNT, {"found": len(cells), "expected": 2})
    assert isinstance(reader.read(2, ["Ana", "11985550200", "", ""]), CheckedRow)


@pytest.mark.parametrize(
    ("full", "parts"),
    [("Silva, Ana", ("Ana", "Silva")), ("Ana da Silva", ("Ana", "da Silva")), ("王伟", ("王伟", "")), ("", ("", ""))],
)
def test_full_names_are_split(full: str, parts: tuple[str, str]) -> None:
    """By the comma, else after the first word."""
    assert split_full_name(full) == parts


def test_persian_joiners_and_arabic_marks_are_writing() -> None:
    """Only characters that turn text around are refused."""
    assert read_row(name="می\u200cخواهم").name == "می\u200cخواهم"
    assert read_row(name="Ana\u200b").name == "Ana"


def test_signed_numbers_and_handles_are_no_formulas() -> None:
    """`-5`, `+3` and `@ana` are data."""
    for text in ("-5", "+3.2", "@ana", "="):
        assert read_row(attribute_city=text).attributes == {"city": text}


def test_every_reason_has_its_sentence() -> None:
    """The tables are whole, the phones' reasons are among them, and notes survive being stored."""
    assert set(import_reasons.SENTENCES) == set(Reason)
    assert set(import_reasons.REMEDY_SENTENCES) == set(Remedy)
    assert set(import_reasons.FILE_SENTENCES) == set(import_reasons.FileReason)
    assert {Reason(reason.value) for reason in PhoneReason} <= set(Reason)
    stored = pack_note(Reason.TOO_SHORT, {"country": "BR"})
    assert sentence_of_reason(stored) == ("Too short for %(country)s", {"country": "BR"})
    assert sentence_of_reason("too_short") == ("Too short", {})
    assert sentence_of_remedy(pack_note(Remedy.USE_VALUE, {"value": "a&b=ç?"}))[1] == {"value": "a&b=ç?"}


@given(st.lists(st.text(max_size=30), min_size=0, max_size=14), st.booleans())
def test_any_cells_get_an_answer(cells: list[str], take: bool) -> None:
    """No cells raise; a row that is accepted has a way to reach its person."""
    result = make_reader(take=take).read(2, cells)
    if isinstance(result, CheckedRow):
        assert result.phone or result.email or result.external_id
        assert isinstance(result.phone, Phone | None)


@pytest.mark.parametrize("text", ["-", "--", "—", ".", " . "])
def test_a_lone_mark_is_no_text(text: str) -> None:
    """Lists write so that there is none."""
    row = make_reader().read(7, make_cells(name=text))
    assert isinstance(row, CheckedRow)
    assert row.name == ""


class _EverySign(RowReader):
    """Takes each text the long way."""

    def _text(self, field: str, raw: str, limit: int) -> str:
        text = raw.strip()
        return self._odd_text(field, raw, text, limit) if text else ""


_SIGNS = "aé \t=+-@(|—-.\ufffd\u200b\u202ee\u0301\u212a\u0958\u2000\x07한"


@given(st.text(max_size=6) | st.text(st.sampled_from(_SIGNS), max_size=6), st.sampled_from([0, 199]))
def test_plain_texts_take_a_short_way_to_the_same_end(text: str, more: int) -> None:
    """Of any script, with or without marks, formulas, or too long."""
    cells = make_cells(name=text + "a" * more)
    slow = _EverySign(TARGETS, country="BR", zones=ZONES, today=TODAY)
    assert make_reader().read(7, cells) == slow.read(7, cells)
