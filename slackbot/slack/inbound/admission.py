"""Limit the number of concurrent requests. Other requests wait in order of arrival.

Without a limit, the event loop would alternate between all requests, and all answers would be ready
only at the end. With a limit, the first answers are ready early and the last are not delayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from slackbot.slack.request_context import Slot, current_slot, seconds_left

# Maximum number of concurrent requests.
LIMIT: Final = 16
# Maximum seconds that a request waits for a slot after its arrival. This is well before the request
# times out and a form's trigger expires.
WAIT_SECONDS: Final = 1.0


class ConcurrencyLimiter:
    """The request slots of a process."""

    def __init__(self) -> None:
        self._semaphore = asyncio.Semaphore(LIMIT)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot until the first reply to a request is sent.

        If no slot is available within `WAIT_SECONDS`, continue without one.
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
