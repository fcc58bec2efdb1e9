"""Limit how many requests are handled at once; the rest wait, first come, first served.

Without a limit the loop would work on every request a little at a time, and all answers would be
ready together at the very end. With one, the first are ready at once and the last no later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from slackbot.slack.request_context import Slot, current_slot, seconds_left

# Requests handled at once.
LIMIT: Final = 16
# The longest that a request waits for a slot after its arrival, in seconds: well before Slack gives
# up and a form's trigger expires.
WAIT_SECONDS: Final = 1.0


class ConcurrencyLimiter:
    """The slots of one process."""

    def __init__(self) -> None:
        self._semaphore = asyncio.Semaphore(LIMIT)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Make the first reply to a request inside of this.

        It waits for a slot, and goes on without one after `WAIT_SECONDS`.
        """
        acquired = False
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_left(WAIT_SECONDS)):
                acquired = await self._semaphore.acquire()
        if not acquired:
            yield
            return
        slot = Slot(self._semaphore)
        token = current_slot.set(slot)
        try:
            yield
        finally:
            current_slot.reset(token)
            slot.finish()
