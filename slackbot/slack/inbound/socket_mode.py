"""Receive requests from Slack over WebSockets (Socket Mode), without a public URL.

There are two connections, because a single one may fail silently. Slack sends every envelope over
one of them at random, and it does not repeat clicks and commands, so a connection that receives
nothing can be detected by comparison with the other. A connection is replaced

* immediately, when it closes or does not answer a ping within 1.5 times `heartbeat_seconds`;
* when Slack requests it, in which case the new connection is opened first;
* when the other connection has received `passed_over` envelopes in a row, or it has received
  nothing for `idle_seconds`, because Slack may have lost it. An idle connection is not replaced
  while Slack counts more connections than the bot has. These may be lost connections of the bot,
  and a replacement would add another one.

Each pool entry has a connection and at most one that is being replaced, so there are never more
than four connections. Slack still counts lost connections and sends envelopes to them, and it
allows ten connections in total.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.tasks import BackgroundTasks
from slackbot.slack.inbound.socket_mode_connection import (
    AppTokenRefused,
    ConnectionOptions,
    NotConnected,
    SocketModeConnection,
    connect,
)
from slackbot.telemetry import (
    SOCKET_MODE_AT_SLACK,
    SOCKET_MODE_CONNECTIONS,
    SOCKET_MODE_FAILURES,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketModeOptions:
    """The number of connections, and the limits for replacing them. Times are in seconds."""

    connections: int = 2
    # A healthy connection misses this many envelopes in a row with a probability of about 1 in
    # 1,000. The limit is doubled after every replacement that receives nothing either.
    passed_over: int = 10
    # Slack closes connections after about five hours.
    idle_seconds: float = 3600.0
    # Time for Slack to close a connection after it has been replaced.
    leave_seconds: float = 10.0
    # A connection that stayed open for this long resets the backoff.
    steady_seconds: float = 30.0
    backoff_seconds: float = 1.0
    longest_backoff_seconds: float = 30.0
    connection: ConnectionOptions = field(default_factory=ConnectionOptions)


@dataclass(eq=False, repr=False, slots=True)
class _PoolEntry:
    """A connection of the pool, and its predecessor until that is closed."""

    passed_over: int
    connection: SocketModeConnection | None = None
    leaving: asyncio.Task[None] | None = None
    failures: int = 0
    # Seconds to wait, as requested by Slack.
    retry_after: float = 0.0

    @property
    def is_up(self) -> bool:
        return self.connection is not None and self.connection.is_up


@dataclass(eq=False, repr=False)
class SocketMode:
    """A pool of connections that pass envelopes to Bolt between `start` and `aclose`."""

    app: AsyncApp
    client: AsyncWebClient
    app_token: str = field(repr=False)
    background: BackgroundTasks
    options: SocketModeOptions = field(default_factory=SocketModeOptions)

    def __post_init__(self) -> None:
        options = self.options
        self._pool = [_PoolEntry(options.passed_over) for _ in range(options.connections)]
        self._backoff = ExponentialBackoff(
            options.backoff_seconds, options.longest_backoff_seconds, jitter=random.SystemRandom()
        )
        self._tasks = BackgroundTasks()

    @property
    def connected(self) -> bool:
        """True while at least one connection is up."""
        return any(entry.is_up for entry in self._pool)

    async def start(self) -> None:
        """Try to connect, and stay connected in the background even if the first attempt fails.

        Raises:
            AppTokenRefused: Slack rejects the token.
        """
        SOCKET_MODE_CONNECTIONS.set_function(lambda: sum(entry.is_up for entry in self._pool))
        try:
            await self._connect(self._pool[0])
        except NotConnected as error:
            self._record_failure(self._pool[0], error)
        for entry in self._pool:
            self._tasks.start(self._run(entry), "socket_mode")

    async def aclose(self) -> None:
        """Acknowledge the received envelopes, then close all connections."""
        await self._tasks.drain(0)

    # --- connecting ------------------------------------------------------------------------------

    async def _run(self, entry: _PoolEntry) -> None:
        try:
            while True:
                await self._step(entry)
        finally:
            if entry.connection is not None:
                await entry.connection.close()
                entry.connection = None

    async def _step(self, entry: _PoolEntry) -> None:
        """Watch the connection until it has to be replaced, or try once to replace it."""
        try:
            if entry.connection is not None and not entry.connection.replace_reason:
                await self._watch(entry, entry.connection)
                return
            if entry.failures:
                retry_after, entry.retry_after = entry.retry_after, 0.0
                await asyncio.sleep(max(retry_after, self._backoff.delay(entry.failures)))
            await self._connect(entry)
        except NotConnected as error:
            self._record_failure(entry, error)
        except AppTokenRefused as error:
            # The token was valid at startup, so it was revoked or Slack has a problem. The state is
            # visible at /readyz.
            self._record_failure(entry, NotConnected(error.reason))
        except Exception:
            log.exception("socket_mode_failed")
            entry.failures += 1

    async def _connect(self, entry: _PoolEntry) -> None:
        if entry.leaving is not None:
            if not entry.is_up:
                entry.leaving.cancel()
            await asyncio.wait({entry.leaving})
            entry.leaving = None
        connection = await connect(
            self.client, self.app_token, self._dispatch, self.background, self.options.connection
        )
        before, entry.connection = entry.connection, connection
        if before is not None:
            leave = before.leave(self.options.leave_seconds)
            entry.leaving = self._tasks.start(leave, "socket_mode_leaving")
        counted = connection.count_at_slack
        SOCKET_MODE_AT_SLACK.set(counted)
        # Other pool entries may have connected concurrently, so use the maximum number.
        leaving = [entry.leaving for entry in self._pool if entry.leaving is not None]
        ours = len(self._pool) + sum(not task.done() for task in leaving)
        connection.has_strangers = counted > ours
        report = log.warning if connection.has_strangers else log.info
        report("socket_mode_connected", at_most_ours=ours, counted_by_slack=counted)

    async def _watch(self, entry: _PoolEntry, connection: SocketModeConnection) -> None:
        """Wait until the connection has to be replaced."""
        since = time.monotonic()
        while not connection.replace_reason:
            left = connection.received_at + self.options.idle_seconds - time.monotonic()
            if left <= 0 and not connection.has_strangers:
                connection.replace("idle")
            with suppress(TimeoutError):
                async with asyncio.timeout(None if connection.has_strangers else left):
                    await connection.ending.wait()
        reason = connection.replace_reason
        SOCKET_MODE_FAILURES.labels(reason=reason).inc()
        log.info("socket_mode_replaced", reason=reason)
        steady = time.monotonic() - since >= self.options.steady_seconds
        entry.failures = 0 if steady else entry.failures + 1
        if reason == "too_many_websockets" or not connection.is_up:
            entry.connection = None
            await connection.close()

    def _record_failure(self, entry: _PoolEntry, error: NotConnected) -> None:
        entry.failures += 1
        entry.retry_after = error.retry_after
        SOCKET_MODE_FAILURES.labels(reason=error.reason).inc()
        log.warning("socket_mode_not_connected", reason=error.reason)

    # --- receiving -------------------------------------------------------------------------------

    def _count(self, connection: SocketModeConnection) -> None:
        """Count an envelope as missed by all connections except the one that received it."""
        for entry in self._pool:
            other = entry.connection
            if other is None or not other.is_up:
                continue
            if other is connection:
                other.passed_over, entry.passed_over = 0, self.options.passed_over
                continue
            other.passed_over += 1
            if other.passed_over >= entry.passed_over and not other.replace_reason:
                entry.passed_over *= 2
                other.replace("passed_over")

    async def _dispatch(
        self, connection: SocketModeConnection, request: SocketModeRequest
    ) -> SocketModeResponse | None:
        """Return Bolt's response as an acknowledgement, or None if the request failed."""
        self._count(connection)
        try:
            response: BoltResponse = await run_async_bolt_app(self.app, request)
        except Exception as error:  # noqa: BLE001 - its traceback may quote the payload
            log.warning("slack_request_failed", kind=type(error).__name__)
            return None
        if response.status != 200:
            return None
        payload: Any = response.body or None
        if payload and response.first_headers()["content-type"].startswith("application/json"):
            payload = json.loads(payload)
        return SocketModeResponse(request.envelope_id, payload)
