"""Whose message is it: resolution, binding, forwards, the second question, trust (M2, M3, M5, M6)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tertulia.core import links
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.match import (
    Ambiguous,
    Bound,
    DigitsRight,
    DigitsWrong,
    Elsewhere,
    Expired,
    Found,
    LinkFacts,
    Need,
    NoDigits,
    PossibleForward,
    Resolution,
    Rule,
    Same,
    Sender,
    Suggestion,
    UnknownCode,
    Why,
    bind,
    check_digits,
    is_trusted,
    read_codes,
    resolve,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE, BOB, CHARLIE = 256, 512, 768
CHAT = IdentityRef("telegram", "bot", "77")
OTHER = IdentityRef("telegram", "bot", "88")
SCOPED = IdentityRef("whatsapp", "portfolio", "BR.9f")
WA_PHONE = IdentityRef("whatsapp", "wa", "5511987654321")
LINK = LinkFacts(ALICE, 1, "telegram", NOW + timedelta(days=30), None, frozenset({"+5511987654321"}))
NOBODY: dict[IdentityRef, tuple[int, Trust]] = {}


def decide(found: Found, identity: IdentityRef = CHAT, **kw: object) -> Resolution:
    return resolve(Sender(identity, **kw), found, NOW)  # type: ignore[arg-type]


def coded(*given: LinkFacts, owners: dict[IdentityRef, tuple[int, Trust]] = NOBODY, **kw: object) -> Found:
    return Found(owners, given, codes=True, **kw)  # type: ignore[arg-type]


def test_M2_the_exact_identity_comes_first() -> None:
    """It stays even where token and number name others; they become suggestions with their evidence."""
    found = coded(LINK, owners={CHAT: (BOB, Trust.TOKEN_LINKED)}, phone_owners=(CHARLIE,))
    decided = decide(found, phone="+4915112345678")
    assert (decided.contact_id, decided.rule, decided.trust) == (BOB, Rule.IDENTITY, Trust.TOKEN_LINKED)
    assert decided.binding == Elsewhere(LINK, BOB)
    assert decided.suggestions == (Suggestion(BOB, ALICE, Rule.TOKEN), Suggestion(BOB, CHARLIE, Rule.PHONE))


def test_M2_then_an_alias_of_the_same_payload() -> None:
    """Phone and business-scoped id together; an alias of somebody else is only a suggestion."""
    decided = decide(Found({WA_PHONE: (BOB, Trust.VERIFIED)}), SCOPED, aliases=(WA_PHONE,))
    assert (decided.contact_id, decided.rule, decided.trust) == (BOB, Rule.ALIAS, Trust.VERIFIED)
    both = Found({SCOPED: (ALICE, Trust.CLAIMED), WA_PHONE: (BOB, Trust.VERIFIED)})
    assert decide(both, SCOPED, aliases=(WA_PHONE,)).suggestions == (Suggestion(ALICE, BOB, Rule.ALIAS),)


def test_M2_then_a_valid_token() -> None:
    """Before the number; another contact with that number is a suggestion."""
    found = coded(replace(LINK, phone_keys=frozenset()), phone_owners=(BOB,))
    decided = decide(found, phone="+4915112345678")
    assert (decided.contact_id, decided.rule, decided.trust) == (ALICE, Rule.TOKEN, Trust.TOKEN_LINKED)
    assert decided.suggestions == (Suggestion(ALICE, BOB, Rule.PHONE),)


def test_M2_then_a_verified_number_of_exactly_one_contact() -> None:
    """Two contacts with one number: nobody is guessed."""
    one = decide(Found(NOBODY, phone_owners=(ALICE,)), phone="+5511987654321")
    assert (one.contact_id, one.rule, one.trust) == (ALICE, Rule.PHONE, Trust.VERIFIED)
    two = decide(Found(NOBODY, phone_owners=(ALICE, BOB)), phone="+5511987654321")
    assert (two.contact_id, two.rule) == (None, Rule.NEW)
    assert decide(Found(NOBODY, phone_owners=(ALICE,))).rule is Rule.NEW


def test_M2_else_a_new_contact() -> None:
    """Nothing known, nothing asked."""
    assert decide(Found(NOBODY)) == Resolution(None, Rule.NEW, Trust.CLAIMED, None)


def test_M3_a_username_only_customer_is_matched_by_the_token() -> None:
    """No phone in the payload at all."""
    base = links.mint(b"k" * 32, 0, ALICE, 1, 0)
    text = f"Hi! [{links.with_app(base, 'whatsapp').lower()}] x"
    assert [code.base for code in read_codes("", text)] == [base]
    decided = decide(coded(LINK), SCOPED)
    assert decided.contact_id == ALICE
    assert decided.binding == Bound(LINK, Trust.TOKEN_LINKED)


def test_M3_the_code_on_the_link_goes_before_the_text() -> None:
    """A start parameter and an edited text: both are read, once each."""
    one, two = (links.with_app(links.mint(b"k" * 32, 0, c, 1, 0), "telegram") for c in (ALICE, BOB))
    assert [c.text for c in read_codes(one, f"hello {two} {one}")] == [one, two]
    assert read_codes("", "hello") == read_codes("promo-autumn", "") == ()


def test_M5_first_use_binds_and_the_same_again_changes_nothing() -> None:
    """Also after the link's time, and from a contact that has the identity already."""
    first = bind(LINK, CHAT, phone="", owner=None, now=NOW)
    assert first == Bound(LINK, Trust.TOKEN_LINKED)
    used = replace(LINK, bound=CHAT)
    assert bind(used, CHAT, phone="", owner=ALICE, now=NOW) == Same(used)
    assert bind(used, CHAT, phone="", owner=ALICE, now=NOW + timedelta(days=99)) == Same(used)
    assert bind(LINK, CHAT, phone="", owner=ALICE, now=NOW) == Bound(LINK, Trust.TOKEN_LINKED)


def test_M5_a_second_identity_is_a_possible_forward() -> None:
    """It gets a contact of its own and a question, never the customer's contact."""
    used = replace(LINK, bound=CHAT)
    decided = decide(coded(used), OTHER)
    assert decided.contact_id is None
    assert decided.binding == PossibleForward(used, Why.BOUND_TO_ANOTHER)
    assert decided.ask
    assert decided.trust is Trust.CLAIMED


def test_M5_a_number_that_differs_is_a_possible_forward() -> None:
    """A WhatsApp number unlike the one in the list, even at first use."""
    decided = decide(coded(LINK), WA_PHONE, phone="+5521912345678")
    assert decided.binding == PossibleForward(LINK, Why.NUMBER_DIFFERS)
    assert (decided.contact_id, decided.ask, decided.trust) == (None, True, Trust.VERIFIED)


def test_M5_a_forward_to_a_known_number_goes_to_its_own_contact() -> None:
    """The friend is a customer too: their message is theirs, with a suggestion and no question."""
    decided = decide(coded(LINK, phone_owners=(BOB,)), WA_PHONE, phone="+5521912345678")
    assert (decided.contact_id, decided.rule, decided.ask) == (BOB, Rule.PHONE, False)
    assert decided.suggestions == (Suggestion(BOB, ALICE, Rule.TOKEN),)


@pytest.mark.parametrize("phone", ["+5511987654321", "+551187654321"])
def test_M5_the_contacts_own_number_is_no_forward(phone: str) -> None:
    """First use, or a second app, with the number of the list in either national spelling: verified."""
    for link in (LINK, replace(LINK, bound=CHAT)):
        decided = decide(coded(link), WA_PHONE, phone=phone)
        assert decided.contact_id == ALICE
        assert decided.trust is Trust.VERIFIED


def test_M5_expired_and_unknown_bind_nobody() -> None:
    """At its last instant a link is over."""
    late = replace(LINK, expires_at=NOW)
    assert decide(coded(late)).binding == Expired(late)
    assert decide(coded(late)).contact_id is None
    assert decide(coded()).binding == UnknownCode()
    assert bind(None, CHAT, phone="", owner=None, now=NOW) == UnknownCode()


def test_M5_links_of_two_contacts_bind_nobody() -> None:
    """Two codes in one text, of Alice and Bob."""
    two = (LINK, replace(LINK, contact_id=BOB))
    decided = decide(coded(*two))
    assert decided.binding == Ambiguous(two)
    assert decided.contact_id is None
    known = decide(coded(*two, owners={CHAT: (ALICE, Trust.TOKEN_LINKED)}))
    assert known.suggestions == (Suggestion(ALICE, BOB, Rule.TOKEN),)


def test_M5_of_several_links_of_one_contact_the_usable_one_binds() -> None:
    """An expired match's code beside a fresh one."""
    old = replace(LINK, match_id=2, expires_at=NOW)
    assert decide(coded(old, LINK)).binding == Bound(LINK, Trust.TOKEN_LINKED)


identities = st.sampled_from([CHAT, OTHER, SCOPED, WA_PHONE])
facts = st.builds(
    LinkFacts,
    contact_id=st.sampled_from([ALICE, BOB]),
    match_id=st.integers(1, 2),
    app=st.just("telegram"),
    expires_at=st.sampled_from([NOW - timedelta(days=1), NOW + timedelta(days=1)]),
    bound=st.none() | identities,
    phone_keys=st.sampled_from([frozenset(), frozenset({"+5511987654321"})]),
)
founds = st.builds(
    Found,
    owners=st.dictionaries(identities, st.tuples(st.sampled_from([ALICE, BOB, CHARLIE]), st.sampled_from(Trust))),
    links=st.lists(facts, max_size=3).map(tuple),
    codes=st.just(True),
    phone_owners=st.lists(st.sampled_from([ALICE, BOB, CHARLIE]), unique=True).map(tuple),
)
senders = st.builds(
    Sender,
    identity=identities,
    aliases=st.lists(identities, max_size=2).map(tuple),
    phone=st.sampled_from(["", "+5511987654321", "+4915112345678"]),
)


@given(senders, founds)
def test_M2_an_identity_is_never_stolen(sender: Sender, found: Found) -> None:
    """Whatever else the message carries, a known identity keeps its contact, and trust never falls."""
    decided = resolve(sender, found, NOW)
    if sender.identity in found.owners:
        owner, trust = found.owners[sender.identity]
        assert decided.contact_id == owner
        assert decided.trust >= trust
    assert all(s.one == decided.contact_id != s.other for s in decided.suggestions)


@given(senders, founds)
def test_M5_a_forwarded_token_never_opens_the_customers_contact(sender: Sender, found: Found) -> None:
    """A second identity reaches the customer's contact only by evidence other than the token."""
    decided = resolve(sender, found, NOW)
    if isinstance(decided.binding, PossibleForward):
        reached = decided.contact_id == decided.binding.link.contact_id
        assert not reached or decided.rule is not Rule.TOKEN
        assert not (decided.ask and decided.contact_id is not None)


@given(senders, founds)
def test_M5_only_the_contacts_own_number_verifies(sender: Sender, found: Found) -> None:
    """A token alone never makes an identity verified."""
    decided = resolve(sender, found, NOW)
    if decided.rule is Rule.TOKEN and decided.trust is Trust.VERIFIED:
        assert sender.phone == "+5511987654321"


@pytest.mark.parametrize("answer", ["4321", "it is 4321!", "٤٣٢١", "87654321", "+55 11 98765-4321", "４３２１"])
def test_M5_the_last_digits_are_recognised(answer: str) -> None:
    """Four digits or more, in any script, whatever stands around."""
    assert check_digits(answer, LINK.phone_keys, 0) == DigitsRight()


def test_M5_the_question_has_three_attempts() -> None:
    """After them the right answer is wrong too; a text without four digits is no attempt."""
    keys = LINK.phone_keys
    assert check_digits("1111", keys, 0) == DigitsWrong(2)
    assert check_digits("1111", keys, 2) == DigitsWrong(0)
    assert check_digits("4321", keys, 3) == DigitsWrong(0)
    assert check_digits("what number?", keys, 0) == NoDigits()
    assert check_digits("21", keys, 0) == NoDigits()
    assert check_digits("4" * 40, keys, 0) == NoDigits()
    assert check_digits("4321", frozenset(), 0) == DigitsWrong(2)


def test_M6_trust_is_an_order_and_self_service_needs_the_top() -> None:
    """claimed < token-linked < verified; token-linked may chat."""
    assert Trust.CLAIMED < Trust.TOKEN_LINKED < Trust.VERIFIED
    for trust in Trust:
        assert is_trusted(trust, Need.CHAT)
        assert is_trusted(trust, Need.SEND)
        for need in (Need.SELF_SERVICE, Need.SENSITIVE):
            assert is_trusted(trust, need) == (trust is Trust.VERIFIED)
