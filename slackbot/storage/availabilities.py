"""The repository of availabilities."""

from __future__ import annotations

from sqlalchemy import delete, update

from slackbot.domain.model import Availability, EventSlug, Person, SessionId, State, TeamId
from slackbot.storage.database import Database
from slackbot.storage.filters import of, person_params, select_by_person, select_columns
from slackbot.storage.mappers import availability_of, values_of
from slackbot.storage.tables import AvailabilityRow

_GET = select_by_person(AvailabilityRow)


class Availabilities:
    """The port `AvailabilityStore` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability."""
        row = await self._database.fetch_one(_GET, person_params(person))
        return availability_of(row) if row is not None else None

    async def list_all(self, team: TeamId) -> list[Availability]:
        """Return the availabilities of the workspace, oldest first."""
        wanted = (
            select_columns(AvailabilityRow)
            .where(AvailabilityRow.team_id == team)
            .order_by(AvailabilityRow.since, AvailabilityRow.user_id)
        )
        return [availability_of(row) for row in await self._database.fetch_all(wanted)]

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """Return the session's title as the person's availability names it, or ""."""
        availability = await self.get(person)
        if availability is None:
            return ""
        here = (availability.event, availability.session_id) == (event, session_id)
        return availability.session_title if here else ""

    async def save(self, availability: Availability) -> None:
        """Insert or replace an availability."""
        saved = self._database.upsert(AvailabilityRow, values_of(availability))
        await self._database.execute(saved)

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state if the person is still available in this session; else False."""
        here = (of(AvailabilityRow, person), AvailabilityRow.session_id == session_id)
        changed = update(AvailabilityRow).where(*here).values(state=state.value)
        return await self._database.execute(changed) > 0

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. True only for the caller that deleted it."""
        ended = delete(AvailabilityRow).where(of(AvailabilityRow, person))
        return await self._database.execute(ended) > 0
