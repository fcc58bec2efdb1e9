"""Engines: how SQLite and PostgreSQL are connected to."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 10.0
"""How long SQLite waits for another process to finish writing."""
READERS = 4
"""Connections that read a SQLite file at the same time; each has a thread."""
TRANSACTIONS, SINGLES = 3, 7
"""Connections to PostgreSQL for several statements at a time, and for single ones."""
DELIVERY_CONNECTIONS = 6
"""Those of the delivery engine. PostgreSQL allows 100 in all by default."""
POOL_SECONDS = 5.0
"""How long one waits for a free connection to PostgreSQL."""
RECYCLE_SECONDS = 1800.0
"""After so long a connection is made anew, so that it finds a server that has moved."""
IDLE_SECONDS = 0.5
"""A connection to PostgreSQL that was not used for so long may be gone."""
POSTGRESQL_DRIVER = "postgresql+psycopg"
POSTGRESQL_OPTIONS: dict[str, str | int] = {
    "application_name": "slackbot",
    "connect_timeout": 5,  # seconds
    # A peer that vanished is noticed, and not after the system's two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    # Times come in UTC whatever the server's zone is; who stands still keeps no lock for ever.
    "options": "-c timezone=UTC -c idle_in_transaction_session_timeout=60s",
}


def parse(url: str) -> URL:
    """Read a database's URL.

    Raises:
        ValueError: it cannot be used. The message does not repeat it: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("not a database URL") from None
    name, _, driver = parsed.drivername.partition("+")
    if name in {"postgresql", "postgres"} and driver in {"", "psycopg"}:
        return parsed.set(drivername=POSTGRESQL_DRIVER)
    if name == "sqlite" and not driver:
        return parsed
    raise ValueError("only sqlite:// and postgresql+psycopg:// databases can be used")


def postgresql(url: URL) -> AsyncEngine:
    """A pool for transactions. What the URL's query says goes before our options."""
    return _asynchronous(url, pool_size=TRANSACTIONS)


def postgresql_singles(url: URL) -> AsyncEngine:
    """A pool for single statements, each a transaction by itself.

    Changing a connection to that and back costs a quarter of a read's processor time.
    """
    return _asynchronous(
        url, pool_size=SINGLES, isolation_level="AUTOCOMMIT", pool_reset_on_return=None
    )


def _asynchronous(url: URL, **options: Any) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_timeout=POOL_SECONDS, **options, **_postgresql_options(url)
    )
    _ask_after_a_pause(engine.sync_engine)
    return engine


def postgresql_apart(url: URL) -> Engine:
    """One connection, for a thread of its own."""
    engine = create_engine(url, pool_size=1, **_postgresql_options(url))
    _ask_after_a_pause(engine)
    return engine


def postgresql_delivery(url: URL) -> Engine:
    """A pool for the delivery engine, which works in threads."""
    engine = create_engine(url, pool_size=DELIVERY_CONNECTIONS, **_postgresql_options(url))
    _ask_after_a_pause(engine)
    return engine


def postgresql_unpooled(url: URL) -> Engine:
    """A connection of its own each time, every statement a transaction by itself."""
    options = _connection_options(url)
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", **options)


def _postgresql_options(url: URL) -> dict[str, Any]:
    return {"max_overflow": 0, "pool_recycle": RECYCLE_SECONDS, **_connection_options(url)}


def _connection_options(url: URL) -> dict[str, Any]:
    given = POSTGRESQL_OPTIONS.items()
    wanted = {name: value for name, value in given if name not in url.query}
    return {"connect_args": wanted, "hide_parameters": True}


def _ask_after_a_pause(engine: Engine) -> None:
    """Ask a connection that was idle whether it still stands. One just used does not need it.

    That spares a round trip before nearly every unit of work when there are many.
    """

    def before(connection: DBAPIConnection, record: ConnectionPoolEntry, _fairy: Any) -> None:
        if time.monotonic() - record.info.get("used", -math.inf) < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    def after(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    event.listen(engine, "checkout", before)
    event.listen(engine, "checkin", after)


def sqlite_writer(url: URL) -> Engine:
    """The one connection that writes; it reads too. Each use of it is one thread at a time."""
    engine = _sqlite(url, pool_size=1)
    event.listen(engine, "connect", _prepare_writer)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def sqlite_readers(url: URL) -> Engine:
    """Connections that cannot write."""
    # There is no transaction to roll back when one is put back into the pool.
    engine = _sqlite(
        url, pool_size=READERS, isolation_level="AUTOCOMMIT", pool_reset_on_return=None
    )
    event.listen(engine, "connect", _prepare_reader)
    return engine


def _sqlite(url: URL, **options: Any) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
        **options,
    )
    event.listen(engine, "do_connect", create_privately)
    return engine


def create_privately(
    _dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]
) -> None:
    """Make the file for its owner alone before SQLite does; `-wal` and `-shm` take its mode."""
    if options.get("uri"):
        return  # in memory
    path = Path(arguments[0])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_writer(connection: DBAPIConnection, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3 begins no transactions of its own: we do
    pragmas(connection, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def _prepare_reader(connection: DBAPIConnection, _record: Any) -> None:
    pragmas(connection, "foreign_keys=ON", "query_only=ON")


def pragmas(connection: DBAPIConnection, *settings: str) -> None:
    """Set how SQLite works on this connection."""
    cursor = connection.cursor()
    for setting in settings:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
