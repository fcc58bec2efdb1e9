"""Migrations, run by the product itself: Alembic with a configuration made in code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from slackbot.storage.database import Database, answering

MIGRATE = "slackbot migrate"
LOCK_KEY = 0x736C61636B626F74
"""Of the advisory lock under which PostgreSQL is migrated: the letters of "slackbot"."""


class SchemaMismatch(Exception):
    """The database's tables are not those of this version; its text is one line for operators."""


async def upgrade(database: Database) -> list[str]:
    """Bring the database to the newest schema, in one transaction, one process at a time.

    Returns:
        The migrations that were carried out, each as its revision and title.

    Raises:
        SchemaMismatch: the database is newer than this version of slackbot.
        StoreUnavailable: it does not answer.
    """
    with _no_wreck(), answering():
        return await database.write(_upgrade)


async def require_newest(database: Database) -> None:
    """Check that nothing is to be migrated.

    Raises:
        SchemaMismatch: the database is older, and `slackbot migrate` helps, or it is newer.
        StoreUnavailable: it does not answer.
    """
    with _no_wreck(), answering():
        current, head = await current_and_head(database)
    _refuse_unknown(current)
    if current != head:
        found = f"its tables are of revision {current}" if current else "it has no tables"
        raise SchemaMismatch(f"{found}, this version needs {head}: run `{MIGRATE}` first")


@contextmanager
def _no_wreck() -> Iterator[None]:
    """A damaged file, or another kind of file, is told as such."""
    try:
        yield
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its kinds are of statements, which would be ours
            raise
        raise SchemaMismatch("it is damaged, or no database") from None


async def current_and_head(database: Database) -> tuple[str | None, str]:
    """The revision the database has (None: an empty one) and the newest there is."""
    return await database.read(_current), _head()


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings; `migrations/env.py` works on the connection it is handed here."""
    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migration_lock(connection: Connection) -> None:
    """Wait until no other process migrates, and keep others waiting until the transaction ends.

    On SQLite every write transaction does so of itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


def _upgrade(connection: Connection) -> list[str]:
    migration_lock(connection)
    before = _current(connection)
    _refuse_unknown(before)
    command.upgrade(configuration(connection), "head")
    return _steps_after(before)


def _steps_after(before: str | None) -> list[str]:
    newest_first = _scripts().iterate_revisions("head", before or "base")
    return [f"{step.revision} {step.doc}" for step in newest_first if step.revision != before][::-1]


def _refuse_unknown(current: str | None) -> None:
    if current is not None and current not in _known():
        raise SchemaMismatch(
            f"its tables are of revision {current}, which this version does not know: "
            "run the newest version of slackbot"
        )


def _known() -> Sequence[str]:
    return [step.revision for step in _scripts().walk_revisions()]


def _head() -> str:
    head = _scripts().get_current_head()
    assert head is not None, "the first migration is missing"
    return head


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _migrations() -> Path:
    """Inside the package as installed from a wheel, else beside it as in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise FileNotFoundError("the folder of the migrations is missing from this installation")
