"""HTTP to the platform: one try with its time-out, and what is tried again."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import httpx
import structlog

from slackbot.accelevents.errors import Endpoint, refusal
from slackbot.accelevents.lines import platform_client
from slackbot.domain.errors import PlatformError, TimedOut, Unreachable, Unreadable
from slackbot.domain.ports import Clock
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger()
T = TypeVar("T")

TRY_SECONDS = 8.0
TRIES = 3
LONGEST_WAIT = 10.0
"""Seconds that a `Retry-After` is obeyed at most: a person is waiting."""
LARGEST_BODY = 8 * 2**20
"""A page has 100 sessions, and each description may take 65 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. `path` is encoded already; `authorization` is the header's whole value."""

    ask: Endpoint
    method: str
    path: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body of bounded size."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str | None = None


class Transport:
    """Sends requests. Made inside the running loop; closed with `aclose`."""

    def __init__(self, api_url: str, clock: Clock, try_seconds: float = TRY_SECONDS) -> None:
        self._api_url = api_url.rstrip("/")
        self._clock = clock
        self._try_seconds = try_seconds
        self._rng = random.SystemRandom()
        self._client = platform_client()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def read(self, request: Request, parse: Callable[[Any], T]) -> T:
        """What `parse` makes of the JSON; a call that changes nothing may be tried again.

        Raises:
            PlatformError: what the last try came to.
        """
        for attempt in range(1, TRIES):
            try:
                return self.parsed(request.ask, await self._once(request), parse)
            except _Again as again:
                log.info("read is tried again", call=request.ask.value, error=again.error.code)
                await self._clock.sleep(self._wait(attempt, again.retry_after))
        return self.parsed(request.ask, await self.send(request), parse)

    async def send(self, request: Request) -> Answer:
        """Send a call once.

        Raises:
            PlatformError: a time-out leaves open whether it happened.
        """
        try:
            return await self._once(request)
        except _Again as again:
            raise again.error from None

    def parsed(self, ask: Endpoint, answer: Answer, parse: Callable[[Any], T]) -> T:
        """What `parse` makes of the answer's JSON.

        Raises:
            Unreadable: it is no JSON, or `parse` says so.
        """
        try:
            return parse(json.loads(answer.body))
        except (ValueError, RecursionError, Unreadable):
            raise unreadable(ask, answer.status) from None

    async def _once(self, request: Request) -> Answer:
        """One try.

        Raises:
            _Again: no answer, or one that may be another a little later.
            PlatformError: a refusal.
        """
        try:
            async with asyncio.timeout(self._try_seconds):
                answer = await self._send(request)
        except TimeoutError:
            raise _Again(TimedOut()) from None
        except httpx.DecodingError:
            raise _Again(unreadable(request.ask)) from None
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError):
            # Its text may hold the address, and that a user key.
            raise _Again(Unreachable()) from None
        if 200 <= answer.status < 300:
            return answer
        error = refusal(request.ask, answer.status, answer.body)
        if isinstance(error, Unreadable):
            raise unreadable(request.ask, answer.status)
        log.info("platform refused", call=request.ask.value, status=answer.status, error=error.code)
        if answer.status == 429 or answer.status >= 500:
            raise _Again(error, answer.retry_after)
        raise error

    async def _send(self, request: Request) -> Answer:
        async with self._client.stream(
            request.method, self._url(request), headers=_headers(request)
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise unreadable(request.ask, response.status_code)
            return Answer(response.status_code, bytes(body), response.headers.get("retry-after"))

    def _url(self, request: Request) -> str:
        url = self._api_url + request.path
        if not request.query:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(request.query, errors='replace')}"

    def _wait(self, attempt: int, retry_after: str | None) -> float:
        asked = seconds_in(retry_after, self._clock.now())
        if asked is not None:
            return min(max(asked, 0.0), LONGEST_WAIT)
        return self._rng.uniform(0.2, 0.5) * attempt  # three tries fit into the first reply


class _Again(Exception):
    """A failed try that another one may make good."""

    def __init__(self, error: PlatformError, retry_after: str | None = None) -> None:
        super().__init__()
        self.error = error
        self.retry_after = retry_after


def unreadable(ask: Endpoint, status: int | None = None) -> Unreadable:
    """Count and log an answer that is not as documented; the error to raise for it."""
    UNREADABLE.labels(source=ask.value).inc()
    log.warning("answer not readable", call=ask.value, status=status)
    return Unreadable(status=status)


def _headers(request: Request) -> dict[str, str]:
    return {"Authorization": request.authorization} if request.authorization else {}


def seconds_in(retry_after: str | None, now: datetime) -> float | None:
    """The seconds of a `Retry-After` header, given as such or as an HTTP date; else None."""
    if retry_after is None:
        return None
    written = retry_after.strip()
    if written.isascii() and written.isdecimal():
        return float(written[:9])
    try:
        until = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError):
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return float(wait.total_seconds())
