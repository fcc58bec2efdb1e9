"""Time and change: a clock that tests may put forward, and a bell rung at every change."""

import asyncio
import time


class Clock:
    """Wall time in Unix seconds plus whatever a test has put it forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._last_micros = 0

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward: triggers and response_urls age, rate limits recover."""
        self.ahead += seconds

    def ts(self) -> str:
        """A message timestamp as Slack mints them: unique, and later than every one before."""
        self._last_micros = max(self._last_micros + 1, int(self.now() * 1_000_000))
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"


class Changes:
    """Counts the changes anyone could see and wakes those who wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def tell(self) -> int:
        """Something changed; the number of this change."""
        self.count += 1
        rung, self._next = self._next, asyncio.Event()
        rung.set()
        return self.count

    def next(self) -> asyncio.Event:
        """Set at the next change. Take it before looking, or a change falls in between."""
        return self._next
