"""Every setting, once: its name, default, unit and help.

A setting is read from the environment variable of its name, or from the file that `NAME_FILE` points to (for secrets
handed over as files). `read(name)` gives the text, `load()` the whole table checked.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from tertulia.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    default: str
    unit: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("TERTULIA_DATA", "", "folder", "Where the embedded database, imported files and keys live."),
    Setting("DATABASE_URL", "", "URL", "A PostgreSQL of your own (17 or later). Empty: the embedded one."),
    Setting(
        "PUBLIC_URL",
        "",
        "URL",
        "The address under which customers and providers reach this machine, https in earnest use.",
    ),
    Setting("SECRET_KEY", "", "text", "Signs sessions and links, seals channel secrets. Empty: made once in the data."),
    Setting("PORT", "8080", "port", "Where `tertulia up` listens."),
    Setting("BIND", "127.0.0.1", "address", "The interface `tertulia up` listens on; a proxy of yours stands before."),
    Setting("CONSOLE_THREADS", "4", "threads", "How many console pages are drawn at once."),
    Setting("IMPORT_BYTES_MAX", "2000000000", "bytes", "The largest file an import takes."),
    Setting(
        "ALLOW_PRIVATE_HOSTS",
        "",
        "host or host:port, with commas between",
        "Private addresses that channels may call (a gateway in your own network). All others are refused.",
    ),
    Setting(
        "LOG_KEPT_DAYS",
        "30",
        "days, 0 for ever",
        "How long decided entries of the log are kept; others always.",
    ),
    Setting(
        "CALLS_KEPT_DAYS",
        "40",
        "days, 0 for ever",
        "How long the raw calls of providers and settled parked entries are kept; calls that wait to be read always.",
    ),
    Setting("CLICKS_KEPT_DAYS", "400", "days, 0 for ever", "How long openings of links are kept one by one."),
    Setting(
        "HISTORY_KEPT_DAYS",
        "730",
        "days, 0 for ever",
        "How long deliveries with their verdict and the decisions about them are kept; undecided ones always.",
    ),
    Setting(
        "EVENTS_KEPT_DAYS",
        "730",
        "days, 0 for ever",
        "How long events of apps and sites, their counts by day and what was not taken of them are kept.",
    ),
    Setting("TEST_CLOCK", "", "1 or empty", "Decisions use a virtual instant that tests move (`up --test-clock`)."),
    Setting("VIRTUAL_PHONES_URL", "", "URL", "The simulator's page of virtual phones; the demo sets it."),
    Setting("CITUS_URL", "", "URL", "A Citus cluster for the tests that need one."),
)

DAYS_MAX = 36_500

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def read(name: str) -> str:
    """The text of one setting. Raises ConfigError when NAME_FILE names a file that cannot be read."""
    setting = _BY_NAME[name]
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            raise ConfigError(
                f"{name}_FILE names {path}, which cannot be read. Correct the path or its rights."
            ) from None
    return os.environ.get(name, setting.default)


def read_int(name: str) -> int:
    """A setting that is a whole number. Raises ConfigError with the setting's name otherwise."""
    text = read(name)
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{name} is {text!r}; it must be a whole number of {_BY_NAME[name].unit}.") from None


def read_days(name: str) -> int | None:
    """A setting that is a number of days; None for 0, which is for ever. Raises ConfigError."""
    days = read_int(name)
    if not 0 <= days <= DAYS_MAX:
        raise ConfigError(f"{name} is {days}; it must be from 0 to {DAYS_MAX} days.")
    return days or None


def public_url() -> str:
    """PUBLIC_URL without a slash at its end; on this machine alone where none is set."""
    return (read("PUBLIC_URL") or f"http://127.0.0.1:{read('PORT')}").rstrip("/")


def data_dir() -> Path:
    """The data folder (absolute). By default the user's own, or /var/lib/tertulia for root."""
    given = read("TERTULIA_DATA")
    if given:
        return Path(given).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/tertulia")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "tertulia"


def need_data_dir() -> Path:
    """The data folder, made where it is missing. Raises ConfigError when it cannot be written."""
    folder = data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
    except OSError:
        raise ConfigError(
            f"The data folder {folder} cannot be written. Correct its rights, or choose another one (TERTULIA_DATA)."
        ) from None
    return folder


def has_secret_key() -> bool:
    """Whether there is a SECRET_KEY already: given, or made earlier."""
    return bool(read("SECRET_KEY")) or (data_dir() / "secret.key").exists()


def secret_key() -> str:
    """SECRET_KEY, or the one kept in the data folder, made at the first need (0600). Raises ConfigError."""
    given = read("SECRET_KEY")
    if given:
        return given
    path = data_dir() / "secret.key"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        need_data_dir()
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass  # another process of ours was faster
        return path.read_text(encoding="utf-8")
