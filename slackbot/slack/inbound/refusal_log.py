"""Log rejected requests, with at most one line per minute for each reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

# Seconds between two log lines with the same reason.
REPORT_SECONDS: Final = 60.0


class RefusalLog:
    """Counts rejections by reason, and logs the first one immediately."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # For each reason, the rejections since the last log line and the earliest time of the next.
        self._refused: Counter[str] = Counter()
        self._next_line: dict[str, float] = {}

    def record(self, reason: str, **facts: object) -> None:
        """Count a rejection, and log the count if a line is due. `facts` describe the rejection."""
        self._refused[reason] += 1
        now = self._now()
        if now >= self._next_line.get(reason, now):
            count = self._refused.pop(reason)
            log.warning("requests_refused", reason=reason, count=count, **facts)
            self._next_line[reason] = now + REPORT_SECONDS
