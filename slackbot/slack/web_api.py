"""Slack's Web API client: one session for all calls, and no retries behind our back."""

from __future__ import annotations

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

CALL_SECONDS: Final = 10.0
WebClient = AsyncWebClient


def slack_session() -> aiohttp.ClientSession:
    """The session for all calls to Slack; make it in the running loop, close it at the end."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))


def web_client(api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that never repeats a call by itself: a repeated post would be told twice."""
    base = api_url.rstrip("/") + "/"
    return AsyncWebClient(base_url=base, session=session, retry_handlers=[])
