"""Remind people of the sessions that they have joined, if they can still act on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from slackbot.aio.deadline import Deadline
from slackbot.aio.tasks import every
from slackbot.domain.errors import MessageDelayed, NotLinked, PlatformError, Refusal
from slackbot.domain.files import FileKind, FileRequest
from slackbot.domain.model import EventSlug, Link, Session, SessionId, SessionScope, TeamId
from slackbot.domain.notices import Remark, SessionReminder, notice_key
from slackbot.domain.plans import PlannedSession, UpcomingReminder, planned
from slackbot.domain.ports import Clock, Delivery, Platform
from slackbot.domain.preferences import MAX_REMINDER_MINUTES, NoticeKind
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.services.files import Files
from slackbot.services.preferences import PersonalPreferences

log = structlog.get_logger(__name__)

TICK_SECONDS: Final = 15.0  # between searches for what is due
# How often the platform is asked what a person has joined, who may do so in the event hub too.
READ_AGE: Final = timedelta(minutes=15)
READS_AT_ONCE: Final = 4
READS_PER_TICK: Final = 40
READ_SECONDS: Final = 10.0  # for the sessions of one person
RETRY_SECONDS: Final = 10.0  # until the platform is asked again before a reminder is sent


@dataclass(frozen=True, slots=True)
class ReminderSet:
    """A session of which a person is reminded, or not any more."""

    plan: PlannedSession
    minutes: int  # before its start; 0 if the person wants no reminders at all
    calendar: str  # the URL of its calendar entry, or ""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Reminders:
    """Sends a reminder for each start of a session. Several processes may run it."""

    store: Store
    platform: Platform
    delivery: Delivery
    clock: Clock
    preferences: PersonalPreferences
    files: Files

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="reminders",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """Read what some people have joined, and remind those for whom it is time."""
        now = self.clock.now()
        people = await self.store.plans.claim_reads(team, now, now - READ_AGE, READS_PER_TICK)
        slots = asyncio.Semaphore(READS_AT_ONCE)

        async def read(link: Link) -> None:
            async with slots:
                await self._read(link)

        links = await self.store.links.get_many(people)
        await asyncio.gather(*(read(link) for link in links.values() if link is not None))
        until = now + timedelta(minutes=MAX_REMINDER_MINUTES)
        for each in await self.store.plans.list_upcoming(team, now, until):
            person = each.plan.person
            try:
                if self._is_due(each) and await self.preferences.quiet_until(person) is None:
                    await self._remind(each)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("reminder_failed", team=person.team, user=person.user)

    async def _read(self, link: Link) -> None:
        """Store what the person has joined. A list that cannot be read changes nothing."""
        try:
            with Deadline(self.clock, READ_SECONDS):
                joined = await self.platform.registered_sessions(link)
            await self.store.plans.sync(link, _plans(link, joined), self.clock.now())
        except NotLinked:
            return  # disconnected meanwhile
        except PlatformError as error:
            log.info("joined_sessions_unread", reason=error.code)
            if not isinstance(error, Refusal):
                return  # tried again when the claim has run out
        await self.store.plans.record_read(link, self.clock.now())

    def _is_due(self, reminder: UpcomingReminder) -> bool:
        lead = timedelta(minutes=reminder.minutes)
        is_on = reminder.minutes > 0 and NoticeKind.REMINDER not in reminder.muted
        return is_on and reminder.plan.starts_at - lead <= self.clock.now()

    async def _remind(self, reminder: UpcomingReminder) -> None:
        """Submit the notice, whose key is that of this start, and record it afterwards."""
        plan = reminder.plan
        occasion = plan.event, plan.session_id, plan.starts_at.isoformat()
        key = notice_key("reminder", plan.person_epoch, *occasion)
        await self.delivery.remark(plan.person, key, _notice_of(plan, reminder.minutes))
        await self.store.plans.mark_reminded(plan)

    async def review(self, link: Link, remark: Remark) -> Remark | None:
        """Return what is so now of a reminder that is about to be sent, or None if nobody needs it.

        Raises:
            MessageDelayed: The platform does not say whether the session is still as planned.
        """
        if not isinstance(remark, SessionReminder):
            return remark
        number, now = SessionId(int(remark.session)), self.clock.now()
        plan = await self.store.plans.get(link.person, link.event, number)
        if link.refused_at is not None or link.event != remark.event or plan is None:
            return None
        if not plan.is_wanted or plan.starts_at.isoformat() != remark.starts:
            return None
        try:
            with Deadline(self.clock, READ_SECONDS):
                found = await self._listed(link, plan)
        except Refusal:
            return None  # the login or the event
        except PlatformError as error:
            raise MessageDelayed(error.code, RETRY_SECONDS) from None
        if found is None or found.starts_at != plan.starts_at or now >= plan.starts_at:
            if found is not None and (moved := planned(link, found, joined=plan.joined)):
                await self.store.plans.save([moved])
            return None
        fresh = replace(plan, session_title=found.title, location=found.location)
        minutes = max(1, round((plan.starts_at - now) / timedelta(minutes=1)))
        notice = _notice_of(replace(fresh, ends_at=found.ends_at), int(remark.minutes))
        return replace(notice, left=str(minutes), calendar=self._calendar(plan))

    async def _listed(self, link: Link, plan: PlannedSession) -> Session | None:
        """Return the session as the platform lists it for the person, if they can be there."""
        joined = await self.platform.registered_sessions(link)
        if not plan.joined and all(each.id != plan.session_id for each in joined):
            open_to_all = await self.platform.sessions(link, SessionScope.UPCOMING)
            joined = [each for each in open_to_all if not (each.by_invitation or each.is_full)]
        return next((each for each in joined if each.id == plan.session_id), None)

    # --- what people ask for ---------------------------------------------------------------------

    async def ask(
        self, link: Link, session: Session, minutes: int | None = None
    ) -> ReminderSet | None:
        """Remind the person of a session that they name, or return None if it has begun.

        They say how many `minutes` before it opens, or are reminded as they have set for all.
        """
        plan = planned(link, session, joined=session.registered)
        if plan is None or plan.starts_at <= self.clock.now():
            return None
        await self.store.plans.set_wanted(replace(plan, lead_minutes=minutes), True)
        stored = await self.store.plans.get(plan.person, plan.event, plan.session_id)
        return await self._set(stored or plan)

    async def cancel(
        self, link: Link, session_id: SessionId, event: EventSlug | None = None
    ) -> ReminderSet | None:
        """Do not remind the person of a session, which may be of an `event` that is not active.

        Return None if they are not reminded of it.
        """
        plan = await self.store.plans.get(link.person, event or link.event, session_id)
        if plan is None:
            return None
        await self.store.plans.set_wanted(plan, False)
        return await self._set(plan)

    async def _set(self, plan: PlannedSession) -> ReminderSet:
        known = await self.preferences.get(plan.person)
        is_on = known.allows(NoticeKind.REMINDER)
        lead = known.reminder_minutes if plan.lead_minutes is None else plan.lead_minutes
        minutes = lead if is_on else 0
        return ReminderSet(plan, minutes, self._calendar(plan))

    def _calendar(self, plan: PlannedSession) -> str:
        subject = f"{plan.session_id} {plan.event}"
        request = FileRequest(FileKind.CALENDAR, plan.person, plan.person_epoch, subject)
        link = self.files.link(request)
        return link.url if link is not None else ""


def _plans(link: Link, sessions: Sequence[Session]) -> list[PlannedSession]:
    made = (planned(link, session, joined=True) for session in sessions)
    return [plan for plan in made if plan is not None]


def _notice_of(plan: PlannedSession, minutes: int) -> SessionReminder:
    return SessionReminder(
        event=plan.event,
        session=str(plan.session_id),
        title=plan.session_title,
        place=plan.location or "",
        starts=plan.starts_at.isoformat(),
        ends=plan.ends_at.isoformat() if plan.ends_at is not None else "",
        minutes=str(minutes),
        joined=str(plan.joined),
    )
