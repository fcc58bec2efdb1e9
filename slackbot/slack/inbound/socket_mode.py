"""Socket Mode: what Slack sends comes over WebSockets that the bot opens; no public URL needed.

Two connections, so that one may go without anybody noticing, and so that each shows whether the
other has gone deaf. Slack sends every envelope to one of them at random, and does not send a click
or a command again; hence a connection is replaced

* when it closes, or answers no ping: at once (`heartbeat_seconds` and a half);
* when Slack asks for it: the new one is opened first;
* when it lets `passed_over` envelopes go by that came over the other, or heard nothing for
  `idle_seconds`: it looks alive, but Slack may have forgotten it (not while Slack counts
  connections that are not ours, since those may be lost ones of ours, and would become more).

Each place has its connection and at most one that is being replaced, so there are never more than
four, whatever the network does: those that Slack still counts after they were lost take part in
its draw, and ten of them are all that it allows.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from slackbot.aio.tasks import BackgroundTasks
from slackbot.slack.inbound.socket_mode_connection import (
    AppTokenRefused,
    ConnectionOptions,
    Line,
    NotConnected,
    opened,
)
from slackbot.telemetry import (
    SOCKET_MODE_AT_SLACK,
    SOCKET_MODE_CONNECTIONS,
    SOCKET_MODE_FAILURES,
)

log = structlog.get_logger(__name__)

_rng: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketModeOptions:
    """How many connections, and when one is replaced. Times in seconds."""

    connections: int = 2
    passed_over: int = 10
    """Chance leaves a sound connection out so often about once in a thousand times. It doubles
    with every replacement that hears nothing either."""
    idle_seconds: float = 3600.0
    """Slack ends a connection by itself after about five hours."""
    leave_seconds: float = 10.0
    """Time that Slack gets to close a connection which it asked to be replaced."""
    steady_seconds: float = 30.0
    """A connection that lived so long was no failure when it goes."""
    backoff_seconds: float = 1.0
    longest_backoff_seconds: float = 30.0
    line: ConnectionOptions = field(default_factory=ConnectionOptions)


@dataclass(eq=False, slots=True)
class _Place:
    """Room for one connection at a time, and for the one before it while that ends."""

    passed_over: int
    line: Line | None = None
    leaving: asyncio.Task[None] | None = None
    failures: int = 0
    wait: float = 0.0
    """Seconds that Slack asked for."""


class SocketMode:
    """Keeps the connections and hands what comes to Bolt. `start`, and `aclose` at the end."""

    def __init__(
        self,
        app: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        background: BackgroundTasks,
        options: SocketModeOptions | None = None,
    ) -> None:
        self._app = app
        self._client = client
        self._token = app_token
        self._background = background
        self._options = options or SocketModeOptions()
        self._places = [_Place(self._options.passed_over) for _ in range(self._options.connections)]
        self._keeping: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us."""
        return bool(self._up())

    async def start(self) -> None:
        """Connect once, and keep connected from then on, also when that did not work.

        Raises:
            AppTokenRefused: the token is no good.
        """
        try:
            await self._connect(self._places[0])
        except NotConnected as error:
            self._failed(self._places[0], error)
        self._keeping = [
            asyncio.create_task(self._keep(place), name="socket_mode") for place in self._places
        ]

    async def aclose(self) -> None:
        """Answer what has come, then close everything."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        leaving = [place.leaving for place in self._places if place.leaving is not None]
        for task in leaving:
            task.cancel()
        closing = [place.line.close() for place in self._places if place.line is not None]
        await asyncio.gather(*leaving, *closing, return_exceptions=True)
        for place in self._places:
            place.line = None
        self._count()

    # --- keeping connected

    async def _keep(self, place: _Place) -> None:
        while True:
            try:
                if place.line is None or place.line.due:
                    await self._renew(place)
                else:
                    await self._watch(place, place.line)
            except Exception:
                log.exception("socket_mode_failed")
                place.failures += 1

    async def _renew(self, place: _Place) -> None:
        """One attempt, after the pause that those before it call for."""
        await asyncio.sleep(self._pause(place))
        try:
            await self._connect(place)
        except NotConnected as error:
            self._failed(place, error)
        except AppTokenRefused as error:
            # It was good when we started: revoked, or Slack is mistaken. /readyz tells.
            self._failed(place, NotConnected(error.reason))

    async def _connect(self, place: _Place) -> None:
        if place.leaving is not None:
            if place.line is None or not place.line.up:
                place.leaving.cancel()
            await asyncio.wait({place.leaving})
            place.leaving = None
        line = await opened(
            self._client,
            self._token,
            self._dispatch,
            self._heard,
            self._background,
            self._options.line,
        )
        before, place.line = place.line, line
        if before is not None:
            place.leaving = asyncio.create_task(self._leave(before), name="socket_mode_leaving")
        self._greeted(line)

    def _greeted(self, line: Line) -> None:
        self._count()
        SOCKET_MODE_AT_SLACK.set(line.counted)
        # Others of ours may have come up at the same moment, so all that we can have are counted.
        leaving = [place.leaving for place in self._places if place.leaving is not None]
        ours = len(self._places) + sum(not task.done() for task in leaving)
        line.among_strangers = line.counted > ours
        tell = log.warning if line.among_strangers else log.info
        tell("socket_mode_connected", at_most_ours=ours, counted_by_slack=line.counted)

    async def _watch(self, place: _Place, line: Line) -> None:
        """Return when the connection has to be replaced."""
        since = time.monotonic()
        while not line.due:
            left = line.heard_at + self._options.idle_seconds - time.monotonic()
            if left <= 0 and not line.among_strangers:
                line.replace("idle")
            with suppress(TimeoutError):
                async with asyncio.timeout(None if line.among_strangers else left):
                    await line.over.wait()
        SOCKET_MODE_FAILURES.labels(reason=line.due).inc()
        log.info("socket_mode_replacing", reason=line.due)
        steady = time.monotonic() - since >= self._options.steady_seconds
        place.failures = 0 if steady else place.failures + 1
        if line.due == "too_many_websockets" or not line.up:
            place.line = None
            await line.close()
        self._count()

    async def _leave(self, line: Line) -> None:
        """Slack may still send over it until it is closed, so nothing is closed in a hurry."""
        try:
            await line.ended(self._options.leave_seconds)
        finally:
            await line.close()

    def _failed(self, place: _Place, error: NotConnected) -> None:
        place.failures += 1
        place.wait = error.wait
        SOCKET_MODE_FAILURES.labels(reason=error.reason).inc()
        log.warning("socket_mode_not_connected", reason=error.reason)
        self._count()

    def _pause(self, place: _Place) -> float:
        """Full jitter; none for the first attempt after a steady connection."""
        wait, place.wait = place.wait, 0.0
        if place.failures == 0:
            return 0.0
        steps = min(place.failures - 1, 10)
        longest = self._options.longest_backoff_seconds
        jitter = _rng.uniform(0, min(self._options.backoff_seconds * 2**steps, longest))
        return max(wait, jitter)

    # --- hearing

    def _up(self) -> list[_Place]:
        return [place for place in self._places if place.line is not None and place.line.up]

    def _count(self) -> None:
        SOCKET_MODE_CONNECTIONS.set(len(self._up()))

    def _heard(self, line: Line) -> None:
        """An envelope came over this connection, so none over the others."""
        for place in self._up():
            other = place.line
            assert other is not None
            if other is line:
                other.passed_over, place.passed_over = 0, self._options.passed_over
                continue
            other.passed_over += 1
            if other.passed_over >= place.passed_over and not other.due:
                place.passed_over *= 2
                other.replace("passed_over")

    async def _dispatch(self, request: SocketModeRequest) -> SocketModeResponse | None:
        """Bolt's answer as an acknowledgement; None for what it had no answer to."""
        headers: dict[str, str | Sequence[str]] = {
            name: str(value)
            for name, value in (
                ("x-slack-retry-num", request.retry_attempt),
                ("x-slack-retry-reason", request.retry_reason),
            )
            if value
        }
        try:
            asked = AsyncBoltRequest(mode="socket_mode", body=request.payload, headers=headers)
            response = await self._app.async_dispatch(asked)
        except Exception as error:  # noqa: BLE001 - its traceback may quote the payload
            log.warning("slack_request_failed", kind=type(error).__name__)
            return None
        if response.status != 200:
            return None
        return SocketModeResponse(request.envelope_id, _payload(response))


def _payload(response: BoltResponse) -> dict[str, Any] | None:
    """Bolt's body: empty, a JSON object, or a text."""
    if not response.body:
        return None
    if not response.first_headers().get("content-type", "").startswith("application/json"):
        return {"text": response.body}
    payload: dict[str, Any] = json.loads(response.body)
    return payload
