"""Who is served first when very many people do something in the same moment: who came first.

Left alone, the loop would work on everybody's input a little at a time, and all would have their
results together, at the very end. In turns the first have theirs at once, and the last no later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

from slackbot.slack.inbound.http import arrived_at

AT_ONCE: Final = 16
"""How many inputs are worked on, when there are more."""
HELD_SECONDS: Final = 0.1
"""How long a place is kept at most. Who still waits then waits for others, such as the platform."""
WAIT_SECONDS: Final = 1.0
"""How long an input waits at most: long before Slack gives up, and a form's trigger with it."""

_current: ContextVar[Slot | None] = ContextVar("turn", default=None)


class Slot:
    """One input's place, kept until its answer is brought, or for `HELD_SECONDS`."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places: asyncio.Semaphore | None = places
        self._unfinished = 1
        """What it is kept for: the first reply, and work that goes on after it."""
        self._timer = asyncio.get_running_loop().call_later(HELD_SECONDS, self._give_back)

    def keep_for(self, task: asyncio.Task[Any]) -> None:
        """The input is not served before this is done."""
        self._unfinished += 1
        task.add_done_callback(lambda _: self.finish())

    def finish(self) -> None:
        """One part is done; the last gives the place back."""
        self._unfinished -= 1
        if self._unfinished == 0:
            self._give_back()

    def _give_back(self) -> None:
        self._timer.cancel()
        if self._places is not None:
            self._places.release()
            self._places = None


class ConcurrencyLimiter:
    """The places of one process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Within this the first reply to the input in hand is made.

        It begins when there is a place, or when the input has waited for long enough.
        """
        if not await self._place():
            yield
            return
        turn = Slot(self._places)
        token = _current.set(turn)
        try:
            yield
        finally:
            _current.reset(token)
            turn.finish()

    async def _place(self) -> bool:
        if self._places.locked():
            now = time.monotonic()
            left = arrived_at.get(now) + WAIT_SECONDS - now
            try:
                async with asyncio.timeout(max(left, 0.0)):
                    await self._places.acquire()
            except TimeoutError:
                return False
        else:
            await self._places.acquire()
        return True


def hold_slot_for(task: asyncio.Task[Any]) -> None:
    """Say that the input in hand is served once this is done."""
    turn = _current.get()
    if turn is not None:
        turn.keep_for(task)
