"""The simulator under test and a platform for it to call."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.simulator.rig import Platform, Rig, make_config

from tertulia.simulator.app import create_app, create_world
from tertulia.simulator.clock import Clock


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    found = Platform()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@pytest.fixture
async def rig(platform: Platform) -> AsyncIterator[Rig]:
    world = create_world(make_config(platform.url), Clock())
    app = create_app(world)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim") as http:
        yield Rig(world, app, http, platform)
    assert world.outbox is not None
    await world.outbox.client.close()
