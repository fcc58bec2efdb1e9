"""Work that is due by the clock: the ends of rounds, and notices that nobody is sending."""

from __future__ import annotations

from dataclasses import dataclass, field

from slackbot.aio.tasks import every
from slackbot.domain.model import TeamId
from slackbot.domain.ports import Clock, Delivery, Store, StoreUnavailable
from slackbot.services.matches import Matches

TICK_SECONDS = 1.0  # between two searches for rounds that have ended
RESUME_SECONDS = 60.0  # between two submissions of pending matches; those being sent go on


@dataclass(eq=False, repr=False, kw_only=True)
class Scheduler:
    """Submits what is due. Several processes may run it: each end is taken over once."""

    store: Store
    matches: Matches
    delivery: Delivery
    clock: Clock
    # Seconds since pending matches were submitted last.
    _waited: float = field(default=-TICK_SECONDS, init=False)

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""

        async def tick() -> None:
            self._waited += TICK_SECONDS
            over = await self.store.matches.list_rounds_over(team, self.clock.now())
            for person, match_id in over:
                await self.delivery.finish(person, match_id)
            if self._waited >= RESUME_SECONDS:
                self._waited = 0.0
                await self.matches.resume(team)

        await every(
            TICK_SECONDS,
            tick,
            name="scheduler",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )
