"""Become available, and stop being available."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from slackbot.aio.tasks import KeyedLocks
from slackbot.domain.errors import PlatformError, Refusal, TokenRefused, Unavailable
from slackbot.domain.model import (
    AttendeeStatus,
    Availability,
    FeedHealth,
    Link,
    Person,
    Session,
    State,
)
from slackbot.domain.ports import Clock, MatchFeed, Platform, Store
from slackbot.services.accounts import Accounts
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.matches import Matches
from slackbot.services.sessions import Sessions, about

log = structlog.get_logger(__name__)

FEED_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AvailabilityStatus:
    """Where a person stands."""

    link: Link
    availability: Availability | None
    feed: FeedHealth | None
    confirmed: bool = True
    """False when the platform gave no answer to the last change of status."""

    @property
    def listening(self) -> bool:
        """Whether a match would reach us at once."""
        return self.feed is not None and self.feed.connected


class Availabilities:
    """Everybody's wish to be matched."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        sessions: Sessions,
        matches: Matches,
        watch: FeedMonitor,
        platform: Platform,
        store: Store,
        feed: MatchFeed,
        clock: Clock,
        locks: KeyedLocks[Person],
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._matches = matches
        self._watch = watch
        self._platform = platform
        self._store = store
        self._feed = feed
        self._clock = clock
        self._locks = locks
        self._unconfirmed: set[Person] = set()

    async def status(self, person: Person) -> AvailabilityStatus:
        """Where the person stands, from what is known here: no call to the platform."""
        link = await self._accounts.link(person)
        return await self._standing(link)

    async def _standing(self, link: Link, *, confirmed: bool = True) -> AvailabilityStatus:
        availability = await self._store.availabilities.get(link.person)
        return AvailabilityStatus(link, availability, self._feed.health(link.person), confirmed)

    async def start(self, person: Person, query: str) -> AvailabilityStatus:
        """Join the session that is meant and become available in it.

        Raises:
            SlackbotError: the person is not available.
        """
        async with self._locks.of(person), self._accounts.authorized_link(person) as link:
            session = await self._sessions.find(link, query)
            status = await self._standing(link)
            if self._waits_in(session, status):
                return status
            with about(session):
                await self._platform.join(link, session.id)
                current = status.availability
                if current is not None and current.session_id != session.id:
                    await self._watch.stop_looking(link, current)
                    await self._watch.end(person)
                    current = None
                return await self._start(link, session, current)

    def _waits_in(self, session: Session, status: AvailabilityStatus) -> bool:
        """Whether nothing needs to be done: available there, confirmed, and listening."""
        current = status.availability
        return (
            current is not None
            and current.session_id == session.id
            and current.state is State.AVAILABLE
            and status.listening
            and current.person not in self._unconfirmed
        )

    async def _start(
        self, link: Link, session: Session, current: Availability | None
    ) -> AvailabilityStatus:
        wish = Availability(
            person=link.person,
            event=link.event,
            session_id=session.id,
            session_title=session.title,
            state=State.AVAILABLE,
            since=self._clock.now(),
            session_ends_at=session.ends_at,
        )
        # The feed comes before the status: if somebody is waiting already the platform pairs at
        # once, and an event sent before we listen is gone.
        with self._watch.starting(link.person):
            self._feed.open(link, session.id)
            await self._read_list(link, current or wish, first=current is None)
            await self._feed.wait_connected(link.person, FEED_WAIT_SECONDS)
            await self._store.availabilities.save(wish)
        # From here on a feed that comes up only now says available itself, once this is done.
        confirmed = await self._say_available(link, wish)
        self._watch.keep(link.person)
        # Somebody may have been waiting, so the wish may be fulfilled by now.
        return await self._standing(link, confirmed=confirmed)

    async def _read_list(self, link: Link, wish: Availability, *, first: bool) -> None:
        """What the list shows before a first wish was not missed; after that it was."""
        try:
            if first:
                await self._matches.baseline(link, wish)
            else:
                await self._matches.reconcile(link, wish)
        except TokenRefused:
            raise
        except PlatformError as error:
            log.info("list_unread", reason=error.code)

    async def _say_available(self, link: Link, wish: Availability) -> bool:
        """Whether the platform confirmed; without an answer it may have worked, so we listen."""
        self._unconfirmed.discard(link.person)
        try:
            await self._platform.set_status(link, wish.session_id, AttendeeStatus.AVAILABLE)
        except Refusal:
            await self._watch.end(link.person)
            raise
        except Unavailable as error:
            log.info("available_unconfirmed", reason=error.code)
            self._unconfirmed.add(link.person)
            return False
        return True

    async def pause(self, person: Person) -> AvailabilityStatus:
        """Stop being available. A match made until this moment is still told.

        Until the platform confirms, it may pair the person: so we go on listening, and the watch
        goes on telling it.

        Raises:
            NotLinked: there is no account.
            TokenRefused: the account cannot be spoken for now; it leaves once it can be again.
        """
        async with self._locks.of(person):
            availability = await self._store.availabilities.get(person)
            try:
                async with self._accounts.authorized_link(person) as link:
                    confirmed = availability is None or await self._watch.stop_looking(
                        link, availability
                    )
            except TokenRefused:
                await self._leave_later(availability)
                raise
            if confirmed:
                await self._watch.end(person)
            else:
                await self._leave_later(availability)
        return AvailabilityStatus(link, None if confirmed else availability, None, confirmed)

    async def _leave_later(self, availability: Availability | None) -> None:
        if availability is not None and availability.state is State.AVAILABLE:
            person, session_id = availability.person, availability.session_id
            await self._store.availabilities.set_state(person, session_id, State.LEAVING)
            self._watch.keep(person)
