"""People who are still in the workspace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageDelayed, MessageError, PersonUnreachable
from slackbot.domain.model import Person, TeamId
from slackbot.slack.outbound.api import SlackApi

# People remembered as active.
CAPACITY: Final = 10_000
# Seconds that somebody counts as present after they did something in Slack, or were looked up.
PRESENT_SECONDS: Final = 3600.0
LOOK_UP_SECONDS: Final = 2.0
LOOK_UPS_AT_ONCE: Final = 50
# Seconds without look-ups after one that took too long or failed.
PAUSE_SECONDS: Final = 10.0


class Presence:
    """Detects deactivated people, for whom Slack accepts messages that nobody reads.

    Slack allows about a hundred look-ups a minute, so only people are looked up who did nothing in
    Slack for an hour, and no message waits for a look-up that fails.
    """

    def __init__(self, api: SlackApi, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._active = TtlCache[Person, bool](seconds=PRESENT_SECONDS, capacity=CAPACITY, clock=now)
        self._paused_until: dict[TeamId, float] = {}
        self._look_ups = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    def mark_active(self, person: Person) -> None:
        """Record that somebody did something in Slack."""
        self._active.put(person, True)

    async def ensure_active(self, person: Person) -> None:
        """Check that a message would be read.

        Raises:
            PersonUnreachable: the account is deactivated.
        """
        now = self._now()
        paused = self._paused_until.get(person.team, now) > now
        if paused or self._active.peek(person) or self._look_ups.locked():
            return
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS), self._look_ups:
                answer = await self._api.request_idempotent("users.info", person, user=person.user)
        except PersonUnreachable:
            raise
        except MessageDelayed as error:
            self._paused_until[person.team] = self._now() + error.seconds
        except (MessageError, TimeoutError):
            self._paused_until[person.team] = self._now() + PAUSE_SECONDS
        else:
            if answer["user"].get("deleted"):
                raise PersonUnreachable("user_disabled")
            self.mark_active(person)
