"""One call to a provider from a thread without an event loop: what a channel's *Test* and set-up make.

Apart from `http`, so that the sender need not load Django for `actions.channels`.
"""

import asyncio

from tertulia.actions.channels import NoAnswer
from tertulia.channels.base import Request, Response
from tertulia.workers.caller import Caller
from tertulia.workers.guard import read_guard
from tertulia.workers.http import CallFailed


def call_provider(request: Request) -> Response:
    """The provider's answer. Raises NoAnswer. It is a `actions.channels.SendRequest`."""
    return asyncio.run(_call(request))


async def _call(request: Request) -> Response:
    async with Caller(read_guard()) as client:
        try:
            return await client.send(request)
        except CallFailed as failure:
            raise NoAnswer(failure.error) from None
