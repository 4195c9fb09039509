"""E7: with which configuration an entry is decided, through the engine on a real database."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.workers.town import Town

WAIT_LIMIT_S = 10.0


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an SMS channel, WhatsApp and Telegram, and an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_E7_a_channels_first_message_is_decided_with_the_configuration_that_has_the_channel(town: Town) -> None:
    """A channel is connected and called while a cycle is under way: the cycle that reads the call knows the channel,
    whenever it looked at the configuration."""
    town.drain()
    town.conn.execute("lock table log in access exclusive mode")
    round_ = threading.Thread(target=town.engine.run_round)
    round_.start()
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    wait_for(lambda: town.rows(waits) == [(1,)])
    town.channels["new"] = town.add_channel("viber")
    town.append_write("new", "V1", "Hello", kind="viber")
    round_.join()
    town.drain()
    assert town.rows("select reason from parked") == []
    assert town.identity("viber", "V1") is not None
