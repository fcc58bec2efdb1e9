"""Exponential backoff."""

from __future__ import annotations

import random
from dataclasses import dataclass

_DOUBLINGS = 30  # at most: a larger power could overflow, and the cap is reached long before


@dataclass(frozen=True, slots=True)
class ExponentialBackoff:
    """Delays that double with every failure in a row, up to a cap."""

    base: float  # seconds after the first failure
    cap: float  # seconds
    # Spreads each delay evenly between 0 and its full length ("full jitter"), so that clients
    # that failed together do not retry together. None: always the full length.
    jitter: random.Random | None = None

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after this many failures in a row.

        Zero counts as one, so that jitter also spreads the first attempt.
        """
        doublings = min(max(failures - 1, 0), _DOUBLINGS)
        longest = min(self.base * 2.0**doublings, self.cap)
        return longest if self.jitter is None else self.jitter.uniform(0.0, longest)
