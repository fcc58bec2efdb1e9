"""The time zones of people, from their Slack profiles."""

from __future__ import annotations

import asyncio
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageError
from slackbot.domain.model import Person
from slackbot.slack.outbound.api import SlackApi

# Seconds for which a zone is remembered.
REMEMBER_SECONDS: Final = 3_600.0
# People whose zones are remembered.
CAPACITY: Final = 10_000
LOOK_UP_SECONDS: Final = 1.5


class TimeZones:
    """Look up the zones in which people see times in Slack."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._zones = TtlCache[Person, ZoneInfo](seconds=REMEMBER_SECONDS, capacity=CAPACITY)

    async def of(self, person: Person) -> ZoneInfo | None:
        """Return the person's zone, or None if Slack does not name it in time."""
        if (known := self._zones.peek(person)) is not None:
            return known
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                answer = await self._api.request_idempotent("users.info", person, user=person.user)
            zone = ZoneInfo(answer["user"]["tz"])
        except (MessageError, KeyError, TypeError, ValueError, OSError, ZoneInfoNotFoundError):
            # An `OSError` is a timeout, or the name of a folder of zones such as `America`.
            return None
        self._zones.put(person, zone)
        return zone
