"""`tertulia up` as a user has it: a data folder, a port, and processes that come back."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from commands.installation import make_environment, run

WAIT_LIMIT_S = 300.0


def start(folder: Path, port: int, *more: str) -> subprocess.Popen[str]:
    environment = make_environment(folder)
    command = [sys.executable, "-m", "tertulia.cli", "up", "--data", str(folder), "--port", str(port), *more]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def find_children(folder: Path, role: str) -> list[int]:
    """The processes of a role that work on a data folder, whoever their parent is now."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            environment = (path.parent / "environ").read_bytes()
        except OSError:
            continue
        if b"tertulia.cli" in words and role.encode() in words and f"TERTULIA_DATA={folder}".encode() in environment:
            found.append(int(path.parent.name))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_everything_comes_back(installed: Path) -> None:
    """A killed engine is started again, and so is a killed database; a killed `up` takes its processes with it and
    leaves a database that the next one finds; a polite stop leaves nothing."""
    folder = installed
    port = free_port()
    first = start(folder, port)
    wait_for(lambda: is_ready(port))
    killed = find_children(folder, "engine")  # and who helps it
    os.kill(min(killed), signal.SIGKILL)
    wait_for(lambda: find_children(folder, "engine") and not {*killed} & {*find_children(folder, "engine")})

    database = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(database, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{database}").exists())
    wait_for(lambda: is_ready(port))

    first.kill()
    first.wait(10)
    wait_for(lambda: not find_children(folder, "engine") and not find_children(folder, "web"))
    assert (folder / "postgres" / "postmaster.pid").exists()

    second = start(folder, port)
    wait_for(lambda: is_ready(port))
    second.send_signal(signal.SIGTERM)
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert f"Console   http://127.0.0.1:{port}/" in said
    assert "/sign-in/once/" in said
    assert not (folder / "postgres" / "postmaster.pid").exists()
    assert not find_children(folder, "sender")


def test_two_do_not_share_a_folder_or_a_port(folder: Path) -> None:
    """One clear line, a status, nothing begun."""
    import fcntl

    with (folder / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(folder, free_port())
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == f"Another Tertulia works on {folder}. Stop it, or choose another --data.\n"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(folder, taken.getsockname()[1])
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Choose another --port." in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["up", "migrate", "sign-in", "doctor", "web", "importer"])
def test_a_data_folder_that_cannot_be_written(database_url: str, command: str) -> None:
    """One clear line from whatever needs it."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "k" * 50} if command in ("web", "importer") else {}
    done = run(Path("/proc/nowhere"), command, **settings)
    assert done.returncode == 1
    said = done.stdout.splitlines()[-1] if command == "doctor" else done.stderr
    assert "The data folder /proc/nowhere cannot be written. Correct its rights" in said
    assert done.stderr.count("\n") == (command != "doctor")


def test_ports(database_url: str, folder: Path) -> None:
    """A port that is taken, and what is no port."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "k" * 50}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(folder, "web", "--port", port, **settings)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"Nobody can listen on 127.0.0.1:{port} (Address already in use). Choose another --port." in done.stderr
    assert run(folder, "web", PORT="80808", **settings).stderr == "80808 is no port: a number from 1 to 65535.\n"
    wrong = run(folder, "up", "--port", "80808")
    assert (wrong.returncode, "'80808' is no port: a number from 1 to 65535" in wrong.stderr) == (2, True)
