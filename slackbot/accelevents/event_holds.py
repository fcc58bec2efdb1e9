"""Pauses that the platform requested with `Retry-After`, one for each event."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

from slackbot.aio.deadline import seconds_left
from slackbot.domain.errors import RateLimited
from slackbot.domain.model import EventSlug
from slackbot.domain.ports import Clock

MAX_HOLD_SECONDS: Final = 60.0  # maximum, even if the platform requests more
MAX_WAIT_SECONDS: Final = 10.0  # maximum, because a person is waiting
SPREAD_SECONDS: Final = 1.0  # random delay after a hold, to spread requests
MAX_EVENTS: Final = 1_000


class EventHolds:
    """Delays all requests for an event until its pause is over."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._until: dict[EventSlug, datetime] = {}

    def hold(self, event: EventSlug, seconds: float) -> None:
        """Delay the event's requests by this many seconds, unless a longer pause is in effect."""
        now = self._clock.now()
        until = now + timedelta(seconds=min(seconds, MAX_HOLD_SECONDS))
        if until <= self._until.get(event, now):
            return
        if len(self._until) >= MAX_EVENTS:
            self._until = {slug: end for slug, end in self._until.items() if end > now}
        self._until[event] = until

    async def wait(self, event: EventSlug) -> None:
        """Wait until requests for the event may be sent.

        Raises:
            RateLimited: The wait would be too long, so the request should not be sent.
        """
        until = self._until.get(event)
        if until is None:
            return
        seconds = (until - self._clock.now()).total_seconds()
        if seconds > min(MAX_WAIT_SECONDS, seconds_left()):
            raise RateLimited(status=429)
        if seconds > 0:
            await self._clock.sleep(seconds + self._rng.uniform(0.0, SPREAD_SECONDS))
        elif self._until.get(event) == until:
            del self._until[event]
