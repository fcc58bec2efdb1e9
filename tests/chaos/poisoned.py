"""Two people whom nothing can reach; the others' notices go on.

One is deactivated without a word from Slack: their notices end, each with a reason. Of the other
Slack sends an event: nothing is kept of them, and nothing sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from contextlib import closing

from .account import Account
from .bots import rng
from .stage import SESSION, Stage

# How often they are matched for certain.
MET = 3
ENDED_SECONDS = 30.0
OUTCOMES = (
    "SELECT COALESCE(outcome, 'open'), count(*) FROM matches WHERE user_id = '{user}' "
    "GROUP BY 1 ORDER BY 1"
)
KEPT = (
    "SELECT (SELECT count(*) FROM links WHERE user_id = '{user}') + "
    "(SELECT count(*) FROM availabilities WHERE user_id = '{user}') + "
    "(SELECT count(*) FROM matches WHERE user_id = '{user}')"
)
UNSETTLED = "SELECT count(*) FROM matches WHERE user_id = '{user}' AND settled_at IS NULL"

Rows = list[tuple[object, ...]]


def reader(here: Stage) -> Callable[[str], Rows]:
    """Return a function that asks the bots' database."""
    server = here.server

    def on_sqlite(question: str) -> Rows:
        file = here.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as other:
            return list(other.execute(question))

    def on_postgresql(question: str) -> Rows:
        assert server is not None
        with server.connect("nemesis") as other:
            return list(other.execute(question.encode()))

    return on_sqlite if server is None else on_postgresql


async def poisoned(here: Stage, account: Account, seconds: float) -> None:
    """Deactivate both under load; the remark says how the notices of the first ended.

    Raises:
        AssertionError: a notice has not ended, or something of the second is left.
    """
    ask = reader(here)
    silent, reported = rng.sample(list(here.people), 2)
    user, leaver = here.people[silent], here.people[reported]
    before = dict(ask(OUTCOMES.format(user=user)))
    channel = here.slack.workspace.dm(leaver).id
    here.slack.workspace.named(silent).deleted = True
    async with here.matches(10):
        await leave(here, reported)
        assert await _becomes_none(ask, KEPT.format(user=leaver)), "something of them is kept"
        await asyncio.sleep(1.0)  # what was on its way to Slack
        messages = len(here.slack.workspace.messages)
        for name in (silent, reported):
            for other in rng.sample([guest for guest in here.people if guest != name], MET):
                await here.platform.pair(name, other, SESSION)
                await asyncio.sleep(seconds / MET / 2)
    del here.people[silent], here.people[reported]
    await here.quiet(account)
    assert await _becomes_none(ask, UNSETTLED.format(user=user)), "a notice has not ended"
    assert await _becomes_none(ask, KEPT.format(user=leaver)), "something of them came back"
    after = [
        message
        for message in here.slack.workspace.messages[messages:]
        if message.channel == channel
    ]
    assert not after, "somebody whom Slack reported as deactivated was sent something"
    ends = dict(ask(OUTCOMES.format(user=user)))
    new = {str(end): int(str(n)) - int(str(before.get(end, 0))) for end, n in ends.items()}
    here.notes.append("theirs: " + ", ".join(f"{n} {end}" for end, n in new.items() if n))


async def leave(here: Stage, name: str) -> None:
    """Deactivate a person, which Slack reports to the bot."""
    member = here.slack.workspace.named(name)
    member.deleted = True
    slack = here.slack.user(name, bot_url=here.bots[0].url)
    assert (await slack.event("user_change", user={"id": member.id, "deleted": True})).ok


async def _becomes_none(ask: Callable[[str], Rows], question: str) -> bool:
    """Whether the count comes to nought in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ENDED_SECONDS):
            while ask(question) != [(0,)]:  # noqa: ASYNC110 - others end them
                await asyncio.sleep(0.2)
            return True
    return False
