"""Context of the Slack request being handled: its arrival time and its concurrency slot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from slackbot.telemetry import ANSWERS

P = ParamSpec("P")
T = TypeVar("T")

# The longest that a request holds its slot, in seconds. By then it waits for somebody else, such
# as the platform.
HELD_SECONDS: Final = 0.1

# On the monotonic clock, in seconds.
arrived_at: ContextVar[float] = ContextVar("arrived_at")
# None for a request that is handled without a slot.
current_slot: ContextVar[Slot | None] = ContextVar("slot", default=None)


class Slot:
    """One request's slot, held until its answer is delivered or for `HELD_SECONDS`."""

    def __init__(self, semaphore: asyncio.Semaphore) -> None:
        self._semaphore: asyncio.Semaphore | None = semaphore
        # The first reply, and every task that continues after it.
        self.unfinished = 1
        self._timer = asyncio.get_running_loop().call_later(HELD_SECONDS, self._release)

    def finish(self) -> None:
        """Finish one part of the request; the last one releases the slot."""
        self.unfinished -= 1
        if self.unfinished == 0:
            self._release()

    def _release(self) -> None:
        self._timer.cancel()
        if self._semaphore is not None:
            self._semaphore.release()
            self._semaphore = None


def hold_slot_for(task: asyncio.Task[Any]) -> None:
    """Hold the current request's slot, if it has one, until the task is done."""
    slot = current_slot.get()
    if slot is not None:
        slot.unfinished += 1
        task.add_done_callback(lambda _: slot.finish())


def seconds_left(limit: float) -> float:
    """Return what is left of `limit` seconds since the current request arrived, at least 0."""
    now = time.monotonic()
    return max(0.0, arrived_at.get(now) + limit - now)


def timed(kind: str, listener: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return the listener, measured from the request's arrival: its answer leaves on return.

    `kind` is the metric's label, one of a fixed few.
    """
    seconds = ANSWERS.labels(kind=kind)

    @wraps(listener)  # Bolt passes arguments by the names of the parameters
    async def measured(*args: P.args, **kwargs: P.kwargs) -> T:
        now = time.monotonic()
        since = arrived_at.get(now)
        try:
            return await listener(*args, **kwargs)
        finally:
            seconds.observe(time.monotonic() - since)

    return measured
