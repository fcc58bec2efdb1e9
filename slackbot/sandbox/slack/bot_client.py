"""Post a request to the bot over HTTP and time its first response."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import httpx

from slackbot.sandbox.slack.errors import Json

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class BotResponse:
    """The bot's first response."""

    status: int | None
    body: str
    seconds: float
    # What Slack would show: operation_timeout, or dispatch_failed (no 200, or no connection).
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    opened: str | None = None  # address of a pressed URL button
    options: tuple[Json, ...] = ()  # offered by an external menu

    @property
    def ok(self) -> bool:
        """True for a 200 in time."""
        return self.error is None

    def json(self) -> object:
        """Return the decoded body, or None if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def as_json(self) -> Json:
        """Return the fields as a JSON object."""
        return asdict(self)


async def post(
    url: str, body: str, content_type: str, headers: Mapping[str, str], *, within: float
) -> BotResponse:
    """Send one request on its own connection, for at most `within` seconds."""
    sent = {"content-type": content_type, "user-agent": "Slackbot 1.0 (sandbox)", **headers}
    began = time.perf_counter()
    try:
        async with (
            asyncio.timeout(within),
            # The bot is on this machine: no certificates to load, no proxy from the environment.
            httpx.AsyncClient(verify=False, trust_env=False, timeout=None) as client,  # noqa: S113,S501
        ):
            began = time.perf_counter()
            response = await client.post(url, content=body.encode(), headers=sent)
    except TimeoutError:
        return BotResponse(None, "", time.perf_counter() - began, "operation_timeout")
    except httpx.HTTPError:
        return BotResponse(None, "", time.perf_counter() - began, "dispatch_failed")
    seconds = time.perf_counter() - began
    error = None if response.status_code == 200 else "dispatch_failed"
    return BotResponse(response.status_code, response.text, seconds, error, dict(response.headers))
