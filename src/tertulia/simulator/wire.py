"""HTTP as data: what a provider's handler gets and gives. Handlers never see a socket or a framework's request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import msgspec

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Call:
    """A request from the platform to a provider. `path` is the provider's own (without our prefix); header names in
    lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer. `remark` is for the wire log only."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A webhook on its way to the platform, signed."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class BadBody(Exception):
    """The body is not what its content type says."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def write_form(fields: Mapping[str, str]) -> bytes:
    """Form fields as bytes. Most values need no escaping, and finding that out is ten times cheaper than escaping."""
    return "&".join(f"{name}={_escape(value)}" for name, value in fields.items()).encode()


def _escape(value: str) -> str:
    return value if value.isalnum() and value.isascii() else quote_plus(value)


def to_json(value: Any) -> bytes:
    return _encoder.encode(value)


def reply_json(value: Any, status: int = 200, remark: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return Reply(status, _encoder.encode(value), JSON, headers, remark)


def read_object(call: Call) -> dict[str, Any]:
    """The body as a JSON object. Raises BadBody for anything else, an empty body included."""
    try:
        value = _decoder.decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(str(error)) from error
    if not isinstance(value, dict):
        raise BadBody("not an object")
    return value


def read_form(call: Call) -> dict[str, str]:
    """Form fields; the last of a repeated field wins. Raises BadBody when the bytes are not UTF-8."""
    try:
        pairs = parse_qsl(call.body.decode(), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadBody(str(error)) from error
    return dict(pairs)


def read_fields(call: Call) -> dict[str, Any]:
    """Form or JSON by content type, as Graph and the Telegram API accept both; query parameters fill what is absent."""
    kind = call.headers.get("content-type", "")
    if not call.body:
        return dict(call.query)
    fields: dict[str, Any] = read_form(call) if kind.startswith(FORM) else read_object(call)
    return {**call.query, **fields}


def bearer(call: Call) -> str:
    """The token of an Authorization: Bearer header, or nothing."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
