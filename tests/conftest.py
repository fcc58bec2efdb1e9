"""Fixtures for all tests: databases of every kind, empty or with the tables."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import httpx
import pytest

from slackbot.delivery import engine
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import SCHEMA
from slackbot.storage.tables import Base
from slackbot.storage.url import DatabaseUrl
from tests.harness import postgres

EMPTY = {"memory": "sqlite://", "file": "sqlite:///{folder}/bot.db"}

# Folders of tests without coverage: they reach nothing that others do not, and would take minutes.
UNMEASURED = {"benchmarks", "fuzz", "meta", "property", "resilience"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--postgresql`, for runs with other versions of the server."""
    parser.addoption("--postgresql", action="store_true", help="only tests on PostgreSQL")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Apply `--postgresql`, and switch coverage off for the tests in `UNMEASURED`."""
    if config.getoption("postgresql"):
        others = [item for item in items if not _uses_postgresql(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _uses_postgresql(item)]
    for item in items:
        if UNMEASURED & set(item.path.relative_to(Path(__file__).parent).parts):
            item.add_marker(pytest.mark.no_cover)


def _uses_postgresql(item: pytest.Item) -> bool:
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "postgresql" in {*getattr(item, "fixturenames", ()), *map(str, parameters)}


@pytest.fixture(scope="session", autouse=True)
def _one_ssl_context() -> Iterator[None]:
    """Load the certificates of the authorities once, and not for each bot that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


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
