"""The pages of broadcasts: listed, written, counted, launched, taken back, and what came of one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from tests.console.cast import Cast, make_client
from tests.console.crowd import make_channels
from tests.console.people import add_people, insert

from tertulia.ids import day_of, derive_delivery_id, shard_of_contact

FORM = {
    "name": "November letter",
    "audience": "reach:sms",
    "channels": ["sms", ""],
    "boxes": "1",
    "text.0": "Olá {{ contact.name }}",
    "picture.0": "https://cdn.example/hat.jpg",
    "when": "now",
    "class": "marketing",
    "hold_out": "10%",
    "goal": "Order Completed",
    "within": "7 d",
}

WAYS = {"channels": ["sms", "whatsapp"]}


def say(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", "", unescape(page)).split())


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(response.content.decode())


@pytest.fixture
def people(cast: Cast, conn) -> list[int]:
    """Channels and customers."""
    make_channels(cast.workspace)
    made = add_people(conn, cast.workspace.pk)
    conn.commit()
    return made


@pytest.fixture
def draft(cast: Cast, people):
    """A draft that was written on the page."""
    from tertulia.data.models import Journey

    assert make_client(cast.alice).post("/broadcasts/new/", FORM).status_code == 302
    return Journey.objects.get()


def test_a_draft_is_a_document_of_its_kind(cast: Cast, draft) -> None:
    """As a file would say it; journeys are listed without it."""
    from tertulia.documents.journeys import read_journey

    document = read_journey(draft.document)
    assert (draft.kind, document.kind, document.entry.channel, document.entry.at_launch) == (
        *("broadcast", "broadcast", "sms", True),
    )
    client = make_client(cast.alice)
    assert document.hold_out == "10%"
    assert (document.goal.event, document.goal.within, document.goal.since) == ("Order Completed", "7 d", "send")
    assert 'name="hold_out" value="10%"' in read(client, f"/broadcasts/{draft.pk}/")
    assert "November letter" not in read(client, "/journeys/")
    assert "November letter" in read(client, "/broadcasts/")


def test_what_the_form_does_not_show_stays(cast: Cast, draft) -> None:
    """A comment, a goal's condition, a step's deadline."""
    from tertulia.actions.journeys import save_draft

    text = draft.document.replace("    kind: message", "    kind: message\n    within: 2 h")
    text = text.replace("  event: Order Completed\n", "  event: Order Completed\n  where: {property: total, over: 5}\n")
    save_draft(draft, None, datetime.now(UTC), f"# ours\n{text}note: for Ana\n", version=1)
    form = FORM | {"version": "2", "name": "December letter", "id.0": "box-1"}
    assert make_client(cast.alice).post(f"/broadcasts/{draft.pk}/", form).status_code == 302
    draft.refresh_from_db()
    assert draft.name == "December letter"
    assert all(part in draft.document for part in ("# ours", "within: 2 h", "note: for Ana", "over: 5"))


def test_it_goes_out_at_each_customers_best_hour(cast: Cast, people) -> None:
    """Chosen under When; another choice takes it out of the first message again."""
    from tertulia.data.models import Journey
    from tertulia.documents.journeys import read_journey

    client = make_client(cast.alice)
    client.post("/broadcasts/new/", FORM | {"when": "best", "best_within": "12 h", "otherwise": "18:30"})
    draft = Journey.objects.get()
    assert read_journey(draft.document).entry.at_launch
    assert read_journey(draft.document).steps[0]["best_hour"] == {"within": "12 h", "otherwise": "18:30"}
    page = read(client, f"/broadcasts/{draft.pk}/")
    assert 'value="best" checked' in page
    assert 'value="18:30"' in page
    client.post(f"/broadcasts/{draft.pk}/", FORM | {"version": "1", "id.0": "box-1"})
    draft.refresh_from_db()
    assert "best_hour" not in draft.document


def test_a_draft_that_is_no_document_is_mended_as_text(cast: Cast, draft) -> None:
    """Nothing of it is lost, and it stays a broadcast."""
    from tertulia.actions.journeys import save_draft

    save_draft(draft, None, datetime.now(UTC), "name: November letter\nsteps: [\n", version=1)
    client = make_client(cast.alice)
    for answer in (client.get(f"/broadcasts/{draft.pk}/"), client.post(f"/broadcasts/{draft.pk}/", FORM)):
        assert (answer.status_code, answer.url) == (302, f"/journeys/{draft.pk}/text/")
    assert client.post("/broadcasts/panel/", FORM | {"journey": draft.pk}).status_code == 204
    assert "November letter" in read(client, "/broadcasts/")


def test_the_panel_counts_and_names_what_a_channel_cannot_carry(cast: Cast, people) -> None:
    """Exactly, and before anything is kept."""
    from tertulia.data.models import Journey

    answer = make_client(cast.alice).post("/broadcasts/panel/", FORM | WAYS)
    page = say(answer.content.decode())
    assert "14 contacts" in page
    assert "14 can be reached on SMS" in page
    assert "5 can be reached on WhatsApp" in page
    assert "SMS: no pictures. The text gets the picture's address." in page
    assert not Journey.objects.exists()
    more = {"picture.0": "", "attached.0": "gif", "attachment.0": "https://cdn.example/hat.gif"}
    page = say(make_client(cast.alice).post("/broadcasts/panel/", FORM | more | WAYS).content.decode())
    assert "SMS, WhatsApp: no GIF. The text gets its address." in page
    more = {"picture.0": "", "label.0": "To the shop", "to.0": "https://shop.example"}
    page = say(make_client(cast.alice).post("/broadcasts/panel/", FORM | more | WAYS).content.decode())
    assert "SMS: no button with a link. It is a line below the text." in page
    empty = unescape(make_client(cast.alice).post("/broadcasts/panel/", {"boxes": "1"}).content.decode())
    assert "nobody is chosen" in empty


def test_what_is_wrong_stands_at_its_field_and_nothing_at_an_empty_one(cast: Cast, people) -> None:
    """An untouched form finds no fault. What is typed wrong is told beside it, and no more when it is right."""
    client = make_client(cast.alice)
    assert "error-line" not in read(client, "/broadcasts/new/")

    def find_wrong(**typed: str) -> dict[str, str]:
        page = unescape(client.post("/broadcasts/panel/", FORM | WAYS | typed).content.decode())
        return {name: say(inside) for name, inside in re.findall(r'id="wrong-([\w-]+)"[^>]*>(.*?)</div>', page, re.S)}

    for name, typed in (("canary", "150%"), ("canary_for", "2"), ("budget", "much"), ("limit", "few"), ("speed", "0")):
        told = find_wrong(**{"canary": "5%", name: typed})
        assert [one for one, sentence in told.items() if sentence] == [name], told
    told = find_wrong(canary="150%", **{"text.0": "{{ contact.name"})
    assert told["canary"] == "Write a share from 0.01% to 90%, such as 10%."
    assert "closing braces are missing" in told["box-0"]
    assert set(find_wrong(canary="5%", speed="500", hold_out="10%").values()) == {""}
    assert set(find_wrong(**{"text.0": ""}).values()) == {""}


def test_boxes_come_and_go(cast: Cast, draft) -> None:
    """One more, one moved, one taken away; nothing is kept before the draft is saved."""
    client = make_client(cast.alice)
    page = client.post(f"/broadcasts/{draft.pk}/", FORM | {"act": "add"}).content.decode()
    assert page.count('<fieldset class="part box">') == 2
    two = FORM | {"boxes": "2", "text.1": "Second", "buttons.1": "Yes\nNo", "version": "1"}
    page = client.post(f"/broadcasts/{draft.pk}/", two | {"act": "up:1"}).content.decode()
    assert page.index("Second") < page.index("Olá")
    assert client.post(f"/broadcasts/{draft.pk}/", two | {"act": "drop:0"}).content.decode().count("part box") == 1
    assert client.post(f"/broadcasts/{draft.pk}/", two | {"act": "save"}).status_code == 302
    draft.refresh_from_db()
    assert "buttons:" in draft.document
    more = {"attached.1": "voice", "attachment.1": "https://cdn.example/a.ogg", "text.1": "", "buttons.1": ""}
    more |= {"boxes": "3", "text.2": "Third", "label.2": "Shop", "to.2": "https://shop.example", "version": "2"}
    assert client.post(f"/broadcasts/{draft.pk}/", two | more | {"act": "save"}).status_code == 302
    draft.refresh_from_db()
    assert "voice: https://cdn.example/a.ogg" in draft.document
    page = read(client, f"/broadcasts/{draft.pk}/")
    assert page.count("https://cdn.example/a.ogg") >= 1
    assert 'value="Shop"' in page


def test_it_is_launched_by_a_dialog_that_says_how_many_and_taken_back(cast: Cast, draft) -> None:
    """The verb is repeated with the count; what would become of it is there before."""
    client = make_client(cast.alice)
    page = say(read(client, f"/broadcasts/{draft.pk}/?launch=1"))
    assert "Launch to 14 people?" in page
    assert "This goes to everybody, not to a segment." in page
    assert "of them would be written to" in page
    assert "asked for no more messages" in page  # one of them has withdrawn
    assert client.post(f"/broadcasts/{draft.pk}/launch/", {"version": "1"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "live"
    assert "Take back" in read(client, f"/broadcasts/{draft.pk}/")
    assert client.post(f"/broadcasts/{draft.pk}/take-back/").status_code == 302
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_draft_with_mistakes_is_not_launched(cast: Cast, draft) -> None:
    """They stand on the page, each at its box."""
    client = make_client(cast.alice)
    wrong = FORM | {"version": "1", "text.0": "{{ contact.name", "when": "date"}
    assert client.post(f"/broadcasts/{draft.pk}/", wrong).status_code == 302
    page = say(read(client, f"/broadcasts/{draft.pk}/?launch=1"))
    assert "Launch to 14 people?" not in page
    assert "Give either a date (on)" in page
    assert client.post(f"/broadcasts/{draft.pk}/launch/", {"version": "2"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_the_results_lead_to_people(cast: Cast, draft, conn, people) -> None:
    """Each count of each channel."""
    from tertulia.data.models import Channel

    client, now = make_client(cast.alice), datetime.now(UTC)
    client.post(f"/broadcasts/{draft.pk}/launch/", {"version": "1"})
    sms = Channel.objects.get(kind="twilio")
    for contact, state in zip(people[:3], ("delivered", "read", "failed"), strict=True):
        _add_delivery(conn, cast, draft, sms, contact, state, now)
    read_it = derive_delivery_id(people[1], day_of(now), "test", "read")
    insert(
        conn, "click", shard=shard_of_contact(people[1]), id=read_it, workspace=cast.workspace.pk, at=now, app="web",
        contact_id=people[1], **{"class": "human"}, delivery_id=read_it, channel_id=sms.pk, journey_id=draft.pk,
        step="box-1", link="winter hats",
    )  # fmt: skip
    conn.commit()
    page = read(client, f"/broadcasts/{draft.pk}/")
    assert f"/broadcasts/{draft.pk}/people/?state=delivered&channel={sms.pk}" in page
    names = {
        state: read(client, f"/broadcasts/{draft.pk}/people/?state={state}")
        for state in ("sent", "opened", "clicked", "failed")
    }
    assert ("Tomás" in names["clicked"], "Beatriz" in names["clicked"]) == (True, False)
    assert "winter hats1" in say(page)
    assert "November letter: opened the link winter hats" in say(read(client, f"/contacts/{people[1]}/"))
    assert ("Beatriz" in names["sent"], "Tomás" in names["opened"], "Jurema" in names["failed"]) == (True, True, True)
    assert "Beatriz" not in names["failed"]
    assert f"/contacts/{people[0]}/runs/?journey={draft.pk}" in names["sent"]
    assert "Nobody." in read(client, f"/broadcasts/{draft.pk}/people/?state=waiting")
    assert "https://cdn.example/hat.jpg" in read(client, f"/contacts/{people[0]}/")
    assert "Nobody." in read(client, f"/broadcasts/{draft.pk}/people/?reason=audience.left")


def test_pause_resume_cancel_copy(cast: Cast, draft) -> None:
    """As any journey; what was launched is copied, not launched again."""
    from tertulia.data.models import Journey

    client, own = make_client(cast.alice), f"/broadcasts/{draft.pk}/"
    client.post(own + "launch/", {"version": "1"})
    for act, state in (("pause", "paused"), ("resume", "resuming"), ("copy", "resuming")):
        assert client.post(f"{own}{act}/").status_code == 302
        draft.refresh_from_db()
        assert draft.state == state
    copy = Journey.objects.exclude(pk=draft.pk).get()
    assert (copy.kind, copy.state, copy.name) == ("broadcast", "draft", "Copy of November letter")
    assert client.post(f"/broadcasts/{copy.pk}/delete/").status_code == 302
    assert not Journey.objects.filter(pk=copy.pk).exists()


def test_a_journey_is_no_broadcast(cast: Cast, people) -> None:
    """And neither is another workspace's."""
    from tertulia.actions.journeys import create_journey

    text = "name: J\nentry: {event: E}\nsteps: []\n"
    mine = create_journey(cast.workspace, None, datetime.now(UTC), text, name="J")
    his = create_journey(cast.other, None, datetime.now(UTC), "kind: broadcast\n" + text, name="His")
    for number in (mine.pk, his.pk, 10**9):
        read(make_client(cast.alice), f"/broadcasts/{number}/", 404)


def test_the_editor_of_journeys_leads_to_its_own_page(cast: Cast, draft) -> None:
    """There is one way to launch it."""
    client = make_client(cast.alice)
    assert client.get(f"/journeys/{draft.pk}/").url == f"/broadcasts/{draft.pk}/"
    assert client.post(f"/journeys/{draft.pk}/review/", {"version": "1"}).url == f"/broadcasts/{draft.pk}/?launch=1"
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_viewer_launches_nothing(cast: Cast, draft) -> None:
    """But sees it."""
    client = make_client(cast.vera)
    assert "Launch to" not in read(client, f"/broadcasts/{draft.pk}/")
    assert client.post(f"/broadcasts/{draft.pk}/launch/", {"version": "1"}).status_code == 403


def _add_delivery(conn, cast, draft, channel, contact, state, now) -> None:
    id_ = derive_delivery_id(contact, day_of(now), "test", state)
    got = {
        "delivered": {"delivered_at": now},
        "read": {"delivered_at": now, "read_at": now},
        "failed": {"failed_at": now},
    }
    content = {"picture": "https://cdn.example/hat.jpg"}
    insert(
        conn, "delivery", shard=shard_of_contact(contact), day=day_of(now), id=id_, workspace=cast.workspace.pk,
        contact_id=contact, channel_id=channel.pk, match_id=None, stage=0, **{"class": "marketing"}, state=state,
        attempt=1, to_kind="phone", to_value="+351", content=content, cause=f"journey:{draft.pk}", reason="",
        provider_ids=[], parts=1, cost_micros=52_000, currency="EUR", flags=[], made_at=now - timedelta(minutes=1),
        sent_at=None if state == "failed" else now, journey_id=draft.pk, step="box-1", **got[state],
    )  # fmt: skip


def test_a_broadcast_is_tried_before_its_launch(draft, alice) -> None:
    """Whom it would reach and when, from its launch on; the dialog leads there."""
    address = f"/broadcasts/{draft.pk}/what-if/"
    assert address in read(alice, f"/broadcasts/{draft.pk}/?launch=1")
    page = say(read(alice, address + "?days=7"))
    assert "Those whom it is for today, from its time on" in page
    assert "runs would have begun. Messages:" in page
    assert "None of these 500 customers exists." in say(read(alice, address + "?on=synthetic&days=7"))


def test_V3_a_new_broadcast_has_guards_and_a_launched_one_may_change_its_budget(people, alice):
    """Written into its document, and left out by one box. While it goes out the budget changes, and nothing else."""
    from django.db import transaction
    from django.utils.timezone import now

    from tertulia.actions import journeys
    from tertulia.core.guards import FOR_BROADCASTS
    from tertulia.data.models import Journey
    from tertulia.documents.lines import read_lines
    from tertulia.errors import Conflict

    assert 'name="guarded" checked' in alice.get("/broadcasts/new/").content.decode()
    control = {
        "guarded": "on",
        "speed": "500",
        "speed_per": "1 h",
        "budget": "12,5",
        "canary": "5%",
        "canary_for": "2 h",
    }
    alice.post("/broadcasts/new/", {**FORM, **control})
    draft = Journey.objects.get(kind="broadcast")
    value = read_lines(draft.document).value
    assert value["guards"] == FOR_BROADCASTS
    assert (value["throttle"], value["budget"]) == ({"messages": 500, "per": "1 h"}, {"total": 12.5})
    assert value["canary"] == {"share": "5%", "for": "2 h"}
    assert 'name="canary" value="5%"' in alice.get(f"/broadcasts/{draft.pk}/").content.decode()
    with transaction.atomic():
        journeys.publish(draft, None, now(), version=draft.version)
    alice.post(f"/broadcasts/{draft.pk}/budget/", {"budget": "20"})
    draft.refresh_from_db()
    assert read_lines(draft.document).value["budget"] == {"total": 20}
    assert (draft.revision, journeys.is_published(draft)) == (2, True)
    assert "€ 0.00 of € 20.00" in alice.get(f"/broadcasts/{draft.pk}/").content.decode()
    with pytest.raises(Conflict):
        journeys.save_draft(draft, None, now(), draft.document + "note: more\n", version=draft.version)
    Journey.objects.filter(pk=draft.pk).update(
        state="paused", guard={"guard": "bounces", "count": 12, "of": 150, "allowed": "5%"}
    )
    for page in (f"/broadcasts/{draft.pk}/", "/"):
        assert "12 of 150 messages failed (8.0 %), allowed 5%" in alice.get(page).content.decode()
