"""The rows: each does one kind of harm while matches are made, and the account is drawn up."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from slackbot.sandbox.slack.faults import Fault
from slackbot.storage.database import Database
from slackbot.storage.tables import AvailabilityRow
from slackbot.storage.url import DatabaseUrl
from tests.resilience.peers import Peer

from . import at_slack, copies, crossings, manners, occasions, poisoned, swaps, upgrades, waiting
from .account import Account
from .bots import Bot, rng
from .launcher import WINDOWS
from .stage import SESSION, Stage

POST = "chat.postMessage"
FOR_EVER = 1_000_000
MATCHES = f"/rest/events/demo/user-session/{SESSION}/matches"
READ_ONLY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each; `--kills N` kills more often."""

    kills: int = 20
    windows: int = 4
    # Kills at each moment of a post, as Slack sees it.
    posts: int = 4
    stops: int = 5
    # Statements from the first match's insert on, before each of which a process is stopped.
    statements: int = 12
    restarts: int = 50
    cuts: int = 12
    failovers: int = 2
    crossings: int = 300
    away_seconds: float = 30.0
    # Longer than between two polls of a connected feed.
    overtime_seconds: float = 75.0
    # Pairings within a minute; twice as many matches to tell.
    burst: int = 750


SHORT = Size(
    kills=3,
    windows=1,
    posts=1,
    stops=1,
    statements=2,
    restarts=3,
    cuts=3,
    failovers=1,
    crossings=100,
    away_seconds=4.0,
    burst=20,
)
FULL = Size()

Row = Callable[[Stage, Account, Size], Awaitable[None]]


async def calm(here: Stage, _: Account, size: Size) -> None:
    """Nothing happens."""
    async with here.matches(20):
        await asyncio.sleep(2 if size is SHORT else 10)


async def kills(here: Stage, _: Account, size: Size) -> None:
    """SIGKILL at random points."""
    async with here.matches(5):
        for _number in range(size.kills):
            bot = rng.choice(here.workers)
            await bot.ready()
            await asyncio.sleep(rng.uniform(0.1, 1.2))
            await bot.dies()
            here.kills += 1
    await _all_ready(here)


async def windows(here: Stage, _: Account, size: Size) -> None:
    """Killed on purpose between store, submit, intent, send and record."""
    for window in WINDOWS:
        for number in range(size.windows):
            bot = here.workers[number % len(here.workers)]
            await _dies_in(here, bot, window, number % 3)
        await _all_ready(here)


async def _dies_in(here: Stage, bot: Bot, window: str, after: int) -> None:
    bot.changed = (window, str(after))
    await bot.dies()
    before = len(bot.exits)
    async with here.matches(5), asyncio.timeout(60):
        while len(bot.exits) == before:  # noqa: ASYNC110 - a process ends
            await asyncio.sleep(0.01)
    bot.changed = ()
    here.kills += 1
    await bot.ready()


async def windows_at_slack(here: Stage, account: Account, size: Size) -> None:
    """Killed as a post arrives at Slack, and when Slack took it and has not answered."""
    await at_slack.at_slack(here, account, size.posts)


async def stops(here: Stage, _: Account, size: Size) -> None:
    """SIGSTOP for longer than the lease, then SIGCONT."""
    async with here.matches(10):
        for _number in range(size.stops):
            bot = rng.choice(here.workers)
            await bot.ready()
            await asyncio.sleep(rng.uniform(0.5, 1.5))
            bot.send(signal.SIGSTOP)
            await asyncio.sleep(rng.uniform(4.0, 7.0))
            bot.send(signal.SIGCONT)
    await _all_ready(here)


async def stops_waiting(here: Stage, account: Account, size: Size) -> None:
    """SIGSTOP while many notices wait for Slack's Retry-After."""
    await waiting.stopped_while_waiting(here, account, size.stops)


async def replaced(here: Stage, account: Account, _: Size) -> None:
    """Old and new processes on one database."""
    await upgrades.replaced(here, account)


async def older(here: Stage, account: Account, _: Size) -> None:
    """What an older version began a newer one finishes; what it does not know it leaves."""
    await upgrades.older(here, account)


async def pauses(here: Stage, account: Account, size: Size) -> None:
    """SIGSTOP for longer than the lease before each statement of store, submit and intent."""
    await waiting.paused_at_each_statement(here, account, size.statements)


async def newer_dies(here: Stage, account: Account, _: Size) -> None:
    """A newer process dies beside older ones, and none comes back: its matches are sent."""
    await upgrades.newer_dies(here, account)


async def dropped(here: Stage, _: Account, size: Size) -> None:
    """Slack takes the message and drops the line before it answers."""
    await _under_fault(here, Fault(POST, times=FOR_EVER, drop="after"), size)


async def limited(here: Stage, _: Account, size: Size) -> None:
    """A storm of 429."""
    await _under_fault(here, Fault(POST, times=FOR_EVER, error="ratelimited", retry_after=1), size)


async def failing(here: Stage, _: Account, size: Size) -> None:
    """Slack answers 500."""
    await _under_fault(here, Fault(POST, times=FOR_EVER, status=500), size)


async def slow(here: Stage, _: Account, size: Size) -> None:
    """Slack answers after 29 seconds, having taken the message."""
    seconds = 2.0 if size is SHORT else 29.0
    await _under_fault(here, Fault(POST, times=12, delay=seconds), size)
    await asyncio.sleep(seconds)


async def _under_fault(here: Stage, fault: Fault, size: Size) -> None:
    async with here.matches(10):
        await asyncio.sleep(0.5)
        here.slack.faults.order(fault)
        await asyncio.sleep(1.5 if size is SHORT else 6.0)
        here.slack.faults.clear()
        await asyncio.sleep(0.5)


async def database_away(here: Stage, account: Account, size: Size) -> None:
    """The database cannot be written, or reached, for a while."""
    async with here.matches(5):
        await asyncio.sleep(1.0)
        if here.server is not None:
            with here.server.away("nemesis"):
                await asyncio.sleep(size.away_seconds)
        else:
            file = here.database.removeprefix("sqlite:///")
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(size.away_seconds)
                other.execute("ROLLBACK")
    await _all_ready(here)
    await here.connected()
    await here.quiet(account, 90)


async def database_read_only(here: Stage, account: Account, size: Size) -> None:
    """Every write is refused for a while, as by a server that has become a replica."""
    assert here.server is not None
    async with here.matches(5):
        await asyncio.sleep(1.0)
        with here.server.read_only("nemesis"):
            await asyncio.sleep(min(size.away_seconds, READ_ONLY_SECONDS))
    await _all_ready(here)
    await here.connected()
    await here.quiet(account, 90)


async def feed_restarts(here: Stage, _: Account, size: Size) -> None:
    """The socket server goes away and comes back, again and again."""
    async with here.matches(5):
        for _number in range(size.restarts):
            here.proxy.turn(Peer.BAD_GATEWAY)
            await asyncio.sleep(rng.uniform(0.1, 0.5))
            here.proxy.turn(Peer.GOOD)
            await asyncio.sleep(rng.uniform(0.2, 0.6))
    await here.connected()


async def half_open(here: Stage, _: Account, size: Size) -> None:
    """Every packet of the feeds is lost, and nobody says so."""
    async with here.matches(5):
        await asyncio.sleep(0.5)
        here.proxy.turn(Peer.HALF_OPEN)
        await asyncio.sleep(3.0 if size is SHORT else 10.0)
        here.proxy.turn(Peer.GOOD)
    await here.connected()


async def lists(here: Stage, _: Account, size: Size) -> None:
    """The match list fails, lags by seconds and changes its order while feeds come and go."""
    here.platform.knobs.list_lag, here.platform.knobs.list_order = 2.0, "shuffled"
    async with here.matches(5):
        for _number in range(max(size.restarts // 3, 2)):
            here.platform.next_status(503, times=rng.randrange(1, 90), path=MATCHES, retry_after=0)
            here.proxy.turn(Peer.BAD_GATEWAY)
            await asyncio.sleep(rng.uniform(0.1, 0.5))
            here.proxy.turn(Peer.GOOD)
            await asyncio.sleep(rng.uniform(0.5, 1.5))
    here.platform.faults.clear()
    here.platform.knobs.list_lag = 0.0
    await here.connected()


async def hours_off(here: Stage, _: Account, size: Size) -> None:
    """Ends of sessions are read seven hours too early: all go on, and nobody hears of an end."""
    here.platform.knobs.zone = "America/Los_Angeles"
    database = Database(DatabaseUrl.parse(here.database))
    ended = datetime.now(UTC) - timedelta(hours=7)
    await database.execute(update(AvailabilityRow).values(session_ends_at=ended))
    async with here.matches(5):
        await asyncio.sleep(size.overtime_seconds)
    there = await database.fetch_column(select(AvailabilityRow.user_id))
    await database.aclose()
    assert len(there) == len(here.people), f"{len(here.people) - len(there)} were ended"
    over = [message for message in here.slack.workspace.messages if "is over" in str(message)]
    assert not over, f"{len(over)} heard that their session is over"


async def repeated(here: Stage, _: Account, size: Size) -> None:
    """The same match is sent 1 to 50 times, swapped and late."""
    for number in range(3 if size is SHORT else 20):
        await here.platform.swap(rng.randrange(2, 5))
        for _pair in range(4):
            await here.pair()
        await here.platform.send_again(rng.randrange(1, 51))
        await asyncio.sleep(0.1 * (number % 3))
    # What is held back for swapping leaves with the next.
    for _pair in range(8):
        await here.pair()


async def poison(here: Stage, account: Account, size: Size) -> None:
    """Two people are deactivated: nothing reaches them, and nobody else is held up."""
    await poisoned.poisoned(here, account, 2.0 if size is SHORT else 6.0)


async def terminated(here: Stage, _: Account, size: Size) -> None:
    """SIGTERM under load: it stops within ten seconds, and what was begun is finished later."""
    longest = 0.0
    async with here.matches(20):
        for _number in range(2 if size is SHORT else 8):
            bot = rng.choice(here.workers)
            await bot.ready()
            await asyncio.sleep(rng.uniform(0.5, 1.5))
            longest = max(longest, await bot.dies(signal.SIGTERM))
    assert longest < 10.0, f"it took {longest:.1f} s to stop"
    here.notes.append(f"stopped within {longest:.1f} s")
    await _all_ready(here)


async def restored(here: Stage, account: Account, _: Size) -> None:
    """Everything goes on from last night's copy."""
    (bot,) = here.bots
    folder = Path(here.database.removeprefix("sqlite:///")).parent
    async with here.matches(10):
        await asyncio.sleep(2.0)
    await here.quiet(account)
    await bot.away()
    copy = folder / "copy"
    copy.mkdir()
    for file in folder.glob("slackbot*.db*"):
        shutil.copy2(file, copy / file.name)
    bot.back()
    await bot.ready()
    await here.connected()
    async with here.matches(10):
        await asyncio.sleep(3.0)
    await here.quiet(account)
    await bot.away()
    for file in folder.glob("slackbot*.db*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, folder / file.name)
    with closing(sqlite3.connect(folder / "slackbot.db")) as night, night:
        night.execute("UPDATE workers SET expires_at = datetime(expires_at, '-8 hours')")
    bot.back()
    await bot.ready()
    await here.connected()
    await asyncio.sleep(8.0)


async def power_cut(here: Stage, account: Account, size: Size) -> None:
    """Older copies of one file or both are put back after a kill."""
    await copies.power_cut(here, account, size.cuts)


async def replica_lags(here: Stage, account: Account, size: Size) -> None:
    """PostgreSQL is killed, and a replica that lacks the last seconds takes its place."""
    await copies.fail_over(here, account, size.failovers)


async def restore_drill(here: Stage, account: Account, _: Size) -> None:
    """A backup is taken and restored under load, as documented."""
    await copies.restore(here, account)


async def crossed(here: Stage, _: Account, size: Size) -> None:
    """Connect at one process while another one deletes: nothing is kept of people who left."""
    await crossings.cross(here, size.crossings)


async def at_slacks_limits(here: Stage, account: Account, size: Size) -> None:
    """As many matches in a minute as a large event makes, at Slack's own limits."""
    here.slack.rate_limits.enabled = True
    for _number in range(size.burst):
        await here.pair()
        await asyncio.sleep(60.0 / FULL.burst)
    await here.quiet(account, 90)
    here.slack.rate_limits.enabled = False


async def snoozes(here: Stage, account: Account, size: Size) -> None:
    """Killed while pauses end by themselves."""
    await manners.snoozes_end(here, account, size.kills // 2)


async def declines(here: Stage, account: Account, size: Size) -> None:
    """Killed while people say that they can't make it."""
    await manners.rounds_declined(here, account, size.kills // 2)


async def still_there(here: Stage, account: Account, size: Size) -> None:
    """Killed while people who do not react are paused."""
    await manners.nobody_reacts(here, account, size.kills // 2)


async def reminders(here: Stage, account: Account, size: Size) -> None:
    """Killed while a session is about to open that people have joined."""
    await occasions.reminded(here, account, size.kills // 2)


async def recaps(here: Stage, account: Account, size: Size) -> None:
    """Killed an hour after an event."""
    await occasions.recapped(here, account, size.kills // 2)


async def swapped(here: Stage, account: Account, size: Size) -> None:
    """Killed while people who have met agree to swap contacts."""
    await swaps.swapped(here, account, size.kills // 2)


async def _all_ready(here: Stage) -> None:
    await asyncio.gather(*(bot.ready() for bot in here.bots))
