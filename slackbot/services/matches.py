"""Store each match that the socket or match list reports, and submit it for delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from slackbot.aio.tasks import BackgroundTasks, KeyedLocks
from slackbot.domain.errors import NotLinked, PlatformError, Refusal, TokenRefused
from slackbot.domain.matching import (
    comparable,
    decided_by_meeting_id,
    find_existing_match,
    missed_reports,
    next_match,
    of_account,
    sort_missed,
)
from slackbot.domain.meetings import PastMatch, meeting_of
from slackbot.domain.model import (
    Availability,
    Link,
    Match,
    MatchReport,
    Person,
    SessionId,
    Source,
    TeamId,
)
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform, Posted
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.workers import RECHECK_PERIOD
from slackbot.telemetry import MATCHES, MATCHES_SKIPPED, UNREADABLE

log = structlog.get_logger(__name__)

# While the feed is connected, a match that is only in the list will soon arrive over the socket.
GRACE_SECONDS = 3.0
# Concurrent batches from the socket. Under overload, the oldest matches are sent while the others
# are still being stored.
STORES_AT_ONCE = 16
SKIPPED = "skipped"  # stored outcome of a missed match that exceeds the limit for sending


class ListRefused(Exception):
    """The platform refused the match list. The configured address may be wrong."""


@dataclass(eq=False, repr=False, kw_only=True)
class Matches:
    """Stores matches, and submits every match whose notice is pending."""

    platform: Platform
    store: Store
    feed: MatchFeed
    delivery: Delivery
    clock: Clock
    background: BackgroundTasks
    # The length of a round whose match does not say it, in seconds.
    round_seconds: int | None = None

    def __post_init__(self) -> None:
        self._locks = KeyedLocks[Person]()
        self._stores = asyncio.Semaphore(STORES_AT_ONCE)
        self._in_grace: set[Person] = set()  # their list is read again soon
        self._recheck_until = self.clock.now()

    def assume_missing_rows(self) -> None:
        """Search direct messages before sending listed matches, for `RECHECK_PERIOD`.

        Call this method if the database may lack the latest rows. Matches that look new in the
        list may already have been sent.
        """
        self._recheck_until = self.clock.now() + RECHECK_PERIOD

    # --- the socket ------------------------------------------------------------------------------

    async def receive(self, link: Link, reports: Sequence[MatchReport]) -> None:
        """Store and submit the matches that the link's socket reported.

        Repeated reports are harmless. Nothing is stored if the person has disconnected or has
        connected to another event or account in the meantime.
        """
        person = link.person
        async with self._stores:
            for report in reports:
                session_id = report.session_id
                if not session_id and (current := await self.store.availabilities.get(person)):
                    session_id = current.session_id
                if not session_id:
                    UNREADABLE.labels(source="socket").inc()
                    log.warning("match_without_session", team=person.team, user=person.user)
                    continue
                try:
                    if report.round_seconds is None:
                        report = replace(report, round_seconds=self.round_seconds)  # noqa: PLW2901
                    async with self._locks.of(person):
                        match, new = await self._find_or_add(link, session_id, report)
                except NotLinked:
                    log.info("match_of_nobody", team=person.team)
                    return
                if match.settled_at is None:
                    await self.delivery.submit(person, match.id, fresh=new)

    async def _find_or_add(
        self, link: Link, session_id: SessionId, report: MatchReport
    ) -> tuple[Match, bool]:
        """Return the report's match and whether this call added it.

        Raises:
            NotLinked: The person has disconnected, or has connected to another event or account.
                An account whose id is unknown is not considered to be another one.
        """
        person, event = link.person, link.event
        current = await self.store.links.get(person)
        if current is None or current.event != event:
            raise NotLinked
        if link.account and current.account and link.account != current.account:
            raise NotLinked
        if not link.account:  # unknown when the feed was opened; a magic link may have named it
            link = replace(link, account_id=current.account_id)
        stored = await self.store.matches.list_with(person, event, session_id, report.partner)
        while True:
            known = comparable(report, link.account, stored)
            since = None
            if not decided_by_meeting_id(report, known):
                availability = await self.store.availabilities.get(person)
                if availability is not None and availability.session_id == session_id:
                    since = availability.since
            match = find_existing_match(report, known, self.clock.now(), since)
            if match is not None:
                await self.store.matches.enrich(person, match.id, report)
                return match, False
            match = await self._add(link, session_id, report, known, Source.SOCKET)
            if match is not None:
                return match, True
            # Read all matches of the session, because a partner of the same name may use the key.
            stored = await self.store.matches.list_for(person, event, session_id)

    # --- the match list --------------------------------------------------------------------------

    async def reconcile(
        self, link: Link, availability: Availability, *, grace: bool = False
    ) -> bool:
        """Compare the platform's match list with the stored matches, and send missed ones.

        With `grace`, and if the feed is connected, the list is read a second time before anything
        is sent. If the availability has no baseline, the first readable list provides it.

        Returns:
            False if the list could not be read. The caller should retry soon.

        Raises:
            TokenRefused: The token is no longer accepted.
        """
        person = link.person
        try:
            listed = await _read_list(self.platform, link, availability.session_id)
        except ListRefused:
            return True  # a retry would not help
        if listed is None:
            return False
        known = await _list_known(self.store, link, availability.session_id)
        missed = missed_reports(listed, known)
        if not missed:
            if availability.baseline_at is None:
                await self.store.matches.add_baseline(availability, [], self.clock.now())
            return True
        if availability.baseline_at is None:
            self._after_grace(person, lambda: self._add_baseline(link, availability, missed))
            return True
        health = self.feed.health(person)
        if grace and health is not None and health.connected:
            self._after_grace(person, lambda: self._send_missed(link, availability))
        else:
            await self._send_missed(link, availability)
        return True

    def _after_grace(self, person: Person, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run the work after the grace period, in a task that waits without holding a lock.

        If the person already has work waiting, the new work is dropped.
        """

        async def run() -> None:
            try:
                await self.clock.sleep(GRACE_SECONDS)
                await work()
            except ListRefused:
                pass  # logged
            except (TokenRefused, NotLinked) as error:
                log.info("list_unread", reason=error.code)
            finally:
                self._in_grace.discard(person)

        if person not in self._in_grace:
            self._in_grace.add(person)
            self.background.start(run(), "grace")

    async def _send_missed(self, link: Link, availability: Availability) -> None:
        if not await self._is_current(link):
            return
        try:
            missed = await self._store_missed(link, availability, Source.LIST) or ()
        except ListRefused:
            return
        fresh = self.clock.now() >= self._recheck_until
        try:
            # Check after the matches were stored, on the server that now has them.
            if missed and await self.store.failovers.recent():
                fresh = False
        except StoreUnavailable:
            fresh = False  # a failover may be in progress
        for match in missed:
            if match.settled_at is None:
                await self.delivery.submit(link.person, match.id, fresh=fresh)

    async def baseline(self, link: Link, availability: Availability) -> bool:
        """Store the matches listed before the person becomes available, without sending them.

        Returns:
            False if the list could not be read, so that the availability has no baseline yet.
        """
        try:
            return await self._store_missed(link, availability, Source.BEFORE) is not None
        except ListRefused:
            return False

    async def _add_baseline(
        self, link: Link, availability: Availability, before: Sequence[MatchReport]
    ) -> None:
        """Store as the baseline those matches that were missing `before` and are still missing.

        A match that was missing only before the grace period has arrived over the socket. A match
        that is missing only now is new.
        """
        person, session_id = link.person, availability.session_id
        if not await self._is_current(link):
            return
        listed = await _read_list(self.platform, link, session_id)
        if listed is None:
            return
        async with self._locks.of(person):
            known = await _list_known(self.store, link, session_id)
            missed = missed_reports(listed, known)
            new = set(map(id, missed_reports(missed, before)))
            stored, now = list(known), self.clock.now()
            for row in missed:
                if id(row) not in new:
                    stored.append(
                        next_match(
                            link,
                            session_id,
                            availability.session_title,
                            row,
                            known=stored,
                            source=Source.BEFORE,
                            now=now,
                        )
                    )
            await self.store.matches.add_baseline(availability, stored[len(known) :], now)

    async def _store_missed(
        self, link: Link, availability: Availability, source: Source
    ) -> list[Match] | None:
        """Read the list and store missed matches. Return None if the list could not be read."""
        session_id = availability.session_id
        listed = await _read_list(self.platform, link, session_id)
        if listed is None:
            return None
        stored: list[Match] = []
        async with self._locks.of(link.person):
            if not await self._is_current(link):
                return stored
            known = await _list_known(self.store, link, session_id)
            missed = sort_missed(missed_reports(listed, known), known, self.clock.now())
            if missed.skipped and source is Source.LIST:
                MATCHES_SKIPPED.inc(len(missed.skipped))
                log.warning("matches_skipped", count=len(missed.skipped), user=link.person.user)
            rows: list[tuple[MatchReport, Source, str | None]]
            rows = [(row, Source.BEFORE, None) for row in missed.before]
            rows += [(row, source, SKIPPED) for row in missed.skipped]
            rows += [(row, source, None) for row in missed.late]
            with suppress(NotLinked):  # disconnected meanwhile
                for row, kind, outcome in rows:
                    match = await self._add(link, session_id, row, known, kind, outcome)
                    if match is not None:
                        known.append(match)
                        stored.append(match)
        return stored

    async def _is_current(self, link: Link) -> bool:
        """Return False if the person has disconnected or reconnected in the meantime."""
        current = await self.store.links.get(link.person)
        return current is not None and current.credential_digest == link.credential_digest

    async def _add(
        self,
        link: Link,
        session_id: SessionId,
        report: MatchReport,
        known: Sequence[Match],
        source: Source,
        outcome: str | None = None,
    ) -> Match | None:
        """Store a new match. Return None if another process stored it first.

        A match that is stored with an outcome is never sent.
        """
        titles = self.store.availabilities
        match = next_match(
            link,
            session_id,
            await titles.session_title(link.person, link.event, session_id),
            report,
            known=known,
            source=source,
            now=self.clock.now(),
        )
        if outcome is not None and match.outcome is None:
            match = replace(match, settled_at=match.received_at, outcome=outcome)
        if not await self.store.matches.add(match):
            return None
        MATCHES.labels(source=source.value).inc()
        log.info("match", source=source.value, match=match.id)
        return match

    # --- afterwards ------------------------------------------------------------------------------

    async def history(self, person: Person) -> list[PastMatch]:
        """Return the person's matches at all events, newest first."""
        matches = await self.store.matches.list_for(person, None)
        visits = await self.store.talks.visits(person) if matches else {}
        return [PastMatch(match, meeting_of(match, visits.get(match.id))) for match in matches]

    async def answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Record the first button that was pressed in a match's message."""
        await self.store.matches.mark_answered(person, posted, answer)

    async def resume(self, team: TeamId) -> None:
        """Take over all notices that no live process is sending, including pending matches."""
        await self.delivery.recover(await self.store.matches.list_pending(team))


async def _list_known(store: Store, link: Link, session_id: SessionId) -> list[Match]:
    """Return the stored matches of the link's account in the session."""
    return of_account(
        link.account, await store.matches.list_for(link.person, link.event, session_id)
    )


async def _read_list(
    platform: Platform, link: Link, session_id: SessionId
) -> list[MatchReport] | None:
    """Return the platform's match list, or None if it cannot be read now.

    Raises:
        ListRefused: The platform refuses this person access to the list.
    """
    try:
        return await platform.matches(link, session_id)
    except TokenRefused:
        raise
    except PlatformError as error:
        log.info("list_unread", reason=error.code)
        if isinstance(error, Refusal):
            raise ListRefused from error
        return None
