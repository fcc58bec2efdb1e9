"""Which errors of a database pass by themselves, judged by its own codes.

PostgreSQL gives a SQLSTATE, SQLite an error name. The driver's Python classes say little: a server
that became a replica answers with `InternalError`, a disk that is full with `OperationalError`.

An error that is not known to be final passes; every wait for it is bounded by time. Final is
only what the same statement would meet again on a healthy database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from slackbot.domain.ports import StoreUnavailable

# Classes of SQLSTATE that name a fault of the statement or its values, or damaged data.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
FINAL_CLASSES: Final = frozenset(
    {
        "0A",  # feature not supported
        "21",  # cardinality violation
        "22",  # data exception
        "23",  # integrity constraint violation
        "42",  # syntax error or access rule violation
        "44",  # view with CHECK OPTION violation
    }
)
FINAL_STATES: Final = frozenset({"XX001", "XX002"})  # damaged data, damaged index
# Members of final classes that go away while the server is restored, migrated or pooled.
PASSING_STATES: Final = frozenset(
    {
        "0A000",  # "cached plan must not change result type", after a migration
        "42501",  # permission denied: grants follow the tables in a restore
        "42P01",  # table not there (yet)
        "42703",  # column not there (yet)
        "42P05",  # prepared statement exists: a pooler handed over another connection
    }
)
# SQLite's primary result codes that pass, such as a full disk, or a file locked by a copy.
PASSING_SQLITE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
GRANT: Final = (
    "GRANT CREATE ON DATABASE and USAGE, CREATE ON SCHEMA public to this user, or run "
    "`slackbot migrate` as the owner of the tables"
)
# What to do about an error that operators meet at a start, by SQLSTATE or SQLite's primary code.
ADVICE: Final[dict[str | int, str]] = {
    "25006": "it takes no writes: DATABASE_URL must lead to the primary server",
    "3F000": f"its user may not do that: {GRANT}",
    "42501": f"its user may not do that: {GRANT}",
    "53100": "the server's disk is full: free some space",
    "53300": "the server has no connection left: raise max_connections, or run fewer processes",
    sqlite3.SQLITE_FULL: "the disk is full: free some space, then start again",
    sqlite3.SQLITE_READONLY: "the file cannot be written: give it to the bot's user",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: give it and its folder to the bot's user",
    sqlite3.SQLITE_BUSY: "another process is writing: stop it, then start again",
}
# An extended result code holds the primary one in its lowest byte.
PRIMARY_CODE: Final = 0xFF


def cause_of(error: BaseException) -> BaseException:
    """Return the driver's error if there is one."""
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def is_passing(error: BaseException) -> bool:
    """Return whether the database may answer the same statement later."""
    cause = cause_of(error)
    if isinstance(cause, sqlite3.Error):
        return _is_passing_sqlite(cause)
    if isinstance(cause, psycopg.Error):
        return _is_passing_postgresql(cause)
    return isinstance(cause, (NoFreeConnection, PendingRollbackError, OSError, TimeoutError))


def _is_passing_sqlite(error: sqlite3.Error) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)  # none if Python raised it itself
    return code is not None and code & PRIMARY_CODE in PASSING_SQLITE


def _is_passing_postgresql(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:  # from the client: a lost connection, or a wrong use of it
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    if state in PASSING_STATES:
        return True
    return state[:2] not in FINAL_CLASSES and state not in FINAL_STATES


def is_of_nobody(error: BaseException) -> bool:
    """Return whether a foreign key failed: what the row belongs to has been deleted."""
    cause = cause_of(error)
    if isinstance(cause, sqlite3.Error):
        code: int | None = getattr(cause, "sqlite_errorcode", None)
        return code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return isinstance(cause, psycopg.errors.ForeignKeyViolation)


def explain(error: BaseException) -> str:
    """Return one line for operators: what the database said, and what to do if that is known."""
    cause = cause_of(error)
    said = "".join(str(cause).strip().splitlines()[:1]) or type(cause).__name__
    code: str | int | None = getattr(cause, "sqlstate", None)
    if isinstance(cause, OSError) and cause.filename is not None:
        code = sqlite3.SQLITE_CANTOPEN
    if isinstance(cause, sqlite3.Error):
        code = (getattr(cause, "sqlite_errorcode", None) or 0) & PRIMARY_CODE
    if code in ADVICE:
        return f"{ADVICE[code]} ({said})"
    return f"the database does not answer: {said}" if is_passing(error) else said


class LockHeld(Exception):
    """Another session held a lock for too long. The text is a line for operators."""


@contextmanager
def raise_unavailable() -> Iterator[None]:
    """Translate passing errors of the database, without retries, to one line.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    try:
        yield
    except Exception as error:
        if not is_passing(error):
            raise
        raise StoreUnavailable(explain(error)) from error
