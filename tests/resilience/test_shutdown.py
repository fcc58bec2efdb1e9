"""SIGTERM while answers are on their way: they are brought, and the process ends in time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from slackbot.slack import texts
from tests.scenario.conftest import Mission

from .bot_process import link_all, outside, started
from .crowd import until
from .inputs import Input
from .sizes import figure

STOP_SECONDS = 10.0


async def until_asked(mission: Mission, number: int) -> None:
    """Wait until the platform has had so many calls."""
    await until("the platform is asked", lambda: len(mission.platform.calls) >= number, 10)


async def test_answers_under_way_are_brought(tmp_path: Path) -> None:
    """The platform takes three seconds, the signal comes after one: everybody gets their answer."""
    async with outside(tmp_path) as mission:
        names = [f"guest{n:03}" for n in range(10)]
        await link_all(mission, names)
        async with started(mission, tmp_path) as bot:
            inputs = [
                Input(mission.person(name), "command", "/networking sessions") for name in names
            ]
            for one in inputs:
                one.before = one.person.now
            mission.platform.delay(3.0)
            typing = [asyncio.create_task(one.person.types(one.text)) for one in inputs]
            await until_asked(mission, len(names))
            stopping = asyncio.create_task(bot.stop(STOP_SECONDS))
            firsts = await asyncio.gather(*typing)
            results = [await one.result(STOP_SECONDS) for one in inputs]
            assert await stopping == 0
        assert all(first.ok and texts.ASKING in json.loads(first.body)["text"] for first in firsts)
        assert all("First Network Session" in seen.text for seen in results)
        figure(f"SIGTERM: {len(results)} answers under way, {len(results)} brought, exit status 0")


async def test_it_does_not_wait_for_ever(tmp_path: Path) -> None:
    """A platform that does not answer, feeds and watches open: it ends within ten seconds."""
    async with outside(tmp_path) as mission:
        names = [f"guest{n:03}" for n in range(10)]
        await link_all(mission, names)
        async with started(mission, tmp_path) as bot:
            for name in names:
                await mission.ask(mission.person(name), "/networking available 11645")
            mission.platform.delay(60.0)
            typing = [
                asyncio.create_task(mission.person(name).types("/networking sessions"))
                for name in names
            ]
            asked = len(mission.platform.calls)
            await until_asked(mission, asked + len(names))
            began = asyncio.get_running_loop().time()
            assert await bot.stop(STOP_SECONDS) == 0
            figure(f"SIGTERM: ended after {asyncio.get_running_loop().time() - began:.1f} s")
            await asyncio.gather(*typing)
        assert '"level": "error"' not in bot.log.read_text()
