"""Answers and events far larger than any platform sends: refused, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.conftest import Mission, dms

from .bot_process import link_all, outside, started
from .crowd import until
from .oversized import ANSWERS, EVENTS, OversizedPlatform
from .sizes import FULL, only_in_full
from .watching import Watch, watching

SESSION = 11645
TIMES = 5 if FULL else 2
SECONDS = 20.0
OTHERS_SECONDS = 0.5  # after each, in which others are answered
IN_SHORT = {"a page of 8 MiB of empty rows", "1 MiB of fields"}


def parameters(names: Iterable[str]) -> list[Any]:
    """Return all of them, and let the short form skip most."""
    return [pytest.param(n, marks=() if n in IN_SHORT else only_in_full) for n in names]


@asynccontextmanager
async def grace_available(
    platform: OversizedPlatform, folder: Path
) -> AsyncIterator[tuple[Mission, Watch]]:
    """A started bot, in which Grace is available and has her feed."""
    async with outside(folder, platform) as mission:
        await link_all(mission, ["grace"])
        async with (
            started(mission, folder, probed=True) as bot,
            watching(mission, bot.process.pid, bot.stalls, folder) as watch,
        ):
            await mission.ask(mission.person("grace"), f"/networking available {SESSION}")
            await platform.connected("grace")
            yield mission, watch
            assert "Traceback" not in bot.log.read_text()


@pytest.mark.parametrize("name", parameters(ANSWERS))
async def test_an_answer_with_too_much_in_it_is_refused(name: str, tmp_path: Path) -> None:
    """Neither list is read; the bot stays small and quick, and says what is wrong."""
    platform = OversizedPlatform()
    async with grace_available(platform, tmp_path) as (mission, watch):
        platform.body, platform.ending = ANSWERS[name], "/session/v2"
        async with watch.during(f"sessions: {name}, {TIMES} times"):
            for _ in range(TIMES):
                answer = await mission.ask(mission.person("grace"), "/networking sessions")
                assert "Accelevents" in answer.text
                await asyncio.sleep(OTHERS_SECONDS)
        assert platform.bodies_sent >= TIMES
        platform.ending, platform.bodies_sent = "/matches", 0
        async with watch.during(f"matches: {name}, {TIMES} times"):
            for number in range(TIMES):
                # When the connection is back, the match list is read.
                await platform.drop_sockets("grace")
                await until("the list", lambda n=number: platform.bodies_sent > n, SECONDS)
                await platform.connected("grace")
        platform.body = b""
        assert (
            "First Network Session"
            in (await mission.ask(mission.person("grace"), "/networking sessions")).text
        )


@pytest.mark.parametrize("name", parameters(EVENTS))
async def test_an_event_with_too_much_in_it_is_read_within_bounds(
    name: str, tmp_path: Path
) -> None:
    """The first matches of it are read, and the feed stays up."""
    platform = OversizedPlatform()
    async with grace_available(platform, tmp_path) as (mission, watch):
        async with watch.during(f"{name}, {TIMES} times"):
            for _ in range(TIMES):
                await platform.emit("grace", EVENTS[name])
                await asyncio.sleep(OTHERS_SECONDS)
        await platform.pair("grace", "priya")
        await mission.person("grace").waits_for("Priya Raman", where="dm", timeout=SECONDS)
        assert len(await dms(mission.person("grace"))) <= 21
