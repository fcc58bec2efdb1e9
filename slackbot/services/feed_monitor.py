"""While somebody is available: keep their feed open, and look for what it missed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from slackbot.aio.tasks import BackgroundTasks, KeyedLocks
from slackbot.domain.errors import PlatformError, Refusal, TokenRefused
from slackbot.domain.model import (
    Availability,
    EventSlug,
    Link,
    MatchReport,
    Person,
    State,
    TeamId,
)
from slackbot.domain.notices import (
    AvailabilityLost,
    Remark,
    SessionOver,
    kind_of,
    notice_key,
)
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform, Store, StoreUnavailable
from slackbot.services.accounts import Accounts
from slackbot.services.matches import Matches
from slackbot.services.status_reannouncer import StatusReannouncer

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
"""How often the match list is read while the feed is down."""
LOOK_SPREAD = 0.8
"""What part of that it may be: sooner, never later."""
LOOK_SECONDS_CONNECTED = 60.0
"""The same while it is up."""
CLAIMED_SECONDS = 20.0
"""How long the watch over a feed that was claimed waits: it is connected at once all the same."""
SPREAD_SECONDS = 30.0
"""Over how long the lists of feeds that were taken over together are read."""
CONNECTED_AT_ONCE = 8
"""For how many whose feeds came back it is looked and said at a time: the rest still connect."""
VISITS_AT_ONCE = 16
"""How many wishes are visited at a time: after a start all are due."""
_rng = random.SystemRandom()
STORE_SECONDS = 1.0
"""How soon a store that was away is asked again."""


class FeedMonitor:
    """Watches over every wish. Also the listener of the feeds (`ports.FeedListener`)."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        matches: Matches,
        delivery: Delivery,
        platform: Platform,
        store: Store,
        feed: MatchFeed,
        clock: Clock,
        background: BackgroundTasks,
        locks: KeyedLocks[Person],
        holds: Callable[[Person], bool] = lambda _: True,
        rng: random.Random = _rng,
    ) -> None:
        """`holds` says whether the person's feed is ours to watch over."""
        self._holds = holds
        self._rng = rng
        self._accounts = accounts
        self._matches = matches
        self._delivery = delivery
        self._store = store
        self._feed = feed
        self._clock = clock
        self._background = background
        self._locks = locks
        self._kept: dict[Person, asyncio.Task[None]] = {}
        self._starting: set[Person] = set()
        self._again = StatusReannouncer(
            accounts=accounts, platform=platform, store=store, lost=self._lost
        )
        self._listed_later: set[Person] = set()
        self._turns = asyncio.Semaphore(CONNECTED_AT_ONCE)
        self._visits = asyncio.Semaphore(VISITS_AT_ONCE)

    async def resume(self, team: TeamId) -> None:
        """After a start: watch over everybody who was available."""
        for availability in await self._store.availabilities.list_all(team):
            self.keep(availability.person)

    def keep(self, person: Person) -> None:
        """Watch over a person's wish until it ends, where their feed is ours."""
        if self._holds(person):
            self._start(person, after=0.0)

    def claimed(self, person: Person, taken_over: bool) -> None:
        """Their feed is ours from now on, and so is the watch.

        The wish may be stored only once the feed is up, by the process where it was said. Of
        feeds that were `taken_over` there are many at once: their lists are read one by one.
        """
        after = CLAIMED_SECONDS
        if taken_over:
            self._listed_later.add(person)
            after += self._rng.uniform(0.0, SPREAD_SECONDS)
        self._start(person, after=after)

    def _start(self, person: Person, *, after: float) -> None:
        kept = self._kept.get(person)
        if kept is None or kept.done():
            self._kept[person] = self._background.start(self._keep(person, after), "watch")

    def drop(self, person: Person) -> None:
        """The feed is another process's now: so is the watch. The wish stands."""
        self._again.forget(person)
        self._listed_later.discard(person)
        kept = self._kept.pop(person, None)
        if kept is not None:
            kept.cancel()

    @contextmanager
    def starting(self, person: Person) -> Iterator[None]:
        """Within this somebody else says "available" once the feed is up."""
        self._starting.add(person)
        try:
            yield
        finally:
            self._starting.discard(person)

    async def end(self, person: Person) -> bool:
        """The wish is over: stop the feed; whether there was a wish. Call it under the lock."""
        ended = await self._store.availabilities.end(person)
        self._again.forget(person)
        kept = self._kept.pop(person, None)
        if kept is not None and kept is not asyncio.current_task():
            kept.cancel()
        await self._feed.close(person)
        return ended

    async def stop_unreachable(self, person: Person) -> None:
        """No message reaches the person any more: stop listening for them, and leave."""
        async with self._locks.of(person):
            link = await self._store.links.get(person)
            availability = await self._store.availabilities.get(person)
            if link is not None and availability is not None:
                await self._accounts.leave(link, availability)
            await self.end(person)

    async def stop_looking(self, link: Link, availability: Availability) -> bool:
        """Leave, then look once more for a match made in the last moment.

        Returns:
            Whether the platform confirmed that it stopped looking.
        """
        confirmed = await self._accounts.leave(link, availability)
        await self._look(link, availability)
        return confirmed

    def close(self) -> None:
        """At shutdown: stop watching; the wishes stay stored."""
        for task in self._kept.values():
            task.cancel()
        self._kept.clear()

    # --- what the feed tells (ports.FeedListener) -------------------------------------------------

    async def matched(self, person: Person, event: EventSlug, seen: Sequence[MatchReport]) -> None:
        """The socket told of matches. It does so once, so they wait here for the store."""
        while True:
            try:
                return await self._matches.receive(person, event, seen)
            except StoreUnavailable:
                log.warning("match_waits", reason="store_unavailable")
                await self._clock.sleep(STORE_SECONDS)

    async def connected(self, person: Person) -> None:
        """The feed is up (again): look for what it missed, then say available once more.

        Whether availability outlives a reconnect is not known, so it is set again.
        """
        while person not in self._starting:
            if self._turns.locked():
                self._again.owe(person)  # however long the turn is in coming
            try:
                async with self._turns:
                    await self._connected(person)
                return
            except StoreUnavailable:
                log.warning("feed_waits", reason="store_unavailable")
                await self._clock.sleep(STORE_SECONDS)

    async def _connected(self, person: Person) -> None:
        async with self._locks.of(person):
            self._again.owe(person)  # whatever fails from here on, the watch makes it good
            link = await self._store.links.get(person)
            availability = await self._store.availabilities.get(person)
            if link is None or link.refused_at is not None or availability is None:
                self._again.forget(person)
                return
            try:
                async with self._accounts.background_link(link):
                    if person in self._listed_later:
                        self._listed_later.discard(person)
                        self._background.start(self._look_later(link, availability), "look_later")
                    else:
                        await self._look(link, availability)
                    await self._again.say(link)
            except TokenRefused:
                log.info("feed_useless", reason="token_refused")

    async def _look_later(self, link: Link, availability: Availability) -> None:
        await self._clock.sleep(self._rng.uniform(0.0, SPREAD_SECONDS))
        with suppress(TokenRefused):
            async with self._accounts.background_link(link):
                await self._look(link, availability)

    async def _lost(self, availability: Availability, refusal: Refusal) -> None:
        """The platform no longer takes the person to be available."""
        if await self._stands(availability):
            lost = AvailabilityLost(availability.session_title, refusal.code)
            await self._remark(availability, lost)
            await self.end(availability.person)

    async def disconnected(self, person: Person, failure: str) -> None:
        """The feed is down. Its supervisor and the watch see to the rest."""
        log.info("feed_down", team=person.team, user=person.user, reason=failure)

    # --- the watch --------------------------------------------------------------------------------

    async def _keep(self, person: Person, after: float) -> None:
        await self._clock.sleep(after)
        waited = LOOK_SECONDS_CONNECTED
        while True:
            health = self._feed.health(person)
            mostly_disconnected = health is None or not health.connected
            if mostly_disconnected or waited >= LOOK_SECONDS_CONNECTED:
                waited = 0.0
                if not await self._goes_on(person):
                    return
            # Those who began together at a start do not go on together, all in one moment.
            await self._clock.sleep(LOOK_SECONDS * self._rng.uniform(LOOK_SPREAD, 1.0))
            waited += LOOK_SECONDS

    async def _goes_on(self, person: Person) -> bool:
        """One round of the watch. Whatever goes wrong in it, the next one may be better."""
        try:
            async with self._visits:
                return await self._visit(person)
        except TokenRefused:
            log.info("watch_useless", reason="token_refused")
        except StoreUnavailable:
            log.warning("watch_useless", reason="store_unavailable")
        except Exception:
            log.exception("watch_failed")
        return True

    async def _visit(self, person: Person) -> bool:
        """Look once; whether there is a wish to watch over any longer."""
        async with self._locks.of(person):
            availability = await self._store.availabilities.get(person)
            link = await self._store.links.get(person)
            if availability is None or link is None:
                await self._feed.close(person)
                return False
            ends_at = availability.session_ends_at
            over = ends_at is not None and ends_at <= self._clock.now()
            if link.refused_at is not None:
                # Waits for the person to connect again, while there is something to wait for.
                if over:
                    await self.end(person)
                return not over
            async with self._accounts.background_link(link):
                if over:
                    return await self._session_over(link, availability)
                if availability.state is State.LEAVING and await self.stop_looking(
                    link, availability
                ):
                    await self.end(person)
                    return False
                self._feed.open(link, availability.session_id)
                await self._look(link, availability, grace=not self._again.owes(person))
                if self._again.owes(person):
                    await self._again.say(link)
            return True

    async def _session_over(self, link: Link, availability: Availability) -> bool:
        """Leave it; whether the wish had an end or a successor meanwhile, to be looked at next."""
        await self.stop_looking(link, availability)
        if not await self._stands(availability):
            return True
        if availability.state is State.AVAILABLE:
            await self._remark(availability, SessionOver(availability.session_title))
        await self.end(link.person)
        return False

    async def _stands(self, wish: Availability) -> bool:
        """Whether it is still this wish: another process may have ended it, or begun another."""
        now = await self._store.availabilities.get(wish.person)
        return now is not None and (now.session_id, now.since) == (wish.session_id, wish.since)

    async def _remark(self, availability: Availability, remark: Remark) -> None:
        """Tell it before the wish is deleted: what happens in between must not swallow it."""
        person, occasion = availability.person, (availability.session_id, availability.since)
        key = notice_key(kind_of(remark), person, *occasion)
        await self._delivery.remark(person, key, remark)

    async def _look(self, link: Link, availability: Availability, *, grace: bool = False) -> None:
        try:
            await self._matches.reconcile(link, availability, grace=grace)
        except TokenRefused:
            raise
        except PlatformError as error:
            log.info("list_unread", reason=error.code)
