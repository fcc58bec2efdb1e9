"""One lock per person, which is held while their link or availability changes."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slackbot.aio.deadline import seconds_left, timeout
from slackbot.aio.tasks import KeyedLocks
from slackbot.domain.errors import TimedOut
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock


class PersonLocks(KeyedLocks[Person]):
    """The locks of all people. Work without a deadline acquires them with `of`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    @asynccontextmanager
    async def hold(self, person: Person) -> AsyncIterator[None]:
        """Hold the person's lock, for which a command waits until its deadline.

        Raises:
            TimedOut: The command has no time left.
        """
        lock = self.of(person)
        try:
            # A free lock needs no timer.
            async with timeout(self._clock, seconds_left() if lock.locked() else math.inf):
                await lock.acquire()
        except TimeoutError:
            raise TimedOut from None
        try:
            if seconds_left() <= 0:
                raise TimedOut
            yield
        finally:
            lock.release()
