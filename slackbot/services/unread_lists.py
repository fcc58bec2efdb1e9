"""Retry match lists that could not be read, until the platform responds again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import TokenRefused
from slackbot.domain.model import EventSlug, Link, Person
from slackbot.domain.ports import Clock
from slackbot.domain.stores import StoreUnavailable

log = structlog.get_logger(__name__)

BACKOFF: Final = ExponentialBackoff(1.0, 5.0)  # seconds between attempts for an event
READS_AT_ONCE: Final = 8  # once the platform responds


class UnreadLists:
    """The people whose match list is due, by event.

    Until a list of the event can be read, only one is requested at a time. This avoids a burst of
    requests during an outage.
    """

    def __init__(self, read: Callable[[Person], Awaitable[bool]], clock: Clock) -> None:
        """Start without lists. `read` reads a person's list and returns False if it is due."""
        self._read = read
        self._clock = clock
        self._due: dict[EventSlug, dict[Person, None]] = {}
        self._tasks = BackgroundTasks()
        self._slots = asyncio.Semaphore(READS_AT_ONCE)

    def add(self, link: Link) -> None:
        """Read the list for this link soon, and retry until it can be read."""
        due = self._due.get(link.event)
        if due is None:
            self._due[link.event] = {link.person: None}
            self._tasks.start(self._retry(link.event), "unread_lists")
        else:
            due[link.person] = None

    def discard(self, link: Link) -> None:
        """Remove a list that has been read."""
        self._due.get(link.event, {}).pop(link.person, None)

    async def aclose(self) -> None:
        """Stop reading. The next process reads the lists when its feeds connect."""
        await self._tasks.drain(0)

    async def _retry(self, event: EventSlug) -> None:
        due, tries = self._due[event], 0
        try:
            while due:
                tries += 1
                await self._clock.sleep(BACKOFF.delay(tries))
                if not due:
                    break
                person = next(iter(due))
                del due[person]  # a failed list goes last, since the fault may be the person's own
                if await self._try(person):
                    await asyncio.gather(*map(self._try, list(due)))
                else:
                    due[person] = None
        finally:
            del self._due[event]

    async def _try(self, person: Person) -> bool:
        async with self._slots:
            try:
                return await self._read(person)
            except TokenRefused:
                return True  # it is read when the person connects again
            except StoreUnavailable as error:
                log.info("list_unread", reason=type(error).__name__)
                return False
