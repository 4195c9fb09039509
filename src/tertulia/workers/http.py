"""The one HTTP client that calls providers.

Time-outs on every phase, addresses through the guard, no redirects, no cookies, no proxies from the environment, and
answers cut at a limit. A call that fails says whether the request may have arrived (S3): everything before a
connection stood is `sent=False`.

Idle connections are dropped early: reusing one that the provider is just closing would make an ordinary call
ambiguous.
"""

import asyncio
import ssl
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

import tertulia
from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.workers.guard import Guard, GuardedResolver, PrivateAddress

CONNECT_LIMIT_S = 8.0
TOTAL_LIMIT_S = 25.0
IDLE_KEPT_S = 4.0
NAMES_KEPT_S = 30
ANSWER_BYTES_MAX = 1_000_000
CONNECTIONS_PER_HOST_MAX = 256


class CallFailed(Exception):
    """No answer. `error` is timeout | connect | tls | reset; `sent` whether the request may have arrived; `detail` for
    the channel log, without anything secret."""

    def __init__(self, error: str, *, sent: bool, detail: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.sent = sent
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for one call."""

    connect_s: float = CONNECT_LIMIT_S
    total_s: float = TOTAL_LIMIT_S


class ProviderClient:
    """One client per event loop. Use as an asynchronous context manager."""

    def __init__(self, guard: Guard, limits: Limits = Limits()) -> None:
        self._guard = guard
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=CONNECTIONS_PER_HOST_MAX,
            resolver=GuardedResolver(self._guard),
            ttl_dns_cache=NAMES_KEPT_S,
            keepalive_timeout=IDLE_KEPT_S,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"Tertulia/{tertulia.__version__}"},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(self, request: HttpRequest, *, wait_s: float = 0.0, limits: Limits | None = None) -> HttpResponse:
        """The provider's answer. `wait_s` is added to the time-outs, for long polls; `limits` are others than the
        client's own. Raises CallFailed."""
        assert self._session is not None
        try:
            url = _read_url(request.url)
            self._guard.check_literal(url.host or "", url.port or 0)
            async with self._session.request(
                request.method,
                url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                timeout=_read_limits(limits or self._limits, wait_s),
            ) as response:
                body = await _read_body(response)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise read_failure(error) from None
        headers = tuple((name.lower(), value) for name, value in response.headers.items())
        return HttpResponse(response.status, headers, body)


@lru_cache(maxsize=256)
def _read_url(url: str) -> URL:
    """An address in pieces. Remembered, for most providers have one for all messages."""
    return URL(url, encoded=True)


@lru_cache(maxsize=64)
def _read_limits(limits: Limits, wait_s: float) -> aiohttp.ClientTimeout:
    """Of the whole call, not of each piece of the answer (`sock_read`), which would cost 0.02 ms a call."""
    return aiohttp.ClientTimeout(total=limits.total_s + wait_s, sock_connect=limits.connect_s)


def read_failure(error: Exception) -> CallFailed:
    """What went wrong, in the adapters' four words."""
    inner = getattr(error, "os_error", None) or error
    match error:
        case PrivateAddress():
            return CallFailed("connect", sent=False, detail="private_address")
        case aiohttp.ClientConnectorError() if isinstance(inner, PrivateAddress):
            return CallFailed("connect", sent=False, detail="private_address")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return CallFailed("tls", sent=False, detail=type(inner).__name__)
        case aiohttp.ConnectionTimeoutError():
            return CallFailed("timeout", sent=False, detail="connect")
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL() | ValueError():
            return CallFailed("connect", sent=False, detail=type(inner).__name__)
        case asyncio.TimeoutError():  # SocketTimeoutError among them
            return CallFailed("timeout", sent=True)
        case _:
            return CallFailed("reset", sent=True, detail=type(inner).__name__)


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    """The body up to ANSWER_BYTES_MAX, unpacked; more than that says nothing that an adapter needs."""
    told = response.content_length
    if told is not None and told <= ANSWER_BYTES_MAX and "content-encoding" not in response.headers:
        return await response.read()
    parts: list[bytes] = []
    length = 0
    async for chunk in response.content.iter_any():
        parts.append(chunk)
        length += len(chunk)
        if length > ANSWER_BYTES_MAX:
            response.close()
            break
    return b"".join(parts)[:ANSWER_BYTES_MAX]
