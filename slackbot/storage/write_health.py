"""Whether a database takes writes, from the outcomes of those that were due anyhow."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from slackbot.storage.failures import is_passing

T = TypeVar("T")

# Longest time without a heartbeat, which is written each second and waits for two.
HEARTBEAT_LATE_SECONDS: Final = 4.0
# A full disk takes a heartbeat, which replaces its own row, long after it takes no new row. So a
# failure of another write counts for this long, unless one succeeds.
FAILURE_SECONDS: Final = 30.0


class WriteHealth:
    """The latest outcomes of writes. Asking costs nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._heartbeat_at = clock()
        self._heartbeat_failed = False
        self._failed_at: float | None = None

    async def observe(self, write: Awaitable[T]) -> T:
        """Wait for a write and remember its outcome."""
        try:
            result = await write
        except Exception as error:
            if is_passing(error):
                self._failed_at = self._clock()
            raise
        self._failed_at = None
        return result

    async def observe_heartbeat(self, write: Awaitable[T]) -> T:
        """Wait for a heartbeat and remember its outcome."""
        try:
            result = await write
        except BaseException:  # also if it is cancelled at its time-out
            self._heartbeat_failed = True
            raise
        self._heartbeat_failed, self._heartbeat_at = False, self._clock()
        return result

    def is_writable(self) -> bool:
        """Return whether the latest heartbeat was written in time, and no other write failed."""
        now = self._clock()
        if self._heartbeat_failed or now - self._heartbeat_at > HEARTBEAT_LATE_SECONDS:
            return False
        return self._failed_at is None or now - self._failed_at > FAILURE_SECONDS
