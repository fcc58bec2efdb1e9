"""Periodically finish ended rounds, recover notices and delete people who never connected."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slackbot.aio.tasks import every
from slackbot.domain.model import MatchId, TeamId
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import Changes
from slackbot.services.contacts import Contacts
from slackbot.services.matches import Matches

# People who have not finished connecting after this time are deleted.
UNLINKED_AGE = timedelta(minutes=15)
# A Home that was opened within this time is drawn again after each change.
HOME_AGE = timedelta(hours=4)
TICK_SECONDS = 1.0  # between searches for ended rounds
RESUME_SECONDS = 60.0  # between searches for notices that no live process is sending


ROUND_AGAIN = timedelta(minutes=1)  # until an ended round is submitted again


@dataclass(eq=False, repr=False, kw_only=True)
class Scheduler:
    """Submits ended rounds and pending notices. Several processes may run it concurrently."""

    store: Store
    matches: Matches
    delivery: Delivery
    clock: Clock
    changes: Changes
    contacts: Contacts | None = None
    # Seconds since the last search for pending notices.
    _waited: float = field(default=-TICK_SECONDS, init=False)
    _last_round: MatchId | None = field(default=None, init=False)
    # When recently ended rounds were last submitted.
    _submitted: dict[MatchId, datetime] = field(default_factory=dict, init=False)

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""

        async def tick() -> None:
            self._waited += TICK_SECONDS
            await self._finish_rounds(team)
            if self._waited >= RESUME_SECONDS:
                self._waited = 0.0
                await self.matches.resume(team)
                if self.contacts is not None:
                    await self.contacts.resume(team)
                now = self.clock.now()
                await self.store.people.delete_unlinked(team, now - UNLINKED_AGE)
                await self.store.surfaces.close_homes(team, now - HOME_AGE)
                # Cards whose edit was lost with its process, or refused by Slack.
                for person in await self.store.surfaces.list_untrue(team):
                    self.changes.add(person)

        await every(
            TICK_SECONDS,
            tick,
            name="scheduler",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def _finish_rounds(self, team: TeamId) -> None:
        """Submit the next batch of ended rounds, cycling through all of them.

        A round whose message cannot be edited stays due. Without cycling, a few hundred such rounds
        would keep all later ones from being found.
        """
        now = self.clock.now()
        over = await self.store.matches.list_rounds_over(team, now, self._last_round)
        # After the last batch, the next tick starts again with the first one.
        self._last_round = over[-1][1] if over else None
        self._submitted = {key: at for key, at in self._submitted.items() if now - at < ROUND_AGAIN}
        for person, match_id in over:
            if match_id not in self._submitted:
                await self.delivery.finish(person, match_id)
                self._submitted[match_id] = now
