"""The log of refused requests: at most one line a minute for each reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

# Seconds between two lines with the same reason.
REPORT_SECONDS: Final = 60.0


class RefusalLog:
    """Counts refusals by reason; the first one is logged at once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # By reason: the refusals since the last line, and the time of the next line.
        self._refused: Counter[str] = Counter()
        self._next_line: dict[str, float] = {}

    def record(self, reason: str, **facts: object) -> None:
        """Count a refusal, and log the count if a line is due; `facts` are of the latest one."""
        self._refused[reason] += 1
        now = self._now()
        if now >= self._next_line.get(reason, now):
            count = self._refused.pop(reason)
            log.warning("requests_refused", reason=reason, count=count, **facts)
            self._next_line[reason] = now + REPORT_SECONDS
