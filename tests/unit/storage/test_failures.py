"""Which errors of a database pass: by SQLSTATE on PostgreSQL, by result code on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from slackbot.domain.stores import StoreUnavailable
from slackbot.storage.database import Database
from slackbot.storage.failures import is_passing
from slackbot.storage.tables import SeenEventRow
from slackbot.storage.url import DatabaseUrl
from tests.harness.postgres import Server

PASSING = [
    ("08006", "the connection was lost"),
    ("08P01", "a pooler's own words"),
    ("25006", "the server has become a replica"),
    ("25P02", "the transaction had failed"),
    ("25P03", "idle for too long"),
    ("26000", "a prepared statement is gone"),
    ("42P05", "a prepared statement is there already"),
    ("0A000", "a plan became stale by a migration"),
    ("28P01", "the password is being changed"),
    ("3D000", "the database is being restored"),
    ("40001", "serialization failure"),
    ("40P01", "deadlock"),
    ("42501", "grants are missing during a restore"),
    ("42703", "a column is missing during a migration"),
    ("42P01", "tables are missing during a restore"),
    ("53100", "disk full"),
    ("53300", "too many connections"),
    ("55006", "object in use"),
    ("55P03", "lock not available"),
    ("57014", "statement timeout"),
    ("57P01", "shut down"),
    ("57P02", "crashed"),
    ("57P03", "starting up"),
    ("58030", "input or output error"),
    ("XX000", "internal error"),
]
FINAL = [
    ("21000", "cardinality violation"),
    ("22001", "too long"),
    ("22P05", "cannot be encoded"),
    ("23502", "not null"),
    ("23503", "foreign key"),
    ("23505", "unique"),
    ("42601", "syntax error"),
    ("42883", "no such function"),
    ("XX001", "damaged data"),
    ("XX002", "damaged index"),
]


def refused(state: str) -> DBAPIError:
    """Return the error of SQLAlchemy around that of psycopg."""
    return DBAPIError("SELECT 1", None, psycopg.errors.lookup(state)("refused"))


@pytest.mark.parametrize("state", [state for state, _ in PASSING])
def test_a_state_of_the_server_passes(state: str) -> None:
    """The statement is right and the server may take it later."""
    assert is_passing(refused(state))
    assert is_passing(psycopg.errors.lookup(state)("refused")), "without SQLAlchemy too"


@pytest.mark.parametrize("state", [state for state, _ in FINAL])
def test_a_fault_of_the_statement_is_final(state: str) -> None:
    """It would fail again however often it is tried."""
    assert not is_passing(refused(state))


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (psycopg.OperationalError("server closed the connection"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.ProgrammingError("cannot adapt type"), False),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (ZeroDivisionError(), False),
    ],
)
def test_errors_of_the_client(error: Exception, passing: bool) -> None:
    """A lost connection passes, a wrong use of the client does not."""
    assert is_passing(error) is passing


@pytest.mark.parametrize(
    ("code", "passing"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_LOCKED_SHAREDCACHE, True),
        (sqlite3.SQLITE_READONLY_DBMOVED, True),
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_IOERR_FSYNC, True),
        (sqlite3.SQLITE_CANTOPEN, True),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_NOTADB, False),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, False),
        (sqlite3.SQLITE_ERROR, False),
    ],
)
def test_result_codes_of_sqlite(code: int, passing: bool) -> None:
    """Extended codes count as the primary one that they refine."""
    error = sqlite3.OperationalError("refused")
    error.sqlite_errorcode = code
    assert is_passing(DBAPIError("SELECT 1", None, error)) is passing


Write = Callable[[Connection], object]
ROW = {"team_id": "T1", "event_id": "E", "seen_at": "2026-05-04T00:00:00Z"}


async def test_a_full_database_is_unavailable(tmp_path: Path) -> None:
    """SQLite's own limit stands for a full disk; once there is room the same write succeeds."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))
    await database.transaction(lambda found: found.execute(text("CREATE TABLE t (x)")))
    large = text("INSERT INTO t VALUES (zeroblob(100000))")
    await database.transaction(lambda found: found.execute(text("PRAGMA max_page_count = 3")))
    with pytest.raises(StoreUnavailable):
        await database.execute(large)
    await database.transaction(lambda found: found.execute(text("PRAGMA max_page_count = 1000")))
    assert await database.execute(large) == 1
    await database.aclose()


async def test_a_read_only_server_is_unavailable(postgresql: Server, postgresql_name: str) -> None:
    """And its connections are replaced, so that the next write reaches one that takes it."""
    database = Database(DatabaseUrl.parse(postgresql.url(postgresql_name)), retry_seconds=0.0)
    write = database.insert(SeenEventRow).values(ROW | {"seen_at": None})
    with postgresql.read_only(postgresql_name), pytest.raises(StoreUnavailable):
        await database.execute(write)
    with pytest.raises(IntegrityError):
        await database.execute(write)
    with pytest.raises(ProgrammingError, match="syntax"):
        await database.execute(text("SELEC 1"))
    await database.aclose()
