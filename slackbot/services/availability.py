"""Start and pause a person's availability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

import structlog

from slackbot.aio.deadline import seconds_left
from slackbot.domain.errors import (
    AvailableElsewhere,
    NotAMember,
    NotLinked,
    Refusal,
    TokenRefused,
    Unavailable,
)
from slackbot.domain.matching import is_round_over, of_account
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
from slackbot.domain.ports import Clock, MatchFeed, Platform
from slackbot.domain.sessions import names_session, session_number
from slackbot.domain.snoozes import Snooze, SnoozeEnded, SnoozePostponed
from slackbot.domain.stores import Store
from slackbot.services.accounts import Accounts
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.leaving import Leaving
from slackbot.services.matches import Matches
from slackbot.services.notices import SENT
from slackbot.services.sessions import Sessions, session_errors

log = structlog.get_logger(__name__)

FEED_WAIT_SECONDS = 10.0
FEED_WAIT_SHARE = 3  # at most one third of what is left of the command's time


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
    confirmed: bool = True  # False if the platform has not confirmed the last status change
    notice: NoticeState = NoticeState.SENT  # of the matches, while the person is in a meeting
    round_over: bool = False  # that of the latest match, while the person is in a meeting
    snooze: Snooze | None = None  # the pause that ends by itself, while they are not available

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

    async def status(self, person: Person) -> AvailabilityStatus:
        """Return the person's stored status, without calling the platform."""
        return await self._status(await self.accounts.link(person))

    async def _status(self, link: Link) -> AvailabilityStatus:
        availability = await self.store.availabilities.get(link.person)
        met, now = list[Match](), self.clock.now()
        if availability is not None and availability.state is State.IN_MEETING:
            session_id = availability.session_id
            known = await self.store.matches.list_for(link.person, link.event, session_id)
            # The baseline is never sent.
            known = of_account(link.account, known)
            met = [match for match in known if match.source is not Source.BEFORE]
        ends_at = availability.session_ends_at if availability is not None else None
        if availability is not None and ends_at is not None and ends_at <= now:
            # The session continues, so its end was read incorrectly or has been moved.
            availability = replace(availability, session_ends_at=None)
        confirmed = availability is None or availability.confirmed
        feed = self.feed.health(link.person)
        is_over, notice = bool(met) and is_round_over(met[0], now), _notice_state(met)
        snooze = await self.store.snoozes.get(link.person) if availability is None else None
        return AvailabilityStatus(
            link, availability, feed, confirmed, notice, round_over=is_over, snooze=snooze
        )

    async def running_round(self, person: Person) -> Match | None:
        """Return the match that the person is talking in, or None."""
        availability = await self.store.availabilities.get(person)
        if availability is None or availability.state is not State.IN_MEETING:
            return None
        event, session_id = availability.event, availability.session_id
        known = await self.store.matches.list_for(person, event, session_id)
        if not known or known[0].source is not Source.SOCKET:
            return None
        return known[0] if not is_round_over(known[0], self.clock.now()) else None

    async def start(
        self, person: Person, query: str, *, resumes: Snooze | None = None
    ) -> AvailabilityStatus:
        """Join the session that matches the query and become available in it.

        If this `resumes` what a pause has interrupted, that is marked as ended.

        Raises:
            NotAMember: The bot is not for this person, who was connected before.
            SnoozeEnded: The pause has been ended before, or the person is in another session.
            SnoozePostponed: The session has opened while they are in a round of another one.
        """
        if not await self.accounts.may_use(person):
            raise NotAMember
        async with self.accounts.locks.hold(person), self.accounts.authorized_link(person) as link:
            current = await self.store.availabilities.get(person)
            if resumes is not None:
                await self._check_is_wanted(link, resumes, current)
            session = await self.sessions.find(link, query)
            status = await self._status(link)
            current = status.availability
            if (
                current is not None
                and current.session_id == session.id
                and current.state is State.AVAILABLE
                and status.is_connected
                and current.confirmed
            ):
                return status
            with session_errors(session):
                await self.sessions.register(link, session)
                if current is not None and current.session_id != session.id:
                    await self.leaving.leave_surely(link, current)
                    await self.matches.reconcile(link, current)
                    await self.monitor.end(person)
                    current = None
                return await self._start(link, session, current, resumes)

    async def start_at_opening(self, person: Person, query: str) -> Snooze | None:
        """Make the person available in a session once it opens.

        Return None if it is open already, or nobody knows when it opens.

        Raises:
            NotAMember: The bot is not for this person, who was connected before.
        """
        if not await self.accounts.may_use(person):
            raise NotAMember
        async with self.accounts.locks.hold(person), self.accounts.authorized_link(person) as link:
            session, now = await self.sessions.find(link, query), self.clock.now()
            if session.starts_at is None or session.starts_at <= now:
                return None
            opening = Snooze(
                person=person,
                person_epoch=link.person_epoch,
                event=link.event,
                session_id=session.id,
                session_title=session.title,
                asked_at=now,
                until=session.starts_at,
                session_ends_at=session.ends_at,
                opens=True,
            )
            await self.store.snoozes.add(opening)
            return opening

    async def _check_is_wanted(
        self, link: Link, resumes: Snooze, current: Availability | None
    ) -> None:
        """Raise an error if the person is not to be made available now.

        They may have ended the pause while this waited for their own command. An opening moves them
        from another session, but not out of a running round.
        """
        paused = await self.store.snoozes.get(link.person)
        if paused is None or paused.asked_at != resumes.asked_at:
            raise SnoozeEnded
        is_elsewhere = current is not None and current.session_id != resumes.session_id
        if (is_elsewhere and not resumes.opens) or (resumes.opens and link.unreachable is not None):
            raise SnoozeEnded
        if is_elsewhere and await self.running_round(link.person) is not None:
            raise SnoozePostponed

    async def _start(
        self, link: Link, session: Session, current: Availability | None, resumes: Snooze | None
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
            wait = min(FEED_WAIT_SECONDS, seconds_left() / FEED_WAIT_SHARE)
            await self.feed.wait_connected(link.person, wait)
            is_wanted = True
            try:
                if resumes is None:
                    await self._end_pause(link.person, session)
                    await self.store.availabilities.save(availability)
                else:
                    is_wanted = await self.store.availabilities.resume(resumes, availability)
            except NotLinked:
                await self.feed.close(link.person)
                raise
            if not is_wanted:
                if current is None:
                    await self.feed.close(link.person)
                raise SnoozeEnded
            await self.leaving.come_back(link.person, session.id)
        # If the feed connects only after this point, the monitor sets the status again.
        await self._set_available(link, availability)
        await self._leave_if_ended(link, availability)
        self.monitor.start(link.person)
        # Read the status again, because the person may have been paired immediately.
        return await self._status(link)

    async def _end_pause(self, person: Person, session: Session) -> None:
        """Delete the person's pause, but not their wait for the opening of another session."""
        paused = await self.store.snoozes.get(person)
        if paused is None or not paused.opens or paused.session_id == session.id:
            await self.store.snoozes.remove(person)

    async def _set_available(self, link: Link, availability: Availability) -> None:
        """Set the status to AVAILABLE.

        If the platform does not respond, it may still have set the status, so the feed stays open.
        """
        try:
            await self.platform.set_status(link, availability.session_id, AttendeeStatus.AVAILABLE)
        except Refusal:
            await self.monitor.end(link.person)
            raise
        except Unavailable as error:
            log.info("available_unconfirmed", reason=error.code)
            await self.store.availabilities.save_confirmed(replace(availability, confirmed=False))

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

    async def pause(
        self, person: Person, query: str = "", until: datetime | None = None
    ) -> AvailabilityStatus:
        """End the person's availability, unless the query names another session.

        Matches made before this call are still sent. With `until`, the person becomes available
        again at that time, unless their session is over by then.

        Until the platform confirms the change, it may still pair the person. The feed stays open
        until then, and the monitor repeats the request.

        Raises:
            AvailableElsewhere: The person is available in another session, and remains available.
            NotLinked: The person has no link.
            TokenRefused: The token was refused. The person leaves once they connect again.
        """
        async with self.accounts.locks.hold(person):
            availability = await self.store.availabilities.get(person)
            confirmed = read = availability is None
            snooze = None
            if until is None:
                await self.store.snoozes.remove(person)
            try:
                async with self.accounts.authorized_link(person) as link:
                    if availability is not None:
                        await self._refuse_other(link, availability, query)
                    if until is not None:
                        snooze = await self._snooze(link, availability, until)
                    if availability is not None:
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
        left = None if confirmed else availability
        return AvailabilityStatus(link, left, None, confirmed, snooze=snooze)

    async def _snooze(
        self, link: Link, availability: Availability | None, until: datetime
    ) -> Snooze | None:
        """Store until when the person pauses, before they leave their session.

        Somebody who pauses already changes until when. Who was in no session goes on in none.
        """
        place, now = availability or await self.store.snoozes.get(link.person), self.clock.now()
        if place is None:
            return None
        # A session that goes on after its end was read incorrectly, or has been moved.
        is_end_known = place.session_ends_at is not None and place.session_ends_at > now
        snooze = Snooze(
            person=link.person,
            person_epoch=link.person_epoch,
            event=link.event,
            session_id=place.session_id,
            session_title=place.session_title,
            asked_at=now,
            until=until,
            session_ends_at=place.session_ends_at if is_end_known else None,
        )
        if is_over_by(snooze):
            await self.store.snoozes.remove(link.person)
        else:
            await self.store.snoozes.add(snooze)
        return snooze

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
        if availability is not None and availability.state is not State.LEAVING:
            person, session_id = availability.person, availability.session_id
            await self.store.availabilities.set_state(person, session_id, State.LEAVING)
            self.monitor.start(person)


def is_over_by(snooze: Snooze) -> bool:
    """Return whether the session is over when the pause ends, as far as that is known."""
    return snooze.session_ends_at is not None and snooze.session_ends_at <= snooze.until


def _notice_state(met: Sequence[Match]) -> NoticeState:
    """Return the state for a session's matches, newest first."""
    if any(match.settled_at is None for match in met):
        return NoticeState.PENDING
    is_sent = not met or met[0].outcome == SENT
    return NoticeState.SENT if is_sent else NoticeState.NOT_SENT
