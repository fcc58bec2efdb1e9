"""A worker: it says every second that it lives, holds its share of the feeds, and takes over.

Whoever has not managed to say so for the length of its lease stops sending (`held`): others may
have taken over. It ends when they have. While the database is away nobody can take over, so the
feeds stay, and it goes on when the database is back (ADR 7).

A beat must not take as long as a lease. So connecting and disconnecting goes on beside it where
it takes longer; what is left over the next beat finds again.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import structlog

from slackbot.delivery.shared_feed import SharedFeed
from slackbot.domain.model import Person
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.workers import BEAT_SECONDS, LEASE, DesiredFeed, HeartbeatResult, Leases

log = structlog.get_logger(__name__)

FENCED: Final = 70
"""The exit status of a worker whose work others have taken over (EX_SOFTWARE)."""
LEASE_SECONDS: Final = LEASE.total_seconds()
FOLLOW_SECONDS: Final = 0.5
"""How long one beat connects and disconnects feeds."""
AT_ONCE: Final = 500
"""How many it begins at the same time, with one look into the database; handshakes are bounded."""
GIVEN_UP_AT_ONCE: Final = 64
"""How many feeds a worker with too many gives up in one beat: as many as another soon connects."""
SOON_SECONDS: Final = 0.1
"""How soon after a beat the next one comes that something woke: much may happen at once."""
LAPSED_SECONDS: Final = 0.02
"""How long after another's lease has lapsed it is looked at."""
HEAL_SECONDS: Final = 60.0
"""How often wishes without a feed are looked for: two processes may have been at odds."""
T = TypeVar("T")


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
        # Others may be about to beat for the first time since the database came back.
        self._judge_from = now() + LEASE_SECONDS if fenced else 0.0
        self._heal_at = 0.0
        self._lapse_at = math.inf
        """When the first of the others' leases lapses unless it is renewed."""
        self._taken: set[Person] = set()
        """Whose feed was taken over and is not connected yet."""
        self._retired = False
        self._beating: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
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

    async def heartbeat(self) -> None:
        """Renew the lease, and do what is found to be done."""
        began = self._now()
        if 0.0 < self._held_until <= began:
            # We were away for so long: whoever was away with us is given time to beat too.
            self._judge_from = began + LEASE_SECONDS
        feed = None if self._following or self._retired else self._feed
        if feed is not None:
            feed.forget_closed()
        heartbeat = await self._leases.heartbeat(judge=began >= self._judge_from)
        if heartbeat is None:
            log.critical("fenced")
            if self._fenced:
                self._die()
            return
        self._held_until = began + LEASE_SECONDS
        self._lapse_at = self._now() + heartbeat.lapse + LAPSED_SECONDS
        for dead in heartbeat.dead:
            task = asyncio.create_task(self._take_over(dead))
            self._taking_over.add(task)
            task.add_done_callback(self._taking_over.discard)
        if feed is not None:
            self._following = asyncio.create_task(self._follow(feed, heartbeat))
            await asyncio.wait({self._following}, timeout=FOLLOW_SECONDS)

    async def start(self) -> None:
        """The first beat, and then one a second until `aclose`."""
        with suppress(StoreUnavailable):
            await self.heartbeat()
        self._beating = asyncio.create_task(self.keep(), name="worker")

    async def keep(self) -> None:
        """Beat every second, and sooner when woken, until cancelled."""
        while True:
            began = self._now()
            self._woken.clear()
            try:
                await self.heartbeat()
            except StoreUnavailable:
                # While we could not beat the others could not either: they are given time to.
                self._judge_from = self._now() + LEASE_SECONDS
                log.warning("beat_missed")
            except Exception:
                log.exception("beat_failed")
            await asyncio.sleep(began + SOON_SECONDS - self._now())
            left = min(began + BEAT_SECONDS, self._lapse_at) - self._now()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, left)):
                    await self._woken.wait()

    async def _follow(self, feed: SharedFeed, heartbeat: HeartbeatResult) -> None:
        until = self._now() + FOLLOW_SECONDS
        try:
            await self._make_ours(feed, heartbeat, until)
        except StoreUnavailable:
            log.warning("feeds_wait", reason="store_unavailable")
        except Exception:
            log.exception("feeds_not_followed")
        finally:
            self._following = None
            if self._now() > until:
                self.wake()

    async def _make_ours(self, feed: SharedFeed, heartbeat: HeartbeatResult, until: float) -> None:
        """Make our connections what the table says is ours."""
        if heartbeat.health is not None:
            feed.heard(heartbeat.health)
        mine = {wanted.person: wanted for wanted in heartbeat.mine}
        surplus, held = set(heartbeat.surplus), feed.held
        self._taken = (self._taken | heartbeat.taken_over) & mine.keys()
        await self._each(until, held.keys() - mine.keys(), self._drop)
        too_many = [it for it in heartbeat.surplus if it in held][:GIVEN_UP_AT_ONCE]
        given_up = await self._each(until, too_many, self._drop)
        await self._leases.release([*given_up, *(surplus - held.keys())])
        new = [
            it for it in heartbeat.mine if it.person not in surplus and held.get(it.person) != it
        ]
        await self._each(until, new, self._hold)
        await feed.correct([it for it in heartbeat.mine if it.person in held])
        if self._now() >= self._heal_at:
            self._heal_at = self._now() + HEAL_SECONDS
            await self._leases.request_missing_feeds()

    async def _each(
        self, until: float, items: Iterable[T], work: Callable[[Sequence[T]], Awaitable[None]]
    ) -> list[T]:
        """Some at a time, while there is time; those that were done. For the rest, beat again."""
        left, done = list(items), []
        while left and self._now() < until and not self._retired:
            batch, left = left[:AT_ONCE], left[AT_ONCE:]
            await work(batch)
            done += batch
        if left:
            self.wake()
        return done

    async def _drop(self, people: Sequence[Person]) -> None:
        assert self._feed is not None, "who follows has a feed"
        try:
            await self._feed.drop(people)
        finally:
            for person in people:
                self.dropped(person)

    async def _hold(self, wanted: Sequence[DesiredFeed]) -> None:
        assert self._feed is not None, "who follows has a feed"
        for person in await self._feed.hold(wanted):
            self.claimed(person, person in self._taken)
            self._taken.discard(person)

    async def _take_over(self, dead: str) -> None:
        try:
            if await self._leases.claim_recovery(dead) and await self._recover(dead):
                await self._leases.delete_worker(dead)
                log.info("taken_over", dead=dead)
        except StoreUnavailable:
            log.warning("take_over_waits")
        except Exception:
            log.exception("take_over_failed")

    async def retire(self) -> None:
        """Give up the feeds, so that others have them at once; the lease still stands.

        Call it when nothing is connected any more.
        """
        self._retired = True
        with suppress(StoreUnavailable):
            await self._leases.retire()

    async def aclose(self) -> None:
        """Stop beating, and leave what is unfinished to the others."""
        every = (self._beating, self._following, *self._taking_over)
        tasks = [task for task in every if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._leases.leave()
        except StoreUnavailable:
            log.warning("not_left")
