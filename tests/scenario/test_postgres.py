"""The mission on PostgreSQL, also when the database goes away meanwhile."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import Engine, event

from slackbot.settings import SettingsError
from slackbot.storage import migrations as schema
from slackbot.storage.database import RETRY_SECONDS, Database
from slackbot.storage.url import DatabaseUrl
from tests.harness.postgres import Server

from .conftest import Mission, Start
from .operating import wait_for_readyz
from .test_mission import test_two_people_are_linked_matched_and_notified as the_mission


@pytest.fixture
async def mission(postgresql_url: str, start: Start) -> Mission:
    # In this order: the bot must have stopped when the rows of its workers are cleared away.
    return await start(database_url=postgresql_url)


async def test_the_mission_runs_on_postgresql(mission: Mission) -> None:
    """Two people are linked, matched and notified, as on SQLite."""
    await the_mission(mission)


async def test_a_database_that_refuses_writes_is_not_ready(
    mission: Mission, postgresql: Server, postgresql_name: str
) -> None:
    """Reads are answered all the while, as by a replica; ready again once it takes writes."""
    async with httpx.AsyncClient(base_url=mission.bot_url) as http:
        await wait_for_readyz(http, 200, set(), seconds=5)
        with postgresql.read_only(postgresql_name):
            await wait_for_readyz(http, 503, {"database"}, seconds=5)
        await wait_for_readyz(http, 200, set(), seconds=5)


async def test_asking_whether_it_is_ready_costs_no_query(mission: Mission) -> None:
    """300 questions are answered from memory; the bot itself works on."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    async with httpx.AsyncClient(base_url=mission.bot_url) as http:
        for _ in range(300):
            await http.get("/readyz")
    event.remove(Engine, "before_cursor_execute", note)
    assert statements, "nothing was noted and this proves nothing"
    assert not [statement for statement in statements if statement.startswith("SELECT 1")]


async def test_a_match_survives_a_restart_of_the_database(
    mission: Mission, postgresql: Server, postgresql_name: str
) -> None:
    """Connections are cut before and after people are matched: both are notified, once."""
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(ada, "/networking available First Network Session")
    postgresql.cut(postgresql_name)
    await mission.ask(priya, "/networking available 11645")
    postgresql.cut(postgresql_name)
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    await priya.waits_for("You're matched with Ada Example", where="dm")
    for person in (ada, priya):
        assert len(await person.sees("You're matched", where="dm")) == 1


async def test_an_outage_of_the_database_ends_nothing(
    mission: Mission, postgresql: Server, postgresql_name: str
) -> None:
    """While it is away the bot lives and is not ready; then it goes on as before."""
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(ada, "/networking available First Network Session")
    async with httpx.AsyncClient(base_url=mission.bot_url) as http:
        with postgresql.away(postgresql_name):
            asked = asyncio.create_task(mission.ask(priya, "/networking available 11645"))
            await wait_for_readyz(http, 503, {"database"}, seconds=5)
            assert (await http.get("/healthz")).status_code == 200
        await wait_for_readyz(http, 200, set(), seconds=5)
    assert "First Network Session" in (await asked).text
    await ada.waits_for("You're matched with Priya Raman", where="dm")


async def test_a_match_in_a_long_outage_is_sent_afterwards(
    mission: Mission, postgresql: Server, postgresql_name: str
) -> None:
    """The socket sends a match once: it waits until it can be stored, and is not called late."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available First Network Session")
    with postgresql.away(postgresql_name):
        await mission.platform.pair("ada", "priya")
        await asyncio.sleep(RETRY_SECONDS + 1)
    await ada.waits_for("You're matched with Priya Raman", where="dm", timeout=30)
    assert len(await ada.sees("Priya Raman", where="dm")) == 1


async def test_old_tables_are_refused(start: Start, empty_postgresql_url: str) -> None:
    """Nothing is started or changed, and the error names the command that helps."""
    with pytest.raises(SettingsError, match="run `slackbot migrate` first"):
        await start(database_url=empty_postgresql_url)
    database = Database(DatabaseUrl.parse(empty_postgresql_url))
    assert (await schema.current_and_head(database))[0] is None
    await database.aclose()
