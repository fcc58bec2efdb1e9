"""Slack's rate limits: per method, per channel, and a budget for edits.

Times are seconds on the queue's clock.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Final

# Seconds between two posts to a channel: about as fast as Slack accepts them.
CHANNEL_SECONDS: Final = 1.0
# Edits that may start at once, and per second after that: fifty in any minute, Slack's limit.
EDITS_TOGETHER: Final = 10
EDITS_A_SECOND: Final = 40 / 60
# Edits reserved for those that a person waits for.
EDITS_RESERVED: Final = 5.0


class MethodLimit:
    """A method's rate limit: open, closed for a while, or probed with a few requests.

    After a refusal nothing is sent until it lifts; then one request, and twice as many for each
    that succeeds.
    """

    def __init__(self) -> None:
        self.closed_until = -inf
        self._in_flight = 0
        self._width = inf
        self._closings = 0

    @property
    def is_full(self) -> bool:
        """True while the allowed number of requests is in flight."""
        return self._in_flight >= self._width

    @property
    def is_open(self) -> bool:
        """True unless a recent refusal still limits the method."""
        return self._width == inf

    def acquire(self) -> int:
        """Start a request; returns the ticket for `widen`."""
        self._in_flight += 1
        return self._closings

    def release(self) -> None:
        """End a request, whatever its outcome."""
        self._in_flight -= 1

    def close(self, now: float, seconds: float) -> None:
        """Send nothing for this long."""
        self.closed_until = max(self.closed_until, now + seconds)
        self._width = 1
        self._closings += 1

    def widen(self, ticket: int, most: int) -> None:
        """Allow more requests after a success; `most` at once is no limit any more.

        The success of a request that started before the refusal proves nothing.
        """
        if ticket == self._closings:
            self._width = self._width * 2 if self._width * 2 < most else inf


class ChannelLimit:
    """The times from which the next post to each channel may start."""

    def __init__(self) -> None:
        self._free_at: dict[Hashable, float] = {}
        self._refused: tuple[Hashable, float] | None = None

    def free_at(self, channel: Hashable) -> float:
        """Return the time of the next post; minus infinity without a recent one."""
        return self._free_at.get(channel, -inf)

    def record_post(self, channel: Hashable, now: float) -> None:
        """Note that a post ended, and forget channels that are free again."""
        self._free_at = {other: free for other, free in self._free_at.items() if free > now}
        self._free_at[channel] = max(self.free_at(channel), now + CHANNEL_SECONDS)

    def record_refusal(self, channel: Hashable, now: float, seconds: float) -> bool:
        """Delay a channel after a refusal; False if the refusal is the method's instead.

        Slack does not say which limit was met. It is the channel's own if the wait is a second and
        no other channel was refused just before.
        """
        refused, self._refused = self._refused, (channel, now)
        others = refused is not None and refused[0] != channel and now - refused[1] < 2
        if seconds > CHANNEL_SECONDS or others:
            return False
        self._free_at[channel] = max(self.free_at(channel), now + seconds)
        return True
