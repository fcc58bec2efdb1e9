"""Workers, their leases, and the feeds that they share."""

from __future__ import annotations

import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from slackbot.domain.model import FeedHealth, Link, Person, SessionId

LEASE = timedelta(seconds=3)  # a worker without a heartbeat for this long is stalled
HEARTBEAT_SECONDS = 1.0  # interval between two heartbeats
# A worker that started more recently than this gets no feeds from other workers. A killed worker
# restarts within seconds, and it is still starting up when its feeds have to reconnect.
WARM_UP = timedelta(seconds=10)
RECOVERY = timedelta(seconds=5)  # time to recover a stalled worker before another worker may try
# After a downtime of this length, the database may have been restored from a backup.
DOWNTIME = timedelta(minutes=2)
# For this long after rows may have been lost, Slack is searched for the message of a listed match
# before the message is sent.
RECHECK_PERIOD = timedelta(minutes=30)


class Role(StrEnum):
    """The part of the bot that a process runs."""

    RUN = "run"
    WEB = "web"  # serves Slack's requests, holds no feeds
    WORKER = "worker"

    @property
    def holds_feeds(self) -> bool:
        """Return True if a process in this role takes a share of the feeds."""
        return self is not Role.WEB

    @property
    def answers(self) -> bool:
        """Return True if a process in this role handles requests from Slack users."""
        return self is not Role.WORKER


@dataclass(frozen=True, slots=True)
class DesiredFeed:
    """A feed that a person's availability needs."""

    person: Person
    session_id: SessionId
    version: datetime  # changes with every request for the feed
    connected: bool = field(default=False, compare=False)  # as reported to the other workers


@dataclass(frozen=True, slots=True)
class HeartbeatResult:
    """The state of the workers and feeds when a worker sends a heartbeat."""

    owned: tuple[DesiredFeed, ...]  # including feeds that this heartbeat claimed
    taken_over: frozenset[Person]  # claimed by this heartbeat from another worker
    surplus: tuple[Person, ...]  # owned feeds to disconnect and then release
    stalled: tuple[str, ...]  # boot ids of workers whose lease has expired
    remote_health: dict[Person, FeedHealth] | None  # health of others' feeds; None for a worker
    next_expiry: float = LEASE.total_seconds()  # seconds until another worker's lease may expire


class FailoverStore(Protocol):
    """Detection of failovers and older copies, after which the latest rows may be missing."""

    async def recent(self) -> bool:
        """Return True for a while after the database may have lost its latest rows."""


class WorkerRegistry(Protocol):
    """The table of workers, used by one process. Every method may raise `StoreUnavailable`."""

    async def register(self) -> bool:
        """Insert a row for this process, and request the feeds that are missing.

        Returns:
            True if committed rows may be missing because an earlier process did not shut down
            gracefully, or because no process was running for at least `DOWNTIME`.
        """

    async def heartbeat(self, *, detect_stalled: bool) -> HeartbeatResult | None:
        """Renew the lease and claim a fair share of the feeds. Return None if the lease was lost.

        Unless `detect_stalled` is set, no worker is reported as stalled.
        """

    async def living(self) -> frozenset[str]:
        """Return the boot ids of the workers whose notices this process must not take over.

        A stalled worker is included until this process claims its recovery. If another process has
        claimed it, the worker is included until `RECOVERY` has passed.
        """

    async def claim_recovery(self, stalled: str) -> bool:
        """Revoke a stalled worker's lease. Return True if this process should recover its work."""

    async def delete_worker(self, stalled: str) -> None:
        """Delete a stalled worker whose work has been recovered."""

    async def stop_claiming(self) -> None:
        """Release all feeds and stop claiming feeds. The lease remains valid."""

    async def release_lease(self) -> None:
        """Release all feeds and expire the lease, so another worker recovers the unfinished work.

        This is the last write of a process, and it records that the process shut down gracefully.
        """


class DesiredFeeds(Protocol):
    """The table of feeds, used by one process. Every method may raise `StoreUnavailable`."""

    def request(self, link: Link, session_id: SessionId) -> Coroutine[Any, Any, None]:
        """Request a feed. A process that holds feeds claims it unless a live worker owns it.

        Raises:
            NotLinked: The person has been deleted since the link's epoch began.
        """

    async def request_missing(self) -> None:
        """Request a feed for every availability that has none."""

    async def cancel(self, person: Person, version: datetime | None = None) -> None:
        """Delete the request. If a version is given, keep a request that is newer."""

    async def release(self, people: Sequence[Person]) -> None:
        """Release feeds of this process, so other workers can claim them."""

    async def report_health(self, healths: Mapping[Person, FeedHealth]) -> None:
        """Record the health of feeds that this process owns. Other feeds are ignored."""

    async def health(self, person: Person) -> FeedHealth | None:
        """Return the reported health (down if the owner is stalled), or None without a feed."""


def fair_share(feeds: int, holders: int) -> int:
    """Return the number of feeds per holder, rounded up."""
    return math.ceil(feeds / holders) if holders else 0


def surplus(owned: int, share: int) -> int:
    """Return the number of feeds to release. Keep a small surplus to avoid needless reconnects."""
    return owned - share if owned > share + max(1, share // 20) else 0
