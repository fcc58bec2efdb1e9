"""Tests of migrations as the product and as people run them, from a checkout."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from slackbot.domain.model import TeamId
from slackbot.storage import migrations as schema
from slackbot.storage.columns import Base
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl

CHECKOUT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 5, 4, tzinfo=UTC)
TEAM = TeamId("T1")


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    opened = Database(DatabaseUrl.parse(empty_database_url.replace("/bot.db", "/100%/bot.db")))
    yield opened
    await opened.aclose()


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def downgrade(connection: Connection, revision: str = "base") -> None:
    command.downgrade(schema.configuration(connection), revision)


async def test_the_migrations_make_what_the_models_say(database: Database):
    """After an upgrade Alembic proposes nothing, up, down and up again."""
    _, head = await schema.current_and_head(database)
    for _ in range(2):
        await schema.upgrade(database)
        assert await schema.current_and_head(database) == (head, head)
        assert await database.write(differences) == []
        await database.write(downgrade, migrating=True)
        left = await database.write(lambda connection: inspect(connection).get_table_names())
        assert left == ["alembic_version"]
        assert await schema.current_and_head(database) == (None, head)


async def test_an_upgrade_returns_its_migrations(database: Database):
    """By revision and title, oldest first; none if nothing was pending."""
    steps = await schema.upgrade(database)
    assert steps[0] == "0001 Links, availabilities, matches and seen events."
    assert await schema.upgrade(database) == []


async def test_a_downgrade_and_upgrade_keep_the_data(database: Database):
    """Down to the first tables and up again, or up once more: every row is still there."""
    await schema.upgrade(database)
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await store.people.enter_workspace(TEAM, NOW)
    assert await store.events.record(TEAM, "Ev1", NOW)
    await schema.upgrade(database)
    assert not await store.events.record(TEAM, "Ev1", NOW)
    await database.write(lambda connection: downgrade(connection, "0001"), migrating=True)
    assert (await schema.current_and_head(database))[0] == "0001"
    await schema.upgrade(database)
    assert not await store.events.record(TEAM, "Ev1", NOW)


async def test_tables_of_another_version_are_refused(database: Database):
    """Older ones with the command that helps; newer ones are never changed."""
    with pytest.raises(schema.SchemaMismatch, match="run `slackbot migrate` first"):
        await schema.require_newest(database)
    await schema.upgrade(database)
    await schema.require_newest(database)
    await database.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for check in (schema.require_newest, schema.upgrade):
        with pytest.raises(schema.SchemaMismatch, match="newest version of slackbot"):
            await check(database)


async def test_a_migration_does_not_configure_logging(database: Database):
    """Handlers, levels and loggers are the same before and after."""
    ours, root = logging.getLogger("slackbot.storage.test"), logging.getLogger()
    before = list(root.handlers), root.level
    await schema.upgrade(database)
    assert (list(root.handlers), root.level) == before
    assert not ours.disabled


def test_there_is_one_head():
    """No two migrations claim to be the newest."""
    assert len(ScriptDirectory.from_config(schema.configuration()).get_heads()) == 1


@pytest.mark.parametrize("arguments", [["upgrade", "head"], ["upgrade", "head", "--sql"]])
def test_people_can_run_alembic_in_a_checkout(arguments: list[str], tmp_path: Path):
    """Settings come from pyproject.toml, the database from DATABASE_URL; nothing else is needed."""
    ran = subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "bot.db").exists() is ("--sql" not in arguments)
    assert ("CREATE TABLE matches" in ran.stdout) is ("--sql" in arguments)
