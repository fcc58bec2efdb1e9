"""Databases with all tables, made faster than by the migrations."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from slackbot.storage import migrations
from slackbot.storage.database import Database
from slackbot.storage.url import DatabaseUrl


async def create_tables(database: Database) -> None:
    """Create all tables in an empty SQLite database, as the migrations would."""

    def work(connection: Connection) -> None:
        for statement in _statements():
            connection.exec_driver_sql(statement)

    await database.write(work)


@cache
def _statements() -> tuple[str, ...]:
    """Return the SQL of a migrated database. The migrations run once per test process."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "bot.db"
        thread.submit(asyncio.run, _migrate(file)).result()
        with closing(sqlite3.connect(file)) as connection:
            script = tuple(connection.iterdump())
    return tuple(line for line in script if line not in {"BEGIN TRANSACTION;", "COMMIT;"})


async def _migrate(file: Path) -> None:
    database = Database(DatabaseUrl.parse(f"sqlite:///{file}"))
    await migrations.upgrade(database)
    await database.aclose()
