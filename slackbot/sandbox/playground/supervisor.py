"""The state of the bot's process, and its restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from slackbot.sandbox.story.bot_process import BotError, BotProcess

State = Literal["starting", "running", "stopped"]


class Supervisor:
    """Watches the bot and restarts it on request; `changed` is called with each new state."""

    def __init__(self, bot: BotProcess, changed: Callable[[], object]) -> None:
        self.state: State = "starting"
        self._bot = bot
        self._changed = changed
        self._restarting = asyncio.Lock()
        self._starts = 0
        self._started = asyncio.Condition()

    async def watch(self) -> None:
        """Follow the state of the process, until cancelled."""
        while True:
            starts = self._starts
            await self._follow()
            async with self._started:
                await self._started.wait_for(lambda starts=starts: self._starts > starts)  # type: ignore[misc]

    async def _follow(self) -> None:
        """Follow one process from its start to its end."""
        try:
            await self._bot.ready()
            self._enter("running")
            await self._bot.exited()
        except BotError:
            pass
        if not self._restarting.locked():
            self._enter("stopped")

    async def restart(self) -> None:
        """Kill the bot and start it again.

        Raises:
            BotError: it does not become ready.
        """
        async with self._restarting:
            self._enter("starting")
            await self._bot.kill()
            await self._bot.start()
            async with self._started:
                self._starts += 1
                self._started.notify_all()
            await self._bot.ready()
        self._enter("running")

    def _enter(self, state: State) -> None:
        self.state = state
        self._changed()
