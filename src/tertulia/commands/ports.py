"""The ports that commands listen on: asked for by a number, and free before anything begins."""

import argparse
import socket
import time

from tertulia.errors import ConfigError

FREE_LIMIT_S = 10.0
PORT_MAX = 65_535


def read_port(text: str) -> int:
    """An option's port. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to {PORT_MAX}")
    return int(text)


def need_free_port(address: str, port: int) -> None:
    """Raise ConfigError when somebody else listens there; what an earlier run leaves is waited for."""
    if not 1 <= port <= PORT_MAX:
        raise ConfigError(f"{port} is no port: a number from 1 to {PORT_MAX}.")
    deadline = time.monotonic() + FREE_LIMIT_S
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ConfigError(
                        f"Nobody can listen on {address}:{port} ({error.strerror}). Choose another --port."
                    ) from None
        time.sleep(0.2)
