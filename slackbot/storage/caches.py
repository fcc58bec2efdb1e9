"""Caches of the repositories. A repository invalidates cached values when it writes.

Reading the database is the slowest part of answering a command. Links are always cached, and
availabilities are cached only if no other process writes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.model import Availability, EventSlug, Link, Person, SessionId, TeamId

T = TypeVar("T")

# Seconds for which another process may still use a link that was changed or deleted.
LINK_SECONDS: Final = 10.0
AVAILABILITY_SECONDS: Final = 10.0
# In seconds. A session's title rarely changes.
TITLE_SECONDS: Final = 60.0
MAX_PEOPLE: Final = 4096
MAX_SESSIONS: Final = 1000


class Caches:
    """The caches that the repositories share."""

    def __init__(self, *, single_process: bool, clock: Callable[[], float]) -> None:
        """Create empty caches. `clock` returns seconds."""
        seconds = AVAILABILITY_SECONDS if single_process else 0.0
        self.links: TtlCache[Person, Link | None] = TtlCache(
            seconds=LINK_SECONDS, capacity=MAX_PEOPLE, clock=clock
        )
        self.availabilities: TtlCache[Person, Availability | None] = TtlCache(
            seconds=seconds, capacity=MAX_PEOPLE, clock=clock
        )
        self.titles: TtlCache[tuple[TeamId, EventSlug, SessionId], str] = TtlCache(
            seconds=TITLE_SECONDS, capacity=MAX_SESSIONS, clock=clock
        )

    def invalidate(self, person: Person) -> None:
        """Drop a person's cached values."""
        self.links.invalidate(person)
        self.availabilities.invalidate(person)

    def clear(self) -> None:
        """Drop all cached links and availabilities."""
        self.links.clear()
        self.availabilities.clear()


async def invalidate_after(write: Coroutine[Any, Any, T], invalidate: Callable[[], None]) -> T:
    """Wait for a write, then call `invalidate` even if the write failed.

    Cancelling the caller does not cancel the write, so the caches are still invalidated after it.
    """
    task = asyncio.ensure_future(write)
    task.add_done_callback(lambda _: invalidate())
    return await asyncio.shield(task)
