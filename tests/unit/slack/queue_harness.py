"""An outgoing queue whose time the test lets pass, and a Slack that does as the test says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import TeamId
from slackbot.slack.outbound.outgoing import Outgoing
from slackbot.slack.outbound.requests import Rank, SendRequest
from tests.harness.fakes import NOON, FakeClock

TEAM, OTHER_TEAM = TeamId("T1"), TeamId("T2")
POST, EDIT, HOME = "chat.postMessage", "chat.update", "views.publish"


def limited(seconds: float) -> MessageDelayed:
    return MessageDelayed("ratelimited", seconds)


def at(seconds: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(seconds=seconds)


def post(name: str, rank: Rank = Rank.MATCH, age: float = 0.0) -> SendRequest:
    """A post to a channel of its own."""
    return SendRequest(rank, POST, at(-age), channel=f"D-{name}")


class Desk:
    """Hands in jobs by name and notes when each is begun."""

    def __init__(self, **options: Any) -> None:
        self.clock = FakeClock()
        self.outgoing = Outgoing(now=self.seconds, sleep=self.clock.sleep, **options)
        self.begun: list[str] = []
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: defaultdict[str, list[Exception]] = defaultdict(list)
        """What the calls of a name meet, one for each call."""
        self.held: dict[str, asyncio.Event] = {}
        """Calls that do not end before their event is set."""

    def seconds(self) -> float:
        return (self.clock.time - NOON).total_seconds()

    def put(self, name: str, job: SendRequest, team: TeamId = TEAM) -> asyncio.Task[str]:
        return asyncio.create_task(self.outgoing.send(team, job, self.call(name)))

    def hold(self, *names: str) -> None:
        self.held |= {name: asyncio.Event() for name in names}

    def call(self, name: str) -> Callable[[], Awaitable[str]]:
        async def made() -> str:
            self.begun.append(name)
            self.times[name].append(self.seconds())
            if name in self.held:
                await self.held[name].wait()
            if self.errors[name]:
                raise self.errors[name].pop(0)
            return f"did {name}"

        return made

    async def settle(self) -> None:
        """Let everything happen that happens without time passing."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def wait(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass, a little at a time."""
        await self.settle()
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            await self.settle()
