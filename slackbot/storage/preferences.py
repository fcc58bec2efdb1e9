"""The repository of people's preferences."""

from __future__ import annotations

from typing import Final

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Epoch, Person
from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.storage.database import Database
from slackbot.storage.mappers import person_of
from slackbot.storage.statements import person_params, select_by_person
from slackbot.storage.tables import PreferencesRow

_GET: Final = select_by_person(PreferencesRow)


class PreferenceRows:
    """Implements `PreferenceStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person: Person) -> Preferences | None:
        """Return what the person has set, or None if that is nothing.

        A kind that only a later version knows is ignored.
        """
        row = await self._database.fetch_one(_GET, person_params(person))
        if row is None:
            return None
        muted = set(row.muted.split())
        return Preferences(
            person=person_of(row),
            person_epoch=Epoch(row.person_epoch),
            reminder_minutes=row.reminder_minutes,
            quiet_from=row.quiet_from,
            quiet_to=row.quiet_to,
            zone=row.zone,
            muted=frozenset(kind for kind in NoticeKind if kind.value in muted),
        )

    async def save(self, preferences: Preferences) -> None:
        """Insert or replace the person's preferences.

        Raises:
            NotLinked: the person has been deleted since the epoch began.
        """
        values = {
            "team_id": preferences.person.team,
            "user_id": preferences.person.user,
            "person_epoch": preferences.person_epoch,
            "reminder_minutes": preferences.reminder_minutes,
            "quiet_from": preferences.quiet_from,
            "quiet_to": preferences.quiet_to,
            "zone": preferences.zone,
            "muted": " ".join(sorted(preferences.muted)),
        }
        new = self._database.insert(PreferencesRow).values(**values)
        saved = new.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_={name: new.excluded[name] for name in values},
            where=PreferencesRow.person_epoch == new.excluded.person_epoch,
        )
        if not await self._database.execute(saved):
            raise NotLinked
