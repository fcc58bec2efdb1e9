"""Repositories that cache reads, and invalidate what they cached when they write.

The database is slower than all the rest of an answer to a command. Links are cached on every
database, availabilities where no other process writes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.model import (
    Availability,
    EventSlug,
    Link,
    Match,
    Person,
    SessionId,
    State,
    TeamId,
)
from slackbot.storage.availabilities import Availabilities
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.links import Links
from slackbot.storage.matches import Matches
from slackbot.storage.people import People

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
        """Drop what is cached of a person."""
        self.links.invalidate(person)
        self.availabilities.invalidate(person)

    def clear(self) -> None:
        """Drop what is cached of everybody."""
        self.links.clear()
        self.availabilities.clear()


async def _finish(write: Coroutine[Any, Any, T], then: Callable[[], None]) -> T:
    """Wait for a write and then invalidate, whether or not the write failed.

    A cancelled caller does not cancel the write, so the caches are invalidated afterwards too.
    """
    task = asyncio.ensure_future(write)
    task.add_done_callback(lambda _: then())
    return await asyncio.shield(task)


class CachedLinks:
    """A `LinkStore` that caches links."""

    def __init__(self, links: Links, caches: Caches) -> None:
        self._links = links
        self._caches = caches

    async def get(self, person: Person, *, fresh: bool = False) -> Link | None:
        """Return the person's link. It may be some seconds old unless `fresh`."""
        if fresh:
            self._caches.links.invalidate(person)
        return await self._caches.links.get(person, lambda: self._links.get(person))

    async def get_many(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """Return the current links of these people, and cache them."""
        return await self._caches.links.refresh(people, lambda: self._links.get_many(people))

    async def save(self, link: Link) -> None:
        """Insert or replace a link; it may delete the person's availability."""
        await self._write(link.person, self._links.save(link))

    async def mark_refused(self, person: Person, at: datetime) -> bool:
        """Record that the token was refused. True only for the first to record it."""
        return await self._write(person, self._links.mark_refused(person, at))

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack takes no message to the person; None if it takes them again."""
        await self._write(person, self._links.set_unreachable(person, reason))

    async def _write(self, person: Person, write: Coroutine[Any, Any, T]) -> T:
        return await _finish(write, lambda: self._caches.invalidate(person))


class CachedPeople:
    """A `PeopleStore` that invalidates what is cached of those it deletes."""

    def __init__(self, people: People, caches: Caches) -> None:
        self._people = people
        self._caches = caches

    async def forget(self, person: Person) -> bool:
        """Delete all rows of the person. True if there was a link."""
        forgetting = self._people.forget(person)
        return await _finish(forgetting, lambda: self._caches.invalidate(person))

    async def forget_workspace(self, team: TeamId) -> None:
        """Delete all rows of the workspace."""
        await _finish(self._people.forget_workspace(team), self._caches.clear)


class CachedAvailabilities:
    """An `AvailabilityStore` that caches availabilities and titles of sessions."""

    def __init__(self, availabilities: Availabilities, caches: Caches) -> None:
        self._availabilities = availabilities
        self._cache = caches.availabilities
        self._titles = caches.titles

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability."""
        return await self._cache.get(person, lambda: self._availabilities.get(person))

    async def list_all(self, team: TeamId) -> list[Availability]:
        """Return the availabilities of the workspace, oldest first."""
        return await self._availabilities.list_all(team)

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """Return the title that an availability of the workspace gave the session, or ""."""
        session = (person.team, event, session_id)
        title = self._titles.peek(session)
        if title is None:
            title = await self._availabilities.session_title(person, event, session_id)
            if title:
                self._titles.put(session, title)
        return title

    async def save(self, availability: Availability) -> None:
        """Insert or replace an availability."""
        await self._write(availability.person, self._availabilities.save(availability))

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state if the person is still available in this session; else False."""
        return await self._write(person, self._availabilities.set_state(person, session_id, state))

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. True only for the caller that deleted it."""
        return await self._write(person, self._availabilities.end(person))

    async def _write(self, person: Person, write: Coroutine[Any, Any, T]) -> T:
        return await _finish(write, lambda: self._cache.invalidate(person))


class InvalidatingMatches(Matches):
    """Matches that invalidate the cached availability if a new match changes it."""

    def __init__(self, database: Database, cipher: Cipher, caches: Caches) -> None:
        super().__init__(database, cipher)
        self._availabilities = caches.availabilities

    async def add(self, match: Match) -> bool:
        """Add a match; False if its id, or its (partner, ordinal), already exists."""

        def invalidate() -> None:
            cached = self._availabilities.peek(match.person)
            state = (cached.session_id, cached.state) if cached is not None else None
            if state != (match.session_id, State.IN_MEETING):
                self._availabilities.invalidate(match.person)

        return await _finish(super().add(match), invalidate)
