"""What goes out to Slack: one queue for each workspace.

Slack takes about one message a second in a direct message, a few hundred posts and about fifty
edits a minute in a workspace, and says so with a refusal and a time to wait. So what waits, waits
here, by rank and then by age, and while Slack asks for patience nothing is sent that it would
refuse. Everything here is forgotten with the process: whoever must not be lost is durable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import TeamId
from slackbot.slack.outbound.queue import CLOSED, CLOSED_SECONDS, Now, Sleep, WorkspaceQueue
from slackbot.slack.outbound.requests import SendRequest

T = TypeVar("T")

AT_ONCE: Final = 16
"""Calls under way in one workspace."""
CLOSING_SECONDS: Final = 3.0


class Outgoing:
    """The queues of all workspaces. `now` counts seconds, `sleep` waits so many."""

    def __init__(
        self,
        *,
        now: Now = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        at_once: int = AT_ONCE,
        closing_seconds: float = CLOSING_SECONDS,
    ) -> None:
        self._now, self._sleep = now, sleep
        self._at_once, self._closing_seconds = at_once, closing_seconds
        self._lanes: dict[TeamId, WorkspaceQueue] = {}
        self._closed = False

    async def send(self, team: TeamId, job: SendRequest, call: Callable[[], Awaitable[T]]) -> T:
        """Make the call when its turn has come.

        Returns:
            What it returns, or what the later job's call does that took its place.

        Raises:
            MessageDelayed: Slack asks for a long wait, refuses again and again, or the bot stops.
            Exception: whatever the call raises.
        """
        if self._closed:
            raise MessageDelayed(CLOSED, CLOSED_SECONDS)
        lane = self._lanes.get(team)
        if lane is None:
            lane = self._lanes[team] = WorkspaceQueue(
                self._now, self._sleep, self._at_once, self._closing_seconds
            )
        result: T = await lane.send(job, call)
        return result

    async def aclose(self) -> None:
        """Let what is under way finish, for some seconds; whoever waits is told to come again."""
        self._closed = True
        await asyncio.gather(*(lane.aclose() for lane in self._lanes.values()))
