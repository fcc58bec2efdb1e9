"""Detection of people to whom no messages are sent, although Slack would accept them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import PersonUnreachable
from slackbot.domain.model import Person
from slackbot.slack.outbound.profiles import Profiles

# Maximum number of people who are remembered as active.
CAPACITY: Final = 10_000
# Seconds for which a person is considered active after an action in Slack.
PRESENT_SECONDS: Final = 3600.0


class Presence:
    """Detects people who were deactivated, and those whom the bot is not for.

    People who were active in Slack within the last hour are not looked up. If a look-up fails, the
    message is sent anyway.
    """

    def __init__(self, profiles: Profiles, now: Callable[[], float] = time.monotonic) -> None:
        self._profiles = profiles
        self._active = TtlCache[Person, bool](seconds=PRESENT_SECONDS, capacity=CAPACITY, clock=now)

    def mark_active(self, person: Person) -> None:
        """Record that the person was active in Slack."""
        self._active.put(person, True)

    async def ensure_active(self, person: Person) -> None:
        """Check that the person's account is active, and that the bot is for them.

        Raises:
            PersonUnreachable: It is not.
        """
        profile = self._profiles.known(person)
        if profile is None and not self._active.peek(person):
            profile = await self._profiles.look_up(person)
        if profile is not None and not self._profiles.admits(profile):
            raise PersonUnreachable(profile.membership)
