"""In-memory rate limits per link or address."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from slackbot.aio.rate_limit import TokenBucket


class RateLimiter:
    """A token bucket per key, which allows `burst` requests and refills at `per_second`.

    If there are more than `capacity` keys, the least recently used ones are evicted because their
    buckets are most likely full.
    """

    def __init__(
        self,
        *,
        burst: int,
        per_second: float,
        capacity: int = 10_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._new_bucket = partial(TokenBucket, burst, per_second, now=now)
        self._capacity = capacity
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait(self, key: str) -> float:
        """Take a token and return 0, or return the seconds until a token is available."""
        bucket = self._buckets.pop(key, None) or self._new_bucket()
        self._buckets[key] = bucket
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        if not (seconds := bucket.wait()):
            bucket.take()
        return seconds
