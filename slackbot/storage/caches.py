"""Caches of the repositories. A repository invalidates cached values when it writes.

After a write that changes what Slack shows of a person, the person is also added to the changes.

Reading the database is the slowest part of answering a command. Links are always cached.
Availabilities and pauses are cached only if no other process writes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.model import Availability, EventSlug, Link, Person, SessionId, TeamId
from slackbot.domain.snoozes import Snooze
from slackbot.domain.surfaces import NO_SURFACES, Changes, Surfaces

T = TypeVar("T")

# Seconds for which another process may still use a link that was changed or deleted.
LINK_SECONDS: Final = 10.0
AVAILABILITY_SECONDS: Final = 10.0
# In seconds. A session's title rarely changes.
TITLE_SECONDS: Final = 60.0
MAX_PEOPLE: Final = 4096
MAX_SESSIONS: Final = 1000


class NoChanges:
    """Changes that are not collected. Implements `Changes`."""

    def add(self, person: Person, deleted: Surfaces = NO_SURFACES) -> None:
        """Do nothing."""


class Caches:
    """The caches that the repositories share."""

    def __init__(
        self,
        *,
        single_process: bool,
        clock: Callable[[], float],
        changes: Changes | None = None,
    ) -> None:
        """Create empty caches. `clock` returns seconds."""
        self.changes: Changes = NoChanges() if changes is None else changes
        seconds = AVAILABILITY_SECONDS if single_process else 0.0
        self.links: TtlCache[Person, Link | None] = TtlCache(
            seconds=LINK_SECONDS, capacity=MAX_PEOPLE, clock=clock
        )
        self.availabilities: TtlCache[Person, Availability | None] = TtlCache(
            seconds=seconds, capacity=MAX_PEOPLE, clock=clock
        )
        self.snoozes: TtlCache[Person, Snooze | None] = TtlCache(
            seconds=seconds, capacity=MAX_PEOPLE, clock=clock
        )
        self.titles: TtlCache[tuple[TeamId, EventSlug, SessionId], str] = TtlCache(
            seconds=TITLE_SECONDS, capacity=MAX_SESSIONS, clock=clock
        )

    def invalidate(self, person: Person, deleted: Surfaces = NO_SURFACES) -> None:
        """Drop a person's cached values, and add the person to the changes."""
        self.links.invalidate(person)
        self.availabilities.invalidate(person)
        self.snoozes.invalidate(person)
        self.changes.add(person, deleted)

    def clear(self) -> None:
        """Drop all that is cached of people."""
        self.links.clear()
        self.availabilities.clear()
        self.snoozes.clear()


async def invalidate_after(write: Coroutine[Any, Any, T], invalidate: Callable[[], None]) -> T:
    """Wait for a write, then call `invalidate` even if the write failed.

    Cancelling the caller does not cancel the write, so the caches are still invalidated after it.
    """
    task = asyncio.ensure_future(write)
    task.add_done_callback(lambda _: invalidate())
    return await asyncio.shield(task)
