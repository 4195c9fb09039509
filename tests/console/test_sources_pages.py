"""The pages of sources: made, connected, watched, understood, switched off, and who may do what."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from tests.console.cast import Cast, make_client
from tests.console.people import add_people
from tests.console.tracking import add_discard, add_event, add_traffic, add_visit, make_source

NOW = datetime.now(UTC)


@pytest.fixture
def source(cast: Cast):
    """A web shop that nothing came from yet."""
    return make_source(cast.workspace)


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(response.content.decode())


def test_an_empty_list_says_what_a_source_is(cast: Cast, alice):
    """It names the next step, for those who may take it."""
    page = read(alice, "/sources/")
    assert "No sources yet" in page
    assert "/sources/new/" in page
    assert 'href="/sources/new/"' not in read(make_client(cast.vera), "/sources/")


def test_a_source_is_made_with_a_key_of_its_own(cast: Cast, alice):
    """The form, then how to connect it; the change stands in the audit log and raises the epoch."""
    from tertulia.data.models import Audit, Source, Workspace

    before = Workspace.objects.get(pk=cast.workspace.pk).epoch
    made = alice.post("/sources/new/", {"name": " Web shop ", "side": "client"})
    source = Source.objects.get()
    assert made.headers["Location"] == f"/sources/{source.pk}/"
    assert (source.name, source.client_side, source.state) == ("Web shop", True, "live")
    assert re.fullmatch(r"wk_[A-Za-z0-9]{32}", source.write_key)
    assert Audit.objects.get().verb == "source_created"
    assert Workspace.objects.get(pk=cast.workspace.pk).epoch == before + 1
    refused = alice.post("/sources/new/", {"name": "  ", "side": "server"})
    assert refused.status_code == 422
    assert "Give the source a name" in refused.content.decode()


def test_every_snippet_has_the_key_and_the_address(cast: Cast, alice, source):
    """Each marks what differs from the SDK's own documentation; nothing is left to fill in."""
    from tertulia.console.sources.snippets import SNIPPETS

    for snippet in SNIPPETS:
        page = read(alice, f"/sources/{source.pk}/?sdk={snippet.slug}")
        code = page.split('class="code-lines"')[1].split("</pre>")[0]
        assert source.write_key in code, snippet.slug
        assert "http://127.0.0.1:8080" in code, snippet.slug
        assert "code-changed" in code
        assert "ADDRESS" not in code
        assert str(snippet.change) in page
    assert "Waiting for the first event" in page


def test_who_may_not_change_a_source_sees_no_key(cast: Cast, source):
    """The key adds events, so it is for those who set up."""
    client = make_client(cast.vera)
    page = read(client, f"/sources/{source.pk}/")
    assert source.write_key not in page
    assert "wk_…" in page
    assert client.post(f"/sources/{source.pk}/renew/").status_code == 403


def test_another_workspaces_source_is_not_there(cast: Cast, alice):
    """On every tab and act."""
    foreign = make_source(cast.other)
    for tab in ("", "arrival/", "debugger/", "debugger/stream/", "events/", "settings/"):
        assert alice.get(f"/sources/{foreign.pk}/{tab}").status_code == 404, tab
    for act in ("disable", "enable", "renew", "delete"):
        assert alice.post(f"/sources/{foreign.pk}/{act}/").status_code == 404, act
    assert alice.get("/sources/99999999999999999999999/").status_code == 404


def test_the_first_event_makes_it_live(cast: Cast, alice, conn, source):
    """Until then the page says that it waits, and what came and was not taken."""
    add_discard(conn, source, "no_user_anon_id", NOW)
    conn.commit()
    assert "1 message came and was not taken" in read(alice, f"/sources/{source.pk}/arrival/")
    (ana, *_rest) = add_people(conn, cast.workspace.pk)
    add_event(conn, source, ana, "Order Completed", NOW)
    conn.commit()
    page = read(alice, f"/sources/{source.pk}/")
    assert "The last event arrived" in page
    assert "badge-dot" in page
    assert 'hx-trigger="live, every 3s"' not in page


def test_a_rare_reason_is_found_behind_a_hundred_others(cast: Cast, alice, conn, source):
    """Errors are counted over a day, so the list of one reason goes as far back, and what was opened stays open."""
    add_discard(conn, source, "id_not_string", NOW - timedelta(hours=2), sample='{"userId": {}}')
    for second in range(101):
        add_discard(conn, source, "no_user_anon_id", NOW - timedelta(seconds=second))
    conn.commit()
    address = f"/sources/{source.pk}/debugger/?code=id_not_string"
    rows = read(alice, address).split('class="arrivals"', 1)[1]
    [opened] = re.findall(r'href="([^"]*open=d\.[^"]*)"', rows)
    assert '{"userId": {}}' in read(alice, opened)


def test_the_debugger_shows_what_came_and_what_was_not_taken(cast: Cast, alice, conn, source):
    """The newest first with who it was; codes in words; a name filters; what is opened stands whole beside it."""
    people = add_people(conn, cast.workspace.pk)
    add_traffic(conn, source, people, NOW)
    conn.commit()
    address = f"/sources/{source.pk}/debugger/"
    page = read(alice, address)
    rows = page.split('class="arrivals"', 1)[1]
    assert rows.index("Order Completed") < rows.index("Neither userId nor anonymousId") < rows.index("Cart")
    assert "Beatriz Nakamura Lopes" in rows
    assert f'href="/contacts/{people[0]}/"' in rows
    assert "The timestamp cannot be read" in rows
    assert "Taken with a warning" in rows
    only = read(alice, f"{address}?name=Order+Completed").split('class="arrivals"', 1)[1]
    assert "Neither userId" not in only
    assert "Product Viewed" not in only
    refused = read(alice, f"{address}?code=no_user_anon_id").split('class="arrivals"', 1)[1]
    assert refused.count("Neither userId") == 2
    assert "Order Completed" not in refused
    opened = read(alice, address + re.findall(r'class="row-link" href="[^"]*debugger/(\?[^"]*open=e[^"]*)"', page)[0])
    assert '"total": "25,90"' in opened
    assert '"receivedAt"' in opened
    failed = read(alice, address + re.findall(r'href="[^"]*debugger/(\?[^"]*open=d[^"]*)"', page)[0])
    assert "Send at least one of them" in failed
    assert '{"type": "track"}' in failed


def test_an_event_stays_open_when_newer_ones_have_pushed_it_out(cast: Cast, alice, conn, source):
    """It is found by its contact; nonsense in the address opens nothing."""
    from tertulia.console.sources.debugger import write_key
    from tertulia.store.events import list_contact_events

    (ana, bea, *_rest) = add_people(conn, cast.workspace.pk)
    add_event(conn, source, ana, "First Visit", NOW - timedelta(days=2))
    for number in range(101):
        add_event(conn, source, bea, "Product Viewed", NOW - timedelta(seconds=number))
    key = write_key(list_contact_events(conn, [ana], NOW, 1)[0])
    conn.commit()
    address = f"/sources/{source.pk}/debugger/"
    assert "First Visit" not in read(alice, address).split('class="arrivals"', 1)[1]
    assert "The newest 100 are shown" in read(alice, address)
    assert '"event": "First Visit"' in read(alice, f"{address}?open={key}")
    for nonsense in ("e.1.2.3", "e.x.y.z.w", "d.7", "%00", "e.1.9e99.1.x", f"e.{'9' * 30}.1.0.x"):
        assert 'id="opened"' not in read(alice, f"{address}?open={nonsense}")


def test_a_paused_debugger_stands_still(cast: Cast, alice, source):
    """The list does not fetch itself; Continue does."""
    assert "hx-get" not in read(alice, f"/sources/{source.pk}/debugger/stream/?paused=1")
    assert "every 3s" in read(alice, f"/sources/{source.pk}/debugger/stream/")
    assert "Continue" in read(alice, f"/sources/{source.pk}/debugger/?paused=1")


def test_the_schema_has_volume_and_properties(cast: Cast, alice, conn, source):
    """Each name with its counts; a property whose types differ says so."""
    people = add_people(conn, cast.workspace.pk)
    add_traffic(conn, source, people, NOW)
    conn.commit()
    assert read(alice, f"/sources/{source.pk}/events/").count('class="row-link"') == 4
    page = read(alice, f"/sources/{source.pk}/events/?type=track&event=Order+Completed")
    panel = page.split('id="opened"')[1]
    assert "order_id" in panel
    assert "number, text" in panel
    assert "they differ" in panel
    listed = read(alice, "/sources/")
    assert "Live" in listed
    assert re.search(r'class="danger"[^>]*><bdi class="num">2<', listed)


def test_R6_derived_events_have_a_page_and_words(cast: Cast, alice, conn, source):
    """Their names and properties under Sources, and a sentence in the contact's timeline."""
    assert "nothing was done for 30 minutes" in read(alice, "/sources/derived/")
    assert "Derived events" not in read(alice, "/sources/")
    [ana] = add_people(conn, cast.workspace.pk)[:1]
    add_visit(conn, source, ana, NOW)
    conn.commit()
    assert "By Tertulia, from the others" in read(alice, "/sources/")
    opened = read(alice, "/sources/derived/?type=derived&event=session_ended")
    assert "session_started" in opened
    assert "cart_value" in opened
    timeline = read(alice, f"/contacts/{ana}/")
    assert "A session began" in timeline
    assert "12 minutes" in timeline
    assert "9 events" in timeline


def test_settings_rename_disable_and_renew(cast: Cast, alice, source):
    """Each is done at once and can be seen; disabling has an undo."""
    from tertulia.data.models import Audit

    old = source.write_key
    assert alice.post(f"/sources/{source.pk}/settings/", {"name": "Shop", "side": "client"}).status_code == 302
    assert alice.post(f"/sources/{source.pk}/settings/", {"name": "", "side": "client"}).status_code == 422
    alice.post(f"/sources/{source.pk}/disable/")
    page = read(alice, f"/sources/{source.pk}/settings/")
    assert f'action="/sources/{source.pk}/enable/"' in page
    source.refresh_from_db()
    assert (source.name, source.client_side, source.state) == ("Shop", True, "disabled")
    alice.post(f"/sources/{source.pk}/enable/")
    alice.post(f"/sources/{source.pk}/renew/")
    source.refresh_from_db()
    assert source.state == "live"
    assert source.write_key != old
    verbs = list(Audit.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["source_changed", "source_disabled", "source_enabled", "source_key_renewed"]


def test_only_a_source_without_events_is_deleted(cast: Cast, alice, conn, source):
    """The other one is disabled instead, and the page says so."""
    from tertulia.data.models import Source

    (ana, *_rest) = add_people(conn, cast.workspace.pk)
    add_event(conn, source, ana, "Order Completed", NOW)
    conn.commit()
    empty = make_source(cast.workspace, "Empty")
    alice.post(f"/sources/{source.pk}/delete/")
    alice.post(f"/sources/{empty.pk}/delete/")
    assert list(Source.objects.values_list("name", flat=True)) == ["Web shop"]
    assert "cannot be deleted" in read(alice, f"/sources/{source.pk}/settings/")


def test_every_code_has_words():
    """What is wrong and what to do, both whole sentences."""
    from tertulia.actions.source_words import WORDS, explain_discard

    for code in WORDS:
        wrong, remedy = explain_discard(code)
        assert wrong.endswith("."), code
        assert remedy.endswith("."), code
    assert explain_discard("new_code") == ("Not taken: new_code", "")


def test_a_source_is_found_by_its_name(cast: Cast, alice, source):
    """In the command palette, those of the own workspace only."""
    make_source(cast.other, "Web shop of others")
    found = read(alice, "/find/?q=web+sh")
    assert f'href="/sources/{source.pk}/"' in found
    assert "of others" not in found
