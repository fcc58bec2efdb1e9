"""List networking sessions, find one by a query, and join it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

import structlog

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import (
    AmbiguousSession,
    EventNotFound,
    NoSuchSession,
    NothingLive,
    NotLinked,
    OtherEvent,
    PlatformError,
    SessionError,
    TokenRefused,
)
from slackbot.domain.feed_polling import is_long_over
from slackbot.domain.model import (
    Availability,
    EventSlug,
    Link,
    Person,
    Session,
    SessionId,
    SessionScope,
)
from slackbot.domain.plans import planned
from slackbot.domain.ports import Clock, Platform
from slackbot.domain.sessions import (
    SessionFilter,
    SessionQuery,
    choose,
    in_order,
    is_certain,
    linked_event,
    phase,
)
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import Changes
from slackbot.services.accounts import Accounts

log = structlog.get_logger(__name__)

# How long a session counts as live for all people after the platform listed it for one of them.
LIVE_AGE = timedelta(seconds=30)
# How long, and of how many people, it is known that they have just joined a session.
JOINED_SECONDS = 600.0
MAX_PEOPLE = 4096
EVERY_SESSION = SessionFilter()


@contextmanager
def session_errors(session: Session) -> Iterator[None]:
    """Turn every platform error except a refused token into a `SessionError`."""
    try:
        yield
    except TokenRefused:
        raise
    except PlatformError as error:
        raise SessionError(session, error) from error


class View(StrEnum):
    """A list of sessions that a person can request."""

    CURRENT = "current"  # live and upcoming; the default
    LIVE = "live"
    UPCOMING = "upcoming"
    PAST = "past"
    MINE = "mine"


@dataclass(frozen=True, slots=True)
class Listing:
    """Sessions in display order, with the data that their buttons need."""

    event: EventSlug
    view: View
    sessions: tuple[Session, ...]
    availability: Availability | None
    # Sessions of the view that the filter left out.
    left_out: int = 0


@dataclass(eq=False, repr=False, kw_only=True)
class Sessions:
    """The sessions of the event that a person is linked to."""

    accounts: Accounts
    platform: Platform
    store: Store
    clock: Clock
    changes: Changes
    # Until when a session that the platform listed as live counts as live.
    _live_until: dict[tuple[EventSlug, SessionId], datetime] = field(
        default_factory=dict, init=False
    )

    def __post_init__(self) -> None:
        self._joined = TtlCache[Person, datetime](seconds=JOINED_SECONDS, capacity=MAX_PEOPLE)

    async def is_over(self, link: Link, availability: Availability) -> bool:
        """Return whether a session whose scheduled end has passed is over.

        The platform decides. If it does not respond, the session counts as over after a while.

        Raises:
            TokenRefused: The token is no longer accepted.
        """
        now, session = self.clock.now(), (link.event, availability.session_id)
        if self._live_until.get(session, now) > now:
            return False
        try:
            live = await self.platform.sessions(link, SessionScope.LIVE)
        except TokenRefused:
            raise
        except EventNotFound:
            return True
        except PlatformError as error:
            log.info("session_end_unknown", reason=error.code)
            return is_long_over(availability.session_ends_at, now)
        self._live_until = {key: end for key, end in self._live_until.items() if end > now}
        self._live_until |= {(link.event, each.id): now + LIVE_AGE for each in live}
        return session not in self._live_until

    async def listing(
        self,
        person: Person,
        view: View,
        only: SessionFilter = EVERY_SESSION,
        zone: tzinfo | None = None,
        *,
        unasked: bool = False,
    ) -> Listing:
        """List the sessions of a view that the filter keeps, live ones first.

        The days of the filter are those of `zone`. It is `unasked` if the person waits for nothing.
        """
        async with self.accounts.authorized_link(person, unasked=unasked) as link:
            if view is View.MINE:
                sessions = await self.platform.registered_sessions(link)
            elif view is View.CURRENT:
                live, upcoming = await asyncio.gather(
                    self.platform.sessions(link, SessionScope.LIVE),
                    self.platform.sessions(link, SessionScope.UPCOMING),
                )
                # The platform decides what is live, so its live list overrides the others.
                sessions = list({s.id: s for s in (*upcoming, *live)}.values())
            else:
                sessions = await self.platform.sessions(link, SessionScope(view.value))
        now = self.clock.now()
        if view is View.CURRENT:
            sessions = [s for s in sessions if phase(s, now) is not SessionScope.PAST]
        elif view is not View.MINE:
            sessions = [s for s in sessions if phase(s, now) == view.value]
        kept = [s for s in sessions if only.keeps(s, now, zone)]
        availability = await self.store.availabilities.get(person)
        left_out = len(sessions) - len(kept)
        return Listing(link.event, view, tuple(in_order(kept, now)), availability, left_out)

    async def find(self, link: Link, query: str) -> Session:
        """Return the session that matches the query. Raise the errors of `domain.sessions.choose`.

        The id of a keynote or a workshop is refused. An id that is not in any list is returned
        unchecked, because the platform decides whether it exists.

        Raises:
            OtherEvent: The query is a link to a session of another event.
        """
        now, event = self.clock.now(), linked_event(query)
        if event and event.casefold() != link.event.casefold():
            raise OtherEvent(event)
        asked, upcoming = SessionQuery.read(query), list[Session]()
        live = await self.platform.sessions(link, SessionScope.LIVE)
        if not (asked.is_empty or is_certain(live, asked)):
            upcoming = await self.platform.sessions(link, SessionScope.UPCOMING)
        try:
            return choose(live, asked, now, upcoming)
        except NoSuchSession:
            if asked.number is None:
                raise
            others = await self.platform.other_sessions(link)
            if title := next((each.title for each in others if each.id == asked.number), ""):
                raise NoSuchSession(query, other=title) from None
            return Session(id=asked.number, title=f"Session {asked.number}")

    async def named(self, link: Link, query: str) -> Sequence[Session]:
        """Return the sessions that the query may name, or none if the platform does not answer.

        Raises:
            TokenRefused: The token is no longer accepted.
        """
        try:
            return [await self.find(link, query)]
        except TokenRefused:
            raise
        except AmbiguousSession as error:
            return error.candidates
        except (NoSuchSession, NothingLive, PlatformError):
            return []

    def last_joined(self, person: Person) -> datetime | None:
        """Return when the person has joined a session by way of the bot, if that was lately."""
        return self._joined.peek(person)

    async def register(self, link: Link, session: Session) -> None:
        """Register for the session. Registering again is harmless."""
        await self.platform.join(link, session.id)
        self._joined.put(link.person, self.clock.now())
        self.changes.add(link.person)
        # If this fails, the platform is asked within a quarter of an hour.
        with suppress(StoreUnavailable, NotLinked):
            if (plan := planned(link, session, joined=True)) is not None:
                await self.store.plans.save([plan])

    async def join(self, person: Person, query: str) -> Session:
        """Register for the session that matches the query. Joining again is harmless."""
        async with self.accounts.authorized_link(person) as link:
            session = await self.find(link, query)
            with session_errors(session):
                await self.register(link, session)
        return session
