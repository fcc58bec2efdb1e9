"""The time that the work of a command has, for each of its requests, waits and locks.

Work that `BackgroundTasks` starts has no deadline, because it outlives the command.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar, Token
from datetime import timedelta
from typing import Final, Self

from slackbot.domain.ports import Clock

_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


# Seconds before a deadline from which on it counts as reached.
MARGIN: Final = 0.5


class Deadline:
    """A deadline for the work in its context."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Set a deadline that many seconds from now."""
        self._clock = clock
        self._at = clock.now() + timedelta(seconds=seconds)
        self._tokens: list[Token[Deadline | None]] = []

    def left(self) -> float:
        """Return the seconds that are left, or 0."""
        return max((self._at - self._clock.now()).total_seconds(), 0.0)

    def end(self) -> None:
        """End the time now. A request that is under way is not cancelled, but none follows."""
        self._at = self._clock.now()

    def __enter__(self) -> Self:
        """Let the deadline apply to the work in this context and in tasks that it awaits."""
        self._tokens.append(_current.set(self))
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the deadline that applied before."""
        _current.reset(self._tokens.pop())


def seconds_left() -> float:
    """Return the seconds that the current work has, which are infinite without a deadline."""
    deadline = _current.get()
    return math.inf if deadline is None else deadline.left()


def is_deadline_reached() -> bool:
    """Return whether the current work has no time left for anything else."""
    return seconds_left() <= MARGIN


def request_seconds(usual: float, *, once: bool) -> float:
    """Return the longest time for a request, which is `usual` without a deadline.

    With one, a slow peer may take all that is left if the request is sent `once`, or half of it if
    it can be sent again.
    """
    left = seconds_left()
    return usual if math.isinf(left) else min(max(usual, left if once else left / 2), left)


def remove_deadline() -> None:
    """Let no deadline apply to the current context."""
    _current.set(None)


@asynccontextmanager
async def timeout(clock: Clock, seconds: float) -> AsyncIterator[None]:
    """Cancel the block after `seconds` of the clock, like `asyncio.timeout`.

    Raises:
        TimeoutError: The block was cancelled.
    """
    if math.isinf(seconds):
        yield
        return
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:

        async def expire() -> None:
            await clock.sleep(seconds)
            limit.reschedule(loop.time())

        timer = loop.create_task(expire(), name="timeout")
        try:
            yield
        finally:
            timer.cancel()
