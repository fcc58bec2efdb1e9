"""Old and new on one database: columns are added under load, processes are replaced one by one.

There is one version of the product here, so what differs is what a later one may change: tables
that have columns nobody knows yet, and workflows under new names (`newer` in the launcher). An
upgrade that renames or drops a table or column is not tried.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing

from slackbot.sandbox.slack.faults import Fault
from slackbot.storage.columns import Base

from .account import Account
from .stage import Stage

# How long Slack takes for each answer, so that something is always under way.
HELD_SECONDS = 0.5


def _add_columns(here: Stage) -> None:
    statements = [
        f"ALTER TABLE {name} ADD COLUMN of_tomorrow TEXT" for name in Base.metadata.tables
    ]
    if here.server is not None:
        for statement in statements:
            here.server.execute(statement, "nemesis")
        return
    file = here.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as other:
        for statement in statements:
            other.execute(statement)


async def replaced(here: Stage, _: Account) -> None:
    """New columns under load, then everybody is stopped and started, one after the other."""
    async with here.matches(10):
        await asyncio.sleep(1.0)
        await asyncio.to_thread(_add_columns, here)
        await asyncio.sleep(1.0)
        for bot in here.bots:
            await bot.dies(signal.SIGTERM)
            await bot.ready()
    here.notes.append("columns added under load")


async def older(here: Stage, account: Account) -> None:
    """Processes are killed with work in their hands, and newer ones take their places.

    The first that is newer is killed too: on PostgreSQL older ones find its work, whose names they
    do not know, and must leave it to others.
    """
    post = Fault("chat.postMessage", times=1_000_000, delay=HELD_SECONDS)
    first, *others = here.workers
    async with here.matches(20):
        await asyncio.sleep(1.0)
        here.slack.faults.order(post)
        for bot in (first, first, *others):
            await asyncio.sleep(1.0)
            bot.changed = ("newer",)
            await bot.dies()
            here.kills += 1
            await bot.ready()
        here.slack.faults.clear()
    await here.quiet(account)


async def newer_dies(here: Stage, account: Account) -> None:
    """One process is replaced by a newer one, dies with work in its hands, and is not seen again.

    The older ones do not know the names of its workflows. They leave those, and send its matches.
    """
    post = Fault("chat.postMessage", times=1_000_000, delay=HELD_SECONDS)
    for bot in here.workers[:2]:
        bot.changed = ("newer",)
        await bot.dies()
        here.kills += 1
        await bot.ready()
        await here.connected()
        async with here.matches(20):
            await asyncio.sleep(1.0)
            here.slack.faults.order(post)
            await asyncio.sleep(2.0)
            bot.changed = here.left_out
            await bot.dies()
            here.kills += 1
            here.slack.faults.clear()
            await bot.ready()
    await here.quiet(account, 90)
