"""The pauses that the platform asked for with `Retry-After`, one for each event."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

from slackbot.domain.errors import RateLimited
from slackbot.domain.model import EventSlug
from slackbot.domain.ports import Clock

MAX_HOLD_SECONDS: Final = 60.0  # whatever was asked for
MAX_WAIT_SECONDS: Final = 10.0  # a person is waiting
SPREAD_SECONDS: Final = 1.0  # at the end of a hold, so that not all requests leave at once
MAX_EVENTS: Final = 1_000


class EventHolds:
    """Holds back every request to an event until the event's pause is over."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._until: dict[EventSlug, datetime] = {}

    def hold(self, event: EventSlug, seconds: float) -> None:
        """Hold back the event's requests from now on. A longer hold stays."""
        now = self._clock.now()
        until = now + timedelta(seconds=min(seconds, MAX_HOLD_SECONDS))
        if until <= self._until.get(event, now):
            return
        if len(self._until) >= MAX_EVENTS:
            self._until = {slug: end for slug, end in self._until.items() if end > now}
        self._until[event] = until

    async def wait(self, event: EventSlug) -> None:
        """Wait until the event may be asked.

        Raises:
            RateLimited: That would take too long; nothing should be sent.
        """
        until = self._until.get(event)
        if until is None:
            return
        seconds = (until - self._clock.now()).total_seconds()
        if seconds > MAX_WAIT_SECONDS:
            raise RateLimited(status=429)
        if seconds > 0:
            await self._clock.sleep(seconds + self._rng.uniform(0.0, SPREAD_SECONDS))
        elif self._until.get(event) == until:
            del self._until[event]
