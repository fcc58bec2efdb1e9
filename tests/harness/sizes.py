"""The size of tests that repeat themselves: a part of it, or what is promised."""

from __future__ import annotations

import os

FULL = os.environ.get("FAULTS") == "full"


def share(full: int, part: float = 0.25) -> int:
    """Return a part of the number, or all of it for `make fuzz` and `make resilience`."""
    return full if FULL else max(round(full * part), 1)
