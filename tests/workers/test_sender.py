"""The sender against a real provider's stand-in and a real database."""

import signal
import threading
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from tertulia.store.channel_log import list_exchanges
from tertulia.store.clock import real_now
from tertulia.store.db import connect
from tertulia.store.log import LogWriter
from tertulia.store.sealing import seal_text
from tertulia.store.sending import take_deliveries
from tertulia.workers.leases import tell_lost
from tertulia.workers.outcomes import OutcomeWriter, Told
from tertulia.workers.sender import LEASE_S
from workers.conftest import sender_process, sending, wait_for
from workers.rows import NOW, add_sending, add_twilio, add_workspace, read_outcomes
from workers.sink import Sink


@pytest.fixture
def workspace(conn: psycopg.Connection) -> int:
    return add_workspace(conn)


def test_X2_every_delivery_is_sent_once_and_its_outcome_told(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """Two senders share the rows; each goes out once, with its provider's id in the log."""
    channel = add_twilio(conn, workspace, sink.url)
    ids = add_sending(conn, workspace, channel, 120)
    conn.commit()
    with sending(empty_database), sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) == 120)
    assert sink.sent == {str(id_): 1 for id_ in ids}
    assert {outcome for _, outcome, _ in read_outcomes(conn)} == {"ok"}
    told = conn.execute(
        "select payload::json from log where payload::json->>'delivery_id' = %s", [str(ids[3])]
    ).fetchone()[0]
    assert told["provider_ids"] == [f"SM{ids[3].hex}"]
    assert told["attempt"] == 1


def test_the_first_lane_goes_first(conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int) -> None:
    """Answers and codes do not wait behind a broadcast that was handed over before them."""
    channel = add_twilio(conn, workspace, sink.url)
    add_sending(conn, workspace, channel, 20, lane=2)
    add_sending(conn, workspace, channel, 5, lane=0)
    taken = take_deliveries(conn, {channel: 8}, real_now() + timedelta(seconds=60))
    assert [delivery.lane for delivery in taken] == [0] * 5 + [2] * 3


def test_a_code_goes_out_and_is_in_no_log(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """The provider gets it; what is kept of the call has neither the body nor the code."""
    channel = add_twilio(conn, workspace, sink.url)
    [id_] = add_sending(conn, workspace, channel, 1, lane=0)
    content = {"text": "********** is your code", "code": seal_text("9182736450")}
    conn.execute("update delivery_open set content = %s", [psycopg.types.json.Json(content)])
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: read_outcomes(conn))
        wait_for(lambda: list_exchanges(conn, workspace, channel))
    assert any("9182736450" in str(body) for body in sink.bodies)
    assert sink.sent == {str(id_): 1}
    [exchange] = list_exchanges(conn, workspace, channel)
    assert exchange.body == "***"
    assert "9182736450" not in f"{exchange.url}{exchange.headers}{exchange.answer}"


def test_a_channel_is_called_no_faster_than_its_rate(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """Ten a second means ten a second, also for what waits already."""
    channel = add_twilio(conn, workspace, sink.url, rate_per_s=10)
    add_sending(conn, workspace, channel, 40)
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: len(sink.bodies) >= 1)
        began = real_now()
        wait_for(lambda: len(sink.bodies) >= 16)
        took_s = (real_now() - began).total_seconds()
    assert took_s >= 1.3


def test_a_paused_channel_sends_nothing(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """What was handed over waits; the other channel goes on."""
    paused = add_twilio(conn, workspace, sink.url)
    conn.execute("update channel set state = 'paused', public_id = 'hook0'")
    live = add_twilio(conn, workspace, sink.url)
    waiting = {str(id_) for id_ in add_sending(conn, workspace, paused, 5, lane=0)}
    add_sending(conn, workspace, live, 5, lane=1)
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) == 5)
    assert not waiting & set(sink.sent)
    held = conn.execute("select count(*) from delivery_open where channel_id = %s and lease_until is null", [paused])
    assert held.fetchone()[0] == 5


def test_a_refused_account_stops_its_channel_after_one_round(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """A wrong token is found out with a few calls, not with the whole list; the log is told that it is the account."""
    channel = add_twilio(conn, workspace, sink.url, rate_per_s=20)
    add_sending(conn, workspace, channel, 60)
    sink.status, sink.answer = 401, {"code": 20003, "message": "Authenticate"}
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) >= 1)
        began = real_now()
        wait_for(lambda: real_now() - began > timedelta(seconds=0.6))
    assert len(sink.bodies) <= 4
    assert conn.execute("select bool_and((payload::json->>'account_fault')::bool) from log").fetchone()[0]


def test_the_channel_log_keeps_every_exchange_without_secrets(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """What was said, what was answered, how long it took, for whom."""
    channel = add_twilio(conn, workspace, sink.url)
    (id_,) = add_sending(conn, workspace, channel, 1)
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) == 1)
    (exchange,) = list_exchanges(conn, workspace, channel)
    assert (exchange.method, exchange.status, exchange.delivery_id) == ("POST", 201, id_)
    assert "Body=Hello" in exchange.body
    assert f"SM{id_.hex}" in exchange.answer
    everything = f"{exchange.url} {exchange.headers} {exchange.body} {exchange.answer}"
    assert "tok3n-secret" not in everything
    assert "***" in exchange.headers


def test_S3_a_killed_sender_leaves_no_message_sent_twice(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """SIGKILL while calls are under way: another sender sends the rest, the lost ones are told as lost, once."""
    channel = add_twilio(conn, workspace, sink.url, rate_per_s=300)
    ids = add_sending(conn, workspace, channel, 200)
    sink.open.clear()
    conn.commit()
    with sender_process(empty_database) as process:
        wait_for(lambda: len(sink.bodies) >= 20)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    left = {row[0] for row in conn.execute("select id from delivery_open where lease_until is not null").fetchall()}
    conn.rollback()
    sink.open.set()
    with sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) == len(ids) - len(left))
    decided = [outcome[0] for outcome in read_outcomes(conn)]
    conn.execute("delete from delivery_open where id = any(%s::uuid[])", [decided])  # as the owner does
    writer = LogWriter.lease(conn, "test", NOW)
    after = real_now() + timedelta(seconds=LEASE_S + 1)
    assert tell_lost(conn, writer, after, NOW) == len(left)
    assert tell_lost(conn, writer, after, NOW) == 0
    conn.commit()
    outcomes = read_outcomes(conn)
    assert sorted(id_ for id_, _, _ in outcomes) == sorted(map(str, ids))
    assert {id_ for id_, outcome, lost in outcomes if lost and outcome == "ambiguous"} == set(map(str, left))
    assert set(map(str, left)) >= {id_ for id_ in sink.sent if id_ not in decided}
    assert max(sink.sent.values()) == 1


def test_a_polite_stop_finishes_what_is_under_way(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """SIGTERM: nothing more is taken, calls under way get their outcome, nothing keeps a lease without one."""
    channel = add_twilio(conn, workspace, sink.url, rate_per_s=200)
    add_sending(conn, workspace, channel, 150)
    sink.open.clear()
    conn.commit()
    with sender_process(empty_database) as process:
        wait_for(lambda: len(sink.bodies) >= 10)
        process.send_signal(signal.SIGTERM)
        sink.open.set()
        assert process.wait(20) == 0
    outcomes = read_outcomes(conn)
    leased = conn.execute("select count(*) from delivery_open where lease_until is not null").fetchone()[0]
    assert len(outcomes) == leased == len(sink.bodies)
    assert {outcome for _, outcome, _ in outcomes} == {"ok"}


@pytest.mark.parametrize("told", [0, 1])
def test_S3_a_sender_stops_while_the_database_is_away(told: int) -> None:
    """With nothing to tell at once, else when its patience ends: the lease tells the outcome then."""
    nowhere = partial(connect, "postgresql://tertulia@127.0.0.1:1/tertulia")
    outcomes = OutcomeWriter(nowhere, "sender", test_clock=False, patience_s=0.1)
    outcomes.start()
    for _ in range(told):
        outcomes.tell(Told(1, ()))
    stopping = threading.Thread(target=outcomes.stop, daemon=True)
    stopping.start()
    stopping.join(30)
    assert not stopping.is_alive()
