"""What customers do in a business's apps and sites, through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import NOW, Town

from tertulia.actions import cycle
from tertulia.core.entries import EventEntry

HOUR = timedelta(hours=1)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def contact_of(town: Town, kind: str, value: str) -> int:
    """Whose an identity is, merges followed."""
    contact_id = town.identity(kind, value)
    assert contact_id is not None
    while into := town.rows("select merged_into from contact where id = %s", contact_id)[0][0]:
        contact_id = into
    return contact_id


def user(town: Town, value: str) -> int:
    return contact_of(town, "user_id", value)


def device(town: Town, value: str) -> int:
    return contact_of(town, "anonymous_id", value)


def read(town: Town, contact_id: int, columns: str) -> tuple[Any, ...]:
    [row] = town.rows(f"select {columns} from contact where id = %s", contact_id)
    return row


def test_M1_an_unknown_device_gets_a_contact_and_keeps_it(town: Town) -> None:
    """Named by where it came from; its identity is claimed and lies in the contact's home shard."""
    town.event("page", device="d1", name="Home", properties={"path": "/"}, context={"locale": "pt_BR"})
    town.event("track", device="d1", name="Product Viewed")
    contact = device(town, "d1")
    assert town.rows("select contact_id, name, type from event where type <> 'derived' order by name") == [
        (contact, "Home", "page"),
        (contact, "Product Viewed", "track"),
    ]
    assert read(town, contact, "source, locale, active_at") == ("event:1", "pt-BR", NOW)
    assert town.rows("select kind, trust from contact_identity") == [("anonymous_id", 0)]


def test_M8_a_device_that_turns_out_to_be_a_user_is_merged(town: Town) -> None:
    """Its history becomes the user's; each event keeps the contact that it came to."""
    town.event("page", device="d1", name="Home")
    town.event("identify", user="u1", device="d2")
    before, known = device(town, "d1"), user(town, "u1")
    assert before != known
    town.event("track", user="u1", device="d1", name="Signed In")
    assert device(town, "d1") == user(town, "u1") == known
    assert town.rows("select contact_id from event where type <> 'derived' order by name") == [
        (known,),
        (before,),
        (known,),
    ]
    assert town.rows("select actor, evidence ->> 'rule' from merge where contact_id = %s", before)[0][0] == "event"


def test_M8_a_device_that_is_being_merged_is_no_part_of_an_audience(town: Town) -> None:
    """An audience waits with its freezing for what the log still holds: the absorbed contact would be in it beside the
    one that it became."""
    town.event("page", device="d1", name="Home")
    town.event("identify", user="u1", device="d2")
    town.append_event("track", user="u1", device="d1", name="Signed In")
    town.engine._launches.shards = 256
    match = town.launch("{{ link }}")
    assert town.rows("select contact_id from match_contact where match_id = %s", match) == [(user(town, "u1"),)]


def test_M1_the_id_that_a_list_has_is_the_user_id_of_events(town: Town) -> None:
    """From the first event on, wherever the two have their homes, with what the device did before."""
    people = {f"C{n}": town.add_contact(f"Ana {n}", f"+551198765000{n}") for n in range(4)}
    for name, contact in people.items():
        town.list_contact(contact, name)
        town.event("page", device=f"d-{name}", name="Home")
        town.event("track", user=name, device=f"d-{name}", name="Signed In")
        town.event("track", user=name, name="Product Viewed")
    assert {name: user(town, name) for name in people} == people
    assert {name: device(town, f"d-{name}") for name in people} == people
    assert town.rows("select count(*) from contact where merged_into is null and erased_at is null") == [(4,)]


def test_M1_a_list_that_comes_later_finds_the_user_of_events(town: Town) -> None:
    """Its id is in the directory, as an import reads it."""
    town.event("track", user="C1", name="Signed Up")
    assert town.rows("select kind, canonical, contact_id from address_key") == [("external_id", "C1", user(town, "C1"))]
    assert read(town, user(town, "C1"), "external_id") == ("C1",)


def test_M8_two_users_never_become_one_by_a_list(town: Town) -> None:
    """Who has another user id already is not whom the list's id is about; of two contacts with one id, neither."""
    ana, bia = town.add_contact("Ana", "+5511987650001"), town.add_contact("Bia", "+5511987650002")
    town.list_contact(ana, "C1")
    town.event("track", user="C1", name="Signed Up")
    town.list_contact(ana, "C2")
    town.event("track", user="C2", name="Signed Up")
    assert (user(town, "C1"), user(town, "C2") == ana) == (ana, False)
    clea = town.add_contact("Clea", "+5511987650003")
    town.list_contact(bia, "C3")
    town.list_contact(clea, "C3")
    town.event("track", user="C3", name="Signed Up")
    assert user(town, "C3") not in (bia, clea)


def test_C5_an_id_of_a_list_is_erased_with_its_contact(town: Town) -> None:
    """Nothing of it stays in the directory, and it leads to nobody."""
    ana = town.add_contact("Ana", "+5511987650001")
    town.list_contact(ana, "C1")
    town.erase(ana)
    assert town.rows("select kind, canonical from address_key") == []


def test_M1_a_user_that_is_first_seen_on_a_known_device_is_linked_to_its_contact(town: Town) -> None:
    """Wherever the two are at home: nobody is made twice, and events of the user alone come to the same contact."""
    for number in range(8):  # so that some have their homes in two shards
        town.append_event("page", device=f"d{number}", name="Home")
        town.append_event("identify", device=f"d{number}", user=f"u{number}", traits={"plan": "pro"})
        town.append_event("track", user=f"u{number}", name="Signed Up")
    town.drain()
    assert town.rows("select count(*), count(merged_into) from contact") == [(8, 0)]
    assert town.rows("select contact_id from event where type <> 'derived' group by 1 having count(*) <> 3") == []
    assert all(device(town, f"d{n}") == user(town, f"u{n}") for n in range(8))


def test_M1_what_another_owner_decides_goes_through_the_log(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same when the shards belong to several owners: the entry is forwarded, and later ones follow its way."""
    town.event("page", device="d1", name="Home")
    contact = device(town, "d1")
    decide = cycle.decide_entries
    monkeypatch.setattr(cycle, "decide_entries", lambda *args: decide(*args[:5], ()))
    for number in range(8):
        town.append_event("identify", device="d1", user="u1", traits={"n": number})
        town.append_event("track", user="u1", name="Signed Up", properties={"n": number})
    town.drain()
    assert user(town, "u1") == contact
    assert town.rows("select contact_id, count(*) from event where type <> 'derived' group by 1") == [(contact, 17)]
    assert read(town, contact, "attributes") == ({"n": 7},)


def test_M8_what_a_visitor_told_is_the_users_after_the_merge(town: Town) -> None:
    """Of each attribute the later write, for decisions and on pages; the undo takes it away again."""
    from tertulia.actions.contacts import read_detail

    town.event("identify", device="d1", traits={"plan": "pro", "city": "Recife", "firstName": "Ana"})
    town.event("identify", user="u1", at=NOW + HOUR, traits={"plan": "free"})
    visitor, known = device(town, "d1"), user(town, "u1")
    town.event("track", user="u1", device="d1", name="Signed In")
    found = read_detail(town.conn, town.workspace, visitor).contact
    assert (found.id, found.name, found.attributes) == (known, "Ana", {"plan": "free", "city": "Recife"})
    town.event("identify", user="u1", at=NOW - HOUR, traits={"city": "Olinda", "seats": 3})
    found = read_detail(town.conn, town.workspace, known).contact
    assert found.attributes == {"plan": "free", "city": "Recife", "seats": 3}
    town.unmerge(visitor)
    assert read_detail(town.conn, town.workspace, known).contact.attributes == {"plan": "free", "seats": 3}


def test_M8_a_shared_device_goes_over_to_who_used_it_last(town: Town) -> None:
    """Nobody is merged; what the device does alone is the latest user's, also when it changes hands within a cycle; the
    history of its links stays."""
    for who in ("u1", "u2", "u1", "u2"):
        town.event("track", user=who, device="d1", name="Opened")
        town.advance(HOUR)
    town.event("page", device="d1", name="Home")
    assert town.rows("select contact_id from event where name = 'Home'") == [(user(town, "u2"),)]
    assert town.rows("select count(*) from merge") == [(0,)]
    linked = "select contact_id, unlinked_at is null from contact_identity where value = 'd1' order by linked_at"
    one, two = user(town, "u1"), user(town, "u2")
    assert town.rows(linked) == [(one, False), (two, False), (one, False), (two, True)]
    for who in ("u1", "u2", "u1"):
        town.now += timedelta(seconds=1)  # they arrive one after another, and are decided together
        town.append_event("track", user=who, device="d1", name="Opened")
    town.drain()
    assert device(town, "d1") == one
    assert town.rows("select contact_id from contact_identity where kind = 'anonymous_id' and unlinked_at is null") == [
        (one,)
    ]


def test_M8_a_late_event_takes_a_device_from_nobody(town: Town) -> None:
    """It belongs to its own user, and the device stays with the later one."""
    town.event("track", user="u2", device="d1", name="Opened")
    town.event("track", user="u1", device="d1", name="Opened", at=NOW - HOUR)
    assert device(town, "d1") == user(town, "u2") != user(town, "u1")


def test_M8_two_users_become_one_by_alias_alone(town: Town) -> None:
    """Not by a common device or address; by alias, both ways round and in a ring, and the undo takes it back."""
    for who in ("u1", "u2"):
        town.event("identify", user=who, device="d1", traits={"email": "ana@loja.example"})
    first, second = user(town, "u1"), user(town, "u2")
    assert first != second
    assert {row[0] for row in town.rows("select rule from merge_suggestion where state = 'open'")} == {"told_email"}
    town.event("alias", user="u2", previous="u1")
    assert user(town, "u1") == user(town, "u2") == second
    town.append_event("alias", user="u1", previous="u2")
    town.append_event("alias", user="u2", previous="u1")
    town.append_event("alias", user="u2", previous="u2")
    town.drain()
    assert town.rows("select count(*) from contact where merged_into is not null") == [(1,)]
    town.unmerge(first)
    assert (user(town, "u1"), user(town, "u2")) == (first, second)


def test_M8_rings_of_aliases_within_one_cycle_end(town: Town) -> None:
    for who in ("a", "b", "c"):
        town.event("identify", user=who)
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        town.append_event("alias", user=one, previous=other)
    town.drain()
    assert len({user(town, who) for who in ("a", "b", "c")}) == 1


def test_M1_an_alias_of_an_unknown_id_is_a_second_identity(town: Town) -> None:
    """A user's or a device's, whichever it turns out to be; and of an unknown user the first of a known contact."""
    town.event("alias", user="u1", previous="old")
    town.event("track", device="old", name="Opened")
    town.event("track", user="old", name="Opened")
    town.event("page", device="d9", name="Home")
    visitor = device(town, "d9")
    town.event("alias", user="u9", previous="d9")
    assert user(town, "old") == device(town, "old") == user(town, "u1")
    assert user(town, "u9") == visitor
    assert town.rows("select count(*) from contact") == [(2,)]


def test_M8_what_a_person_parted_no_event_merges_again(town: Town) -> None:
    """After an undo the device changes hands as a shared one does."""
    town.event("page", device="d1", name="Home")
    town.event("identify", user="u1")
    visitor, known = device(town, "d1"), user(town, "u1")
    town.event("track", user="u1", device="d1", name="Opened")
    town.unmerge(visitor)
    assert device(town, "d1") == visitor
    town.advance(HOUR)
    town.event("track", user="u1", device="d1", name="Opened")
    assert device(town, "d1") == known
    assert read(town, visitor, "merged_into") == (None,)


def test_E1_the_same_event_again_has_no_effect(town: Town) -> None:
    """In one cycle, later, from another source, after the device changed hands and after a merge, whatever it says."""
    town.append_event("page", device="d1", name="Home", message_id="m1", at=NOW)
    town.append_event("page", device="d1", name="Home", message_id="m1", at=NOW)
    town.drain()
    visitor = device(town, "d1")
    town.event("identify", user="u1", traits={"plan": "pro"}, message_id="m2", at=NOW)
    town.event("track", user="u1", device="d1", name="Opened", message_id="m3", at=NOW)
    town.event("track", user="u2", device="d1", name="Opened", message_id="m4", at=NOW + HOUR)
    before = town.rows("select id, contact_id from event where type <> 'derived' order by id")
    changed = town.rows("select id, attributes, changed, active_at from contact order by id")
    town.event("page", device="d1", name="Home", message_id="m1", at=NOW)
    town.event("page", user="u3", name="Home", message_id="m1", at=NOW)
    town.event("identify", user="u1", traits={"plan": "free"}, message_id="m2", at=NOW)
    town.event("track", user="u1", device="d1", name="Opened", message_id="m3", at=NOW)
    assert town.rows("select id, contact_id from event where type <> 'derived' order by id") == before
    assert town.rows("select id, attributes, changed, active_at from contact order by id") == changed
    assert town.rows("select sum(count) from event_tally where type <> 'derived'") == [(4,)]
    assert (visitor in {row[1] for row in before}, len(before)) == (True, 4)


def test_E1_an_event_of_long_ago_has_no_effect_again_either(town: Town) -> None:
    """Keys of its day are forgotten at once; what is stored says that it came, also after a merge."""
    from tertulia.store.upkeep import forget_keys

    long_ago = NOW - timedelta(days=40)
    town.event("track", device="d1", name="Opened", message_id="m1", at=long_ago)
    town.event("identify", user="u1")
    town.event("track", user="u1", device="d1", name="Opened")
    for _again in range(2):
        assert forget_keys(town.conn, NOW.date() - timedelta(days=8)) > 0
        town.conn.commit()
        town.event("track", device="d1", name="Opened", message_id="m1", at=long_ago)
        town.event("track", user="u1", name="Opened", message_id="m1", at=long_ago)
    assert town.rows("select count(*) from event") == [(3,)]
    assert town.rows("select sum(count) from event_tally where type <> 'derived'") == [(3,)]


def test_E1_a_message_id_is_a_workspaces_own(town: Town) -> None:
    """Another workspace may have the same one on the same day."""
    from tertulia.core.entries import EventEntry, key_of, route
    from tertulia.data.models import Workspace
    from tertulia.store.log import NewEntry
    from tertulia.store.sealing import seal

    other = Workspace.objects.create(name="Outra", slug="outra", link_key=seal(b"o" * 32))
    town.event("page", device="d1", name="Home", message_id="1")
    entry = EventEntry(2, "page", "1", NOW, NOW, name="Home", anonymous_id="d1")
    shard = route(other.pk, entry)
    town.writer.append(town.conn, [NewEntry(shard, other.pk, key_of(entry), entry, NOW)], NOW)
    town.conn.commit()
    town.writer.committed()
    town.drain()
    assert len(town.rows("select workspace from event where type <> 'derived'")) == 2


def test_E2_a_late_identify_changes_only_what_nobody_told_later(town: Town) -> None:
    """Per attribute; a null clears and stays cleared; reserved names are fields and addresses, not attributes."""
    town.event("identify", user="u1", traits={"plan": "pro", "seats": 3, "trial": True, "firstName": "Ana"})
    town.event(
        *("identify",),
        user="u1",
        at=NOW - HOUR,
        traits={"plan": "free", "seats": 1, "city": "Recife", "lastName": "Silva", "firstName": "A."},
    )
    town.event("identify", user="u1", at=NOW + HOUR, traits={"trial": None})
    town.event("identify", user="u1", at=NOW - HOUR, traits={"trial": False})
    assert read(town, user(town, "u1"), "attributes, name, surname") == (
        {"plan": "pro", "seats": 3, "city": "Recife"},
        *("Ana", "Silva"),
    )
    assert town.rows("select id from contact where search like '%%ana silva%%' or search like '%%ana%%silva%%'")


def test_E2_reserved_traits_become_fields_and_addresses(town: Town) -> None:
    """Addresses are found through the directory, of the number's own country where it names one, else of the
    workspace's; no consent comes with them, and none is ever taken away."""
    traits = {
        "email": "Ana@Loja.example",
        "phone": "11 98555-0123",
        "address": {"country": "Brasil", "city": "Recife"},
        "timezone": "America/Recife",
        "name": "Ana Silva",
    }
    town.event("identify", user="u1", traits=traits, context={"locale": "pt-BR", "timezone": "Europe/Lisbon"})
    town.event("identify", user="u1", at=NOW + HOUR, traits={"email": None, "phone": "no number", "timezone": "Mars"})
    contact = user(town, "u1")
    assert read(town, contact, "name, locale, zone, country") == ("Ana Silva", "pt-BR", "America/Recife", "BR")
    assert read(town, contact, "attributes") == ({"address": traits["address"]},)
    assert town.rows("select kind, value, canonical, sms, source from address order by kind") == [
        ("email", "Ana@Loja.example", "ana@loja.example", False, "event:1"),
        ("phone", "+5511985550123", "+5511985550123", True, "event:1"),
    ]
    assert {row[0] for row in town.rows("select contact_id from address_key")} == {contact}
    assert town.rows("select count(*) from consent") == [(0,)]


def test_E2_a_name_from_a_list_gives_way_to_a_newer_one_only(town: Town) -> None:
    """What has no time of its own counts as written when the contact was made."""
    contact = town.add_contact("Anabela", "+5511985550123")
    town.event("page", device="d1", name="Home")
    town.merge(device(town, "d1"), into=contact)
    town.event("identify", device="d1", at=NOW - HOUR, traits={"firstName": "Old"})
    assert read(town, contact, "name") == ("Anabela",)
    town.event("identify", device="d1", at=NOW + HOUR, traits={"firstName": "Ana"})
    assert read(town, contact, "name") == ("Ana",)


def test_E2_traits_in_the_context_of_other_calls_overwrite_nothing(town: Town) -> None:
    town.event("identify", user="u1", traits={"plan": "pro"}, context={"locale": "pt"})
    context = {"traits": {"plan": "free", "email": "x@loja.example"}, "locale": "en", "timezone": "Europe/Lisbon"}
    town.event("track", user="u1", name="Opened", at=NOW + HOUR, context=context)
    assert read(town, user(town, "u1"), "attributes, locale, zone") == ({"plan": "pro"}, "pt", "Europe/Lisbon")
    town.event("identify", user="u1", at=NOW - HOUR, context={"timezone": "America/Recife"})
    assert read(town, user(town, "u1"), "zone") == ("America/Recife",)


def test_last_seen_moves_forward_by_the_minute_and_not_for_what_is_only_reported(town: Town) -> None:
    """`active: false` leaves it; an old event does not move it back; a lively visit writes nothing of the contact."""
    town.event("identify", user="u1", context={"active": False})
    contact = user(town, "u1")
    assert read(town, contact, "active_at") == (None,)
    town.event("track", user="u1", name="Opened")
    before = read(town, contact, "xmin::text, active_at")
    for seconds in (1, 30, 59, -3600):
        town.event("track", user="u1", name="Opened", at=NOW + timedelta(seconds=seconds), device="d1")
    town.event("track", user="u1", name="Opened", at=NOW + HOUR, context={"active": False})
    assert read(town, contact, "active_at") == (NOW,)
    assert read(town, contact, "xmin::text, active_at") == before
    town.event("track", user="u1", name="Opened", at=NOW + timedelta(minutes=2))
    assert read(town, contact, "active_at") == (NOW + timedelta(minutes=2),)


def test_E2_groups_have_traits_and_members(town: Town) -> None:
    """Last writer wins per trait, across cycles and within one; a call with a group alone makes no contact."""
    town.event("group", user="u1", group="acme", traits={"plan": "pro", "seats": 3, "site": "acme.example"})
    town.append_event("group", group="acme", at=NOW - HOUR, traits={"plan": "free", "city": "Recife"})
    town.append_event("group", group="acme", at=NOW + HOUR, traits={"seats": None, "size": "small"})
    town.append_event("group", device="d2", group="acme", at=NOW - HOUR, traits={"seats": 9, "size": "large"})
    town.drain()
    [(traits,)] = town.rows("select traits from contact_group where id = 'acme'")
    assert traits == {"plan": "pro", "site": "acme.example", "city": "Recife", "size": "small"}
    town.event("group", group="acme", at=NOW, traits={"seats": 4, "size": "medium"})
    assert town.rows("select traits from contact_group") == [(traits,)]
    assert {row[0] for row in town.rows("select contact_id from group_member")} == {
        user(town, "u1"),
        device(town, "d2"),
    }
    assert town.rows("select count(*) from contact") == [(2,)]
    assert town.rows("select contact_id, context from event where message_id = 'x' or contact_id = 0")[0] == (
        0,
        {"groupId": "acme"},
    )


def test_C5_an_erased_person_leaves_no_event_behind(town: Town) -> None:
    """Nor an id, a trait or a membership, in any table; short ids of others stay; a new event makes somebody new."""
    ids = {"user": "user-4711", "device": "device-4712"}
    town.event("identify", **ids, traits={"email": "anabela@loja.example", "name": "Anabela", "city": "Olinda-PE"})
    town.event("group", **ids, group="acme")
    town.event("track", **ids, name="Opened", properties={"note": "Anabela was here"})
    town.event("alias", user="user-4711", previous="before-4713")
    town.event("track", user="7", name="Opened", properties={"n": "user"})
    contact, other = user(town, "user-4711"), user(town, "7")
    town.erase(contact)
    for text in ("user-4711", "device-4712", "before-4713", "anabela@", "Anabela", "Olinda"):
        assert town.find_text(text) == []
    town.erase(other)
    assert town.rows("select count(*) from event") == [(0,)]
    town.event("track", **ids, name="Opened")
    assert user(town, "user-4711") not in (contact, other)


def test_C5_samples_of_webhooks_that_name_an_erased_person_are_gone(town: Town) -> None:
    """By whom their events named, by an address, by a long id; others' stay, also those with the number inside."""
    told = {
        "by-event": ("{}", ["shop-1-7"]),
        "by-address": ('{"mail": "Ana@Loja.example"}', []),
        "by-id": ('{"customer": 6147919001}', []),
        "other": ('{"n": 7, "mail": "bea@loja.example"}', ["7"]),
    }
    for topic, (body, people) in told.items():
        town.conn.execute(
            "insert into hook_sample values (1, gen_random_uuid(), %s, 1, now(), %s, '{}', %s, 2, 1, '', %s)",
            (town.workspace.pk, topic, body, people),
        )
    town.conn.commit()
    town.event("identify", user="shop-1-7", device="6147919001", traits={"email": "ana@loja.example"})
    town.erase(user(town, "shop-1-7"))
    assert town.rows("select topic from hook_sample") == [("other",)]


def test_C5_a_short_id_erases_nothing_of_others(town: Town) -> None:
    """`7` stands in many entries; only those that name the user go."""
    town.event("track", user="7", name="Opened")
    town.event("track", user="77", name="Opened", properties={"n": "7", "seven": 7})
    entries = town.rows("select count(*) from log")
    town.erase(user(town, "7"))
    assert len(town.rows("select 1 from event")) == 1
    [(left,)] = town.rows("select count(*) from log where kind = 'event'")
    assert (entries[0][0], left) == (2, 1)


def test_events_are_counted_by_name_and_by_property(town: Town) -> None:
    """By day of arrival; a property has every JSON type that it came with."""
    from tertulia.store.events import count_by_day, list_properties

    for number in range(3):
        town.append_event(
            "track", user=f"u{number}", name="Order Completed", properties={"total": number, "paid": True}
        )
    town.append_event("track", user="u1", name="Order Completed", properties={"total": "12.50", "items": [1], "o": {}})
    town.append_event("identify", user="u1", traits={"plan": None})
    town.drain()
    town.advance(timedelta(days=1))
    town.event("track", user="u1", name="Order Completed", properties={"total": 1.5})
    workspace = town.workspace.pk
    volumes = count_by_day(town.conn, workspace, 1, NOW.date())
    assert [(v.type, v.name, v.day.day, v.count, v.last_at) for v in volumes] == [
        ("identify", "", 2, 1, NOW),
        ("track", "Order Completed", 2, 4, NOW),
        ("track", "Order Completed", 3, 1, NOW + timedelta(days=1)),
    ]
    found = {(p.type, p.property): p for p in list_properties(town.conn, workspace, None)}
    assert found[("track", "total")].json_types == ("number", "text")
    assert found[("track", "total")].last_at == NOW + timedelta(days=1)
    assert found[("track", "paid")].json_types == ("boolean",)
    assert found[("track", "items")].json_types == ("list",)
    assert found[("identify", "plan")].json_types == ("null",)


def test_events_are_read_by_contact_and_by_arrival(town: Town) -> None:
    """A person's, the merged ones' among them, newest first; a source's newest arrivals, whenever they happened."""
    from tertulia.store.events import list_contact_events, list_recent

    town.event("page", device="d1", name="Home")
    visitor = device(town, "d1")
    town.event("identify", user="u1")
    town.event("track", user="u1", device="d1", name="Opened", at=NOW - HOUR)
    town.advance(timedelta(minutes=5))
    town.event("track", user="u1", name="Closed", at=NOW - 2 * HOUR)
    town.event("track", user="u2", name="Closed", at=NOW - 3 * HOUR)
    family = (user(town, "u1"), visitor)
    found = list_contact_events(town.conn, family, NOW + HOUR, 10)
    assert [event.name for event in found][-2:] == ["Opened", "Closed"]
    assert {event.contact_id for event in found} == set(family)
    assert [event.name for event in list_contact_events(town.conn, family, NOW - HOUR, 10)] == ["Closed"]
    workspace = town.workspace.pk
    recent = list_recent(town.conn, workspace, 1, "", NOW - HOUR, 10)
    assert [event.name for event in recent][:2] == ["Closed", "Closed"]
    assert len(recent) == 5
    assert len(list_recent(town.conn, workspace, 1, "", NOW, 10)) == 2
    assert len(list_recent(town.conn, workspace, None, "", NOW - HOUR, 1)) == 1
    assert list_recent(town.conn, workspace, 2, "", NOW - HOUR, 10) == []
    assert [event.name for event in list_recent(town.conn, workspace, 1, "Opened", NOW - HOUR, 10)] == ["Opened"]


def test_pages_of_contacts_and_sources_hear_of_events(town: Town) -> None:
    """The topics are published, and the versions behind them differ."""
    from tertulia.store.live import read_version

    town.event("track", user="u1", name="Opened")
    contact = user(town, "u1")
    assert {f"contact:{contact}", "source:1"} <= town.engine.touched
    before = read_version(town.conn, f"contact:{contact}")
    town.conn.rollback()
    town.event("track", user="u1", name="Opened")
    assert read_version(town.conn, f"contact:{contact}") != before


def test_an_event_beside_a_receipt_takes_nothing_from_it(town: Town) -> None:
    """Of an event's contact little is loaded; what a message of the same cycle needs is loaded all the same."""
    from tertulia.core.entries import OutcomeEntry, ReceiptEntry

    contact = town.add_contact("Ana", "+5511985550123")
    town.event("page", device="d1", name="Home")
    town.merge(device(town, "d1"), into=contact)
    match = town.launch("Oi {{ contact.name }}! {{ link }}")
    [sent] = town.sending("sms")
    at = town.now
    town.append_event("track", device="d1", name="Opened")
    town.append(OutcomeEntry(sent.channel_id, sent.kind, sent.id, sent.attempt, at, "ok", provider_ids=("p1",)))
    town.append(ReceiptEntry(sent.channel_id, sent.kind, "delivered", at, "p1", delivery_id=sent.id))
    town.append_event("track", device="d1", name="Closed")
    town.drain()
    assert town.progress(contact, match)["state"] == "delivered"
    assert town.rows("select count(*) from event where contact_id = %s", contact) == [(2,)]


def test_an_event_that_was_found_by_an_address_goes_to_whom_its_contact_became(town: Town) -> None:
    """Merges are followed; without an id of an app or site nothing is linked."""
    old, new = town.add_contact("Ana", "+5511985550101"), town.add_contact("Ana", "+5511985550102")
    town.merge(old, new)
    town.append(EventEntry(1, "track", "m1", town.now, town.now, name="Order", contact_id=old, imported=True), old)
    town.drain()
    assert town.rows("select contact_id, name from event") == [(new, "Order")]
    assert town.rows("select count(*) from identity") == [(0,)]


def test_C5_an_event_of_an_erased_contact_is_dropped(town: Town) -> None:
    """It was on its way when the person was erased."""
    ana = town.add_contact("Ana", "+5511985550101")
    town.erase(ana)
    town.append(EventEntry(1, "track", "m1", town.now, town.now, name="Order", contact_id=ana), ana)
    town.drain()
    assert town.rows("select count(*) from event") == [(0,)]


def test_C5_ids_of_apps_leave_a_proof_too(town: Town) -> None:
    """A keyed hash where the identity lay."""
    town.event("track", user="u1", device="d1", name="Order")
    contact = town.identity("user_id", "u1")
    assert contact is not None
    town.erase(contact)
    assert town.rows("select count(*) from erasure where contact_id = %s", contact) == [(2,)]
