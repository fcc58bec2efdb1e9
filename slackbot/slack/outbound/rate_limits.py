"""What Slack asks for in the way of patience: by method, by channel, and for edits in advance.

Times are seconds of whatever clock the queue counts by.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Final

CHANNEL_SECONDS: Final = 1.0
"""Between two posts to one channel: about as fast as Slack takes them."""
EDITS_TOGETHER: Final = 10
"""Edits that may be begun at one moment."""
EDITS_A_SECOND: Final = 40 / 60
"""And afterwards: together with those, fifty in any minute, as many as Slack takes."""
EDITS_KEPT: Final = 5.0
"""What edits that nobody waits for leave for those that a person waits for."""


class MethodLimit:
    """One method in one workspace: open, closed for a while, or tried with a few calls.

    After a refusal nothing is sent until it is over; then one call, and twice as many for each
    that succeeds.
    """

    def __init__(self) -> None:
        self.under_way = 0
        self.until = -math.inf
        self._width = math.inf
        self._closings = 0

    @property
    def full(self) -> bool:
        """Whether as many calls are under way as may be."""
        return self.under_way >= self._width

    @property
    def wide_open(self) -> bool:
        """Whether nothing was refused lately."""
        return self._width == math.inf

    def enter(self) -> int:
        """Begin a call; gives the ticket with which it succeeds."""
        self.under_way += 1
        return self._closings

    def leave(self) -> None:
        """End a call, however it went."""
        self.under_way -= 1

    def close(self, now: float, seconds: float) -> None:
        """Send nothing for so long."""
        self.until = max(self.until, now + seconds)
        self._width = 1
        self._closings += 1

    def succeeded(self, ticket: int, enough: int) -> None:
        """Widen, up to `enough` calls at once. A call begun before the refusal proves nothing."""
        if ticket == self._closings:
            self._width = self._width * 2 if self._width * 2 < enough else math.inf


class Channels:
    """From when on the next post to a channel may be begun."""

    def __init__(self) -> None:
        self._free_at: dict[Hashable, float] = {}
        self._refused: tuple[Hashable, float] | None = None

    def free_at(self, channel: Hashable) -> float:
        """The moment; long ago where nothing was posted lately."""
        return self._free_at.get(channel, -math.inf)

    def posted(self, channel: Hashable, now: float) -> None:
        """A post has ended."""
        self._wait_until(channel, now + CHANNEL_SECONDS)
        self._forget(now)

    def take_refusal(self, channel: Hashable, now: float, seconds: float) -> bool:
        """Whether a refusal is the channel's own, as one of a second is unless another's had one.

        Slack does not say which of its limits was met. In doubt it is the method's.
        """
        refused, self._refused = self._refused, (channel, now)
        others = refused is not None and refused[0] != channel and now - refused[1] < 2
        if seconds > CHANNEL_SECONDS or others:
            return False
        self._wait_until(channel, now + seconds)
        return True

    def _wait_until(self, channel: Hashable, moment: float) -> None:
        known = self._free_at.pop(channel, -math.inf)  # the latest stand last
        self._free_at[channel] = max(known, moment)

    def _forget(self, now: float) -> None:
        while self._free_at and (first := next(iter(self._free_at))) is not None:
            if self._free_at[first] > now:
                break
            del self._free_at[first]


class EditBudget:
    """How many edits a workspace may begin: a bucket that fills by itself."""

    def __init__(self, now: float) -> None:
        self._left = float(EDITS_TOGETHER)
        self._at = now

    def free_at(self, now: float, *, awaited: bool) -> float:
        """From when on one more may be begun; `awaited` is one that a person waits for."""
        wanted = 1.0 if awaited else 1.0 + EDITS_KEPT
        return now + max(0.0, (wanted - self._filled(now)) / EDITS_A_SECOND)

    def take(self, now: float) -> None:
        """Begin one."""
        self._left, self._at = self._filled(now) - 1.0, now

    def _filled(self, now: float) -> float:
        left = self._left + (now - self._at) * EDITS_A_SECOND
        # What lacks by rounding alone is there: else a timer would ring for nothing.
        return min(float(EDITS_TOGETHER), left + 1e-6)
