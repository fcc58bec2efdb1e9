"""Make the connections of this process match the feeds that it owns in the table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

import structlog

from slackbot.delivery.shared_feed import SharedFeed
from slackbot.domain.feed_events import FeedClaimed, FeedEvent, FeedReleased
from slackbot.domain.model import Person
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.workers import DesiredFeeds, HeartbeatResult

log = structlog.get_logger(__name__)

SYNC_SECONDS: Final = 0.5  # per heartbeat; what is left over waits for the next one
BATCH: Final = 500  # feeds connected after one read of their links; handshakes have their own limit
RELEASED_AT_ONCE: Final = 64  # surplus feeds per heartbeat: as many as another worker soon connects
REQUEST_MISSING_SECONDS: Final = 60.0  # between searches for availabilities without a feed
T = TypeVar("T")


class FeedSync:
    """Connects claimed feeds and drops released ones, each reported as an event."""

    def __init__(
        self,
        feed: SharedFeed,
        desired: DesiredFeeds,
        events: asyncio.Queue[FeedEvent],
        wake: asyncio.Event,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wake` is set for another heartbeat at once; `now` is a monotonic clock in seconds."""
        self._feed = feed
        self._desired = desired
        self._events = events
        self._wake = wake
        self._now = now
        self._request_missing_at = 0.0
        self._taken_over: set[Person] = set()  # claimed from another worker, not connected yet
        self._stopped = False
        self._running: asyncio.Task[None] | None = None

    def begin_heartbeat(self) -> bool:
        """Return whether the heartbeat's result can be used: no sync is running or stopped."""
        if self._stopped or (self._running is not None and not self._running.done()):
            return False
        self._feed.begin_heartbeat()
        return True

    async def run(self, heartbeat: HeartbeatResult) -> None:
        """Sync with the result; return after `SYNC_SECONDS` while the sync goes on."""
        self._running = asyncio.create_task(self._run(heartbeat), name="feed_sync")
        await asyncio.wait({self._running}, timeout=SYNC_SECONDS)

    async def _run(self, heartbeat: HeartbeatResult) -> None:
        deadline = self._now() + SYNC_SECONDS
        try:
            await self._sync(heartbeat, deadline)
        except StoreUnavailable:
            log.warning("feed_sync_postponed", reason="store_unavailable")
        except Exception:
            log.exception("feed_sync_failed")
        if self._now() > deadline:
            self._wake.set()

    async def _sync(self, heartbeat: HeartbeatResult, deadline: float) -> None:
        if heartbeat.remote_health is not None:
            self._feed.update_remote(heartbeat.remote_health)
        owned = {feed.person for feed in heartbeat.owned}
        surplus, held = set(heartbeat.surplus), self._feed.held
        self._taken_over = (self._taken_over | heartbeat.taken_over) & owned
        await self._drop(held.keys() - owned, deadline)
        dropping = [person for person in heartbeat.surplus if person in held]
        dropped = await self._drop(dropping[:RELEASED_AT_ONCE], deadline)
        await self._desired.release([*dropped, *(surplus - held.keys())])
        new = [
            feed
            for feed in heartbeat.owned
            if feed.person not in surplus and held.get(feed.person) != feed
        ]
        for batch in self._batches(new, deadline):
            for person in await self._feed.hold(batch):
                self._events.put_nowait(FeedClaimed(person, person in self._taken_over))
                self._taken_over.discard(person)
        recorded = [feed for feed in heartbeat.owned if feed.person in held]
        await self._feed.correct_health({feed.person: feed.connected for feed in recorded})
        if self._now() >= self._request_missing_at:
            self._request_missing_at = self._now() + REQUEST_MISSING_SECONDS
            await self._desired.request_missing()

    async def _drop(self, people: Iterable[Person], deadline: float) -> list[Person]:
        """Drop feeds until the deadline. Return those that were dropped."""
        dropped: list[Person] = []
        for batch in self._batches(people, deadline):
            try:
                await self._feed.drop(batch)
            finally:
                for person in batch:
                    self._events.put_nowait(FeedReleased(person))
            dropped += batch
        return dropped

    def _batches(self, items: Iterable[T], deadline: float) -> Iterator[list[T]]:
        """Yield batches until the deadline; wake the worker for the rest."""
        left = list(items)
        while left and self._now() < deadline and not self._stopped:
            yield left[:BATCH]
            left = left[BATCH:]
        if left:
            self._wake.set()

    def stop(self) -> None:
        """Connect and drop no more feeds; a batch that has begun is finished."""
        self._stopped = True

    async def aclose(self) -> None:
        """Cancel the sync that is running."""
        self.stop()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
