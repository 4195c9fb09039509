"""The channel log's rows."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import psycopg

from tertulia.core import effects as fx
from tertulia.ids import make_contact_id
from tertulia.store.channel_log import TEXT_CHARACTERS_MAX, Exchange, list_exchanges, record_exchanges
from tertulia.store.effects import write

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CONTACT = make_contact_id(7, 9)
EXCHANGE = Exchange(1, 5, "send", NOW, 12, "POST", "https://p.example/send", "a: b", "to=+5511", 200, "ok")


def test_C5_an_erasure_removes_what_was_said_about_the_person(conn: psycopg.Connection) -> None:
    """Others' exchanges and those about nobody stay."""
    other = make_contact_id(8, 9)
    record_exchanges(conn, [replace(EXCHANGE, contact_id=who, delivery_id=uuid4()) for who in (CONTACT, other, None)])
    write(conn, [fx.Erase(1, CONTACT, (), (), (), "user:1", NOW)], NOW)
    assert [exchange.contact_id for exchange in list_exchanges(conn, 1, 5)] == [None, other]


def test_C5_what_is_told_of_an_erased_person_afterwards_is_not_kept(conn: psycopg.Connection) -> None:
    """The call was under way when they were erased."""
    write(conn, [fx.CreateContact(1, CONTACT, "Ana", "pt", "BR", "inbound:telegram", NOW, NOW)], NOW)
    write(conn, [fx.Erase(1, CONTACT, (), (), (), "user:1", NOW)], NOW)
    record_exchanges(conn, [replace(EXCHANGE, contact_id=CONTACT, delivery_id=uuid4())])
    assert list_exchanges(conn, 1, 5) == []


def test_what_a_provider_answers_is_cut_and_cleaned(conn: psycopg.Connection) -> None:
    """Whatever comes back can be kept: too much of it, NUL bytes, half a surrogate pair."""
    record_exchanges(conn, [replace(EXCHANGE, answer="\0\ud83d" + "x" * 10_000)])
    (kept,) = list_exchanges(conn, 1, 5)
    assert kept.answer.startswith("?x")
    assert len(kept.answer) <= TEXT_CHARACTERS_MAX


def test_a_workspace_sees_its_own_log_only(conn: psycopg.Connection) -> None:
    """The newest first, page by page."""
    record_exchanges(conn, [EXCHANGE, replace(EXCHANGE, status=500), replace(EXCHANGE, workspace=2)])
    first, second = list_exchanges(conn, 1, 5)
    assert (first.status, second.status) == (500, 200)
    assert list_exchanges(conn, 1, 5, before=first.id) == [second]


def test_exchanges_of_one_group_keep_their_order_however_they_are_planned(conn: psycopg.Connection) -> None:
    """A plan that hashes the contacts would turn them round."""
    conn.execute("set local enable_nestloop = off")
    statuses = list(range(200, 300))
    record_exchanges(conn, [replace(EXCHANGE, status=status) for status in statuses])
    assert [exchange.status for exchange in list_exchanges(conn, 1, 5, limit=100)] == statuses[::-1]
