"""Slack's Web API client: one session for all calls, and no retries behind our back."""

from __future__ import annotations

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

CALL_SECONDS: Final = 10.0
POST_SECONDS: Final = 40.0
"""A message that Slack takes late would else have to be looked for."""
KEPT_SECONDS: Final = 4.0
"""How long a connection is kept that nobody uses: what goes out at the moment when the other side
closes it is lost, and few close it as early as this."""
WebClient = AsyncWebClient


def slack_session(seconds: float = CALL_SECONDS) -> aiohttp.ClientSession:
    """The session for all calls to Slack; make it in the running loop, close it at the end.

    `seconds` is the longest that any call may take.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_SECONDS),
        timeout=aiohttp.ClientTimeout(total=seconds),
    )


def web_client(api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that never repeats a call by itself: a repeated post would be told twice."""
    base = api_url.rstrip("/") + "/"
    return AsyncWebClient(base_url=base, session=session, retry_handlers=[])
