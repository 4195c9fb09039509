"""Reading and writing what travels: JSON, forms and XML that come from strangers, and the pieces of a request.

Everything that arrives may be malformed, of the wrong type, ten megabytes long or nested a million deep. The readers
here either give plain Python values or raise `Unreadable`; the pickers never raise at all: a missing key and a value of
the wrong type are both "not there". So an adapter reads item by item, and one bad item cannot spoil its neighbours.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from tertulia.channels.base import Headers, HttpResponse, Rejected, WebhookCall

BODY_MAX_BYTES = 4 * 1024 * 1024  # Meta batches up to 3 MB; nobody sends more
XML_MAX_BYTES = 256 * 1024  # WeChat: a message is a few kB
FORM_FIELDS_MAX = 1_000
TEXT_MAX_CHARACTERS = 20_000  # longer than any platform's message
ID_MAX_CHARACTERS = 1_024
YEAR_MAX = 9_000

JsonMap = Mapping[str, Any]
NOTHING: JsonMap = {}


class Unreadable(Exception):
    """A body that is not what its provider sends. `reason` is a code for the channel log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_size(call: WebhookCall, limit: int = BODY_MAX_BYTES) -> None:
    """Refuse a body larger than `limit` bytes before any work is done on it."""
    if len(call.body) > limit:
        raise Rejected("too_large", 413)


def read_json(body: bytes) -> Any:
    """Plain values of a JSON text. Raises Unreadable."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Unreadable("too_deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise Unreadable("not_json") from None


def read_json_map(body: bytes) -> JsonMap:
    """A JSON object. Raises Unreadable."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise Unreadable("not_an_object")
    return value


def read_answer(response: HttpResponse) -> JsonMap:
    """A provider's JSON answer, empty when it is none (a proxy's page)."""
    try:
        return read_json_map(response.body)
    except Unreadable:
        return NOTHING


def read_form(body: bytes | str) -> dict[str, list[str]]:
    """The parameters of a form or query, each with all its values in order. Raises Unreadable."""
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    try:
        pairs = (
            _read_plain(text)
            if "%" not in text and "+" not in text
            else parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FORM_FIELDS_MAX)
        )
    except ValueError:
        raise Unreadable("not_a_form") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _read_plain(text: str) -> list[tuple[str, str]]:
    """The pairs of a form in which nothing is escaped, in a third of the time. Raises ValueError for too many."""
    parts = text.split("&")
    if len(parts) > FORM_FIELDS_MAX:
        raise ValueError
    split = [part.partition("=") for part in parts if part]
    return [(name, value) for name, _, value in split]


def read_xml(body: bytes) -> dict[str, str]:
    """The direct children of an XML document, name to text. DTDs, entities and depth are refused. Raises Unreadable."""
    if len(body) > XML_MAX_BYTES:
        raise Unreadable("too_large")
    try:
        root = SafeTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise Unreadable("not_xml") from None
    return {child.tag: child.text or "" for child in root if isinstance(child.tag, str)}


def clean_text(value: str, limit: int = TEXT_MAX_CHARACTERS) -> str:
    """`value` without NULs (no database takes them) and lone surrogates, cut at `limit` characters."""
    if value.isascii() and "\0" not in value:  # nearly all: ids, numbers, codes
        return value[:limit]
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:limit]


def pick(value: Any, *path: str) -> Any:
    """The value at `path`, or None when a step is missing or is no object."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def pick_text(value: Any, *path: str, limit: int = TEXT_MAX_CHARACTERS) -> str:
    """A text or a whole number at `path` as clean text, else empty. Ids larger than 53 bits keep their digits."""
    found = value
    for step in path:  # `pick` written out: a message asks for a dozen texts
        if not isinstance(found, dict):
            return ""
        found = found.get(step)
    if isinstance(found, str):
        return clean_text(found, limit)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return ""


def pick_id(value: Any, *path: str) -> str:
    """As `pick_text`, but an id that is absurdly long is no id."""
    found = pick_text(value, *path)
    return found if len(found) <= ID_MAX_CHARACTERS else ""


def pick_int(value: Any, *path: str) -> int | None:
    """A whole number, also one written as text."""
    found = pick(value, *path)
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    if isinstance(found, str) and found.lstrip("-").isascii() and found.lstrip("-").isdigit() and len(found) < 20:
        return int(found)
    return None


def pick_map(value: Any, *path: str) -> JsonMap:
    found = pick(value, *path)
    return found if isinstance(found, dict) else NOTHING


def pick_maps(value: Any, *path: str) -> list[JsonMap]:
    """The objects of a list at `path`; items of another type are left out."""
    found = pick(value, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def read_instant(seconds: float | None, now: datetime) -> datetime:
    """Seconds since 1970 as an instant; `now` when there are none or they are not a time."""
    if seconds is None or not 0 < seconds < 253_000_000_000:
        return now
    return datetime.fromtimestamp(seconds, UTC)


def read_instant_ms(milliseconds: int | None, now: datetime) -> datetime:
    """Milliseconds since 1970 as an instant; `now` when there are none or they are not a time."""
    return now if milliseconds is None or abs(milliseconds) > 10**16 else read_instant(milliseconds / 1000, now)


def write_json(value: Any) -> bytes:
    """Compact JSON in raw UTF-8, without `\\u` escapes (WeChat shows those literally)."""
    return msgspec.json.encode(value)


def write_form(pairs: Iterable[tuple[str, str]]) -> bytes:
    return urlencode(list(pairs)).encode()


def with_query(url: str, pairs: Sequence[tuple[str, str]]) -> str:
    """`url` with `pairs` added to its query, percent-encoded (a blank is %20, which every reader understands)."""
    if not pairs:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(list(pairs), quote_via=quote)


@lru_cache(maxsize=1_024)
def list_written(*secrets: str) -> tuple[str, ...]:
    """Every form in which secrets can stand in a request: plain, in a form, in an address, in an address inside an
    address, in JSON. For `HttpRequest.redact`."""
    written: dict[str, None] = {}
    for secret in filter(None, secrets):
        once = quote(secret, safe="")
        in_json = write_json(secret).decode()[1:-1]
        written |= dict.fromkeys((secret, once, quote(once, safe=""), quote_plus(secret), quote_plus(once), in_json))
    return tuple(written)


def path_part(value: str) -> str:
    """A setting as one segment of a path; it can neither add segments nor a query."""
    return quote(value, safe="")


def basic_auth(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def equal_secret(given: str, expected: str) -> bool:
    """Compare in constant time; an empty expected value never matches."""
    given_bytes = given.encode("utf-8", "backslashreplace")
    return bool(expected) and hmac.compare_digest(given_bytes, expected.encode("utf-8", "backslashreplace"))


def sign_hex(key: str, message: bytes, algorithm: str = "sha256") -> str:
    return hmac.digest(key.encode(), message, algorithm).hex()  # in one call: a third of the time of `hmac.new`


def sign_base64(key: str, message: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hmac.digest(key.encode(), message, algorithm)).decode()


def sha256_hex(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def header_of(headers: Headers, name: str) -> str:
    """A response header's first value; `name` in lower case."""
    return next((value for key, value in headers if key == name), "")


def retry_after_s(response: HttpResponse) -> float | None:
    """The seconds of a Retry-After header, when it gives seconds."""
    value = header_of(response.headers, "retry-after").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 8 else None


def utf16_length(text: str) -> int:
    """UTF-16 code units, in which LINE counts."""
    return len(text) + sum(character > "\uffff" for character in text)
