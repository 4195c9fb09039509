"""Merging contacts: redirects, conflicts, evidence, undo (M8)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.consent import MARKETING, ConsentFact, Given, Source, Target, derive
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.merge import (
    ConsentConflict,
    ConversationConflict,
    Evidence,
    FieldConflict,
    LinkedIdentity,
    Obstacle,
    OpenConversation,
    Person,
    UserIdConflict,
    choose_reply_identity,
    find_evidence,
    follow,
    is_placeholder,
    is_similar_name,
    may_merge_itself,
    preview,
    undo,
    unite_consents,
)

T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHAT = LinkedIdentity(IdentityRef("telegram", "bot", "77"), Trust.TOKEN_LINKED, 5, T0)
OTHER = LinkedIdentity(IdentityRef("telegram", "bot", "88"), Trust.CLAIMED, 5, T0 + timedelta(hours=1))
ALICE = Person(256, "Ana Souza", {"city": ("Recife", T0)})
BOB = Person(512, "Ana Sousa", {"city": ("Olinda", T0 + timedelta(days=1))})


def fact(given_: Given, hour: int) -> ConsentFact:
    phone = IdentityRef("phone", "", "+5511987654321")
    return ConsentFact(1, phone, "sms", MARKETING, given_, Source.FORM, T0 + timedelta(hours=hour))


def test_M8_preview_shows_every_conflict_and_what_holds() -> None:
    """User ids, attributes by the later write, consent by the stricter rule, conversations by age; what is revoked."""
    alice = replace(
        ALICE,
        user_ids=frozenset({"u1"}),
        consents=(fact(Given.WITHDRAWN, 1),),
        conversations=(OpenConversation("new", 5, T0), OpenConversation("alone", 6, T0)),
    )
    bob = replace(
        BOB,
        user_ids=frozenset({"u2"}),
        consents=(fact(Given.GRANTED, 2),),
        conversations=(OpenConversation("old", 5, T0 - timedelta(days=1)),),
        queued=3,
    )
    shown = preview(alice, bob)
    assert shown.obstacle is None
    assert shown.revoked == 3
    user_ids, field, consent, conversation = shown.conflicts
    assert user_ids == UserIdConflict(frozenset({"u1"}), frozenset({"u2"}))
    assert field == FieldConflict("city", "Recife", "Olinda", "Olinda")
    assert isinstance(consent, ConsentConflict)
    assert consent.holds.given is Given.WITHDRAWN
    assert conversation == ConversationConflict(5, "old", "new")


def test_M8_consent_after_the_merge_is_the_stricter() -> None:
    """The rows that the merge appends make it so."""
    alice, bob = replace(ALICE, consents=(fact(Given.WITHDRAWN, 1),)), replace(BOB, consents=(fact(Given.GRANTED, 2),))
    added = unite_consents(alice, bob, merge_id="m", at=T0 + timedelta(days=1), actor="user 1")
    target = Target(fact(Given.GRANTED, 0).subject or CHAT.identity, "sms", MARKETING)
    assert derive((*alice.consents, *bob.consents, *added), target).given is Given.WITHDRAWN


def test_M8_empty_and_placeholder_values_are_no_conflict() -> None:
    """A list's "n/a" does not stand against a name."""
    assert preview(ALICE, replace(BOB, fields={"city": ("N/A", T0)})).conflicts == ()
    assert preview(ALICE, replace(BOB, fields={"zip": ("1", T0)})).conflicts == ()


@pytest.mark.parametrize(
    ("root", "absorbed", "obstacle"),
    [
        (ALICE, ALICE, Obstacle.SAME_CONTACT),
        (ALICE, replace(BOB, erased=True), Obstacle.ERASED),
        (ALICE, replace(BOB, merged_into=768), Obstacle.ALREADY_MERGED),
        (replace(ALICE, merged_into=512), BOB, Obstacle.ALREADY_MERGED),
    ],
)
def test_M8_what_cannot_be_merged(root: Person, absorbed: Person, obstacle: Obstacle) -> None:
    """A ring or a chain through an erased contact is never made."""
    assert preview(root, absorbed).obstacle is obstacle


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 8), max_size=8), st.integers(0, 8))
def test_M8_following_redirects_always_ends(redirects: dict[int, int], start: int) -> None:
    """At a contact that redirects nowhere, or, in a ring, at the same one from everywhere in it."""
    end = follow(start, redirects)
    assert end not in redirects or follow(end, redirects) == end


def test_M8_undo_takes_one_redirect_away() -> None:
    """What was merged into the absorbed contact before stays merged into it."""
    redirects = {1: 2, 2: 3}
    assert follow(1, redirects) == 3
    undone = undo(redirects, 2)
    assert (follow(1, undone), follow(2, undone), follow(3, undone)) == (2, 2, 3)


def test_M8_replies_go_to_the_identity_of_the_message_they_answer() -> None:
    """Not to the one that was heard of last; and nowhere when it is linked no more."""
    linked = (CHAT, OTHER)
    assert choose_reply_identity(CHAT.identity, linked, 5) == CHAT.identity
    assert choose_reply_identity(None, linked, 5) == OTHER.identity
    assert choose_reply_identity(None, linked, 6) is None
    assert choose_reply_identity(CHAT.identity, (OTHER,), 5) is None


def test_M8_different_user_ids_never_merge_by_themselves() -> None:
    """Even on one verified number; a placeholder is no user id."""
    one = replace(ALICE, verified_keys=frozenset({"+551"}), user_ids=frozenset({"u1"}))
    two = replace(BOB, verified_keys=frozenset({"+551"}), user_ids=frozenset({"u2"}))
    assert not may_merge_itself(one, two)
    assert may_merge_itself(one, replace(two, user_ids=frozenset({"null"})))
    assert may_merge_itself(one, replace(two, user_ids=frozenset({"u1", "u2"})))
    both_null = replace(ALICE, user_ids=frozenset({"null"})), replace(BOB, user_ids=frozenset({"null"}))
    assert find_evidence(*both_null) == ()


def test_M8_similarity_only_suggests() -> None:
    """An e-mail, a listed number or a name is for a person to judge; a name alone is nothing."""
    mail = frozenset({"ana@casa.example"})
    one, two = replace(ALICE, emails=mail), replace(BOB, emails=mail)
    assert find_evidence(one, two) == (Evidence.SAME_EMAIL, Evidence.SIMILAR_NAME)
    assert not may_merge_itself(one, two)
    assert find_evidence(ALICE, BOB) == ()
    phones = replace(ALICE, phone_keys=frozenset({"+551"})), replace(BOB, phone_keys=frozenset({"+551"}))
    assert find_evidence(*phones)[0] is Evidence.SAME_NUMBER
    assert not may_merge_itself(*phones)
    made_up = frozenset({"test@test.com"})
    assert find_evidence(replace(ALICE, emails=made_up), replace(BOB, emails=made_up)) == ()


def test_M8_one_identity_on_both_is_one_person() -> None:
    """The strongest evidence comes first."""
    one, two = replace(ALICE, identities=(CHAT,)), replace(BOB, identities=(CHAT, OTHER))
    assert find_evidence(one, two)[0] is Evidence.SAME_IDENTITY
    assert may_merge_itself(one, two)


@pytest.mark.parametrize(
    ("one", "other", "similar"),
    [
        ("Ana Souza", "SOUZA, ana".replace(",", ""), True),
        ("José da Silva", "Jose da Silva", True),
        ("Jiří Novák", "Jiri Novak", True),
        ("王小明", "王小明", True),
        ("王小明", "王大明", False),
        ("Ana Souza", "Ana Lima", False),
        ("cliente", "cliente", False),
        ("", "", False),
    ],
)
def test_M8_similar_names(one: str, other: str, similar: bool) -> None:
    """Case, accents and order aside; short names only when equal."""
    assert is_similar_name(one, other) is similar
    assert is_similar_name(other, one) is similar


@pytest.mark.parametrize(
    "value", ["null", " N/A ", "0000000", "xxxxx", "test@test.com", "noemail@gmail.com", "Cliente", ""]
)
def test_M8_placeholders_are_ignored(value: str) -> None:
    """What people type to get past a form."""
    assert is_placeholder(value)
    assert not is_placeholder("ana@casa.example")
    assert not is_placeholder("Ana")
