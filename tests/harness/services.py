"""The services, on fakes of the outside and the real store in memory."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import select, text

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Link, Person, Session, TeamId
from slackbot.domain.notices import Notice
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.changes import ChangedPeople
from slackbot.services.contact_notices import ContactNotices
from slackbot.services.contacts import Contacts
from slackbot.services.credential_digest import CredentialDigest
from slackbot.services.declines import Declines
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.feed_poller import FeedPoller
from slackbot.services.files import Files, FileSigner
from slackbot.services.leaving import Leaving
from slackbot.services.linked_events import LinkedEvents
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.privacy import PersonalRecords, Privacy
from slackbot.services.reactions import Reactions
from slackbot.services.receipts import Receipts
from slackbot.services.scheduler import Scheduler
from slackbot.services.sessions import Sessions
from slackbot.services.snoozing import Snoozing
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.databases import create_tables
from tests.harness.fakes import (
    ADMIN,
    ANA,
    BEN,
    FakeClock,
    FakeDelivery,
    FakeFeed,
    FakeMessenger,
    FakePlatform,
    FakeShared,
    Journal,
    enter,
    link,
    session,
    until,
)


async def allow_workspaces(database: Database) -> None:
    """Let the database hold several workspaces, as it will when the bot serves them."""
    await database.execute(text("DROP INDEX IF EXISTS uq_workspaces_slot"))


KEY = bytes(range(32))
MONITORING = "feed_monitor"  # the task of each run that waits for feed events


@asynccontextmanager
async def open_store() -> AsyncIterator[SqlStore]:
    """Open the real store on a database in memory, which knows Ana and Ben."""
    database = Database(DatabaseUrl.parse("sqlite://"))
    await create_tables(database)
    await allow_workspaces(database)
    store = SqlStore(database, Cipher([KEY]))
    await enter(store, ANA, BEN)
    try:
        yield store
    finally:
        await database.aclose()


@dataclass
class Outside:
    """Everything outside of a run of the bot, which outlives the run."""

    store: SqlStore
    journal: Journal
    clock: FakeClock
    platform: FakePlatform
    feed: FakeFeed
    messenger: FakeMessenger
    shared: FakeShared

    @classmethod
    def around(cls, store: SqlStore) -> Outside:
        journal: Journal = []
        clock = FakeClock()
        platform, feed = FakePlatform(journal, clock), FakeFeed(clock, journal)
        return cls(
            store, journal, clock, platform, feed, FakeMessenger(journal), FakeShared(journal)
        )


class Latest(random.Random):
    """A random number generator that always returns the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Harness:
    """One run of the bot: every service, wired as in `slackbot.bootstrap.app`."""

    def __init__(self, outside: Outside) -> None:
        self.store, self.journal, self.clock = outside.store, outside.journal, outside.clock
        self.platform, self.feed = outside.platform, outside.feed
        self.messenger, self.changes = outside.messenger, ChangedPeople()
        self.background = BackgroundTasks(expected=(SlackbotError,))
        ports = {"store": self.store, "clock": self.clock}
        self.delivery = FakeDelivery(self.clock, self.background)
        ports_of_rounds = dict(ports)
        ports |= {"platform": self.platform}
        heard = {"feed": self.feed, **ports}
        self.installed = False
        self.strangers = set[Person]()

        async def is_installed(team: TeamId) -> bool:
            return self.installed

        async def may_use(person: Person) -> bool:
            return person not in self.strangers

        self.leaving = Leaving(background=self.background, **ports)
        self.matches = Matches(delivery=self.delivery, background=self.background, **heard)
        self.accounts = Accounts(
            delivery=self.delivery,
            leaving=self.leaving,
            matches=self.matches,
            background=self.background,
            is_installed=is_installed,
            may_use=may_use,
            digest=CredentialDigest([KEY]),
            **heard,
        )
        self.events = LinkedEvents(
            accounts=self.accounts, store=self.store, feed=self.feed, clock=self.clock
        )
        self.sessions = Sessions(accounts=self.accounts, changes=self.changes, **ports)
        joined = {"accounts": self.accounts, "matches": self.matches, **heard}
        joined["leaving"] = self.leaving
        self.poller = FeedPoller(delivery=self.delivery, sessions=self.sessions, **joined)
        self.monitor = FeedMonitor(
            poller=self.poller,
            matches=self.matches,
            store=self.store,
            feed=self.feed,
            clock=self.clock,
            changes=self.changes,
            rng=Latest(),
        )
        self.availabilities = Availabilities(sessions=self.sessions, monitor=self.monitor, **joined)
        self.contacts = Contacts(
            store=self.store,
            delivery=self.delivery,
            clock=self.clock,
            swaps=True,
            admins=[ADMIN.user],
        )
        self.zone: tzinfo | None = None

        async def zone_of(person: Person) -> tzinfo | None:
            return self.zone

        self.preferences = PersonalPreferences(self.store, self.clock, zone_of)
        shared: dict[str, Any] = {
            "accounts": self.accounts,
            "leaving": self.leaving,
            "monitor": self.monitor,
        }
        shared |= {"delivery": self.delivery, "store": self.store, "clock": self.clock}
        self.reactions, self.declines = (
            Reactions(**shared),
            Declines(preferences=self.preferences, **shared),
        )
        self.snoozing = Snoozing(self.availabilities, self.store, self.delivery, self.clock)
        self.notices = Notices(
            store=self.store,
            messenger=self.messenger,
            clock=self.clock,
            contacts=self.contacts,
            preferences=self.preferences,
            on_unreachable=self.monitor.end_unreachable,
        )
        self.contact_notices = ContactNotices(
            store=self.store,
            notices=self.notices,
            messenger=self.messenger,
            shared=outside.shared,
            clock=self.clock,
            admins=[ADMIN.user],
        )
        self.delivery.launch(self.notices, self.contact_notices)
        self.scheduler = Scheduler(
            matches=self.matches, delivery=self.delivery, changes=self.changes, **ports_of_rounds
        )
        self.files = Files(
            people=self.store.people,
            clock=self.clock,
            signer=FileSigner([KEY]),
            page=None,
            makers={},
        )
        records = PersonalRecords(
            data=self.store.personal_data, accounts=self.accounts, clock=self.clock, meanings={}
        )
        self.privacy = Privacy(
            records=records,
            files=self.files,
            receipts=Receipts([KEY]),
            background=self.background,
            overwrite=self.store.personal_data.overwrite_deleted,
        )
        self.monitoring = asyncio.create_task(self.monitor.run(self.feed.events), name=MONITORING)

    async def linked(self, *sessions: Session, person: Person = ANA) -> Link:
        """Link a person to an event with these sessions, by default Coffee alone."""
        self.platform.programme = list(sessions) or [session()]
        await enter(self.store, person)
        await self.store.links.save(link(person))
        return link(person)

    async def available(self, *sessions: Session, person: Person = ANA) -> None:
        """Make a person available in the first of these sessions, and wait until all is quiet."""
        await self.linked(*sessions, person=person)
        await self.availabilities.start(person, str(self.platform.programme[0].id))
        await self.quiet()
        self.journal.clear()

    async def quiet(self) -> None:
        """Wait until every other task sleeps by the clock."""

        def nothing_moves() -> bool:
            waiting = [task for task in asyncio.all_tasks() if task.get_name() == MONITORING]
            running = len(asyncio.all_tasks()) - len(waiting) - 1
            return self.feed.events.empty() and running == len(self.clock.sleepers)

        await until(nothing_moves)

    async def let_run(self) -> None:
        """Let tasks that do not end get as far as they can: a read queues behind theirs."""
        for _ in range(10):
            await self.store.database.fetch_one(select(1))

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass step by step, and run everything that is due.

        Steps in which nothing is due are taken together.
        """
        left = int(seconds / step)
        while left:
            await self.quiet()
            due = min(self.clock.sleepers.values(), default=None)
            wait = (due - self.clock.now()).total_seconds() if due is not None else math.inf
            steps = left if wait >= left * step else max(math.ceil(wait / step), 1)
            self.clock.advance(steps * step)
            left -= steps
        await self.quiet()

    def sent(self, person: Person = ANA) -> list[Notice]:
        """Return the notices that were sent to a person."""
        return [notice for who, notice in self.messenger.sent if who == person]

    def asked(self, *names: str) -> list[str]:
        """Return the journal's lines of these calls."""
        return [line for line in self.journal if line.split()[0] in names]

    async def aclose(self) -> None:
        """End the run as a crash would, without finishing anything."""
        await self.monitor.stop_polling()
        while not self.feed.events.empty():
            self.feed.events.get_nowait()
        await self.monitor._tasks.drain(0)
        await self.poller.unread.aclose()
        await self.leaving.aclose()
        self.monitoring.cancel()
        await asyncio.gather(self.monitoring, return_exceptions=True)
        await self.background.drain(0)
