"""One contact: only its own workspace sees it; its history, its permissions and Why are told; acts reach the log."""

import psycopg
import pytest
from tests.console.cast import Cast, make_client
from tests.console.history import add_history
from tests.console.people import NOW, add_contact, add_people


@pytest.fixture
def ids(cast: Cast, database_url: str) -> list[int]:
    """The people, the first of them with a history."""
    with psycopg.connect(database_url) as conn:
        found = add_people(conn, cast.workspace.pk)
        add_history(conn, cast.workspace.pk, found)
    return found


@pytest.fixture
def no_engine(monkeypatch):
    """Nobody decides the log here: do not wait for it."""
    monkeypatch.setattr("tertulia.console.asking.WAIT_S", 0.0)


def read_log(database_url: str) -> list[tuple[str, dict]]:
    """Kind and payload of every entry of the log."""
    with psycopg.connect(database_url) as conn:
        return conn.execute("select kind, payload::json from log order by received_at").fetchall()


def test_every_part_of_the_page_opens(ids, alice):
    """Timeline with each filter, consent ledger, merge preview: all told in words."""
    page = alice.get(f"/contacts/{ids[0]}/").content.decode()
    for words in ("Beatriz Nakamura Lopes", "Chegou tudo certo", "opened the link to WhatsApp", "message delivered"):
        assert words in page, words
    for show in ("messages", "decisions", "events", "nonsense"):
        assert alice.get(f"/contacts/{ids[0]}/?show={show}").status_code == 200
    assert "text <bdi>v3</bdi>" in alice.get(f"/contacts/{ids[0]}/consent/").content.decode()
    preview = alice.get(f"/contacts/{ids[0]}/merge/{ids[1]}/").content.decode()
    assert "Merge 2 contacts" in preview


def test_nobody_sees_another_workspaces_contact(ids, cast, database_url):
    """Charlie gets 404 for Alice's contact on every address, and Alice for his."""
    with psycopg.connect(database_url) as conn:
        his = add_contact(conn, cast.other.pk, 901, "His")
    charlie, alice = make_client(cast.charlie), make_client(cast.alice)
    for path in ("", "consent/", f"merge/{ids[1]}/"):
        assert charlie.get(f"/contacts/{ids[0]}/{path}").status_code == 404, path
    assert alice.get(f"/contacts/{his}/").status_code == 404
    assert alice.get(f"/contacts/{ids[0]}/merge/{his}/").status_code == 404
    assert alice.get("/contacts/99999999999999999999999/").status_code == 404


def test_why_tells_the_gates_and_only_one_is_red(ids, alice):
    """The sentence, the outcome, the gates before as passed, the one that stopped, the rest as not reached."""
    page = alice.get(f"/contacts/{ids[0]}/?show=decisions").content.decode()
    why = page.split("&amp;why=")[1].split('"')[0]
    answer = alice.get(f"/contacts/{ids[0]}/?show=decisions&why={why}").content.decode()
    assert "Not sent. This customer asked for no more messages of this kind." in answer
    assert answer.count('<li class="failed">') == 1
    assert answer.count('<li class="not-reached">') == 1
    assert "offers, a word they wrote" in answer
    assert "consent.withdrawn" in answer
    assert 'id="why"' not in alice.get(f"/contacts/{ids[0]}/?why=not-an-id").content.decode()


def test_may_we_write_follows_the_ledger(ids, alice):
    """Granted by a list: yes. Withdrawn by a word: no to offers, still yes to service. Nothing said: never asked."""

    def read_row(contact_id: int, app: str) -> str:
        page = alice.get(f"/contacts/{contact_id}/").content.decode()
        table = page.split('class="may-write"')[1].split("</table>")[0]
        return next(row for row in table.split("<tr>") if f"mark-{app}" in row)

    assert read_row(ids[0], "sms").count(">yes<") == 2
    assert read_row(ids[0], "whatsapp").count(">never asked<") == 2
    assert ">yes<" in read_row(ids[4], "sms")
    assert ">no<" in read_row(ids[4], "sms")


def test_merge_and_erasure_are_asked_of_the_engine(ids, cast, alice, no_engine, database_url):
    """The entries are in the log with who asked; the page says that it is not done yet."""
    answer = alice.post(f"/contacts/{ids[0]}/merge/{ids[1]}/do/", follow=True).content.decode()
    assert "Merge asked for" in answer
    alice.post(f"/contacts/{ids[2]}/erase/")
    (merge, asked), (erase, other) = read_log(database_url)
    assert (merge, asked["into"], asked["absorbed"]) == ("merge", ids[0], ids[1])
    assert asked["actor"] == f"user:{cast.alice.pk}"
    assert (erase, other["contact_id"]) == ("erase", ids[2])


def test_what_the_customer_said_needs_its_proof(ids, alice, no_engine, database_url):
    """Without a word on where it was said nothing is asked; with it the entry carries it."""
    address = f"/contacts/{ids[0]}/consent/change/"
    refused = alice.post(address, {"state": "withdrawn", "note": " "}, headers={"Referer": "http://localhost/"})
    assert refused.status_code == 302
    assert read_log(database_url) == []
    alice.post(address, {"state": "withdrawn", "note": "On the phone today"})
    [(kind, entry)] = read_log(database_url)
    assert (kind, entry["state"], entry["topic"]) == ("consent", "withdrawn", "marketing")
    assert entry["evidence"]["reason"] == "On the phone today"


def test_a_suggestion_is_dismissed_once(ids, alice):
    """It goes from the page; a second time says that it was settled."""
    address = f"/contacts/{ids[0]}/merge/{ids[1]}/dismiss/"
    assert "not the same person" in alice.post(address, follow=True).content.decode()
    assert "Perhaps also" not in alice.get(f"/contacts/{ids[0]}/").content.decode()
    assert "settled already" in alice.post(address, follow=True).content.decode()


def test_only_admins_erase_and_viewers_change_nothing(ids, cast, no_engine, database_url):
    """An agent may merge but not erase; a viewer may neither; a GET never does anything."""
    bob, vera, alice = make_client(cast.bob), make_client(cast.vera), make_client(cast.alice)
    assert bob.post(f"/contacts/{ids[0]}/erase/").status_code == 403
    assert vera.post(f"/contacts/{ids[0]}/merge/{ids[1]}/do/").status_code == 403
    for path in ("erase/", f"merge/{ids[1]}/do/", f"merge/{ids[1]}/dismiss/", "consent/change/"):
        assert alice.get(f"/contacts/{ids[0]}/{path}").status_code == 405, path
    assert read_log(database_url) == []


def test_events_of_its_own_apps_and_sites_stand_in_the_timeline(ids, alice, cast, database_url):
    """With name, source and, on demand, properties; its own ids are named in words."""
    from tests.console.people import add_identity
    from tests.console.tracking import add_event, make_source

    source = make_source(cast.workspace, "Web shop")
    with psycopg.connect(database_url) as conn:
        add_event(conn, source, ids[0], "Order Completed", NOW)
        add_event(conn, source, ids[0], "Cart", NOW, "page", properties={"url": "https://shop.example/cart"})
        add_event(conn, source, ids[0], "", NOW, "identify", properties={"email": "bea@example.com"})
        add_identity(conn, cast.workspace.pk, ids[0], "user_id", "c-2041", scope="")
        add_identity(conn, cast.workspace.pk, ids[0], "anonymous_id", "f6c1a9d2", scope="")
    page = alice.get(f"/contacts/{ids[0]}/?show=events").content.decode()
    for words in ("Order Completed", "on Web shop", "A-2041", "https://shop.example/cart", "Told about itself"):
        assert words in page, words
    assert "Known by its id in your own systems" in page
    assert page.count("browser or device") >= 2
    assert "Order Completed" in alice.get(f"/contacts/{ids[0]}/").content.decode()
    assert "Order Completed" not in alice.get(f"/contacts/{ids[0]}/?show=messages").content.decode()


def test_a_run_of_pages_is_one_line(ids, alice, cast, database_url):
    """Its pages are inside it; an order between them parts the runs."""
    from datetime import timedelta

    from tests.console.tracking import add_event, make_source

    source = make_source(cast.workspace, "Web shop")
    with psycopg.connect(database_url) as conn:
        for minutes in (1, 2, 3, 5, 6):
            add_event(conn, source, ids[0], f"Page {minutes}", NOW - timedelta(minutes=minutes), "page")
        add_event(conn, source, ids[0], "Order Completed", NOW - timedelta(minutes=4))
    page = alice.get(f"/contacts/{ids[0]}/?show=events").content.decode()
    assert "3 pages viewed" in page
    assert page.index("3 pages viewed") < page.index("Page 3") < page.index("Order Completed") < page.index("Page 5")
    assert "2 pages viewed" not in page


def test_who_came_by_an_event_is_called_by_its_own_id(cast, alice, database_url):
    """Until a name is known; where it came from is the source's name."""
    from tests.console.people import add_identity
    from tests.console.tracking import make_source

    source = make_source(cast.workspace, "Web shop")
    with psycopg.connect(database_url) as conn:
        contact_id = add_contact(conn, cast.workspace.pk, 77, "")
        conn.execute("update contact set source = %s where id = %s", (f"event:{source.pk}", contact_id))
        add_identity(conn, cast.workspace.pk, contact_id, "user_id", "c-2041", scope="")
    page = alice.get(f"/contacts/{contact_id}/").content.decode()
    assert '<bdi dir="auto">c-2041</bdi></span></h1>' in page
    assert '<bdi dir="auto">Web shop</bdi>' in page
