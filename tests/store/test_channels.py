"""Channels as the workers read them."""

from datetime import UTC, datetime

import psycopg
import pytest

from tertulia.actions.accounts import load_accounts
from tertulia.store.channels import load_channels, mark_fault, read_fingerprint, save_cache, save_cursor
from tertulia.store.sealing import seal_json

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def channel(conn: psycopg.Connection) -> int:
    """A Telegram channel of one workspace, written as Django writes it."""
    workspace = conn.execute(
        """insert into workspace (name, slug, link_domain, country, language, zone, currency, link_key, link_days,
                                  epoch, created_at)
           values ('Verbena', 'verbena', '', 'BR', 'pt', 'UTC', 'BRL', '', 30, 1, %s) returning id""",
        [NOW],
    ).fetchone()[0]
    return conn.execute(
        """insert into channel (workspace_id, public_id, kind, name, settings, secrets, cache, state, fault, rate_per_s,
                                greeting, offers_text, first_message, polling, poll_cursor, test_findings, created_at)
           values (%s, 'abc123', 'telegram', 'Bot', '{"bot": "verbena"}', %s, '', 'live', '', 25, 'Hi', true, 'Hello',
                   true, '17', '[]', %s) returning id""",
        [workspace, seal_json({"token": "42:secret"}), NOW],
    ).fetchone()[0]


def test_a_channel_is_read_with_its_secrets_opened(conn: psycopg.Connection, channel: int) -> None:
    """What stands sealed is opened, and never shown."""
    row = load_channels(conn)[channel]
    assert (row.kind, row.rate_per_s, row.polling, row.poll_cursor) == ("telegram", 25, True, "17")
    assert row.settings == {"bot": "verbena"}
    assert row.secrets == {"token": "42:secret"}
    assert "secret" not in repr(row)


def test_an_account_is_what_the_adapter_needs(conn: psycopg.Connection, channel: int) -> None:
    """Settings, opened secrets, and the webhook's address under the public one."""
    account = load_accounts(conn, "https://verbena.example")[channel]
    assert (account.kind, account.settings) == ("telegram", {"bot": "verbena"})
    assert account.secrets == {"token": "42:secret"}
    assert account.hook_url == "https://verbena.example/hooks/abc123"


def test_short_lived_tokens_are_kept_sealed(conn: psycopg.Connection, channel: int) -> None:
    """What a provider gave for a while comes back opened, and stands sealed in the database."""
    before = read_fingerprint(conn)
    save_cache(conn, channel, {"access_token": "short-lived"})
    assert load_channels(conn)[channel].cache == {"access_token": "short-lived"}
    assert b"short-lived" not in conn.execute("select cache from channel").fetchone()[0]
    assert read_fingerprint(conn) != before


def test_a_cursor_does_not_count_as_a_change(conn: psycopg.Connection, channel: int) -> None:
    """A poll moves its cursor all the time; nobody has to read the configuration again for that."""
    before = read_fingerprint(conn)
    save_cursor(conn, channel, "18", NOW)
    assert load_channels(conn)[channel].poll_cursor == "18"
    assert read_fingerprint(conn) == before


def test_a_fault_stops_the_channel_and_notifies_once(conn: psycopg.Connection, channel: int) -> None:
    """The second who finds the same fault changes nothing."""
    assert mark_fault(conn, channel, "The provider refuses the channel's credentials.", NOW)
    assert not mark_fault(conn, channel, "Again.", NOW)
    assert load_channels(conn)[channel].state == "fault"
    assert conn.execute("select kind, facts->>'fault' from notice").fetchall() == [
        ("channel_fault", "The provider refuses the channel's credentials.")
    ]
