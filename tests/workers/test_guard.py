"""Addresses that may not be called on a user's behalf."""

import asyncio

import pytest

from tertulia.channels.base import HttpRequest
from tertulia.workers.guard import Guard, PrivateAddress, is_public
from tertulia.workers.http import CallFailed, Limits, ProviderClient
from workers.sink import run_sink


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "255.255.255.255", "::", "192.0.2.1"),
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    """Loopback, private, link-local and reserved ones, also when hidden inside an IPv6 address."""
    assert not is_public(address)
    with pytest.raises(PrivateAddress):
        Guard().check("provider.example", 443, address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)
    Guard().check("provider.example", 443, address)


def test_the_operator_allows_single_hosts() -> None:
    """A host with a port allows that port only; a name is compared without case."""
    guard = Guard(frozenset({"127.0.0.1:9100", "gateway.lan"}))
    guard.check("127.0.0.1", 9100, "127.0.0.1")
    guard.check("Gateway.lan.", 80, "10.0.0.7")
    with pytest.raises(PrivateAddress):
        guard.check("127.0.0.1", 5432, "127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_no_spelling_of_this_machine_is_called(host: str) -> None:
    """Refused before anything is sent: names, numbers and mapped addresses alike."""
    with run_sink() as sink:

        async def call() -> None:
            async with ProviderClient(Guard(), Limits(connect_s=2)) as client:
                await client.send(HttpRequest("POST", f"http://{host}:{sink.port}/", body=b"x"))

        with pytest.raises(CallFailed) as failed:
            asyncio.run(call())
        assert (failed.value.error, failed.value.sent) == ("connect", False)
        assert not sink.bodies
