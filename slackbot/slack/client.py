"""Slack's Web API client: one session for all requests, no automatic retries."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slackbot.aio.outgoing import Proxies, open_session

# Timeouts in seconds. A post gets longer: one that Slack accepts after the timeout has to be
# looked for in the history.
CALL_SECONDS: Final = 10.0
POST_SECONDS: Final = 40.0
# To connect, TLS included: shorter than the three seconds in which a message that another process
# begins to look for may still arrive.
CONNECT_SECONDS: Final = 2.5
# Seconds that an idle connection is kept. A request sent at the moment when the other side closes
# the connection is lost, and few close one this early.
KEPT_SECONDS: Final = 4.0
REDIRECTS: Final = {301, 302, 303, 307, 308}

# Called for a request once its connection is open, right before the request is written. What it
# raises stops the request.
before_write: ContextVar[Callable[[], None]] = ContextVar("before_write", default=lambda: None)


class RedirectRefused(aiohttp.ClientError):
    """A redirect, which is not followed: tokens and messages go to the configured host alone."""


class CheckedConnector(aiohttp.TCPConnector):
    """A connector that calls `before_write` with each connection, a new one or a kept one."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        """Return a connection for the request, unless `before_write` stops it."""
        connection = await super().connect(req, traces, timeout)
        try:
            before_write.get()()
        except BaseException:
            connection.release()
            raise
        return connection


async def refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Middleware of the session: return the response, unless it is a redirect."""
    response = await handler(request)
    if response.status in REDIRECTS:
        response.close()
        raise RedirectRefused
    return response


def slack_session(
    seconds: float = CALL_SECONDS, proxies: Proxies | None = None
) -> aiohttp.ClientSession:
    """Open the session for all requests to Slack, in the running loop; close it at the end.

    `seconds` is the longest timeout of any request.
    """
    return open_session(
        proxies or Proxies(),
        CheckedConnector(keepalive_timeout=KEPT_SECONDS),
        refuse_redirects,
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
    )


def web_client(api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Return a client without retries: a repeated post would be a second message."""
    base = api_url.rstrip("/") + "/"
    return AsyncWebClient(base_url=base, session=session, retry_handlers=[])


def read_error(error: SlackApiError) -> tuple[int, str, float | None]:
    """Return the HTTP status, the error code (may be empty) and Retry-After in seconds."""
    response: Any = error.response  # aiohttp's own where the body is no JSON
    status = int(getattr(response, "status_code", getattr(response, "status", 0)))
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    seconds = str(response.headers.get("Retry-After", ""))
    return status, code, float(seconds) if seconds.isdecimal() else None
