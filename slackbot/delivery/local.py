"""Delivery within one process: each unsettled match is tried until it is settled.

What is left at shutdown stays unsettled in its row and is submitted again at the next start.
"""

from __future__ import annotations

import structlog

from slackbot.domain.model import MatchId, Person
from slackbot.domain.ports import Clock
from slackbot.services.background import Background
from slackbot.services.notices import Notices, retry_seconds

log = structlog.get_logger(__name__)


class LocalDelivery:
    """Implements `ports.Delivery`."""

    def __init__(self, *, notices: Notices, clock: Clock, background: Background) -> None:
        self._notices = notices
        self._clock = clock
        self._background = background
        self._under_way: set[tuple[Person, MatchId]] = set()

    async def submit(self, person: Person, match_id: MatchId) -> None:
        """Take over a stored match. One that is under way already is left to itself."""
        key = (person, match_id)
        if key not in self._under_way:
            self._under_way.add(key)
            self._background.start(self._deliver(person, match_id), "deliver")

    async def _deliver(self, person: Person, match_id: MatchId) -> None:
        try:
            tries = 1
            while (wait := await self._attempt(person, match_id, tries)) is not None:
                await self._clock.sleep(wait)
                tries += 1
        finally:
            self._under_way.discard((person, match_id))

    async def _attempt(self, person: Person, match_id: MatchId, tries: int) -> float | None:
        """One try. Whatever goes wrong in it, say the database being away, the next may work."""
        try:
            return await self._notices.attempt(person, match_id, tries)
        except Exception:
            log.exception("delivery_failed", match=match_id)
            return retry_seconds(tries)
