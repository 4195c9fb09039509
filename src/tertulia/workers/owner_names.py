"""How an owner of shards is called: its machine, its process, and a mark of its own."""

import os
import secrets
import socket
from pathlib import Path
from typing import Final

PROCESS: Final = secrets.token_hex(4)  # machines may share a name, and containers a process number


def make_owner_name() -> str:
    """This process's."""
    return f"{socket.gethostname()}:{os.getpid()}:{PROCESS}"


def is_dead(owner: str) -> bool:
    """Whether an owner was a process of this machine that is gone, so that nobody has to wait for its lease to end.
    The fence holds in any case: were it alive all the same, its next write would be refused."""
    host, _, process = owner.partition(":")
    pid, _, _ = process.partition(":")
    return host == socket.gethostname() and pid.isdecimal() and not Path(f"/proc/{pid}").exists()
