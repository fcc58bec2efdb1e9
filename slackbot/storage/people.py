"""The repository that deletes people and workspaces."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete

from slackbot.domain.model import Person, TeamId
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.statements import of
from slackbot.storage.tables import AvailabilityRow, CallLinkRow, LinkRow, MatchRow, SeenEventRow

# The link comes last: its deletion tells if there was one.
TABLES: Final = (CallLinkRow, MatchRow, AvailabilityRow, LinkRow)


class People:
    """The port `PeopleStore` over SQL."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._caches = caches

    async def forget(self, person: Person) -> bool:
        """Delete all rows of the person. True if there was a link."""
        deleted = (delete(table).where(of(table, person)) for table in TABLES)
        write = self._database.execute(*deleted)
        return await invalidate_after(write, lambda: self._caches.invalidate(person)) > 0

    async def forget_workspace(self, team: TeamId) -> None:
        """Delete all rows of the workspace."""
        tables = (*TABLES, SeenEventRow)
        deleted = (delete(table).where(table.team_id == team) for table in tables)
        await invalidate_after(self._database.execute(*deleted), self._caches.clear)
