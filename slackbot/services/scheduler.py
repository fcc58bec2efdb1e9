"""Work that is due by the clock: the ends of rounds, and notices that nobody is sending."""

from __future__ import annotations

from functools import partial

from slackbot.aio.tasks import every
from slackbot.domain.model import TeamId
from slackbot.domain.ports import Clock, Delivery, Store, StoreUnavailable
from slackbot.services.matches import Matches

TICK_SECONDS = 1.0  # between two searches for rounds that have ended
RESUME_SECONDS = 60.0  # between two submissions of pending matches; those being sent go on


class Scheduler:
    """Submits what is due. Several processes may run it: each end is taken over once."""

    def __init__(self, *, store: Store, matches: Matches, delivery: Delivery, clock: Clock) -> None:
        self._store = store
        self._matches = matches
        self._delivery = delivery
        self._clock = clock
        self._waited = -TICK_SECONDS  # since pending matches were submitted last

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            partial(self._tick, team),
            name="scheduler",
            expected=(StoreUnavailable,),
            sleep=self._clock.sleep,
        )

    async def _tick(self, team: TeamId) -> None:
        self._waited += TICK_SECONDS
        for person, match_id in await self._store.matches.list_rounds_over(team, self._clock.now()):
            await self._delivery.finish(person, match_id)
        if self._waited >= RESUME_SECONDS:
            self._waited = 0.0
            await self._matches.resume(team)
