"""Start and pause a person's availability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import structlog

from slackbot.domain.errors import (
    AvailableElsewhere,
    NotLinked,
    Refusal,
    TokenRefused,
    Unavailable,
)
from slackbot.domain.matching import of_account
from slackbot.domain.model import (
    AttendeeStatus,
    Availability,
    FeedHealth,
    Link,
    Match,
    Person,
    Session,
    Source,
    State,
)
from slackbot.domain.ports import Clock, MatchFeed, Platform, Store
from slackbot.domain.sessions import names_session, session_number
from slackbot.services.accounts import Accounts
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.leaving import Leaving
from slackbot.services.matches import Matches
from slackbot.services.notices import SENT
from slackbot.services.sessions import Sessions, session_errors

log = structlog.get_logger(__name__)

FEED_WAIT_SECONDS = 10.0


class NoticeState(Enum):
    """Whether Slack accepted the message of a match."""

    PENDING = auto()
    SENT = auto()
    NOT_SENT = auto()


@dataclass(frozen=True, slots=True)
class AvailabilityStatus:
    """A person's link, availability and feed."""

    link: Link
    availability: Availability | None
    feed: FeedHealth | None
    confirmed: bool = True  # False if the platform did not confirm the last status change
    notice: NoticeState = NoticeState.SENT  # of the matches, while the person is in a meeting

    @property
    def is_connected(self) -> bool:
        """True while the feed is connected and matches arrive immediately."""
        return self.feed is not None and self.feed.connected


@dataclass(eq=False, repr=False, kw_only=True)
class Availabilities:
    """Starts, pauses and reports people's availability."""

    accounts: Accounts
    sessions: Sessions
    matches: Matches
    monitor: FeedMonitor
    leaving: Leaving
    platform: Platform
    store: Store
    feed: MatchFeed
    clock: Clock
    _unconfirmed: set[Person] = field(default_factory=set, init=False)

    async def status(self, person: Person) -> AvailabilityStatus:
        """Return the person's stored status, without calling the platform."""
        return await self._status(await self.accounts.link(person))

    async def _status(self, link: Link, *, confirmed: bool = True) -> AvailabilityStatus:
        availability = await self.store.availabilities.get(link.person)
        notice = NoticeState.SENT
        if availability is not None and availability.state is State.IN_MEETING:
            session_id = availability.session_id
            known = await self.store.matches.list_for(link.person, link.event, session_id)
            notice = _notice_state(of_account(link.account, known))
        ends_at = availability.session_ends_at if availability is not None else None
        if availability is not None and ends_at is not None and ends_at <= self.clock.now():
            # The session continues, so its end was read incorrectly or has been moved.
            availability = replace(availability, session_ends_at=None)
        feed = self.feed.health(link.person)
        return AvailabilityStatus(link, availability, feed, confirmed, notice)

    async def start(self, person: Person, query: str) -> AvailabilityStatus:
        """Join the session that matches the query and become available in it."""
        async with self.accounts.locks.of(person), self.accounts.authorized_link(person) as link:
            session = await self.sessions.find(link, query)
            status = await self._status(link)
            current = status.availability
            if (
                current is not None
                and current.session_id == session.id
                and current.state is State.AVAILABLE
                and status.is_connected
                and person not in self._unconfirmed
            ):
                return status
            with session_errors(session):
                await self.platform.join(link, session.id)
                if current is not None and current.session_id != session.id:
                    await self.leaving.leave_surely(link, current)
                    await self.matches.reconcile(link, current)
                    await self.monitor.end(person)
                    current = None
                return await self._start(link, session, current)

    async def _start(
        self, link: Link, session: Session, current: Availability | None
    ) -> AvailabilityStatus:
        availability = Availability(
            person=link.person,
            person_epoch=link.person_epoch,
            event=link.event,
            session_id=session.id,
            session_title=session.title,
            state=State.AVAILABLE,
            since=self.clock.now(),
            session_ends_at=session.ends_at,
        )
        # Connect the feed first. If another attendee is already waiting, the platform pairs them
        # immediately, and an event that is sent before the feed is connected is lost.
        with self.monitor.starting(link.person):
            self.feed.open(link, session.id)
            # Matches listed before the person first becomes available were not missed.
            if current is None:
                if await self.matches.baseline(link, availability):
                    availability = replace(availability, baseline_at=self.clock.now())
            else:
                await self.matches.reconcile(link, current)
            await self.feed.wait_connected(link.person, FEED_WAIT_SECONDS)
            try:
                await self.store.availabilities.save(availability)
            except NotLinked:
                await self.feed.close(link.person)
                raise
            await self.leaving.come_back(link.person, session.id)
        # If the feed connects only after this point, the monitor sets the status again.
        confirmed = await self._set_available(link, session)
        await self._leave_if_ended(link, availability)
        self.monitor.start(link.person)
        # Read the status again, because the person may have been paired immediately.
        return await self._status(link, confirmed=confirmed)

    async def _set_available(self, link: Link, session: Session) -> bool:
        """Set the status to AVAILABLE, and return whether the platform confirmed it.

        If the platform does not respond, it may still have set the status, so the feed stays open.
        """
        self._unconfirmed.discard(link.person)
        try:
            await self.platform.set_status(link, session.id, AttendeeStatus.AVAILABLE)
        except Refusal:
            await self.monitor.end(link.person)
            raise
        except Unavailable as error:
            log.info("available_unconfirmed", reason=error.code)
            self._unconfirmed.add(link.person)
            return False
        return True

    async def _leave_if_ended(self, link: Link, availability: Availability) -> None:
        """Leave the session again if the availability was deleted while the status was being set.

        Raises:
            NotLinked: The person was deleted.
        """
        if await self.store.availabilities.get(link.person) is not None:
            return
        await self.feed.close(link.person)
        if await self.store.links.get(link.person, fresh=True) is None:
            self.leaving.leave_deleted(link, [availability.session_id])
            raise NotLinked
        await self.leaving.leave_surely(link, availability)

    async def pause(self, person: Person, query: str = "") -> AvailabilityStatus:
        """End the person's availability, unless the query names another session.

        Matches made before this call are still sent.

        Until the platform confirms the change, it may still pair the person. The feed stays open
        until then, and the monitor repeats the request.

        Raises:
            AvailableElsewhere: The person is available in another session, and remains available.
            NotLinked: The person has no link.
            TokenRefused: The token was refused. The person leaves once they connect again.
        """
        async with self.accounts.locks.of(person):
            availability = await self.store.availabilities.get(person)
            confirmed = read = availability is None
            try:
                async with self.accounts.authorized_link(person) as link:
                    if availability is not None:
                        await self._refuse_other(link, availability, query)
                        confirmed = await self.leaving.leave(link, availability)
                        read = await self.matches.reconcile(link, availability)
            except TokenRefused:
                await self._leave_later(availability)
                raise
            in_meeting = availability is not None and availability.state is State.IN_MEETING
            if confirmed and (read or in_meeting):
                await self.monitor.end(person)
            else:
                # A list that could not be read may contain a last match, so the monitor reads it.
                await self._leave_later(availability)
        return AvailabilityStatus(link, None if confirmed else availability, None, confirmed)

    async def _refuse_other(self, link: Link, availability: Availability, query: str) -> None:
        """Raise `AvailableElsewhere` if the query names another session than this one.

        Words that name no session at all do not, because the person asked to stop.
        """
        session_id, title = availability.session_id, availability.session_title
        if not query or names_session(query, session_id, title):
            return
        if session_number(query) is None:
            named = await self.sessions.named(link, query)
            if not named or any(session.id == session_id for session in named):
                return
        raise AvailableElsewhere(query, title)

    async def _leave_later(self, availability: Availability | None) -> None:
        if availability is not None and availability.state is State.AVAILABLE:
            person, session_id = availability.person, availability.session_id
            await self.store.availabilities.set_state(person, session_id, State.LEAVING)
            self.monitor.start(person)


def _notice_state(matches: Sequence[Match]) -> NoticeState:
    """Return the state for a session's matches, newest first. The baseline is never sent."""
    met = [match for match in matches if match.source is not Source.BEFORE]
    if any(match.settled_at is None for match in met):
        return NoticeState.PENDING
    is_sent = not met or met[0].outcome == SENT
    return NoticeState.SENT if is_sent else NoticeState.NOT_SENT
