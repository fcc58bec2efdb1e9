"""The repository of Slack events that have been handled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import TeamId
from slackbot.storage.database import Database
from slackbot.storage.tables import SeenEventRow

# Slack retries an event for about an hour.
MAX_AGE: Final = timedelta(days=1)
# Time between purges of a workspace, in seconds.
PURGE_SECONDS: Final = 3600.0


class Events:
    """Implements `EventStore` in SQL."""

    def __init__(self, database: Database, *, clock: Callable[[], float]) -> None:
        """Create the repository. `clock` returns seconds."""
        self._database = database
        self._clock = clock
        self._next_purge: dict[TeamId, float] = {}

    async def record(self, team: TeamId, event_id: str, at: datetime) -> bool:
        """Record an event. Return True if it was not seen within the last day.

        Nothing is recorded for a workspace that has removed the app.
        """
        now = self._clock()
        if now >= self._next_purge.get(team, now):
            old = (SeenEventRow.team_id == team, SeenEventRow.seen_at < at - MAX_AGE)
            await self._database.execute(delete(SeenEventRow).where(*old))
            self._next_purge[team] = now + PURGE_SECONDS
        new = self._database.insert(SeenEventRow).values(
            team_id=team, event_id=event_id, seen_at=at
        )
        try:
            return await self._database.execute(new.on_conflict_do_nothing()) > 0
        except NotLinked:
            return True
