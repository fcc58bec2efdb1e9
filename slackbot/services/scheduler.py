"""Periodic work: finish ended rounds, and take over notices that nobody alive is sending."""

from __future__ import annotations

from dataclasses import dataclass, field

from slackbot.aio.tasks import every
from slackbot.domain.model import TeamId
from slackbot.domain.ports import Clock, Delivery, Store, StoreUnavailable
from slackbot.services.matches import Matches

TICK_SECONDS = 1.0  # between searches for ended rounds
RESUME_SECONDS = 60.0  # between searches for notices that nobody alive is sending


@dataclass(eq=False, repr=False, kw_only=True)
class Scheduler:
    """Submits ended rounds and pending notices. Several processes may run it at once."""

    store: Store
    matches: Matches
    delivery: Delivery
    clock: Clock
    # Seconds since pending notices were last looked for.
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
