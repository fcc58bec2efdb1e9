"""Slack's Web API client: one session for all requests, no automatic retries."""

from __future__ import annotations

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

# Timeouts in seconds. A post gets longer: one that Slack accepts after the timeout has to be
# looked for in the history.
CALL_SECONDS: Final = 10.0
POST_SECONDS: Final = 40.0
# Seconds that an idle connection is kept. A request sent at the moment when the other side closes
# the connection is lost, and few close one this early.
KEPT_SECONDS: Final = 4.0
WebClient = AsyncWebClient


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
