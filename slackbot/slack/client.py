"""Slack's Web API client: one session for all requests, no automatic retries."""

from __future__ import annotations

from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

# Timeouts in seconds. A post gets longer: one that Slack accepts after the timeout has to be
# looked for in the history.
CALL_SECONDS: Final = 10.0
POST_SECONDS: Final = 40.0
# Seconds that an idle connection is kept. A request sent at the moment when the other side closes
# the connection is lost, and few close one this early.
KEPT_SECONDS: Final = 4.0


def slack_session(seconds: float = CALL_SECONDS) -> aiohttp.ClientSession:
    """Open the session for all requests to Slack, in the running loop; close it at the end.

    `seconds` is the longest timeout of any request.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_SECONDS),
        timeout=aiohttp.ClientTimeout(total=seconds),
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
