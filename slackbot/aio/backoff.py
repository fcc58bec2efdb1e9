"""Exponential backoff."""

from __future__ import annotations

import random
from dataclasses import dataclass

_DOUBLINGS = 30  # maximum; a larger exponent could overflow, and the cap is reached long before


@dataclass(frozen=True, slots=True)
class ExponentialBackoff:
    """Delays that double with each consecutive failure, up to a cap."""

    base: float  # seconds after the first failure
    cap: float  # seconds
    # Source of "full jitter": each delay is drawn uniformly between 0 and its full length, so
    # clients that failed together do not retry together. None disables jitter.
    jitter: random.Random | None = None

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after this many consecutive failures.

        Zero is treated as one, so jitter also spreads the first attempt.
        """
        doublings = min(max(failures - 1, 0), _DOUBLINGS)
        longest = min(self.base * 2.0**doublings, self.cap)
        return longest if self.jitter is None else self.jitter.uniform(0.0, longest)
