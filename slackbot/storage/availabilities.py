"""The repository of availabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    Connection,
    Executable,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from slackbot.domain.errors import NotLinked
from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import (
    Availability,
    EventSlug,
    Person,
    SessionId,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.domain.snoozes import Snooze
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import KEEP_ROW_COUNT, Database
from slackbot.storage.mappers import availability_of, values_of
from slackbot.storage.statements import (
    SENT,
    by_person,
    of,
    person_params,
    select_by_person,
    select_columns,
)
from slackbot.storage.tables import AvailabilityRow, MatchRow, SnoozeRow

_GET = select_by_person(AvailabilityRow)
_REACTED = (
    update(AvailabilityRow)
    .where(by_person(AvailabilityRow))
    .values(reacted_at=bindparam("new_reacted_at"))
)


class Availabilities:
    """Implements `AvailabilityStore` in SQL. Availabilities and session titles are cached."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._cache = caches.availabilities
        self._snoozes = caches.snoozes
        self._changes = caches.changes
        self._titles = caches.titles

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability, or None."""
        return await self._cache.get(person, lambda: _load(self._database, person))

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
        found = await _load(self._database, person)
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
        if not await self._write(availability.person, self._saved(availability)):
            raise NotLinked

    def _saved(self, availability: Availability) -> Executable:
        values = values_of(availability)
        new = self._database.insert(AvailabilityRow).values(**values)
        same_session = and_(
            AvailabilityRow.event == availability.event,
            AvailabilityRow.session_id == availability.session_id,
        )
        kept = case((same_session, AvailabilityRow.baseline_at), else_=None)
        baseline = func.coalesce(new.excluded.baseline_at, kept)
        replaced = {name: new.excluded[name] for name in values} | {"baseline_at": baseline}
        return new.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_=replaced,
            where=AvailabilityRow.person_epoch == availability.person_epoch,
        )

    async def resume(self, snooze: Snooze, availability: Availability) -> bool:
        """Save an availability with which a pause ends, in one transaction with its mark."""
        person = snooze.person
        ended = update(SnoozeRow).where(
            of(SnoozeRow, person),
            SnoozeRow.person_epoch == availability.person_epoch,
            SnoozeRow.asked_at == snooze.asked_at,
            SnoozeRow.resumed_at.is_(None),
        )
        ended, saved = ended.values(resumed_at=availability.since), self._saved(availability)

        def work(connection: Connection) -> bool:
            if not connection.execute(ended, execution_options=KEEP_ROW_COUNT).rowcount:
                return False
            connection.execute(saved)
            return True

        write = self._database.transaction(work)
        return await invalidate_after(write, lambda: self._cache_changed(person))

    async def record_reactions(self, reactions: Mapping[Person, datetime]) -> None:
        """Record when these people last pressed or typed something, if they are available."""
        params = [person_params(who) | {"new_reacted_at": at} for who, at in reactions.items()]
        await self._database.execute(*((_REACTED, each) for each in params), synced=False)

    async def list_unanswered(self, team: TeamId, now: datetime, count: int) -> list[Availability]:
        """Return the availabilities with `count` matches that are over and had no reaction.

        Somebody whose round is running is talking, perhaps in the browser.
        """
        known, over = MatchRow.ends_at, MatchRow.received_at <= now - ASSUMED_ROUND
        is_over = or_(known <= now, and_(known.is_(None), over))
        paired = (
            MatchRow.team_id == AvailabilityRow.team_id,
            MatchRow.user_id == AvailabilityRow.user_id,
            MatchRow.event == AvailabilityRow.event,
            MatchRow.session_id == AvailabilityRow.session_id,
            MatchRow.source == Source.SOCKET.value,
        )
        begun = func.coalesce(AvailabilityRow.reacted_at, AvailabilityRow.since)
        unanswered = (
            select(func.count())
            .where(*paired, MatchRow.outcome == SENT, MatchRow.received_at > begun, is_over)
            .correlate(AvailabilityRow)
            .scalar_subquery()
        )
        wanted = select_columns(AvailabilityRow).where(
            AvailabilityRow.team_id == team,
            AvailabilityRow.state != State.LEAVING.value,
            unanswered >= count,
            ~exists().where(*paired, not_(is_over)).correlate(AvailabilityRow),
        )
        return [availability_of(row) for row in await self._database.fetch_all(wanted)]

    async def set_session_end(
        self, team: TeamId, event: EventSlug, session_id: SessionId, ends_at: datetime
    ) -> int:
        """Correct when a session ends, in the availabilities there. Return how many it changed."""
        known = AvailabilityRow.session_ends_at
        wrong = update(AvailabilityRow).where(
            AvailabilityRow.team_id == team,
            AvailabilityRow.event == event,
            AvailabilityRow.session_id == session_id,
            or_(known.is_(None), known != ends_at),
        )
        corrected = wrong.values(session_ends_at=ends_at).returning(AvailabilityRow.user_id)

        def work(connection: Connection) -> Sequence[str]:
            return connection.scalars(corrected).all()

        changed = await self._database.transaction(work)
        for user in changed:
            self._cache_changed(Person(team, UserId(user)))
        return len(changed)

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state if the person is still available in this session.

        Return whether the state was changed.
        """
        here = (of(AvailabilityRow, person), AvailabilityRow.session_id == session_id)
        changed = update(AvailabilityRow).where(*here).values(state=state.value)
        return await self._write(person, changed) > 0

    async def save_confirmed(self, availability: Availability) -> None:
        """Store whether the platform has confirmed this availability, unless it has ended."""
        person = availability.person
        same = (
            of(AvailabilityRow, person),
            AvailabilityRow.session_id == availability.session_id,
            AvailabilityRow.since == availability.since,
        )
        saved = update(AvailabilityRow).where(*same).values(confirmed=availability.confirmed)
        await self._write(person, saved)

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. Return True only to the caller that deleted it."""
        ended = delete(AvailabilityRow).where(of(AvailabilityRow, person))
        return await self._write(person, ended) > 0

    async def _write(self, person: Person, statement: Executable) -> int:
        write = self._database.execute(statement)
        return await invalidate_after(write, lambda: self._cache_changed(person))

    def _cache_changed(self, person: Person) -> None:
        self._cache.invalidate(person)
        self._snoozes.invalidate(person)
        self._changes.add(person)


async def _load(database: Database, person: Person) -> Availability | None:
    row = await database.fetch_one(_GET, person_params(person))
    return availability_of(row) if row is not None else None
