"""Unsent matches of all workspaces, for `slackbot notices`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import DateTime, func, or_, select, update

from slackbot.domain.model import MatchId, Person, TeamId
from slackbot.storage.database import Database
from slackbot.storage.mappers import person_of
from slackbot.storage.statements import of
from slackbot.storage.tables import MatchRow, WorkerRow, WorkspaceRow

DROPPED: Final = "dropped"  # the outcome of a notice that an operator dropped
# Outcomes of matches that were sent, or that are not meant to be sent.
NOT_UNSENT: Final = ("told", "before", "skipped", DROPPED)


@dataclass(frozen=True, slots=True)
class UnsentMatch:
    """A match whose notice is pending or was given up. Its partner is left out."""

    person: Person
    id: MatchId
    received_at: datetime
    outcome: str | None  # None while it is pending


class UnsentMatches:
    """Queries for operators, which are separate from `Matches` because they span workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_all(self, since: datetime) -> list[UnsentMatch]:
        """Return the pending matches, and those received after `since` that were given up."""
        found: list[UnsentMatch] = []
        teams = await self._database.fetch_column(select(WorkspaceRow.team_id))
        for team in map(TeamId, sorted(teams)):
            given_up = MatchRow.outcome.not_in(NOT_UNSENT) & (MatchRow.received_at >= since)
            unsent = (
                select(
                    MatchRow.team_id,
                    MatchRow.user_id,
                    MatchRow.id,
                    MatchRow.received_at,
                    MatchRow.outcome,
                )
                .where(MatchRow.team_id == team, or_(MatchRow.settled_at.is_(None), given_up))
                .order_by(MatchRow.received_at)
            )
            for row in await self._database.fetch_all(unsent):
                match = UnsentMatch(person_of(row), MatchId(row.id), row.received_at, row.outcome)
                found.append(match)
        return found

    async def reopen(self, match: UnsentMatch) -> bool:
        """Make a match that was given up pending again. Return whether it was changed."""
        given_up = update(MatchRow).where(
            of(MatchRow, match.person),
            MatchRow.id == match.id,
            MatchRow.outcome.not_in(NOT_UNSENT),
        )
        return await self._database.execute(given_up.values(settled_at=None, outcome=None)) > 0

    async def drop(self, match: UnsentMatch) -> bool:
        """Drop a pending match. Return False if it was no longer pending."""
        pending = update(MatchRow).where(
            of(MatchRow, match.person), MatchRow.id == match.id, MatchRow.settled_at.is_(None)
        )
        values = {"settled_at": datetime.now(UTC), "outcome": DROPPED}
        return await self._database.execute(pending.values(**values)) > 0

    async def living_workers(self) -> frozenset[str]:
        """Return the boot ids of processes with a valid lease, by the database's clock."""
        now = datetime.now(UTC)
        holds = WorkerRow.expires_at > (
            now
            if self._database.single_process
            else func.clock_timestamp(type_=DateTime(timezone=True))
        )
        living = select(WorkerRow.boot_id).where(holds, WorkerRow.recovering_by.is_(None))
        return frozenset(await self._database.fetch_column(living))
