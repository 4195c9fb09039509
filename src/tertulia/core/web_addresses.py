"""Web addresses that links in messages lead to: what a browser can be sent to, written as a header takes it."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

ADDRESS_CHARACTERS_MAX: Final = 2_000
UNFIT: Final = frozenset(' <>"\\^`{|}')  # what ends an attribute or is read in more than one way
HOST: Final = re.compile(r"[0-9a-z._:-]+")  # names as they are asked for, numbers of both kinds
KEPT: Final = "%:/?#[]@!$&'()*+,;=~-._"


def read_address(text: str) -> str:
    """The address in ASCII: its host in the letters of the domain system, other signs beyond ASCII in percent signs.
    Empty for what leads nowhere on the web: no http or https, no host, a name before the host, blanks."""
    if not text.isprintable() or len(text) > ADDRESS_CHARACTERS_MAX or not UNFIT.isdisjoint(text):
        return ""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or "@" in parts.netloc:
        return ""
    place = f"[{host}]" if ":" in host else host
    rest = text[text.index("//") + 2 + len(parts.netloc) :]
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{quote(rest, safe=KEPT)}"


def name_host(address: str) -> str:
    """The host of an address that can be read."""
    return urlsplit(address).hostname or ""
