"""Statements and transactions, which are retried and finished even if the caller is cancelled.

SQLite allows one writer at a time, and connections that wait in its busy timeout are far slower
than a single shared connection. A transaction that reads first and writes later can fail
immediately with "locked", so every write transaction on SQLite begins as a write.

A transaction that has begun is finished even if its caller is cancelled. Cancelling a statement
would cost its connection, and outcomes must also be recorded during a shutdown.

PostgreSQL is unavailable for seconds when it restarts or fails over, so everything is retried for a
while. A transaction whose commit was not confirmed may run twice. All transactions here leave the
same rows in that case, but a caller that asks whether it was the first to write gets False.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import Connection, Executable, Row, Select
from sqlalchemy.dialects import postgresql, sqlite

from slackbot.domain.errors import NotLinked
from slackbot.domain.stores import StoreUnavailable
from slackbot.storage.columns import Base
from slackbot.storage.executors import (
    PostgresDedicatedExecutor,
    PostgresExecutor,
    SqliteExecutor,
    Work,
)
from slackbot.storage.failures import cause_of, explain, is_of_nobody, is_passing
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.write_health import WriteHealth

log = structlog.get_logger(__name__)

T = TypeVar("T")

# How long statements are retried on PostgreSQL, in seconds.
RETRY_SECONDS: Final = 5.0
RETRY_PAUSE_SECONDS: Final = 0.2
# Timeout of one attempt on PostgreSQL, in seconds. SQLite uses its busy timeout instead.
TIMEOUT_SECONDS: Final = 5.0
# A statement, or a prebuilt statement with its parameters.
Statement = Executable | tuple[Executable, Mapping[str, Any]]
# SQLAlchemy drops an INSERT's row count unless this option is set.
KEEP_ROW_COUNT: Final = {"preserve_rowcount": True}


class Database:
    """A database. Connections and files are opened on first use.

    Unless documented otherwise, methods raise `StoreUnavailable` if the database does not respond.
    A change may have been committed in that case. Methods raise `NotLinked` when they write a row
    whose person or workspace has been deleted.
    """

    def __init__(self, url: DatabaseUrl, *, retry_seconds: float = RETRY_SECONDS) -> None:
        """Create a database. `retry_seconds` limits retries on PostgreSQL. SQLite has none."""
        self._url = url
        # True if no other process writes these rows. On SQLite the bot is a single process.
        self.single_process = self._url.is_sqlite
        self._retry_seconds = 0.0 if self.single_process else retry_seconds
        # Timeout of one attempt, in seconds.
        self.timeout = None if self.single_process else TIMEOUT_SECONDS
        self._executor: SqliteExecutor | PostgresExecutor
        if self.single_process:
            self._executor = SqliteExecutor(self._url)
        else:
            self._executor = PostgresExecutor(self._url)
        self._dedicated: list[PostgresDedicatedExecutor] = []
        self.health = WriteHealth()
        self._unfinished: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<Database {self._url.url.get_backend_name()}>"

    def dedicated_connection(self) -> SqliteExecutor | PostgresDedicatedExecutor:
        """Return a dedicated connection, which `aclose` closes. On SQLite it is shared."""
        if isinstance(self._executor, SqliteExecutor):
            return self._executor
        self._dedicated.append(PostgresDedicatedExecutor(self._url))
        return self._dedicated[-1]

    async def fetch_column(self, query: Select[T]) -> list[T]:
        """Return the first column of all rows."""
        return [row[0] for row in await self.fetch_all(query)]

    async def fetch_one(
        self, query: Select[*tuple[Any, ...]], params: Mapping[str, Any] | None = None
    ) -> Row[Any] | None:
        """Return the first row, or None."""
        return await self._run(
            lambda: self.read(lambda connection: connection.execute(query, params).first())
        )

    async def fetch_all(
        self, query: Select[*tuple[Any, ...]], params: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """Return all rows."""
        return await self._run(
            lambda: self.read(lambda connection: connection.execute(query, params).all())
        )

    async def reading(self, work: Work[T]) -> T:
        """Run reads with a connection."""
        return await self._run(lambda: self.read(work))

    async def execute(self, *statements: Statement, synced: bool = True) -> int:
        """Execute statements in one transaction. Return how many rows the last one changed.

        On SQLite, a power cut may undo a transaction that is not `synced`.
        """
        return (await self.execute_each(*statements, synced=synced))[-1]

    async def execute_each(self, *statements: Statement, synced: bool = True) -> list[int]:
        """Execute statements in one transaction. Return how many rows each one changed."""

        def work(connection: Connection) -> list[int]:
            counts = []
            for statement in statements:
                built, params = statement if isinstance(statement, tuple) else (statement, None)
                result = connection.execute(built, params, execution_options=KEEP_ROW_COUNT)
                counts.append(result.rowcount)
            return counts

        single = len(statements) == 1
        return await self._run(
            lambda: self.health.observe(self._executor.write(work, single=single, synced=synced))
        )

    async def transaction(self, work: Work[T]) -> T:
        """Run a function with a connection in one transaction."""
        return await self._run(lambda: self.write(work))

    async def _run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Retry `attempt` until it succeeds or times out, even if the caller is cancelled."""

        async def retry() -> T:
            started_at = time.monotonic()
            while True:
                try:
                    async with asyncio.timeout(self.timeout):
                        return await attempt()
                except Exception as error:
                    if is_of_nobody(error):
                        raise NotLinked from None
                    if not is_passing(error):
                        raise
                    log.warning("database_unanswered", failure=type(cause_of(error)).__name__)
                    if time.monotonic() - started_at >= self._retry_seconds:
                        raise StoreUnavailable(explain(error)) from error
                await asyncio.sleep(RETRY_PAUSE_SECONDS)

        task = asyncio.create_task(retry())
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        # Retrieve the error, which asyncio would log if the caller is gone.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def read(self, work: Work[T]) -> T:
        """Run reads with a connection, without retrying or translating errors."""
        return await self._executor.read(work)

    async def write(self, work: Work[T], *, migrating: bool = False) -> T:
        """Run a transaction with a connection, without retrying or translating errors.

        `migrating` must be set if the transaction replaces tables.
        """
        run = self._executor.migrate if migrating else self._executor.write
        return await self.health.observe(run(work))

    def insert(self, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """Build an INSERT that supports ON CONFLICT."""
        return sqlite.insert(table) if self.single_process else postgresql.insert(table)

    async def aclose(self) -> None:
        """Finish running work and close every connection. An in-memory database is lost."""
        self._retry_seconds = 0.0
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        for executor in (*self._dedicated, self._executor):
            await executor.aclose()
