"""The arrival time and the concurrency slot of the Slack request that is being handled."""

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

# Maximum seconds that a request holds its slot. After this time, it is most likely waiting for
# another service, such as the platform.
HELD_SECONDS: Final = 0.1

# In seconds on the monotonic clock.
arrived_at: ContextVar[float] = ContextVar("arrived_at")
# None if the request is handled without a slot.
current_slot: ContextVar[Slot | None] = ContextVar("slot", default=None)


class Slot:
    """The slot of a request, held until its answer is sent but at most for `HELD_SECONDS`."""

    def __init__(self, semaphore: asyncio.Semaphore) -> None:
        self._semaphore: asyncio.Semaphore | None = semaphore
        # The number of unfinished parts: the first reply, and each task that continues after it.
        self.unfinished = 1
        self._timer = asyncio.get_running_loop().call_later(HELD_SECONDS, self._release)

    def finish(self) -> None:
        """Finish one part of the request. The last part releases the slot."""
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
    """Return the seconds until `limit` seconds after the current request arrived, or 0."""
    now = time.monotonic()
    return max(0.0, arrived_at.get(now) + limit - now)


def timed(kind: str, listener: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return a listener that measures the time from the arrival of a request to its reply.

    `kind` is the label of the metric.
    """
    seconds = ANSWERS.labels(kind=kind)

    @wraps(listener)  # Bolt passes arguments by parameter name
    async def measured(*args: P.args, **kwargs: P.kwargs) -> T:
        now = time.monotonic()
        since = arrived_at.get(now)
        try:
            return await listener(*args, **kwargs)
        finally:
            seconds.observe(time.monotonic() - since)

    return measured
