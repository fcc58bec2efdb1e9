"""The repository of departures."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, update

from slackbot.domain.model import Departure, Person, SessionId, TeamId
from slackbot.storage.database import Database
from slackbot.storage.mappers import departure_of, values_of
from slackbot.storage.statements import of, person_params, select_by_person, select_columns
from slackbot.storage.tables import DepartureRow

# Maximum number of departures that are retried at a time.
MAX_DUE: Final = 50

_OF = select_by_person(DepartureRow)


class Departures:
    """Implements `DepartureStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, departure: Departure, next_try_at: datetime) -> None:
        """Add a departure, or replace the person's departure from the same session."""
        values = {**values_of(departure), "next_try_at": next_try_at}
        new = self._database.insert(DepartureRow).values(**values)
        await self._database.execute(
            new.on_conflict_do_update(
                index_elements=["team_id", "user_id", "session_id"],
                set_={name: new.excluded[name] for name in values},
            )
        )

    async def list_of(self, person: Person) -> list[Departure]:
        """Return the person's departures."""
        rows = await self._database.fetch_all(_OF, person_params(person))
        return [departure_of(row) for row in rows]

    async def list_all(self, team: TeamId) -> list[Departure]:
        """Return all departures of the workspace, oldest first."""
        wanted = select_columns(DepartureRow).where(DepartureRow.team_id == team)
        rows = await self._database.fetch_all(wanted.order_by(DepartureRow.left_at))
        return [departure_of(row) for row in rows]

    async def list_due(self, team: TeamId, now: datetime) -> list[Departure]:
        """Return up to `MAX_DUE` departures whose next attempt is due, most overdue first."""
        due = (DepartureRow.team_id == team, DepartureRow.next_try_at <= now)
        wanted = select_columns(DepartureRow).where(*due).order_by(DepartureRow.next_try_at)
        rows = await self._database.fetch_all(wanted.limit(MAX_DUE))
        return [departure_of(row) for row in rows]

    async def claim(self, departure: Departure, next_try_at: datetime) -> bool:
        """Count an attempt and schedule the next one. Return True only to the first caller."""
        claimed = update(DepartureRow).where(
            of(DepartureRow, departure.person),
            DepartureRow.session_id == departure.session_id,
            DepartureRow.tries == departure.tries,
        )
        values = {"tries": departure.tries + 1, "next_try_at": next_try_at}
        return await self._database.execute(claimed.values(values)) > 0

    async def remove(self, person: Person, session_id: SessionId) -> bool:
        """Delete a departure. Return True only to the caller that deleted it."""
        gone = delete(DepartureRow).where(
            of(DepartureRow, person), DepartureRow.session_id == session_id
        )
        return await self._database.execute(gone) > 0
