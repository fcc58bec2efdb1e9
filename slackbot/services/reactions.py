"""Pause people who do not react to their matches, so that nobody else waits for them in vain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from slackbot.aio.tasks import every
from slackbot.domain.matching import is_round_over
from slackbot.domain.model import Availability, Person, Source, State, TeamId
from slackbot.domain.notices import StillThere, kind_of, notice_key
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.services.accounts import Accounts
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.leaving import Leaving

log = structlog.get_logger(__name__)

UNANSWERED: Final = 2  # matches without a reaction, after which a person is paused
WRITE_SECONDS: Final = 1.0  # between writes of the reactions since the last one
TICK_SECONDS: Final = 5.0  # between searches for people who do not react; longer than a write


@dataclass(eq=False, repr=False, kw_only=True)
class Reactions:
    """Records that people press or type something, and pauses those who do not."""

    accounts: Accounts
    leaving: Leaving
    monitor: FeedMonitor
    delivery: Delivery
    store: Store
    clock: Clock
    # The last reaction of each person that has not been stored yet.
    _latest: dict[Person, datetime] = field(default_factory=dict, init=False)

    def add(self, person: Person) -> None:
        """Record that the person has pressed or typed something."""
        self._latest[person] = self.clock.now()

    async def run(self) -> None:
        """Store the reactions until cancelled, all of a second at once."""
        await every(
            WRITE_SECONDS,
            self.flush,
            name="reactions",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def flush(self) -> None:
        """Store the reactions since the last time."""
        latest, self._latest = self._latest, {}
        if not latest:
            return
        try:
            await self.store.availabilities.record_reactions(latest)
        except StoreUnavailable:
            self._latest = latest | self._latest
            raise

    async def run_pauses(self, team: TeamId) -> None:
        """Pause people who do not react, until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="still_there",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """Pause the people who have not reacted to their last matches."""
        now = self.clock.now()
        for found in await self.store.availabilities.list_unanswered(team, now, UNANSWERED):
            await self._pause(found)

    async def _pause(self, found: Availability) -> None:
        """Ask the person once if they are still there, and end their availability.

        The notice is submitted first, so that a crash cannot end an availability in silence.
        """
        async with self.accounts.locks.of(found.person):
            current = await self.store.availabilities.get(found.person)
            link = await self.store.links.get(found.person)
            if link is None or current is None or current.since != found.since:
                return
            session_id, title = found.session_id, found.session_title
            # They may have reacted, or have been paired, since the search or before the lock.
            met = await self.store.matches.list_for(found.person, found.event, session_id)
            met = [match for match in met if match.source is Source.SOCKET]
            is_running = bool(met) and not is_round_over(met[0], self.clock.now())
            if is_running or found.person in self._latest:
                return
            ends_at = found.session_ends_at
            remark = StillThere(
                title,
                str(session_id),
                self.clock.now().isoformat(),
                ends_at.isoformat() if ends_at is not None else "",
            )
            key = notice_key(kind_of(remark), found.person_epoch, session_id, found.since)
            await self.delivery.remark(found.person, key, remark)
            await self.store.snoozes.remove(found.person)  # they may wait for an opening
            # The platform may go on pairing somebody whom it takes for available.
            await self.leaving.leave_surely(link, replace(current, state=State.AVAILABLE))
            await self.monitor.end(found.person)
        log.info("paused_unanswered", team=found.person.team, user=found.person.user)
