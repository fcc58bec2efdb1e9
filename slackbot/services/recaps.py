"""Send people a recap of whom they met, once, an hour after the last session of an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from slackbot.aio.deadline import Deadline
from slackbot.aio.tasks import every
from slackbot.domain.errors import PlatformError, Refusal
from slackbot.domain.model import Epoch, EventSlug, Link, Person, SessionScope, Source, TeamId
from slackbot.domain.notices import Recap, notice_key
from slackbot.domain.ports import Clock, Delivery, Platform
from slackbot.domain.preferences import NoticeKind
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.services.matches import Matches
from slackbot.services.preferences import PersonalPreferences

log = structlog.get_logger(__name__)

TICK_SECONDS: Final = 60.0  # between searches for events that are over
READ_AGE: Final = timedelta(minutes=10)  # how often the platform is asked when an event ends
READ_SECONDS: Final = 20.0  # for the sessions of an event
LINKS_TRIED: Final = 3  # people with whose login the sessions are read
AFTER: Final = timedelta(hours=1)  # from the end of the last session
LATEST: Final = timedelta(hours=24)  # from the same end; a later recap would be old news
MATCH_AGE: Final = timedelta(days=14)  # of matches for which a recap may be due
AT_ONCE: Final = 200  # recaps per tick


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Recaps:
    """Finds out when events end, and submits recaps. Several processes may run it."""

    store: Store
    platform: Platform
    matches: Matches
    delivery: Delivery
    clock: Clock
    preferences: PersonalPreferences

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="recaps",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """Submit the recaps of events that ended an hour ago."""
        now = self.clock.now()
        by_event: defaultdict[EventSlug, list[tuple[Person, Epoch]]] = defaultdict(list)
        for person, epoch, event in await self.store.recaps.list_due(team, now - MATCH_AGE):
            by_event[event].append((person, epoch))
        for event, people in by_event.items():
            await self._read_end(team, event, [person for person, _ in people])
            ends_at = await self.store.recaps.get_end(team, event)
            if ends_at is not None and ends_at + AFTER <= now < ends_at + LATEST:
                await self._submit_some(people, event, ends_at + LATEST)

    async def _submit_some(
        self, people: Sequence[tuple[Person, Epoch]], event: EventSlug, until: datetime
    ) -> None:
        """Submit up to `AT_ONCE` recaps. Those who get none now do not hold up the others."""
        submitted = 0
        for person, epoch in people:
            try:
                submitted += await self._submit(person, epoch, event, until)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("recap_failed", team=person.team, user=person.user)
            if submitted == AT_ONCE:
                return

    async def _submit(
        self, person: Person, epoch: Epoch, event: EventSlug, until: datetime
    ) -> bool:
        """Submit a recap, or return False if the person does not want it, or not now."""
        if not await self.preferences.allows(person, NoticeKind.RECAP):
            return False
        if await self.preferences.quiet_until(person) is not None:
            return False
        past = [
            each
            for each in await self.matches.history(person)
            if each.match.event == event and each.match.source is not Source.BEFORE
        ]
        talked = {each.match.partner_key for each in past if each.meeting.talked}
        key = notice_key("recap", epoch, event)
        recap = Recap(event, str(len(past)), str(len(talked)), until.isoformat())
        await self.delivery.remark(person, key, recap)
        await self.store.recaps.record(person, epoch, event, self.clock.now())
        return True

    async def _read_end(self, team: TeamId, event: EventSlug, people: Sequence[Person]) -> None:
        """Ask the platform when the event ends, with the login of somebody who is there.

        If nobody's login works any more, what was known before stays.
        """
        now = self.clock.now()
        if not await self.store.recaps.claim_read(team, event, now, now - READ_AGE):
            return
        links = await self.store.links.get_many(people)
        known = [link for link in links.values() if link is not None and link.refused_at is None]
        for link in [link for link in known if link.event == event][:LINKS_TRIED]:
            try:
                with Deadline(self.clock, READ_SECONDS):
                    ends_at = await self._end_of(link)
            except Refusal:
                continue
            except PlatformError as error:
                log.info("event_end_unread", reason=error.code)
                return
            await self.store.recaps.save_end(team, event, ends_at)
            return

    async def _end_of(self, link: Link) -> datetime | None:
        """Return when the last session ends, or None if that is not announced."""
        now, ends = self.clock.now(), list[datetime | None]()
        for session in await self.platform.sessions(link, SessionScope.LIVE):
            # One that the platform lists as live goes on, whatever its times say.
            ends.append(max(session.ends_at or now, now))
        for scope in (SessionScope.UPCOMING, SessionScope.PAST):
            listed = await self.platform.sessions(link, scope)
            ends += [session.ends_at or session.starts_at for session in listed]
        return max((at for at in ends if at is not None), default=None)
