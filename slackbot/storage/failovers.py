"""The servers on which these rows have been, to notice a failover that lost the latest ones.

A replica that follows asynchronously lacks what its primary committed last. When it is promoted,
PostgreSQL begins another timeline; another cluster has another identifier. Neither is known in the
rows that it holds, so the first statement that finds them records them.
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

# The insertion point's timeline changes with the promotion; that of `pg_control_checkpoint()` only
# with the next checkpoint, minutes later.
_IDENTITY: Final = text(
    "SELECT (SELECT system_identifier FROM pg_control_system()) "
    "|| '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
)
# Where a provider allows or knows none of these functions, each start of the server counts.
_STARTED: Final = text("SELECT 'started ' || pg_postmaster_start_time()")
_UNANSWERED: Final = frozenset({"0A000", "42501", "42883"})


class Failovers:
    """The port `FailoverStore` over SQL. On SQLite there is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent(self) -> bool:
        """Return whether the rows moved to another server, or timeline, lately.

        The first call after a failover notices it, by whichever process.
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
        # Beside the server on which the rows began there must be another.
        return servers > 1 and since < RECHECK_PERIOD

    async def _here(self) -> tuple[str, timedelta | None, int]:
        """Return the server's identity, since when it is known, and how many are known."""
        try:
            identity: str = await self._database.read(lambda here: here.scalar(_IDENTITY))
        except Exception as error:
            if getattr(cause_of(error), "sqlstate", None) not in _UNANSWERED:
                raise
            # On another connection: the one that failed is replaced.
            identity = await self._database.read(lambda here: here.scalar(_STARTED))
        known = select(ServerRow.identity, func.clock_timestamp() - ServerRow.seen_at)
        rows = await self._database.read(lambda here: here.execute(known).all())
        since = {row[0]: row[1] for row in rows}
        return identity, since.get(identity), len(since)
