"""The caches of the repositories, which invalidate what they cached when they write.

The database is slower than all the rest of an answer to a command. Links are cached on every
database, availabilities where no other process writes them.
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
# A session's title hardly ever changes. In seconds.
TITLE_SECONDS: Final = 60.0
MAX_PEOPLE: Final = 4096
MAX_SESSIONS: Final = 1000


class Caches:
    """The caches that the repositories share."""

    def __init__(self, *, single_process: bool, clock: Callable[[], float]) -> None:
        """`clock` counts seconds."""
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
        """Drop the cached values of a person."""
        self.links.invalidate(person)
        self.availabilities.invalidate(person)

    def clear(self) -> None:
        """Drop all cached links and availabilities."""
        self.links.clear()
        self.availabilities.clear()


async def invalidate_after(write: Coroutine[Any, Any, T], invalidate: Callable[[], None]) -> T:
    """Wait for a write and then invalidate, whether or not the write failed.

    A cancelled caller does not cancel the write, so the caches are invalidated afterwards too.
    """
    task = asyncio.ensure_future(write)
    task.add_done_callback(lambda _: invalidate())
    return await asyncio.shield(task)
