"""What Slack says about the hours in which it holds back a person's notifications."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from slackbot.aio.rate_limit import TokenBucket
from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageError
from slackbot.domain.model import Person
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.rate_limits import EDITS_A_SECOND, EDITS_TOGETHER

SCOPE: Final = "dnd:read"
METHOD: Final = "dnd.info"
LOOK_UP_SECONDS: Final = 1.0
# People whose hours are remembered, and for how many seconds.
CAPACITY: Final = 10_000
REMEMBER_SECONDS: Final = 60.0


class DoNotDisturb:
    """Asks Slack, about as often as it takes edits. What it does not say in time is left out."""

    def __init__(
        self,
        api: SlackApi,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api = api
        self._wall = wall
        self._budget = TokenBucket(EDITS_TOGETHER, EDITS_A_SECOND, now=now)
        self._known = TtlCache[Person, tuple[datetime | None]](
            seconds=REMEMBER_SECONDS, capacity=CAPACITY, clock=now
        )

    async def held_until(self, person: Person) -> datetime | None:
        """Return until when notifications are held back, or None if they are not, as is known."""
        known = self._known.peek(person)
        if known is None:
            known = (await self._ask(person),)
            self._known.put(person, known)
        (until,) = known
        return until if until is not None and until > self._wall() else None

    async def _ask(self, person: Person) -> datetime | None:
        if self._budget.wait() > 0:
            return None
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                if not (await self._api.installed(person)).grants(SCOPE):
                    return None
                self._budget.take()
                answer: Any = await self._api.request_idempotent(METHOD, person, user=person.user)
        except (MessageError, TimeoutError):
            return None
        return read_held_until(answer, self._wall())


def read_held_until(answer: Mapping[str, Any], now: datetime) -> datetime | None:
    """Read until when Slack holds back notifications at this time."""

    def moment(name: str) -> datetime | None:
        value = answer.get(name)
        if not isinstance(value, int | float) or not 0 < value < 2**40:
            return None
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, ValueError, OSError):
            return None

    ends = []
    begin, end = moment("next_dnd_start_ts"), moment("next_dnd_end_ts")
    if answer.get("dnd_enabled") and begin is not None and end is not None and begin <= now < end:
        ends.append(end)
    snoozed = moment("snooze_endtime")
    if answer.get("snooze_enabled") and snoozed is not None and now < snoozed:
        ends.append(snoozed)
    return max(ends, default=None)
