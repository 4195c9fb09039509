"""The pages of journeys: drawn, changed, written, reviewed, published, paused, ended; and a contact's runs with why."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from tests.actions.cast import make_channel
from tests.console.cast import Cast, make_client
from tests.console.people import add_people, insert
from tests.console.tracking import add_event, make_source

from tertulia.documents.journeys import read_journey
from tertulia.documents.lines import read_lines
from tertulia.ids import derive_id, shard_of_contact

NOW = datetime.now(UTC)
CART = """name: Cart series
entry:
  event: Product Added
  where: {property: price, over: 100}
exceptions:
  - event: Order Completed
steps:
  # first a while
  - id: pause
    kind: wait
    for: 1 h
  - id: tell
    kind: message
    channels: [sms]
    text: Hello {{ contact.name }}
"""


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(response.content.decode())


def say(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def journey(cast: Cast):
    """A draft on a workspace that sends SMS."""
    from tertulia.actions.journeys import create_journey

    make_channel(cast.workspace, "twilio", name="SMS")
    return create_journey(cast.workspace, cast.alice, NOW, CART, name="Cart series")


def publish(client, journey) -> None:
    """Through the review's button."""
    journey.refresh_from_db()
    made = client.post(f"/journeys/{journey.pk}/review/", {"version": journey.version})
    assert made.status_code == 302, unescape(made.content.decode())
    journey.refresh_from_db()


def add_run(conn, journey, contact_id: int, step: str = "pause", **ended) -> None:
    """A run of a contact, live or over."""
    columns = {
        "shard": shard_of_contact(contact_id),
        "id": derive_id("run", journey.pk, contact_id, str(ended)),
        "workspace": journey.workspace_id,
        "contact_id": contact_id,
        "journey_id": journey.pk,
        "revision": 1,
        "key": "",
        "step": step,
        "entered_at": NOW,
        "started_at": NOW,
        "event": {"name": "Product Added", "properties": {}},
    }
    if ended:
        insert(conn, "run", **columns, day=NOW.date(), event_id=None, ended_at=NOW, **ended)
    else:
        insert(conn, "run_open", **columns, visit=0, since=NOW, due_at=NOW + timedelta(hours=1), delivery_id=None)


def test_an_empty_list_says_what_a_journey_is(cast: Cast, alice):
    """And offers the first one to those who may make it."""
    page = read(alice, "/journeys/")
    assert "A journey sends what one customer needs" in page
    assert 'href="/journeys/new/"' not in read(make_client(cast.vera), "/journeys/")


def test_a_journey_is_begun_with_its_event(cast: Cast, alice):
    """A name is needed; then it is drawn, and says what is missing."""
    from tertulia.data.models import Journey

    assert alice.post("/journeys/new/", {"name": " ", "event": "x"}).status_code == 422
    made = alice.post("/journeys/new/", {"name": "Win: back", "event": "Product Added"})
    journey = Journey.objects.get()
    assert made.headers["Location"] == f"/journeys/{journey.pk}/"
    assert (journey.name, journey.key, journey.state) == ("Win: back", "win-back", "draft")
    page = read(alice, f"/journeys/{journey.pk}/")
    assert "Product Added" in page
    assert "1 mistake" in page
    assert "Give at least one step." in read(alice, f"/journeys/{journey.pk}/review/")


def test_the_graph_shows_every_step_and_the_fields_of_one(journey, alice):
    """With what holds for the whole."""
    page = read(alice, f"/journeys/{journey.pk}/?at=steps.0")
    for words in ("Product Added", "price is over 100", "Order Completed", "Wait", "1 h", "sms: Hello"):
        assert words in page, words
    assert '<input id="f.for" name="f.for" value="1 h"' in page
    assert 'name="f.where.name" value="price"' in read(alice, f"/journeys/{journey.pk}/?at=entry")
    assert 'name="f.exceptions.0.event" value="Order Completed"' in read(alice, f"/journeys/{journey.pk}/?at=journey")
    assert 'id="panel"' not in read(alice, f"/journeys/{journey.pk}/?at=steps.9")


def test_a_step_is_changed_in_its_fields(journey, alice):
    """The rest of the text stays, comments too; a mistake stands at its field."""
    at = {"version": 1, "at": "steps.0"}
    made = alice.post(f"/journeys/{journey.pk}/part/", {**at, "f.for": "2 h"})
    assert made.headers["Location"] == f"/journeys/{journey.pk}/?at=steps.0"
    journey.refresh_from_db()
    assert journey.document == CART.replace("for: 1 h", "for: 2 h")
    alice.post(f"/journeys/{journey.pk}/part/", {"version": 2, "at": "steps.0", "f.for": "soon"})
    page = read(alice, f"/journeys/{journey.pk}/?at=steps.0")
    assert page.count("Give a duration such as 30 min, 2 h or 7 d.") == 1
    assert "1 mistake" in page


def test_conditions_are_lines(journey, alice):
    """Several of them, with numbers as numbers; a line without a name is left out."""
    rows = {
        "f.where.subject": ["property", "attribute", "field", "property"],
        "f.where.name": ["price", "tier", "country", ""],
        "f.where.operator": ["at_least", "in", "exists", "is"],
        "f.where.value": ["50", "gold, 7", "", ""],
    }
    posted = {"version": 1, "at": "entry", "f.event": "Cart Viewed", "f.type": "track", "f.where.mode": "any"}
    alice.post(f"/journeys/{journey.pk}/part/", {**posted, "f.second": "restart", "f.key": "cart_id", **rows})
    journey.refresh_from_db()
    entry = read_journey(journey.document).entry
    assert (entry.event, entry.second, entry.key) == ("Cart Viewed", "restart", "cart_id")
    assert entry.where is not None
    assert entry.where.any is not None
    assert [part.at_least for part in entry.where.any] == [50, None, None]
    assert entry.where.any[1].in_ == ("gold", 7)
    assert entry.where.any[2].exists is True
    page = read(alice, f"/journeys/{journey.pk}/?at=entry")
    assert 'value="gold, 7"' in page


def test_the_whole_journey_has_its_fields(journey, alice):
    """Exceptions come and go; what is as before is not written."""
    posted = {
        **{"version": 1, "at": "journey", "f.name": "Carts", "f.class": "service", "f.reentry.mode": "after"},
        **{"f.reentry.after": "7 d", "f.reentry.from": "message", "f.exceptions.0.event": "Order Completed"},
        **{"f.exceptions.1.event": "Cart Cleared", "f.exceptions.1.same": "cart_id"},
    }
    alice.post(f"/journeys/{journey.pk}/part/", posted)
    journey.refresh_from_db()
    found = read_journey(journey.document)
    assert journey.name == "Carts"
    assert [rule.event for rule in found.exceptions] == ["Order Completed", "Cart Cleared"]
    assert found.exceptions[1].same == "cart_id"
    assert "# first a while" in journey.document
    alice.post(
        f"/journeys/{journey.pk}/part/", {**posted, "version": 2, "f.exceptions.0.-": "on", "f.reentry.mode": "never"}
    )
    journey.refresh_from_db()
    found = read_journey(journey.document)
    assert [rule.event for rule in found.exceptions] == ["Cart Cleared"]
    assert found.reentry == "never"


def test_steps_are_inserted_moved_deleted_and_brought_back(journey, alice):
    """On any edge, also inside a branch."""
    act = f"/journeys/{journey.pk}"
    made = alice.post(f"{act}/insert/", {"version": 1, "at": "steps", "place": 1, "kind": "branch"})
    assert made.headers["Location"] == f"/journeys/{journey.pk}/?at=steps.1"
    alice.post(f"{act}/insert/", {"version": 2, "at": "steps.1.branches.0.steps", "place": 0, "kind": "wait"})
    alice.post(f"{act}/insert/", {"version": 3, "at": "steps.1.else", "place": 0, "kind": "message"})
    journey.refresh_from_db()
    steps = read_journey(journey.document).steps
    assert [step["id"] for step in steps] == ["pause", "branch", "tell"]
    assert steps[1]["branches"][0]["steps"] == [{"id": "wait", "kind": "wait", "for": "1 h"}]
    assert steps[1]["else"][0]["id"] == "message"
    assert "Everybody else" in read(alice, f"/journeys/{journey.pk}/")
    alice.post(f"{act}/move/", {"version": 4, "at": "steps.2", "by": "-1"})
    journey.refresh_from_db()
    assert [step["id"] for step in read_journey(journey.document).steps] == ["pause", "tell", "branch"]
    alice.post(f"{act}/delete-step/", {"version": 5, "at": "steps.2"})
    journey.refresh_from_db()
    assert [step["id"] for step in read_journey(journey.document).steps] == ["pause", "tell"]
    alice.post(f"{act}/undo/")
    journey.refresh_from_db()
    assert [step["id"] for step in read_journey(journey.document).steps] == ["pause", "tell", "branch"]


def test_what_somebody_else_changed_is_not_overwritten(journey, alice):
    """Neither by a field nor by the text, which shows both."""
    alice.post(f"/journeys/{journey.pk}/part/", {"version": 1, "at": "steps.0", "f.for": "2 h"})
    alice.post(f"/journeys/{journey.pk}/part/", {"version": 1, "at": "steps.0", "f.for": "3 h"})
    late = alice.post(f"/journeys/{journey.pk}/text/", {"version": 1, "document": CART.replace("1 h", "4 h")})
    assert late.status_code == 409
    page = unescape(late.content.decode())
    assert "for: 4 h" in page
    assert "for: 2 h" in page
    journey.refresh_from_db()
    assert "for: 2 h" in journey.document
    assert (
        alice.post(f"/journeys/{journey.pk}/part/", {"version": 2, "at": "steps.7", "f.for": "3 h"}).status_code == 302
    )
    journey.refresh_from_db()
    assert journey.version == 2


def test_the_text_is_kept_right_or_wrong(journey, alice):
    """Each mistake with its line; what cannot be read at all is not drawn."""
    alice.post(f"/journeys/{journey.pk}/text/", {"version": 1, "document": CART.replace("for: 1 h", "for: soon")})
    page = read(alice, f"/journeys/{journey.pk}/text/")
    assert "Line <bdi>11</bdi>, column <bdi>5</bdi>" in page
    alice.post(f"/journeys/{journey.pk}/text/", {"version": 2, "document": "name: [\n"})
    page = read(alice, f"/journeys/{journey.pk}/")
    assert "The text cannot be drawn." in page
    assert "is not ready" not in page


def test_it_is_reviewed_and_published(cast: Cast, journey, alice):
    """With the difference, how often the event comes, and who is inside."""
    page = read(alice, f"/journeys/{journey.pk}/review/")
    assert '“Product Added” came <bdi class="num">0</bdi> times in the last 7 days.' in page
    publish(alice, journey)
    assert (journey.state, journey.revision) == ("live", 1)
    assert "Nothing has changed since revision 1." in read(alice, f"/journeys/{journey.pk}/review/")
    alice.post(f"/journeys/{journey.pk}/part/", {"version": 1, "at": "steps.0", "f.for": "2 h"})
    page = read(alice, f"/journeys/{journey.pk}/review/")
    assert 'class="diff-cut"' in page
    assert "for: 2 h" in page
    assert "Publish revision 2" in page
    assert alice.post(f"/journeys/{journey.pk}/review/", {"version": 1}).status_code == 302
    journey.refresh_from_db()
    assert journey.revision == 1


def test_V1_who_is_inside_is_counted_and_chosen_for(cast: Cast, journey, alice, conn):
    """Before it is published; the engine does what was chosen."""
    from tertulia.data.models import JourneyRound

    publish(alice, journey)
    run = {"shard": shard_of_contact(7), "id": derive_id("run", "7"), "workspace": cast.workspace.pk, "contact_id": 7}
    run |= {"journey_id": journey.pk, "revision": 1, "key": "", "step": "pause", "visit": 0, "entered_at": NOW}
    run |= {"started_at": NOW, "since": NOW, "due_at": NOW + timedelta(days=9), "event": {}, "withheld": False}
    insert(conn, "run_open", **run, answers={}, question={}, results={})
    conn.commit()
    alice.post(f"/journeys/{journey.pk}/part/", {"version": 1, "at": "steps.0", "f.for": "2 h"})
    page = say(read(alice, f"/journeys/{journey.pk}/review/"))
    for told in ("1 person is in it now", "1 go on by the new revision", "1 , to whom nothing was sent yet, begin"):
        assert told in page
    form = {"version": 2, "runs": "move"}
    assert alice.post(f"/journeys/{journey.pk}/review/", form | {"runs": "fly"}).status_code == 422
    assert alice.post(f"/journeys/{journey.pk}/review/", form).status_code == 302
    assert JourneyRound.objects.get(journey=journey).runs == "move"


def test_what_is_wrong_is_not_published(journey, alice):
    """It says what."""
    alice.post(f"/journeys/{journey.pk}/text/", {"version": 1, "document": CART.replace("[sms]", "[pigeon]")})
    page = alice.post(f"/journeys/{journey.pk}/review/", {"version": 2})
    assert page.status_code == 422
    assert "No channel is called “pigeon”" in unescape(page.content.decode())
    journey.refresh_from_db()
    assert journey.revision is None


def test_V2_pause_resume_close_open_cancel(journey, alice):
    """Three acts that differ; what cannot be is said."""
    publish(alice, journey)
    act = f"/journeys/{journey.pk}"
    for verb, state in (("close", "closed"), ("open", "live"), ("pause", "paused"), ("resume", "resuming")):
        alice.post(f"{act}/{verb}/")
        journey.refresh_from_db()
        assert journey.state == state
    refused = alice.post(f"{act}/pause/", follow=True)
    assert "This journey is going on again right now." in unescape(refused.content.decode())
    from tertulia.data.models import Journey

    Journey.objects.update(state="live")
    alice.post(f"{act}/cancel/")
    journey.refresh_from_db()
    assert journey.state == "cancelling"
    assert "Review and publish" not in read(alice, f"{act}/")


def test_a_draft_is_copied_and_deleted(journey, alice):
    """A published one is not."""
    from tertulia.data.models import Journey

    alice.post(f"/journeys/{journey.pk}/copy/")
    copy = Journey.objects.exclude(pk=journey.pk).get()
    assert (copy.name, copy.state) == ("Copy of Cart series", "draft")
    assert "# first a while" in copy.document
    alice.post(f"/journeys/{copy.pk}/delete/")
    assert not Journey.objects.filter(pk=copy.pk).exists()
    publish(alice, journey)
    alice.post(f"/journeys/{journey.pk}/delete/")
    assert Journey.objects.filter(pk=journey.pk).exists()


def test_figures_stand_at_the_steps_and_lead_to_people(cast: Cast, journey, alice, database_url):
    """How many are where, and why others got nothing."""
    import psycopg

    publish(alice, journey)
    with psycopg.connect(database_url) as conn:
        [ana, *_] = people = add_people(conn, cast.workspace.pk)
        for contact_id in people[:2]:
            add_run(conn, journey, contact_id)
        insert(
            conn, "step_tally", shard=shard_of_contact(ana), journey_id=journey.pk, step="", what="entered",
            workspace=cast.workspace.pk, count=5,
        )  # fmt: skip
        insert(
            conn, "ledger", shard=shard_of_contact(ana), day=NOW.date(), id=derive_id("x"), workspace=cast.workspace.pk,
            contact_id=ana, match_id=None, delivery_id=None, at=NOW, outcome="not_entered", gate="entry",
            reason="entry.live_run", facts={"event_name": "Product Added"}, epoch=1, journey_id=journey.pk,
        )  # fmt: skip
        insert(
            conn, "click", shard=shard_of_contact(ana), id=derive_id("k"), workspace=cast.workspace.pk, contact_id=ana,
            app="web", **{"class": "human"}, at=NOW, delivery_id=derive_id("d"), channel_id=1, journey_id=journey.pk,
            step="tell", link="cart",
        )  # fmt: skip
    assert "Links opened: cart in 1 message" in say(read(alice, f"/journeys/{journey.pk}/?at=steps.1"))
    page = read(alice, f"/journeys/{journey.pk}/")
    assert '<bdi class="num">5</bdi></span>' in page
    page = read(alice, f"/journeys/{journey.pk}/people/?step=pause")
    assert page.count('href="/contacts/') >= 2
    assert "This customer was in the journey already." in page
    assert "tell link opened 1" in say(page)
    listed = read(alice, "/journeys/")
    assert "Cart series" in listed
    assert "2 is live" not in listed


def test_S1_why_a_contact_is_in_a_journey_or_not(cast: Cast, journey, alice, database_url):
    """In it, refused, and never there for a condition with its value."""
    import psycopg

    publish(alice, journey)
    with psycopg.connect(database_url) as conn:
        ana, bia, cris = add_people(conn, cast.workspace.pk)[:3]
        source = make_source(cast.workspace)
        add_run(conn, journey, ana)
        add_event(conn, source, bia, "Product Added", NOW + timedelta(seconds=1), properties={"price": 40})
    asked = f"runs/?journey={journey.pk}"
    assert "Is in it, at “pause”; entered by “Product Added”." in read(alice, f"/contacts/{ana}/{asked}")
    page = read(alice, f"/contacts/{bia}/{asked}")
    assert "Never entered: when “Product Added” last came, price was 40." in page
    assert "The journey asks for: price over 100." in page
    assert "has not come for this customer" in read(alice, f"/contacts/{cris}/{asked}")
    assert "entered" in read(alice, f"/contacts/{ana}/")


def test_who_may_only_look_changes_nothing(cast: Cast, journey, alice):
    """And nobody sees another workspace's journeys."""
    vera = make_client(cast.vera)
    page = read(vera, f"/journeys/{journey.pk}/?at=steps.0")
    assert "Insert a step here" not in page
    assert vera.post(f"/journeys/{journey.pk}/part/", {"version": 1, "at": "steps.0"}).status_code == 403
    for tab in ("", "text/", "review/", "people/"):
        read(make_client(cast.charlie), f"/journeys/{journey.pk}/{tab}", 404)


@pytest.mark.parametrize(
    ("posted", "entry"),
    [
        (
            {"kind": "message", "keyword": "Join\r\n\r\nQuero entrar", "first": "on", "channel": "SMS"},
            {"kind": "message", "keyword": ["Join", "Quero entrar"], "first": True, "channel": "SMS"},
        ),
        (
            {"kind": "outcome", "outcome": "ignored", "for": "2 d", "journey": "cart-series", "step": "tell"},
            {"kind": "outcome", "outcome": "ignored", "for": "2 d", "journey": "cart-series", "step": "tell"},
        ),
        ({"kind": "api", "key": "order"}, {"kind": "api", "key": "order"}),
        ({"kind": "event", "event": "Order Completed"}, {"event": "Order Completed"}),
    ],
)
def test_what_starts_a_journey_is_chosen_on_its_panel(
    cast: Cast, journey, posted: dict[str, str], entry: dict[str, object]
) -> None:
    """The kind first, then its fields; the node says it in words, and Why and the review know it."""
    client = make_client(cast.alice)
    form = {f"f.{name}": value for name, value in posted.items()}
    client.post(f"/journeys/{journey.pk}/part/", {"at": "entry", "version": journey.version, **form})
    journey.refresh_from_db()
    assert read_lines(journey.document).value["entry"] == entry
    assert "# first a while" in journey.document
    page = read(client, f"/journeys/{journey.pk}/?at=entry")
    assert "What starts it" in page
    said = {
        "message": "“Join”, “Quero entrar” · the first on its channel · on SMS",
        "outcome": "Ignored for 2 d · cart-series / tell",
        "api": "one run for each order",
        "event": "Order Completed",
    }
    assert said[posted["kind"]] in page
    assert ("in the last 7 days" in read(client, f"/journeys/{journey.pk}/review/")) is (posted["kind"] == "event")


def test_a_keyword_that_stops_is_told_at_its_field(cast: Cast, journey) -> None:
    """C2: it would never come here."""
    client = make_client(cast.alice)
    form = {"at": "entry", "version": journey.version, "f.kind": "message", "f.keyword": "Stop"}
    client.post(f"/journeys/{journey.pk}/part/", form)
    page = read(client, f"/journeys/{journey.pk}/?at=entry")
    assert "“Stop” stops messages or asks for help, and is obeyed as that. Choose another word." in page


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("{kind: api}", "Never entered: the API was not called for this customer."),
        ("{kind: outcome, outcome: failed}", "Never entered: no message to this customer came to what starts"),
        ("{kind: message}", "Never entered: this customer has not written to you."),
    ],
)
def test_why_knows_what_is_no_event(cast: Cast, database_url: str, journey, entry: str, sentence: str) -> None:
    """What would have started it did not come."""
    import psycopg

    client = make_client(cast.alice)
    with psycopg.connect(database_url) as conn:
        [contact, *_] = add_people(conn, cast.workspace.pk)
    journey.document = journey.document.replace(
        "entry:\n  event: Product Added\n  where: {property: price, over: 100}\n", f"entry: {entry}\n"
    )
    journey.save()
    publish(client, journey)
    assert sentence in read(client, f"/contacts/{contact}/runs/?journey={journey.pk}")


def test_S1_why_names_the_link_that_was_opened(cast: Cast, database_url: str, journey) -> None:
    """The last one, and what the entry asks for instead."""
    import psycopg

    from tertulia.actions.journeys import create_journey

    other = create_journey(cast.workspace, None, NOW, "name: Letter", name="Letter")
    with psycopg.connect(database_url) as conn:
        [contact, *_] = add_people(conn, cast.workspace.pk)
        insert(
            conn, "click", shard=shard_of_contact(contact), id=derive_id("k"), workspace=cast.workspace.pk, app="web",
            contact_id=contact, **{"class": "human"}, at=NOW + timedelta(days=1), delivery_id=derive_id("d"),
            channel_id=1, journey_id=other.pk, step="say", link="cart",
        )  # fmt: skip
    entry = f"entry: {{kind: outcome, outcome: clicked, journey: {other.key}, step: tell}}\n"
    journey.document = journey.document.replace(
        "entry:\n  event: Product Added\n  where: {property: price, over: 100}\n", entry
    )
    journey.save()
    client = make_client(cast.alice)
    publish(client, journey)
    page = read(client, f"/contacts/{contact}/runs/?journey={journey.pk}")
    assert "Never entered: this customer last opened the link “cart”, and that started nothing." in page
    assert "It asks for a link of the step “tell”." in page


def test_R5_how_many_may_enter_is_set_with_the_whole_journey(cast: Cast, journey) -> None:
    """The first node says it."""
    client = make_client(cast.alice)
    form = {"f.name": "Cart series", "f.entries.per_day": "200", "f.entries.total": "5000"}
    client.post(f"/journeys/{journey.pk}/part/", {"at": "journey", "version": journey.version, **form})
    journey.refresh_from_db()
    assert read_lines(journey.document).value["entries"] == {"per_day": 200, "total": 5000}
    page = read(client, f"/journeys/{journey.pk}/?at=journey")
    assert "At most so many enter" in page
    assert "at most 200 a day · at most 5000 in all" in page


def test_X5_what_ends_a_journey_is_set_with_the_whole_of_it(cast: Cast, journey) -> None:
    """A comparison with the contact, for there is no event to look at, a date that passes, and a segment."""
    client = make_client(cast.alice)
    names = ("subject", "name", "operator", "value")
    rows = [
        ("attribute", "plan", "is", "gold"),
        ("attribute", "ends", "under", "now - 2 d"),
        ("segment", "a", "is_not", ""),
    ]
    row = {f"f.exit_when.{name}": list(value) for name, value in zip(names, zip(*rows, strict=True), strict=True)}
    row["f.exit_when.mode"] = "any"
    form = {"at": "journey", "version": journey.version, "f.name": "Cart series", **row}
    client.post(f"/journeys/{journey.pk}/part/", form)
    journey.refresh_from_db()
    parts = [
        {"attribute": "plan", "is": "gold"},
        {"attribute": "ends", "under": "now - 2 d"},
        {"none": [{"segment": "a"}]},
    ]
    assert read_lines(journey.document).value["exit_when"] == {"any": parts}
    page = read(client, f"/journeys/{journey.pk}/?at=journey")
    assert "plan is gold or ends is before now - 2 d or not (in “a”)" in page
    told = page.split("Ends when the customer becomes this")[1].split("</fieldset>")[0]
    assert "Contact's own" in told
    assert "Event's" not in told


def test_G1_a_goal_is_set_with_the_whole_journey_and_counted(cast: Cast, journey, database_url: str) -> None:
    """Its figure stands beside what the journey is for, and a run that reached it says so on the contact's page."""
    import psycopg

    client = make_client(cast.alice)
    form = {"f.name": "Cart series", "f.goal.event": "Order Completed", "f.goal.within": "3 d", "f.goal.from": "send"}
    client.post(f"/journeys/{journey.pk}/part/", {"at": "journey", "version": journey.version, **form})
    journey.refresh_from_db()
    goal = {"event": "Order Completed", "within": "3 d", "from": "send"}
    assert read_lines(journey.document).value["goal"] == goal
    publish(client, journey)
    with psycopg.connect(database_url) as conn:
        [ana, *_] = add_people(conn, cast.workspace.pk)
        add_run(conn, journey, ana, outcome="completed", reason="")
        shard, run_id = shard_of_contact(ana), conn.execute("select id from run").fetchone()[0]
        known = {"shard": shard, "workspace": cast.workspace.pk, "journey_id": journey.pk}
        insert(conn, "goal", **known, run_id=run_id, contact_id=ana, step="", event_id=derive_id("x"), at=NOW)
        insert(conn, "step_tally", **known, step="", what="entered", count=17)
        insert(conn, "step_tally", **known, step="", what="goal", count=2)
    page = read(client, f"/journeys/{journey.pk}/?at=journey")
    assert "Order Completed within 3 d" in page
    figure = page.split('id="goal-figure">')[1].split("</span>")[0]
    assert ">2<" in figure
    assert "11.7" in figure
    assert "Goal reached" in read(client, f"/contacts/{ana}/runs/")


def test_an_empty_goal_is_none(cast: Cast, journey) -> None:
    """The whole journey is saved without one."""
    client = make_client(cast.alice)
    form = {"f.name": "Cart", "f.goal.event": "", "f.goal.within": "", "f.goal.type": "track", "f.goal.from": "entry"}
    client.post(f"/journeys/{journey.pk}/part/", {"at": "journey", "version": journey.version, **form})
    journey.refresh_from_db()
    assert "goal" not in read_lines(journey.document).value


def test_A1_a_split_is_weighed_on_its_panel(cast: Cast, journey) -> None:
    """Its ways stand in the graph by their names; their steps stay when weights change."""
    client = make_client(cast.alice)
    form = {"at": "steps", "place": "2", "kind": "split", "version": journey.version}
    client.post(f"/journeys/{journey.pk}/insert/", form)
    journey.refresh_from_db()
    assert read_lines(journey.document).value["steps"][2]["ways"][1] == {"name": "B", "weight": 50}
    form = {"f.ways.0.name": "Discount", "f.ways.0.weight": "70", "f.ways.1.name": "B", "f.ways.1.weight": "30"}
    client.post(f"/journeys/{journey.pk}/part/", {"at": "steps.2", "version": journey.version, **form})
    page = read(client, f"/journeys/{journey.pk}/?at=steps.2")
    assert "70 / 30" in page
    assert '<bdi dir="auto">Discount</bdi>' in page
