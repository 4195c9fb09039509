"""The database that a command works on: DATABASE_URL, or the embedded server of the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from tertulia import config
from tertulia.embedded import EmbeddedPostgres


@contextmanager
def open_database(*, durable: bool = True) -> Iterator[str]:
    """A libpq URL. The embedded server is started where it is down, and stopped again by whoever started it, so that
    a command works beside a running `up` and without one. Raises ConfigError."""
    given = config.read("DATABASE_URL")
    if given:
        yield given
        return
    server = EmbeddedPostgres(config.data_dir(), durable=durable)
    was_running = server.running
    url = server.start()
    try:
        yield url
    finally:
        if not was_running:
            server.stop()
