"""What drafts of documents share, be they journeys or templates: their names, keys and faults."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.problems import Problem, Refused
from tertulia.documents.lines import BadDocument, read_lines
from tertulia.documents.lines import Problem as Fault

NAME_CHARACTERS_MAX: Final = 200
KEY: Final = r"[a-z0-9][a-z0-9_-]{0,59}"
KEY_CHARACTERS_MAX: Final = 60
DOCUMENT_CHARACTERS_MAX: Final = 200_000


def read_fault(fault: Fault) -> Problem:
    """A document's fault in the reader's language. `field` is its path: `steps.2.for`."""
    spoken = ("expected", "found")  # types, which have words of their own
    parameters = {name: _(value) if name in spoken else value for name, value in fault.parameters.items()}
    sentence = _(fault.message) % parameters if parameters else _(fault.message).replace("%%", "%")
    field = ".".join(map(str, fault.path))
    return Problem("document.invalid", sentence, field, fault.place.line, column=fault.place.column)


def read_name(text: str) -> str:
    """The name that a document gives, also where the rest of it is wrong; empty without one."""
    try:
        value = read_lines(text).value
    except BadDocument:
        found = re.search(r"^name:[ \t]*(.+?)[ \t]*$", text, re.MULTILINE)
        return found[1].strip("\"' ") if found else ""
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""


def refuse_text(text: str, name: str, nameless: str) -> None:
    """Raises Refused for a draft that cannot be kept at all. `nameless`: the sentence about its name."""
    if not 0 < len(name.strip()) <= NAME_CHARACTERS_MAX or "\0" in name:
        raise Refused([Problem("required", nameless, "name")])
    if len(text) > DOCUMENT_CHARACTERS_MAX or "\0" in text:
        raise Refused([Problem("invalid", _("The document is too long."), "document")])


def find_free_key(key: str, name: str, taken: Collection[str], plain: str) -> str:
    """The key as it was given, else one of the name (of a name without letters of ours `plain`) that is not `taken`.
    Raises Refused for what is no key."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = key or re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:KEY_CHARACTERS_MAX] or plain
    if not re.fullmatch(KEY, wanted):
        message = _("A key has small letters, digits, - and _, and is at most 60 long.")
        raise Refused([Problem("invalid", message, "key")])
    return next(k for k in (wanted, *(f"{wanted[:55]}-{n}" for n in range(2, len(taken) + 3))) if k not in taken)
