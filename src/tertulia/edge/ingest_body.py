"""What a tracking request carries, in every form that SDKs, beacons and image tags send it: its value and its key.

Nobody's Content-Type is believed: gzipped JSON comes as a form, JSON as plain text or without a type. What begins like
gzip is unpacked, what reads as JSON is JSON, and only what does not is looked at as the form that it claims to be.
"""

import base64
import binascii
import re
import zlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from tertulia.core.ingest_json import NotJson, read_lenient
from tertulia.edge.http import BodyTooLarge, get_header

BODY_BYTES_MAX = 8 * 1024 * 1024  # unpacked; Python's greediest SDK sends just that
MULTIPART_BYTES_MAX = 1024 * 1024  # beacons have 64 kB
FIELDS_MAX = 1_000
MEMBERS_MAX = 20  # of a gzip file: what comes after one is copied for the next
_GZIP = b"\x1f\x8b"
_WITH_GZIP_HEAD = 31  # zlib's window bits
_KEY_SHAPE = re.compile(r"wk_[A-Za-z0-9_]{1,61}")


def is_packed(raw: bytes) -> bool:
    """Whether a body is gzip, whatever its headers say."""
    return raw.startswith(_GZIP)


def read_value(raw: bytes, content_type: str) -> Any:
    """The value that a body stands for. Raises NotJson, and BodyTooLarge for what unpacks to more than a body may
    have."""
    body = _unpack(raw) if is_packed(raw) else raw
    try:
        return read_lenient(body)
    except NotJson:
        data = _find_data(body, content_type)
        if data is None:
            raise
        return read_lenient(data)


def read_pixel(query: str) -> Any:
    """The value of an image tag's query: base64 JSON under `data`, else the parameters themselves, with dots for what
    lies inside. Raises NotJson."""
    fields = read_query(query)
    if "data" not in fields:
        return _nest(fields)
    text = fields["data"].replace("-", "+").replace("_", "/").replace(" ", "+").rstrip("=")
    try:
        return read_lenient(base64.b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise NotJson from None


def find_header_key(scope: Scope) -> str:
    """The write key of the Authorization header: the user of Basic, or a Bearer token that looks like a write key;
    empty without one."""
    scheme, _, token = get_header(scope, b"authorization").strip().partition(" ")
    token = token.strip()
    if scheme.lower() == "bearer":
        return token if _KEY_SHAPE.fullmatch(token) else ""
    if scheme.lower() != "basic":
        return ""
    try:
        pair = base64.b64decode(token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return ""
    return pair.decode("utf-8", "replace").partition(":")[0].strip()


def read_query(query: str) -> dict[str, str]:
    """The parameters of a query, of several with one name the last; none where there are absurdly many."""
    try:
        return dict(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def _unpack(raw: bytes) -> bytes:
    """The content of a gzip file of one member or several. Raises NotJson for a broken one or too many, and
    BodyTooLarge before more than a body may have is unpacked."""
    parts: list[bytes] = []
    size = 0
    for _ in range(MEMBERS_MAX):
        if not is_packed(raw):
            break
        unpacker = zlib.decompressobj(_WITH_GZIP_HEAD)
        try:
            part = unpacker.decompress(raw, BODY_BYTES_MAX + 1 - size)
        except zlib.error:
            raise NotJson from None
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise BodyTooLarge
        if not unpacker.eof:
            raise NotJson
        parts.append(part)
        raw = unpacker.unused_data
    if is_packed(raw):
        raise NotJson
    return b"".join(parts)


def _find_data(body: bytes, content_type: str) -> bytes | None:
    """The field `data` of a form, None without one."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        data = read_query(body.decode("utf-8", "replace")).get("data")
        return data.encode("utf-8", "replace") if data is not None else None
    if kind == "multipart/form-data" and len(body) <= MULTIPART_BYTES_MAX:
        return _find_part(body, content_type)
    return None


def _find_part(body: bytes, content_type: str) -> bytes | None:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    try:
        form = BytesParser(policy=HTTP).parsebytes(head + body)
        for part in form.iter_parts():
            if part.get_param("name", header="content-disposition") == "data":
                found = part.get_payload(decode=True)
                return found if isinstance(found, bytes) else None
    except Exception:  # the parser of mail has many ways to trip over what is none
        raise NotJson from None
    return None


def _nest(fields: dict[str, str]) -> dict[str, Any]:
    """`properties.x` as `x` inside `properties`. Of two that cannot both be, the later counts."""
    value: dict[str, Any] = {}
    for name, text in fields.items():
        *path, last = name.replace("\0", "").split(".")
        place = value
        for step in path:
            inner = place.get(step)
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        place[last] = text.replace("\0", "")
    return value
