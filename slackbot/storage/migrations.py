"""Database migrations with Alembic, which is configured in code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from slackbot.storage.database import Database
from slackbot.storage.failures import LockHeld, cause_of, raise_unavailable

MIGRATE: Final = "slackbot migrate"
# Key of the advisory lock for migrations on PostgreSQL, from the letters of "slackbot".
LOCK_KEY: Final = 0x736C61636B626F74
# Key of the lock for migrations of the delivery engine's tables, from the letters of "delivery".
DELIVERY_LOCK_KEY: Final = 0x64656C6976657279
LOCK_SECONDS: Final = 60.0  # longest wait for other sessions' locks
TRY_SECONDS: Final = 3  # timeout of one attempt, after which the holders are reported
LOCK_NOT_AVAILABLE: Final = "55P03"  # SQLSTATE
_HOLDERS: Final = text(
    "SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed') AS name, "
    "coalesce(a.state, 'busy') AS state "
    "FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND EXISTS ("
    "SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND ("
    "l.relation IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname IN (current_schema(), 'dbos') AND c.relkind = 'r') "
    "OR l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database "
    "WHERE datname = current_database()) "
    "AND (l.classid::bigint << 32 | l.objid::bigint) IN (:database, :delivery))) ORDER BY a.pid"
)


class SchemaMismatch(Exception):
    """The database's schema does not fit this version. The message is one line for operators."""


async def upgrade(
    database: Database,
    *,
    seconds: float = LOCK_SECONDS,
    waiting: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Migrate to the newest schema in one transaction, one process at a time.

    On PostgreSQL, wait for locks up to `seconds`, and call `waiting` with a line that names their
    holders.

    Returns:
        The migrations that were applied, each as its revision and title.

    Raises:
        LockHeld: another session has held a lock for too long.
        SchemaMismatch: the database is newer than this version of slackbot.
        StoreUnavailable: the database does not respond.
    """
    deadline = time.monotonic() + seconds
    with _damage_as_mismatch(), raise_unavailable():
        while True:
            try:
                return await database.write(_upgrade, migrating=True)
            except DatabaseError as error:
                if getattr(cause_of(error), "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                holders = ", ".join(await database.read(lock_holders)) or "another session"
                if time.monotonic() >= deadline:
                    hint = f"stop that process, then run `{MIGRATE}` again"
                    raise LockHeld(f"a lock is held by {holders}: {hint}") from None
                waiting(f"Waiting for a lock that is held by {holders}")


async def require_newest(database: Database) -> None:
    """Check that no migration is pending.

    Raises:
        SchemaMismatch: the database is older or newer than this version of slackbot.
        StoreUnavailable: the database does not respond.
    """
    with _damage_as_mismatch(), raise_unavailable():
        current, head = await current_and_head(database)
    _require_known(current)
    if current != head:
        found = f"its tables are of revision {current}" if current else "it has no tables"
        raise SchemaMismatch(f"{found}, this version needs {head}: run `{MIGRATE}` first")


@contextmanager
def _damage_as_mismatch() -> Iterator[None]:
    """Raise `SchemaMismatch` for a file that is damaged or is not a database."""
    try:
        yield
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # subclasses describe statements, not the file
            raise
        raise SchemaMismatch("it is damaged, or no database") from None


async def current_and_head(database: Database) -> tuple[str | None, str]:
    """Return the database's revision (None if it is empty) and the newest one."""
    head = scripts().get_current_head()
    assert head is not None, "the first migration is missing"
    return await database.read(_current), head


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, from which `migrations/env.py` takes the connection."""
    config = Config()
    config.set_main_option("script_location", str(_directory()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def scripts() -> ScriptDirectory:
    """Return the migrations of this version."""
    return ScriptDirectory.from_config(configuration())


def migration_lock(connection: Connection) -> None:
    """Acquire the lock for migrations, which is held until the transaction ends.

    On SQLite, every write transaction is already exclusive. On PostgreSQL, no statement of the
    transaction waits for a lock longer than `TRY_SECONDS`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{TRY_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


@contextmanager
def foreign_keys_at_end(connection: Connection) -> Iterator[None]:
    """Let migrations replace tables on SQLite, and check the foreign keys when they are done.

    Raises:
        RuntimeError: the transaction was not begun by `Database.write` with `migrating`.
        SchemaMismatch: rows refer to rows that do not exist.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite and connection.scalar(text("PRAGMA foreign_keys")):
        raise RuntimeError("tables cannot be replaced while SQLite enforces foreign keys")
    yield
    check = "PRAGMA foreign_key_check"
    if is_sqlite and (wrong := connection.execute(text(check)).all()):
        tables = ", ".join(sorted({str(row[0]) for row in wrong}))
        raise SchemaMismatch(f"{len(wrong)} rows belong to nothing that is kept ({tables})")


def lock_holders(connection: Connection) -> list[str]:
    """Return the PostgreSQL sessions that hold a migration lock or a lock on one of our tables."""
    found = connection.execute(_HOLDERS, {"database": LOCK_KEY, "delivery": DELIVERY_LOCK_KEY})
    return [f"process {row.pid} ({row.name}, {row.state})" for row in found]


def _upgrade(connection: Connection) -> list[str]:
    migration_lock(connection)
    before = _current(connection)
    _require_known(before)
    command.upgrade(configuration(connection), "head")
    newest_first = scripts().iterate_revisions("head", before or "base")
    return [f"{step.revision} {step.doc}" for step in newest_first if step.revision != before][::-1]


def is_known(revision: str) -> bool:
    """Return whether this version of slackbot knows the revision."""
    return revision in {step.revision for step in scripts().walk_revisions()}


def _require_known(current: str | None) -> None:
    if current is not None and not is_known(current):
        raise SchemaMismatch(
            f"its tables are of revision {current}, which this version does not know: "
            "run the newest version of slackbot"
        )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _directory() -> Path:
    """Return the migrations folder of the installed package or of the source checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise FileNotFoundError("the folder of the migrations is missing from this installation")
