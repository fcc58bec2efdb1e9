"""What people and operators do all day: matches, comings and goings, restarts."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from slackbot.sandbox.slack.errors import CannotDo
from tests.chaos.account import Account
from tests.chaos.stage import SESSION

from .stage import READY_SECONDS, Stage

GONE_SECONDS = 60.0  # a person whose command is not answered by then is given up
SETTLED_SECONDS = 2.0  # from a connection until the person is paired again
RESTARTS = (("worker", signal.SIGTERM), ("worker", signal.SIGKILL), ("web", signal.SIGTERM))


@dataclass
class Load:
    """Works on the stage until it is stopped, and counts what it did."""

    here: Stage
    account: Account
    pairs_per_second: float
    churn_seconds: float
    restart_seconds: float
    done: Counter[str] = field(default_factory=Counter)
    _away: set[str] = field(default_factory=set)
    _matched: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do it all within; who is on the way when it ends is waited for."""
        stop = asyncio.Event()
        works = [self._pair(stop), self._react(stop), self._churn(stop), self._restart(stop)]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def _pair(self, stop: asyncio.Event) -> None:
        while not await _stopped(stop, random.expovariate(self.pairs_per_second)):
            names = [name for name in self.here.people if name not in self._away]
            pair = random.sample(names, 2)
            await self.here.mission.platform.pair(*pair, SESSION)
            self.done["pairs"] += 1
            for name in pair:
                self._matched.put_nowait(name)

    async def _react(self, stop: asyncio.Event) -> None:
        """Look at the status after each match; who never does anything is paused."""
        mission = self.here.mission
        while not await _stopped(stop, 0.2):
            if self._matched.empty() or (name := self._matched.get_nowait()) in self._away:
                continue
            self._away.add(name)
            with suppress(CannotDo):
                await mission.ask(mission.person(name), "/networking status")
                self.done["statuses"] += 1
            self._away.discard(name)

    async def _churn(self, stop: asyncio.Event) -> None:
        """One after the other goes and comes back, in one of two ways."""
        ways = (self._pause, self._disconnect)
        while not await _stopped(stop, self.churn_seconds):
            name = random.choice([name for name in self.here.people if name not in self._away])
            self._away.add(name)
            await self._all_sent_to(name)
            try:
                await random.choice(ways)(name)
            except CannotDo:
                # A restart took the answer with it; the command is given once more.
                self.done["unanswered"] += 1
                await self._come_back(name)
            self._away.discard(name)

    async def _all_sent_to(self, name: str) -> None:
        deadline = time.monotonic() + GONE_SECONDS
        while any(side[0] == name for side in self.account.missed_reports()):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.2)

    async def _pause(self, name: str) -> None:
        person = self.here.mission.person(name)
        await self.here.mission.ask(person, "/networking pause")
        self.done["pauses"] += 1
        await self._come_back(name)

    async def _disconnect(self, name: str) -> None:
        mission = self.here.mission
        await mission.disconnect(mission.person(name))
        self.done["disconnects"] += 1
        await self._come_back(name)

    async def _come_back(self, name: str) -> None:
        """Connect if need be, become available, and wait for the feed."""
        mission, deadline = self.here.mission, time.monotonic() + GONE_SECONDS
        person = mission.person(name)
        while time.monotonic() < deadline:
            try:
                answer = await mission.go_on(person, SESSION)
                if "First, connect" in answer.text:
                    await mission.link(name, seconds=20.0)
                    self.done["connects"] += 1
                    continue
                async with asyncio.timeout(GONE_SECONDS):
                    await mission.platform.connected(name)
            except (CannotDo, TimeoutError):
                await asyncio.sleep(1.0)
                continue
            await asyncio.sleep(SETTLED_SECONDS)
            return

    async def _restart(self, stop: asyncio.Event) -> None:
        turn = 0
        while not await _stopped(stop, self.restart_seconds):
            role, number = RESTARTS[turn % len(RESTARTS)]
            bots = [bot for bot in self.here.bots if bot.role == role]
            bot = bots[turn % len(bots)]
            ends = len(bot.exits)
            bot.send(number)
            while len(bot.exits) == ends or bot.pid is None:  # noqa: ASYNC110 - a process ends
                await asyncio.sleep(0.05)
            await bot.ready(READY_SECONDS)
            self.done["restarts"] += 1
            turn += 1


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long or until it is stopped, and return whether it is."""
    try:
        async with asyncio.timeout(seconds):
            return await stop.wait()
    except TimeoutError:
        return False
