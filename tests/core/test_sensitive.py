"""Sensitive attributes (M6): what a text uses, who is verified where it goes, and which text they get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.identity import Trust
from tertulia.core.sensitive import Choice, Proof, choose_text, judge_address, list_sensitive

MARKED = frozenset({"plan", "date of birth", "debt"})
PHONE, OTHER = "+5511985550101", "+5511985550999"
KEY, OTHER_KEY = PHONE, OTHER
TELEGRAM = Proof("telegram", "77", Trust.VERIFIED)


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("Hello {{ contact.name }}", ()),
        ("Your plan is gold", ()),
        ("{{ contact.plan }}", ("plan",)),
        ("{{ contact['date of birth'] | date: '%d' }}", ("date of birth",)),
        ("{% if contact.debt %}You owe us{% endif %}", ("debt",)),
        ("{{ contact.city | default: contact.plan }}", ("plan",)),
        ("{% case contact.plan %}{% when 'x' %}1{% endcase %}{{ contact.debt }}", ("debt", "plan")),
        ("{% capture x %}{{ contact.plan }}{% endcapture %}", ("plan",)),
        ("{% comment %}{{ contact.plan }}{% endcomment %}{{ contact.planet }}", ()),
        ("{{ workspace.plan }} {{ links.plan }}", ()),
        ("{% if false %}{% assign contact = 'x' %}{% endif %}{{ contact.plan }}", ("plan",)),
        ("{% assign key = 'plan' %}{{ contact[key] }}", tuple(sorted(MARKED))),
        ("{% assign c = contact %}{{ c.plan }}", tuple(sorted(MARKED))),
        ("{% for pair in contact %}{{ pair }}{% endfor %}", tuple(sorted(MARKED))),
        ("{{ contact.plan", ()),
    ],
)
def test_M6_what_a_text_uses_is_read_from_its_parsed_form(text: str, used: tuple[str, ...]) -> None:
    """By name where the text says the name; every marked attribute where it does not."""
    assert list_sensitive(text, MARKED) == used


def test_M6_nothing_is_sensitive_until_somebody_marks_it() -> None:
    """A workspace without marks pays nothing for the rule."""
    assert list_sensitive("{% assign c = contact %}{{ c.plan }}", frozenset()) == ()


@pytest.mark.parametrize(
    ("phones", "proofs", "trust"),
    [
        ([KEY], [], Trust.CLAIMED),
        ([KEY], [Proof("phone", PHONE, Trust.VERIFIED)], Trust.VERIFIED),
        ([KEY], [Proof("telegram", "77", Trust.TOKEN_LINKED)], Trust.CLAIMED),
        ([KEY], [TELEGRAM], Trust.VERIFIED),
        ([KEY, KEY], [TELEGRAM], Trust.VERIFIED),
        ([KEY, OTHER_KEY], [TELEGRAM], Trust.CLAIMED),
        ([KEY, OTHER_KEY], [Proof("phone", PHONE, Trust.VERIFIED)], Trust.VERIFIED),
        ([KEY, OTHER_KEY], [Proof("phone", OTHER, Trust.VERIFIED)], Trust.CLAIMED),
        ([OTHER_KEY], [TELEGRAM], Trust.CLAIMED),
    ],
)
def test_M6_a_number_is_verified_by_who_wrote_from_it(phones: list[str], proofs: list[Proof], trust: Trust) -> None:
    """A message from the number, or an app that vouched for the only number there is; a list proves nothing."""
    assert judge_address("phone", PHONE, phones, proofs) is trust


def test_M6_an_app_is_as_trusted_as_its_identity() -> None:
    """The very identity that the message goes to, no other."""
    assert judge_address("telegram", "77", [], [TELEGRAM]) is Trust.VERIFIED
    assert judge_address("telegram", "78", [], [TELEGRAM]) is Trust.CLAIMED
    assert judge_address("viber", "77", [], [TELEGRAM]) is Trust.CLAIMED


@given(st.sampled_from(Trust), st.sampled_from(["", "Hello"]), st.booleans())
def test_M6_who_is_not_verified_never_gets_the_sensitive_text(trust: Trust, neutral: str, marked: bool) -> None:
    """The neutral text where there is one; the main one is for who is verified, or says nothing sensitive."""
    names = MARKED if marked else frozenset()
    choice = choose_text("{{ contact.plan }}", neutral, names, trust)
    if not marked or trust is Trust.VERIFIED:
        assert choice == Choice("{{ contact.plan }}", False, ("plan",) if marked else ())
    elif neutral:
        assert choice == Choice("Hello", True, ("plan",))
    else:
        assert choice == Choice("{{ contact.plan }}", False, ("plan",))
