"""Which headers of a webhook are kept with its sample: what a mapping may ask for, never what proves who calls."""

from collections.abc import Mapping
from typing import Final

from tertulia.core.hook_mapping import Compiled, list_headers
from tertulia.core.hook_signatures import Signing

HEADERS_MAX: Final = 40
VALUE_CHARACTERS_MAX: Final = 500
_OF_THE_ROAD: Final = frozenset(
    {
        *("host", "connection", "content-length", "transfer-encoding", "accept", "accept-encoding", "expect", "via"),
        *("forwarded", "x-real-ip", "cookie", "authorization", "proxy-authorization", "upgrade", "te"),
    }
)
_SECRET: Final = ("signature", "hmac", "token", "secret", "password", "api-key", "apikey", "auth")


def choose_headers(headers: Mapping[str, str], signing: Signing, mapping: Compiled | None) -> dict[str, str]:
    """The headers to keep, by their names in lower case."""
    asked = list_headers(mapping) if mapping is not None else frozenset()
    kept = {
        name: value[:VALUE_CHARACTERS_MAX]
        for name, value in headers.items()
        if name != signing.header.lower() and (name in asked or not _is_left_out(name))
    }
    return dict(sorted(kept.items())[:HEADERS_MAX])


def _is_left_out(name: str) -> bool:
    return name in _OF_THE_ROAD or name.startswith("x-forwarded") or any(word in name for word in _SECRET)
