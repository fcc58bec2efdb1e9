"""Slack's rate limits per method and per channel, and budgets for edits and Home views.

Times are in seconds on the queue's clock.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Final

# Seconds between two posts to a channel, which is about the rate that Slack accepts.
CHANNEL_SECONDS: Final = 1.0
# Burst size and rate per second for edits. Together they allow Slack's limit of 50 per minute.
EDITS_TOGETHER: Final = 10
EDITS_A_SECOND: Final = 40 / 60
# Edits that are reserved for requests for which a person is waiting.
EDITS_RESERVED: Final = 5.0
# The same for Home views, of which Slack accepts 100 per minute.
HOMES_TOGETHER: Final = 20
HOMES_A_SECOND: Final = 80 / 60
HOMES_RESERVED: Final = 10.0


class MethodLimit:
    """The rate limit of a method, which is open, closed or partly open.

    After a rejection, nothing is sent until the limit reopens. Then a single request is allowed,
    and the number of allowed requests doubles with each success.
    """

    def __init__(self) -> None:
        self.closed_until = -inf
        self._in_flight = 0
        self._width = inf
        self._closings = 0

    @property
    def is_full(self) -> bool:
        """True if the allowed number of requests is in flight."""
        return self._in_flight >= self._width

    @property
    def is_open(self) -> bool:
        """True unless a recent rejection still limits the method."""
        return self._width == inf

    def acquire(self) -> int:
        """Count a new request, and return its ticket for `widen`."""
        self._in_flight += 1
        return self._closings

    def release(self) -> None:
        """Count the end of a request, regardless of its outcome."""
        self._in_flight -= 1

    def close(self, now: float, seconds: float) -> None:
        """Close the limit for this many seconds."""
        self.closed_until = max(self.closed_until, now + seconds)
        self._width = 1
        self._closings += 1

    def widen(self, ticket: int, most: int) -> None:
        """Allow more requests after a success. Remove the limit when it reaches `most`.

        A request that started before the last rejection has no effect.
        """
        if ticket == self._closings:
            self._width = self._width * 2 if self._width * 2 < most else inf


class ChannelLimit:
    """The earliest time of the next post to each channel."""

    def __init__(self) -> None:
        self._free_at: dict[Hashable, float] = {}
        self._refused: tuple[Hashable, float] | None = None

    def free_at(self, channel: Hashable) -> float:
        """Return the earliest time of the next post, or minus infinity if none was recent."""
        return self._free_at.get(channel, -inf)

    def record_post(self, channel: Hashable, now: float) -> None:
        """Record that a post has finished, and remove channels that are available again."""
        self._free_at = {other: free for other, free in self._free_at.items() if free > now}
        self._free_at[channel] = max(self.free_at(channel), now + CHANNEL_SECONDS)

    def record_refusal(self, channel: Hashable, now: float, seconds: float) -> bool:
        """Delay a channel after a rejection. Return False if the method's limit was reached.

        Slack does not report which limit was reached. It is considered the channel's limit if the
        delay is at most a second and no other channel was rejected shortly before.
        """
        refused, self._refused = self._refused, (channel, now)
        others = refused is not None and refused[0] != channel and now - refused[1] < 2
        if seconds > CHANNEL_SECONDS or others:
            return False
        self._free_at[channel] = max(self.free_at(channel), now + seconds)
        return True
