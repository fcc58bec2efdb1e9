"""The repository of pauses that end by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, update

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Person, TeamId
from slackbot.domain.snoozes import Snooze
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.mappers import snooze_of, values_of
from slackbot.storage.statements import of, person_params, select_by_person, select_columns
from slackbot.storage.tables import SnoozeRow

# Maximum number of pauses that are ended at a time.
MAX_DUE: Final = 50

_GET: Final = select_by_person(SnoozeRow).where(SnoozeRow.resumed_at.is_(None))


class Snoozes:
    """Implements `SnoozeStore` in SQL. Pauses are cached."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._caches = caches

    async def add(self, snooze: Snooze) -> None:
        """Insert the pause, or replace the person's.

        Raises:
            NotLinked: the person has been deleted since the epoch began.
        """
        values = {**values_of(snooze), "next_try_at": snooze.until}
        new = self._database.insert(SnoozeRow).values(**values)
        saved = new.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_={name: new.excluded[name] for name in values},
            where=SnoozeRow.person_epoch == new.excluded.person_epoch,
        )
        write = self._database.execute(saved)
        if not await invalidate_after(write, lambda: self._written(snooze.person)):
            raise NotLinked

    async def get(self, person: Person) -> Snooze | None:
        """Return the person's pause, unless its end has been handled."""

        async def load() -> Snooze | None:
            row = await self._database.fetch_one(_GET, person_params(person))
            return snooze_of(row) if row is not None else None

        return await self._caches.snoozes.get(person, load)

    def _written(self, person: Person) -> None:
        self._caches.snoozes.invalidate(person)
        self._caches.changes.add(person)

    async def list_due(self, team: TeamId, now: datetime) -> list[Snooze]:
        """Return up to `MAX_DUE` pauses whose end is due, most overdue first."""
        due = (SnoozeRow.team_id == team, SnoozeRow.next_try_at <= now)
        wanted = select_columns(SnoozeRow).where(*due).order_by(SnoozeRow.next_try_at)
        return [snooze_of(row) for row in await self._database.fetch_all(wanted.limit(MAX_DUE))]

    async def claim(self, snooze: Snooze, next_try_at: datetime) -> bool:
        """Count an attempt and schedule the next one. Return True only to the first caller."""
        claimed = update(SnoozeRow).where(
            of(SnoozeRow, snooze.person),
            SnoozeRow.asked_at == snooze.asked_at,
            SnoozeRow.tries == snooze.tries,
        )
        values = {"tries": snooze.tries + 1, "next_try_at": next_try_at}
        write = self._database.execute(claimed.values(values))
        cached = self._caches.snoozes
        return await invalidate_after(write, lambda: cached.invalidate(snooze.person)) > 0

    async def remove(self, person: Person, asked_at: datetime | None = None) -> bool:
        """Delete the person's pause, or only the one of this time. Return whether it existed."""
        same = [] if asked_at is None else [SnoozeRow.asked_at == asked_at]
        gone = delete(SnoozeRow).where(of(SnoozeRow, person), *same)
        write = self._database.execute(gone)
        return await invalidate_after(write, lambda: self._written(person)) > 0
