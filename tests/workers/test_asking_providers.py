"""Lost messages are asked about (S3): the sender asks, the log is told, the engine decides. Against a provider's
stand-in and a real database."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import psycopg
import pytest
from aiohttp import web

from tertulia.core.entries import LookUpEntry
from tertulia.store.channel_log import list_exchanges
from tertulia.store.clock import real_now
from tertulia.store.sending import take_questions
from workers.conftest import sending, wait_for
from workers.rows import add_sending, add_twilio, add_workspace
from workers.sink import Sink
from workers.town import Town

PHONE = "+5511985550101"


@pytest.fixture
def workspace(conn: psycopg.Connection) -> int:
    return add_workspace(conn)


def make_unknown(conn: psycopg.Connection, workspace: int, channel: int, number: int = 1) -> Any:
    """A delivery whose outcome was lost, with a question that is due."""
    (id_,) = add_sending(conn, workspace, channel, 1)
    conn.execute(
        "update delivery_open set state = 'unknown', asked = %s, ask_at = %s, handed_at = %s where id = %s",
        [number, real_now() - timedelta(seconds=1), real_now() - timedelta(minutes=3), id_],
    )
    conn.commit()
    return id_


def read_answers(conn: psycopg.Connection) -> list[dict[str, Any]]:
    rows = conn.execute("select payload::json from log where kind = 'look_up'").fetchall()
    conn.rollback()
    return [row[0] for row in rows]


def list_messages(sink: Sink, *rows: dict[str, Any]) -> None:
    """From now on the provider lists these messages."""

    async def answer(request: web.Request) -> web.Response:
        sink.bodies.append(f"{request.method} {request.path_qs}")
        return web.json_response({"messages": list(rows), "next_page_uri": None})

    sink.handler = answer


def test_S3_the_sender_asks_what_is_due_and_tells_what_was_said(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """One GET for the number; the answer is in the log as it came, the exchange in the channel's log; nothing is sent,
    and the question is not asked twice."""
    channel = add_twilio(conn, workspace, sink.url)
    made = format_datetime(datetime.now(UTC))
    list_messages(sink, {"sid": "SM7", "body": "Hello 1/0", "status": "delivered", "date_created": made})
    id_ = make_unknown(conn, workspace, channel)
    with sending(empty_database):
        wait_for(lambda: read_answers(conn) != [])
    [told] = read_answers(conn)
    assert (told["delivery_id"], told["attempt"], told["number"]) == (str(id_), 1, 1)
    assert (told["finding"], told["state"], told["provider_ids"]) == ("found", "delivered", ["SM7"])
    assert len(sink.bodies) == 1
    assert sink.bodies[0].startswith("GET /2010-04-01/Accounts/AC1/Messages.json?To=%2B12025550000")
    [exchange] = list_exchanges(conn, workspace, channel)
    assert (exchange.purpose, exchange.delivery_id, exchange.status) == ("look_up", id_, 200)
    assert exchange.answer == "***"  # it lists messages, perhaps of other people
    assert "tok3n-secret" not in exchange.headers


def test_S3_a_provider_that_does_not_answer_leaves_it_unclear(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """The sender never makes an absence of its own trouble."""
    channel = add_twilio(conn, workspace, sink.url)
    sink.status, sink.answer = 503, {"code": 20503}
    make_unknown(conn, workspace, channel, number=3)
    with sending(empty_database):
        wait_for(lambda: read_answers(conn) != [])
    assert [(told["finding"], told["number"]) for told in read_answers(conn)] == [("unclear", 3)]


def test_S3_a_question_is_taken_by_one_sender_and_left_to_the_next_when_it_dies(
    conn: psycopg.Connection, empty_database: str, workspace: int
) -> None:
    """The lease stands in the update; before its time nobody else takes the question, after it anybody may."""
    channel = add_twilio(conn, workspace, "http://127.0.0.1:9")
    id_ = make_unknown(conn, workspace, channel)
    now = real_now()

    def take(real: datetime, due: datetime) -> list[Any]:
        until = real + timedelta(seconds=60)
        return [q.id for q in take_questions(conn, [channel], now=due, real=real, until=until, limit=10)]

    assert take(now, now - timedelta(hours=1)) == [], "not due yet"
    assert take(now, now) == [id_]
    assert take(now + timedelta(seconds=30), now) == []
    assert take(now + timedelta(seconds=61), now) == [id_]


def lose(town: Town) -> Any:
    """A match's SMS is handed over and its answer is lost, on a channel that can be asked."""
    sms = town.channel("sms")
    sms.settings["status_url"] = "https://sms.example.com/status?reference={ref}"
    sms.save()
    town.add_contact("Ana", PHONE)
    town.launch("{{ link }}")
    [sent] = town.sending("sms")
    town.outcome(sent, "ambiguous", handed_at=town.now)
    return sent


def answer(town: Town, sent: Any, number: int, finding: str, **facts: Any) -> None:
    town.append(LookUpEntry(sent.channel_id, "http_sms", sent.id, sent.attempt, number, town.now, finding, **facts))
    town.drain()


def test_S3_the_engine_makes_questions_due_and_settles_by_their_answers(empty_database: str) -> None:
    """Lost: the first question is due in half a minute; unclear: the second; found: sent, with its own reason."""
    with Town(empty_database) as town:
        sent = lose(town)
        asks = "select asked, ask_at, handed_at from delivery_open"
        assert town.rows(asks) == [(1, town.now + timedelta(seconds=30), town.now)]
        town.advance(timedelta(seconds=30))
        answer(town, sent, 1, "unclear")
        assert town.rows(asks)[0][:2] == (2, town.now + timedelta(seconds=90))
        town.advance(timedelta(seconds=90))
        answer(town, sent, 2, "found", provider_ids=("g-1",), state="delivered", parts=1)
        assert town.rows("select state, provider_ids from delivery") == [("delivered", ["g-1"])]
        reasons = town.rows("select reason from ledger where gate = 'provider' order by at, reason")
        assert [row[0] for row in reasons] == ["passed", "provider.unknown", "provider.found"]


def test_S3_the_engine_sends_again_what_was_surely_never_taken(empty_database: str) -> None:
    """The third answer, after ten minutes: the delivery is handed over a second time, the same text."""
    with Town(empty_database) as town:
        sent = lose(town)
        for number, wait_s in ((1, 30), (2, 90), (3, 480)):
            assert [item.attempt for item in town.sending("sms")] == [1]
            town.advance(timedelta(seconds=wait_s))
            answer(town, sent, number, "absent")
        [again] = town.sending("sms")
        assert (again.id, again.attempt, again.text, again.state) == (sent.id, 2, sent.text, "sending")
        answer(town, sent, 3, "absent")
        answer(town, sent, 4, "absent")
        assert [item.attempt for item in town.sending("sms")] == [2], "one answer leads to one attempt"


def test_S3_an_asked_delivery_leaves_nothing_to_ask_when_it_is_settled(empty_database: str) -> None:
    """A receipt comes before the question: the row with its question is gone."""
    with Town(empty_database) as town:
        sent = lose(town)
        town.receipt(sent, "delivered")
        town.advance(timedelta(hours=1))
        with psycopg.connect(empty_database) as conn:
            now = real_now()
            due = take_questions(conn, [sent.channel_id], now=town.now, real=now, until=now, limit=10)
        assert due == []
