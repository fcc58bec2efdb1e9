"""One person whom nothing can reach: their notices end with a reason, the others' go on."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from contextlib import closing

import psycopg

from .account import Account
from .bots import dice
from .stage import SESSION, Stage

MET = 3
"""How often they are matched for certain."""
ENDED_SECONDS = 30.0
OUTCOMES = (
    "SELECT COALESCE(outcome, 'open'), count(*) FROM matches WHERE user_id = '{user}' "
    "GROUP BY 1 ORDER BY 1"
)
UNSETTLED = "SELECT count(*) FROM matches WHERE user_id = '{user}' AND settled_at IS NULL"

Rows = list[tuple[object, ...]]


def _reader(here: Stage) -> Callable[[str], Rows]:
    """Asks the bots' database."""
    server = here.server

    def on_sqlite(question: str) -> Rows:
        file = here.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as other:
            return list(other.execute(question))

    def on_postgresql(question: str) -> Rows:
        assert server is not None
        where = {"host": str(server.folder), "port": server.port}
        with psycopg.connect(user="postgres", dbname="nemesis", **where) as other:
            return list(other.execute(question.encode()))

    return on_sqlite if server is None else on_postgresql


async def poisoned(here: Stage, account: Account, seconds: float) -> None:
    """Deactivate somebody under load; the remark says how their notices ended.

    Raises:
        AssertionError: one of them has not ended.
    """
    name = dice.choice(list(here.people))
    user, ask = here.people[name], _reader(here)
    before = dict(ask(OUTCOMES.format(user=user)))
    here.slack.workspace.named(name).deleted = True
    async with here.matches(10):
        for other in dice.sample([it for it in here.people if it != name], MET):
            await here.platform.pair(name, other, SESSION)
            await asyncio.sleep(seconds / MET)
    del here.people[name]
    await here.quiet(account)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ENDED_SECONDS):
            while ask(UNSETTLED.format(user=user)) != [(0,)]:  # noqa: ASYNC110 - others end them
                await asyncio.sleep(0.2)
    after = dict(ask(OUTCOMES.format(user=user)))
    ends = {str(end): int(str(n)) - int(str(before.get(end, 0))) for end, n in after.items()}
    here.notes.append("theirs: " + ", ".join(f"{n} {end}" for end, n in ends.items() if n))
    assert "open" not in ends, f"a notice has not ended: {ends}"
