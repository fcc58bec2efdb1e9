"""Executors that run functions with a connection, as reads or as write transactions.

PostgreSQL has an asynchronous driver, on which SQLAlchemy runs the function. SQLite has no such
driver, and switching to a thread for every statement would be slow. Instead, the whole function
runs in a thread.

A transaction is committed at the end and rolled back on an exception. Each of several reads sees
everything that was committed before it.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection, make_url

from slackbot.storage import engines
from slackbot.storage.url import DatabaseUrl

T = TypeVar("T")

Work = Callable[[Connection], T]
Connect = Callable[[], AbstractContextManager[Connection]]


class PostgresExecutor:
    """Two PostgreSQL pools, one for single statements and one for transactions."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._transactions = engines.postgresql(url.url, engines.TRANSACTIONS)
        # Switching a connection to autocommit and back costs a quarter of a read's CPU time.
        self._singles = engines.postgresql(url.url, engines.SINGLES, **engines.AUTOCOMMIT)

    async def read(self, work: Work[T]) -> T:
        """Run reads in autocommit."""
        async with self._singles.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Work[T], *, single: bool = False, synced: bool = True) -> T:
        """Run a transaction, or a single statement in autocommit to save two round trips."""
        del synced  # the server groups the syncs of all connections
        if single:
            return await self.read(work)
        async with self._transactions.begin() as connection:
            return await connection.run_sync(work)

    async def migrate(self, work: Work[T]) -> T:
        """Run a transaction that changes tables."""
        return await self.write(work)

    async def aclose(self) -> None:
        """Close both pools."""
        await self._transactions.dispose()
        await self._singles.dispose()


class PostgresDedicatedExecutor:
    """A dedicated connection and thread, which never wait for other work."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url
        self._connect()

    def _connect(self) -> None:
        self._engine = engines.postgresql_threads(self._url.url, connections=1)
        self._thread = ThreadPoolExecutor(1, "postgresql-dedicated")

    async def write(self, work: Work[T]) -> T:
        """Run a transaction. If this call is cancelled, it may still be committed."""
        try:
            return await _in_thread(self._thread, self._engine.begin, work)
        except asyncio.CancelledError:
            # The thread may be blocked for seconds, and the next transaction must not wait.
            await self.aclose()
            self._connect()
            raise

    async def aclose(self) -> None:
        """Close the connection once the thread has finished, without waiting for it."""
        self._thread.submit(self._engine.dispose)
        self._thread.shutdown(wait=False)


class SqliteExecutor:
    """One writing connection and several reading ones, or a single one for an in-memory database.

    Each connection is used by one thread at a time.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self._keeper: sqlite3.Connection | None = None
        if url.file is None:
            # An idle second connection keeps the data while no other connection is open.
            address = f"file:slackbot-{secrets.token_hex(8)}?mode=memory&cache=shared"
            self._keeper = sqlite3.connect(address, uri=True, check_same_thread=False)
            self._writer = engines.sqlite_writer(make_url(f"sqlite:///{address}&uri=true"))
            self._reader = self._writer
            self._writing = self._reading = ThreadPoolExecutor(1, "sqlite")
        else:
            self._writer = engines.sqlite_writer(url.url)
            self._reader = engines.sqlite_readers(url.url)
            self._writing = ThreadPoolExecutor(1, "sqlite-writer")
            self._reading = ThreadPoolExecutor(engines.READERS, "sqlite-reader")

    async def read(self, work: Work[T]) -> T:
        """Run reads."""
        return await _in_thread(self._reading, self._reader.connect, work)

    async def write(self, work: Work[T], *, single: bool = False, synced: bool = True) -> T:
        """Run a transaction, whether or not it is a single statement.

        Unless it is `synced`, a power cut may undo it. The next synced transaction includes it.
        """
        del single  # there are no round trips to save
        begin = self._writer.begin if synced else self._begin_unsynced
        return await _in_thread(self._writing, begin, work)

    async def migrate(self, work: Work[T]) -> T:
        """Run a transaction that changes tables, with foreign keys disabled.

        In SQLite, changing a table means replacing it. With foreign keys enabled, this would delete
        the rows that refer to it. Foreign keys can be switched only outside a transaction.
        """
        return await _in_thread(self._writing, self._begin_without_foreign_keys, work)

    async def empty_log(self) -> None:
        """Move the write-ahead log into the file and empty it, unless somebody reads it now."""
        await _in_thread(self._writing, self._writer.connect, engines.empty_log)

    def _begin_unsynced(self) -> AbstractContextManager[Connection]:
        return self._begin_with("synchronous=NORMAL", "synchronous=FULL")

    def _begin_without_foreign_keys(self) -> AbstractContextManager[Connection]:
        return self._begin_with("foreign_keys=OFF", "foreign_keys=ON")

    @contextmanager
    def _begin_with(self, pragma: str, restore: str) -> Iterator[Connection]:
        """Begin a transaction under a pragma, which has no effect within a transaction."""
        with self._writer.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute(f"PRAGMA {pragma}")
            try:
                with connection.begin():
                    yield connection
            finally:
                # A commit that failed leaves the transaction open, and a pragma would have no
                # effect in it or raise another error.
                if driver.in_transaction:
                    driver.rollback()
                driver.execute(f"PRAGMA {restore}")

    async def aclose(self) -> None:
        """Wait for the threads and close the connections."""
        for pool in {self._writing, self._reading}:
            pool.shutdown(wait=True)
        self._writer.dispose()
        self._reader.dispose()
        if self._keeper is not None:
            self._keeper.close()


async def _in_thread(pool: ThreadPoolExecutor, connect: Connect, work: Work[T]) -> T:
    def run() -> T:
        with connect() as connection:
            return work(connection)

    return await asyncio.get_running_loop().run_in_executor(pool, run)
