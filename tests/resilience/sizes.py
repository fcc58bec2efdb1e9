"""How much of it: the short form, or the sizes that are promised."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.harness.sizes import FULL

only_in_full = pytest.mark.skipif(not FULL, reason="make resilience")


@dataclass(frozen=True)
class Size:
    """Numbers of things, and seconds."""

    feeds: int
    restarts: int
    peer_seconds: float
    inputs: int
    storm: int


SIZE = Size(50, 20, 3.0, 200, 5000) if FULL else Size(20, 4, 1.0, 40, 1500)


def figure(line: str) -> None:
    """Print a line of what was seen; `pytest -s` shows it."""
    print(f"\n[faults] {line}")  # noqa: T201
