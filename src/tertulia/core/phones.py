"""Phone numbers as lists and webhooks write them, made into one spelling, one key and one line type.

`normalise_phone` takes what a person typed (any separators, any script's digits, with or without a country code) and
gives a `Phone` or a `PhoneProblem` whose reason is one of a closed set. Three countries write one number in two ways,
and people mix them (M2): Brazil added a ninth digit to mobiles, Mexico dropped the mobile `1`, Argentina's mobile `9`
is written only from abroad. `key` is the same for all spellings of one number; compare people by `key`, write to
`e164`.

Nothing here asks the network: a valid number is one whose prefix and length its country has given out.
"""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

from tertulia.core import phone_plans
from tertulia.core.phone_plans import Plan

PHONE_CHARACTERS_MAX = 64


class LineType(StrEnum):
    """What stands behind a number. `MOBILE_OR_LANDLINE`: the country's plan does not tell (United States, Mexico)."""

    MOBILE = "mobile"
    MOBILE_OR_LANDLINE = "mobile_or_landline"
    LANDLINE = "landline"
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL = "personal"
    PAGER = "pager"
    COMPANY = "company"
    VOICEMAIL = "voicemail"


class PhoneReason(StrEnum):
    """Why a text is no phone number that we can keep."""

    NO_PHONE = "no_phone"
    LETTERS = "letters"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNASSIGNED_PREFIX = "unassigned_prefix"
    NO_COUNTRY_CODE = "no_country_code"
    DIGITS_LOST = "digits_lost"
    PLACEHOLDER = "placeholder"
    EXTENSION = "extension"
    TWO_NUMBERS = "two_numbers"


class Repair(StrEnum):
    """What was changed beyond spelling: national digits that came or went over the years."""

    NONE = "none"
    NINTH_DIGIT_ADDED = "ninth_digit_added"
    MOBILE_ONE_REMOVED = "mobile_one_removed"


_REACHABLE_BY_SMS = (LineType.MOBILE, LineType.MOBILE_OR_LANDLINE)


_NO_REPAIR = Repair.NONE  # Python 3.11 takes 0.2 us to look up an enum's member


class Phone(msgspec.Struct, frozen=True, gc=False):
    """A number that exists by its country's plan. `e164` with its plus; `key` joins national variants; `region` is an
    ISO 3166 code, `001` where the code belongs to no country."""

    e164: str
    key: str
    region: str
    line: LineType
    repair: Repair = _NO_REPAIR

    @property
    def reachable_by_sms(self) -> bool:
        """Whether an SMS can arrive: mobiles, and numbers of countries whose plan does not tell them apart."""
        return self.line in _REACHABLE_BY_SMS


class _Head(msgspec.Struct, frozen=True, gc=False):
    """A `Phone` without its last digits."""

    e164: str
    key: str
    region: str
    line: LineType
    repair: Repair


class PhoneProblem(msgspec.Struct, frozen=True, gc=False):
    """Why not. `region` where known; `lengths` are the digits a national number there has, without country code;
    `suggestion` is a spelling that would be accepted, or empty."""

    reason: PhoneReason
    region: str = ""
    lengths: tuple[int, ...] = ()
    suggestion: str = ""


_LINE_OF_KIND = {
    "mobile": LineType.MOBILE,
    phone_plans.FIXED_LINE_OR_MOBILE: LineType.MOBILE_OR_LANDLINE,
    "fixed_line": LineType.LANDLINE,
    "toll_free": LineType.TOLL_FREE,
    "premium_rate": LineType.PREMIUM_RATE,
    "shared_cost": LineType.SHARED_COST,
    "voip": LineType.VOIP,
    "personal_number": LineType.PERSONAL,
    "pager": LineType.PAGER,
    "uan": LineType.COMPANY,
    "voicemail": LineType.VOICEMAIL,
}

_SEPARATORS = (
    " \t\r\n\v\f'`()[].-/"
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"  # blanks
    "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\ufe58\ufe63\uff0d"  # dashes
    "\uff08\uff09\uff0e\uff0f\u00b7\u2022"  # full-width brackets, dots
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"  # invisible
)
# Digits of scripts in which our users type: Arabic, Persian, Devanagari, Bengali, Thai, full width.
_ZEROS = "\u0660\u06f0\u0966\u09e6\u0e50\uff10"

# str.translate's table: separators vanish, digits of other scripts become ASCII, the full-width plus a plus.
_CLEAN: dict[int, int | None] = {
    **{ord(character): None for character in _SEPARATORS},
    **{ord(zero) + digit: ord("0") + digit for zero in _ZEROS for digit in range(10)},
    ord("\uff0b"): ord("+"),
}

_ASCII_SEPARATORS = "".join(filter(str.isascii, _SEPARATORS)).encode()

_PLACEHOLDERS = frozenset(
    [str(digit) * length for digit in range(10) for length in range(4, 16)]
    + ["012345678901234"[:length] for length in range(5, 13)]
    + ["123456789012345"[:length] for length in range(5, 13)]
)
_SCIENTIFIC = re.compile(r"\s*\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})\s*")
_EXTENSION = re.compile(
    r"(.*\d\W*)(?:;ext=|#|\b(?:ext|extn|extension|ramal|linka|int|interior|вн|доб|تحويلة|转)|[xх]\s*)\W*\d{1,7}\s*",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"[/;,|\n]|\s(?:e|y|and|or|ou|a|si|și|et|und|و)\s", re.IGNORECASE)
_URI_PREFIX = re.compile(r"(?:tel|whatsapp|phone|callto|sms):", re.IGNORECASE)
_EMPTY_WORDS = frozenset(
    ["n/a", "na", "nan", "null", "none", "nil", "#n/a", "(null)", "undefined", "sem telefone", "无"]
)
_DIGITS_OF_A_NUMBER_MIN = 7
_DIGITS_LOOKED_AT_MAX = 5  # where plans look at more, too few numbers of a list begin alike


def normalise_phone(text: str, default_region: str = "") -> Phone | PhoneProblem:
    """Read a phone number as it stands in a list.

    `default_region` is the country (ISO 3166, upper case) of numbers that are written without a country code; empty:
    such numbers are refused with `NO_COUNTRY_CODE`. Costs 2 microseconds for numbers as lists write them where plans
    look at few digits (Brazil, Mexico, France), 3 to 6 elsewhere.
    """
    # ASCII has no digits of other scripts, and as bytes it loses its separators in half the time.
    digits = text.encode().translate(None, _ASCII_SEPARATORS).decode() if text.isascii() else text.translate(_CLEAN)
    international = digits[:1] == "+"
    if international:
        digits = digits[1:]
    if not (digits.isascii() and digits.isdigit()) or text[-2:] == ".0" or len(text) > PHONE_CHARACTERS_MAX:
        return _read_odd_text(text, default_region)
    if digits in _PLACEHOLDERS:
        return PhoneProblem(PhoneReason.PLACEHOLDER)
    result = _read_digits(digits, international, default_region)
    if type(result) is PhoneProblem and result.reason is PhoneReason.TOO_LONG:
        return _find_two_numbers(text, default_region) or result
    return result


def phone_from_digits(digits: str) -> Phone | PhoneProblem:
    """Read a full international number without its plus, as platforms' webhooks write it (`5511985550200`)."""
    return normalise_phone(digits if digits.startswith("+") else "+" + digits)


def key_of_e164(e164: str) -> str:
    """The one key of all national spellings of a number (M2): with Brazil's ninth digit, without Mexico's 1 and without
    Argentina's 9. Works on numbers that their plan does not know too, for a platform's word stands above the plan."""
    if e164.startswith("+55") and len(e164) == 13 and e164[5] in "6789":
        return e164[:5] + "9" + e164[5:]
    if e164.startswith("+521") and len(e164) == 14:
        return "+52" + e164[4:]
    if e164.startswith("+549") and len(e164) == 14:
        return "+54" + e164[4:]
    return e164


def spellings_of_key(key: str) -> tuple[str, ...]:
    """All spellings in E.164 that share a key, the key's own first. One for nearly all countries."""
    if key.startswith("+55") and len(key) == 14 and key[5] == "9" and key[6] in "6789":
        return key, key[:5] + key[6:]
    if key.startswith("+52") and len(key) == 13:
        return key, "+521" + key[3:]
    if key.startswith("+54") and len(key) == 13:
        return key, "+549" + key[3:]
    return (key,)


def _read_digits(digits: str, international: bool, default_region: str) -> Phone | PhoneProblem:
    """Numbers of the region itself, with at most a 0 before them, are read by their head; others digit by digit."""
    country_code, looked_at = phone_plans.count_digits_looked_at(default_region)
    is_full = digits.startswith(country_code)
    if looked_at <= _DIGITS_LOOKED_AT_MAX and (is_full or not international):
        end = looked_at + (len(country_code) if is_full else digits[0] == "0")
        if len(digits) > end:
            head = _read_head(digits[:end], len(digits), international, default_region)
            if head is not None:
                tail = digits[end:]
                return Phone(head.e164 + tail, head.key + tail, head.region, head.line, head.repair)
    return _read_every_digit(digits, international, default_region)


@lru_cache(maxsize=8192)  # Brazil's cities have 3,000 heads in four spellings
def _read_head(head: str, length: int, international: bool, region: str) -> _Head | None:
    """What all numbers of `length` digits that begin with `head` have in common, or None where more digits decide."""
    plan = phone_plans.load_plan(region)
    tail = length - len(head)
    digits = head + "0" * tail
    if plan is None or digits.startswith("00"):
        return None
    begin = phone_plans.find_last_beginning(plan, digits)
    if begin is None or begin + phone_plans.count_digits_looked_at(region)[1] > len(head):
        return None
    phone = _read_every_digit(digits, international, region)
    if not isinstance(phone, Phone) or phone.repair is Repair.MOBILE_ONE_REMOVED:
        return None
    return _Head(phone.e164[:-tail], phone.key[:-tail], phone.region, phone.line, phone.repair)


def _read_every_digit(digits: str, international: bool, default_region: str) -> Phone | PhoneProblem:
    plan = phone_plans.load_plan(default_region) if default_region else None
    if plan is not None and not international and digits.startswith(f"00{plan.country_code}"):
        # Where operators have dialling codes (Brazil's 0055 is one), 0055 51 9... would be read as a number in Peru.
        meant = _read_digits(digits[2:], True, "")
        if isinstance(meant, Phone):
            return meant
    if international:
        parts = phone_plans.split_country_code(digits)
    elif plan is not None:
        parts = phone_plans.split_dialled(digits, plan)
    else:
        parts = phone_plans.split_country_code(digits[2:]) if digits.startswith("00") else None
        if parts is None:
            return _without_country_code(digits)
    if parts is None:
        return PhoneProblem(PhoneReason.UNASSIGNED_PREFIX)
    country_code, number = parts
    if plan is None or plan.country_code != country_code:
        plans = phone_plans.plans_of_country_code(country_code)
        if not plans:
            return PhoneProblem(PhoneReason.UNASSIGNED_PREFIX)
        plan = plans[0]
    number = phone_plans.strip_to_significant(plan, number)
    return _build_phone(country_code, number) or _explain_failure(digits, international, plan, number)


def _build_phone(country_code: str, number: str) -> Phone | None:
    repair = _NO_REPAIR
    if country_code == "55" and len(number) == 10 and number[2] in "689":
        number, repair = number[:2] + "9" + number[2:], Repair.NINTH_DIGIT_ADDED
    elif country_code == "52" and len(number) == 11 and number[0] == "1":
        number, repair = number[1:], Repair.MOBILE_ONE_REMOVED
    elif country_code == "52" and len(number) in (12, 13) and number[:3] in ("044", "045"):
        number, repair = number[3:], Repair.MOBILE_ONE_REMOVED
    found = phone_plans.find_kind(country_code, number)
    if found is None:
        return None
    e164 = f"+{country_code}{number}"
    key = key_of_e164(e164) if country_code in ("55", "54") else e164
    return Phone(e164, key, found[0], _LINE_OF_KIND[found[1]], repair)


def _explain_failure(digits: str, international: bool, plan: Plan, number: str) -> PhoneProblem | Phone:
    """Name what is wrong with a number that no plan accepts; `00` for a plus is accepted from everywhere."""
    if not international and digits.startswith("00"):
        meant = _read_digits(digits[2:], True, "")
        if isinstance(meant, Phone):
            return meant
    if number in _PLACEHOLDERS or not number.strip("0"):
        return PhoneProblem(PhoneReason.PLACEHOLDER, plan.region)
    suggestion = "" if international else _suggest_international(digits)
    lengths = plan.subscriber_lengths
    if len(number) < lengths[0]:
        reason = PhoneReason.TOO_SHORT
    elif len(number) > lengths[-1]:
        reason = PhoneReason.TOO_LONG
    else:
        reason = PhoneReason.UNASSIGNED_PREFIX
    return PhoneProblem(reason, plan.region, lengths, suggestion)


def _without_country_code(digits: str) -> PhoneProblem:
    if len(digits) < _DIGITS_OF_A_NUMBER_MIN:
        return PhoneProblem(PhoneReason.TOO_SHORT)
    return PhoneProblem(PhoneReason.NO_COUNTRY_CODE, suggestion=_suggest_international(digits))


def _suggest_international(digits: str) -> str:
    """The number with a plus before it, where that is a number: the list's author left the plus out."""
    if len(digits) < _DIGITS_OF_A_NUMBER_MIN or digits[0] == "0":
        return ""
    meant = _read_digits(digits, True, "")
    return meant.e164 if isinstance(meant, Phone) and meant.e164[1:] == digits else ""


def _read_odd_text(text: str, default_region: str) -> Phone | PhoneProblem:
    """Everything that is not digits and separators: spreadsheet notation, extensions, two numbers, letters."""
    stripped = text.strip()
    if len(stripped) > PHONE_CHARACTERS_MAX:
        return PhoneProblem(PhoneReason.TOO_LONG)
    if stripped.startswith('="') and stripped.endswith('"'):  # how a spreadsheet is told to keep digits as text
        stripped = stripped[2:-1]
    stripped = _URI_PREFIX.sub("", stripped, count=1)
    if stripped.endswith(".0") and len(stripped) > _DIGITS_OF_A_NUMBER_MIN:  # a number column passed through a program
        stripped = stripped[:-2]
    if stripped != text:
        return normalise_phone(stripped, default_region)
    scientific = _SCIENTIFIC.fullmatch(stripped)
    if scientific is not None:
        return _read_scientific(scientific, default_region)
    if stripped.casefold() in _EMPTY_WORDS or not any(character.isalnum() for character in stripped):
        return PhoneProblem(PhoneReason.NO_PHONE)
    extension = _EXTENSION.fullmatch(stripped)
    if extension is not None:
        return _problem_with_suggestion(PhoneReason.EXTENSION, extension[1], default_region)
    return _find_two_numbers(stripped, default_region) or PhoneProblem(PhoneReason.LETTERS)


def _find_two_numbers(text: str, default_region: str) -> PhoneProblem | None:
    parts = [part for part in _SEVERAL.split(text) if sum(map(str.isdigit, part)) >= _DIGITS_OF_A_NUMBER_MIN]
    return _problem_with_suggestion(PhoneReason.TWO_NUMBERS, parts[0], default_region) if len(parts) > 1 else None


def _read_scientific(found: re.Match[str], default_region: str) -> Phone | PhoneProblem:
    """`5.51E+12` has lost its digits; `5.511985550200E+12` has them all and is read."""
    digits, exponent = found[1] + (found[2] or ""), int(found[3])
    if len(digits) == exponent + 1:
        return normalise_phone(digits, default_region)
    return PhoneProblem(PhoneReason.DIGITS_LOST)


def _problem_with_suggestion(reason: PhoneReason, candidate: str, default_region: str) -> PhoneProblem:
    meant = normalise_phone(candidate, default_region)
    return PhoneProblem(reason, suggestion=meant.e164 if isinstance(meant, Phone) else "")
