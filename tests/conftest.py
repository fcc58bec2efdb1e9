"""Fixtures for all tests: databases of every kind, empty or with the tables."""

from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import cast

import httpx
import pytest
from dbos._sys_db_sqlite import SQLiteSystemDatabase

from slackbot.delivery import engine
from slackbot.storage import migrations as schema
from slackbot.storage.columns import Base
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import SCHEMA
from slackbot.storage.url import DatabaseUrl
from tests.harness import postgres

EMPTY = {"memory": "sqlite://", "file": "sqlite:///{folder}/bot.db"}

# Folders of tests without coverage: they reach nothing that others do not, and would take minutes.
UNMEASURED = {"benchmarks", "fuzz", "meta", "property", "resilience"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--postgresql`, for runs with other versions of the server."""
    parser.addoption("--postgresql", action="store_true", help="only tests on PostgreSQL")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Exclude what lives as long as the run from every later garbage collection.

    A full collection of all modules and tests takes a third of a second, and there are hundreds.
    Between them, far more objects may be created: collections took an eighth of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 10, 10)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Apply `--postgresql`, and switch coverage off where it finds nothing new.

    That is for the tests in `UNMEASURED`, and for all rows but the first of a scenario: they send
    other values the same way, and tracing would double their time.
    """
    if config.getoption("postgresql"):
        others = [item for item in items if not _uses_postgresql(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _uses_postgresql(item)]
    measured = set[tuple[Path, str]]()
    for item in items:
        folders = item.path.relative_to(Path(__file__).parent).parts
        test = (item.path, getattr(item, "originalname", item.name))
        if UNMEASURED & set(folders) or ("scenario" in folders and test in measured):
            item.add_marker(pytest.mark.no_cover)
        measured.add(test)


def _uses_postgresql(item: pytest.Item) -> bool:
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "postgresql" in {*getattr(item, "fixturenames", ()), *map(str, parameters)}


@pytest.fixture(scope="session", autouse=True)
def _one_ssl_context() -> Iterator[None]:
    """Load the certificates of the authorities once, and not for each bot that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_migration_in_memory() -> Iterator[None]:
    """Copy the delivery engine's tables into each database in memory instead of migrating it.

    Its 60 migrations take longer than anything else in the start of a bot.
    """
    migrate, migrated = SQLiteSystemDatabase.run_migrations, list[sqlite3.Connection]()

    def copy(database: SQLiteSystemDatabase) -> None:
        with database.engine.connect() as connection:
            own = cast("sqlite3.Connection", connection.connection.driver_connection)
            _, _, file = own.execute("PRAGMA database_list").fetchone()
            if migrated and not file and not own.execute("SELECT * FROM sqlite_master").fetchone():
                migrated[0].backup(own)
                return
        migrate(database)
        if not migrated and not file:
            with database.engine.connect() as connection:
                own = cast("sqlite3.Connection", connection.connection.driver_connection)
                migrated.append(sqlite3.connect(":memory:", check_same_thread=False))
                own.backup(migrated[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLiteSystemDatabase, "run_migrations", copy)
        yield
    for template in migrated:
        template.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server for the whole run, one per test process. Required in CI."""
    with ExitStack() as closing:
        try:
            server = closing.enter_context(postgres.running())
        except postgres.NoPostgres as missing:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
                f"PostgreSQL cannot be started: {missing}"
            )
        yield server


# Creating a database takes a third of a second on a busy disk, so two are reused and cleaned.


@pytest.fixture(scope="session")
def _with_tables(postgresql: postgres.Server) -> str:
    postgresql.execute("CREATE DATABASE with_tables")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _migrate(postgresql.url("with_tables"))).result()
    return "with_tables"


@pytest.fixture(scope="session")
def _without_tables(postgresql: postgres.Server) -> str:
    postgresql.execute("CREATE DATABASE without_tables")
    return "without_tables"


async def _migrate(url: str) -> None:
    database = Database(DatabaseUrl.parse(url))
    await schema.upgrade(database)
    await database.aclose()
    engine.migrate(url, schema=SCHEMA)


@pytest.fixture
def postgresql_name(postgresql: postgres.Server, _with_tables: str) -> Iterator[str]:
    """The name of a database on the server, with all tables and no rows."""
    yield _with_tables
    postgresql.cut(_with_tables)
    ours = [str(table) for table in Base.metadata.sorted_tables]
    cleared = (f"DELETE FROM {table}" for table in [*ours, f"{SCHEMA}.workflow_status"])
    postgresql.execute(";".join(cleared), _with_tables)


@pytest.fixture
def postgresql_url(postgresql: postgres.Server, postgresql_name: str) -> str:
    """The URL of the same database."""
    return postgresql.url(postgresql_name)


@pytest.fixture
def empty_postgresql_url(postgresql: postgres.Server, _without_tables: str) -> Iterator[str]:
    """The URL of a database on the server, without tables."""
    yield postgresql.url(_without_tables)
    postgresql.cut(_without_tables)
    postgresql.execute(
        f"DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA public",
        _without_tables,
    )


@pytest.fixture(params=[*EMPTY, "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of each kind of database: SQLite's are empty, PostgreSQL's has the tables."""
    if request.param in EMPTY:
        return EMPTY[request.param].format(folder=tmp_path)
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture(params=[*EMPTY, "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of each kind of database, without tables."""
    if request.param in EMPTY:
        return EMPTY[request.param].format(folder=tmp_path)
    return str(request.getfixturevalue("empty_postgresql_url"))
