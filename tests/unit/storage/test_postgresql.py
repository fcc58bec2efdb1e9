"""PostgreSQL: how it is reached, and what happens while it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from slackbot.domain.model import TeamId
from slackbot.domain.ports import StoreUnavailable
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
VAULT = Cipher([bytes(range(32))])


@pytest.fixture
def name(postgresql_name: str) -> str:
    return postgresql_name


@pytest.fixture
async def database(postgresql: Server, name: str) -> AsyncIterator[Database]:
    opened = Database(postgresql.url(name))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    "url",
    ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d?sslmode=require"],
)
def test_every_spelling_of_the_url_is_taken(url: str):
    """Hosts of databases hand out several; all mean the same driver, and none shows a password."""
    assert DatabaseUrl.parse(url).url.drivername == "postgresql+psycopg"
    assert "p@h" not in repr(Database(url))


async def test_it_is_reached_over_tcp_with_a_password(postgresql: Server, name: str):
    """A wrong password is told in one line, without the password."""
    right = postgresql.url(name, tcp=True)
    database, refused = Database(right), Database(right.replace(PASSWORD, "hunter2"))
    await schema.require_newest(database)
    with pytest.raises(StoreUnavailable, match="authentication failed") as told:
        await schema.require_newest(refused)
    assert "hunter2" not in str(told.value)
    assert "\n" not in str(told.value)
    for opened in (database, refused):
        await opened.aclose()


async def test_connections_are_ours_by_name_and_speak_utc(database: Database):
    """Whatever the server's zone is, as the farthest times do not survive a change of zone."""
    settings = ("timezone", "application_name")
    shown = await database.read(
        lambda connection: [connection.scalar(text(f"SHOW {it}")) for it in settings]
    )
    assert shown == ["UTC", "slackbot"]


async def test_what_the_url_says_goes_first(postgresql: Server, name: str):
    """An operator's own options are not overruled."""
    database = Database(postgresql.url(name) + "&application_name=theirs")
    shown = await database.read(lambda connection: connection.scalar(text("SHOW application_name")))
    assert shown == "theirs"
    await database.aclose()


async def test_the_farthest_moments_survive(database: Database):
    """To the microsecond, from the first year to the last."""
    store = SqlStore(database, VAULT)
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
    """All connections are cut at once, idle or busy, several times: no call fails."""
    store = SqlStore(database, VAULT)

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


async def test_what_is_asked_while_it_is_away_is_done_when_it_is_back(
    postgresql: Server, name: str, database: Database
):
    """A short absence costs time and nothing else, and is logged."""
    store = SqlStore(database, VAULT)
    with capture_logs() as lines:
        with postgresql.away(name):
            asked = asyncio.create_task(store.events.record(TEAM, "E", NOW))
            while not lines:  # noqa: ASYNC110 - a list of log lines cannot be awaited
                await asyncio.sleep(0.01)
        assert await asked
    assert {line["event"] for line in lines} == {"database_unanswered"}


async def test_a_long_absence_is_told(postgresql: Server, name: str):
    """With patience at an end the caller hears of it, readiness fails; afterwards all is well."""
    database = Database(postgresql.url(name), retry_seconds=0.0)
    store = SqlStore(database, VAULT)
    assert await store.database.ping()
    with postgresql.away(name), capture_logs():
        for asked in (store.availabilities.list_all(TEAM), store.events.record(TEAM, "E", NOW)):
            with pytest.raises(StoreUnavailable):
                await asked
        assert not await store.database.ping()
    assert await store.database.ping()
    assert await store.events.record(TEAM, "E", NOW)
    await database.aclose()


async def test_a_lock_that_others_hold_ends_the_wait(postgresql: Server, name: str):
    """A statement that is held up by somebody else's lock does not hold up the bot for ever."""
    database = Database(postgresql.url(name), retry_seconds=0.0)
    database.timeout = 0.2
    store = SqlStore(database, VAULT)
    with psycopg.connect(postgresql.url(name).replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE seen_events")
        with pytest.raises(StoreUnavailable), capture_logs():
            await store.events.record(TEAM, "E", NOW)
    assert await store.events.record(TEAM, "E", NOW)
    await database.aclose()


async def test_more_callers_than_connections_take_turns(database: Database):
    """A crowd at once is served by the few connections there are."""
    store = SqlStore(database, VAULT)
    crowd = engines.SINGLES * 15
    sights = await asyncio.gather(*(store.events.record(TEAM, f"E{n}", NOW) for n in range(crowd)))
    assert sum(sights) == crowd
