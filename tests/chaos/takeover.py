"""Many feeds, three workers: how soon all of a dead and of a stopped worker's are up elsewhere.

Whose a connection is is read from the operating system: the peer's port, and the process that has
it. A process that is stopped owns nothing: it sends and reads nothing, and ends when it goes on.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import click

from slackbot.domain.workers import LEASE

from .bots import Bot
from .sockets import ports_of
from .stage import Stage, stage

WITHIN_SECONDS = 8.0
LOOK_SECONDS = 0.1
# How often it is found out whose new connections are: a look at every socket of the machine.
FIND_SECONDS = 0.3
PATIENCE_SECONDS = 60.0
STOPPED_SECONDS = 12.0
LEASE_SECONDS = LEASE.total_seconds()


@dataclass
class Owners:
    """Who holds whose feed, looked at ten times a second."""

    here: Stage
    stopped: set[int] = field(default_factory=set)
    # The processes that are connected, for each person.
    now: dict[str, set[int]] = field(default_factory=dict)
    # For how many seconds, at most, two processes that ran were connected for one person.
    longest: float = 0.0
    _known: dict[tuple[str, int], int] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _find_at: float = 0.0

    def look(self) -> None:
        """Once more."""
        found: dict[str, set[int]] = defaultdict(set)
        missing = [
            socket
            for socket in self.here.platform.sockets
            if (socket.sid, socket.port) not in self._known
        ]
        owners = {}
        if missing and time.monotonic() >= self._find_at:
            owners = ports_of(self._pids())
            self._find_at = time.monotonic() + FIND_SECONDS
        for each in missing:
            if each.port in owners:
                self._known[each.sid, each.port] = owners[each.port]
        for each in self.here.platform.sockets:
            if (pid := self._known.get((each.sid, each.port))) is not None:
                found[each.attendee].add(pid)
        self.now = dict(found)
        self._measure(time.monotonic())

    def _pids(self) -> list[int]:
        return [pid for bot in self.here.bots if (pid := bot.pid) is not None]

    def _measure(self, moment: float) -> None:
        shared = {name for name, pids in self.now.items() if len(pids - self.stopped) > 1}
        self._since = {name: self._since.get(name, moment) for name in shared}
        gone = [moment - began for began in self._since.values()]
        self.longest = max([self.longest, *gone])

    def of(self, pid: int) -> set[str]:
        """Whose feeds a process holds."""
        return {name for name, pids in self.now.items() if pid in pids}

    def without(self, pid: int, people: set[str]) -> set[str]:
        """Who of these is connected by no other process."""
        return {name for name in people if not self.now.get(name, set()) - {pid} - self.stopped}


@asynccontextmanager
async def _looking(owners: Owners) -> AsyncIterator[None]:
    async def look() -> None:
        while True:
            owners.look()
            await asyncio.sleep(LOOK_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _elsewhere(owners: Owners, pid: int, theirs: set[str]) -> float:
    """After how many seconds all of these feeds were up with others."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while owners.without(pid, theirs):  # noqa: ASYNC110 - others connect
            await asyncio.sleep(LOOK_SECONDS / 2)
    return time.monotonic() - began


async def _shared(owners: Owners, here: Stage) -> None:
    """Wait until every worker holds its share, and everybody is connected once."""
    fair = len(here.people) / len(here.workers)
    async with asyncio.timeout(4 * PATIENCE_SECONDS):
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            held = [len(owners.of(bot.pid)) for bot in here.workers if bot.pid is not None]
            alone = all(len(pids) == 1 for pids in owners.now.values())
            if alone and len(owners.now) == len(here.people) and min(held) > 0.85 * fair:
                return


async def _harmed(owners: Owners, bot: Bot, number: int) -> tuple[str, float, int]:
    pid = bot.pid
    assert pid is not None
    theirs, before, began = owners.of(pid), len(bot.exits), time.monotonic()
    if number == signal.SIGSTOP:
        owners.stopped.add(pid)
    bot.send(number)
    seconds = await _elsewhere(owners, pid, theirs)
    if number == signal.SIGSTOP:
        await asyncio.sleep(max(0.0, began + STOPPED_SECONDS - time.monotonic()))
        owners.stopped.discard(pid)
        bot.send(signal.SIGCONT)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(bot.exits) == before:  # noqa: ASYNC110 - a process ends
                await asyncio.sleep(0.01)
    return signal.Signals(number).name, seconds, len(theirs)


async def take_over(feeds: int, rounds: int = 1, left_out: str = "") -> bool:
    """Kill one and stop another; print the figures; whether both were in time."""
    click.echo("| takeover | feeds | taken over | all up elsewhere s | two owners at most s |")
    click.echo("|---|---|---|---|---|")
    good = True
    async with stage("postgresql", people=feeds, left_out=left_out, many=True) as here:
        owners = Owners(here)
        async with _looking(owners):
            for turn, number in enumerate([signal.SIGKILL, signal.SIGSTOP] * rounds):
                await _shared(owners, here)
                owners.longest = 0.0
                name, seconds, theirs = await _harmed(owners, here.workers[turn % 3], number)
                await _shared(owners, here)
                held = seconds <= WITHIN_SECONDS and owners.longest <= LEASE_SECONDS
                good = good and held
                click.echo(
                    f"| {name} | {feeds} | {theirs} | {seconds:.1f} | {owners.longest:.1f} |"
                    + ("" if held else "  ← not held")
                )
    return good
