"""A worker is stopped with notices in its hands: others send them, and it must not."""

from __future__ import annotations

import asyncio
import signal

from slackbot.sandbox.slack.faults import Fault

from .account import Account
from .bots import rng
from .stage import Stage

POST = "chat.postMessage"
# Longer than a lease, and than others need to take over.
STOPPED_SECONDS = 6.5


async def stopped_while_waiting(here: Stage, account: Account, times: int) -> None:
    """So often. `Retry-After` runs out while the worker is stopped, so it would send at once."""
    for _number in range(times):
        bot = rng.choice(here.workers)
        await bot.ready()
        await here.connected()
        async with here.matches(20):
            await asyncio.sleep(0.5)
            here.slack.faults.order(
                Fault(POST, times=1_000_000, error="ratelimited", retry_after=2)
            )
            await asyncio.sleep(1.0)
            bot.send(signal.SIGSTOP)
            here.slack.faults.clear()
            await asyncio.sleep(STOPPED_SECONDS)
            bot.send(signal.SIGCONT)
        await here.quiet(account)


async def paused_at_each_statement(here: Stage, account: Account, statements: int) -> None:
    """Stop a worker before each of so many statements, for longer than its lease."""
    for statement in range(statements):
        bot = here.workers[statement % len(here.workers)]
        bot.changed = ("pause", str(statement))
        await bot.dies()
        await bot.ready()
        await here.connected()
        async with here.matches(10):
            async with asyncio.timeout(60):
                while not bot.is_stopped():  # noqa: ASYNC110 - it stops itself
                    await asyncio.sleep(0.01)
            bot.changed = ()
            await asyncio.sleep(STOPPED_SECONDS)
            bot.send(signal.SIGCONT)
        await bot.ready()
    here.notes.append(f"{statements} pauses")
    await here.quiet(account, 90)
