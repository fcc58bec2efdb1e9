"""List networking sessions, find the one that is meant, and join it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from slackbot.domain.errors import NoSuchSession, PlatformError, SessionError, TokenRefused
from slackbot.domain.model import Availability, EventSlug, Link, Person, Session, SessionScope
from slackbot.domain.ports import Clock, Platform, Store
from slackbot.domain.sessions import choose, in_order, phase, session_number
from slackbot.services.accounts import Accounts


@contextmanager
def session_errors(session: Session) -> Iterator[None]:
    """Name the session in every platform error but a refused token.

    Raises:
        SessionError: From the platform error.
    """
    try:
        yield
    except TokenRefused:
        raise
    except PlatformError as error:
        raise SessionError(session, error) from error


class View(StrEnum):
    """A list of sessions that a person can ask for."""

    CURRENT = "current"  # live and upcoming; the default
    LIVE = "live"
    UPCOMING = "upcoming"
    PAST = "past"
    MINE = "mine"


@dataclass(frozen=True, slots=True)
class Listing:
    """Sessions in display order, with what their buttons depend on."""

    event: EventSlug
    view: View
    sessions: tuple[Session, ...]
    availability: Availability | None


class Sessions:
    """The sessions of the event that a person is linked to."""

    def __init__(
        self, *, accounts: Accounts, platform: Platform, store: Store, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._platform = platform
        self._store = store
        self._clock = clock

    async def listing(self, person: Person, view: View) -> Listing:
        """List the sessions of a view, live ones first."""
        async with self._accounts.authorized_link(person) as link:
            sessions = await self._fetch(link, view)
        now = self._clock.now()
        if view in {View.LIVE, View.UPCOMING, View.PAST}:
            sessions = [s for s in sessions if phase(s, now) == view.value]
        elif view is View.CURRENT:
            sessions = [s for s in sessions if phase(s, now) is not SessionScope.PAST]
        availability = await self._store.availabilities.get(person)
        return Listing(link.event, view, tuple(in_order(sessions, now)), availability)

    async def _fetch(self, link: Link, view: View) -> list[Session]:
        if view is View.MINE:
            return await self._platform.registered_sessions(link)
        if view is View.CURRENT:
            live, upcoming = await asyncio.gather(
                self._platform.sessions(link, SessionScope.LIVE),
                self._platform.sessions(link, SessionScope.UPCOMING),
            )
            # The platform decides what is live, so its own list of those comes last and wins.
            return list({s.id: s for s in (*upcoming, *live)}.values())
        return await self._platform.sessions(link, SessionScope(view.value))

    async def find(self, link: Link, query: str) -> Session:
        """Find the session meant by an id, by words of its title, or by an empty query.

        An id that is in no list is returned as it is: the platform itself answers for it.

        Raises:
            NoSuchSession, AmbiguousSession, NothingLive: As in `domain.sessions.choose`.
        """
        now = self._clock.now()
        live = await self._platform.sessions(link, SessionScope.LIVE)
        try:
            return choose(live, query, now)
        except NoSuchSession:
            everything = await self._platform.sessions(link, SessionScope.UPCOMING)
        try:
            return choose(everything, query, now)
        except NoSuchSession:
            number = session_number(query)
            if number is None:
                raise
            return Session(id=number, title=f"Session {number}")

    async def join(self, person: Person, query: str) -> Session:
        """Register for the session that is meant. Joining again gives the same result.

        Raises:
            SlackbotError: Nothing was joined.
        """
        async with self._accounts.authorized_link(person) as link:
            session = await self.find(link, query)
            with session_errors(session):
                await self._platform.join(link, session.id)
        return session
