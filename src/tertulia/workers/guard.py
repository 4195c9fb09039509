"""Which addresses may be called on a user's behalf.

A channel's settings hold addresses that a user typed. Without a guard such an address could point into the network in
which Tertulia runs (SSRF). So every name is resolved first, every address that is not public is refused, and the
connection goes to the very address that was checked: no second look-up can give another one. Redirects are not
followed at all. The operator may allow single hosts (ALLOW_PRIVATE_HOSTS).
"""

import asyncio
import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from tertulia import config

RESOLVE_LIMIT_S = 8.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(OSError):
    """The host leads to an address that is not public."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`allowed` holds `host` or `host:port` in lower case."""

    allowed: frozenset[str] = frozenset()

    def check(self, host: str, port: int, address: str) -> None:
        """Raise PrivateAddress unless `address` is public or the operator allows the host."""
        name = host.lower().rstrip(".")
        if name in self.allowed or f"{name}:{port}" in self.allowed:
            return
        if not is_public(address):
            raise PrivateAddress(f"{host} leads to an address that is not public")

    def check_literal(self, host: str, port: int) -> None:
        """The same for a host that is an address itself, which no resolver sees."""
        if is_literal(host):
            self.check(host, port, host)


def read_guard() -> Guard:
    """The guard that the operator's settings make."""
    hosts = config.read("ALLOW_PRIVATE_HOSTS").lower().split(",")
    return Guard(frozenset(host.strip() for host in hosts if host.strip()))


@lru_cache(maxsize=1_024)
def is_literal(host: str) -> bool:
    """Whether a host is an IP address itself. Remembered, for every call asks."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP address is out in the world. An IPv4 address inside an IPv6 one counts as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class GuardedResolver(AbstractResolver):
    """Resolves names and gives back only addresses that may be called."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        async with asyncio.timeout(RESOLVE_LIMIT_S):
            found = await self._inner.resolve(host, port, family)
        admitted = []
        refused: PrivateAddress | None = None
        for result in found:
            try:
                self._guard.check(host, port, result["host"])
                admitted.append(result)
            except PrivateAddress as error:
                refused = error
        if refused is not None and not admitted:
            raise refused
        return admitted

    async def close(self) -> None:
        await self._inner.close()
