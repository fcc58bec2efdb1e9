"""The delivery engine's database, which is separate from the bot's own.

On SQLite it is a separate file. In the bot's file, the engine's writes would queue with the bot's,
and Alembic would propose to drop the engine's tables. The file uses WAL, because SQLite's default
journal is 2 to 80 times slower. On PostgreSQL it is a separate schema of the bot's database.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, event, text

from slackbot.storage import engines
from slackbot.storage.failures import LockHeld
from slackbot.storage.migrations import DELIVERY_LOCK_KEY, LOCK_SECONDS, lock_holders
from slackbot.storage.url import DatabaseUrl

T = TypeVar("T")

SCHEMA: Final = "dbos"
LOCK: Final = {"key": DELIVERY_LOCK_KEY}
# Pause between attempts to acquire the lock, in seconds.
LOCK_PAUSE_SECONDS: Final = 0.2
# SQLite's error names for a damaged file and for a file of another kind.
BROKEN: Final = {"SQLITE_NOTADB", "SQLITE_CORRUPT"}
# The first SQLite version whose unixepoch() supports 'subsec'. Earlier versions return NULL, and
# versions before 3.38 do not have the function. https://sqlite.org/lang_datefunc.html
SUBSEC_SINCE: Final = (3, 42)


class DeliveryDatabase:
    """The delivery engine's database. Connections are opened on first use."""

    def __init__(self, url: DatabaseUrl) -> None:
        """Create the database from the URL of the bot's own database."""
        self._url = url
        self._engine: Engine | None = None

    def options(self) -> dict[str, Any]:
        """Return the keys of the engine's configuration that describe this database."""
        options: dict[str, Any] = {}
        if self._url.is_sqlite:
            self._engine = engines.sqlite_delivery(_sqlite_url(self._url))
            # On Python 3.12 and later, DBOS assumes that SQLite supports 'subsec'. Python uses the
            # system's SQLite, which may be older, for example 3.40 on Debian 12.
            if sqlite3.sqlite_version_info < SUBSEC_SINCE:
                event.listen(
                    self._engine,
                    "connect",
                    lambda connection, _: connection.create_function("unixepoch", 1, _unixepoch),
                )
        else:
            connections = engines.DELIVERY_CONNECTIONS
            self._engine = engines.postgresql_threads(self._url.url, connections)
            options = {"dbos_system_schema": SCHEMA, "run_migrations": False}
        url = self._engine.url.render_as_string(hide_password=False)
        return options | {"system_database_url": url, "system_database_engine": self._engine}

    def sync(self) -> None:
        """Sync what was committed to SQLite's write-ahead log. Blocks.

        Its commits are not synced one by one. PostgreSQL syncs them.
        """
        if self._url.file is None:
            return
        with (
            suppress(FileNotFoundError),
            Path(f"{_sqlite_url(self._url).database}-wal").open() as log,
        ):
            os.fsync(log.fileno())

    def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, which holds what deleted rows were before. Blocks."""
        if self._url.file is not None and self._engine is not None:
            with self._engine.connect() as connection:
                engines.empty_log(connection)

    def broken(self) -> Path | None:
        """Return the SQLite file if it is damaged or not a database, otherwise None."""
        if self._url.file is None:
            return None
        file = Path(str(_sqlite_url(self._url).database))
        if not file.exists():
            return None
        try:
            with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as opened:
                opened.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname in BROKEN:
                return file
        return None

    def migrate(self, migrate: Callable[[str], None]) -> str | None:
        """Update the tables on PostgreSQL by calling `migrate` with the URL, under a lock.

        This method blocks for a second or two.

        Returns:
            A short description of the migration, or None if nothing changed.

        Raises:
            LockHeld: another process has held the lock for `LOCK_SECONDS`.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        # Use no transaction, because an open one would block the engine's migration.
        engine = engines.postgresql_unpooled(self._url.url)
        with engine.connect() as connection:
            # Poll for the lock. A waiting statement would hold a snapshot, and the concurrent
            # creation of indexes waits until older snapshots are released.
            while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), LOCK):
                if time.monotonic() >= deadline:
                    holders = ", ".join(lock_holders(connection))
                    raise LockHeld(f"the delivery tables are being migrated by {holders}")
                time.sleep(LOCK_PAUSE_SECONDS)
            before = _version(connection)
            migrate(self._url.url.render_as_string(hide_password=False))
            after = _version(connection)
        return f"delivery tables (DBOS) to version {after}" if after != before else None

    def inspect(self, read: Callable[[Engine], T]) -> T:
        """Return the result of `read` on PostgreSQL. This method blocks."""
        engine = engines.postgresql_unpooled(self._url.url)
        try:
            return read(engine)
        finally:
            engine.dispose()

    def close(self) -> None:
        """Close the connections, which the delivery engine leaves open."""
        if self._engine is not None:
            self._engine.dispose()


def _version(connection: Connection) -> int | None:
    """Return the version of the engine's tables, or None if there are none."""
    table = f"{SCHEMA}.dbos_migrations"
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}) is None:
        return None
    version: int | None = connection.scalar(text(f"SELECT version FROM {table}"))  # noqa: S608 - ours
    return version


def _sqlite_url(url: DatabaseUrl) -> URL:
    """Map `slackbot.db` to `slackbot-delivery.db`. An in-memory database stays in memory."""
    if url.file is None:
        return url.url.set(database=None, query={})
    file = url.file.with_name(f"{url.file.stem}-delivery{url.file.suffix}")
    return url.url.set(database=str(file))


def _unixepoch(argument: Any) -> float | int | None:
    """Return the current Unix time with fractions for 'subsec', or a time in whole seconds."""
    if argument == "subsec":
        return time.time_ns() // 1_000_000 / 1000
    with closing(sqlite3.connect(":memory:")) as plain:
        seconds = "SELECT CAST(strftime('%s', ?) AS INTEGER)"
        answer: int | None = plain.execute(seconds, (argument,)).fetchone()[0]
    return answer
