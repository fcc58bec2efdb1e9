"""A worker: it says every second that it lives, holds its share of the feeds, and takes over.

Whoever has not managed to say so for the length of its lease stops sending (`held`): others may
have taken over. It ends when they have. While the database is away nobody can take over, so the
feeds stay, and it goes on when the database is back (ADR 7).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from slackbot.delivery.feeds import SharedFeed
from slackbot.domain.leases import BEAT_SECONDS, LEASE, Beat, Leases
from slackbot.domain.model import Person
from slackbot.domain.ports import StoreUnavailable

log = structlog.get_logger(__name__)

FENCED: Final = 70
"""The exit status of a worker whose work others have taken over (EX_SOFTWARE)."""
LEASE_SECONDS: Final = LEASE.total_seconds()


def die() -> None:
    """End at once: whatever this process still did might be done twice."""
    os._exit(FENCED)


class Worker:
    """Beats until it is closed. `claimed` and `dropped` are told which feeds come and go."""

    def __init__(
        self,
        leases: Leases,
        feed: SharedFeed | None,
        *,
        recover: Callable[[str], Awaitable[bool]],
        fenced: bool = True,
        die: Callable[[], None] = die,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`recover` takes over a dead worker's notices, and says whether it is done.

        Without a `feed` it holds none. Not `fenced`, it is the only one there can be.
        """
        self._leases = leases
        self._feed = feed
        self._recover = recover
        self._fenced = fenced
        self._die = die
        self._now = now
        self._held_until = 0.0
        self._judge_from = 0.0
        self._woken = asyncio.Event()
        self._taking_over: set[asyncio.Task[None]] = set()
        self.claimed: Callable[[Person, bool], None] = lambda _person, _taken_over: None
        self.dropped: Callable[[Person], None] = lambda _person: None
        if feed is not None:
            feed.wake = self.wake

    def held(self) -> bool:
        """Whether the lease stands, so that nobody else does what we are about to do."""
        return not self._fenced or self._now() < self._held_until

    def wake(self) -> None:
        """Look round at once."""
        self._woken.set()

    async def beat(self) -> None:
        """Renew the lease, and do what is found to be done."""
        began = self._now()
        beat = await self._leases.beat(judge=began >= self._judge_from)
        if beat is None:
            log.critical("fenced")
            if self._fenced:
                self._die()
            return
        self._held_until = began + LEASE_SECONDS
        await self._follow(beat)
        for dead in beat.dead:
            task = asyncio.create_task(self._take_over(dead))
            self._taking_over.add(task)
            task.add_done_callback(self._taking_over.discard)

    async def keep(self) -> None:
        """Beat every second, and sooner when woken, until cancelled."""
        while True:
            began = self._now()
            self._woken.clear()
            try:
                await self.beat()
            except StoreUnavailable:
                # While we could not beat the others could not either: they are given time to.
                self._judge_from = self._now() + LEASE_SECONDS
                log.warning("beat_missed")
            except Exception:
                log.exception("beat_failed")
            left = max(0.0, began + BEAT_SECONDS - self._now())
            try:
                async with asyncio.timeout(left):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _follow(self, beat: Beat) -> None:
        """Make our connections what the table says is ours."""
        feed = self._feed
        if feed is None:
            return
        if not beat.mine and beat.health:
            feed.heard(beat.health)
        mine = {wanted.person: wanted for wanted in beat.mine}
        held = feed.held
        for person in held.keys() - mine.keys():
            await feed.drop(person)
            self.dropped(person)
        for person, wanted in mine.items():
            if held.get(person) != wanted and await feed.hold(wanted):
                self.claimed(person, person in beat.taken_over)
        for person in beat.surplus:
            await feed.drop(person)
            self.dropped(person)
        await self._leases.release(beat.surplus)

    async def _take_over(self, dead: str) -> None:
        try:
            if await self._leases.elect(dead) and await self._recover(dead):
                await self._leases.bury(dead)
                log.info("taken_over", dead=dead)
        except StoreUnavailable:
            log.warning("take_over_waits")
        except Exception:
            log.exception("take_over_failed")

    async def aclose(self) -> None:
        """Give up the feeds, so that others have them at once."""
        for task in list(self._taking_over):
            task.cancel()
        try:
            await self._leases.leave()
        except StoreUnavailable:
            log.warning("not_left")
