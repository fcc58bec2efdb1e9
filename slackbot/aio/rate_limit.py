"""A token bucket."""

from __future__ import annotations

import time
from collections.abc import Callable

_ROUNDING = 1e-6  # tokens; a shortage this small is floating-point error


class TokenBucket:
    """A rate limit with bursts of up to `capacity` tokens, refilled with `per_second` a second."""

    def __init__(
        self, capacity: float, per_second: float, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Create a full bucket. `now` is a clock in seconds."""
        self._capacity = float(capacity)
        self._per_second = per_second
        self._now = now
        self._tokens = self._capacity
        self._at = now()

    def wait(self, tokens: float = 1.0) -> float:
        """Return the seconds until the bucket holds this many tokens, or 0 if it already does."""
        missing = tokens - self._filled(self._now())
        return missing / self._per_second if missing > _ROUNDING else 0.0

    def take(self, tokens: float = 1.0) -> None:
        """Take tokens. Call `wait` first, because the bucket goes negative if it holds too few."""
        now = self._now()
        self._tokens, self._at = self._filled(now) - tokens, now

    def _filled(self, now: float) -> float:
        return min(self._capacity, self._tokens + (now - self._at) * self._per_second)
