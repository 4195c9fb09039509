"""The pages of segments: conditions as fields, counted as they change; text, members, history; lists; a contact's."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser

import pytest
from tests.console.cast import Cast, make_client
from tests.console.people import PEOPLE, add_people, insert

from tertulia.core.entries import shard_of_address
from tertulia.core.phones import key_of_e164
from tertulia.documents.segments import read_segment
from tertulia.ids import SHARDS, shard_of_contact

NOW = datetime.now(UTC)
GOLD = "name: Gold\n# the best\nwhere: {attribute: tier, is: gold}\n"


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(response.content.decode())


def make(cast: Cast, text: str, *, publish: bool = True):
    """A segment, published unless it is to stay a draft."""
    from django.db import transaction

    from tertulia.actions import segments as actions

    with transaction.atomic():
        made = actions.create_segment(cast.workspace, cast.alice, NOW, text, name=read_segment(text).name)
        if publish:
            actions.publish(made, cast.alice, NOW, version=1)
    return made


class Form(HTMLParser):
    """What the fields of the segment's form would post, as a browser reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: dict[str, list[str]] = {}
        self.inside = False
        self.field = ""
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = told.get("id") == "segment-form"
        elif self.inside and tag == "input" and "name" in told:
            self.posted.setdefault(told["name"], []).append(told.get("value", ""))
        elif self.inside and tag in ("select", "textarea"):
            self.field, self.text = told["name"], ""
        elif self.field and tag == "option" and "selected" in told:
            self.text = told["value"]

    def handle_data(self, data: str) -> None:
        if self.field and self.lasttag == "textarea":
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if self.field and tag in ("select", "textarea"):
            self.posted.setdefault(self.field, []).append(self.text)
            self.field = ""


def put(conn, segment, contact_id: int, *, entered: bool = True) -> None:
    """What the engine writes when somebody comes in."""
    told = {"shard": shard_of_contact(contact_id), "segment_id": segment.pk, "contact_id": contact_id}
    insert(conn, "segment_member", **told, workspace=segment.workspace_id, since=NOW)
    more = {"at": NOW, "entered": entered, "cause": "event", "name": "Order Completed"}
    insert(conn, "segment_change", **told, workspace=segment.workspace_id, **more)
    conn.commit()


def settle(conn, segment) -> None:
    """Every shard has been looked through."""
    segment.refresh_from_db()
    for shard in SHARDS:
        told = {"turn": segment.turn, "swept_to": NOW, "workspace": segment.workspace_id}
        insert(conn, "segment_shard", shard=shard, segment_id=segment.pk, **told)
    conn.commit()


@pytest.fixture
def people(cast: Cast, conn) -> list[int]:
    """Two contacts."""
    found = add_people(conn, cast.workspace.pk, PEOPLE[:2])
    conn.commit()
    return found


def test_an_empty_list_says_what_a_segment_is(cast: Cast, alice):
    """And offers the first one to those who may make it."""
    assert "A segment is everybody of whom its conditions hold" in read(alice, "/segments/")
    assert 'href="/segments/new/"' not in read(make_client(cast.vera), "/segments/")


def test_a_segment_is_begun_with_its_name(cast: Cast, alice):
    """Its conditions come next, or it is a list."""
    from tertulia.data.models import Segment

    assert alice.post("/segments/new/", {"name": " ", "kind": "segment"}).status_code == 422
    alice.post("/segments/new/", {"name": "Gold", "kind": "segment"})
    made = Segment.objects.get()
    page = read(alice, f"/segments/{made.pk}/")
    assert "Give at least one condition." in page
    alice.post("/segments/new/", {"name": "Chosen", "kind": "list"})
    chosen = Segment.objects.get(key="chosen")
    assert "This is a list" in read(alice, f"/segments/{chosen.pk}/")


def test_the_buttons_of_the_form_add_and_take_away(cast: Cast, alice):
    """Nothing is kept by that."""
    segment = make(cast, GOLD, publish=False)
    form = {
        "w.kind": "group", "w.joint": "all", "w.parts": "1", "name": "Gold", "note": "",
        "w.0.kind": "attribute", "w.0.was": "attribute", "w.0.attribute": "tier", "w.0.operator": "is",
        "w.0.value": "gold",
    }  # fmt: skip
    page = unescape(alice.post(f"/segments/{segment.pk}/form/", form | {"do": "add:w:event"}).content.decode())
    assert 'name="w.1.within" value="30 d"' in page
    assert "Give the name of the event." in page
    page = unescape(alice.post(f"/segments/{segment.pk}/form/", form | {"do": "remove:w.0"}).content.decode())
    assert 'name="w.0.' not in page
    page = unescape(alice.post(f"/segments/{segment.pk}/form/", form | {"w.0.kind": "consent"}).content.decode())
    assert 'name="w.0.consent"' in page
    segment.refresh_from_db()
    assert segment.document == GOLD


@pytest.mark.parametrize(
    "where",
    [
        {"attribute": "tier", "in": ["gold", "12"]},
        {"field": "country", "exists": False},
        {"event": "Order Completed", "where": {"property": "total", "over": 50}, "at_least": 2, "within": "30 d"},
        {"event": "", "type": "identify", "at_least": 1},
        {"event": "Order Completed", "sum": "total", "over": 100.5},
        {"event": "Seen", "last": {"before": "3 d"}},
        {"message": "delivered", "journey": "cart", "step": "hello", "channel": "sms", "at_most": 0},
        {"message": "opened", "first": {"within": "2 h"}},
        {"consent": "withdrawn", "channel": "sms", "topic": "service"},
        {"reachable": "any"},
        {"random": {"from": 0, "to": 12.5, "salt": "b"}},
        {"any": [{"none": [{"attribute": "a", "is": True}]}, {"all": [{"reachable": "sms"}, {"reachable": "any"}]}]},
        {"event": "A", "where": {"none": [{"property": "a", "is": 1}]}, "at_least": 1},
        {"attribute": "tier", "is": "gold", "nonsense": 1},
        {"all": [{"random": {"from": 0}}, {"event": "x", "at_least": "many"}]},
    ],
)  # fmt: skip
def test_what_the_fields_show_is_what_they_say(cast: Cast, alice, where):
    """A document that goes through the form unchanged says the same afterwards, whatever it says."""
    from tertulia.documents.edit import write_document
    from tertulia.documents.lines import read_lines

    segment = make(cast, "name: Any\n", publish=False)
    segment.document = write_document({"name": "Any", "note": "for us", "where": where})
    segment.save()
    form = Form()
    form.feed(alice.get(f"/segments/{segment.pk}/").content.decode())
    posted = form.posted
    assert alice.post(f"/segments/{segment.pk}/", posted).status_code == 302
    segment.refresh_from_db()
    assert read_lines(segment.document).value == {"name": "Any", "note": "for us", "where": where}


def test_the_count_follows_the_form(cast: Cast, alice, conn, people):
    """Exactly, with a sample; mistakes stand beside their fields."""
    conn.execute('update contact set attributes = \'{"tier": "gold"}\' where id = %s', [people[0]])
    conn.commit()
    segment = make(cast, GOLD, publish=False)
    form = {
        "w.kind": "group", "w.joint": "all", "w.parts": "1",
        "w.0.kind": "attribute", "w.0.was": "attribute", "w.0.attribute": "tier", "w.0.operator": "is",
        "w.0.value": "gold",
    }  # fmt: skip
    page = unescape(alice.post(f"/segments/{segment.pk}/count/", form).content.decode())
    assert '<strong id="count-figure"><bdi class="num">1</bdi></strong>' in page or ">1<" in page
    assert f'href="/contacts/{people[0]}/"' in page
    page = unescape(alice.post(f"/segments/{segment.pk}/count/", form | {"w.0.attribute": " "}).content.decode())
    assert "Give the name of the attribute." in page.split('id="e_w.0.attribute" hx-swap-oob="true"')[1][:200]
    assert "count-figure" in read(make_client(cast.vera), f"/segments/{segment.pk}/count/")


def test_a_draft_is_saved_and_a_conflict_keeps_both(cast: Cast, alice):
    """Comments stay; what somebody else saved meanwhile too."""
    segment = make(cast, GOLD)
    form = {
        "version": "1", "name": "Golden", "note": "", "w.kind": "group", "w.joint": "any", "w.parts": "1",
        "w.0.kind": "reachable", "w.0.was": "reachable", "w.0.reachable": "sms",
    }  # fmt: skip
    assert alice.post(f"/segments/{segment.pk}/", form).status_code == 302
    segment.refresh_from_db()
    assert segment.document.startswith("name: Golden\n# the best\nwhere:")
    assert read_segment(segment.document).where.any[0].reachable == "sms"
    stale = alice.post(f"/segments/{segment.pk}/", form)
    assert (stale.status_code, "Somebody else has changed" in stale.content.decode()) == (409, True)
    text = alice.post(f"/segments/{segment.pk}/text/", {"version": "1", "document": "name: Mine\n"})
    assert (text.status_code, "What somebody else saved" in text.content.decode()) == (409, True)


def test_publishing_says_what_will_happen(cast: Cast, alice, conn):
    """Who uses it, and a mistake in its place; afterwards how much has been counted."""
    segment = make(cast, GOLD)
    make(cast, "name: Both\nwhere: {segment: gold}\n")
    alice.post(f"/segments/{segment.pk}/text/", {"version": "1", "document": "name: Gold\nwhere: {consent: granted}\n"})
    page = read(alice, f"/segments/{segment.pk}/review/")
    assert "Both" in page
    assert "Publish revision 2" in page
    assert "Both" in read(alice, f"/segments/{segment.pk}/used/")
    assert alice.post(f"/segments/{segment.pk}/review/", {"version": "2"}).status_code == 302
    assert "being counted: 0 %" in read(alice, f"/segments/{segment.pk}/members/")
    settle(conn, segment)
    assert "being counted" not in read(alice, f"/segments/{segment.pk}/members/")
    refused = alice.post(f"/segments/{segment.pk}/archive/", follow=True)
    assert "use this segment" in unescape(refused.content.decode())


def test_members_and_history_say_since_when_and_why(cast: Cast, alice, conn, people):
    """And the contact's own page."""
    segment = make(cast, GOLD)
    settle(conn, segment)
    put(conn, segment, people[0])
    assert f"/contacts/{people[0]}/segments/" in read(alice, f"/segments/{segment.pk}/members/")
    assert "by “Order Completed”" in read(alice, f"/segments/{segment.pk}/history/")
    page = read(alice, f"/contacts/{people[0]}/segments/?segment={segment.pk}")
    assert "Gold" in page
    assert "tier is not known; the condition: is gold." in page
    shown = read(alice, f"/contacts/?segment={segment.pk}")
    assert f'value="{people[0]}" form="bulk"' in shown
    assert f'value="{people[1]}" form="bulk"' not in shown


def test_lines_that_are_nobody_are_named(cast: Cast, alice, conn, people):
    """Each with its number."""
    segment = make(cast, "name: Chosen\n")
    posted = {"people": "nobody@t.example\n\n+351 999\n"}
    page = unescape(alice.post(f"/segments/{segment.pk}/members/add/", posted).content.decode())
    assert "2 lines are nobody" in page
    assert "Line <bdi>1</bdi>" in page
    assert "Line <bdi>3</bdi>" in page


def test_who_is_put_on_a_list_is_asked_of_the_engine(cast: Cast, alice, conn, people, monkeypatch):
    """From the list's page, the contact's, and the contact list; the audit log says who asked."""
    from tertulia.data.models import Audit

    monkeypatch.setattr("tertulia.console.asking.WAIT_S", 0)
    canonical = key_of_e164(PEOPLE[0][2])
    told = {"workspace": cast.workspace.pk, "kind": "phone", "canonical": canonical, "contact_id": people[0]}
    insert(conn, "address_key", shard=shard_of_address(cast.workspace.pk, "phone", canonical), **told)
    conn.commit()
    segment = make(cast, "name: Chosen\n")
    asked = [
        (f"/segments/{segment.pk}/members/add/", {"people": PEOPLE[0][2]}),
        (f"/contacts/{people[0]}/segments/change/", {"on": segment.pk}),
        ("/segments/put/", {"ids": people, "onto": segment.pk}),
        (f"/segments/{segment.pk}/members/remove/", {"contact": people[0]}),
        (f"/contacts/{people[0]}/segments/change/", {"off": segment.pk}),
    ]
    for address, form in asked:
        assert alice.post(address, form).status_code == 302, address
    facts = list(Audit.objects.filter(verb="list_changed").order_by("pk").values_list("user__email", "facts"))
    assert facts == [
        ("alice@example.com", {"on": on, "contacts": count})
        for on, count in ((True, 1), (True, 1), (True, 2), (False, 1), (False, 1))
    ]
    [(kept,)] = conn.execute("select count(*) from log").fetchall()
    assert kept == 6


def test_chosen_contacts_are_offered_the_lists(cast: Cast, alice, conn, people):
    """By their boxes, or all of a filter, such as an import's."""
    address = f"/segments/put/?ids={people[0]}&ids={people[1]}"
    assert "There is no list yet" in read(alice, address)
    make(cast, "name: Chosen\n")
    assert "contacts are chosen." in read(alice, address)
    assert ">1</bdi> contact is chosen." in read(alice, f"/segments/put/?country={PEOPLE[0][3]}")
    assert "Nobody was chosen" in read(alice, "/segments/put/")


def test_a_filter_becomes_a_segment(cast: Cast, alice):
    """As far as a segment can say it."""
    from tertulia.data.models import Segment

    page = read(alice, "/segments/from-filter/?q=ana&country=PT&consent=granted")
    assert "a segment does not look for words" in page
    alice.post("/segments/from-filter/", {"name": "Agreed", "country": "PT", "consent": "granted"})
    where = read_segment(Segment.objects.get().document).where
    assert [(part.field, part.consent) for part in where.all] == [(None, "granted"), ("country", None)]


def test_an_archived_segment_comes_back_as_a_draft(cast: Cast, alice):
    """And a draft that was never published can be deleted."""
    from tertulia.data.models import Segment

    segment = make(cast, GOLD)
    alice.post(f"/segments/{segment.pk}/archive/")
    assert "Gold" in read(alice, "/segments/?archived=1")
    alice.post(f"/segments/{segment.pk}/restore/")
    segment.refresh_from_db()
    assert segment.state == "draft"
    draft = make(cast, "name: Draft\n", publish=False)
    alice.post(f"/segments/{draft.pk}/delete/")
    assert not Segment.objects.filter(pk=draft.pk).exists()


def test_only_members_of_the_workspace_see_it(cast: Cast):
    """Nobody else's segment can be opened."""
    segment = make(cast, GOLD)
    client = make_client(cast.charlie)
    for place in ("", "text/", "members/", "history/", "used/", "review/", "count/"):
        assert client.get(f"/segments/{segment.pk}/{place}").status_code == 404
