"""What calls providers, over HTTP or SMTP, as the request says."""

from types import TracebackType
from typing import Self

from tertulia.channels.base import Request, Response
from tertulia.channels.mail import SmtpSend
from tertulia.workers.guard import Guard
from tertulia.workers.http import ProviderClient
from tertulia.workers.smtp import MailClient


class Caller:
    """One for each event loop. Use as an asynchronous context manager."""

    def __init__(self, guard: Guard) -> None:
        self._web = ProviderClient(guard)
        self._mail = MailClient(guard)

    async def __aenter__(self) -> Self:
        await self._web.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._mail.close()
        await self._web.__aexit__(kind, error, trace)

    async def send(self, request: Request) -> Response:
        """The provider's answer. Raises CallFailed."""
        if isinstance(request, SmtpSend):
            return await self._mail.send(request)
        return await self._web.send(request)
