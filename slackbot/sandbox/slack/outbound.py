"""Posts a body to the bot over real HTTP and times its first answer."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import httpx

from slackbot.sandbox.slack.errors import Json

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered.

    `error` is what Slack would show: operation_timeout (nothing in time), dispatch_failed (no
    200, or no connection). `opened` is the address of a pressed URL button, `options` what an
    option menu offered.
    """

    status: int | None
    body: str
    seconds: float
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    opened: str | None = None
    options: tuple[Json, ...] = ()

    @property
    def ok(self) -> bool:
        """200 in time."""
        return self.error is None

    def json(self) -> object:
        """The body as JSON, None when it is empty or something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def as_json(self) -> Json:
        """For the driver over HTTP."""
        return asdict(self)


async def post(
    url: str, body: str, content_type: str, headers: Mapping[str, str], *, within: float
) -> Answer:
    """One request, on a connection of its own, cut off after `within` seconds."""
    sent = {"content-type": content_type, "user-agent": "Slackbot 1.0 (sandbox)", **headers}
    began = time.perf_counter()
    try:
        async with asyncio.timeout(within), _client() as client:
            began = time.perf_counter()
            answer = await client.post(url, content=body.encode(), headers=sent)
    except TimeoutError:
        return Answer(None, "", time.perf_counter() - began, "operation_timeout")
    except httpx.HTTPError:
        return Answer(None, "", time.perf_counter() - began, "dispatch_failed")
    seconds = time.perf_counter() - began
    error = None if answer.status_code == 200 else "dispatch_failed"
    return Answer(answer.status_code, answer.text, seconds, error, dict(answer.headers))


def _client() -> httpx.AsyncClient:
    # The bot is on this machine: no certificates to load, no proxy of the environment.
    return httpx.AsyncClient(verify=False, trust_env=False, timeout=None)  # noqa: S113,S501
