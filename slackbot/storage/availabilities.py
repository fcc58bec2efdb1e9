"""The repository of availabilities."""

from __future__ import annotations

from sqlalchemy import Executable, and_, case, delete, func, update

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Availability, EventSlug, Person, SessionId, State, TeamId
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.mappers import availability_of, values_of
from slackbot.storage.statements import of, person_params, select_by_person, select_columns
from slackbot.storage.tables import AvailabilityRow

_GET = select_by_person(AvailabilityRow)


class Availabilities:
    """Implements `AvailabilityStore` in SQL. Availabilities and session titles are cached."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._cache = caches.availabilities
        self._titles = caches.titles

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability, or None."""
        return await self._cache.get(person, lambda: self._load(person))

    async def _load(self, person: Person) -> Availability | None:
        row = await self._database.fetch_one(_GET, person_params(person))
        return availability_of(row) if row is not None else None

    async def list_all(self, team: TeamId) -> list[Availability]:
        """Return the workspace's availabilities, oldest first."""
        wanted = (
            select_columns(AvailabilityRow)
            .where(AvailabilityRow.team_id == team)
            .order_by(AvailabilityRow.since, AvailabilityRow.user_id)
        )
        return [availability_of(row) for row in await self._database.fetch_all(wanted)]

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """Return the session's title as stored with an availability, or "" if it is unknown."""
        session = (person.team, event, session_id)
        if (title := self._titles.peek(session)) is not None:
            return title
        found = await self._load(person)
        if found is None or (found.event, found.session_id) != (event, session_id):
            return ""
        if found.session_title:
            self._titles.put(session, found.session_title)
        return found.session_title

    async def save(self, availability: Availability) -> None:
        """Insert or replace an availability.

        If it has no baseline and the session is the same, the stored baseline is kept.

        Raises:
            NotLinked: the person has disconnected since the availability's epoch began.
        """
        values = values_of(availability)
        new = self._database.insert(AvailabilityRow).values(**values)
        same_session = and_(
            AvailabilityRow.event == availability.event,
            AvailabilityRow.session_id == availability.session_id,
        )
        kept = case((same_session, AvailabilityRow.baseline_at), else_=None)
        baseline = func.coalesce(new.excluded.baseline_at, kept)
        replaced = {name: new.excluded[name] for name in values} | {"baseline_at": baseline}
        saved = new.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_=replaced,
            where=AvailabilityRow.person_epoch == availability.person_epoch,
        )
        if not await self._write(availability.person, saved):
            raise NotLinked

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state if the person is still available in this session.

        Return whether the state was changed.
        """
        here = (of(AvailabilityRow, person), AvailabilityRow.session_id == session_id)
        changed = update(AvailabilityRow).where(*here).values(state=state.value)
        return await self._write(person, changed) > 0

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. Return True only to the caller that deleted it."""
        ended = delete(AvailabilityRow).where(of(AvailabilityRow, person))
        return await self._write(person, ended) > 0

    async def _write(self, person: Person, statement: Executable) -> int:
        write = self._database.execute(statement)
        return await invalidate_after(write, lambda: self._cache.invalidate(person))
