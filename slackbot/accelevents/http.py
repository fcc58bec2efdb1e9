"""An HTTP client for the platform with a connection pool, timeouts and retries.

httpx uses aiohttp as its transport. The default pool of httpx iterates over all connections several
times per request. With 288 concurrent requests, each took 9 ms of CPU time, compared with 0.4 ms
with aiohttp (see docs/performance.md).
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import aiohttp
import httpx
import structlog
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from slackbot.accelevents.body import ENCODING, BodyRefused, BodyTooLarge, read_body
from slackbot.accelevents.errors import Endpoint, error_for, error_in_envelope
from slackbot.accelevents.event_holds import EventHolds
from slackbot.accelevents.json_limits import OTHERS, SESSIONS
from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.deadline import request_seconds, seconds_left
from slackbot.aio.outgoing import Proxies, open_session
from slackbot.domain.errors import PlatformError, TimedOut, TokenRefused, Unreachable, Unreadable
from slackbot.domain.model import AuthScheme, EventSlug
from slackbot.domain.ports import Clock
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger(__name__)
T = TypeVar("T")

MAX_ATTEMPTS: Final = 3
MAX_CONNECTIONS: Final = 400
_LIMITS: Final = {Endpoint.SESSIONS: SESSIONS, Endpoint.REGISTERED: SESSIONS}
# Many servers close idle connections after five seconds, and a request that is sent at that moment
# is lost.
KEEPALIVE_SECONDS: Final = 4.0
_NOTHING: Final = httpx.ByteStream(b"")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `path` is URL-encoded, and `authorization` is the complete header value."""

    endpoint: Endpoint
    event: EventSlug
    method: str
    path: str = field(repr=False)
    authorization: str | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response with a 2xx status and a body of limited size."""

    endpoint: Endpoint
    status: int
    body: bytearray = field(repr=False)

    def parse(self, read: Callable[[Any], T]) -> T:
        """Parse the body as JSON and return the result of `read`. The body is empty afterwards.

        Raises:
            PlatformError: The body is an error, although the status is none.
            Unreadable: The body is not JSON, or `read` rejects it.
        """
        with suppress(ValueError, RecursionError, Unreadable):
            answer = json.loads(self._take_text())
            if (error := error_in_envelope(self.endpoint, answer)) is not None:
                raise error
            return read(answer)
        # Not raised while the other error is handled: its traceback refers to what was parsed.
        raise unreadable_response(self.endpoint, self.status)

    def _take_text(self) -> str:
        """Return the body as text, and free its bytes before the text is parsed."""
        try:
            return self.body.decode(json.detect_encoding(self.body), "surrogatepass")
        finally:
            self.body.clear()


def authorization(token: SecretStr, scheme: AuthScheme) -> str:
    """Return the value of the `Authorization` header.

    Raises:
        TokenRefused: The token cannot be sent in a header.
    """
    value = token.get_secret_value()
    if not (value and value.isascii() and value.isprintable()):
        raise TokenRefused
    return f"Bearer {value}" if scheme is AuthScheme.BEARER else value


def new_client(proxies: Proxies) -> httpx.AsyncClient:
    """Return a client for the platform's API. Each request must set its own timeout.

    The client does not store cookies because all users share it. It ignores redirects and `.netrc`
    to ensure that tokens are sent only to the configured host.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS)
        return open_session(proxies, connector, _never_resend)

    return httpx.AsyncClient(
        headers={
            "Accept": "application/json",
            "Accept-Encoding": ENCODING,
            "User-Agent": "slackbot",
        },
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=None,  # noqa: S113 each attempt has its own
        transport=AiohttpTransport(client=session, trust_env=False),
        follow_redirects=False,
        trust_env=False,
    )


class HttpClient:
    """Sends requests to the platform. Create it in the running loop and close it with `aclose`.

    `fetch` and `send` raise a `PlatformError` if the platform rejects the request or all attempts
    fail.
    """

    def __init__(
        self, api_url: str, clock: Clock, timeout_seconds: float, proxies: Proxies
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        # Short, so that three attempts fit into the three seconds that Slack waits for a reply.
        rng = random.SystemRandom()
        self._backoff = ExponentialBackoff(base=0.5, cap=1.0, jitter=rng)
        self._holds = EventHolds(clock, rng)
        self._client = new_client(proxies)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def fetch(self, request: Request, read: Callable[[Any], T]) -> T:
        """Send a read-only request with retries, and return the JSON as parsed by `read`."""
        for attempt in range(1, MAX_ATTEMPTS):
            try:
                return (await self._attempt(request, once=False)).parse(read)
            except _Retryable as failure:
                log.info("read_retried", endpoint=request.endpoint, error=failure.error.code)
                if not failure.held:
                    await self._clock.sleep(min(self._backoff.delay(attempt), seconds_left()))
        return (await self.send(request)).parse(read)

    async def send(self, request: Request) -> Response:
        """Send a request once. After a timeout, the change may or may not have been made."""
        try:
            return await self._attempt(request, once=True)
        except _Retryable as failure:
            raise failure.error from None

    async def _attempt(self, request: Request, *, once: bool) -> Response:
        """Wait for the event's pause to end, send the request once, and return a 2xx response.

        Raises:
            _Retryable: There was no response, or a retry may succeed.
            PlatformError: The platform rejected the request.
        """
        await self._holds.wait(request.event)
        seconds = request_seconds(self._timeout_seconds, once=once)
        if seconds <= 0:
            raise _Retryable(TimedOut())
        try:
            async with asyncio.timeout(seconds):
                status, headers, body = await self._exchange(request)
        except TimeoutError:
            raise _Retryable(TimedOut()) from None
        except aiohttp.ClientResponseError:  # the response is not valid HTTP
            raise _Retryable(unreadable_response(request.endpoint)) from None
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError):
            # Not chained, because the error text may contain a URL with a user key.
            raise _Retryable(Unreachable()) from None
        if 200 <= status < 300:
            return Response(request.endpoint, status, body)
        error = error_for(request.endpoint, status, body)
        if isinstance(error, Unreadable):
            raise unreadable_response(request.endpoint, status)
        log.info("request_refused", endpoint=request.endpoint, status=status, error=error.code)
        if status == 429 or status >= 500:
            asked = parse_retry_after(headers.get("retry-after"), self._clock.now())
            if asked is not None:
                self._holds.hold(request.event, asked)
            raise _Retryable(error, held=asked is not None and asked > 0)
        raise error

    async def _exchange(self, request: Request) -> tuple[int, httpx.Headers, bytearray]:
        url = self._api_url + request.path
        if request.query:
            url += ("&" if "?" in url else "?") + urlencode(request.query, errors="replace")
        headers = {"Authorization": request.authorization} if request.authorization else {}
        async with self._client.stream(request.method, url, headers=headers) as response:
            encoding = response.headers.get("content-encoding", "")
            limits = _LIMITS.get(request.endpoint, OTHERS)
            try:
                body = await read_body(response.aiter_raw(), encoding, limits)
            except BodyRefused as refused:
                if response.status_code < 400:
                    raise unreadable_response(
                        request.endpoint,
                        response.status_code,
                        too_large=isinstance(refused, BodyTooLarge),
                    ) from None
                body = bytearray()  # only the status is used
            finally:
                # The response and its stream refer to each other. They would keep what was received
                # and not read, up to 650 kB, until the garbage collector runs.
                await response.aclose()
                response.stream = _NOTHING
            return response.status_code, response.headers, body


@dataclass(eq=False, repr=False)
class _Retryable(Exception):
    """An attempt failed, but a retry may succeed."""

    error: PlatformError
    held: bool = False  # the next attempt waits as long as the platform requested


def unreadable_response(
    endpoint: Endpoint, status: int | None = None, *, too_large: bool = False
) -> Unreadable:
    """Count and log a response that differs from the documentation, and return the error."""
    UNREADABLE.labels(source=endpoint).inc()
    log.warning("response_unreadable", endpoint=endpoint, status=status)
    return Unreadable(status=status, too_large=too_large)


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds in a `Retry-After` header (a number or an HTTP date), or None."""
    value = (header or "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds()


async def _never_resend(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Prevent aiohttp from resending a PUT on a lost connection. A join must be sent only once."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise httpx.RemoteProtocolError("the connection was lost") from None
