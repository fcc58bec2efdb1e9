"""Who holds which feed: workers, their leases, and the feeds that are wanted."""

from __future__ import annotations

import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from slackbot.domain.model import FeedHealth, Person, SessionId

LEASE = timedelta(seconds=3)
"""How long a worker is taken to live after it last said so."""
BEAT_SECONDS = 1.0
"""How often it says so."""
SETTLED = timedelta(seconds=10)
"""How long a worker is up before the others leave feeds to it. One that was killed is back within
seconds, and busy with its start just when its feeds wait to be connected."""
RECOVERY = timedelta(seconds=5)
"""How long one worker has for taking over from a dead one before another may try."""


class Role(StrEnum):
    """What a process does."""

    RUN = "run"
    WEB = "web"
    """Answers Slack; holds no feeds."""
    WORKER = "worker"

    @property
    def holds_feeds(self) -> bool:
        """Whether it takes its share of the feeds."""
        return self is not Role.WEB

    @property
    def answers(self) -> bool:
        """Whether people ask it how their feed is."""
        return self is not Role.WORKER


@dataclass(frozen=True, slots=True)
class DesiredFeed:
    """A feed that somebody's wish needs. `version` changes whenever it is asked for anew."""

    person: Person
    session_id: SessionId
    version: datetime
    connected: bool = field(default=False, compare=False)
    """Whether the others take it to be up."""


@dataclass(frozen=True, slots=True)
class HeartbeatResult:
    """What a worker finds when it renews its lease."""

    mine: tuple[DesiredFeed, ...]
    """The feeds it owns, those it took just now included."""
    taken_over: frozenset[Person]
    """Those of them that it took just now and that another worker owned before."""
    surplus: tuple[Person, ...]
    """Those it is to let go: disconnect first, then `release`."""
    dead: tuple[str, ...]
    """Workers whose lease has lapsed."""
    health: dict[Person, FeedHealth] | None
    """How the feeds of others are, as they say; None where nobody asks."""
    lapse: float = LEASE.total_seconds()
    """In how many seconds the first of the others' leases lapses unless it is renewed."""


class Leases(Protocol):
    """The table of workers and feeds. Each method may raise `StoreUnavailable`."""

    async def register(self) -> timedelta | None:
        """Become a worker; how long before that the last one was alive, None if there was none."""
        ...

    async def heartbeat(self, *, judge: bool) -> HeartbeatResult | None:
        """Renew the lease; None when it is lost. Without `judge` nobody counts as dead."""
        ...

    def request_feed(self, person: Person, session_id: SessionId) -> Coroutine[Any, Any, None]:
        """Ask for a feed; who holds feeds takes it at once unless a living worker has it."""
        ...

    async def request_missing_feeds(self) -> None:
        """Ask for the feeds of standing wishes that have none, whatever became of them."""
        ...

    async def cancel_feed(self, person: Person, version: datetime | None = None) -> None:
        """The feed is no longer needed; given a version, only if it was not asked for since."""
        ...

    async def release(self, people: Sequence[Person]) -> None:
        """Give feeds up, to be taken by others."""
        ...

    async def note(self, healths: Mapping[Person, FeedHealth]) -> None:
        """Tell the others how feeds of ours are."""
        ...

    async def health(self, person: Person) -> FeedHealth | None:
        """How a feed is, as its owner says; down while that is dead, None when not wanted."""
        ...

    async def claim_recovery(self, dead: str) -> bool:
        """Whether it is us who take over from a dead worker."""
        ...

    async def delete_worker(self, dead: str) -> None:
        """Forget a dead worker from whom everything was taken over."""
        ...

    async def retire(self) -> None:
        """Give up all feeds and take no more; the lease still stands."""
        ...

    async def leave(self) -> None:
        """Let the lease lapse at once: whoever is left takes over what is unfinished."""
        ...


def fair_share(feeds: int, holders: int) -> int:
    """How many feeds each is to have; together never fewer than there are."""
    return math.ceil(feeds / holders) if holders else 0


def surplus(mine: int, share: int) -> int:
    """How many to let go. A few too many are kept: moving a feed costs a reconnection."""
    return mine - share if mine > share + max(1, share // 20) else 0
