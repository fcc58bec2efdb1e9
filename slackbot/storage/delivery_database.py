"""Where the delivery engine keeps its workflows: beside our rows, never among them.

On SQLite it has a file of its own: in ours, its writes would queue with our own, and Alembic would
propose to remove its tables. Its default journal is 2 to 80 times slower than WAL. On PostgreSQL
it has a schema of its own in our database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from slackbot.storage import engines

SCHEMA: Final = "dbos"
LOCK: Final = {"key": 0x64656C6976657279}
"""The advisory lock under which its tables are migrated: the letters of "delivery"."""
TURN_SECONDS: Final = 0.2
BROKEN: Final = {"SQLITE_NOTADB", "SQLITE_CORRUPT"}
"""What SQLite calls a file that it cannot make sense of."""
# The first SQLite whose unixepoch() knows 'subsec'; before it the answer is NULL, and before 3.38
# there is no such function. https://sqlite.org/lang_datefunc.html
SUBSEC_SINCE: Final = (3, 42)


class DeliveryDatabase:
    """The engine's database that goes with ours. Nothing is opened before the first use."""

    def __init__(self, url: str) -> None:
        """`url` is that of our own database.

        Raises:
            ValueError: not such a URL. The message does not repeat it: it may hold a password.
        """
        self._url = engines.parse(url)
        self._engine: Engine | None = None

    def options(self) -> dict[str, Any]:
        """The keys of the delivery engine's own configuration."""
        if self._url.get_backend_name() == "postgresql":
            return self._postgresql()
        return self._with(_sqlite(_file_beside(self._url)))

    def _postgresql(self) -> dict[str, Any]:
        made = self._with(engines.postgresql_delivery(self._url))
        return made | {"dbos_system_schema": SCHEMA, "run_migrations": False}

    def _with(self, engine: Engine) -> dict[str, Any]:
        self._engine = engine
        return {
            "system_database_url": engine.url.render_as_string(hide_password=False),
            "system_database_engine": engine,
        }

    def broken(self) -> Path | None:
        """Its SQLite file, where one lies there that is damaged or no database; else None."""
        file = _file_beside(self._url).database if self._url.get_backend_name() == "sqlite" else ""
        if not file or not Path(file).exists():
            return None
        try:
            with closing(sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True)) as opened:
                opened.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.DatabaseError as error:
            return Path(file) if error.sqlite_errorname in BROKEN else None
        return None

    def migrate(self, migrate: Callable[[str], None]) -> str | None:
        """On PostgreSQL: have `migrate` bring its tables up to date, one process at a time.

        Blocks for a second or two. Returns what was done in a few words, None for nothing.
        """
        # Without a transaction: an open one would be in the engine's way.
        engine = engines.postgresql_unpooled(self._url)
        with engine.connect() as connection:
            # Asked again and again: a statement that waited would keep a snapshot, and indexes that
            # are made concurrently wait for whoever has one.
            while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), LOCK):
                time.sleep(TURN_SECONDS)
            before = _version(connection)
            migrate(self.url)
            after = _version(connection)
        return f"delivery tables (DBOS) to version {after}" if after != before else None

    @property
    def url(self) -> str:
        """With its password, for the delivery engine alone."""
        return self._url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Close what the delivery engine leaves to us."""
        if self._engine is not None:
            self._engine.dispose()


def _version(connection: Connection) -> int | None:
    """Of the delivery engine's tables; None when there are none."""
    table = f"{SCHEMA}.dbos_migrations"
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}) is None:
        return None
    version: int | None = connection.scalar(text(f"SELECT version FROM {table}"))  # noqa: S608 - ours
    return version


def _file_beside(url: URL) -> URL:
    """`slackbot.db` → `slackbot-delivery.db`; in memory stays in memory."""
    if url.database in {None, "", ":memory:"}:
        return url.set(drivername="sqlite", database=None, query={})
    file = Path(str(url.database))
    return url.set(
        drivername="sqlite", database=str(file.with_name(f"{file.stem}-delivery{file.suffix}"))
    )


def _sqlite(url: URL) -> Engine:
    # One connection: SQLite has one writer anyhow, and its busy waiting is far slower than a pool.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": engines.BUSY_SECONDS},
        hide_parameters=True,
    )
    if url.database:
        event.listen(engine, "do_connect", engines.create_privately)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _record: Any) -> None:
    connection.isolation_level = "IMMEDIATE"
    engines.pragmas(connection, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")
    # On Python 3.12 and later DBOS takes for granted that SQLite knows 'subsec'. Python uses the
    # system's SQLite, which may be older: 3.40 on Debian 12.
    if sqlite3.sqlite_version_info < SUBSEC_SINCE:
        connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(argument: Any) -> float | int | None:
    """Return Unix seconds: of now, to the millisecond, for 'subsec', else whole ones of a time."""
    if argument == "subsec":
        return time.time_ns() // 1_000_000 / 1000
    with closing(sqlite3.connect(":memory:")) as plain:
        seconds = "SELECT CAST(strftime('%s', ?) AS INTEGER)"
        answer: int | None = plain.execute(seconds, (argument,)).fetchone()[0]
    return answer
