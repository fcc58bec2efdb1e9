"""The lease of this process. While it is held, no other process takes over its work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from slackbot.domain.workers import LEASE

LEASE_SECONDS: Final = LEASE.total_seconds()


class Lease:
    """A lease that the worker renews at each heartbeat. Without heartbeats it expires."""

    def __init__(
        self, *, single_process: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Create a lease that is not held until the first `renew`.

        With `single_process`, the lease is always held. `now` is a monotonic clock in seconds.
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
        """Extend the lease to its full length, counted from `since`.

        `since` is a time before the heartbeat began, so this lease never outlasts the lease in the
        database.
        """
        self._expires_at = since + LEASE_SECONDS
