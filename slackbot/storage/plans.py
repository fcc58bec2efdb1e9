"""The repositories of planned sessions and of recaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Executable, Row, and_, delete, exists, or_, select, update

from slackbot.domain.model import Epoch, EventSlug, Link, Person, SessionId, Source, TeamId, UserId
from slackbot.domain.plans import PlannedSession, UpcomingReminder
from slackbot.domain.preferences import REMINDER_MINUTES, NoticeKind
from slackbot.storage.database import Database
from slackbot.storage.mappers import person_of, plan_of, values_of
from slackbot.storage.statements import of, select_columns
from slackbot.storage.tables import (
    EventEndRow,
    LinkRow,
    MatchRow,
    PlannedSessionRow,
    PreferencesRow,
    RecapRow,
)

# How long a plan is kept after its session has begun. A link to its calendar entry works as long.
KEPT: Final = timedelta(days=2)
# After that a read counts as lost with its process.
CLAIM_AGE: Final = timedelta(minutes=1)
_KEY: Final = ("team_id", "user_id", "event", "session_id")
# What the platform says of a session.
_OF_PLATFORM: Final = ("session_title", "location", "starts_at", "ends_at", "joined")


class Plans:
    """Implements `PlanStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(
        self, person: Person, event: EventSlug, session_id: SessionId
    ) -> PlannedSession | None:
        """Return the person's plan for the session, or None."""
        here = PlannedSessionRow.event == event, PlannedSessionRow.session_id == session_id
        wanted = select_columns(PlannedSessionRow).where(of(PlannedSessionRow, person), *here)
        row = await self._database.fetch_one(wanted)
        return plan_of(row) if row is not None else None

    async def save(self, plans: Sequence[PlannedSession]) -> None:
        """Insert plans, or update what the platform says.

        Raises:
            NotLinked: the person has been deleted since the plan's epoch began.
        """
        if plans:
            await self._database.execute(*(self._upsert(plan, *_OF_PLATFORM) for plan in plans))

    def _upsert(self, plan: PlannedSession, *updated: str) -> Executable:
        """Insert a plan, or update these columns. A row with another epoch is not changed."""
        new = self._database.insert(PlannedSessionRow).values(**values_of(plan))
        return new.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: new.excluded[name] for name in updated},
            where=PlannedSessionRow.person_epoch == new.excluded.person_epoch,
        )

    async def sync(self, link: Link, joined: Sequence[PlannedSession], now: datetime) -> None:
        """Save what the person has joined, and correct what they have not.

        Raises:
            NotLinked: the person has been deleted since the link's epoch began.
        """
        own = of(PlannedSessionRow, link.person)
        left = update(PlannedSessionRow).where(
            own,
            PlannedSessionRow.event == link.event,
            PlannedSessionRow.starts_at > now,
            PlannedSessionRow.session_id.not_in([plan.session_id for plan in joined]),
        )
        await self._database.execute(
            delete(PlannedSessionRow).where(own, PlannedSessionRow.starts_at < now - KEPT),
            left.values(joined=False),
            *(self._upsert(plan, *_OF_PLATFORM) for plan in joined),
        )

    async def set_wanted(self, plan: PlannedSession, wanted: bool) -> None:
        """Record whether the person wants to be reminded, and how long before if they say so.

        Raises:
            NotLinked: the person has been deleted since the plan's epoch began.
        """
        said = ("wanted",) if plan.lead_minutes is None else ("wanted", "lead_minutes")
        saved = self._upsert(replace(plan, wanted=wanted), *said, *_OF_PLATFORM[:-1])
        await self._database.execute(saved)

    async def list_upcoming(
        self, team: TeamId, now: datetime, until: datetime
    ) -> list[UpcomingReminder]:
        """Return the wanted plans that start within this time, of which nobody was reminded."""
        plan, set_by = PlannedSessionRow, PreferencesRow
        own = and_(set_by.team_id == plan.team_id, set_by.user_id == plan.user_id)
        # Of an event to which somebody has switched back, they can be reminded again.
        is_active = exists().where(
            LinkRow.team_id == plan.team_id,
            LinkRow.user_id == plan.user_id,
            LinkRow.event == plan.event,
            LinkRow.refused_at.is_(None),
        )
        wanted = (
            select(*plan.__table__.columns, set_by.reminder_minutes, set_by.muted)
            .outerjoin(set_by, own)
            .where(
                plan.team_id == team,
                is_active,
                plan.starts_at > now,
                plan.starts_at <= until,
                or_(plan.wanted.is_(True), and_(plan.wanted.is_(None), plan.joined.is_(True))),
                or_(plan.reminded_for.is_(None), plan.reminded_for != plan.starts_at),
            )
        )
        rows = await self._database.fetch_all(wanted.order_by(plan.starts_at))
        return [_reminder_of(row) for row in rows]

    async def mark_reminded(self, plan: PlannedSession) -> None:
        """Record the start of which the person was reminded."""
        marked = update(PlannedSessionRow).where(
            of(PlannedSessionRow, plan.person),
            PlannedSessionRow.event == plan.event,
            PlannedSessionRow.session_id == plan.session_id,
            PlannedSessionRow.starts_at == plan.starts_at,
        )
        await self._database.execute(marked.values(reminded_for=plan.starts_at))

    async def claim_reads(
        self, team: TeamId, now: datetime, before: datetime, limit: int
    ) -> list[Person]:
        """Return a batch of people whose sessions were not read since, each to one caller.

        A claim is stored as a read that is almost out of date.
        """
        read_at = LinkRow.sessions_read_at
        # A time in the future was written by a clock that was wrong.
        is_old = or_(read_at.is_(None), read_at <= before, read_at > now)
        unread = LinkRow.team_id == team, LinkRow.refused_at.is_(None), is_old
        batch = (
            select(LinkRow.user_id).where(*unread).order_by(read_at.nulls_first(), LinkRow.user_id)
        )
        # The conditions stand twice, in case another process claims some meanwhile.
        claimed = update(LinkRow).where(*unread, LinkRow.user_id.in_(batch.limit(limit)))
        claimed = claimed.values(sessions_read_at=before + CLAIM_AGE)
        claiming = claimed.returning(LinkRow.user_id)

        def work(connection: Connection) -> list[Person]:
            return [Person(team, UserId(user)) for user in connection.scalars(claiming).all()]

        return await self._database.transaction(work)

    async def record_read(self, link: Link, at: datetime) -> None:
        """Record when the sessions were read, unless the person has another active link."""
        read = update(LinkRow).where(
            of(LinkRow, link.person),
            LinkRow.person_epoch == link.person_epoch,
            LinkRow.event == link.event,
        )
        await self._database.execute(read.values(sessions_read_at=at))


class Recaps:
    """Implements `RecapStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_due(
        self, team: TeamId, since: datetime
    ) -> list[tuple[Person, Epoch, EventSlug]]:
        """Return who was matched at an event since then, and has no recap of it."""
        sent = exists().where(
            RecapRow.team_id == MatchRow.team_id,
            RecapRow.user_id == MatchRow.user_id,
            RecapRow.event == MatchRow.event,
        )
        met = select(MatchRow.team_id, MatchRow.user_id, MatchRow.person_epoch, MatchRow.event)
        due = met.distinct().where(
            MatchRow.team_id == team,
            MatchRow.received_at >= since,
            MatchRow.source != Source.BEFORE.value,
            ~sent,
        )
        rows = await self._database.fetch_all(due)
        return [(person_of(row), Epoch(row.person_epoch), EventSlug(row.event)) for row in rows]

    async def record(self, person: Person, epoch: Epoch, event: EventSlug, at: datetime) -> None:
        """Record the recap, unless its person has left."""
        values = {"team_id": person.team, "user_id": person.user, "person_epoch": epoch}
        new = self._database.insert(RecapRow).values(**values, event=event, sent_at=at)
        await self._database.execute(new.on_conflict_do_nothing())

    async def claim_read(
        self, team: TeamId, event: EventSlug, now: datetime, before: datetime
    ) -> bool:
        """Record that the event's sessions are read now. Return True only to the first caller."""
        new = self._database.insert(EventEndRow).values(team_id=team, event=event, read_at=now)
        read_at = EventEndRow.read_at
        claimed = new.on_conflict_do_update(
            index_elements=["team_id", "event"],
            set_={"read_at": new.excluded.read_at},
            # A time in the future was written by a clock that was wrong.
            where=or_(read_at <= before, read_at > now),
        )
        return await self._database.execute(claimed) > 0

    async def save_end(self, team: TeamId, event: EventSlug, ends_at: datetime | None) -> None:
        """Record when the last session of the event ends."""
        here = update(EventEndRow).where(EventEndRow.team_id == team, EventEndRow.event == event)
        await self._database.execute(here.values(ends_at=ends_at))

    async def get_end(self, team: TeamId, event: EventSlug) -> datetime | None:
        """Return when the last session of the event ends, as far as that is known."""
        here = EventEndRow.team_id == team, EventEndRow.event == event
        row = await self._database.fetch_one(select(EventEndRow.ends_at).where(*here))
        return row.ends_at if row is not None else None


def _reminder_of(row: Row[Any]) -> UpcomingReminder:
    minutes = REMINDER_MINUTES if row.reminder_minutes is None else row.reminder_minutes
    minutes = minutes if row.lead_minutes is None else row.lead_minutes
    muted = set((row.muted or "").split())
    kinds = frozenset(kind for kind in NoticeKind if kind.value in muted)
    return UpcomingReminder(plan_of(row), minutes, kinds)
