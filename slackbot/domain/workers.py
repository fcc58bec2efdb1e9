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
HEARTBEAT_SECONDS = 1.0  # between two heartbeats
# Other workers keep their feeds from a worker younger than this. A killed worker restarts within
# seconds and is still starting when its feeds need to connect.
WARM_UP = timedelta(seconds=10)
RECOVERY = timedelta(seconds=5)  # time to recover a stalled worker before another may try
# After a downtime this long the database may be a restored backup.
DOWNTIME = timedelta(minutes=2)
# For this long after rows may have been lost, a listed match's message is searched for before it
# is sent.
RECHECK_PERIOD = timedelta(minutes=30)


class Role(StrEnum):
    """The part of the bot that a process runs."""

    RUN = "run"
    WEB = "web"  # serves Slack's requests, holds no feeds
    WORKER = "worker"

    @property
    def holds_feeds(self) -> bool:
        """Return whether a process in this role takes its share of the feeds."""
        return self is not Role.WEB

    @property
    def answers(self) -> bool:
        """Return whether a process in this role serves people's requests."""
        return self is not Role.WORKER


@dataclass(frozen=True, slots=True)
class DesiredFeed:
    """A feed that a person's availability needs."""

    person: Person
    session_id: SessionId
    version: datetime  # changes with every request for the feed
    connected: bool = field(default=False, compare=False)  # as far as the other workers know


@dataclass(frozen=True, slots=True)
class HeartbeatResult:
    """The state of workers and feeds at a worker's heartbeat."""

    owned: tuple[DesiredFeed, ...]  # including those claimed by this heartbeat
    taken_over: frozenset[Person]  # claimed by this heartbeat, owned by another worker before
    surplus: tuple[Person, ...]  # owned, to be disconnected and then released
    stalled: tuple[str, ...]  # boot ids of workers whose lease has expired
    remote_health: dict[Person, FeedHealth] | None  # of other workers' feeds; None for a worker
    next_expiry: float = LEASE.total_seconds()  # seconds until another worker's lease may expire


class WorkerRegistry(Protocol):
    """The table of workers, as one process uses it. Every method may raise `StoreUnavailable`."""

    async def register(self) -> bool:
        """Add this process, and request the feeds that are missing.

        Returns:
            True if committed rows may be missing: a process before this one did not stop cleanly,
            or none was alive for as long as `DOWNTIME`.
        """

    async def heartbeat(self, *, detect_stalled: bool) -> HeartbeatResult | None:
        """Renew the lease and claim a fair share of the feeds. Return None if the lease is lost.

        Without `detect_stalled` no worker counts as stalled.
        """

    async def living(self) -> frozenset[str]:
        """Return the boot ids of the workers whose work is theirs.

        Those of a stalled worker are its own until another has claimed its recovery, and from then
        on that worker's to take over; everybody else leaves them alone until `RECOVERY` is over.
        """

    async def claim_recovery(self, stalled: str) -> bool:
        """Revoke a stalled worker's lease. Return whether this process is to recover its work."""

    async def delete_worker(self, stalled: str) -> None:
        """Delete a stalled worker whose work has been recovered."""

    async def stop_claiming(self) -> None:
        """Release all feeds and claim no more. The lease stays valid."""

    async def release_lease(self) -> None:
        """Release all feeds and expire the lease: another worker recovers the unfinished work.

        The last write of a process; it records that the process stopped cleanly.
        """


class DesiredFeeds(Protocol):
    """The table of feeds, as one process uses it. Every method may raise `StoreUnavailable`."""

    def request(self, link: Link, session_id: SessionId) -> Coroutine[Any, Any, None]:
        """Request a feed. A process that holds feeds becomes its owner if no live worker is.

        Raises:
            NotLinked: The person has left since the link's epoch began.
        """

    async def request_missing(self) -> None:
        """Request a feed for every availability that lacks one."""

    async def cancel(self, person: Person, version: datetime | None = None) -> None:
        """Delete the request; given a version, only if there is no newer request."""

    async def release(self, people: Sequence[Person]) -> None:
        """Release feeds of this process for other workers to claim."""

    async def report_health(self, healths: Mapping[Person, FeedHealth]) -> None:
        """Record the health of feeds that this process owns; others are ignored."""

    async def health(self, person: Person) -> FeedHealth | None:
        """Return the health that the owner reported; down if it is stalled, None without a feed."""


def fair_share(feeds: int, holders: int) -> int:
    """Return the number of feeds for each holder, rounded up."""
    return math.ceil(feeds / holders) if holders else 0


def surplus(owned: int, share: int) -> int:
    """Return how many feeds to release. A small surplus is kept: moving a feed reconnects it."""
    return owned - share if owned > share + max(1, share // 20) else 0
