"""Classification of database errors as transient or final, by the database's own codes.

PostgreSQL reports a SQLSTATE and SQLite a result code. The driver's exception classes say little. A
server that became a replica raises `InternalError`, and a full disk raises `OperationalError`.

On PostgreSQL, an error is final only if the same statement would fail again on a healthy database.
All others are treated as transient, because every retry is limited in time. On SQLite, only the
listed result codes are transient.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from slackbot.domain.stores import StoreUnavailable

# SQLSTATE classes for faults in the statement or its values.
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
# Members of final classes that are transient, because of a restore, a migration or a pooler.
PASSING_STATES: Final = frozenset(
    {
        "0A000",  # "cached plan must not change result type", after a migration
        "42501",  # permission denied, because a restore creates tables before grants
        "42P01",  # table does not exist (yet)
        "42703",  # column does not exist (yet)
        "42P05",  # prepared statement exists, because a pooler switched connections
    }
)
# SQLite's primary result codes of transient errors, such as a full disk or a locked file.
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
# Advice for errors that operators may see at startup, by SQLSTATE or SQLite's primary code.
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
    """Return the driver's error behind this error, or the error itself."""
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def is_passing(error: BaseException) -> bool:
    """Return whether the error is transient, so the same statement may succeed later."""
    cause = cause_of(error)
    if isinstance(cause, sqlite3.Error):
        return _is_passing_sqlite(cause)
    if isinstance(cause, psycopg.Error):
        return _is_passing_postgresql(cause)
    return isinstance(cause, (NoFreeConnection, PendingRollbackError, OSError, TimeoutError))


def _is_passing_sqlite(error: sqlite3.Error) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)  # None if Python itself raised it
    return code is not None and code & PRIMARY_CODE in PASSING_SQLITE


def _is_passing_postgresql(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:  # raised by the client: a lost connection, or incorrect use
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    if state in PASSING_STATES:
        return True
    return state[:2] not in FINAL_CLASSES and state not in FINAL_STATES


def is_of_nobody(error: BaseException) -> bool:
    """Return whether a foreign key failed because the row's parent has been deleted."""
    cause = cause_of(error)
    if isinstance(cause, sqlite3.Error):
        code: int | None = getattr(cause, "sqlite_errorcode", None)
        return code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return isinstance(cause, psycopg.errors.ForeignKeyViolation)


def explain(error: BaseException) -> str:
    """Return one line for operators, with the database's message and advice if there is any."""
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
    """Another session held a lock for too long. The message is one line for operators."""


@contextmanager
def raise_unavailable() -> Iterator[None]:
    """Translate transient database errors to `StoreUnavailable`, without retrying.

    Raises:
        StoreUnavailable: the database does not respond. The message is one line for operators.
    """
    try:
        yield
    except Exception as error:
        if not is_passing(error):
            raise
        raise StoreUnavailable(explain(error)) from error
