"""The worker: renews the lease of this process, holds its share of the feeds, recovers others.

A process whose lease has lapsed stops sending, since others may have recovered its work. When they
have, it exits. While the database is away nobody can recover anything, so feeds stay connected,
and work goes on when the database is back (ADR 7).
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.delivery.feed_sync import FeedSync
from slackbot.delivery.lease import LEASE_SECONDS, Lease
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.workers import HEARTBEAT_SECONDS, WorkerRegistry

log = structlog.get_logger(__name__)

FENCED: Final = 70  # exit status of a process whose work others have recovered (EX_SOFTWARE)
WAKE_SECONDS: Final = 0.1  # shortest time between heartbeats, however often the worker is woken
EXPIRY_MARGIN_SECONDS: Final = 0.02  # from the end of another worker's lease until a look at it


def exit_fenced() -> None:
    """Exit at once: whatever this process still did might be done twice."""
    os._exit(FENCED)


class Worker:
    """Sends heartbeats until it is closed, and acts on what they return."""

    def __init__(
        self,
        registry: WorkerRegistry,
        lease: Lease,
        wake: asyncio.Event,
        *,
        recover: Callable[[str], Awaitable[bool]],
        feeds: FeedSync | None,
        exit_fenced: Callable[[], None] = exit_fenced,
    ) -> None:
        """Create a worker whose lease is not held yet.

        `wake` is set by others for a heartbeat at once. `recover` takes over the notices of a
        stalled worker and returns whether none is left. A single process has no `feeds` to share.
        """
        self._registry = registry
        self._lease = lease
        self._wake = wake
        self._recover = recover
        self._feeds = feeds
        self._exit_fenced = exit_fenced
        # The others may be about to send their first heartbeat since the database came back.
        self._detect_stalled_from = 0.0 if lease.single_process else lease.now() + LEASE_SECONDS
        self._next_expiry_at = math.inf  # when another worker's lease may expire, by `lease.now`
        self._tasks = BackgroundTasks()

    async def heartbeat(self) -> None:
        """Renew the lease, recover stalled workers, and sync the feeds."""
        began = self._lease.now()
        if self._lease.has_lapsed():
            # This process was suspended: give those suspended with it time for a heartbeat too.
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
                # The others had no database either: give them time for a heartbeat.
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
            if await self._registry.claim_recovery(stalled) and await self._recover(stalled):
                await self._registry.delete_worker(stalled)
                log.info("worker_recovered", worker=stalled)
        except StoreUnavailable:
            log.warning("recovery_postponed")
        except Exception:
            log.exception("recovery_failed")

    async def stop_claiming(self) -> None:
        """Release the feeds for others to claim at once; the lease stays valid.

        Call it when nothing is connected any more.
        """
        if self._feeds is not None:
            self._feeds.stop()
        with suppress(StoreUnavailable):
            await self._registry.stop_claiming()

    async def aclose(self) -> None:
        """Stop sending heartbeats, and leave what is unfinished to the others."""
        await self._tasks.drain(0)
        if self._feeds is not None:
            await self._feeds.aclose()
        try:
            await self._registry.release_lease()
        except StoreUnavailable:
            log.warning("lease_not_released")
