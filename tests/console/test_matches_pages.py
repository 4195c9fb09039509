"""The pages of matches: the draft with its panel, launch, results whose numbers open their lists, and who may do it."""

import re

import pytest
from tests.actions.cast import add_contact
from tests.console.cast import Cast, make_client
from tests.console.crowd import Crowd, make_channels, make_crowd


@pytest.fixture
def channels(cast: Cast):
    """One SMS channel and two apps."""
    return make_channels(cast.workspace)


@pytest.fixture
def crowd(cast: Cast, channels, conn) -> Crowd:
    """A live match with 25 contacts at every step."""
    made = make_crowd(conn, cast.workspace, channels)
    conn.commit()
    return made


@pytest.fixture
def people(cast: Cast, conn) -> list[int]:
    """Three contacts with a mobile, and one without a phone."""
    found = [add_contact(conn, cast.workspace, serial, name=f"Ana{serial}") for serial in (1, 2, 3)]
    found.append(add_contact(conn, cast.workspace, 4, phone=""))
    conn.commit()
    return found


def make_form(channels, **changes) -> dict[str, object]:
    """The draft's form as a browser sends it."""
    apps = [channels["telegram"].pk, channels["whatsapp"].pk]
    return {
        "name": "Spring",
        "audience": "all",
        "sms_channel_id": channels["sms"].pk,
        "order": apps,
        "apps": apps,
        "text": "Hello {{ contact.name }}: {{ link }}",
        "message_class": "marketing",
        "on_missing": "fail",
        **changes,
    }


def read_text(response) -> str:
    """The page as it is read: without tags, cells and items apart, blanks folded."""
    inline = re.sub(r"</?(?:a|b|bdi|strong|span|time)\b[^>]*>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", inline).split())


def test_an_empty_list_says_what_a_match_is(cast: Cast, alice):
    """And offers the next step to those who may take it."""
    assert "/matches/new/" in alice.get("/matches/").content.decode()
    assert "/matches/new/" not in make_client(cast.vera).get("/matches/").content.decode()


def test_a_new_match_begins_with_what_there_is(cast: Cast, alice, channels):
    """The SMS channel, one app of each kind, a text with the chooser's link; nothing is stored by looking."""
    from tertulia.data.models import Match

    page = alice.get("/matches/new/").content.decode()
    assert "{{ link }}" in page
    assert page.count('name="apps"') == page.count('name="apps" value="') == 2
    assert not Match.objects.exists()


def test_the_panel_says_what_will_happen_and_stores_nothing(cast: Cast, alice, channels, people):
    """Exact counts, the worst cost, the time, and who is left out."""
    from tertulia.data.models import Match

    text = read_text(alice.post("/matches/panel/", make_form(channels)))
    assert "4 contacts, 3 can get an SMS" in text
    assert "3 people get the SMS." in text
    assert "It costs € 0.156 at most." in text
    assert "1 has no number that takes an SMS and is left out." in text
    assert "Launch to 3 people" in text
    assert not Match.objects.exists()


def test_both_forms_of_the_text_are_priced_beside_each_other(cast: Cast, alice, channels, people):
    """One chooser link against a link for each app; the one that is written is marked."""
    page = alice.post("/matches/panel/", make_form(channels)).content.decode()
    assert 'id="parts"' in page
    assert 'hx-swap-oob="outerHTML"' in page
    chooser, per_app = page.split('<section class="variant')[1:3]
    assert "One link to a choice of apps" in chooser
    assert "as written" in chooser
    assert "2 links, one for each app" in per_app
    assert "as written" not in per_app


def test_M6_the_neutral_text_has_its_field_only_where_it_has_a_use(cast: Cast, alice, channels, people, conn):
    """The panel shows the field with the first sensitive attribute that is typed, counts its parts as they are typed,
    and says what the previewed customer gets and why."""
    cast.workspace.sensitive_attributes = ["plan"]
    cast.workspace.save()
    conn.execute("""update contact set attributes = '{"plan": "gold"}'""")
    conn.commit()
    plain = alice.post("/matches/panel/", make_form(channels)).content.decode()
    assert 'id="neutral-switch" class="row second small" data-on="no"' in plain
    typed = make_form(channels, text="Your plan is {{ contact.plan }}: {{ link }}")
    warned = alice.post("/matches/panel/", typed)
    assert 'data-on="yes"' in warned.content.decode()
    assert "Write a neutral text for them." in read_text(warned)
    shown = alice.post("/matches/panel/", typed | {"neutral": "News for you: {{ link }}"})
    text = read_text(shown)
    assert "Who is not verified at their number gets the neutral text." in text
    assert "If everybody got it 1 part" in text
    assert "News for you" in text
    assert "gold" not in shown.content.decode().partition('id="panel"')[2].partition("</aside>")[0]
    saved = alice.post("/matches/new/", typed | {"neutral": "News for you: {{ link }}", "act": "save"}, follow=True)
    assert "News for you: {{ link }}</textarea>" in saved.content.decode()


def test_problems_have_their_line_and_column_and_stop_the_launch(cast: Cast, alice, channels, people):
    """The sentence says where and what to do; the button is off."""
    page = alice.post("/matches/panel/", make_form(channels, text="Hello\n{{ contact.name : {{ link }}"))
    text = read_text(page)
    assert "Line 2, column" in text
    assert "1 thing stands in the way" in text
    button = page.content.decode().split('id="launch-button"')[1].split(">")[0]
    assert "disabled" in button


def test_a_speed_above_the_channels_is_refused_in_its_field(cast: Cast, alice, channels, people):
    """The channel's speed is named, and nothing is stored."""
    from tertulia.data.models import Match

    response = alice.post("/matches/new/", make_form(channels, rate_per_s="21"))
    assert response.status_code == 422
    assert "The channel sends at most 20 messages per second." in read_text(response)
    assert not Match.objects.exists()


def test_a_draft_is_saved_with_the_order_of_its_apps(cast: Cast, alice, channels, people):
    """As they stand in the list; an up button moves one without a script and loses nothing."""
    from tertulia.actions.matches import read_form
    from tertulia.data.models import Match

    whatsapp, telegram = channels["whatsapp"].pk, channels["telegram"].pk
    moved = alice.post("/matches/new/", make_form(channels, move=f"{whatsapp}:up", name="Kept")).content.decode()
    assert moved.index(f'data-id="{whatsapp}"') < moved.index(f'data-id="{telegram}"')
    assert 'value="Kept"' in moved
    alice.post("/matches/new/", make_form(channels, order=[whatsapp, telegram]))
    match = Match.objects.get()
    assert read_form(match).apps == (whatsapp, telegram)
    alice.post(f"/matches/{match.pk}/edit/", make_form(channels, budget="12,5", text="New: {{ link }}"))
    match.refresh_from_db()
    assert (match.budget_micros, match.text) == (12_500_000, "New: {{ link }}")


def test_direct_reach_is_offered_with_the_platforms_rule(cast: Cast, alice, channels, people):
    """WhatsApp by an approved template, whose name and language are asked for; Telegram is not offered."""
    from tertulia.data.models import Match

    page = alice.get("/matches/new/").content.decode()
    whatsapp = channels["whatsapp"].pk
    assert "only with a template that it approved" in page
    assert f'name="direct" value="{channels["telegram"].pk}"' not in page
    bare = alice.post("/matches/new/", make_form(channels, direct=whatsapp))
    assert "Name the approved template and its language." in read_text(bare)
    values = {f"template_{whatsapp}": "hello", f"language_{whatsapp}": "pt_BR"}
    values[f"parameters_{whatsapp}"] = "{{ contact.name }}\r\n"
    alice.post("/matches/new/", make_form(channels, direct=whatsapp, **values))
    [way] = Match.objects.get().direct
    assert way == {
        "channel": whatsapp, "template": "hello", "language": "pt_BR", "parameters": ["{{ contact.name }}"],
    }  # fmt: skip


def test_contacts_picked_in_their_list_are_the_audience(cast: Cast, alice, channels, people):
    """The contact list leads here with their ids."""
    text = read_text(alice.get(f"/matches/new/?ids={people[0]}&ids={people[1]}&ids=oops"))
    assert "2 chosen contacts" in text
    assert "Ana1" in text


def test_launching_asks_with_the_count_and_repeats_the_verb(cast: Cast, alice, channels, people):
    """The draft is stored, the dialog opens, and its button launches."""
    from tertulia.data.models import Match

    asked = alice.post("/matches/new/", make_form(channels, act="launch"), follow=True)
    match = Match.objects.get()
    text = read_text(asked)
    assert "Launch to 3 people now?" in text
    assert f'action="/matches/{match.pk}/launch/"' in asked.content.decode()
    assert match.state == "draft"
    launched = alice.post(f"/matches/{match.pk}/launch/", follow=True)
    assert "Spring launched" in read_text(launched)
    match.refresh_from_db()
    assert match.state == "launching"
    assert alice.get(f"/matches/{match.pk}/edit/").status_code == 302


def test_a_launch_that_problems_stop_leads_back_to_them(cast: Cast, alice, channels):
    """Nobody in the audience: the draft stays one and says so."""
    from tertulia.data.models import Match

    asked = alice.post("/matches/new/", make_form(channels, act="launch"), follow=True)
    assert "now?" not in read_text(asked)
    match = Match.objects.get()
    response = alice.post(f"/matches/{match.pk}/launch/")
    assert response.status_code == 422
    assert "The audience is empty." in read_text(response)
    match.refresh_from_db()
    assert match.state == "draft"


def test_a_test_send_needs_a_mobile_number(cast: Cast, alice, channels, people):
    """What is no mobile is told before anything is called."""
    form = make_form(channels, numbers="+351 21 555 0137", **{"as": people[0]})
    fragment = alice.post("/matches/test/", form, headers={"HX-Request": "true"})
    assert "is no mobile number" in read_text(fragment)


def test_every_number_opens_exactly_the_contacts_it_counts(cast: Cast, alice, crowd: Crowd):
    """Each link of the results is followed; its list is as long as the number says."""
    page = alice.get(f"/matches/{crowd.match.pk}/").content.decode()
    links = re.findall(rf'href="(/matches/{crowd.match.pk}/people/\?[^"]+)"[^>]*><bdi class="num">([\d,]+)</bdi>', page)
    assert len(links) > 12
    for address, number in links:
        listed = alice.get(address.replace("&amp;", "&")).content.decode()
        assert listed.count('class="row-link"') == int(number), address


def test_the_funnel_is_a_picture_and_a_table_of_the_same_numbers(cast: Cast, alice, crowd: Crowd):
    """Both say 25, 23, 19, 17, 11, 8, 7; the losses have their reasons."""
    picture = read_text(alice.get(f"/matches/{crowd.match.pk}/"))
    table = read_text(alice.get(f"/matches/{crowd.match.pk}/?funnel_view=table"))
    for text in (picture, table):
        assert "opted out 3" in text
        assert re.search(
            r"On the list 25 .*Valid mobile 23 .*Sent 19 .*Delivered 17 .*Clicked 11 .*Wrote 8 .*Matched 7", text
        )
    assert "€ 0.988" in picture
    assert "budget € 25.00" in picture
    assert "Matched so far, by app: WhatsApp 5, Telegram 2" in alice.get(f"/matches/{crowd.match.pk}/").content.decode()
    over_time = read_text(alice.get(f"/matches/{crowd.match.pk}/?time_view=table"))
    assert "From WhatsApp Telegram All" in over_time


def test_everybody_who_is_not_matched_has_a_reason_in_words(cast: Cast, alice, crowd: Crowd):
    """The reasons add up to those not matched, each filters the list, and the file has them too."""
    address = f"/matches/{crowd.match.pk}/not-matched/"
    page = alice.get(address).content.decode()
    counts = re.findall(r'\?reason=[^"]+"><bdi class="num">(\d+)</bdi>', page)
    assert sum(map(int, counts)) == 18
    assert "This customer asked for no more messages of this kind." in page
    filtered = alice.get(address + "?reason=consent.withdrawn").content.decode()
    assert len(re.findall(r'class="row-link" href="/contacts/', filtered)) == 3
    lines = b"".join(alice.get(f"/matches/{crowd.match.pk}/people.csv?lacking=matched").streaming_content).decode()
    assert len(lines.splitlines()) == 19
    assert "The link was opened; no first message has come." in lines


def test_names_are_escaped_and_formulas_disarmed(cast: Cast, alice, crowd: Crowd, conn):
    """A name is text on the page and in the file."""
    conn.execute("update contact set name = '=cmd()' where id = %s", [crowd.contacts[0]])
    conn.commit()
    page = alice.get(f"/matches/{crowd.match.pk}/people/").content.decode()
    assert "<b>Costa" not in page
    assert "&lt;b&gt;Costa" in page
    lines = b"".join(alice.get(f"/matches/{crowd.match.pk}/people.csv").streaming_content).decode()
    assert "'=cmd()" in lines


def test_possible_forwards_are_listed(cast: Cast, alice, crowd: Crowd):
    """M5: the one whose link somebody else used."""
    page = alice.get(f"/matches/{crowd.match.pk}/forwards/").content.decode()
    assert page.count('class="row-link"') == 1


def test_pause_is_undone_and_stop_is_asked(cast: Cast, alice, crowd: Crowd):
    """Pause has its undo in the toast, Stop its dialog with the count; a stopped match offers neither."""
    match = crowd.match
    page = alice.post(f"/matches/{match.pk}/pause/", follow=True).content.decode()
    assert "Match paused" in page
    assert page.count(f'action="/matches/{match.pk}/resume/"') == 3  # the head, its menu at phone width, the toast
    alice.post(f"/matches/{match.pk}/resume/")
    assert "6 contacts have got no SMS yet" in read_text(alice.get(f"/matches/{match.pk}/"))
    alice.post(f"/matches/{match.pk}/stop/")
    match.refresh_from_db()
    assert match.state == "stopped"
    page = alice.get(f"/matches/{match.pk}/").content.decode()
    assert f"/matches/{match.pk}/pause/" not in page
    log = read_text(alice.get(f"/matches/{match.pk}/log/"))
    assert re.search(r"Stopped Inês Carvalho.*Resumed .*Paused", log)


def test_the_message_tab_shows_text_apps_and_rules(cast: Cast, alice, crowd: Crowd):
    """What went out, through what, by which rules."""
    text = read_text(alice.get(f"/matches/{crowd.match.pk}/message/"))
    assert "Olá {{ contact.name }}, escreva-nos: {{ link }}" in text
    assert "WhatsApp Verbena" in text
    assert "€ 25.00" in text


def test_a_match_that_is_done_says_how_long_its_links_work(cast: Cast, alice, crowd: Crowd):
    """While it goes on nothing is said; done is not over for who got an SMS."""
    from tertulia.data.models import Match

    path = f"/matches/{crowd.match.pk}/"
    assert "each link works for" not in read_text(alice.get(path))
    Match.objects.filter(pk=crowd.match.pk).update(state="done")
    assert f"each link works for {crowd.match.workspace.link_days} days after its SMS" in read_text(alice.get(path))


def test_a_draft_is_copied_and_deleted(cast: Cast, alice, crowd: Crowd):
    """A copy is a draft of its own; a launched match is not deleted."""
    from tertulia.data.models import Match

    alice.post(f"/matches/{crowd.match.pk}/copy/")
    draft = Match.objects.get(state="draft")
    assert draft.name == "Copy of November list"
    alice.post(f"/matches/{draft.pk}/delete/")
    alice.post(f"/matches/{crowd.match.pk}/delete/")
    assert [match.pk for match in Match.objects.all()] == [crowd.match.pk]


def test_M9_openings_that_are_not_clicks_stand_apart(cast: Cast, alice, crowd: Crowd, conn):
    """Their number, and whose links they were, opens the list; a match without any shows no empty card."""
    from tertulia.ids import shard_of_contact

    address = f"/matches/{crowd.match.pk}/"
    assert "Openings that are not clicks" not in read_text(alice.get(address))
    first = crowd.contacts[0]
    for class_ in ("no_beacon", "no_beacon", "ended"):
        conn.execute(
            "insert into click values (%s, gen_random_uuid(), %s, %s, %s, 'chooser', %s, now())",
            (shard_of_contact(first), cast.workspace.pk, first, crowd.match.pk, class_),
        )
    conn.commit()
    text = read_text(alice.get(address))
    assert re.search(
        r"Openings that are not clicks.* Links that had ended +1 +1 +Pages that no browser showed +2 +1", text
    )
    people = alice.get(f"{address}people/?opening=no_beacon")
    assert people.content.decode().count('class="row-link"') == 1
    assert "Pages that no browser showed" in read_text(people)


def test_a_filter_that_is_none_is_refused(cast: Cast, alice, crowd: Crowd):
    """No page of errors, no crash: back to Home with a sentence."""
    for wrong in ("step=flown", "opening=flown"):
        assert alice.get(f"/matches/{crowd.match.pk}/people/?{wrong}").status_code == 302
    assert alice.get(f"/matches/{crowd.match.pk}/people/?after=99999999999999999999").status_code == 200


def test_who_only_looks_changes_nothing_and_takes_no_list_away(cast: Cast, crowd: Crowd):
    """Bob and Vera see the results; acts and files with numbers are an editor's."""
    for person in (cast.bob, cast.vera):
        client = make_client(person)
        page = client.get(f"/matches/{crowd.match.pk}/").content.decode()
        assert f"/matches/{crowd.match.pk}/pause/" not in page
        assert client.post(f"/matches/{crowd.match.pk}/pause/").status_code == 403
        assert client.post("/matches/new/", {}).status_code == 403
        assert client.get(f"/matches/{crowd.match.pk}/people.csv").status_code == 403


def test_charlie_sees_nothing_of_it(cast: Cast, crowd: Crowd):
    """Another workspace's match does not exist for him, on any of its pages."""
    charlie = make_client(cast.charlie)
    assert "November list" not in charlie.get("/matches/").content.decode()
    for tab in (
        "",
        "results/",
        "people/",
        "not-matched/",
        "forwards/",
        "message/",
        "log/",
        "people.csv",
        "apps.csv",
        "edit/",
    ):
        assert charlie.get(f"/matches/{crowd.match.pk}/{tab}").status_code == 404, tab
    for act in ("pause/", "resume/", "stop/", "copy/", "delete/", "launch/"):
        assert charlie.post(f"/matches/{crowd.match.pk}/{act}").status_code == 404, act
