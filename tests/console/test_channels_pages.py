"""The pages of channels: connecting, testing, secrets that never show, and who may do what."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.console.cast import Cast, make_client

TELEGRAM = {"f_bot_username": "LojaBot", "f_token": "123:AAH", "f_secret_token": "s3cret", "f_transport": "webhook"}


def send_form(client, kind: str = "telegram", **changes: str):
    """The form of a kind, sent as a browser sends it."""
    return client.post(f"/channels/new/{kind}/", {"name": "Bot", "rate_per_s": "30", **TELEGRAM, **changes})


@pytest.fixture
def bot(cast: Cast, alice):
    """A Telegram channel that Alice connected through its form."""
    from tertulia.data.models import Channel

    assert send_form(alice).status_code == 302
    return Channel.objects.get(kind="telegram")


def test_an_empty_list_says_what_a_channel_is(cast: Cast, alice):
    """It names the next step, for those who may take it."""
    page = alice.get("/channels/").content.decode()
    assert "No channels yet" in page
    assert "/channels/new/" in page
    assert "/channels/new/" not in make_client(cast.vera).get("/channels/").content.decode()


def test_every_installed_kind_can_be_chosen_and_has_a_form(cast: Cast, alice):
    """Each kind has its sentence, and each field of its adapter stands in its form with its help."""
    from django.utils.html import escape

    from tertulia.channels import registry

    kinds = alice.get("/channels/new/").content.decode()
    for adapter in registry.kinds():
        assert f"/channels/new/{adapter.kind}/" in kinds
        form = alice.get(f"/channels/new/{adapter.kind}/").content.decode()
        for item in adapter.fields:
            assert f'name="f_{item.name}"' in form, (adapter.kind, item.name)
            assert escape(item.help) in form
    assert alice.get("/channels/new/pigeon/").status_code == 404


def test_a_wrong_form_says_each_field_and_stores_nothing(cast: Cast, alice):
    """One sentence a field, what was typed stays, nothing is made."""
    from tertulia.data.models import Channel

    response = send_form(alice, name=" ", f_bot_username="", rate_per_s="fast", greeting="Hi {{ contact.name")
    page = response.content.decode()
    assert response.status_code == 422
    for field in ("id_name", "id_f_bot_username", "id_rate_per_s", "id_greeting"):
        assert page.split(f'id="{field}"')[1].split(">")[0].count('aria-invalid="true"') == 1, field
    assert "Line 1:" in page
    assert 'value="123:AAH"' in page
    assert not Channel.objects.exists()


def test_a_stored_secret_never_shows_again(cast: Cast, alice, bot):
    """Neither on its own page nor in Settings; left empty it stays, given anew it is replaced."""
    from tertulia.store.sealing import unseal_json

    for tab in ("", "settings/", "log/"):
        page = alice.get(f"/channels/{bot.pk}/{tab}").content.decode()
        assert "AAH" not in page
        assert "s3cret" not in page
    kept = {**TELEGRAM, "f_token": "", "f_secret_token": ""}
    assert alice.post(f"/channels/{bot.pk}/settings/", {"name": "Renamed", **kept}).status_code == 302
    bot.refresh_from_db()
    assert (bot.name, unseal_json(bot.secrets)["token"]) == ("Renamed", "123:AAH")
    alice.post(f"/channels/{bot.pk}/settings/", {"name": "Renamed", **kept, "f_token": "456:BBB"})
    bot.refresh_from_db()
    assert unseal_json(bot.secrets) == {"token": "456:BBB", "secret_token": "s3cret"}


def test_the_webhook_and_the_link_for_everybody_can_be_copied(cast: Cast, alice, bot):
    """The address that the provider calls, the entry link, and the QR code in two forms."""
    page = alice.get(f"/channels/{bot.pk}/").content.decode()
    assert f"http://127.0.0.1:8080/hooks/{bot.public_id}" in page
    assert f"http://127.0.0.1:8080/e/{bot.public_id}" in page
    assert f"/qr/{bot.public_id}.svg?download" in page
    assert f"/qr/{bot.public_id}.png?download" in page


def test_the_verify_token_is_shown_where_the_provider_asks_for_it(cast: Cast, alice):
    """Meta wants it typed beside the address; the access token stays hidden."""
    values = {"f_phone": "+4915112345678", "f_phone_number_id": "1", "f_waba_id": "2", "f_access_token": "EAAG-hidden"}
    alice.post(
        "/channels/new/whatsapp/", {"name": "WA", **values, "f_app_secret": "hush", "f_verify_token": "typed-by-hand"}
    )
    page = alice.get(alice.get("/channels/").content.decode().split('row-link" href="')[1].split('"')[0])
    assert "typed-by-hand" in page.content.decode()
    assert "EAAG-hidden" not in page.content.decode()


def test_who_only_looks_sees_no_address_and_changes_nothing(cast: Cast, bot):
    """Bob and Vera see the state; the address, Settings and every act are an admin's."""
    for person in (cast.bob, cast.vera):
        client = make_client(person)
        page = client.get(f"/channels/{bot.pk}/").content.decode()
        assert "/hooks/" not in page
        assert f"/channels/{bot.pk}/pause/" not in page
        assert client.post(f"/channels/{bot.pk}/pause/").status_code == 403
        assert client.post(f"/channels/{bot.pk}/test/").status_code == 403
    bot.refresh_from_db()
    assert bot.state == "live"


def test_charlie_sees_nothing_of_it(cast: Cast, bot):
    """Another workspace's channel is a page that does not exist, whatever is asked of it."""
    charlie = make_client(cast.charlie)
    assert "Bot" not in charlie.get("/channels/").content.decode()
    for path in ("", "settings/", "log/", "findings/"):
        assert charlie.get(f"/channels/{bot.pk}/{path}").status_code == 404
    for path in ("pause/", "resume/", "archive/", "test/", "register/", "settings/", "settings/greeting/"):
        assert charlie.post(f"/channels/{bot.pk}/{path}").status_code == 404


def test_pause_has_its_undo_and_archive_names_what_stands_in_the_way(cast: Cast, alice, bot):
    """Pause is taken back by its toast; a channel that a match runs on stays."""
    from tertulia.data.models import Match, MatchChannel

    page = alice.post(f"/channels/{bot.pk}/pause/", follow=True).content.decode()
    assert "Channel paused" in page
    assert f'action="/channels/{bot.pk}/resume/"' in page
    alice.post(f"/channels/{bot.pk}/resume/")
    match = Match.objects.create(workspace=cast.workspace, name="Spring", state="live")
    MatchChannel.objects.create(match=match, channel=bot, order=0)
    here = {"Referer": f"http://localhost/channels/{bot.pk}/"}
    assert "Spring" in alice.post(f"/channels/{bot.pk}/archive/", follow=True, headers=here).content.decode()
    Match.objects.update(state="done")
    assert "No channels yet" in alice.post(f"/channels/{bot.pk}/archive/", follow=True).content.decode()
    assert alice.get(f"/channels/{bot.pk}/").status_code == 404


class Provider(BaseHTTPRequestHandler):
    """A Bot API that knows no token."""

    def do_POST(self) -> None:
        body = json.dumps({"ok": False, "error_code": 401, "description": "Unauthorized"}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test speaks."""


@pytest.fixture
def provider(monkeypatch):
    """The address of a provider on the loopback, which this server may call."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("ALLOW_PRIVATE_HOSTS", host)
    yield f"http://{host}"
    server.shutdown()
    server.server_close()


def test_a_test_says_in_words_what_is_wrong(cast: Cast, alice, provider):
    """The provider is called for real; its refusal is a sentence with what to do, and stays on the page."""
    from tertulia.data.models import Channel

    send_form(alice, f_base_url=provider)
    bot = Channel.objects.get(kind="telegram")
    page = alice.post(f"/channels/{bot.pk}/test/", follow=True).content.decode()
    assert "@BotFather" in page
    fragment = alice.post(f"/channels/{bot.pk}/test/", headers={"HX-Request": "true"})
    assert fragment.content.decode().lstrip().startswith('<section class="card" id="test"')


def test_waiting_for_the_first_call_ends_with_it(cast: Cast, alice, bot):
    """A finding that waits says so, and is settled when the provider has called."""
    from datetime import UTC, datetime, timedelta

    from tertulia.actions.channels import record_test
    from tertulia.channels.checks import WAIT_FOR_CALL

    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    record_test(bot, [WAIT_FOR_CALL], now)
    assert "Waiting." in alice.get(f"/channels/{bot.pk}/findings/").content.decode()
    bot.last_call_at = now + timedelta(seconds=5)
    bot.save()
    page = alice.get(f"/channels/{bot.pk}/findings/").content.decode()
    assert "Waiting." not in page
    assert "The provider called us" in page


def test_the_greeting_is_previewed_and_its_mistakes_have_their_place(cast: Cast, alice, bot):
    """Rendered as a customer reads it; a broken one says line and column."""
    address = f"/channels/{bot.pk}/settings/greeting/"
    good = alice.post(address, {"greeting": "Hello {{ contact.name }} <b>"}).content.decode()
    assert "Hello Beatriz &lt;b&gt;" in good
    bad = alice.post(address, {"greeting": "Hello\n{{ contact.name"}).content.decode()
    assert "Line 2" in bad


def test_I3_the_log_says_received_against_processed_and_parked(cast: Cast, alice, bot):
    """Rows of appenders and owners add up; what is neither processed nor parked waits."""
    from django.db import connection

    with connection.cursor() as cursor:
        for shard, received, processed, duplicates, parked in ((-1, 10, 0, 0, 1), (5, 0, 6, 2, 1)):
            cursor.execute(
                "insert into channel_tally values (%s, %s, %s, %s, %s, %s, %s)",
                [shard, bot.pk, cast.workspace.pk, received, processed, duplicates, parked],
            )
    page = alice.get(f"/channels/{bot.pk}/log/").content.decode()
    text = " ".join(page.replace('<bdi class="num">', "").replace("</bdi>", "").split())
    assert "10 received = 6 processed + 2 parked + 2 waiting" in text


def test_the_log_shows_what_was_said_and_answered(cast: Cast, alice, bot, conn):
    """Each exchange with its status and its text, escaped; a page of another channel shows none of it."""
    from datetime import UTC, datetime

    from tertulia.store.channel_log import Exchange, record_exchanges

    said = Exchange(
        cast.workspace.pk, bot.pk, "send", datetime(2026, 11, 22, 9, 0, tzinfo=UTC), 31, "POST",
        "https://api.telegram.org/bot***/sendMessage", "content-type: application/json", '{"text":"<b>Olá"}', 403,
        '{"description":"Forbidden"}',
    )  # fmt: skip
    record_exchanges(conn, [said])
    conn.commit()
    page = alice.get(f"/channels/{bot.pk}/log/").content.decode()
    assert "bot***/sendMessage" in page
    assert "Forbidden" in page
    assert "&lt;b&gt;Olá" in page
