"""Track whether a database accepts writes, from the outcomes of the bot's regular writes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from slackbot.storage.failures import is_passing

T = TypeVar("T")

# Longest time without a heartbeat. One is written every second, with a timeout of two seconds.
HEARTBEAT_LATE_SECONDS: Final = 4.0
# A full disk accepts heartbeats, which update an existing row, long after it rejects new rows. A
# failure of another write therefore counts for this long, unless a later one succeeds.
FAILURE_SECONDS: Final = 30.0


class WriteHealth:
    """The outcomes of the latest writes. Reading them does not access the database."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start as healthy. `clock` returns seconds."""
        self._clock = clock
        self._heartbeat_at = clock()
        self._heartbeat_failed = False
        self._failed_at: float | None = None

    async def observe(self, write: Awaitable[T]) -> T:
        """Wait for a write and record its outcome."""
        try:
            result = await write
        except Exception as error:
            if is_passing(error):
                self._failed_at = self._clock()
            raise
        self._failed_at = None
        return result

    async def observe_heartbeat(self, write: Awaitable[T]) -> T:
        """Wait for a heartbeat and record its outcome."""
        try:
            result = await write
        except BaseException:  # includes cancellation by the timeout
            self._heartbeat_failed = True
            raise
        self._heartbeat_failed, self._heartbeat_at = False, self._clock()
        return result

    def is_writable(self) -> bool:
        """Return whether the latest heartbeat was in time and no other write failed recently."""
        now = self._clock()
        if self._heartbeat_failed or now - self._heartbeat_at > HEARTBEAT_LATE_SECONDS:
            return False
        return self._failed_at is None or now - self._failed_at > FAILURE_SECONDS
