"""Reconcile an available person's stored state with the platform's state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from slackbot.domain.errors import Refusal, TokenRefused, Unavailable
from slackbot.domain.feed_polling import Action, next_action
from slackbot.domain.model import AttendeeStatus, Availability, Link, Person, State
from slackbot.domain.notices import AvailabilityLost, Remark, SessionOver, kind_of, notice_key
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform
from slackbot.domain.stores import Store
from slackbot.services.accounts import Accounts
from slackbot.services.leaving import Leaving
from slackbot.services.matches import Matches
from slackbot.services.sessions import Sessions
from slackbot.services.unread_lists import UnreadLists

log = structlog.get_logger(__name__)

LAST_LIST_AGE = timedelta(minutes=10)  # how long a session's list is read after its end


@dataclass(eq=False, repr=False, kw_only=True)
class FeedPoller:
    """Polls the platform for a person's missed matches, the end of their session and their status.

    Methods raise `TokenRefused` if the link cannot be used, and `StoreUnavailable` if the database
    does not respond.
    """

    accounts: Accounts
    sessions: Sessions
    matches: Matches
    leaving: Leaving
    delivery: Delivery
    platform: Platform
    store: Store
    feed: MatchFeed
    clock: Clock
    # People whose status must be set to AVAILABLE again.
    _pending: set[Person] = field(default_factory=set, init=False)
    # When the sessions end of people whom this process polls, while that is to come.
    _ends: dict[Person, datetime] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.unread = UnreadLists(self.read_list, self.clock)

    def mark_pending(self, person: Person) -> None:
        """Set the person's status again at the next poll, because their feed reconnected."""
        self._pending.add(person)

    def forget_pending(self, person: Person) -> None:
        """Do not set the person's status again at the next poll."""
        self._pending.discard(person)

    def is_end_due(self, person: Person) -> bool:
        """Return True once the person's session should have ended, until they are polled."""
        ends_at = self._ends.get(person)
        return ends_at is not None and ends_at <= self.clock.now()

    async def poll(self, person: Person) -> bool:
        """Run the next action for the person, and return whether to poll again."""
        async with self.accounts.locks.of(person):
            availability = await self.store.availabilities.get(person)
            link = await self.store.links.get(person)
            ends_at = availability.session_ends_at if availability is not None else None
            self._ends.pop(person, None)
            if ends_at is not None and ends_at > self.clock.now():
                self._ends[person] = ends_at
            if availability is None or link is None:
                await self.feed.close(person)
                return False
            action = next_action(availability, link, self.clock.now())
            if action is Action.AWAIT_LOGIN:
                return True
            if action is Action.END:
                await self.end(person)
                return False
            async with self.accounts.background_link(link):
                if action is Action.ASK_END and await self.sessions.is_over(link, availability):
                    return await self._end_session(link, availability)
                leaving = availability.state is State.LEAVING
                left = leaving and await self.leaving.leave(link, availability)
                self.feed.open(link, availability.session_id)
                grace = not left and person not in self._pending
                read = await self._reconcile(link, availability, grace=grace)
                if left and read:
                    await self.end(person)
                    return False
                is_known = person not in self._pending and availability.confirmed
                return is_known or await self._reannounce(link)

    async def _reconcile(
        self, link: Link, availability: Availability, *, grace: bool = False
    ) -> bool:
        """Reconcile the match list, and schedule a retry if it cannot be read.

        Return whether the list was read.
        """
        read = await self.matches.reconcile(link, availability, grace=grace)
        if read:
            self.unread.discard(link)
        else:
            self.unread.add(link)
        return read

    async def reconnected(self, person: Person, *, read_list: bool) -> bool:
        """Send matches that the feed missed, then set the person's status again.

        The platform may not keep the status across a reconnect.

        Returns:
            False if the platform refused and the availability has ended.
        """
        async with self.accounts.locks.of(person):
            self._pending.add(person)  # if anything below fails, a later poll retries it
            link = await self.store.links.get(person)
            availability = await self.store.availabilities.get(person)
            if link is None or link.refused_at is not None or availability is None:
                self._pending.discard(person)
                return True
            async with self.accounts.background_link(link):
                if read_list:
                    await self._reconcile(link, availability)
                return await self._reannounce(link)

    async def read_list(self, person: Person) -> bool:
        """Send listed matches that the feed missed. Return False if the list cannot be read."""
        link = await self.store.links.get(person)
        availability = await self.store.availabilities.get(person)
        if link is None or link.refused_at is not None or availability is None:
            return True
        async with self.accounts.background_link(link):
            return await self._reconcile(link, availability)

    async def end(self, person: Person) -> None:
        """End the availability and close the feed. The caller must hold the person's lock."""
        await self.store.availabilities.end(person)
        self._pending.discard(person)
        self._ends.pop(person, None)
        await self.feed.close(person)

    async def end_unreachable(self, person: Person) -> None:
        """Leave the session and end the availability of a person whom messages cannot reach."""
        async with self.accounts.locks.of(person):
            link = await self.store.links.get(person)
            availability = await self.store.availabilities.get(person)
            if link is not None and availability is not None:
                await self.leaving.leave_surely(link, availability)
            await self.end(person)

    async def _end_session(self, link: Link, availability: Availability) -> bool:
        """Leave the session and end the availability. Return True if it has not ended.

        It does not end if another availability has replaced it. A match list that cannot be read
        may contain a last match, so the end is delayed by up to `LAST_LIST_AGE`.
        """
        await self.leaving.leave(link, availability)
        read = await self._reconcile(link, availability)
        ends_at = availability.session_ends_at or self.clock.now()
        if not read and self.clock.now() < ends_at + LAST_LIST_AGE:
            return True
        if not await self._is_current(availability):
            return True
        if availability.state is State.AVAILABLE:
            await self._send(availability, SessionOver(availability.session_title))
        await self.end(link.person)
        return False

    async def _reannounce(self, link: Link) -> bool:
        """Set the status again if the person is still available. See `reconnected`."""
        person, availability = link.person, await self.store.availabilities.get(link.person)
        self._pending.discard(person)
        if availability is None or availability.state is not State.AVAILABLE:
            return True
        try:
            await self.platform.set_status(link, availability.session_id, AttendeeStatus.AVAILABLE)
        except TokenRefused:
            raise
        except Refusal as error:
            if not await self._is_current(availability):
                return True
            await self._send(availability, AvailabilityLost(availability.session_title, error.code))
            await self.end(person)
            return False
        except Unavailable as error:
            log.info("available_unconfirmed", reason=error.code)
            self._pending.add(person)
        else:
            # Another process may have ended the availability at the same moment.
            current = await self.store.availabilities.get(person)
            if current is None or current.session_id != availability.session_id:
                await self.leaving.leave_surely(link, availability)
            elif not availability.confirmed:
                confirmed = replace(availability, confirmed=True)
                await self.store.availabilities.save_confirmed(confirmed)
        return True

    async def _is_current(self, availability: Availability) -> bool:
        """Return True unless another process has ended or replaced the availability."""
        current = await self.store.availabilities.get(availability.person)
        return current is not None and (current.session_id, current.since) == (
            availability.session_id,
            availability.since,
        )

    async def _send(self, availability: Availability, remark: Remark) -> None:
        """Submit a remark. Call this before deleting the availability, so no crash can lose it."""
        person, occasion = availability.person, (availability.session_id, availability.since)
        key = notice_key(kind_of(remark), availability.person_epoch, *occasion)
        await self.delivery.remark(person, key, remark)
