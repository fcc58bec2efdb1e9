"""A match is heard of, by socket or by match list, stored once, and handed on to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from slackbot.aio.tasks import BackgroundTasks, KeyedLocks
from slackbot.domain.errors import PlatformError
from slackbot.domain.matching import (
    decided_by_meeting_id,
    find_existing_match,
    missed_reports,
    next_match,
)
from slackbot.domain.model import (
    Availability,
    EventSlug,
    Link,
    Match,
    MatchReport,
    Person,
    SessionId,
    Source,
    TeamId,
)
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform, Posted, Store
from slackbot.telemetry import MATCHES, UNREADABLE

log = structlog.get_logger(__name__)

DOWNTIME = timedelta(minutes=2)
RECHECK_PERIOD = timedelta(minutes=30)
GRACE_SECONDS = 3.0
"""A match that the list shows while the feed is up is probably on its way through the socket."""
AT_ONCE = 16
"""Matches that are being stored. When there are more than the database is good for, the oldest are
told meanwhile: else all would be stored before the first is told."""


class Matches:
    """The ledger of matches. Whatever is stored and not settled is submitted for delivery."""

    def __init__(
        self,
        *,
        platform: Platform,
        store: Store,
        feed: MatchFeed,
        delivery: Delivery,
        clock: Clock,
        background: BackgroundTasks,
    ) -> None:
        self._platform = platform
        self._store = store
        self._feed = feed
        self._delivery = delivery
        self._clock = clock
        self._background = background
        self._locks = KeyedLocks[Person]()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting: set[Person] = set()
        """For whom a second look at the list is due in a moment."""
        self._doubtful_until = clock.now()

    def assume_stale_backup(self, silence: timedelta | None) -> None:
        """Say how long nobody ran the bot before this start; None if nobody ever did.

        After a long silence the database may be an old copy: somebody may have told meanwhile
        what the match list now shows as new, so for a while it is looked for before it is told.
        """
        if silence is not None and silence >= DOWNTIME:
            self._doubtful_until = self._clock.now() + RECHECK_PERIOD

    async def receive(self, person: Person, event: EventSlug, seen: Sequence[MatchReport]) -> None:
        """The socket told of matches; told ten times they are still stored once.

        Of somebody who disconnected meanwhile nothing is stored and nothing told.
        """
        async with self._turns:
            await self._receive(person, event, seen)

    async def _receive(self, person: Person, event: EventSlug, seen: Sequence[MatchReport]) -> None:
        for report in seen:
            session_id = report.session_id or await self._where_they_wait(person)
            if session_id is None:
                UNREADABLE.labels(source="socket").inc()
                log.warning("match_without_session", team=person.team, user=person.user)
                continue
            async with self._locks.of(person):
                link = await self._store.links.get(person)
                if link is None or link.event != event:
                    log.info("match_of_nobody", team=person.team)
                    return
                match, new = await self._heard(person, event, session_id, report)
            if match.settled_at is None:
                await self._delivery.submit(person, match.id, fresh=new)

    async def _where_they_wait(self, person: Person) -> SessionId | None:
        availability = await self._store.availabilities.get(person)
        return availability.session_id if availability is not None else None

    async def _heard(
        self, person: Person, event: EventSlug, session_id: SessionId, seen: MatchReport
    ) -> tuple[Match, bool]:
        """The match that is spoken of, and whether it is stored only now."""
        known = await self._store.matches.list_with(person, event, session_id, seen.partner)
        while True:
            since = None
            if not decided_by_meeting_id(seen, known):
                since = await self._available_since(person, session_id)
            match = find_existing_match(seen, known, self._clock.now(), since)
            if match is not None:
                await self._store.matches.enrich(person, match.id, seen)
                return match, False
            match = await self._add(person, event, session_id, seen, known, Source.SOCKET)
            if match is not None:
                return match, True
            # All of them: a namesake may have taken its place.
            known = await self._store.matches.list_for(person, event, session_id)

    async def _available_since(self, person: Person, session_id: SessionId) -> datetime | None:
        availability = await self._store.availabilities.get(person)
        here = availability is not None and availability.session_id == session_id
        return availability.since if here and availability is not None else None

    async def reconcile(
        self, link: Link, availability: Availability, *, grace: bool = False
    ) -> None:
        """Compare the platform's match list with what is known; tell what the socket missed.

        With `grace`, and the feed up, there is a second look before anything is told.

        Raises:
            PlatformError: the list could not be read.
        """
        if not await self._missed(link, availability):
            return
        health = self._feed.health(link.person)
        if not grace or health is None or not health.connected:
            await self._tell_missed(link, availability)
        elif link.person not in self._waiting:
            self._waiting.add(link.person)
            self._background.start(self._after_grace(link, availability), "grace")

    async def _after_grace(self, link: Link, availability: Availability) -> None:
        """The second look. It waits aside, so that nothing the person does has to."""
        try:
            await self._clock.sleep(GRACE_SECONDS)
            await self._tell_missed(link, availability)
        except PlatformError as error:
            log.info("list_unread", reason=error.code)
        finally:
            self._waiting.discard(link.person)

    async def _tell_missed(self, link: Link, availability: Availability) -> None:
        if not await self._still(link):
            return
        for match in await self._store_missed(link, availability, Source.LIST):
            fresh = self._clock.now() >= self._doubtful_until
            await self._delivery.submit(link.person, match.id, fresh=fresh)

    async def baseline(self, link: Link, availability: Availability) -> None:
        """Note what the list shows before the person becomes available: not missed, not told.

        Raises:
            PlatformError: the list could not be read.
        """
        await self._store_missed(link, availability, Source.BEFORE)

    async def _missed(self, link: Link, availability: Availability) -> list[MatchReport]:
        listed = await self._platform.matches(link, availability.session_id)
        known = await self._store.matches.list_for(link.person, link.event, availability.session_id)
        return missed_reports(listed, known)

    async def _store_missed(
        self, link: Link, availability: Availability, source: Source
    ) -> list[Match]:
        session_id = availability.session_id
        listed = await self._platform.matches(link, session_id)
        stored = []
        async with self._locks.of(link.person):
            if not await self._still(link):
                return []
            known = await self._store.matches.list_for(link.person, link.event, session_id)
            for row in missed_reports(listed, known):
                match = await self._add(link.person, link.event, session_id, row, known, source)
                if match is not None:
                    known.append(match)
                    stored.append(match)
        return stored

    async def _still(self, link: Link) -> bool:
        """Whether the person has neither disconnected nor connected anew meanwhile."""
        current = await self._store.links.get(link.person)
        return current is not None and current.credential_digest == link.credential_digest

    async def _add(
        self,
        person: Person,
        event: EventSlug,
        session_id: SessionId,
        seen: MatchReport,
        known: Sequence[Match],
        source: Source,
    ) -> Match | None:
        """Store a new match; None when another telling of it was quicker."""
        match = next_match(
            person=person,
            event=event,
            session_id=session_id,
            session_title=await self._store.availabilities.session_title(person, event, session_id),
            seen=seen,
            known=known,
            source=source,
            now=self._clock.now(),
        )
        if not await self._store.matches.add(match):
            return None
        MATCHES.labels(source=source.value).inc()
        log.info("match", source=source.value, match=match.id)
        return match

    async def history(self, person: Person, event: EventSlug) -> list[Match]:
        """Whom the person was matched with at the event, latest first."""
        return await self._store.matches.list_for(person, event)

    async def answered(self, person: Person, posted: Posted, answer: str) -> None:
        """The person pressed a button of a match's message; the first answer stays."""
        await self._store.matches.mark_answered(person, posted, answer)

    async def resume(self, team: TeamId) -> None:
        """After a start: submit again whatever was stored and not settled."""
        for person, pending_matches in await self._store.matches.list_pending(team):
            await self._delivery.submit(person, pending_matches, fresh=False)
