"""The sessions that Home shows, from lists of the platform that are kept for a while.

The open sessions are the same for everybody, so one list is kept for each event. What somebody has
joined is kept for each person and event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks, SingleFlight
from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import NotLinked, PlatformError, TokenRefused
from slackbot.domain.model import Epoch, EventSlug, Link, Person, Session, SessionScope, TeamId
from slackbot.domain.ports import Clock
from slackbot.domain.sessions import in_order, phase
from slackbot.domain.surfaces import Changes
from slackbot.services.sessions import Sessions, View

log = structlog.get_logger(__name__)

SHOWN: Final = 3  # of the live sessions, of the next ones and of the matches
READ_SECONDS: Final = 1.5  # how long Home waits for the platform's lists
READS_AT_ONCE: Final = 4
KEPT_SECONDS: Final = 600.0  # how long lists are shown while the platform does not answer
MAX_LISTS: Final = 8192
# Attempts at a list whose first reader's login is refused: the second one is the person's own.
ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class Ages:
    """How old lists may be: that of the event, the person's own, and one that could not be read."""

    event: timedelta
    own: timedelta
    unread: timedelta


# For a person who waits, and for changes that nobody pressed for.
PRESSED: Final = Ages(timedelta(seconds=5), timedelta(), timedelta())
CHANGED: Final = Ages(timedelta(seconds=30), timedelta(minutes=5), timedelta(seconds=30))


@dataclass(frozen=True, slots=True)
class Programme:
    """The sessions that concern a person now. `is_known` is False if they could not be read."""

    live: tuple[Session, ...] = ()
    joined: tuple[Session, ...] = ()  # those that start later
    read_at: datetime | None = None  # None before the first time
    is_known: bool = True


NO_PROGRAMME: Final = Programme()


@dataclass(frozen=True, slots=True)
class _Event:
    """Identifies the list of an event's open sessions."""

    team: TeamId
    event: EventSlug


@dataclass(frozen=True, slots=True)
class _Own:
    """Identifies the list of the sessions that a person has joined."""

    person: Person
    epoch: Epoch
    event: EventSlug


Reading = asyncio.Task[Person | None]


@dataclass(frozen=True, slots=True)
class _List:
    tried_at: datetime
    sessions: tuple[Session, ...] = ()
    read_at: datetime | None = None
    is_known: bool = True


@dataclass(eq=False, repr=False, kw_only=True)
class Programmes:
    """Reads programmes, a few at once, and keeps them."""

    sessions: Sessions
    clock: Clock
    background: BackgroundTasks
    changes: Changes

    def __post_init__(self) -> None:
        self._lists = TtlCache[_Event | _Own, _List](seconds=KEPT_SECONDS, capacity=MAX_LISTS)
        self._reads = SingleFlight[_Event | _Own, Person | None](self.background, "read_programme")
        self._slots = asyncio.Semaphore(READS_AT_ONCE)

    def get(self, link: Link) -> Programme:
        """Return what is known, without calling the platform."""
        event, own = _keys(link)
        never = _List(self.clock.now())
        listed, joined = self._lists.peek(event) or never, self._lists.peek(own) or never
        now, mine = self.clock.now(), {session.id for session in joined.sessions}
        live = [replace(session, registered=session.id in mine) for session in listed.sessions]
        known = {session.id for session in live}
        live += [
            session
            for session in joined.sessions
            if session.id not in known and _is_unlisted(session, listed.read_at)
        ]
        upcoming = [s for s in joined.sessions if phase(s, now) is SessionScope.UPCOMING]
        return Programme(
            live=tuple(in_order([s for s in live if phase(s, now) is SessionScope.LIVE], now)),
            joined=tuple(in_order(upcoming, now)[:SHOWN]),
            read_at=listed.read_at and joined.read_at,
            is_known=listed.is_known and joined.is_known,
        )

    async def refresh(self, link: Link, ages: Ages) -> None:
        """Read the lists that are older than these ages.

        What is not read within `READ_SECONDS` is shown by a change when it arrives.
        """
        asked_at, reads = self.clock.now(), dict[_Event | _Own, Reading]()
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_SECONDS):
                for _ in range(ATTEMPTS):
                    reads = {
                        key: self._reads.start(key, partial(self._read, key, link, view))
                        for key, view in _keys(link).items()
                        if self._is_old(key, ages, asked_at)
                    }
                    if not reads:
                        return
                    await asyncio.wait(reads.values())
                    if link.person in {reading.result() for reading in reads.values()}:
                        return
        for key, reading in reads.items():
            if not reading.done():
                self._keep_unread(key, asked_at)
                reading.add_done_callback(lambda _: self.changes.add(link.person))

    def _is_old(self, key: _Event | _Own, ages: Ages, asked_at: datetime) -> bool:
        known = self._lists.peek(key)
        if known is None:
            return True
        age = ages.event
        if isinstance(key, _Own):
            age, joined_at = ages.own, self.sessions.last_joined(key.person)
            if joined_at is not None and known.tried_at < joined_at:
                return True
        return known.tried_at < asked_at - (age if known.is_known else ages.unread)

    async def _read(self, key: _Event | _Own, link: Link, view: View) -> Person | None:
        """Read a list, and return the person if their login was refused.

        That says nothing about the list, which somebody else may read.
        """
        async with self._slots:
            tried_at = self.clock.now()
            try:
                listing = await self.sessions.listing(link.person, view, unasked=True)
            except (NotLinked, TokenRefused):
                return link.person
            except PlatformError as error:
                log.info("programme_unread", reason=error.code)
                self._keep_unread(key, tried_at)
                return None
        if listing.event == link.event:
            kept = [s for s in listing.sessions if isinstance(key, _Own) or not s.private]
            self._lists.put(key, _List(tried_at, tuple(kept), self.clock.now()))
        return None

    def _keep_unread(self, key: _Event | _Own, tried_at: datetime) -> None:
        known = self._lists.peek(key) or _List(tried_at)
        self._lists.put(key, replace(known, tried_at=tried_at, is_known=False))


def _keys(link: Link) -> Mapping[_Event | _Own, View]:
    """Return the lists that make up a person's programme, that of the event first."""
    event = _Event(link.person.team, link.event)
    return {event: View.LIVE, _Own(link.person, link.person_epoch, link.event): View.MINE}


def _is_unlisted(session: Session, listed_at: datetime | None) -> bool:
    """Return whether a joined session may be open although the event's list does not have it.

    That list has no private sessions, and none that have started since it was read.
    """
    is_new = listed_at is None or (session.starts_at is not None and session.starts_at > listed_at)
    return session.private or is_new
