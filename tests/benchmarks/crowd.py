"""Very many matches: as many a second as a large event makes, and a burst at Slack's limits.

Sandbox and source of matches are in this process, the bot is in one of its own (`slackbot run`).
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.stage import SESSION, Stage, stage
from tests.resilience.crowd import rounds

# With as many, nobody has a match more often than every second and a half: Slack takes one message
# a second in a conversation, and that limit stays on throughout.
PEOPLE = 160
POST = "chat.postMessage"
BEGIN_SECONDS = 180.0
# Nobody calls the platform or Slack for so long.
REST_SECONDS = 2.0
FIRST_PER_SECOND = 25.0


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. A match is one person's, so that each calls for one message."""

    database: str
    # Asked of the platform; what it made stands in `made` and `seconds`.
    per_second: float
    # How long matches were made.
    seconds: float
    made: int
    sent: int
    twice: int
    # Messages that overtook one of a match a second older or more.
    inversions: int
    # Milliseconds from the pairing to the message, as `p99`.
    p50: float
    p99: float
    # Not sent yet when the last was made.
    backlog: int
    # Seconds from the first match to the last message.
    all_sent: float
    planned_seconds: float
    # How long it must last, by Slack's limit on posts where that is on.
    least_seconds: float
    # Milliseconds of processor time a match in the bot's process; NaN where it is not known.
    cpu: float

    @property
    def exact(self) -> bool:
        """Whether each was sent, and none twice."""
        return self.sent == self.made and self.twice == 0


@asynccontextmanager
async def crowd(database: str) -> AsyncIterator[Stage]:
    """Everybody available, connected and notified of a first match."""
    async with stage(database.lower(), people=PEOPLE, many=True, alone=True) as here:
        async with asyncio.timeout(BEGIN_SECONDS):
            await _at_rest(here)
            account = here.account()
            await _make(here, FIRST_PER_SECOND, next(rounds(list(here.people))))
            await here.quiet(account)
            await _at_rest(here)
        here.slack.rate_limits.enabled = True
        yield here


async def _at_rest(here: Stage) -> None:
    """Wait until what the beginning brings is over: it is not part of what is measured."""
    seen = None
    while seen != (now := (len(here.platform.calls), len(here.slack.calls))):
        seen = now
        await asyncio.sleep(REST_SECONDS)


async def sustained(here: Stage, database: str, per_second: float, seconds: float) -> Load:
    """So many matches a second for so long; Slack's limit for a whole workspace is lifted."""
    here.slack.rate_limits.per_minute.clear()
    return await _load(here, database, per_second, round(per_second * seconds), patience=60.0)


async def burst(here: Stage, database: str, per_second: float, matches: int) -> Load:
    """So many at once, with all of Slack's limits."""
    patience = 2 * _least_seconds(here, per_second, matches) + 60.0
    return await _load(here, database, per_second, matches, patience=patience)


def _least_seconds(here: Stage, per_second: float, matches: int) -> float:
    a_minute = here.slack.rate_limits.per_minute.get(POST, matches)
    return max(matches / per_second, 60.0 * (math.ceil(matches / a_minute) - 1))


async def _load(
    here: Stage, database: str, per_second: float, matches: int, *, patience: float
) -> Load:
    account, cpu = here.account(), _processor_seconds(here)
    began = time.time()
    await _make(here, per_second / 2, itertools.islice(_pairs(here), matches // 2))
    made_in = time.time() - began
    backlog = account.made() - account.sent()
    await here.quiet(account, patience)
    figures = account.figures()
    return Load(
        database=database,
        per_second=per_second,
        seconds=made_in,
        made=figures.made,
        sent=figures.sent,
        twice=figures.twice,
        inversions=figures.inversions,
        p50=figures.p50 * 1000,
        p99=figures.p99 * 1000,
        backlog=backlog,
        all_sent=_last_message(here) - began,
        planned_seconds=matches / per_second,
        least_seconds=_least_seconds(here, per_second, matches),
        cpu=(_processor_seconds(here) - cpu) * 1000 / max(1, figures.sent),
    )


async def _make(here: Stage, per_second: float, pairs: Iterable[tuple[str, str]]) -> None:
    """Pair two at a time, on time: one that is late is made up for."""
    began = time.monotonic()
    for number, (a, b) in enumerate(pairs):
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
        await here.platform.pair(a, b, SESSION)


def _pairs(here: Stage) -> Iterator[tuple[str, str]]:
    """Everybody with somebody new, again and again."""
    met = rounds(list(here.people))
    next(met)  # with which everything began
    return itertools.chain.from_iterable(met)


def _last_message(here: Stage) -> float:
    return max((float(message.ts) for message in here.slack.workspace.messages), default=math.nan)


def _processor_seconds(here: Stage) -> float:
    """What the bot's process has used so far, user and system; NaN where Linux does not say."""
    (bot,) = here.bots
    try:
        text = Path(f"/proc/{bot.pid}/stat").read_text()
    except OSError:
        return math.nan
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
