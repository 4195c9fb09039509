"""What the commands for single roles share: they need a database of their own and a clock."""

from tertulia import config
from tertulia.errors import ConfigError


def need_database() -> str:
    """DATABASE_URL. Raises ConfigError: a single role has no embedded server."""
    url = config.read("DATABASE_URL")
    if not url:
        raise ConfigError("Set DATABASE_URL: a single role works on a PostgreSQL of your own. `up` brings one along.")
    return url


def has_test_clock() -> bool:
    return config.read("TEST_CLOCK") == "1"
