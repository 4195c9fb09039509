"""Phone numbers: one spelling, one key, one line type; and the fast reading equals the library's."""

import random
import re
import time
from importlib import resources

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tertulia.core import phone_plans, phones
from tertulia.core.phones import (
    LineType,
    Phone,
    PhoneProblem,
    PhoneReason,
    Repair,
    key_of_e164,
    normalise_phone,
    phone_from_digits,
    spellings_of_key,
)
from tertulia.core.region_zones import zone_of_region

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
# Countries where we know better than the library: these numbers are read although it refuses them.
VARIANT_COUNTRIES = {"BR", "MX", "AR"}

LIBRARY_TYPES = {
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LineType.MOBILE_OR_LANDLINE,
    PhoneNumberType.FIXED_LINE: LineType.LANDLINE,
    PhoneNumberType.TOLL_FREE: LineType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: LineType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: LineType.SHARED_COST,
    PhoneNumberType.VOIP: LineType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: LineType.PERSONAL,
    PhoneNumberType.PAGER: LineType.PAGER,
    PhoneNumberType.UAN: LineType.COMPANY,
    PhoneNumberType.VOICEMAIL: LineType.VOICEMAIL,
}


def read_phone(text: str, region: str = "BR") -> Phone:
    phone = normalise_phone(text, region)
    assert isinstance(phone, Phone), phone
    return phone


def ask_library(text: str, region: str) -> tuple[str, str, LineType] | None:
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return (
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.region_code_for_number(number),
        LIBRARY_TYPES[phonenumbers.number_type(number)],
    )


@pytest.mark.parametrize(
    "text",
    [
        "+55 11 98555-0200",
        "(11) 98555-0200",
        "011 98555 0200",
        "5511985550200",
        "005511985550200",
        "+55 (0)11 98555-0200",
        "'+5511985550200",
        '="5511985550200"',
        "5511985550200.0",
        "5.511985550200E+12",
        "tel:+55-11-98555-0200",
        "\u202a+55\u00a011\u00a098555\u20110200\u202c",
        "＋５５　１１　９８５５５－０２００",
        "+٥٥١١٩٨٥٥٥٠٢٠٠",
        "11 8555-0200",
        "+55 11 8555-0200",
    ],
)
def test_one_number_in_many_spellings(text: str) -> None:
    """Separators, scripts, prefixes and the missing ninth digit lead to one E.164 number."""
    phone = read_phone(text)
    assert phone.e164 == phone.key == "+5511985550200"
    assert (phone.region, phone.line, phone.reachable_by_sms) == ("BR", LineType.MOBILE, True)


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("", "BR", PhoneReason.NO_PHONE),
        (" - ", "BR", PhoneReason.NO_PHONE),
        ("N/A", "BR", PhoneReason.NO_PHONE),
        ("call Ana", "BR", PhoneReason.LETTERS),
        ("11 98555-O2OO", "BR", PhoneReason.LETTERS),
        ("+55 11 9855", "BR", PhoneReason.TOO_SHORT),
        ("985550200", "BR", PhoneReason.TOO_SHORT),
        ("+55 11 98555 0200 0", "BR", PhoneReason.TOO_LONG),
        ("9" * 30 + "1", "BR", PhoneReason.TOO_LONG),
        ("+55 20 98555 0200", "BR", PhoneReason.UNASSIGNED_PREFIX),
        ("+999 123456789", "BR", PhoneReason.UNASSIGNED_PREFIX),
        ("5511985550200", "", PhoneReason.NO_COUNTRY_CODE),
        ("985550200", "", PhoneReason.NO_COUNTRY_CODE),
        ("5.51E+12", "BR", PhoneReason.DIGITS_LOST),
        ("9,12555E+11", "BR", PhoneReason.DIGITS_LOST),
        ("000000000", "BR", PhoneReason.PLACEHOLDER),
        ("123456789", "BR", PhoneReason.PLACEHOLDER),
        ("999999999", "PT", PhoneReason.PLACEHOLDER),
        ("+55 000000000", "BR", PhoneReason.PLACEHOLDER),
        ("11 98555-0200 ext. 12", "BR", PhoneReason.EXTENSION),
        ("11 98555-0200 ramal 12", "BR", PhoneReason.EXTENSION),
        ("11985550200 / 11985550201", "BR", PhoneReason.TWO_NUMBERS),
        ("11985550200 e 11985550201", "BR", PhoneReason.TWO_NUMBERS),
    ],
)
def test_what_is_no_number_has_its_reason(text: str, region: str, reason: PhoneReason) -> None:
    """Every text that is refused is refused with the reason that a person would give."""
    problem = normalise_phone(text, region)
    assert isinstance(problem, PhoneProblem)
    assert problem.reason is reason


@pytest.mark.parametrize(
    ("text", "region", "suggestion"),
    [
        ("5511985550200", "", "+5511985550200"),
        ("351912345678", "BR", "+351912345678"),
        ("11 98555-0200 ramal 12", "BR", "+5511985550200"),
        ("11985550200 / 11985550201", "BR", "+5511985550200"),
        ("119855502000", "BR", ""),
    ],
)
def test_a_suggestion_is_a_number_that_would_be_accepted(text: str, region: str, suggestion: str) -> None:
    """Where the writer's meaning is plain the problem carries it; where it is a guess it carries nothing."""
    problem = normalise_phone(text, region)
    assert isinstance(problem, PhoneProblem)
    assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "region", "line", "by_sms"),
    [
        ("21 3555-0137", "BR", LineType.LANDLINE, False),
        ("0800 555 0199", "BR", LineType.TOLL_FREE, False),
        ("212 555 0100", "US", LineType.MOBILE_OR_LANDLINE, True),
        ("+351 912 345 678", "BR", LineType.MOBILE, True),
        ("+420 601 123 456", "", LineType.MOBILE, True),
        ("0712 034 567", "RO", LineType.MOBILE, True),
        ("139 1234 5678", "CN", LineType.MOBILE, True),
        ("050 123 4567", "AE", LineType.MOBILE, True),
        ("+800 1234 5678", "", LineType.TOLL_FREE, False),
    ],
)
def test_line_types_tell_who_can_get_an_sms(text: str, region: str, line: LineType, by_sms: bool) -> None:
    """Landlines, freephone and the like are numbers, but no SMS goes there."""
    phone = read_phone(text, region)
    assert (phone.line, phone.reachable_by_sms) == (line, by_sms)


@pytest.mark.parametrize(
    ("spellings", "region"),
    [
        (["+5511985550200", "+551185550200", "11 8555 0200"], "BR"),
        (["+525512345678", "+5215512345678", "044 55 1234 5678", "1 55 1234 5678"], "MX"),
        (["+5491123456789", "+541123456789", "011 15 2345 6789", "9 11 2345-6789"], "AR"),
    ],
)
def test_M2_national_variants_share_one_key(spellings: list[str], region: str) -> None:
    """Brazil's ninth digit, Mexico's 1 and Argentina's 9 make no second person."""
    keys = {read_phone(text, region).key for text in spellings}
    assert len(keys) == 1
    key = keys.pop()
    assert {key_of_e164(spelling) for spelling in spellings_of_key(key)} == {key}
    assert spellings[0] in spellings_of_key(key)
    assert spellings[1] in spellings_of_key(key)


@pytest.mark.parametrize("area", ["21", "31", "41", "51", "61"])
def test_double_zero_and_the_own_country_code_mean_a_plus(area: str) -> None:
    """0055 is also an operator's dialling code in Brazil: 0055 51 9... is a mobile in Porto Alegre, not one in Peru."""
    assert read_phone(f"0055{area}999450708").e164 == f"+55{area}999450708"


def test_a_repair_is_told() -> None:
    """A number that gained Brazil's ninth digit or lost Mexico's 1 says so, for the import counts them."""
    assert read_phone("11 8555-0200").repair is Repair.NINTH_DIGIT_ADDED
    assert read_phone("+5215512345678").repair is Repair.MOBILE_ONE_REMOVED
    assert read_phone("11 98555-0200").repair is Repair.NONE


def test_M2_platform_digits_are_read_without_plus() -> None:
    """Webhooks write `5511985550200`; WhatsApp leaves Brazil's ninth digit out for old accounts."""
    phone = phone_from_digits("551185550200")
    assert isinstance(phone, Phone)
    assert phone.key == read_phone("+5511985550200").key


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A region's example of some type with digits changed, as one would write it at home or abroad."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from(sorted(LIBRARY_TYPES)))
    example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    digits = list(phonenumbers.national_significant_number(example))
    for position in draw(st.lists(st.integers(0, len(digits) - 1), max_size=4)):
        digits[position] = draw(st.sampled_from("0123456789"))
    national = "".join(digits) + draw(st.sampled_from(["", "", "", "7"]))
    country_code = str(example.country_code)
    prefix = draw(
        st.sampled_from(["+" + country_code, "+" + country_code + " 0", country_code, "", "0", "00", "8", "1"])
    )
    home = draw(st.sampled_from([region, "BR", "US", "CZ"]))
    return prefix + draw(st.sampled_from(["", " ", "-"])) + national, home


@settings(max_examples=1500, deadline=None)
@given(written_numbers())
def test_the_fast_reading_equals_the_library(case: tuple[str, str]) -> None:
    """Whatever the library calls valid we read in the same way; beyond it only the stated variants and `00`."""
    text, region = case
    expected = ask_library(text, region)
    actual = normalise_phone(text, region)
    dialled = re.sub(r"[^\d+]", "", text)  # the two zeros may have a blank between them
    if isinstance(actual, PhoneProblem):
        assert expected is None or actual.reason is PhoneReason.PLACEHOLDER
    elif expected is None:
        assert actual.repair is not Repair.NONE or actual.region in VARIANT_COUNTRIES or dialled.startswith("00")
        assert ask_library(actual.e164, "") == (actual.e164, actual.region, actual.line)
    elif not (dialled.startswith("00") and actual.e164 == "+" + dialled[2:]):
        assert (actual.e164, actual.region, actual.line) == expected


@settings(max_examples=500, deadline=None)
@given(written_numbers(), st.integers(0, 10**4 - 1))
def test_a_head_says_what_all_of_its_digits_would(case: tuple[str, str], tail: int) -> None:
    """A number is read alike by its head, kept from another number, and digit by digit."""
    text, region = case
    bare = re.sub(r"\D", "", text)
    for digits in (bare, f"{bare[:-4]}{tail:04d}"):
        for home in (region, str(phonenumbers.region_code_for_country_code(int(bare[:2])))):
            read = phones._read_digits(digits, text.startswith("+"), home)
            assert read == phones._read_every_digit(digits, text.startswith("+"), home)


def test_a_head_is_shared() -> None:
    """Brazil's numbers in the spellings of a list take the short way, ninth digit or not; Mexico's old 1 does not."""
    phones._read_head.cache_clear()
    for spelling in ("11 9855{}", "(011) 9855{}", "5511 9855{}", "+55 11 9855{}", "11 855{}"):
        assert read_phone(spelling.format("50200")).e164[-5:] == "50200"
        misses = phones._read_head.cache_info().misses
        assert read_phone(spelling.format("50299")).e164[-5:] == "50299"
        assert phones._read_head.cache_info().misses == misses
    assert read_phone("+52 1 55 1234 5678", "MX").e164 == "+525512345678"


@settings(max_examples=500)
@given(st.text(max_size=40), st.sampled_from(["", "BR", "US", "MX"]))
def test_any_text_gets_an_answer(text: str, region: str) -> None:
    """No text raises; what is accepted is stable under a second reading."""
    result = normalise_phone(text, region)
    if isinstance(result, Phone):
        again = normalise_phone(result.e164)
        assert isinstance(again, Phone)
        assert (again.e164, again.key) == (result.e164, result.key)


def test_a_number_costs_microseconds() -> None:
    """A million rows must not take minutes: 10 microseconds a number is the budget, twice that fails here."""
    draw = random.Random(7)
    ways = ["+55 11 9{:08d}", "(21) 9{:08d}", "55119{:08d}", "11 8{:07d}", "+351 91{:07d}", "+1 415{:07d}"]
    texts = [draw.choice(ways).format(draw.randrange(10**7)) for _ in range(20_000)]
    normalise_phone(texts[0], "BR")
    begun = time.process_time()
    for text in texts:
        normalise_phone(text, "BR")
    assert (time.process_time() - begun) / len(texts) < 20e-6


def test_every_region_has_a_plan() -> None:
    """All countries that the library knows are compiled, and an unknown one is None."""
    assert all(phone_plans.load_plan(region) for region in REGIONS)
    assert phone_plans.load_plan("ZZ") is None


def test_T4_a_region_has_a_zone_only_where_it_has_one() -> None:
    """The table agrees with the IANA database: its zone is the country's, and Brazil's many give none."""
    table: dict[str, list[str]] = {}
    for line in resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            table.setdefault(line[:2], []).append(line.split("\t")[2])
    for region in REGIONS:
        zone = zone_of_region(region)
        if len(table.get(region, [])) == 1:
            assert zone == table[region][0]
        elif zone is not None and region in table:
            assert zone in table[region]
    assert [zone_of_region(region) for region in ("BR", "US", "RU", "MX", "ZZ")] == [None] * 5
    assert zone_of_region("DE") == "Europe/Berlin"
