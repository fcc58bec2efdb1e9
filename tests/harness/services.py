"""The services, joined to fakes of the outside and to the real store in memory."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Link, Person, Session
from slackbot.domain.notices import Notice
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.feed_poller import FeedPoller
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.services.scheduler import Scheduler
from slackbot.services.sessions import Sessions
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import (
    ANA,
    FakeClock,
    FakeDelivery,
    FakeFeed,
    FakeMessenger,
    FakePlatform,
    Journal,
    link,
    session,
    until,
)

MONITORING = "feed_monitor"  # the task of each run that waits for feed events


@asynccontextmanager
async def open_store() -> AsyncIterator[SqlStore]:
    """The real store, on a database in memory that is gone afterwards."""
    database = Database("sqlite://")
    await schema.upgrade(database)
    try:
        yield SqlStore(database, Cipher([bytes(range(32))]))
    finally:
        await database.aclose()


@dataclass
class Outside:
    """All that is outside of one run of the bot, and stays when the run ends."""

    store: SqlStore
    journal: Journal
    clock: FakeClock
    platform: FakePlatform
    feed: FakeFeed
    messenger: FakeMessenger

    @classmethod
    def around(cls, store: SqlStore) -> Outside:
        journal: Journal = []
        clock = FakeClock()
        platform, feed = FakePlatform(journal), FakeFeed(clock, journal)
        return cls(store, journal, clock, platform, feed, FakeMessenger(journal))


class Latest(random.Random):
    """Dice of whoever does everything as late as may be, each time."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Harness:
    """One run of the bot: every service, wired as in `slackbot.bootstrap.app`."""

    def __init__(self, outside: Outside) -> None:
        self.store, self.journal, self.clock = outside.store, outside.journal, outside.clock
        self.platform, self.feed = outside.platform, outside.feed
        self.messenger = outside.messenger
        self.background = BackgroundTasks(expected=(SlackbotError,))
        ports = {"store": self.store, "clock": self.clock}
        self.delivery = FakeDelivery(self.clock, self.background)
        ports_of_rounds = dict(ports)
        ports |= {"platform": self.platform}
        heard = {"feed": self.feed, **ports}
        self.accounts = Accounts(delivery=self.delivery, background=self.background, **heard)
        self.sessions = Sessions(accounts=self.accounts, **ports)
        self.matches = Matches(delivery=self.delivery, background=self.background, **heard)
        joined = {"accounts": self.accounts, "matches": self.matches, **heard}
        self.poller = FeedPoller(delivery=self.delivery, **joined)
        self.monitor = FeedMonitor(
            poller=self.poller,
            matches=self.matches,
            store=self.store,
            feed=self.feed,
            clock=self.clock,
            rng=Latest(),
        )
        self.availabilities = Availabilities(sessions=self.sessions, monitor=self.monitor, **joined)
        self.notices = Notices(
            store=self.store,
            messenger=self.messenger,
            clock=self.clock,
            on_unreachable=self.poller.end_unreachable,
        )
        self.delivery.launch(self.notices)
        self.scheduler = Scheduler(matches=self.matches, delivery=self.delivery, **ports_of_rounds)
        self.monitoring = asyncio.create_task(self.monitor.run(self.feed.events), name=MONITORING)

    async def linked(self, *sessions: Session, person: Person = ANA) -> Link:
        """Somebody has an account, and these sessions are the event's (or Coffee alone)."""
        self.platform.programme = list(sessions) or [session()]
        await self.store.links.save(link(person))
        return link(person)

    async def available(self, *sessions: Session, person: Person = ANA) -> None:
        """Somebody has become available in the first of these sessions, and all is quiet."""
        await self.linked(*sessions, person=person)
        await self.availabilities.start(person, str(self.platform.programme[0].id))
        await self.quiet()
        self.journal.clear()

    async def quiet(self) -> None:
        """Return when nothing moves any more: every other task sleeps by the clock."""

        def nothing_moves() -> bool:
            waiting = [task for task in asyncio.all_tasks() if task.get_name() == MONITORING]
            running = len(asyncio.all_tasks()) - len(waiting) - 1
            return self.feed.events.empty() and running == len(self.clock.sleepers)

        await until(nothing_moves)

    async def let_run(self) -> None:
        """Let tasks that do not end come as far as they can: a ping queues behind their reads."""
        for _ in range(10):
            await self.store.database.ping()

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass step by step, and everything happen that is due."""
        for _ in range(int(seconds / step)):
            await self.quiet()
            self.clock.advance(step)
        await self.quiet()

    def told(self, person: Person = ANA) -> list[Notice]:
        """The notices that reached somebody."""
        return [notice for who, notice in self.messenger.told if who == person]

    def asked(self, *names: str) -> list[str]:
        """What the journal has of these calls."""
        return [line for line in self.journal if line.split()[0] in names]

    async def aclose(self) -> None:
        """End the run, as a crash would: nothing is finished first."""
        self.monitor.stop_polling()
        while not self.feed.events.empty():
            self.feed.events.get_nowait()
        await self.monitor._tasks.drain(0)
        self.monitoring.cancel()
        await asyncio.gather(self.monitoring, return_exceptions=True)
        await self.background.drain(0)
