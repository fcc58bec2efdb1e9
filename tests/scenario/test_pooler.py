"""PostgreSQL behind PgBouncer, in session and in transaction mode."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from slackbot.bootstrap import database as commands
from slackbot.domain.model import TeamId
from slackbot.settings import Settings, SettingsError
from slackbot.storage.checks import check_database
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.pooler import shares_sessions
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.pgbouncer import pooled, program
from tests.harness.postgres import Server

from .conftest import KEY, Mission, Start
from .test_mission import test_two_people_are_linked_matched_and_notified as the_mission

pytestmark = pytest.mark.skipif(program() is None, reason="pgbouncer is not installed")
NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture(params=["session", "transaction"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pooler(postgresql: Server, postgresql_name: str, mode: str) -> Iterator[Server]:
    del postgresql_name  # cleaned after the pooler has ended
    with pooled(postgresql, mode) as behind:
        yield behind


@pytest.fixture
def pooled_url(pooler: Server, postgresql_name: str) -> str:
    return pooler.url(postgresql_name)


async def test_the_mission_runs_behind_a_pooler(pooled_url: str, start: Start) -> None:
    """Two people are linked, matched and notified, with no more settings than the URL."""
    mission: Mission = await start(database_url=pooled_url)
    await the_mission(mission)


async def test_statements_may_run_in_any_process(pooled_url: str) -> None:
    """Repeated often enough to be prepared, by more callers than the pooler has processes."""
    database = Database(DatabaseUrl.parse(pooled_url), retry_seconds=0.0)
    store = SqlStore(database, Cipher([bytes(range(32))]))

    async def work(number: int) -> None:
        for turn in range(12):
            assert await store.events.record(TeamId("T1"), f"E{number}-{turn}", NOW)
            await store.availabilities.list_all(TeamId("T1"))

    await asyncio.gather(*(work(number) for number in range(20)))
    await database.aclose()


@pytest.mark.parametrize("round_robin", [False, True])
def test_sharing_is_recognised(
    postgresql: Server, postgresql_name: str, mode: str, round_robin: bool
) -> None:
    """In transaction mode only, in whichever order the pooler gives its processes out."""
    with pooled(postgresql, mode, round_robin=round_robin) as behind:
        url = DatabaseUrl.parse(behind.url(postgresql_name))
        assert shares_sessions(url) is (mode == "transaction")
    assert not shares_sessions(DatabaseUrl.parse(postgresql.url(postgresql_name)))


@pytest.mark.parametrize("mode", ["transaction"], indirect=True)
async def test_migrations_need_the_server_itself(
    pooled_url: str, postgresql: Server, postgresql_name: str
) -> None:
    """One line names the setting; with it the pooler is passed."""
    values = {
        "slack_bot_token": "xoxb-0123456789-abcdefghij",
        "slack_signing_secret": "0123456789abcdef" * 2,
        "slackbot_secret_keys": KEY,
        "database_url": pooled_url,
    }
    with pytest.raises(SettingsError, match=r"DATABASE_DIRECT_URL: .* transaction mode"):
        await commands.migrate(Settings(_env_file=None, **values), print)
    direct = {"database_direct_url": postgresql.url(postgresql_name)}
    assert await commands.migrate(Settings(_env_file=None, **values, **direct), print) == []


async def test_doctor_names_the_pooler(pooled_url: str, mode: str) -> None:
    """A warning with the setting that makes it whole; none in session mode."""
    codes = {finding.code for finding in await check_database(pooled_url, None)}
    assert "schema_newest" in codes
    assert ("database_pooled" in codes) is (mode == "transaction")
