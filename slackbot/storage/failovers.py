"""Detection of lost rows: failovers that lost some, and starts from an older copy.

An asynchronous replica may lack its primary's latest commits. When it is promoted, PostgreSQL
starts a new timeline, and another cluster has a different system identifier. The rows do not
contain this new identity yet, so the first process that finds it records it.

A start after an unclean shutdown may be from an older copy, such as a backup. The first process to
start records it for the processes that start later.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select, text

from slackbot.domain.workers import RECHECK_PERIOD
from slackbot.storage.database import Database
from slackbot.storage.failures import cause_of, raise_unavailable
from slackbot.storage.feeds import current_time
from slackbot.storage.tables import ServerRow

# The timeline of the WAL insert position changes on promotion. The timeline that
# `pg_control_checkpoint()` returns changes only at the next checkpoint, minutes later.
_IDENTITY: Final = text(
    "SELECT (SELECT system_identifier FROM pg_control_system()) "
    "|| '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
)
# If a provider does not offer these functions, each start of the server counts as a new server.
_STARTED: Final = text("SELECT 'started ' || pg_postmaster_start_time()")
_UNANSWERED: Final = frozenset({"0A000", "42501", "42883"})
# A row of the table that is no server: the last start that may be from an older copy.
_UNCLEAN_START: Final = "unclean start"


def record_unclean_start(database: Database, connection: Connection, now: datetime) -> None:
    """Record that the latest rows may be missing since now."""
    start = database.insert(ServerRow).values(identity=_UNCLEAN_START, seen_at=now)
    connection.execute(
        start.on_conflict_do_update(index_elements=["identity"], set_={"seen_at": now})
    )


class Failovers:
    """Implements `FailoverStore` in SQL. SQLite has unclean starts, but no failovers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent(self) -> bool:
        """Return whether the rows have recently moved to another server or timeline.

        The same is returned after a start from what may be an older copy.

        The first call after a failover detects it, in any process.
        """
        with raise_unavailable():
            async with asyncio.timeout(self._database.timeout):
                identity = "" if self._database.single_process else await self._identity()
                ages = await self._database.read(self._ages)
        started = ages.pop(_UNCLEAN_START, RECHECK_PERIOD)
        return await self._is_new(identity, ages) or started < RECHECK_PERIOD

    async def _is_new(self, identity: str, ages: dict[str, timedelta]) -> bool:
        """Return whether the rows have recently moved to this server, and record a new one."""
        if self._database.single_process:
            return False
        if identity not in ages:
            new = self._database.insert(ServerRow).values(
                identity=identity, seen_at=func.clock_timestamp()
            )
            await self._database.execute(new.on_conflict_do_nothing())
            return bool(ages)
        # The first known server is where the rows were created, so there must be another one.
        return len(ages) > 1 and ages[identity] < RECHECK_PERIOD

    def _ages(self, connection: Connection) -> dict[str, timedelta]:
        """Return how long each server has been known."""
        now = current_time(self._database, connection)
        known = connection.execute(select(ServerRow.identity, ServerRow.seen_at))
        return {row.identity: now - row.seen_at for row in known}

    async def _identity(self) -> str:
        """Return the server's identity and timeline."""
        try:
            identity: str = await self._database.read(lambda here: here.scalar(_IDENTITY))
        except Exception as error:
            if getattr(cause_of(error), "sqlstate", None) not in _UNANSWERED:
                raise
            # This read uses a new connection, because the failed one is replaced.
            identity = await self._database.read(lambda here: here.scalar(_STARTED))
        return identity
