"""The worker, which renews the lease, holds a share of the feeds and recovers stalled workers.

A process whose lease has expired stops sending, because other workers may have recovered its work.
If they have, the process exits. While the database is unavailable, no worker can recover another,
so feeds stay connected and work continues when the database is back (ADR 7).
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.delivery.lease import LEASE_SECONDS, Lease
from slackbot.delivery.shared_feed import SharedFeed
from slackbot.domain.feed_events import FeedClaimed, FeedEvent, FeedReleased
from slackbot.domain.model import Person
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.workers import HEARTBEAT_SECONDS, DesiredFeeds, HeartbeatResult, WorkerRegistry

log = structlog.get_logger(__name__)

FENCED: Final = 70  # exit status of a process whose work others have recovered (EX_SOFTWARE)
# Exits immediately, because any further work of this process might be done twice.
EXIT_FENCED: Final = partial(os._exit, FENCED)
WAKE_SECONDS: Final = 0.1  # shortest time between heartbeats, however often the worker is woken
EXPIRY_MARGIN_SECONDS: Final = 0.02  # from the expiry of another worker's lease to its check
SYNC_SECONDS: Final = 0.5  # per heartbeat; remaining work waits for the next one
BATCH: Final = 500  # feeds connected after one read of their links; handshakes have their own limit
RELEASED_AT_ONCE: Final = 64  # surplus feeds per heartbeat; another worker connects them quickly
REQUEST_MISSING_SECONDS: Final = 60.0  # between searches for availabilities without a feed

T = TypeVar("T")


class FeedSync:
    """Connects claimed feeds and drops released ones, and reports each as an event."""

    def __init__(
        self,
        feed: SharedFeed,
        desired: DesiredFeeds,
        events: asyncio.Queue[FeedEvent],
        wake: asyncio.Event,
    ) -> None:
        """Create a sync. `wake` is set to trigger another heartbeat immediately."""
        self._feed = feed
        self._desired = desired
        self._events = events
        self._wake = wake
        self._request_missing_at = 0.0
        self._taken_over: set[Person] = set()  # claimed from another worker, not connected yet
        self._stopped = False
        self._running: asyncio.Task[None] | None = None

    def begin_heartbeat(self) -> bool:
        """Return whether the heartbeat's result can be used.

        It cannot be used while another sync is running or after `stop`.
        """
        if self._stopped or (self._running is not None and not self._running.done()):
            return False
        self._feed.begin_heartbeat()
        return True

    async def run(self, heartbeat: HeartbeatResult) -> None:
        """Sync with the result. After `SYNC_SECONDS`, return while the sync continues."""
        self._running = asyncio.create_task(self._run(heartbeat), name="feed_sync")
        await asyncio.wait({self._running}, timeout=SYNC_SECONDS)

    async def _run(self, heartbeat: HeartbeatResult) -> None:
        deadline = time.monotonic() + SYNC_SECONDS
        try:
            await self._sync(heartbeat, deadline)
        except StoreUnavailable:
            log.warning("feed_sync_postponed", reason="store_unavailable")
        except Exception:
            log.exception("feed_sync_failed")
        if time.monotonic() > deadline:
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
        if time.monotonic() >= self._request_missing_at:
            self._request_missing_at = time.monotonic() + REQUEST_MISSING_SECONDS
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
        """Yield batches until the deadline, and wake the worker for the remaining items."""
        left = list(items)
        while left and time.monotonic() < deadline and not self._stopped:
            yield left[:BATCH]
            left = left[BATCH:]
        if left:
            self._wake.set()

    def stop(self) -> None:
        """Stop connecting and dropping feeds. A batch that has begun is finished."""
        self._stopped = True

    async def aclose(self) -> None:
        """Cancel the sync that is running."""
        self.stop()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


class Worker:
    """Sends heartbeats until it is closed, and acts on their results."""

    def __init__(
        self,
        registry: WorkerRegistry,
        lease: Lease,
        wake: asyncio.Event,
        *,
        recover: Callable[[], Awaitable[None]],
        feeds: FeedSync | None,
        exit_fenced: Callable[[], None] = EXIT_FENCED,
    ) -> None:
        """Create a worker whose lease is not held yet.

        Setting `wake` triggers an immediate heartbeat. `recover` takes over the notices that no
        live process is sending. `feeds` is None if a single process runs the bot.
        """
        self._registry = registry
        self._lease = lease
        self._wake = wake
        self._recover = recover
        self._feeds = feeds
        self._exit_fenced = exit_fenced
        # Other workers may not have sent a heartbeat yet since the database came back.
        self._detect_stalled_from = 0.0 if lease.single_process else lease.now() + LEASE_SECONDS
        self._next_expiry_at = math.inf  # next expiry of another worker's lease, by `lease.now`
        self._tasks = BackgroundTasks()

    async def heartbeat(self) -> None:
        """Renew the lease, recover stalled workers, and sync the feeds."""
        began = self._lease.now()
        if self._lease.has_lapsed():
            # This process was suspended. Give other suspended workers time for a heartbeat too.
            self._detect_stalled_from = began + LEASE_SECONDS
        feeds = self._feeds
        if feeds is not None and not feeds.begin_heartbeat():
            feeds = None
        result = await self._registry.heartbeat(detect_stalled=began >= self._detect_stalled_from)
        if result is None:
            log.critical("fenced")
            if not self._lease.single_process:
                self._exit_fenced()
            return
        self._lease.renew(began)
        self._next_expiry_at = self._lease.now() + result.next_expiry + EXPIRY_MARGIN_SECONDS
        for stalled in result.stalled:
            self._tasks.start(self._recover_from(stalled), "recover")
        if feeds is not None:
            await feeds.run(result)

    async def start(self) -> None:
        """Send the first heartbeat, and further ones in the background until `aclose`."""
        with suppress(StoreUnavailable):
            await self.heartbeat()
        self._tasks.start(self.run(), "worker")

    async def run(self) -> None:
        """Send a heartbeat every second, and sooner when woken, until cancelled."""
        while True:
            began = self._lease.now()
            self._wake.clear()
            try:
                await self.heartbeat()
            except StoreUnavailable:
                # Other workers had no database either, so give them time for a heartbeat.
                self._detect_stalled_from = self._lease.now() + LEASE_SECONDS
                log.warning("heartbeat_missed")
            except Exception:
                log.exception("heartbeat_failed")
            await asyncio.sleep(began + WAKE_SECONDS - self._lease.now())
            wait = min(began + HEARTBEAT_SECONDS, self._next_expiry_at) - self._lease.now()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait)):
                    await self._wake.wait()

    async def _recover_from(self, stalled: str) -> None:
        try:
            if await self._registry.claim_recovery(stalled):
                await self._recover()
                await self._registry.delete_worker(stalled)
                log.info("worker_recovered", worker=stalled)
        except StoreUnavailable:
            log.warning("recovery_postponed")
        except Exception:
            log.exception("recovery_failed")

    async def stop_claiming(self) -> None:
        """Release the feeds so other workers can claim them immediately. The lease stays valid.

        Call this method after all feeds have been disconnected.
        """
        if self._feeds is not None:
            self._feeds.stop()
        with suppress(StoreUnavailable):
            await self._registry.stop_claiming()

    async def aclose(self) -> None:
        """Stop sending heartbeats and release the lease. Other workers take over the work."""
        await self._tasks.drain(0)
        if self._feeds is not None:
            await self._feeds.aclose()
        try:
            await self._registry.release_lease()
        except StoreUnavailable:
            log.warning("lease_not_released")
