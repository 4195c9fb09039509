"""One contact: found, read whole, merged, and who may see it."""

import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.actions.cast import NOW, add_consent, add_contact, add_identity, add_merge

from tertulia.core.consent import Given, Target
from tertulia.core.identity import IdentityRef
from tertulia.store import contacts as store
from tertulia.store.contacts import Filter


def find(conn: psycopg.Connection, shop: Any, **which: Any) -> list[str]:
    found = store.list_contacts(conn, shop.pk, Filter(**which), None, 50)
    assert store.count_contacts(conn, shop.pk, Filter(**which)) == len(found)
    assert store.list_contacts(conn, shop.pk, Filter(**which), None, 50, rare=True) == found
    return [contact.name for contact in found]


def test_search_finds_names_without_accents_and_numbers_typed_any_way(conn: psycopg.Connection, shop: Any) -> None:
    """`joao` finds João, `(11) 98555-0100` finds its number; a per cent sign is only itself."""
    from tertulia.core.search import make_line, split_words

    line = make_line("João", "Conceição", "+5511985550100")
    add_contact(conn, shop, 1, name="João", surname="Conceição", phone="+5511985550100", search=line)
    add_contact(conn, shop, 2, name="Maria", search=make_line("Maria", "+5511985550200"))
    assert find(conn, shop, words=split_words("joao conc")) == ["João"]
    assert find(conn, shop, words=split_words("(11) 98555-0100")) == ["João"]
    assert find(conn, shop, words=split_words("%")) == []
    assert find(conn, shop) == ["Maria", "João"]


def test_filters_by_app_sms_and_consent(conn: psycopg.Connection, shop: Any) -> None:
    """Reachable in an app, by SMS, and by what the consent ledger says of marketing."""
    linked = add_contact(conn, shop, 1, name="Linked")
    add_identity(conn, shop, linked, "telegram", "bot", "77")
    add_contact(conn, shop, 2, name="No number", phone="")
    for serial, name, states in ((3, "Agreed", ["granted"]), (4, "Left", ["granted", "withdrawn"])):
        contact_id = add_contact(conn, shop, serial, name=name)
        for number, state in enumerate(states):
            add_consent(conn, shop, contact_id, state, at=NOW + timedelta(minutes=number))
    assert find(conn, shop, app="telegram") == ["Linked"]
    assert find(conn, shop, sms=True) == ["Left", "Agreed", "Linked"]
    assert find(conn, shop, consent="granted") == ["Agreed"]
    assert find(conn, shop, consent="withdrawn") == ["Left"]
    assert find(conn, shop, consent="none") == ["No number", "Linked"]


def test_filters_by_country_and_attribute(conn: psycopg.Connection, shop: Any) -> None:
    """An attribute is compared without regard to case; without a value, whoever has one is found."""
    add_contact(conn, shop, 1, name="Ana", country="PT", attributes='{"cidade": "Évora"}')
    add_contact(conn, shop, 2, name="Rui", country="PT", attributes='{"cidade": ""}')
    add_contact(conn, shop, 3, name="Bia", country="BR", attributes='{"cidade": "Recife"}')
    assert find(conn, shop, country="PT") == ["Rui", "Ana"]
    assert find(conn, shop, attribute="cidade") == ["Bia", "Ana"]
    assert find(conn, shop, attribute="cidade", value="éVORA") == ["Ana"]
    assert find(conn, shop, attribute="cidade", value="Recife", country="PT") == []
    assert find(conn, shop, attribute="shoe size", value="42") == []


def test_an_estimate_is_said_only_where_the_sample_holds_enough(conn: psycopg.Connection, shop: Any) -> None:
    """Of few contacts the whole table is the sample; a filter that hardly anybody meets has no estimate."""
    for serial in range(1, 41):
        add_contact(conn, shop, serial, country="PT" if serial == 1 else "BR")
    assert store.estimate_contacts(conn, shop.pk, Filter(country="BR"), 40) == 39
    assert store.estimate_contacts(conn, shop.pk, Filter(country="PT"), 40) is None


def test_pages_follow_each_other(conn: psycopg.Connection, shop: Any) -> None:
    """The next page begins after the last row of the one before, also at one instant."""
    for serial in range(1, 8):
        add_contact(conn, shop, serial)
    seen: list[int] = []
    before = None
    while page := store.list_contacts(conn, shop.pk, Filter(), before, 3):
        seen += [contact.id for contact in page]
        before = (page[-1].created_at, page[-1].id)
    assert len(seen) == len(set(seen)) == 7


def test_charlie_does_not_see_alices_contact(conn: psycopg.Connection, shop: Any, foreign_shop: Any) -> None:
    """Not by its id, not in a list, not in a preview of a merge."""
    from tertulia.actions.contacts import access_contact, preview_merge
    from tertulia.errors import NotFound

    mine, theirs = add_contact(conn, shop, 1), add_contact(conn, foreign_shop, 2)
    assert access_contact(conn, shop, mine).id == mine
    for asked in (lambda: access_contact(conn, foreign_shop, mine), lambda: preview_merge(conn, shop, mine, theirs)):
        with pytest.raises(NotFound):
            asked()
    assert find(conn, foreign_shop) == ["Ana 2"]


def test_M8_a_merged_contact_is_read_as_the_one_it_was_merged_into(conn: psycopg.Connection, shop: Any) -> None:
    """The old id leads to the root, whose page shows both contacts' identities and consents; the list shows one."""
    from tertulia.actions.contacts import read_detail, read_timeline

    root, absorbed = add_contact(conn, shop, 1), add_contact(conn, shop, 2)
    add_identity(conn, shop, absorbed, "line", "bot", "U1")
    add_consent(conn, shop, absorbed, "withdrawn", address="line:bot:U1", channel="line")
    add_merge(conn, shop, absorbed, root)
    detail = read_detail(conn, shop, absorbed)
    assert (detail.contact.id, detail.asked_id, detail.family) == (root, absorbed, (root, absorbed))
    assert [item.ref for item in detail.identities] == [IdentityRef("line", "bot", "U1")]
    state = detail.states[Target(IdentityRef("line", "bot", "U1"), "line", "marketing")]
    assert state.given is Given.WITHDRAWN
    assert [contact.id for contact in store.list_contacts(conn, shop.pk, Filter(), None, 9)] == [root]
    happened = {item.what for item in read_timeline(conn, shop, detail.family)}
    assert happened == {"linked", "consent", "merged"}


def test_M8_a_merge_is_previewed_and_asked_for_and_an_undo_too(conn: psycopg.Connection, shop: Any) -> None:
    """Two names are a conflict; the entries carry who asked; what cannot be merged is a conflict in words."""
    from tertulia.actions.contacts import ask_merge, ask_unmerge, preview_merge
    from tertulia.errors import Conflict, NotFound

    root, absorbed = add_contact(conn, shop, 1, name="Ana"), add_contact(conn, shop, 2, name="Anna")
    preview = preview_merge(conn, shop, root, absorbed)
    assert preview.obstacle is None
    assert "name" in {getattr(conflict, "field", "") for conflict in preview.conflicts}
    entry = ask_merge(conn, shop, None, NOW, root, absorbed)
    assert (entry.into, entry.absorbed, entry.actor) == (root, absorbed, "api")
    with pytest.raises(Conflict):
        ask_merge(conn, shop, None, NOW, root, root)
    merge_id = add_merge(conn, shop, absorbed, root)
    assert ask_unmerge(conn, shop, None, NOW, merge_id).absorbed == absorbed
    with pytest.raises(Conflict):
        ask_merge(conn, shop, None, NOW, root, absorbed)
    with pytest.raises(NotFound):
        ask_unmerge(conn, shop, None, NOW, uuid.uuid4())


def test_a_suggestion_is_dismissed_once_from_either_side(conn: psycopg.Connection, shop: Any, alice: Any) -> None:
    """Whoever is faster settles it; the other is told."""
    from tertulia.actions.contacts import dismiss_suggestion
    from tertulia.errors import Conflict
    from tertulia.ids import shard_of_contact

    one, other = add_contact(conn, shop, 1), add_contact(conn, shop, 2)
    conn.execute(
        """insert into merge_suggestion (shard, contact_id, other_id, rule, workspace, evidence, at, state, actor)
           values (%s, %s, %s, 'same_number', %s, '{}', %s, 'open', '')""",
        (shard_of_contact(one), one, other, shop.pk, NOW),
    )
    assert len(store.list_open_suggestions(conn, shop.pk, None, 10)) == 1
    dismiss_suggestion(conn, shop, alice, other, one)
    assert store.list_open_suggestions(conn, shop.pk, None, 10) == []
    with pytest.raises(Conflict):
        dismiss_suggestion(conn, shop, alice, one, other)


def test_C1_consent_is_asked_for_with_a_reason(conn: psycopg.Connection, shop: Any, alice: Any) -> None:
    """For an address of the contact or everywhere, never without saying on what it rests."""
    from tertulia.actions.contacts import ask_consent
    from tertulia.errors import Invalid

    contact_id = add_contact(conn, shop, 1, phone="+5511985550100")
    given = {"address": "phone:+5511985550100", "channel": "sms", "topic": "marketing", "state": "withdrawn"}
    entry = ask_consent(conn, shop, alice, NOW, contact_id, **given, reason="Asked on the phone")
    assert (entry.source, entry.actor, entry.evidence["reason"]) == (
        "person",
        f"user:{alice.pk}",
        "Asked on the phone",
    )
    for field, value in (
        ("address", "phone:+1"),
        ("topic", "sports"),
        ("state", "maybe"),
        ("reason", " "),
        ("channel", ""),
    ):
        with pytest.raises(Invalid) as refused:
            ask_consent(conn, shop, alice, NOW, contact_id, **{**given, "reason": "x", field: value})
        assert refused.value.field == field


def test_C5_an_erasure_takes_the_whole_family(conn: psycopg.Connection, shop: Any) -> None:
    """One entry for the contact and one for each contact merged into it; a second time is a conflict."""
    from tertulia.actions.contacts import ask_erasure
    from tertulia.errors import Conflict

    root, absorbed = add_contact(conn, shop, 1), add_contact(conn, shop, 2)
    add_merge(conn, shop, absorbed, root)
    assert [entry.contact_id for entry in ask_erasure(conn, shop, None, NOW, absorbed)] == [root, absorbed]
    gone = add_contact(conn, shop, 3, erased_at=NOW)
    with pytest.raises(Conflict):
        ask_erasure(conn, shop, None, NOW, gone)
