"""The deletion of rows that are too old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, exists, func, or_, select, tuple_, update

from slackbot.domain.model import Epoch, Person, TeamId, UserId
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.tables import (
    AvailabilityRow,
    IdentityRow,
    LinkRow,
    MatchRow,
    OtherLinkRow,
    PlannedSessionRow,
    RecapRow,
    StateCardRow,
    WelcomeRow,
    WorkspaceRow,
)

# Longest time between two deletions after which the clock is believed at once.
LONGEST_GAP: Final = timedelta(days=1)
# Rows per transaction. On SQLite, everybody else's writes wait for it.
BATCH: Final = 200
_LAST_USE_OF_OTHER = func.coalesce(
    OtherLinkRow.used_at, OtherLinkRow.linked_at, type_=OtherLinkRow.linked_at.type
)
_LAST_USE = func.coalesce(LinkRow.used_at, LinkRow.linked_at, type_=LinkRow.linked_at.type)


class Retention:
    """Implements `RetentionStore` in SQL."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._caches = caches

    async def claim(self, team: TeamId, now: datetime, every: timedelta) -> bool:
        """Record the time in the workspace's row, unless another process did so recently.

        If the last time is long ago, the clock may be wrong. Then return False nevertheless, so
        that nothing is deleted before the next period.
        """
        last = WorkspaceRow.cleaned_at
        # A time in the future was written by a clock that was wrong.
        due = or_(last.is_(None), last <= now - every, last > now)
        claimed = update(WorkspaceRow).where(WorkspaceRow.team_id == team, due)

        def work(connection: Connection) -> bool:
            last_at = connection.scalar(select(last).where(WorkspaceRow.team_id == team))
            won = connection.execute(claimed.values(cleaned_at=now)).rowcount > 0
            return won and (last_at is None or now - last_at <= LONGEST_GAP)

        return await self._database.transaction(work)

    async def delete_matches(self, team: TeamId, before: datetime) -> int:
        """Delete a batch of matches, the oldest first. Their call links are deleted with them."""
        old = select(MatchRow.user_id, MatchRow.id).where(
            MatchRow.team_id == team, MatchRow.received_at < before
        )
        batch = old.order_by(MatchRow.received_at).limit(BATCH)
        deleted = delete(MatchRow).where(
            MatchRow.team_id == team, tuple_(MatchRow.user_id, MatchRow.id).in_(batch)
        )
        return await self._database.execute(deleted)

    async def delete_notices(self, team: TeamId, before: datetime) -> int:
        """Delete state cards that nothing has ended, and records of welcomes, plans and recaps."""
        cards = StateCardRow.team_id == team, StateCardRow.since < before
        welcomes = WelcomeRow.team_id == team, WelcomeRow.welcomed_at < before
        plans = PlannedSessionRow.team_id == team, PlannedSessionRow.starts_at < before
        recaps = RecapRow.team_id == team, RecapRow.sent_at < before
        counts = await self._database.execute_each(
            delete(StateCardRow).where(*cards),
            delete(WelcomeRow).where(*welcomes),
            delete(PlannedSessionRow).where(*plans),
            delete(RecapRow).where(*recaps),
        )
        return sum(counts)

    async def delete_links(self, team: TeamId, before: datetime) -> list[Person]:
        """Delete a batch of links that nobody uses, and return whose active links they were.

        Their links to other events have been unused for longer.
        """
        is_available = exists().where(
            AvailabilityRow.team_id == LinkRow.team_id, AvailabilityRow.user_id == LinkRow.user_id
        )
        unused = LinkRow.team_id == team, before > _LAST_USE, ~is_available
        batch = select(LinkRow.user_id).where(*unused).order_by(LinkRow.user_id).limit(BATCH)
        # The conditions stand twice, in case the link is used while the batch is collected.
        deleted = delete(LinkRow).where(*unused, LinkRow.user_id.in_(batch))
        deleting = deleted.returning(LinkRow.user_id)
        others = delete(OtherLinkRow).where(
            OtherLinkRow.team_id == team, before > _LAST_USE_OF_OTHER
        )

        def work(connection: Connection) -> list[Person]:
            connection.execute(others)
            users = connection.scalars(deleting).all()
            return [Person(team, UserId(user)) for user in users]

        people = await invalidate_after(self._database.transaction(work), self._caches.links.clear)
        for person in people:
            self._caches.invalidate(person)
        return people

    async def delete_people(self, team: TeamId, before: datetime) -> list[Epoch]:
        """Delete a batch of people who came before this time and of whom nothing else is left."""
        left = [
            exists().where(row.team_id == IdentityRow.team_id, row.user_id == IdentityRow.user_id)
            for row in (LinkRow, OtherLinkRow, MatchRow)
        ]
        empty = (
            IdentityRow.team_id == team,
            IdentityRow.created_at < before,
            *(~each for each in left),
        )
        batch = select(IdentityRow.user_id).where(*empty).order_by(IdentityRow.user_id).limit(BATCH)
        deleted = delete(IdentityRow).where(*empty, IdentityRow.user_id.in_(batch))
        deleting = deleted.returning(IdentityRow.epoch)

        def work(connection: Connection) -> list[Epoch]:
            return [Epoch(each) for each in connection.scalars(deleting).all()]

        return await self._database.transaction(work)
