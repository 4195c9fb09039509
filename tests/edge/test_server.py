"""The server under the application."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from tertulia.edge.server import BACKLOG, allow_files


def test_silent_connections_keep_nobody_out(server: str) -> None:
    """More of them than wait to be accepted, and the next caller is answered all the same."""
    place = urlsplit(server)
    allow_files(BACKLOG + 1_000)
    with ExitStack() as open_ones:
        for _ in range(BACKLOG + 100):
            open_ones.enter_context(socket.create_connection((place.hostname, place.port)))
        assert httpx.get(f"{server}/readyz", timeout=10).status_code == 200


@pytest.fixture
def few_files() -> Iterator[None]:
    """A process that was started with room for few files, as most are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1_000), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_files")
def test_the_process_may_open_as_many_files_as_it_needs() -> None:
    """Up to what the system allows it; never fewer than before."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert allow_files(500) == 500
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 1_000
    assert allow_files(1_100) == min(1_100, hard)
    assert allow_files(hard + 10) == hard
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
