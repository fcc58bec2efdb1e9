"""Migrations, run by the product itself: Alembic with a configuration made in code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from slackbot.storage.database import Database


async def upgrade(database: Database) -> None:
    """Bring the database to the newest schema, in one transaction. One call at a time."""
    async with database.writing() as connection:
        await connection.run_sync(lambda open_: command.upgrade(configuration(open_), "head"))


async def current_and_head(database: Database) -> tuple[str | None, str]:
    """The revision the database has (None: an empty one) and the newest there is."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None, "the first migration is missing"
    async with database.reading() as session:
        connection = await session.connection()
        current = await connection.run_sync(
            lambda open_: MigrationContext.configure(open_).get_current_revision()
        )
    return current, head


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings; `migrations/env.py` works on the connection it is handed here."""
    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrations() -> Path:
    """Inside the package as installed from a wheel, else beside it as in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise FileNotFoundError("the folder of the migrations is missing from this installation")
