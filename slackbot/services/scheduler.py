"""What is due by the clock: rounds that have ended, and matches that nobody is telling."""

from __future__ import annotations

import structlog

from slackbot.domain.model import TeamId
from slackbot.domain.ports import Clock, Delivery, Store, StoreUnavailable
from slackbot.services.matches import Matches

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
RESUME_SECONDS = 60.0
"""How often unsettled matches are submitted again; whoever tells one already goes on."""


class Scheduler:
    """Looks at the ledger every second. Several processes may: each end is taken over once."""

    def __init__(self, *, store: Store, matches: Matches, delivery: Delivery, clock: Clock) -> None:
        self._store = store
        self._matches = matches
        self._delivery = delivery
        self._clock = clock

    async def keep(self, team: TeamId) -> None:
        """Go on until cancelled."""
        waited = 0.0
        while True:
            try:
                await self._look(team)
                if waited >= RESUME_SECONDS:
                    waited = 0.0
                    await self._matches.resume(team)
            except StoreUnavailable:
                log.warning("rounds_wait", reason="store_unavailable")
            except Exception:
                log.exception("rounds_failed")
            await self._clock.sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS

    async def _look(self, team: TeamId) -> None:
        for person, match_id in await self._store.matches.list_rounds_over(team, self._clock.now()):
            await self._delivery.finish(person, match_id)
