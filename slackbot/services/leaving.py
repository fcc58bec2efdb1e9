"""Set the status LEFT for people who left a session, and retry until the platform confirms it.

Until then, the platform may pair the person with a partner who would wait in vain. For a person who
stays linked, the departure is stored in a row without the token, and every attempt reads the
current link to the event, which need not be the active one. A deletion does not wait for the
confirmation. The deleted link is kept only in memory, until LEFT is confirmed or the process ends.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.tasks import BackgroundTasks, every
from slackbot.domain.errors import (
    EventNotFound,
    NotLinked,
    NotRegistered,
    PlatformError,
    SessionNotFound,
    SessionNotLive,
    TokenRefused,
)
from slackbot.domain.matching import is_round_over, round_end
from slackbot.domain.model import (
    AttendeeStatus,
    Availability,
    Departure,
    Link,
    Person,
    SessionId,
    Source,
    State,
    TeamId,
)
from slackbot.domain.ports import Clock, Platform
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.telemetry import LEAVING

log = structlog.get_logger(__name__)

BACKOFF: Final = ExponentialBackoff(2.0, 300.0)  # seconds between attempts
TICK_SECONDS: Final = 2.0  # between searches for departures that are due
MAX_AGE: Final = timedelta(hours=12)  # of a departure; its session is over by then
MAX_IN_MEMORY: Final = 2_000  # deleted people with retries; for others LEFT is sent once
TRIES_AT_ONCE: Final = 8
PACE_SECONDS: Final = 1.0  # between people of a removed workspace, unless confirmed sooner
# Errors that mean the person is not in the session and cannot be paired in it.
_NOT_THERE: Final = (SessionNotLive, SessionNotFound, EventNotFound, NotRegistered)


@dataclass(eq=False, repr=False, kw_only=True)
class Leaving:
    """The sessions that people have left and that the platform has not confirmed yet."""

    platform: Platform
    store: Store
    clock: Clock
    background: BackgroundTasks

    def __post_init__(self) -> None:
        self._repeats = BackgroundTasks()
        self._repeating: dict[tuple[Person, SessionId], asyncio.Task[None]] = {}
        self._first_tries: dict[Person, asyncio.Task[bool]] = {}  # with deleted links
        self._in_memory = 0
        self._slots = asyncio.Semaphore(TRIES_AT_ONCE)

    async def leave(self, link: Link, availability: Availability) -> bool:
        """Set the person's status to LEFT, or see to it at the end of the round that they are in.

        During a round the platform does not pair the person, and leaving might end the call. After
        it, the platform may pair them again without asking.

        Returns:
            True if the platform confirmed it, or if it can wait.
        """
        ends_at = await _round_end(self.store, availability, self.clock.now())
        if ends_at is not None:
            await self._add(link, availability, ends_at)
            return True
        try:
            return await self._set_left(link, availability.session_id)
        except TokenRefused:
            return False

    async def leave_surely(self, link: Link, availability: Availability) -> None:
        """Leave now, or store a departure to retry if the platform does not confirm it.

        Any process may retry it, even after a restart. Call this method before ending the
        availability, so that a crash in between is harmless.
        """
        if not await self.leave(link, availability):
            await self._add(link, availability, self.clock.now())

    async def _add(self, link: Link, availability: Availability, due_at: datetime) -> None:
        """Store a departure whose next attempt is due at this time."""
        departure = Departure(
            person=link.person,
            person_epoch=link.person_epoch,
            event=link.event,
            session_id=availability.session_id,
            left_at=self.clock.now(),
        )
        try:
            await self.store.departures.add(departure, due_at)
        except NotLinked:
            log.info("leave_of_nobody", team=link.person.team)

    async def come_back(self, person: Person, session_id: SessionId) -> None:
        """Cancel a departure, because the person becomes available in the session again."""
        if (repeating := self._repeating.pop((person, session_id), None)) is not None:
            repeating.cancel()
        await self.store.departures.remove(person, session_id)

    async def _set_left(self, link: Link, session_id: SessionId) -> bool:
        """Set the status to LEFT, and return whether the platform confirmed it.

        Raises:
            TokenRefused: The token is no longer accepted.
        """
        try:
            await self.platform.set_status(link, session_id, AttendeeStatus.LEFT)
        except _NOT_THERE:
            return True
        except TokenRefused:
            raise
        except PlatformError as error:
            log.info("leave_unconfirmed", reason=error.code)
            return False
        return True

    # --- people who stay linked ------------------------------------------------------------------

    async def run(self, team: TeamId) -> None:
        """Retry unconfirmed departures until cancelled. Several processes may do so in parallel."""

        async def tick() -> None:
            due = await self.store.departures.list_due(team, self.clock.now())
            await asyncio.gather(*map(self._retry, due))

        await every(
            TICK_SECONDS,
            tick,
            name="leaving",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def _retry(self, departure: Departure) -> None:
        """Leave with the person's current link to the event, unless another process does."""
        # Claimed only now, so that few have to wait for their next attempt if this process dies.
        async with self._slots:
            seconds = BACKOFF.delay(departure.tries + 1)
            next_at = self.clock.now() + timedelta(seconds=seconds)
            if await self.store.departures.claim(departure, next_at):
                await self._retry_claimed(departure)

    async def _retry_claimed(self, departure: Departure) -> None:
        now, person, session_id = self.clock.now(), departure.person, departure.session_id
        links = [await self.store.links.get(person, fresh=True)]
        links += await self.store.other_links.list_all(person)
        link = next((each for each in links if each and each.event == departure.event), None)
        if link is None or now - departure.left_at > MAX_AGE:
            await self.store.departures.remove(person, session_id)
            return
        if link.refused_at is not None:
            return  # retried once they connect again
        try:
            if await _is_back(self.store, person, session_id):
                return
            confirmed = await self._set_left(link, session_id)
        except TokenRefused:
            return  # the person's next command or poll records it
        if confirmed and await self.store.departures.remove(person, session_id):
            return
        # They may have come back before LEFT arrived.
        if await _is_back(self.store, person, session_id):
            try:
                await self.platform.set_status(link, session_id, AttendeeStatus.AVAILABLE)
            except PlatformError as error:
                log.warning("available_unconfirmed", reason=error.code, user=person.user)

    # --- people who are deleted ------------------------------------------------------------------

    async def sessions_of(self, link: Link) -> list[SessionId]:
        """Return the sessions of the link's event in which the platform may still pair them."""
        availability = await self.store.availabilities.get(link.person)
        departures = await self.store.departures.list_of(link.person)
        sessions = [left.session_id for left in departures if left.event == link.event]
        if availability is None or availability.event != link.event:
            return sessions
        is_free = await _round_end(self.store, availability, self.clock.now()) is None
        return [*sessions, availability.session_id] if is_free else sessions

    def leave_deleted(self, link: Link, sessions: Sequence[SessionId]) -> None:
        """Leave these sessions with a deleted link, with retries that are kept only in memory."""
        if not sessions:
            return
        person = link.person

        async def leave_all() -> bool:
            return all(await asyncio.gather(*(self._set_left(link, each) for each in sessions)))

        first = self._first_tries[person] = self.background.start(leave_all(), "leave")

        is_repeated = self._in_memory < MAX_IN_MEMORY

        def forget(_: asyncio.Task[bool]) -> None:
            # Keep a failed attempt for `confirms` as long as it is retried.
            is_done = _is_confirmed(first) or not is_repeated
            if is_done and self._first_tries.get(person) is first:
                del self._first_tries[person]

        first.add_done_callback(forget)
        if is_repeated:
            for session_id in sessions:
                repeating = self._repeats.start(
                    self._repeat(link, session_id, first), "leave_again"
                )
                self._repeating[person, session_id] = repeating

    async def leave_all_deleted(
        self,
        links: Mapping[Person, Link | None],
        availabilities: Sequence[Availability],
        departures: Sequence[Departure],
    ) -> None:
        """Leave with all deleted links of a workspace, one after another.

        People who are available come first, because only `MAX_IN_MEMORY` of them are retried.
        """
        known = {person: link for person, link in links.items() if link is not None}
        sessions = defaultdict[Person, list[SessionId]](list)
        for availability in availabilities:
            link = known.get(availability.person)
            is_there = link is not None and availability.event == link.event
            if link is not None and is_there and availability.state is not State.IN_MEETING:
                sessions[link.person].append(availability.session_id)
        for departure in departures:
            link = known.get(departure.person)
            if link is not None and link.event == departure.event:
                sessions[link.person].append(departure.session_id)
        for person, left in sessions.items():
            self.leave_deleted(known[person], left)
            await self.confirms(person, PACE_SECONDS)

    async def confirms(self, person: Person, seconds: float) -> bool:
        """Wait up to `seconds` for the first attempt with a deleted link.

        Return False if the platform has not confirmed it.
        """
        first = self._first_tries.get(person)
        if first is None:
            return True
        await asyncio.wait({first}, timeout=seconds)
        return _is_confirmed(first)

    async def aclose(self) -> None:
        """Stop retrying. Departures that are kept only in memory are given up."""
        await self._repeats.drain(0)

    async def _repeat(self, link: Link, session_id: SessionId, first: asyncio.Task[bool]) -> None:
        """Retry leaving a session until it is confirmed, refused or older than `MAX_AGE`."""
        self._in_memory += 1
        LEAVING.inc()
        try:
            await asyncio.wait({first})
            give_up_at, tries = self.clock.now() + MAX_AGE, 0
            confirmed = _is_confirmed(first)
            while not confirmed and self.clock.now() < give_up_at:
                tries += 1
                await self.clock.sleep(BACKOFF.delay(tries))
                async with self._slots:
                    if await _is_back(self.store, link.person, session_id):
                        return  # available again, by this process or another
                    confirmed = await self._set_left(link, session_id)
        except TokenRefused:
            log.info("leave_given_up", reason="token_refused")
        except StoreUnavailable:
            log.info("leave_given_up", reason="store_unavailable")
        finally:
            if self._first_tries.get(link.person) is first:
                del self._first_tries[link.person]
            if self._repeating.get((link.person, session_id)) is asyncio.current_task():
                del self._repeating[link.person, session_id]
            self._in_memory -= 1
            LEAVING.dec()


async def _is_back(store: Store, person: Person, session_id: SessionId) -> bool:
    """Return whether the person is available in the session again."""
    current = await store.availabilities.get(person)
    return current is not None and (current.session_id, current.state) == (
        session_id,
        State.AVAILABLE,
    )


async def _round_end(store: Store, availability: Availability, now: datetime) -> datetime | None:
    """Return when the round ends in which the person is, or None if they are in none."""
    if availability.state is not State.IN_MEETING:
        return None
    person, event = availability.person, availability.event
    met = await store.matches.list_for(person, event, availability.session_id)
    latest = next((match for match in met if match.source is not Source.BEFORE), None)
    return round_end(latest) if latest is not None and not is_round_over(latest, now) else None


def _is_confirmed(first: asyncio.Task[bool]) -> bool:
    return first.done() and not first.cancelled() and not first.exception() and first.result()
