"""How steady the machine is: the same work again and again between what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .load import Question, drive

# Rounds of the same thing may differ by this factor; beyond it the machine is too noisy.
NOISY = 2.0
ECHO = Question([b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"], b"ok")
ECHO_SECONDS = 0.2
PIECES = 15


@dataclass(frozen=True, slots=True)
class Calibration:
    """Milliseconds of fixed work on the processor, and of an answer over loopback HTTP."""

    cpu: float
    echo: float


async def calibrate(echo_url: str) -> Calibration:
    """Measure once; takes about a third of a second."""
    cpu = await asyncio.to_thread(_fixed_work)
    echo = await drive(echo_url, ECHO, clients=1, seconds=ECHO_SECONDS)
    return Calibration(cpu, echo.p50)


def _fixed_work() -> float:
    times = []
    for _ in range(PIECES):
        began = time.perf_counter()
        sum(number * number for number in range(100_000))
        times.append(time.perf_counter() - began)
    return sorted(times)[PIECES // 2] * 1000


def spread(values: Sequence[float]) -> float:
    """How many times the smallest goes into the greatest."""
    return max(values) / min(values)


def too_noisy(rounds: dict[str, Sequence[float]]) -> list[str]:
    """The things whose rounds differ too much."""
    return [name for name, values in rounds.items() if spread(values) > NOISY]
