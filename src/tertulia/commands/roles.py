"""What the commands for single roles share: they need a database of their own, ready for work, and a clock."""

from tertulia import config
from tertulia.commands.database import check_key, check_schema, need_key, open_connection
from tertulia.errors import ConfigError


def need_database() -> str:
    """DATABASE_URL. Raises ConfigError: a single role has no embedded server, makes no schema and no key."""
    url = config.read("DATABASE_URL")
    if not url:
        raise ConfigError("Set DATABASE_URL: a single role works on a PostgreSQL of your own. `up` brings one along.")
    with open_connection(url) as conn:
        check_schema(conn)
        need_key()
        check_key(conn)
    return url


def has_test_clock() -> bool:
    return config.read("TEST_CLOCK") == "1"
