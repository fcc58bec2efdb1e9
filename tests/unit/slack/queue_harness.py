"""An outgoing queue with a clock advanced by the test, and scripted answers of Slack."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from slackbot.domain.errors import MessageDelayed
from slackbot.slack.outbound.queue import Rank, SendRequest, WorkspaceQueue
from tests.harness.fakes import NOON, FakeClock

POST, EDIT, HOME = "chat.postMessage", "chat.update", "views.publish"


def limited(seconds: float) -> MessageDelayed:
    """Slack's refusal of one request too many."""
    return MessageDelayed("ratelimited", seconds)


def at(seconds: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(seconds=seconds)


def post(name: str, rank: Rank = Rank.MATCH, age: float = 0.0) -> SendRequest:
    """A post to a channel of its own."""
    return SendRequest(rank, POST, at(-age), channel=f"D-{name}")


class QueueHarness:
    """Sends requests by name, and records when each starts."""

    def __init__(self, **options: Any) -> None:
        self.clock = FakeClock()
        self.queue = WorkspaceQueue(now=self.seconds, sleep=self.clock.sleep, **options)
        self.started: list[str] = []
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        # Raised by the sends of a name, one by each.
        self.errors: defaultdict[str, list[Exception]] = defaultdict(list)
        # Sends that do not end before their event is set.
        self.held: dict[str, asyncio.Event] = {}

    def seconds(self) -> float:
        """The seconds since noon."""
        return (self.clock.time - NOON).total_seconds()

    def send(self, name: str, request: SendRequest) -> asyncio.Task[str]:
        """Queue a request."""
        return asyncio.create_task(self.queue.send(request, self._sender(name)))

    def hold(self, *names: str) -> None:
        """Let the sends of these names hang."""
        self.held |= {name: asyncio.Event() for name in names}

    def release_all(self) -> None:
        """Let every held send end."""
        for event in self.held.values():
            event.set()

    def _sender(self, name: str) -> Callable[[], Awaitable[str]]:
        async def send() -> str:
            self.started.append(name)
            self.times[name].append(self.seconds())
            if name in self.held:
                await self.held[name].wait()
            if self.errors[name]:
                raise self.errors[name].pop(0)
            return f"sent {name}"

        return send

    async def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def wait(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass, a little at a time."""
        await self.settle()
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            await self.settle()
