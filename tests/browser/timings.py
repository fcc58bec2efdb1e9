"""Durations measured in the browsers of this test run."""

from __future__ import annotations

import statistics
from collections.abc import Iterator


class Timings:
    """Durations in seconds, by what was waited for."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}

    def add(self, what: str, seconds: float) -> None:
        """Record one duration."""
        self._seconds.setdefault(what, []).append(seconds)

    def lines(self) -> Iterator[str]:
        """Yield a line for each: median, maximum and count."""
        for what, seconds in self._seconds.items():
            middle, worst = statistics.median(seconds), max(seconds)
            count = len(seconds)
            yield f"{what:<36} p50 {middle:5.2f} s   longest {worst:5.2f} s   of {count}"


TIMINGS = Timings()
