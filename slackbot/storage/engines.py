"""SQLAlchemy engines for SQLite and PostgreSQL."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

# Seconds that SQLite waits for another process to finish writing.
BUSY_SECONDS: Final = 10.0
# Milliseconds that emptying SQLite's log waits for readers. Every other write waits as long.
EMPTYING_MILLISECONDS: Final = 50
# Connections that read a SQLite file, each with its own thread.
READERS: Final = 4
# Connections to PostgreSQL for transactions, for single statements and for the delivery engine.
# By default the server allows 100 connections in total.
TRANSACTIONS, SINGLES, DELIVERY_CONNECTIONS = 3, 7, 6
# Longest wait for a free connection to PostgreSQL, in seconds.
POOL_SECONDS: Final = 5.0
# Age at which a connection is replaced, in case the server has moved. In seconds.
RECYCLE_SECONDS: Final = 1800.0
# A connection to PostgreSQL that was idle for longer is pinged before use. In seconds.
IDLE_SECONDS: Final = 0.5
# Errors that require a new connection: the server has become a replica, ended the transaction with
# its connection, or lost or mixed up the prepared statements.
UNUSABLE_STATES: Final = frozenset({"25006", "25P03", "25P04", "26000", "42P05", "0A000"})
# Each statement is its own transaction, so there is nothing to roll back on return.
AUTOCOMMIT: Final[dict[str, Any]] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
# FULL syncs at each commit. With NORMAL, a power failure can undo the latest commits. ADR 14
# explains why the delivery engine can do without most of its syncs.
# What is deleted is overwritten with zeros, in the pages that stay in use and in those that do not.
OVERWRITE: Final = "secure_delete=ON"
WRITER_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", OVERWRITE)
DELIVERY_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", OVERWRITE)
POSTGRESQL_OPTIONS: Final[dict[str, str | int]] = {
    "application_name": "slackbot",
    "connect_timeout": 5,  # seconds
    # Detect a lost peer sooner than the system's default of two hours. In seconds.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
# Use UTC regardless of the server's time zone, because extreme times do not survive a conversion.
# A pooler keeps this setting per client.
POOLED_SESSION: Final = "SET TIME ZONE 'UTC'"
# Settings that a pooler would pass on to its other clients, so they are used only without one. An
# idle transaction does not keep its locks, and a confirmed commit survives a server crash.
DIRECT_SESSION: Final = (
    "SELECT set_config('TimeZone', 'UTC', false), "
    "set_config('idle_in_transaction_session_timeout', '60s', false), "
    "CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END"
)


def postgresql(url: URL, connections: int, **options: Any) -> AsyncEngine:
    """Return an engine with a pool for the event loop."""
    options |= _postgresql_options(url, connections)
    engine = create_async_engine(url, pool_timeout=POOL_SECONDS, **options)
    _prepare(engine.sync_engine)
    return engine


def postgresql_threads(url: URL, connections: int) -> Engine:
    """Return an engine with a pool for threads."""
    engine = create_engine(url, **_postgresql_options(url, connections))
    _prepare(engine)
    return engine


def postgresql_unpooled(url: URL) -> Engine:
    """Return an engine without a pool, in autocommit mode."""
    options = {"connect_args": connect_options(url), "hide_parameters": True}
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", **options)
    event.listen(engine, "connect", _begin_session)
    return engine


def _postgresql_options(url: URL, connections: int) -> dict[str, Any]:
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_recycle": RECYCLE_SECONDS,
        "connect_args": connect_options(url),
        "hide_parameters": True,
    }


def connect_options(url: URL) -> dict[str, str | int]:
    """Return psycopg's connection options. Options in the URL's query take precedence."""
    return {name: value for name, value in POSTGRESQL_OPTIONS.items() if name not in url.query}


def _prepare(engine: Engine) -> None:
    event.listen(engine, "connect", _begin_session)
    event.listen(engine, "handle_error", _replace_unusable_connections)
    _ping_idle_connections(engine)


def _begin_session(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Set up a new connection, avoiding session state behind a pooler.

    Behind a pooler, each transaction may run in a different server process. A pooler such as
    PgBouncer is detected because it reports process ids of its own.
    """
    driver: Any = record.driver_connection
    cursor = connection.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    if cursor.fetchone() == (driver.info.backend_pid,):
        cursor.execute(DIRECT_SESSION)
    else:
        driver.prepare_threshold = None  # another process would not know the statement
        cursor.execute(POOLED_SESSION)
    cursor.close()
    connection.commit()


def _replace_unusable_connections(context: ExceptionContext) -> None:
    """Replace the pool's connections if the server no longer accepts our statements."""
    state = getattr(context.original_exception, "sqlstate", None)
    if state in UNUSABLE_STATES:
        context.is_disconnect = True


def _ping_idle_connections(engine: Engine) -> None:
    """Ping connections before use, but only if they have been idle.

    Compared to `pool_pre_ping`, this saves a round trip before most transactions under load.
    """

    def ping(connection: DBAPIConnection, record: ConnectionPoolEntry, _fairy: Any) -> None:
        if time.monotonic() - record.info.get("used_at", -math.inf) < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    def note_use(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    event.listen(engine, "checkout", ping)
    event.listen(engine, "checkin", note_use)


def sqlite_writer(url: URL) -> Engine:
    """Return an engine with the only writing connection. One thread at a time may use it."""
    # sqlite3 does not begin transactions itself. The listener below begins them as writes.
    engine = _sqlite(url, 1, None, WRITER_PRAGMAS)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def sqlite_readers(url: URL) -> Engine:
    """Return an engine with a pool of read-only connections."""
    return _sqlite(url, READERS, None, ("foreign_keys=ON", "query_only=ON"), **AUTOCOMMIT)


def sqlite_delivery(url: URL) -> Engine:
    """Return the delivery engine's single connection, whose transactions begin as writes.

    SQLite allows one writer anyway, and waiting for the pool is far faster than busy waiting.
    """
    return _sqlite(url, 1, "IMMEDIATE", DELIVERY_PRAGMAS)


def empty_log(connection: Connection) -> None:
    """Move the write-ahead log of a SQLite file into the file, sync it, and empty the log.

    If somebody reads an older state at this moment, or the table is locked as those of a database
    in memory are, the log stays for the next time.
    """
    driver: Any = connection.connection.driver_connection
    # Not by SQLAlchemy, which would begin a transaction.
    driver.execute(f"PRAGMA busy_timeout={EMPTYING_MILLISECONDS}")
    try:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")


def _sqlite(
    url: URL, connections: int, begin: str | None, pragmas: Sequence[str], **options: Any
) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
        **options,
    )

    def connected(connection: DBAPIConnection, _record: Any) -> None:
        connection.isolation_level = begin
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "do_connect", _create_private_file)
    event.listen(engine, "connect", connected)
    return engine


def _create_private_file(
    _dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]
) -> None:
    """Create the file so that only its owner can read it. `-wal` and `-shm` inherit its mode."""
    if options.get("uri") or arguments[0] == ":memory:":
        return
    path = Path(arguments[0])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
