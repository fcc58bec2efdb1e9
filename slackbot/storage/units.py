"""Units of work: a plain function over a session or a connection, carried out by the driver.

On PostgreSQL the driver is asynchronous, and SQLAlchemy runs the function on it. SQLite has no
such driver: each statement would be a trip to a thread and back, so the whole function is one.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from slackbot.storage import engines

T = TypeVar("T")

Read = Callable[[Session], T]
Write = Callable[[Connection], T]


class Units(Protocol):
    """How a database is worked on."""

    dialect: str

    async def read(self, work: Read[T]) -> T:
        """Single reads, each seeing what was committed before it."""
        ...

    async def write(self, work: Write[T]) -> T:
        """One write transaction: committed at the end, undone when an exception leaves it."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class PostgresUnits:
    """One ordinary pool for both."""

    dialect = "postgresql"

    def __init__(self, url: URL, connections: int = engines.POOL_SIZE) -> None:
        self._engine = engines.postgresql(url, connections)
        reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            reader, expire_on_commit=False
        )

    async def read(self, work: Read[T]) -> T:
        """See `Units`."""
        async with self._sessions() as session:
            return await session.run_sync(work)

    async def write(self, work: Write[T]) -> T:
        """See `Units`."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def aclose(self) -> None:
        """See `Units`."""
        await self._engine.dispose()


class SqliteUnits:
    """One connection that writes, and its thread; others that read. In memory there is but one."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        self._keeper: sqlite3.Connection | None = None
        if url.database in {None, "", ":memory:"}:
            # A second, idle connection keeps the data while nobody works on it.
            address = f"file:slackbot-{secrets.token_hex(8)}?mode=memory&cache=shared"
            self._keeper = sqlite3.connect(address, uri=True, check_same_thread=False)
            url = make_url(f"sqlite:///{address}&uri=true")
            self._writer = self._reader = engines.sqlite_writer(url)
            self._writing = self._reading = ThreadPoolExecutor(1, "sqlite")
        else:
            self._writer, self._reader = engines.sqlite_writer(url), engines.sqlite_readers(url)
            self._writing = ThreadPoolExecutor(1, "sqlite-writer")
            self._reading = ThreadPoolExecutor(engines.READERS, "sqlite-reader")
        self._sessions = sessionmaker(self._reader, expire_on_commit=False)

    async def read(self, work: Read[T]) -> T:
        """See `Units`."""

        def unit() -> T:
            with self._sessions() as session:
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self._reading, unit)

    async def write(self, work: Write[T]) -> T:
        """See `Units`."""

        def unit() -> T:
            with self._writer.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._writing, unit)

    async def aclose(self) -> None:
        """See `Units`."""
        for pool in {self._writing, self._reading}:
            pool.shutdown(wait=True)
        self._writer.dispose()
        self._reader.dispose()
        if self._keeper is not None:
            self._keeper.close()
