"""Connections to the database: one that writes, others that read.

SQLite has one writer at a time whatever one does, and several connections that wait for each
other in its busy time-out are far slower than one that is handed around. A transaction that
reads first and writes later can fail there at once with "locked", so every write transaction
begins as one. On PostgreSQL both kinds come from one ordinary pool.

What is begun is finished even when nobody waits for it any more: a cancelled statement would cost
its connection, and that a notice was sent must be written down also during a shutdown.

PostgreSQL goes away for seconds when it is restarted or another server takes over, so there
everything is tried again for a while. That may carry out a transaction twice whose end was never
heard of. All of ours leave the same rows then; only "was it the first?" is answered with no.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import structlog
from sqlalchemy import Executable, Row, Select, literal, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from slackbot.domain.ports import StoreUnavailable
from slackbot.storage import engines
from slackbot.storage.tables import Base

log = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 5.0
"""How long PostgreSQL is tried again before the caller is told."""
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 5.0
PING_SECONDS = 2.0
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
        self._keeper: sqlite3.Connection | None = None
        self._patience = 0.0
        self.answer_seconds: float | None = None
        """How long one try may take. SQLite has its own limit, the busy time-out."""
        if parsed.get_backend_name() == "postgresql":
            self._patience, self.answer_seconds = patience, ANSWER_SECONDS
            self._writer = engines.postgresql(parsed)
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        elif parsed.database in {None, "", ":memory:"}:
            self._writer = self._reader = self._in_memory()
        else:
            self._writer = engines.sqlite_writer(parsed)
            self._reader = engines.sqlite_readers(parsed)
        self._unfinished: set[asyncio.Task[Any]] = set()
        self._sessions = async_sessionmaker(self._reader, expire_on_commit=False)

    def __repr__(self) -> str:
        return f"<Database {self._writer.dialect.name}>"

    @property
    def ours_alone(self) -> bool:
        """Whether nobody but this process writes the bot's rows: on SQLite the bot is one."""
        return self._writer.dialect.name == "sqlite"

    async def first(self, wanted: Select[T]) -> T | None:
        """The first row of a query, or None.

        Raises:
            StoreUnavailable: the database does not answer.
        """

        async def work() -> T | None:
            async with self.reading() as session:
                return await session.scalar(wanted)

        return await self._finish(work)

    async def all(self, wanted: Select[T]) -> list[T]:
        """All rows of a query.

        Raises:
            StoreUnavailable: the database does not answer.
        """

        async def work() -> list[T]:
            async with self.reading() as session:
                return list(await session.scalars(wanted))

        return await self._finish(work)

    async def rows(self, wanted: Select[Any]) -> list[Row[Any]]:
        """All rows of a query for several columns.

        Raises:
            StoreUnavailable: the database does not answer.
        """

        async def work() -> list[Row[Any]]:
            async with self.reading() as session:
                return list(await session.execute(wanted))

        return await self._finish(work)

    async def change(
        self, *statements: Executable, after: Callable[[], None] | None = None
    ) -> bool:
        """Carry out statements as one transaction; whether the last one changed a row.

        `after` is called once the transaction is over, however it ended.

        Raises:
            StoreUnavailable: the database does not answer; the change may have been made.
        """
        return (await self.counts(*statements, after=after))[-1] > 0

    async def counts(
        self, *statements: Executable, after: Callable[[], None] | None = None
    ) -> list[int]:
        """The same, telling of each statement how many rows it changed."""

        async def work() -> list[int]:
            try:
                async with self.writing() as connection:
                    return [await _rows_changed(connection, it) for it in statements]
            finally:
                if after is not None:
                    after()

        return await self._finish(work)

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

    def reading(self) -> AsyncSession:
        """A session for single reads, each seeing what was committed before it."""
        return self._sessions()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed at the end, undone when an exception leaves it."""
        async with self._writer.begin() as connection:
            yield connection

    def insert(self, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT. The only place where dialects differ."""
        if self._writer.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    async def ping(self) -> bool:
        """Whether the database answers now; if not, one log line says why."""
        try:
            async with asyncio.timeout(PING_SECONDS), self.reading() as session:
                return await session.scalar(select(literal(1))) == 1
        except UNANSWERED as error:
            _log_unanswered(error)
            return False

    async def aclose(self) -> None:
        """Finish what is begun and close every connection. What was in memory is gone then."""
        self._patience = 0.0
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        await self._writer.dispose()
        await self._reader.dispose()
        if self._keeper is not None:
            self._keeper.close()

    def _in_memory(self) -> AsyncEngine:
        """One connection for everything; a second, idle one keeps the data when that is lost."""
        address = f"file:slackbot-{secrets.token_hex(8)}?mode=memory&cache=shared"
        self._keeper = sqlite3.connect(address, uri=True, check_same_thread=False)
        return engines.sqlite_writer(make_url(f"sqlite+aiosqlite:///{address}&uri=true"))


async def _rows_changed(connection: AsyncConnection, statement: Executable) -> int:
    # SQLAlchemy forgets an INSERT's count unless it is asked to keep it.
    keeping = {"preserve_rowcount": True}
    return (await connection.execute(statement, execution_options=keeping)).rowcount


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
