"""A start, or a failover while running, after which the latest rows may be missing."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from slackbot.domain.workers import RECHECK_PERIOD, Role
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.failovers import Failovers
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import ServerRow, WorkerRow
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.workers import SqlWorkerRegistry
from tests.harness.postgres import Server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def rename_server(database: Database, identity: str) -> None:
    """Make the rows look as if they came from another server."""
    await database.execute(update(ServerRow).values(identity=identity))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_failover_is_noticed_and_passes(store: SqlStore, database: Database):
    """By the server's identifier and timeline; for half an hour, and never on the first server."""
    assert not await store.failovers.recent()
    assert not await store.failovers.recent()
    await rename_server(database, "7345/00000001")
    assert await store.failovers.recent()
    assert await store.failovers.recent()
    minutes = RECHECK_PERIOD.total_seconds() / 60
    await database.execute(
        text(f"UPDATE servers SET seen_at = seen_at - '{minutes} min'::interval")
    )
    assert not await store.failovers.recent()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_identity_holds_the_timeline(store: SqlStore, database: Database):
    """A promoted replica has the identifier of its primary, and the next timeline."""
    await store.failovers.recent()
    (identity,) = await database.fetch_column(select(ServerRow.identity))
    system, _, timeline = identity.partition("/")
    assert system.isdigit()
    assert int(timeline, 16) == 1


async def test_without_permission_each_start_of_the_server_counts(
    postgresql: Server, postgresql_name: str
):
    """Some providers allow nobody to ask for the timeline."""
    postgresql.execute(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; CREATE ROLE plain LOGIN; "
        "GRANT ALL ON servers TO plain",
        postgresql_name,
    )
    database = Database(
        DatabaseUrl.parse(postgresql.url(postgresql_name).replace("postgres@", "plain@"))
    )
    try:
        assert not await Failovers(database).recent()
        (identity,) = await database.fetch_column(select(ServerRow.identity))
    finally:
        await database.aclose()
        postgresql.execute(
            "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC; "
            "DROP OWNED BY plain; DROP ROLE plain",
            postgresql_name,
        )
    assert identity.startswith("started ")


async def test_an_unclean_start_is_known_to_later_ones(store: SqlStore, database: Database):
    """A restored backup: the processes that start last find no trace of the killed one."""
    for name, missing in (("killed", False), ("first", True)):
        registry = SqlWorkerRegistry(database, boot_id=name, role=Role.RUN)
        assert await registry.register() is missing
        assert await store.failovers.recent() is missing
        await database.execute(update(WorkerRow).values(expires_at=LONG_AGO))
    await database.execute(delete(WorkerRow))
    assert not await SqlWorkerRegistry(database, boot_id="second", role=Role.RUN).register()
    assert await store.failovers.recent()
    await database.execute(update(ServerRow).values(seen_at=LONG_AGO))
    assert not await store.failovers.recent()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_kill_beside_living_workers_loses_no_rows(store: SqlStore, database: Database):
    """The others need not search."""
    for name in ("living", "killed"):
        await SqlWorkerRegistry(database, boot_id=name, role=Role.WORKER).register()
    killed = update(WorkerRow).where(WorkerRow.boot_id == "killed")
    await database.execute(killed.values(expires_at=LONG_AGO))
    assert await SqlWorkerRegistry(database, boot_id="next", role=Role.WORKER).register()
    assert not await store.failovers.recent()


@pytest.mark.parametrize(("clean", "missing"), [(True, False), (False, True)])
async def test_a_restart_on_sqlite_within_the_lease(tmp_path: Path, clean: bool, missing: bool):
    """A power cut and a start at once: the last lease has not even expired."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))
    await schema.upgrade(database)
    first, second = (
        SqlWorkerRegistry(database, boot_id=name, role=Role.RUN) for name in ("first", "second")
    )
    assert not await first.register()
    if clean:
        await first.release_lease()
    assert await second.register() is missing
    await database.aclose()


async def test_a_copy_taken_while_the_bot_ran_may_miss_rows(tmp_path: Path):
    """Restored within seconds: it holds no clean stop, whatever its age."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))
    await schema.upgrade(database)
    first = SqlWorkerRegistry(database, boot_id="first", role=Role.RUN)
    await first.register()
    with sqlite3.connect(tmp_path / "bot.db") as live, sqlite3.connect(tmp_path / "copy.db") as new:
        live.backup(new)
    await first.release_lease()
    await database.aclose()
    copy = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/copy.db"))
    assert await SqlWorkerRegistry(copy, boot_id="second", role=Role.RUN).register()
    await copy.aclose()
