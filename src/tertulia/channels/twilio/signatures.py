"""Twilio's webhook signature (source: “Validate requests”, and the official Python library's RequestValidator).

Signed is the whole address as Twilio called it, followed for a form by every parameter name and value in order of the
names; for another body the address carries the body's SHA-256. Twilio may or may not have counted the port in.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from tertulia.channels.base import Rejected, WebhookCall
from tertulia.channels.wire import Unreadable, check_size, equal_secret, read_form, sha256_hex, sign_base64

_PORTS = {"https": 443, "http": 80}


def sign_address(key: str, url: str, fields: Mapping[str, Sequence[str]], algorithm: str) -> str:
    """The signature of an address and a form's parameters."""
    signed = url + "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    return sign_base64(key, signed.encode("utf-8", "surrogatepass"), algorithm)


def verify_call(tokens: Sequence[str], shared_keys: Mapping[str, str], call: WebhookCall) -> None:
    """Raise Rejected unless one of the account's keys signed the call."""
    check_size(call)
    given = call.headers.get("x-twilio-signature", "")
    if not given:
        raise Rejected("no_signature", 401)
    keys, algorithm = _choose_keys(tokens, shared_keys, call)
    fields = _read_signed_fields(call)
    for url in _list_addresses(call.url):
        for key in keys:
            if equal_secret(given, sign_address(key, url, fields, algorithm)):
                return
    raise Rejected("bad_signature")


def read_keys(text: str) -> dict[str, str]:
    """The setting `signature_keys`: `name=secret`, several with commas or line breaks between."""
    pairs = (part.partition("=") for part in text.replace(",", "\n").splitlines())
    return {name.strip(): secret.strip() for name, _, secret in pairs if name.strip() and secret.strip()}


def _choose_keys(tokens: Sequence[str], shared_keys: Mapping[str, str], call: WebhookCall) -> tuple[Sequence[str], str]:
    """The auth tokens and SHA-1, or the shared key and algorithm that the settings header names."""
    header = call.headers.get("x-twilio-webhooks-signature-settings", "")
    if not header:
        return [token for token in tokens if token], "sha1"
    named = dict(part.strip().partition("=")[::2] for part in header.split(","))
    if named.get("algorithm") != "HMAC_SHA256":
        raise Rejected("unknown_algorithm")
    key = shared_keys.get(named.get("key", ""), "")
    if not key:
        raise Rejected("unknown_key")
    return [key], "sha256"


def _read_signed_fields(call: WebhookCall) -> Mapping[str, Sequence[str]]:
    """A form's parameters; none for a body whose hash stands in the address, which must then be right."""
    body_hash = call.query.get("bodySHA256")
    if body_hash is not None:
        if not equal_secret(sha256_hex(call.body), body_hash):
            raise Rejected("bad_body_hash")
        return {}
    try:
        return read_form(call.body)
    except Unreadable as error:
        raise Rejected(error.reason, 400) from None


def _list_addresses(url: str) -> tuple[str, ...]:
    """The address as configured, with its explicit port and without."""
    parts = urlsplit(url)
    host = parts.netloc.rsplit(":", 1)[0] if parts.port else parts.netloc
    port = parts.port or _PORTS.get(parts.scheme, 443)
    variants = (parts.netloc, f"{host}:{port}", host)
    return tuple(dict.fromkeys(urlunsplit(parts._replace(netloc=netloc)) for netloc in variants))
