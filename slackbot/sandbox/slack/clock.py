"""A clock that tests can advance, and a signal for every visible change."""

import asyncio
import time


class Clock:
    """Wall time in Unix seconds plus an offset that tests advance."""

    def __init__(self) -> None:
        self.ahead = 0.0  # seconds
        self._last_micros = 0

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Move forward: triggers and response_urls expire, rate limits recover."""
        self.ahead += seconds

    def ts(self) -> str:
        """Return a new message timestamp in Slack's format, later than every earlier one."""
        self._last_micros = max(self._last_micros + 1, int(self.now() * 1_000_000))
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"


class Changes:
    """Counts visible changes and wakes tasks that wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def notify(self) -> int:
        """Count one change, wake the waiting tasks and return the change's number."""
        self.count += 1
        current, self._next = self._next, asyncio.Event()
        current.set()
        return self.count

    def next(self) -> asyncio.Event:
        """Return the event that the next change sets.

        Take it before checking a condition, or a change in between goes unnoticed.
        """
        return self._next
