"""Connections to the database: one that writes, others that read.

SQLite has one writer at a time whatever one does, and several connections that wait for each
other in its busy time-out are far slower than one that is handed around. A transaction that
reads first and writes later can fail there at once with "locked", so every write transaction
begins as one. On PostgreSQL there are pools for single statements and for transactions.

What is begun is finished even when nobody waits for it any more: a cancelled statement would cost
its connection, and that a notice was sent must be written down also during a shutdown.

PostgreSQL goes away for seconds when it is restarted or another server takes over, so there
everything is tried again for a while. That may carry out a transaction twice whose end was never
heard of. All of ours leave the same rows then; only "was it the first?" is answered with no.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Executable, Insert, Row, Select, Update, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from slackbot.domain.ports import StoreUnavailable
from slackbot.storage import engines
from slackbot.storage.executors import (
    Executor,
    PostgresDedicatedExecutor,
    PostgresExecutor,
    SqliteExecutor,
    Work,
)
from slackbot.storage.tables import AvailabilityRow, Base, LinkRow

log = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 5.0
"""How long PostgreSQL is tried again before the caller is told."""
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 5.0
PING_SECONDS = 2.0
Statement = Executable | tuple[Executable, Mapping[str, Any]]
"""A statement, or one made once and its values: making one costs as much as carrying it out."""
UNANSWERED = (OperationalError, InterfaceError, NoFreeConnection, OSError, TimeoutError)
"""What is raised when the database is to blame, and not the statement."""


class Database:
    """One database by its URL. Nothing is opened or created before the first use."""

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """`url` is `sqlite:///path`, `sqlite://` (in memory) or `postgresql+psycopg://…`.

        `patience` is how many seconds PostgreSQL is tried again.

        Raises:
            ValueError: not such a URL. The message does not repeat it: it may hold a password.
        """
        parsed = engines.parse(url)
        self._patience = 0.0
        self.answer_seconds: float | None = None
        """How long one try may take. SQLite has its own limit, the busy time-out."""
        self._units: Executor
        if parsed.get_backend_name() == "postgresql":
            self._patience, self.answer_seconds = patience, ANSWER_SECONDS
            self._units = PostgresExecutor(parsed)
        else:
            self._units = SqliteExecutor(parsed)
        self._url = parsed
        self._apart: list[PostgresDedicatedExecutor] = []
        self._unfinished: set[asyncio.Task[Any]] = set()

    def apart(self) -> Executor | PostgresDedicatedExecutor:
        """A connection for one purpose, which waits for none of the others, closed with them.

        On SQLite there is one writer for everything.
        """
        if self.single_process:
            return self._units
        self._apart.append(PostgresDedicatedExecutor(self._url))
        return self._apart[-1]

    def __repr__(self) -> str:
        return f"<Database {self._units.dialect}>"

    @property
    def single_process(self) -> bool:
        """Whether nobody but this process writes the bot's rows: on SQLite the bot is one."""
        return self._units.dialect == "sqlite"

    async def all(self, wanted: Select[T]) -> list[T]:
        """All rows of a query.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await self._finish(
            lambda: self.read(lambda connection: list(connection.scalars(wanted)))
        )

    async def row(
        self, wanted: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
    ) -> Row[Any] | None:
        """The first row of a query for several columns, or None. `values` as of a `Statement`.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await self._finish(
            lambda: self.read(lambda connection: connection.execute(wanted, values).first())
        )

    async def rows(
        self, wanted: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
    ) -> list[Row[Any]]:
        """All rows of a query for several columns. `values` as of a `Statement`.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await self._finish(
            lambda: self.read(lambda connection: list(connection.execute(wanted, values)))
        )

    async def change(self, *statements: Statement) -> bool:
        """Execute statements in one transaction. True if the last one changed a row.

        Raises:
            StoreUnavailable: the database does not answer; the change may have been made.
        """
        return (await self.counts(*statements))[-1] > 0

    async def counts(self, *statements: Statement) -> list[int]:
        """Execute statements in one transaction and return how many rows each changed.

        Raises:
            StoreUnavailable: the database does not answer; the change may have been made.
        """
        write = self._units.write_one if len(statements) == 1 else self._units.write
        return await self._finish(
            lambda: write(
                lambda connection: [_rows_changed(connection, each) for each in statements]
            )
        )

    async def unit(self, work: Work[T]) -> T:
        """A function over a connection, as one transaction, tried for as long as the others.

        Raises:
            StoreUnavailable: the database does not answer; the change may have been made.
        """
        return await self._finish(lambda: self.write(work))

    async def _finish(self, work: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.create_task(self._patiently(work))
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        begun = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(self.answer_seconds):
                    return await work()
            except UNANSWERED as error:
                _log_unanswered(error)
                if time.monotonic() - begun >= self._patience:
                    raise StoreUnavailable from error
            await asyncio.sleep(PAUSE_SECONDS)

    async def read(self, work: Work[T]) -> T:
        """A function that reads, tried once: whatever goes wrong is raised as it is."""
        return await self._units.read(work)

    async def write(self, work: Work[T]) -> T:
        """A function that writes, as one transaction, tried once."""
        return await self._units.write(work)

    def insert(self, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT."""
        return sqlite.insert(table) if self.single_process else postgresql.insert(table)

    def upsert(self, table: type[LinkRow | AvailabilityRow], values: dict[str, Any]) -> Executable:
        """Insert a row, or replace the person's row."""
        new = self.insert(table).values(**values)
        replaced = {name: new.excluded[name] for name in values}
        return new.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=replaced)

    def together(self, first: Update, last: Insert) -> tuple[Executable, ...]:
        """Two statements that take the same values: on PostgreSQL one, a single round trip.

        There neither sees what the other does.
        """
        if self.single_process:
            return first, last
        return (last.add_cte(first.returning(literal(1)).cte("first")),)

    async def ping(self) -> bool:
        """Whether the database answers now; if not, one log line says why."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                return (
                    await self.read(lambda connection: connection.scalar(select(literal(1)))) == 1
                )
        except UNANSWERED as error:
            _log_unanswered(error)
            return False

    async def aclose(self) -> None:
        """Finish what is begun and close every connection. What was in memory is gone then."""
        self._patience = 0.0
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        for apart in self._apart:
            await apart.aclose()
        await self._units.aclose()


def _rows_changed(connection: Connection, statement: Statement) -> int:
    made, values = statement if isinstance(statement, tuple) else (statement, None)
    # SQLAlchemy forgets an INSERT's count unless it is asked to keep it.
    keeping = {"preserve_rowcount": True}
    return connection.execute(made, values, execution_options=keeping).rowcount


@contextmanager
def answering() -> Iterator[None]:
    """Where the database is used directly: no second try, and the reason in one line.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    try:
        yield
    except UNANSWERED as error:
        raise StoreUnavailable(*str(_cause(error)).splitlines()[:1]) from error


def _cause(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def _log_unanswered(error: Exception) -> None:
    log.warning("database_unanswered", failure=type(_cause(error)).__name__)
