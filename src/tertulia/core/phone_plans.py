"""Numbering plans compiled once from the metadata of `phonenumbers`, so that a number costs microseconds.

`phonenumbers.parse` and `number_type` take 60 to 150 microseconds a number: a million rows would take two minutes
of one core. Nearly all of that is spent on text that a list never holds (vanity letters, extensions, RFC 3966) and on
matching up to eleven patterns one by one. Here each country's plan is one regular expression whose named groups are
the line types in the library's own order of precedence; the steps around it (international prefix, country code,
national prefix) are the library's, on digits alone. `tests/core/test_phones.py` holds the two against each other on
generated numbers of every country.

Regions are ISO 3166 codes; `001` is a country code that belongs to no country (freephone +800, satellites).
"""

import re
from functools import cache

import msgspec
from phonenumbers import PhoneMetadata, PhoneNumberDesc
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

from tertulia.core.number_patterns import ALL_DIGITS, count_named_digits

NON_GEOGRAPHIC = "001"
COUNTRY_CODE_DIGITS_MAX = 3
NATIONAL_DIGITS_MIN = 2
NATIONAL_DIGITS_MAX = 17
_VARIANT_DIGITS = 3  # of a national number: what `phones` knows national variants by

# The library's order of precedence (`_number_type_helper`): what matches first is the type.
_TYPES_IN_ORDER = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"

_NEVER = re.compile(r"(?!)")


class Plan(msgspec.Struct, frozen=True):
    """How one region writes its numbers. `kinds` has a named group a line type; `lengths` are the digits that a type
    may have (empty: whatever the pattern says); `subscriber_lengths` those of its mobile and fixed lines together;
    `named_digits` is how many digits the patterns name."""

    region: str
    country_code: str
    international_prefix: re.Pattern[str]
    national_prefix: re.Pattern[str] | None
    national_transform: str | None
    general: re.Pattern[str]
    possible_lengths: tuple[int, ...]
    local_lengths: tuple[int, ...]
    kinds: re.Pattern[str]
    each_kind: tuple[tuple[str, re.Pattern[str]], ...]
    lengths: dict[str, tuple[int, ...]]
    mobile_is_fixed: bool
    mobile: re.Pattern[str]
    leading_digits: re.Pattern[str] | None
    subscriber_lengths: tuple[int, ...]
    named_digits: int


@cache
def load_plan(region: str, country_code: int = 0) -> Plan | None:
    """The plan of a region (`BR`), or of a country code without a country (`001` and 800). None: there is no such."""
    if region == NON_GEOGRAPHIC:
        metadata = PhoneMetadata.metadata_for_nongeo_region(country_code, None)
    else:
        metadata = PhoneMetadata.metadata_for_region(region, None)
    return None if metadata is None else _compile_plan(region, metadata)


@cache
def plans_of_country_code(country_code: str) -> tuple[Plan, ...]:
    """All plans that share a country calling code, the main one first. Empty: nobody has this code."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(country_code), ())
    plans = (load_plan(region, int(country_code)) for region in regions)
    return tuple(plan for plan in plans if plan is not None)


@cache
def _known_country_codes() -> frozenset[str]:
    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def split_country_code(digits: str) -> tuple[str, str] | None:
    """Cut an international number without its plus into country code and the rest. None: no country has such a code."""
    known = _known_country_codes()
    for length in range(1, COUNTRY_CODE_DIGITS_MAX + 1):
        if digits[:length] in known:
            return digits[:length], digits[length:]
    return None


def strip_national_prefix(plan: Plan, number: str) -> str:
    """Remove the trunk prefix (`0`, `8`, Brazil's carrier codes), or rewrite (`15` in Argentina), where one stands."""
    if plan.national_prefix is None or not number:
        return number
    found = plan.national_prefix.match(number)
    if found is None:
        return number
    last_group = found.group(found.re.groups) if found.re.groups else None
    if plan.national_transform is None or last_group is None:
        stripped = number[found.end() :]
    else:
        stripped = found.expand(plan.national_transform) + number[found.end() :]
    if plan.general.fullmatch(number) and not plan.general.fullmatch(stripped):
        return number
    return stripped


def strip_to_significant(plan: Plan, number: str) -> str:
    """The national significant number: without the trunk prefix, unless too little would be left of it."""
    stripped = strip_national_prefix(plan, number)
    length = len(stripped)
    if length in plan.local_lengths or length < plan.possible_lengths[0]:
        return number
    if length <= plan.possible_lengths[-1] and length not in plan.possible_lengths:
        return number
    return stripped


def split_dialled(digits: str, plan: Plan) -> tuple[str, str] | None:
    """Read digits without a plus as they are dialled from inside `plan`'s region: (country code, number).

    They may begin with that region's international prefix, with its own country code written without a plus, or with
    neither. None: an international prefix is followed by no country's code.
    """
    prefix = plan.international_prefix.match(digits)
    if prefix is not None and digits[prefix.end() : prefix.end() + 1] != "0":
        rest = digits[prefix.end() :]
        return split_country_code(rest) if len(rest) > NATIONAL_DIGITS_MIN else None
    if digits.startswith(plan.country_code):
        rest = strip_national_prefix(plan, digits[len(plan.country_code) :])
        too_long = len(digits) > plan.possible_lengths[-1] and len(digits) not in plan.local_lengths
        if too_long or (plan.general.fullmatch(rest) and not plan.general.fullmatch(digits)):
            return plan.country_code, rest
    return plan.country_code, digits


@cache
def count_digits_looked_at(region: str) -> tuple[str, int]:
    """A region's country code, and how many digits the plans that share it, and `phones`, look at from where a number
    may begin."""
    plan = load_plan(region)
    if plan is None:
        return "", ALL_DIGITS
    plans = plans_of_country_code(plan.country_code)
    return plan.country_code, max(_VARIANT_DIGITS, *(each.named_digits for each in plans))


def find_last_beginning(plan: Plan, digits: str) -> int | None:
    """The last place where the national number may begin in digits without a plus, as they are dialled from inside
    `plan`'s region: 0, or behind the country code or a national prefix. None: an international prefix comes first."""
    if plan.international_prefix.match(digits):
        return None
    places = {0, len(plan.country_code)} if digits.startswith(plan.country_code) else {0}
    if plan.national_prefix is not None:
        found = ((place, plan.national_prefix.match(digits[place:])) for place in tuple(places))
        places |= {place + prefix.end() for place, prefix in found if prefix is not None}
    return max(places)


def find_kind(country_code: str, number: str) -> tuple[str, str] | None:
    """(region, line type) of a national significant number, or None where its prefix or length is not in use."""
    plans = plans_of_country_code(country_code)
    if len(plans) == 1:
        kind = _kind_in_plan(plans[0], number)
        return None if kind is None else (plans[0].region, kind)
    for plan in plans:
        if plan.leading_digits is None:
            kind = _kind_in_plan(plan, number)
            if kind is not None:
                return plan.region, kind
        elif plan.leading_digits.match(number):
            kind = _kind_in_plan(plan, number)
            return None if kind is None else (plan.region, kind)
    return None


def _kind_in_plan(plan: Plan, number: str) -> str | None:
    found = plan.kinds.match(number)
    if found is None:
        return None
    kind = found.lastgroup
    if kind is None:
        return None
    lengths = plan.lengths[kind]
    if lengths and len(number) not in lengths:
        kind = _kind_one_by_one(plan, number)
    if kind == "fixed_line" and (plan.mobile_is_fixed or plan.mobile.match(number)):
        return FIXED_LINE_OR_MOBILE
    return kind


def _kind_one_by_one(plan: Plan, number: str) -> str | None:
    """The rare number whose first matching type forbids its length: the later types are still to be asked."""
    for kind, pattern in plan.each_kind:
        lengths = plan.lengths[kind]
        if (not lengths or len(number) in lengths) and pattern.match(number):
            return kind
    return None


def _compile_plan(region: str, metadata: PhoneMetadata) -> Plan:
    general, possible, local = _read_description(metadata.general_desc)
    patterns: list[tuple[str, str]] = []
    lengths: dict[str, tuple[int, ...]] = {}
    for kind in _TYPES_IN_ORDER:
        pattern, kind_lengths, _ = _read_description(getattr(metadata, kind))
        if pattern and not (kind == "mobile" and metadata.same_mobile_and_fixed_line_pattern):
            patterns.append((kind, pattern))
            lengths[kind] = kind_lengths
    each_kind = tuple((kind, re.compile(rf"(?:{pattern})\Z")) for kind, pattern in patterns)
    alternatives = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in patterns)
    is_possible = "|".join(rf"\d{{{length}}}" for length in possible)
    kinds = rf"(?=(?:{is_possible})\Z)(?=(?:{general})\Z)(?:{alternatives})\Z"
    subscriber = {length for kind in ("mobile", "fixed_line") for length in lengths.get(kind, ()) if length > 0}
    national_prefix = metadata.national_prefix_for_parsing
    prefixes = metadata.international_prefix, national_prefix, metadata.leading_digits
    every_pattern = (general, *prefixes, *(pattern for _, pattern in patterns))
    return Plan(
        region=region,
        country_code=str(metadata.country_code),
        international_prefix=re.compile(metadata.international_prefix) if metadata.international_prefix else _NEVER,
        national_prefix=re.compile(national_prefix) if national_prefix else None,
        national_transform=metadata.national_prefix_transform_rule or None,
        general=re.compile(general),
        possible_lengths=possible,
        local_lengths=local,
        kinds=re.compile(kinds) if alternatives else _NEVER,
        each_kind=each_kind,
        lengths=lengths,
        mobile_is_fixed=bool(metadata.same_mobile_and_fixed_line_pattern),
        mobile=dict(each_kind).get("mobile", _NEVER),
        leading_digits=re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        subscriber_lengths=tuple(sorted(subscriber or possible)),
        named_digits=max(map(count_named_digits, filter(None, every_pattern))),
    )


def _read_description(description: PhoneNumberDesc | None) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """(pattern, possible lengths, lengths that are only possible inside an area) of one line type; empty: no such."""
    if description is None or not description.national_number_pattern:
        return "", (), ()
    possible, local = description.possible_length, description.possible_length_local_only
    return description.national_number_pattern, tuple(possible), tuple(local)
