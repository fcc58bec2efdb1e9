"""Tests of the database: its files, its writers and cancelled callers."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, make_url, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, StatementError
from structlog.testing import capture_logs

from slackbot.domain.model import TeamId
from slackbot.domain.stores import StoreUnavailable
from slackbot.storage import engines
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import SeenEventRow
from slackbot.storage.url import DatabaseUrl
from tests.harness.services import allow_workspaces

NOW = datetime(2026, 5, 4, tzinfo=UTC)
TEAM = TeamId("T1")
IN_MEMORY = "file:read?mode=memory&cache=shared"
CIPHER = Cipher([bytes(range(32))])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_file_and_its_folder_are_private(tmp_path: Path):
    """The database, its journal and a folder created for it are readable by the owner alone."""
    path = tmp_path / "data" / "bot.db"
    database = Database(DatabaseUrl.parse(f"sqlite:///{path}"))
    assert not path.parent.exists(), "nothing is created before the first use"
    await schema.upgrade(database)
    await database.fetch_one(select(1))
    assert mode(path.parent) == 0o700
    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {"bot.db", "bot.db-wal", "bot.db-shm"}
    assert {mode(file) for file in files} == {0o600}
    await database.aclose()


async def test_a_file_has_one_writer_and_several_readers(tmp_path: Path):
    """WAL, a sync at each commit, foreign keys; readers cannot write; writes begin as writes."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))
    begun: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        begun.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    names = ("journal_mode", "synchronous", "foreign_keys")
    settings = await database.write(
        lambda connection: [connection.scalar(text(f"PRAGMA {name}")) for name in names]
    )
    event.remove(Engine, "before_cursor_execute", note)
    assert settings == ["wal", 2, 1]
    assert begun[0] == "BEGIN IMMEDIATE"
    with pytest.raises(OperationalError, match="readonly"):
        await database.read(lambda connection: connection.execute(text("CREATE TABLE t (x)")))
    await database.aclose()


async def upgraded(url: str) -> Database:
    """Open a database with the tables, and a workspace to write for."""
    database = Database(DatabaseUrl.parse(url))
    await schema.upgrade(database)
    await SqlStore(database, CIPHER).people.enter_workspace(TEAM, NOW)
    return database


async def test_a_failed_write_leaves_nothing(database_url: str):
    """An exception rolls the whole transaction back, and the next one works."""
    database = await upgraded(database_url)
    row = database.insert(SeenEventRow).values(team_id="T1", event_id="E", seen_at=NOW)

    def write_and_fail(connection: Connection) -> None:
        connection.execute(row)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(write_and_fail)
    assert await SqlStore(database, CIPHER).events.record(TEAM, "E", NOW)
    await database.aclose()


async def test_a_cancelled_change_is_finished(database_url: str):
    """A change whose caller is cancelled at any moment is made all the same."""
    database = await upgraded(database_url)
    store = SqlStore(database, CIPHER)
    assert await store.events.record(TEAM, "kept", NOW)
    for pauses in range(1, 12):
        task = asyncio.create_task(store.events.record(TEAM, f"E{pauses}", NOW))
        for _ in range(pauses):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        made = select(SeenEventRow.event_id).where(SeenEventRow.event_id == f"E{pauses}")
        async with asyncio.timeout(10):
            while not await database.fetch_column(made):  # noqa: ASYNC110 - rows tell no Event
                await asyncio.sleep(0)
    assert not await store.events.record(TEAM, "kept", NOW)
    await database.aclose()


@pytest.mark.parametrize("database_url", ["file", "postgresql"], indirect=True)
async def test_two_processes_can_write_the_same_database(database_url: str):
    """Writers wait for each other, and what is unique stays so between them."""
    databases = [await upgraded(database_url), Database(DatabaseUrl.parse(database_url))]
    stores = [SqlStore(database, CIPHER) for database in databases]
    first = await asyncio.gather(
        *(stores[n % 2].events.record(TEAM, f"E{n // 2 % 5}", NOW) for n in range(40))
    )
    assert sum(first) == 5
    for database in databases:
        await database.aclose()


async def test_databases_in_memory_are_separate():
    """Each is its own, and gone when closed."""
    one, two = (
        Database(DatabaseUrl.parse("sqlite://")),
        Database(DatabaseUrl.parse("sqlite:///:memory:")),
    )
    await schema.upgrade(one)
    assert (await schema.current_and_head(two))[0] is None
    for database in (one, two):
        await database.aclose()


@pytest.mark.parametrize(
    "url",
    ["", "bot.db", "mysql://me:hunter2@db/x", "sqlite//hunter2", "postgresql+pg8000://a:hunter2@b"],
)
def test_an_unusable_url_is_not_repeated(url: str):
    """The error contains nothing of the URL, which may hold a password."""
    with pytest.raises(ValueError, match="database") as refused:
        DatabaseUrl.parse(url)
    assert "hunter2" not in str(refused.value)


async def test_a_time_without_a_zone_is_refused():
    """And the error repeats no values."""
    database = await upgraded("sqlite://")
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StatementError, match="without a zone") as refused:
        await SqlStore(database, CIPHER).events.record(TEAM, "hidden event", naive)
    assert "hidden event" not in str(refused.value)
    await database.aclose()


async def test_a_database_that_cannot_be_opened_takes_no_writes(tmp_path: Path):
    """Readiness fails then, with one log line for the reason."""
    (tmp_path / "folder.db").mkdir()
    database = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/folder.db"))
    with capture_logs() as lines, pytest.raises(StoreUnavailable):
        await database.execute(text("CREATE TABLE t (x)"))
    assert [line["event"] for line in lines] == ["database_unanswered"]
    assert not database.health.is_writable()
    await database.aclose()


def test_a_log_that_somebody_reads_is_emptied_another_time():
    """A reader of a database in memory locks its tables; that is no error."""
    engine = engines.sqlite_writer(make_url(f"sqlite:///{IN_MEMORY}&uri=true"))
    with engine.connect() as writing, closing(sqlite3.connect(IN_MEMORY, uri=True)) as reading:
        writing.exec_driver_sql("CREATE TABLE numbers AS SELECT 1 AS number UNION SELECT 2")
        writing.commit()
        open_read = reading.execute("SELECT number FROM numbers")
        open_read.fetchone()
        engines.empty_log(writing)
        assert open_read.fetchone() == (2,)
    engine.dispose()


async def test_old_events_are_purged():
    """Once an hour the workspace's events older than a day are deleted."""
    time = [0.0]
    database = await upgraded("sqlite://")
    await allow_workspaces(database)
    store = SqlStore(database, CIPHER, clock=lambda: time[0])
    await store.people.enter_workspace(TeamId("T2"), NOW)
    await store.events.record(TEAM, "old", NOW)
    await store.events.record(TeamId("T2"), "old", NOW)
    await store.events.record(TEAM, "young", NOW.replace(day=5))
    assert not await store.events.record(TEAM, "old", NOW)
    time[0] = 3601.0
    assert await store.events.record(TEAM, "new", NOW.replace(day=5, hour=1))
    rows = await database.fetch_all(select(SeenEventRow.team_id, SeenEventRow.event_id))
    left = {(row.team_id, row.event_id) for row in rows}
    assert left == {("T1", "young"), ("T1", "new"), ("T2", "old")}
    await database.aclose()
