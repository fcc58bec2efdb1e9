"""Detection of people who are no longer in the workspace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageDelayed, MessageError, PersonUnreachable
from slackbot.domain.model import Person, TeamId
from slackbot.slack.outbound.api import SlackApi

# Maximum number of people who are remembered as active.
CAPACITY: Final = 10_000
# Seconds for which a person is considered active after an action in Slack or a lookup.
PRESENT_SECONDS: Final = 3600.0
LOOK_UP_SECONDS: Final = 2.0
LOOK_UPS_AT_ONCE: Final = 50
# Seconds without lookups after a lookup that failed or timed out.
PAUSE_SECONDS: Final = 10.0


class Presence:
    """Detects deactivated people, to whom Slack still accepts messages.

    Slack allows about 100 lookups per minute, so people are looked up only if they have not been
    active in Slack for an hour. If a lookup fails, the message is sent anyway.
    """

    def __init__(self, api: SlackApi, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._active = TtlCache[Person, bool](seconds=PRESENT_SECONDS, capacity=CAPACITY, clock=now)
        self._paused_until: dict[TeamId, float] = {}
        self._look_ups = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    def mark_active(self, person: Person) -> None:
        """Record that the person was active in Slack."""
        self._active.put(person, True)

    async def ensure_active(self, person: Person) -> None:
        """Check that the person's account is active.

        Raises:
            PersonUnreachable: The account is deactivated.
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
