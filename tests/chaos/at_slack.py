"""Killed from Slack's side: exactly as a post arrives, and exactly when it was taken."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from slackbot.sandbox.slack.faults import CallProgress, Fault

from .account import Account
from .sockets import ports_of
from .stage import Stage

POST = "chat.postMessage"
PATIENCE_SECONDS = 60.0

# Killed as the post arrives, which may be taken all the same; which is lost; once it is taken.
MOMENTS = ("arrived", "lost", "taken")


@dataclass
class Assassin:
    """Kills the process that posts, at one moment of one post."""

    here: Stage
    moment: str
    # Whom it killed.
    pids: list[int] = field(default_factory=list)

    def __call__(self, moment: CallProgress) -> None:
        """A hook for `Faults.on_call`."""
        when = "taken" if self.moment == "taken" else "arrived"
        if self.pids or moment.method != POST or moment.when != when:
            return
        alive = [pid for bot in self.here.bots if (pid := bot.pid) is not None]
        pid = ports_of(alive).get(moment.port)
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL)
        self.pids.append(pid)
        if self.moment == "lost":
            self.here.slack.faults.order(Fault(POST, drop="before"))


@contextmanager
def lurking(here: Stage, moment: str) -> Iterator[Assassin]:
    """It waits for the next post within."""
    assassin = Assassin(here, moment)
    here.slack.faults.on_call.append(assassin)
    try:
        yield assassin
    finally:
        here.slack.faults.on_call.remove(assassin)


async def at_slack(here: Stage, account: Account, times: int) -> None:
    """So many kills at each moment, under load; those of one moment are counted apart."""
    turns = itertools.chain.from_iterable(itertools.repeat(MOMENTS, times))
    async with here.matches(10):
        for moment in turns:
            with lurking(here, moment) as assassin:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while not assassin.pids:  # noqa: ASYNC110 - a hook kills
                        await asyncio.sleep(0.01)
            here.kills += 1
            await asyncio.gather(*(bot.again(assassin.pids[0]) for bot in here.workers))
    await here.quiet(account)
