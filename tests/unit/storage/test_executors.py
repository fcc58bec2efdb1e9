"""Transactions: one trip to a thread on SQLite, and no trace after a failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from slackbot.services.notices import SENT
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.executors import SqliteExecutor
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import SeenEventRow
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, CALL, EXPO, NOON, availability, connect, link, match

NOW = datetime(2026, 5, 4, tzinfo=UTC)
CIPHER = Cipher([bytes(range(32))])
SQLITE = pytest.mark.parametrize("database_url", ["memory", "file"], indirect=True)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(DatabaseUrl.parse(database_url))
    await schema.upgrade(opened)
    yield opened
    await opened.aclose()


@SQLITE
async def test_every_commit_is_synced_unless_it_need_not_be(database: Database):
    """A transaction that may be lost in a power cut changes nothing for the next one."""

    def level(connection: Connection) -> int:
        found: int = connection.execute(text("PRAGMA synchronous")).scalar_one()
        return found

    executor = database._executor
    levels = [await executor.write(level, synced=synced) for synced in (True, False, True)]
    assert levels == [2, 1, 2]
    with pytest.raises(ZeroDivisionError):
        await executor.write(lambda _: 1 // 0, synced=False)
    assert await executor.write(level) == 2


@SQLITE
async def test_a_commit_that_fails_is_rolled_back_and_reported(database: Database):
    """The error is the one of the commit, and the next transaction is a new one with syncs."""
    executor = database._executor
    for statement in (
        "CREATE TABLE one (id INTEGER PRIMARY KEY)",
        "CREATE TABLE two (id INTEGER REFERENCES one(id) DEFERRABLE INITIALLY DEFERRED)",
    ):
        await executor.write(lambda c, s=statement: c.execute(text(s)))
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        await executor.write(lambda c: c.execute(text("INSERT INTO two VALUES (1)")), synced=False)
    level = await executor.write(lambda c: c.execute(text("PRAGMA synchronous")).scalar_one())
    count = await executor.write(lambda c: c.execute(text("SELECT count(*) FROM two")).scalar_one())
    assert (level, count) == (2, 0)


class Counted(Executor):
    """Counts the trips to another pool's threads."""

    def __init__(self, pool: ThreadPoolExecutor, trips: list[str]) -> None:
        self.pool, self.trips = pool, trips

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        self.trips.append(self.pool._thread_name_prefix)
        return self.pool.submit(work, *given, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.pool.shutdown(wait, cancel_futures=cancel_futures)


@pytest.fixture
def trips(database: Database) -> list[str]:
    """The trips to a thread that the database makes from now on, by the thread's name."""
    executor: Any = database._executor
    assert isinstance(executor, SqliteExecutor)
    seen: list[str] = []
    pools = {id(pool): Counted(pool, seen) for pool in (executor._writing, executor._reading)}
    executor._writing, executor._reading = (
        pools[id(executor._writing)],
        pools[id(executor._reading)],
    )
    return seen


@SQLITE
async def test_a_transaction_is_one_trip_to_a_thread(database: Database, trips: list[str]):
    """Whether it is one statement or two: a match, from its report to the outcome of its notice."""
    store = SqlStore(database, CIPHER)
    await connect(store, link())
    await store.availabilities.save(availability())
    trips.clear()
    assert await store.matches.list_for(ANA, EXPO, match().session_id) == []
    assert await store.matches.add(match(call=CALL))
    assert await store.matches.get(ANA, match().id)
    await store.matches.record_outcome(ANA, match().id, SENT, None, NOON)
    assert len(trips) == 4
    assert await store.availabilities.get(ANA)
    trips.clear()
    for _ in range(5):
        await store.availabilities.get(ANA)
    assert trips == [], "an availability that nobody else can have changed is cached"


async def test_a_failed_transaction_leaves_nothing(database: Database):
    """If the second of two statements fails the first is rolled back, and the next one works."""
    row = {"team_id": "T1", "event_id": "E", "seen_at": NOW}
    one = database.insert(SeenEventRow).values(**row)
    await SqlStore(database, CIPHER).people.enter_workspace(ANA.team, NOW)
    with pytest.raises(IntegrityError):
        await database.execute(one, one)
    assert await database.fetch_column(select(SeenEventRow.event_id)) == []
    assert await database.execute_each(one) == [1]


@SQLITE
async def test_one_thread_writes(database: Database):
    """However many write at once, each transaction sees what those before it wrote."""
    threads: set[int] = set()
    await SqlStore(database, CIPHER).people.enter_workspace(ANA.team, NOW)

    def add(connection: Connection) -> int:
        threads.add(threading.get_ident())
        [[count]] = connection.execute(text("SELECT count(*) FROM seen_events"))
        row = {"team_id": "T1", "event_id": f"E{count}", "seen_at": NOW}
        connection.execute(database.insert(SeenEventRow).values(**row))
        return int(count)

    counts = await asyncio.gather(*(database.write(add) for _ in range(50)))
    assert sorted(counts) == list(range(50))
    assert len(threads) == 1


@SQLITE
async def test_the_loop_is_free_meanwhile(database: Database):
    """A slow transaction blocks nobody who does not need the database."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(_connection: Connection) -> bool:
        begun.set()
        return go_on.wait(10)

    writing = asyncio.create_task(database.write(slow))
    while not begun.is_set():  # noqa: ASYNC110 - an Event of threads cannot be awaited
        await asyncio.sleep(0.001)
    assert not writing.done()
    go_on.set()
    assert await writing


async def test_a_closed_database_leaves_no_thread(database_url: str):
    """Its threads end with it."""
    before = threading.active_count()
    database = Database(DatabaseUrl.parse(database_url))
    await schema.upgrade(database)
    await asyncio.gather(*(database.fetch_one(select(1)) for _ in range(10)))
    await database.aclose()
    assert threading.active_count() == before
