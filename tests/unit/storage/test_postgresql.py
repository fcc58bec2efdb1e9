"""Tests of the database on PostgreSQL: connections, retries and outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import select, text
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
from tests.harness.postgres import PASSWORD, Server

NOW = datetime(2026, 5, 4, tzinfo=UTC)
TEAM = TeamId("T1")
CIPHER = Cipher([bytes(range(32))])


@pytest.fixture
def name(postgresql_name: str) -> str:
    return postgresql_name


@pytest.fixture
async def database(postgresql: Server, name: str) -> AsyncIterator[Database]:
    opened = Database(DatabaseUrl.parse(postgresql.url(name)))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    "url",
    ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d?sslmode=require"],
)
def test_every_spelling_of_the_url_is_taken(url: str):
    """Providers hand out several; all mean the same driver, and no repr shows a password."""
    assert DatabaseUrl.parse(url).url.drivername == "postgresql+psycopg"
    assert "p@h" not in repr(Database(DatabaseUrl.parse(url)))


async def test_it_is_reached_over_tcp_with_a_password(postgresql: Server, name: str):
    """A wrong password is reported in one line, without the password."""
    right = postgresql.url(name, tcp=True)
    database, refused = (
        Database(DatabaseUrl.parse(right)),
        Database(DatabaseUrl.parse(right.replace(PASSWORD, "hunter2"))),
    )
    await schema.require_newest(database)
    with pytest.raises(StoreUnavailable, match="authentication failed") as refused_connection:
        await schema.require_newest(refused)
    assert "hunter2" not in str(refused_connection.value)
    assert "\n" not in str(refused_connection.value)
    for opened in (database, refused):
        await opened.aclose()


async def test_connections_are_named_and_in_utc(database: Database):
    """Whatever the server's zone is: the farthest times do not survive a change of zone."""
    settings = ("timezone", "application_name", "idle_in_transaction_session_timeout")
    shown = await database.read(
        lambda connection: [connection.scalar(text(f"SHOW {name}")) for name in settings]
    )
    assert shown == ["UTC", "slackbot", "1min"]


async def test_a_commit_that_was_answered_is_on_the_disk(postgresql: Server, name: str):
    """Whatever the server's default is; a weaker wait that an operator chose is left as it is."""
    shown = []
    for default in ("off", "local"):
        postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = {default}")
        database = Database(DatabaseUrl.parse(postgresql.url(name)))
        for run in (database.read, database.write):
            value = await run(lambda found: found.scalar(text("SHOW synchronous_commit")))
            shown.append(value)
        await database.aclose()
    postgresql.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    assert shown == ["on", "on", "local", "local"]


async def test_options_in_the_url_take_precedence(postgresql: Server, name: str):
    """An operator's own options are not overridden."""
    database = Database(DatabaseUrl.parse(postgresql.url(name) + "&application_name=theirs"))
    shown = await database.read(lambda connection: connection.scalar(text("SHOW application_name")))
    assert shown == "theirs"
    await database.aclose()


async def test_the_farthest_times_survive(database: Database):
    """To the microsecond, from the first year to the last."""
    store = SqlStore(database, CIPHER)
    await store.people.enter_workspace(TEAM, NOW)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    moments = [first, datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), last]
    for number, moment in enumerate(moments):
        row = {"team_id": "T1", "event_id": f"E{number}", "seen_at": moment}
        await database.execute(database.insert(SeenEventRow).values(row))
    kept = await database.fetch_column(select(SeenEventRow.seen_at).order_by(SeenEventRow.event_id))
    assert kept == moments
    assert not await store.events.record(TEAM, "E2", NOW - timedelta(days=1))


async def test_a_restart_of_the_server_is_not_noticed(
    postgresql: Server, name: str, database: Database
):
    """All connections are closed at once, idle or busy, several times: no call fails."""
    store = SqlStore(database, CIPHER)
    await store.people.enter_workspace(TEAM, NOW)

    async def use(number: int) -> None:
        for turn in range(10):
            await store.events.record(TEAM, f"E{number}-{turn}", NOW)
            await store.availabilities.list_all(TEAM)

    working = [asyncio.create_task(use(number)) for number in range(20)]
    with capture_logs() as lines:
        for _ in range(3):
            await asyncio.to_thread(postgresql.cut, name)
        await asyncio.gather(*working)
    assert lines, "nobody was cut off and this proves nothing"
    assert len(await database.fetch_column(select(SeenEventRow.event_id))) == 200


async def test_a_short_outage_is_retried(postgresql: Server, name: str, database: Database):
    """It costs time and nothing else, and is logged."""
    store = SqlStore(database, CIPHER)
    await store.people.enter_workspace(TEAM, NOW)
    with capture_logs() as lines:
        with postgresql.away(name):
            asked = asyncio.create_task(store.events.record(TEAM, "E", NOW))
            while not lines:  # noqa: ASYNC110 - a list of log lines cannot be awaited
                await asyncio.sleep(0.01)
        assert await asked
    assert {line["event"] for line in lines} == {"database_unanswered"}


async def test_a_long_outage_is_an_error(postgresql: Server, name: str):
    """Once retries are over callers get an error and readiness fails; afterwards both recover."""
    database = Database(DatabaseUrl.parse(postgresql.url(name)), retry_seconds=0.0)
    store = SqlStore(database, CIPHER)
    await store.people.enter_workspace(TEAM, NOW)
    assert store.database.health.is_writable()
    with postgresql.away(name), capture_logs():
        for asked in (store.availabilities.list_all(TEAM), store.events.record(TEAM, "E", NOW)):
            with pytest.raises(StoreUnavailable):
                await asked
        assert not store.database.health.is_writable()
    assert await store.events.record(TEAM, "E", NOW)
    assert store.database.health.is_writable()
    await database.aclose()


async def test_a_wait_for_a_lock_times_out(postgresql: Server, name: str):
    """A statement blocked by somebody else's lock does not block the bot for ever."""
    database = Database(DatabaseUrl.parse(postgresql.url(name)), retry_seconds=0.0)
    store = SqlStore(database, CIPHER)
    await store.people.enter_workspace(TEAM, NOW)
    database.timeout = 0.2
    with psycopg.connect(postgresql.url(name).replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE seen_events")
        with pytest.raises(StoreUnavailable), capture_logs():
            await store.events.record(TEAM, "E", NOW)
    database.timeout = 5.0
    assert await store.events.record(TEAM, "E", NOW)
    await database.aclose()


async def test_more_callers_than_connections_wait(database: Database):
    """A crowd at once is served by the few connections there are."""
    store = SqlStore(database, CIPHER)
    await store.people.enter_workspace(TEAM, NOW)
    crowd = engines.SINGLES * 15
    first = await asyncio.gather(*(store.events.record(TEAM, f"E{n}", NOW) for n in range(crowd)))
    assert sum(first) == crowd
