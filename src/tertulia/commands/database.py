"""The database that a command works on: DATABASE_URL, or the embedded server of the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from tertulia import config
from tertulia.embedded import EmbeddedPostgres


@contextmanager
def open_database(*, owns: bool = False) -> Iterator[str]:
    """A libpq URL. The embedded server is started where it is down, and stopped again by whoever started it, so that
    a command works beside a running `up` and without one. With `owns` (the data folder is this process's alone) a
    server that a killed parent left behind is taken over and stopped too. Raises ConfigError."""
    given = config.read("DATABASE_URL")
    if given:
        yield given
        return
    server = EmbeddedPostgres(config.data_dir())
    keep_running = server.running and not owns
    url = server.start()
    try:
        yield url
    finally:
        if not keep_running:
            server.stop()
