"""Events as they are decided: what traits come to in any order (E2), whose devices and users are (M1, M8)."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core.decide import decide
from tertulia.core.entries import Entry, EventEntry, route
from tertulia.core.identity import IdentityRef
from tertulia.core.rows import ContactRow
from tertulia.core.sessions import DERIVED
from tertulia.core.traits import ATTRIBUTES_MAX, FIELDS, read_traits, unite
from tertulia.core.world import Config, WorkspaceFacts, World
from tertulia.ids import SHARDS

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ZONES = frozenset({"America/Recife", "Europe/Lisbon"})
LOJA = WorkspaceFacts(1, "Loja", b"k", "https://t.example", 30, "BR", "pt", "BRL", 1)
_serial = count(1)


class Village:
    """A world without a database: every shard is its own, and what goes through the log comes in the next cycle."""

    def __init__(self) -> None:
        self.world = World(NOW, Config({1: LOJA}, {}, {}, zones=ZONES), count(1), owned=frozenset(SHARDS))
        self.done = 0

    def tell(self, call: str, *, at: int = 0, message: str = "", **facts: Any) -> None:
        ids = {"user": "user_id", "device": "anonymous_id", "previous": "previous_id", "group": "group_id"}
        told = {ids.get(name, name): value for name, value in facts.items()}
        when = NOW + timedelta(minutes=at)
        self.decide(EventEntry(1, call, message or f"m{next(_serial)}", when, when, **told))

    def decide(self, entry: Entry) -> None:
        who = getattr(entry, "identity", None)
        row = self.world.identity(1, who) if who is not None else None
        known = self.world.follow(row.contact_id) if row is not None and row.contact_id is not None else None
        decide(self.world, entry, 1, route(1, entry, known))

    def settle(self) -> None:
        """Decide what was forwarded through the log: merges."""
        while self.done < len(self.world.effects):
            effect = self.world.effects[self.done]
            self.done += 1
            if isinstance(effect, fx.Forward):
                self.decide(effect.entry)
        self.world.asked.clear()

    def root(self, kind: str, value: str) -> int | None:
        row = self.world.identity(1, IdentityRef(kind, "", value))
        return None if row is None or row.contact_id is None else self.world.follow(row.contact_id)

    def user(self, value: str) -> ContactRow:
        root = self.root("user_id", value)
        assert root is not None
        return self.world.contacts[root]


def describe(contact: ContactRow) -> Any:
    """What traits have made of a contact."""
    addresses = sorted((row.kind, row.canonical) for row in contact.addresses)
    return {field: getattr(contact, field) for field in FIELDS}, contact.attributes, addresses


VALUES = st.sampled_from([None, "", "a", "b", 1, 1.5, True, ["x"], {"y": 1}])
TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "plan": VALUES,
        "seats": VALUES,
        "name": st.sampled_from([None, "Ana Silva", "Bia"]),
        "firstName": st.sampled_from([None, "Ana", "Bia", 7]),
        "last_name": st.sampled_from([None, "Silva", "Souza"]),
        "email": st.sampled_from([None, "a@loja.example", "A@loja.example", "b@loja.example", "none"]),
        "phone": st.sampled_from(["11 98555-0123", "+351 912 345 678", "?", 5511985550123]),
        "locale": st.sampled_from(["pt-BR", "en", "Klingon"]),
        "timezone": st.sampled_from(["America/Recife", "Europe/Lisbon", "Mars"]),
        "address": st.sampled_from([{"country": "PT"}, {"country": "Brasil", "city": "Recife"}, "no object"]),
    },
)
CALLS = st.lists(st.tuples(st.integers(0, 4), TRAITS), min_size=1, max_size=6)
REGIONAL = "+5511985550123"


@given(calls=CALLS, data=st.data())
def test_E2_any_order_of_the_same_calls_gives_the_same_contact(calls: list[Any], data: st.DataObject) -> None:
    """Also at one instant, and with any of them again (E1). A number without its country code is read by the country
    that is known when it comes, so it may be read in two ways and is left out here."""
    calls = [(at, {**traits, **({"phone": REGIONAL} if "phone" in traits else {})}) for at, traits in calls]
    villages = []
    for order in (calls, data.draw(st.permutations(calls)) + data.draw(st.lists(st.sampled_from(calls), max_size=3))):
        village = Village()
        village.tell("track", user="u1", at=-1)
        for at, traits in order:
            village.tell("identify", user="u1", at=at, traits=deepcopy(traits))
        villages.append(village)
    first, second = (describe(village.user("u1")) for village in villages)
    assert first == second


@given(calls=CALLS, split=st.lists(st.booleans(), min_size=6, max_size=6))
def test_M8_two_contacts_united_are_as_one_that_was_told_everything(calls: list[Any], split: list[bool]) -> None:
    """Of each attribute the later write, whichever of the two it was written to."""
    together, apart = Village(), Village()
    for (at, traits), second in zip(calls, split, strict=False):
        together.tell("identify", user="u1", at=at, traits=deepcopy(traits))
        apart.tell("identify", user="u2" if second else "u1", at=at, traits=deepcopy(traits))
    apart.tell("track", user="u1")
    apart.tell("track", user="u2")
    together.tell("track", user="u1")
    root, absorbed, one = apart.user("u1"), apart.user("u2"), together.user("u1")
    unite(root, absorbed)
    assert describe(root)[:2] == describe(one)[:2]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["identify", "track", "page", "settle"]),
        st.sampled_from(["", "u1", "u2", "u3", "null"]),
        st.sampled_from(["", "d1", "d2", "d3"]),
        st.integers(-5, 5),
    ),
    max_size=25,
)


@given(steps=STEPS)
def test_M8_two_user_ids_never_become_one_without_an_alias(steps: list[Any]) -> None:
    """Whatever devices they share, in whatever order it is heard of; every id has a contact, and every event one."""
    village = Village()
    for call, user, device, at in steps:
        if call == "settle":
            village.settle()
        elif user not in ("", "null") or device:
            village.tell(call, user=user, device=device, at=at)
    village.settle()
    seen = {user for call, user, _, _ in steps if call != "settle" and user not in ("", "null")}
    assert len({village.root("user_id", user) for user in seen}) == len(seen)
    assert None not in {village.root("user_id", user) for user in seen}
    stored = [effect for effect in village.world.effects if isinstance(effect, ev.StoreEvent)]
    events = [event for event in stored if event.type != DERIVED]
    assert len(events) == sum(call != "settle" and (u not in ("", "null") or bool(d)) for call, u, d, _ in steps)
    assert all(event.contact_id in village.world.contacts for event in events)
    for event in events:
        if event.user_id:
            assert village.world.follow(event.contact_id) == village.root("user_id", event.user_id)


@given(steps=STEPS, aliases=st.lists(st.tuples(*[st.sampled_from(["u1", "u2", "u3", "d1", "new"])] * 2), max_size=6))
def test_M8_after_an_alias_both_are_one_and_rings_end(steps: list[Any], aliases: list[tuple[str, str]]) -> None:
    village = Village()
    for call, user, device, at in steps:
        if call != "settle" and (user not in ("", "null") or device):
            village.tell(call, user=user, device=device, at=at)
            village.settle()
    for user, previous in aliases:
        village.tell("alias", user=user, previous=previous, at=9)
        village.settle()
        roots = {village.root(kind, previous) for kind in ("user_id", "anonymous_id")} - {None}
        assert user == previous or roots == {village.root("user_id", user)}


@pytest.mark.parametrize("device", ["", "d1"])
def test_M8_an_alias_of_a_device_merges_whom_it_belongs_to(device: str) -> None:
    """Whether or not the call comes from that device: the business said so."""
    village = Village()
    village.tell("identify", user="u1", device="d1")
    village.tell("identify", user="u2")
    village.tell("alias", user="u2", previous="d1", device=device)
    village.settle()
    assert village.root("user_id", "u1") == village.root("user_id", "u2") == village.root("anonymous_id", "d1")


def test_M8_nobody_is_merged_by_the_first_event_of_a_user_on_their_own_device() -> None:
    """A visitor who signs in is linked: their contact stays, with all that it has."""
    village = Village()
    village.tell("page", device="d1")
    visitor = village.root("anonymous_id", "d1")
    village.tell("identify", user="u1", device="d1")
    village.settle()
    assert village.root("user_id", "u1") == visitor
    assert not any(isinstance(effect, fx.MergeContact) for effect in village.world.effects)


def test_M8_a_merge_is_asked_for_once_in_a_cycle() -> None:
    village = Village()
    village.tell("page", device="d1")
    village.tell("identify", user="u1")
    for at in range(5):
        village.tell("track", user="u1", device="d1", at=at)
    assert sum(isinstance(effect, fx.Forward) for effect in village.world.effects) == 1


@pytest.mark.parametrize(
    ("traits", "fields"),
    [
        ({"firstName": " Ana ", "lastName": "Silva"}, {"name": "Ana", "surname": "Silva"}),
        ({"first_name": "Ana", "name": "Ana Maria Silva"}, {"name": "Ana"}),
        ({"name": "Ana  Silva"}, {"name": "Ana Silva", "surname": ""}),
        ({"name": "Ana Silva", "lastName": "Silva"}, {"name": "Ana", "surname": "Silva"}),
        ({"name": None}, {"name": "", "surname": ""}),
        ({"name": "null", "firstName": 7}, {}),
        ({"language": "português", "timezone": "Europe/Lisbon"}, {"locale": "pt", "zone": "Europe/Lisbon"}),
        ({"locale": "xx", "timezone": "Nowhere/Town", "country": "??"}, {}),
        ({"address": {"country": "Portugal"}}, {"country": "PT"}),
    ],
)
def test_E2_reserved_traits_are_fields(traits: dict[str, Any], fields: dict[str, str]) -> None:
    """And never attributes, but for an address, which is one as a whole."""
    told = read_traits(traits, {}, ZONES)
    assert told.fields == fields
    assert told.attributes.keys() <= {"address"}


def test_E2_a_contacts_own_traits_say_more_than_its_device() -> None:
    context = {"locale": "en", "timezone": "Europe/Lisbon", "traits": {"plan": "pro"}}
    told = read_traits({"locale": "pt"}, context, ZONES)
    assert told.fields == {"locale": "pt", "zone": "Europe/Lisbon"}
    assert told.attributes == {}


def test_E2_a_contact_has_room_for_so_many_attributes() -> None:
    """Whoever has the public write key cannot fill the table with names."""
    village = Village()
    for part in range(3):
        village.tell("identify", user="u1", traits={f"t{part}-{n}": n for n in range(ATTRIBUTES_MAX // 2)})
    village.tell("identify", user="u1", at=1, traits={"t0-0": "changed", "long": "x" * 10_000})
    contact = village.user("u1")
    assert len(contact.attributes) == ATTRIBUTES_MAX
    assert contact.attributes["t0-0"] == "changed"


def test_C5_an_event_of_an_erased_contact_makes_a_new_one() -> None:
    village = Village()
    village.tell("track", user="u1")
    erased = village.user("u1")
    village.world.add(fx.Erase(1, erased.id, (), (), (), "user:1", NOW))
    village.tell("track", user="u1")
    assert village.user("u1").id != erased.id


def test_E3_what_a_call_changes_comes_before_the_event_itself() -> None:
    """Whatever looks at the contact as of the event sees it changed."""
    village = Village()
    village.tell("identify", user="u1", traits={"plan": "pro"})
    kinds = [type(effect) for effect in village.world.effects]
    assert kinds.index(ev.ChangeContact) < kinds.index(ev.StoreEvent)
