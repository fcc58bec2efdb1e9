"""All rows about one person, whatever tables there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, select

from slackbot.domain.model import Person
from slackbot.domain.personal_data import StoredData
from slackbot.storage.columns import Base
from slackbot.storage.database import Database
from slackbot.storage.executors import SqliteExecutor
from slackbot.storage.failures import raise_unavailable
from slackbot.storage.key_rotation import ENCRYPTED_COLUMNS
from slackbot.storage.statements import of
from slackbot.storage.tables import IdentityRow, WorkspaceRow

# Stands in place of an encrypted value, which a file that is passed on must not hold.
ENCRYPTED: Final = "(encrypted)"
# Stands in place of what is about the other one of two people, and is not the person's to have.
NOT_SHARED: Final = "(not shared)"
_ENCRYPTED: Final = {
    (each.column.class_.__tablename__, each.column.key) for each in ENCRYPTED_COLUMNS
}
# The column that says when a row was made, or None if there is none.
_MADE_AT: Final[dict[str, str | None]] = {
    "availabilities": "since",
    "call_links": "made_at",
    "contact_answers": "answered_at",
    "departures": "left_at",
    "feeds": "wanted_at",
    "homes": "opened_at",
    "links": "linked_at",
    "matches": "received_at",
    "other_links": "linked_at",
    "people": "created_at",
    "planned_sessions": None,
    "preferences": None,
    "recaps": "sent_at",
    "reports": "reported_at",
    "snoozes": "asked_at",
    "state_cards": "since",
    "welcomes": "welcomed_at",
}


def personal_tables() -> list[Table]:
    """Return the tables that have rows about people."""
    return [table for table in Base.metadata.sorted_tables if "user_id" in table.c]


class PersonalData:
    """Implements `PersonalDataStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, person: Person) -> StoredData:
        """Return all rows about the person, by their table."""

        def work(connection: Connection) -> StoredData:
            found = {}
            for table in personal_tables():
                rows = connection.execute(select(table).where(_about(table, person))).all()
                if rows:
                    found[table.name] = [_readable(table, row._asdict()) for row in rows]
            return found

        return await self._database.reading(work)

    async def teams(self) -> list[str]:
        """Return the workspaces of the database."""
        return await self._database.fetch_column(select(WorkspaceRow.team_id))

    async def count_before(self, person: Person, at: datetime) -> int:
        """Count the rows about the person from before this time.

        Rows without a time of their own are as old as the person's.
        """
        came_before = exists().where(of(IdentityRow, person), IdentityRow.created_at < at)

        def work(connection: Connection) -> int:
            counts = []
            for table in personal_tables():
                time = _MADE_AT[table.name]
                is_old = table.c[time] < at if time is not None else came_before
                counted = select(func.count()).select_from(table)
                counts.append(counted.where(_about(table, person), is_old))
            return sum(connection.scalar(count) or 0 for count in counts)

        return await self._database.reading(work)

    async def overwrite_deleted(self) -> None:
        """Empty SQLite's write-ahead log, which holds what deleted rows were before."""
        if self._database.single_process:
            executor = self._database.dedicated_connection()
            assert isinstance(executor, SqliteExecutor)
            with raise_unavailable():
                await executor.empty_log()


def _about(table: Table, person: Person) -> ColumnElement[bool]:
    return and_(table.c.team_id == person.team, table.c.user_id == person.user)


def _readable(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row, without those that are secret.

    Who a partner is in Slack, neither of the two learns before both have agreed.
    """
    hidden = {"partner_epoch"} if row.get("agreed_at") else {"partner_epoch", "partner_user_id"}
    row |= dict.fromkeys(hidden & row.keys(), NOT_SHARED)
    return {
        name: ENCRYPTED if (table.name, name) in _ENCRYPTED and value is not None else value
        for name, value in row.items()
    }
