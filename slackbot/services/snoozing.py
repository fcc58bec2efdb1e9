"""Make people available when the pause that they asked for is over, or their session opens.

Each pause is a row, so it ends after a restart, a takeover or a change of the clocks as well, and
once: the row and the availability are changed in one transaction.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.deadline import Deadline
from slackbot.aio.tasks import every
from slackbot.domain.errors import (
    NotAMember,
    NotLinked,
    Refusal,
    SessionError,
    SessionNotLive,
    SlackbotError,
    TokenRefused,
)
from slackbot.domain.model import TeamId
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    Remark,
    SnoozeOver,
    kind_of,
    notice_key,
    refusal_key,
)
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.snoozes import Snooze, SnoozeEnded, SnoozePostponed
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.services.availability import Availabilities

log = structlog.get_logger(__name__)

TICK_SECONDS: Final = 2.0  # between searches for pauses that end
TRY_SECONDS: Final = 60.0  # for one attempt to make somebody available
BACKOFF: Final = ExponentialBackoff(70.0, 300.0)  # seconds between attempts, longer than one takes
TRIES_AT_ONCE: Final = 8
MAX_AGE: Final = timedelta(hours=12)  # how long after its end a pause is still tried
# How long a session may open later than planned, and how often it is tried until then.
OPENING_AGE: Final = timedelta(minutes=15)
OPENING_SECONDS: Final = 10.0


@dataclass(eq=False, repr=False)
class Snoozing:
    """Ends the pauses that are due. Several processes may do so in parallel."""

    availabilities: Availabilities
    store: Store
    delivery: Delivery
    clock: Clock

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(TRIES_AT_ONCE)

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="snoozing",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """End the pauses that are due now."""
        due = await self.store.snoozes.list_due(team, self.clock.now())
        await asyncio.gather(*map(self._end, due))

    async def _end(self, snooze: Snooze) -> None:
        # Claimed only now, so that few have to wait for their next attempt if this process dies.
        async with self._slots:
            seconds = BACKOFF.delay(snooze.tries + 1)
            next_at = self.clock.now() + timedelta(seconds=seconds)
            if await self.store.snoozes.claim(snooze, next_at):
                await self._end_claimed(snooze)

    async def _end_claimed(self, snooze: Snooze) -> None:
        now, opens = self.clock.now(), str(snooze.opens)
        remark: Remark | None = SnoozeOver(
            snooze.session_title, str(snooze.session_id), snooze.asked_at.isoformat(), opens
        )
        try:
            if snooze.resumed_at is None:
                with Deadline(self.clock, TRY_SECONDS):
                    query = str(snooze.session_id)
                    await self.availabilities.start(snooze.person, query, resumes=snooze)
        except (SnoozeEnded, NotLinked, NotAMember):
            remark = None
        except SnoozePostponed:
            return
        except TokenRefused:
            if now - snooze.until < MAX_AGE:
                await self._ask_to_connect(snooze)
                return
            remark = None
        except SlackbotError as error:
            remark = await self._lost(snooze, error)
            if remark is None:
                return
        if remark is not None:
            occasion = (snooze.session_id, snooze.asked_at)
            key = notice_key(kind_of(remark), snooze.person_epoch, *occasion)
            await self.delivery.remark(snooze.person, key, remark)
        await self.store.snoozes.remove(snooze.person, snooze.asked_at)

    async def _ask_to_connect(self, snooze: Snooze) -> None:
        """Ask somebody to connect again, once per login. They are made available then."""
        link = await self.store.links.get(snooze.person, fresh=True)
        if link is not None and link.refused_at is not None:
            remark = LinkRefused(link.event, snooze.session_title)
            await self.delivery.remark(snooze.person, refusal_key(link), remark)

    async def _lost(self, snooze: Snooze, error: SlackbotError) -> AvailabilityLost | None:
        """Return the notice that somebody isn't available, or None if it is tried again."""
        cause = error.cause if isinstance(error, SessionError) else error
        late = self.clock.now() - snooze.until
        if snooze.opens and isinstance(cause, SessionNotLive) and late < OPENING_AGE:
            # Clocks and plans differ a little, so it is tried again soon.
            soon = self.clock.now() + timedelta(seconds=OPENING_SECONDS)
            await self.store.snoozes.claim(replace(snooze, tries=snooze.tries + 1), soon)
            return None
        if not isinstance(cause, Refusal) and late < MAX_AGE:
            log.info("snooze_postponed", reason=cause.code)
            return None
        return AvailabilityLost(snooze.session_title, cause.code, str(snooze.opens))
