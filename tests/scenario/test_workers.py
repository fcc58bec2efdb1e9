"""Several processes on one PostgreSQL: one answers Slack, others hold the feeds."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from slackbot.delivery import engine
from slackbot.delivery.lease import LEASE_SECONDS
from slackbot.delivery.worker import FENCED
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.storage.delivery_database import SCHEMA

from .conftest import Mission, dms, environment_for, settings_for, until
from .process import BotProcess, bot_process
from .test_start_and_stop import COMPLETE

ELSEWHERE_SECONDS = 8.0


@dataclass
class Fleet:
    """The processes by name, and a mission with the one that answers Slack."""

    mission: Mission
    processes: dict[str, BotProcess]
    rows: Callable[[str], list[str]]

    def holders(self) -> set[str]:
        """Return the boot ids of the owners of connected feeds."""
        return set(self.rows("SELECT DISTINCT owner FROM feeds WHERE connected"))

    def process(self, boot_id: str) -> BotProcess:
        """Return the process that logged this boot id at its start."""
        [found] = [p for p in self.processes.values() if any(boot_id in line for line in p.lines)]
        return found


@pytest.fixture
async def fleet(postgresql_url: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Run a web process and two workers."""
    await asyncio.to_thread(engine.migrate, postgresql_url, schema=SCHEMA)
    slack, platform = Slack(), Accelevents(ping_interval=1, ping_timeout=1)
    async with AsyncExitStack() as closing:
        slack_url = await closing.enter_async_context(serving(slack.app))
        platform_url = await closing.enter_async_context(serving(platform.app))
        slack.base_url = slack_url
        settings = settings_for(slack, slack_url, platform_url, database_url=postgresql_url)
        processes = {}
        for name, role in (("web", "web"), ("a", "worker"), ("b", "worker")):
            folder = tmp_path / name
            folder.mkdir()
            bot = bot_process(environment_for(settings), folder, role)
            processes[name] = await closing.enter_async_context(bot)
        for bot in processes.values():
            assert await bot.serving()
        mission = Mission(
            slack, platform, slack_url, platform_url, settings, "T0DEMO", processes["web"].url
        )
        yield Fleet(mission, processes, rows_of(postgresql_url))


def rows_of(url: str) -> Callable[[str], list[str]]:
    """Return a function that queries the database for one column."""
    address = url.replace("+psycopg", "")

    def query_column(query: str) -> list[str]:
        with psycopg.connect(address) as connection:
            return [str(value) for (value,) in connection.execute(query.encode())]

    return query_column


async def test_available_in_one_process_is_matched_through_another(fleet: Fleet) -> None:
    """Available through `web`, matched through a worker, one message; each serves its own paths."""
    ada = await fleet.mission.link("ada")
    await fleet.mission.ask(ada, "/networking available 11645")
    assert len(fleet.mission.platform.sockets) == 1
    await fleet.mission.platform.pair("ada", "priya")
    await ada.waits_for("You're matched with Priya Raman", where="dm", timeout=10)
    async with httpx.AsyncClient() as http:
        for name, slack_status in (("web", 401), ("a", 404)):
            url = fleet.processes[name].url
            assert (await http.get(f"{url}/readyz")).status_code == 200
            assert (await http.post(f"{url}/slack/events")).status_code == slack_status
    await fleet.mission.platform.send_again(3, only="ada")
    await fleet.mission.ask(ada, "/networking pause")
    await until(lambda: not fleet.mission.platform.sockets)
    assert len(await dms(ada, "You're matched")) == 1
    assert fleet.rows("SELECT user_id FROM feeds") == []


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
async def test_a_feed_outlives_its_worker(fleet: Fleet, sent: signal.Signals) -> None:
    """Killed, paused or terminated: the other worker takes the feed, and a match is sent once.

    A worker that was merely paused ends by itself as soon as it goes on.
    """
    ada = await fleet.mission.link("ada")
    await fleet.mission.ask(ada, "/networking available 11645")
    [before] = fleet.holders()
    lost = fleet.process(before)
    assert lost is not fleet.processes["web"]
    # A worker that has just started takes nobody for stalled for one lease.
    await asyncio.sleep(LEASE_SECONDS)
    lost.send(sent)
    await until(lambda: fleet.holders() not in ({before}, set()), ELSEWHERE_SECONDS)
    await fleet.mission.platform.pair("ada", "priya")
    await ada.waits_for("You're matched with Priya Raman", where="dm", timeout=15)
    if sent is signal.SIGSTOP:
        lost.send(signal.SIGCONT)
        assert await lost.ends() == FENCED
    assert len(await dms(ada, "You're matched")) == 1


@pytest.mark.parametrize("role", ["web", "worker"])
async def test_on_sqlite_the_bot_is_a_single_process(tmp_path: Path, role: str) -> None:
    """`web` and `worker` are refused in one line that names what to do."""
    async with bot_process(COMPLETE, tmp_path, role) as bot:
        assert await bot.serving() == ""
        assert await bot.ends() == 1
        assert "slackbot run" in bot.lines[-1]
        assert "PostgreSQL" in bot.lines[-1]


async def test_a_second_run_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """In one line; the first goes on, and after its end, even by force, another may start."""
    async with bot_process(COMPLETE, tmp_path) as first:
        assert await first.serving()
        async with bot_process(COMPLETE, tmp_path) as second:
            assert await second.ends() == 1
            assert "another `slackbot run`" in second.lines[-1]
        await first.kill()
        async with bot_process(COMPLETE, tmp_path) as third:
            assert await third.serving()
