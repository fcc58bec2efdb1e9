"""Play a day, and return its journal."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from structlog.testing import capture_logs

from slackbot.domain.model import Person, SessionId, State
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.databases import create_tables
from tests.harness.services import KEY, Outside

from .attendees import Day, Unsaid, play
from .bot import TEAM, DayBot, DayFeed, DayMessenger, DayShared, Parts, read_tables
from .journal import Journal, Minute
from .loop import VirtualClock, VirtualLoop
from .platform import DayPlatform
from .programme import draw_programme

BEGIN: Final = datetime(2026, 5, 5, 8, 0, tzinfo=UTC)
BEFORE: Final = timedelta(minutes=40)  # the first session
AFTERWARDS: Final = timedelta(hours=1, minutes=40)  # the last session, until recaps are sent
GRAIN, IDLE_GRAIN = 5.0, 60.0  # seconds between looks for what is due, and when all is over
MINUTE: Final = timedelta(minutes=1)
# Events of logs that only a defect writes.
DEFECTS: Final = {"background_failed", "delivery_failed", "periodic_work_failed"}


@dataclass(frozen=True)
class Plan:
    """A day to play, in which people connect before the first session begins.

    Each session takes so many minutes, and another one begins when half of them are over.
    """

    people: int
    seed: int = 1
    sessions: int = 20
    minutes: int = 60
    parts: Parts = field(default_factory=Parts)
    unsaid: Unsaid = frozenset()


def simulate(plan: Plan) -> Journal:
    """Play the day in virtual time."""
    with capture_logs() as logged, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        journal = runner.run(_simulate(plan))
    defects = [entry for entry in logged if entry["event"] in DEFECTS or entry.get("exc_info")]
    journal.failures += [repr(entry) for entry in defects]
    return journal


async def _simulate(plan: Plan) -> Journal:
    rng = random.Random(plan.seed)
    clock, ticks = VirtualClock(BEGIN), VirtualClock(BEGIN, GRAIN)
    length = timedelta(minutes=plan.minutes)
    slots = draw_programme(rng, BEGIN + BEFORE, plan.sessions, length)
    journal = Journal({slot.id: slot for slot in slots})
    feed = DayFeed(clock, [])
    platform = DayPlatform(clock, rng, slots, feed.hear)
    database = Database(DatabaseUrl.parse("sqlite://"))
    await create_tables(database)
    store = SqlStore(database, Cipher([KEY]), clock=asyncio.get_running_loop().time)
    ends_at = journal.ends_at
    messenger = DayMessenger(clock, journal)
    outside = Outside(
        store,
        [],
        clock,  # type: ignore[arg-type]
        platform,  # type: ignore[arg-type]
        feed,
        messenger,
        DayShared(clock, journal),
    )
    bot = DayBot(outside, plan.parts, ticks)
    day = Day(
        plan.seed, BEGIN, ends_at, clock, bot, platform, feed, messenger, journal, plan.unsaid
    )
    async with aclosing(bot):
        others = [
            asyncio.create_task(platform.run()),
            asyncio.create_task(_observe(bot, platform, clock, journal)),
        ]
        await play(day, plan.people)
        ticks.grain = IDLE_GRAIN
        await clock.until(ends_at + AFTERWARDS)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        journal.pairings, journal.registrations = platform.pairings, platform.registrations
        journal.stored = await read_tables(store)
    await database.aclose()
    return journal


async def _observe(
    bot: DayBot, platform: DayPlatform, clock: VirtualClock, journal: Journal
) -> None:
    """Note each minute who is available, half a minute after it begins."""
    await clock.sleep(MINUTE.total_seconds() / 2)
    while True:
        stored = await bot.store.availabilities.list_all(TEAM)
        there = {each.person: each.session_id for each in stored if each.state is not State.LEAVING}
        at_platform: dict[Person, SessionId] = {
            platform.people[account]: session
            for session, accounts in platform.available.items()
            for account in accounts
        }
        journal.minutes.append(Minute(clock.now(), there, at_platform))
        await clock.sleep(MINUTE.total_seconds())
