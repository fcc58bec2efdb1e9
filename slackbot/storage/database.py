"""Connections to the database: one that writes, others that read.

SQLite has one writer at a time whatever one does, and several connections that wait for each
other in its busy time-out are far slower than one that is handed around. A transaction that
reads first and writes later can fail there at once with "locked", so every write transaction
begins as one. On PostgreSQL both kinds come from one ordinary pool.

What is begun is finished even when nobody waits for it any more: a cancelled statement would cost
its connection, and that a notice was sent must be written down also during a shutdown.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import (
    URL,
    AsyncAdaptedQueuePool,
    Connection,
    Executable,
    Select,
    event,
    literal,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from slackbot.storage.tables import Base

log = structlog.get_logger(__name__)

T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long SQLite waits for another process to finish writing."""
READERS = 4
"""Connections that read a SQLite file at the same time; each has a thread."""


class Database:
    """One database by its URL. Nothing is opened or created before the first use."""

    def __init__(self, url: str) -> None:
        """`url` is `sqlite:///path`, `sqlite://` (in memory) or `postgresql+psycopg://…`.

        Raises:
            ValueError: not such a URL. The message does not repeat it: it may hold a password.
        """
        parsed = _parse(url)
        self._keeper: sqlite3.Connection | None = None
        if parsed.get_backend_name() == "postgresql":
            self._writer = create_async_engine(parsed, hide_parameters=True, pool_pre_ping=True)
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        elif parsed.database in {None, "", ":memory:"}:
            self._writer = self._reader = self._in_memory()
        else:
            parsed = parsed.set(drivername="sqlite+aiosqlite")
            self._writer = _sqlite_writer(parsed)
            self._reader = _sqlite_readers(parsed)
        self._unfinished: set[asyncio.Task[Any]] = set()
        self._sessions = async_sessionmaker(self._reader, expire_on_commit=False)

    def __repr__(self) -> str:
        return f"<Database {self._writer.dialect.name}>"

    async def first(self, wanted: Select[T]) -> T | None:
        """The first row of a query, or None."""

        async def work() -> T | None:
            async with self.reading() as session:
                return await session.scalar(wanted)

        return await self._finish(work())

    async def all(self, wanted: Select[T]) -> list[T]:
        """All rows of a query."""

        async def work() -> list[T]:
            async with self.reading() as session:
                return list(await session.scalars(wanted))

        return await self._finish(work())

    async def change(
        self, *statements: Executable, after: Callable[[], None] | None = None
    ) -> bool:
        """Carry out statements as one transaction; whether the last one changed a row.

        `after` is called once the transaction is over, however it ended.
        """

        async def work() -> bool:
            changed = 0
            try:
                async with self.writing() as connection:
                    for statement in statements:
                        changed = (await connection.execute(statement)).rowcount
            finally:
                if after is not None:
                    after()
            return changed > 0

        return await self._finish(work())

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

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
        """Whether the database answers; if not, one log line says why."""
        try:
            return await self.first(select(literal(1))) == 1
        except (SQLAlchemyError, OSError) as error:
            log.warning("database_unanswered", failure=type(error).__name__)
            return False

    async def aclose(self) -> None:
        """Finish what is begun and close every connection. What was in memory is gone then."""
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        await self._writer.dispose()
        await self._reader.dispose()
        if self._keeper is not None:
            self._keeper.close()

    def _in_memory(self) -> AsyncEngine:
        """One connection for everything; a second, idle one keeps the data when that is lost."""
        address = f"file:slackbot-{secrets.token_hex(8)}?mode=memory&cache=shared"
        self._keeper = sqlite3.connect(address, uri=True, check_same_thread=False)
        return _sqlite_writer(make_url(f"sqlite+aiosqlite:///{address}&uri=true"))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("not a database URL") from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError("only sqlite and postgresql databases can be used")
    return parsed


def _sqlite_writer(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "do_connect", _create_privately)
    event.listen(engine.sync_engine, "connect", _prepare_writer)
    event.listen(engine.sync_engine, "begin", _begin_immediately)
    return engine


def _sqlite_readers(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=READERS,
        max_overflow=0,
        # There is no transaction to roll back, and each try is a trip to the connection's thread.
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "do_connect", _create_privately)
    event.listen(engine.sync_engine, "connect", _prepare_reader)
    return engine


def _create_privately(
    _dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]
) -> None:
    """Make the file for its owner alone before SQLite does; `-wal` and `-shm` take its mode."""
    if options.get("uri"):
        return
    path = Path(arguments[0])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_writer(connection: DBAPIConnection, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3 begins no transactions of its own: we do
    _pragmas(connection, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def _prepare_reader(connection: DBAPIConnection, _record: Any) -> None:
    _pragmas(connection, "foreign_keys=ON", "query_only=ON")


def _pragmas(connection: DBAPIConnection, *settings: str) -> None:
    cursor = connection.cursor()
    for setting in settings:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
