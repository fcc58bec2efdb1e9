"""Units of work: a plain function over a connection, carried out by the driver.

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

from slackbot.storage import engines

T = TypeVar("T")

Work = Callable[[Connection], T]


class Executor(Protocol):
    """How a database is worked on."""

    dialect: str

    async def read(self, work: Work[T]) -> T:
        """Single reads, each seeing what was committed before it."""
        ...

    async def write(self, work: Work[T]) -> T:
        """One write transaction: committed at the end, undone when an exception leaves it."""
        ...

    async def write_one(self, work: Work[T]) -> T:
        """The same for a single statement, which is a transaction by itself."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class PostgresExecutor:
    """A pool for single statements, and one for transactions."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        self._engine = engines.postgresql(url)
        self._singles = engines.postgresql_singles(url)

    async def read(self, work: Work[T]) -> T:
        """See `Executor`."""
        async with self._singles.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Work[T]) -> T:
        """See `Executor`."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def write_one(self, work: Work[T]) -> T:
        """See `Executor`. That spares two round trips of three."""
        return await self.read(work)

    async def aclose(self) -> None:
        """See `Executor`."""
        await self._engine.dispose()
        await self._singles.dispose()


class PostgresDedicatedExecutor:
    """One connection and its thread: what is done there waits for nothing else that goes on."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._begin()

    def _begin(self) -> None:
        self._engine = engines.postgresql_apart(self._url)
        self._thread = ThreadPoolExecutor(1, "postgresql-apart")

    async def write(self, work: Work[T]) -> T:
        """One write transaction. Given up, it may come to its end all the same."""
        engine, thread = self._engine, self._thread

        def unit() -> T:
            with engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(thread, unit)
        except asyncio.CancelledError:
            # The thread may wait for seconds; the next one must not wait for it.
            self._leave()
            self._begin()
            raise

    def _leave(self) -> None:
        self._thread.submit(self._engine.dispose)
        self._thread.shutdown(wait=False)

    async def aclose(self) -> None:
        """Close the connection."""
        self._leave()


class SqliteExecutor:
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

    async def read(self, work: Work[T]) -> T:
        """See `Executor`."""

        def unit() -> T:
            with self._reader.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._reading, unit)

    async def write(self, work: Work[T]) -> T:
        """See `Executor`."""

        def unit() -> T:
            with self._writer.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._writing, unit)

    async def write_one(self, work: Work[T]) -> T:
        """See `Executor`. SQLite is no round trip away."""
        return await self.write(work)

    async def aclose(self) -> None:
        """See `Executor`."""
        for pool in {self._writing, self._reading}:
            pool.shutdown(wait=True)
        self._writer.dispose()
        self._reader.dispose()
        if self._keeper is not None:
            self._keeper.close()
