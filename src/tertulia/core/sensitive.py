"""Sensitive attributes (M6): which of them a text uses, how far the customer at an address is verified, and so which of
a match's texts they get. One function for the claim, the preview and the check before a launch.

What a text uses comes from its parsed form. A use that cannot be named from the text alone (`contact[key]`, the whole
`contact` in an assignment or a loop) counts as a use of every marked attribute: to be too careful costs a neutral text,
to be too careless somebody's secret.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from tertulia.core.identity import Trust
from tertulia.core.import_values import email_key
from tertulia.core.match import Need, is_trusted
from tertulia.core.phones import key_of_e164
from tertulia.core.render import TemplateProblem, compile_template

OWN_FIELDS = frozenset({"name", "surname", "full_name", "language"})
"""A contact's own fields, which stand above attributes of the same name (`template_facts`) and cannot be marked."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A linked identity as evidence of who is at an address."""

    kind: str
    value: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class Choice:
    """Which text a customer gets: the main one or the neutral one. `used` are the sensitive attributes of the main
    text; without a neutral text the gate `trust` drops what is not trusted enough."""

    text: str
    neutral: bool
    used: tuple[str, ...]


@lru_cache(maxsize=512)
def list_sensitive(text: str, marked: frozenset[str]) -> tuple[str, ...]:
    """The marked attributes that a Liquid text uses, by name. A text that does not compile uses none: it is never
    sent."""
    if not marked:
        return ()
    try:
        template = compile_template(text)
    except TemplateProblem:
        return ()
    found: set[str] = set()
    for uses in template.strict.analyze(include_partials=False).variables.values():
        for use in uses:
            root, *path = use.segments
            if root != "contact":
                continue
            if not path or not isinstance(path[0], str):
                return tuple(sorted(marked))
            found.add(path[0])
    return tuple(sorted(marked & found))


def list_sensitive_of(texts: Iterable[str], marked: frozenset[str]) -> tuple[str, ...]:
    """The marked attributes that texts of one message use."""
    return tuple(sorted({name for text in texts for name in list_sensitive(text, marked)}))


def choose_text(text: str, neutral: str, marked: frozenset[str], trust: Trust, beside: tuple[str, ...] = ()) -> Choice:
    """The text for somebody who is verified so far at the address it goes to. `beside`: what else of the message goes
    out with the main text."""
    used = list_sensitive_of((text, *beside), marked)
    if used and neutral and not is_trusted(trust, Need.SENSITIVE):
        return Choice(neutral, True, used)
    return Choice(text, False, used)


def judge_address(kind: str, value: str, phone_keys: Collection[str], proofs: Iterable[Proof]) -> Trust:
    """How far it is verified that the contact is at an address: `phone` with its number in E.164, `email`, else the
    kind of an app's identity. `phone_keys` are the contact's numbers by their one key, `proofs` their linked
    identities.

    A number is verified by a message that came from it, or, where it is the contact's only one, by an app that vouched
    for the contact's number. A number that stands in a list alone is claimed."""
    if kind == "email":
        own = (p.trust for p in proofs if p.kind == kind and email_key(p.value) == email_key(value))
        return max(own, default=Trust.CLAIMED)
    if kind != "phone":
        return max((p.trust for p in proofs if (p.kind, p.value) == (kind, value)), default=Trust.CLAIMED)
    key = key_of_e164(value)
    known = list(proofs)
    if set(phone_keys) == {key} and any(proof.trust is Trust.VERIFIED for proof in known):
        return Trust.VERIFIED
    own = (p.trust for p in known if p.kind == "phone" and key_of_e164(p.value) == key)
    return max(own, default=Trust.CLAIMED)
