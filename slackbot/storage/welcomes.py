"""The repository of people who were welcomed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Person
from slackbot.storage.database import Database
from slackbot.storage.statements import of
from slackbot.storage.tables import WelcomeRow


class Welcomes:
    """Implements `WelcomeStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, person: Person, at: datetime) -> bool:
        """Insert the person's row. Return False if it exists, or the workspace removed the app."""
        values = {"team_id": person.team, "user_id": person.user, "welcomed_at": at}
        new = self._database.insert(WelcomeRow).values(**values).on_conflict_do_nothing()
        try:
            return await self._database.execute(new) > 0
        except NotLinked:
            return False

    async def release(self, person: Person) -> None:
        """Delete the person's row."""
        await self._database.execute(delete(WelcomeRow).where(of(WelcomeRow, person)))
