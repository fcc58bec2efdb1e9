"""The database servers that have held these rows, used to detect failovers that lost some.

An asynchronous replica may lack its primary's latest commits. When it is promoted, PostgreSQL
starts a new timeline, and another cluster has a different system identifier. The rows do not
contain this new identity yet, so the first process that finds it records it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, text

from slackbot.domain.workers import RECHECK_PERIOD
from slackbot.storage.database import Database
from slackbot.storage.failures import cause_of, raise_unavailable
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


class Failovers:
    """Implements `FailoverStore` in SQL. SQLite has no failovers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent(self) -> bool:
        """Return whether the rows have recently moved to another server or timeline.

        The first call after a failover detects it, in any process.
        """
        if self._database.single_process:
            return False
        with raise_unavailable():
            async with asyncio.timeout(self._database.timeout):
                identity, since, servers = await self._here()
        if since is None:
            new = self._database.insert(ServerRow).values(
                identity=identity, seen_at=func.clock_timestamp()
            )
            await self._database.execute(new.on_conflict_do_nothing())
            return servers > 0
        # The first known server is where the rows were created, so there must be another one.
        return servers > 1 and since < RECHECK_PERIOD

    async def _here(self) -> tuple[str, timedelta | None, int]:
        """Return the server's identity, how long it has been known, and the number of servers."""
        try:
            identity: str = await self._database.read(lambda here: here.scalar(_IDENTITY))
        except Exception as error:
            if getattr(cause_of(error), "sqlstate", None) not in _UNANSWERED:
                raise
            # This read uses a new connection, because the failed one is replaced.
            identity = await self._database.read(lambda here: here.scalar(_STARTED))
        known = select(ServerRow.identity, func.clock_timestamp() - ServerRow.seen_at)
        rows = await self._database.read(lambda here: here.execute(known).all())
        since = {row[0]: row[1] for row in rows}
        return identity, since.get(identity), len(since)
