"""A client for Slack's Web API with a shared session and without automatic retries."""

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

# Timeouts in seconds. Posts have a longer timeout, because a post that Slack accepts after the
# timeout has to be searched for in the history.
CALL_SECONDS: Final = 10.0
POST_SECONDS: Final = 40.0
# For connecting, including TLS. This is shorter than the three seconds for which another process
# waits for a delayed message before it searches the history.
CONNECT_SECONDS: Final = 2.5
# Seconds that an idle connection is kept open. A request that is sent while the server closes the
# connection is lost, and few servers close connections this early.
KEPT_SECONDS: Final = 4.0
REDIRECTS: Final = {301, 302, 303, 307, 308}

# Called after the connection for a request is open, immediately before the request is written. An
# exception aborts the request.
before_write: ContextVar[Callable[[], None]] = ContextVar("before_write", default=lambda: None)


class RedirectRefused(aiohttp.ClientError):
    """The server redirected a request. Tokens and messages are sent only to the configured host."""


class CheckedConnector(aiohttp.TCPConnector):
    """A connector that calls `before_write` for each new or reused connection."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        """Return a connection for the request, unless `before_write` raises an exception."""
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
    """Return the response, or raise `RedirectRefused` if it is a redirect."""
    response = await handler(request)
    if response.status in REDIRECTS:
        response.close()
        raise RedirectRefused
    return response


def slack_session(
    seconds: float = CALL_SECONDS, proxies: Proxies | None = None
) -> aiohttp.ClientSession:
    """Open a session for all requests to Slack. Call this function in the running loop.

    The caller must close the session. `seconds` is the maximum timeout of a request.
    """
    return open_session(
        proxies or Proxies(),
        CheckedConnector(keepalive_timeout=KEPT_SECONDS),
        refuse_redirects,
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
    )


def web_client(api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Return a client without retries, because a repeated post would create a second message."""
    base = api_url.rstrip("/") + "/"
    return AsyncWebClient(base_url=base, session=session, retry_handlers=[])


def read_error(error: SlackApiError) -> tuple[int, str, float | None]:
    """Return the HTTP status, the error code (or "") and the Retry-After header in seconds."""
    response: Any = error.response  # aiohttp's response if the body is not JSON
    status = int(getattr(response, "status_code", getattr(response, "status", 0)))
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    seconds = str(response.headers.get("Retry-After", ""))
    return status, code, float(seconds) if seconds.isdecimal() else None
