"""What an identify call says of a customer, and what of it is the latest that was said (E2).

A call may come late, twice, or after a later one; of each attribute the write with the latest `at` holds, so any order
of the same calls comes to the same end. Of two at one instant the greater in its JSON text holds. What is cleared keeps
the time of its clearing. A value without a time of its own (from a list, or a platform's profile) counts as written
when the contact was made; what was only filled in from a device's settings (`UNDATED`) gives way to whatever is told.

Some names are reserved: they are a contact's own fields and addresses and never attributes. Traits are claims: no
consent comes from them, and addresses are only added.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tertulia.core.country_names import find_country
from tertulia.core.import_values import email_key, read_email
from tertulia.core.language_names import find_language
from tertulia.core.merge import is_placeholder
from tertulia.core.phones import PHONE_CHARACTERS_MAX, Phone, normalise_phone
from tertulia.core.rows import ContactRow

ATTRIBUTES_MAX: Final = 500  # names that a contact may have had
NAME_CHARACTERS_MAX: Final = 200
VALUE_BYTES_MAX: Final = 8_000  # of an attribute's JSON; the event itself keeps a longer one

UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS: Final = ("name", "surname", "locale", "zone", "country")  # of a contact, that traits write
RESERVED: Final = frozenset(
    {
        *("firstName", "first_name", "lastName", "last_name", "name", "surname", "email", "phone", "id"),
        *("locale", "language", "timezone", "zone", "country"),
    }
)


class Told(msgspec.Struct, frozen=True):
    """What a call's traits say. `fields` are those of FIELDS, empty where they are cleared; `attributes` have None
    where they are cleared; `email` and `phone` are as they were written, empty without one."""

    fields: dict[str, str]
    attributes: dict[str, Any]
    email: str
    phone: str


def read_traits(traits: Mapping[str, Any], context: Mapping[str, Any], zones: Collection[str]) -> Told:
    """The traits of an identify call, what its context says of the device beside them; `zones` are the known IANA
    names. What cannot be read as what it is called is left out."""
    fields = {**read_settings(context, zones), **_read_names(traits), **read_settings(traits, zones)}
    address = traits.get("address")
    country = traits.get("country", address.get("country") if isinstance(address, dict) else None)
    if isinstance(country, str) and (code := find_country(country)):
        fields["country"] = code
    attributes = {
        name: value
        for name, value in traits.items()
        if name not in RESERVED
        and 0 < len(name) <= NAME_CHARACTERS_MAX
        and len(msgspec.json.encode(value)) <= VALUE_BYTES_MAX
    }
    return Told(fields, attributes, _read_email(traits.get("email")), _read_phone(traits.get("phone")))


def read_settings(said: Mapping[str, Any], zones: Collection[str]) -> dict[str, str]:
    """The language and the time zone that traits or a context name, where they are known ones."""
    found = {}
    for name in ("language", "locale"):
        if isinstance(value := said.get(name), str) and len(value) <= NAME_CHARACTERS_MAX:
            found["locale"] = find_language(value)
    for name in ("zone", "timezone"):
        if isinstance(value := said.get(name), str) and value in zones:
            found["zone"] = value
    return {field: value for field, value in found.items() if value}


def read_number(text: str, region: str) -> Phone | None:
    """The phone number that a trait holds, or None. `region` is that of numbers without a country code."""
    found = normalise_phone(text, region) if text else None
    return found if isinstance(found, Phone) else None


def read_addresses(traits: Mapping[str, Any], region: str) -> list[tuple[str, str]]:
    """Kind and key of the addresses that traits hold."""
    email, phone = _read_email(traits.get("email")), read_number(_read_phone(traits.get("phone")), region)
    return ([("email", email_key(email))] if email else []) + ([("phone", phone.key)] if phone else [])


def choose_later(
    told: Mapping[str, Any], had: Mapping[str, Any], changed: Mapping[str, str], since: datetime, at: datetime
) -> dict[str, Any]:
    """Of what is told at `at`, what holds from now on (E2). `had` are the present values, `changed` the ISO instants of
    their last writes, `since` when the contact was made. A value that is the present one and told later holds too: its
    time moves."""
    return {
        name: value for name, value in told.items() if _is_later(value, had.get(name), changed.get(name), since, at)
    }


def unite(root: ContactRow, absorbed: ContactRow) -> None:
    """Let a contact have what is known of one that was merged into it (M8): of each field and attribute the later
    write; what has no time of its own gives way."""
    for name in FIELDS:
        told = getattr(absorbed, name)
        if _take_time(root, absorbed, name, told, getattr(root, name)):
            setattr(root, name, told)
    for name in {**absorbed.attributes, **absorbed.changed}.keys() - FIELDS:
        told = absorbed.attributes.get(name)
        if _take_time(root, absorbed, name, told, root.attributes.get(name)):
            root.attributes.pop(name, None)
            if told is not None:
                root.attributes[name] = told


def _take_time(root: ContactRow, absorbed: ContactRow, name: str, told: Any, had: Any) -> bool:
    """Whether the absorbed contact's value is the later one; then its time is taken over."""
    at = absorbed.changed.get(name)
    if at is None:
        return told not in (None, "") and had in (None, "") and name not in root.changed
    if not _is_later(told, had, root.changed.get(name), UNDATED, _read(at)):
        return False
    root.changed[name] = at
    return True


def _is_later(value: Any, had: Any, changed: str | None, since: datetime, at: datetime) -> bool:
    if changed is None:
        return had in (None, "") or at > since
    before = _read(changed)
    return at > before or (at == before and _rank(value) > _rank(had))


def _read(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


def _rank(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _read_names(traits: Mapping[str, Any]) -> dict[str, str]:
    """First and last name; a full name alone is the name, and there is no surname then."""
    first = _first_of(traits, "firstName", "first_name")
    last = _first_of(traits, "lastName", "last_name", "surname")
    full = _first_of(traits, "name")
    if first is None and full is not None:
        first = full.removesuffix(last).strip() or full if last else full
        last = last or ""
    found = {"name": first, "surname": last}
    return {field: value for field, value in found.items() if value is not None}


def _first_of(traits: Mapping[str, Any], *names: str) -> str | None:
    """The first of these traits that is there: a text, empty for null; None without one, or for a value that only
    stands for nothing."""
    for name in names:
        value = traits.get(name, 0)
        if value is None:
            return ""
        if isinstance(value, str) and not is_placeholder(value):
            return " ".join(value.split())[:NAME_CHARACTERS_MAX]
    return None


def _read_email(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return (read_email(text) or "") if text and not is_placeholder(text) else ""


def _read_phone(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text.strip() if isinstance(text, str) and 0 < len(text) <= PHONE_CHARACTERS_MAX else ""
