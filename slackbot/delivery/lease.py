"""The lease of this process: while it is held nobody else does what the process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from slackbot.domain.workers import LEASE

LEASE_SECONDS: Final = LEASE.total_seconds()


class Lease:
    """Renewed by the worker at each heartbeat; without heartbeats it lapses by itself."""

    def __init__(
        self, *, single_process: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Make a lease that is held from the first `renew` on, in a `single_process` always.

        `now` is a monotonic clock, in seconds.
        """
        self.single_process = single_process
        self.now = now
        self._expires_at = 0.0

    def is_held(self) -> bool:
        """Return whether this process may act on what it owns."""
        return self.single_process or self.now() < self._expires_at

    def has_lapsed(self) -> bool:
        """Return whether the lease was held before and has expired."""
        return self._expires_at > 0.0 and not self.is_held()

    def renew(self, since: float) -> None:
        """Hold the lease for its full length, counted from before the heartbeat began.

        The database counts from later on, so its lease is never the shorter one.
        """
        self._expires_at = since + LEASE_SECONDS
