"""The bot of a day: the services on the real store, with their periodic work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from slackbot.domain.model import Match, MatchReport, Person
from slackbot.domain.notices import MatchFound, Notice
from slackbot.domain.ports import Posted
from slackbot.services.login_expiry import LoginExpiry
from slackbot.services.recaps import Recaps
from slackbot.services.reminders import Reminders
from slackbot.services.scheduler import Scheduler
from slackbot.services.session_ends import SessionEnds
from slackbot.storage.store import SqlStore
from tests.harness.fakes import ADMIN, FakeFeed, FakeMessenger, FakeShared
from tests.harness.services import Harness, Outside

from .journal import Journal, Sent
from .loop import VirtualClock

TEAM = ADMIN.team


class DayFeed(FakeFeed):
    """A feed that is down for some people for a while. What is sent meanwhile is lost."""

    def __init__(self, clock: Any, journal: list[str]) -> None:
        super().__init__(clock, journal)
        self.out = set[Person]()

    def up(self, person: Person) -> None:
        if person not in self.out:
            super().up(person)

    def hear(self, person: Person, report: MatchReport) -> None:
        health = self.health(person)
        if health is not None and health.connected:
            self.send(person, report)

    async def outage(self, person: Person, seconds: float) -> None:
        """Keep the person's feed down for this time."""
        self.out.add(person)
        if person in self.links:
            self.down(person)
        await self.clock.sleep(seconds)
        self.out.discard(person)
        if person in self.links:
            self.up(person)


class DayMessenger(FakeMessenger):
    """A messenger that tells people of their matches. Timestamps are counted by the person."""

    def __init__(self, clock: VirtualClock, journal: Journal) -> None:
        super().__init__([])
        self.clock, self.day = clock, journal
        self.counts: dict[Person, int] = {}
        self.on_match: Callable[[Person, Match], None] | None = None

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        self.day.sent.append(Sent(self.clock.now(), person, notice, key))
        self.counts[person] = self.counts.get(person, 0) + 1
        posted = Posted(f"D-{person.user}", f"{self.counts[person]}.0")
        found = isinstance(notice, MatchFound)
        self.keys[person, notice.match.id if found else key] = posted
        if found:
            self.received[posted] = notice.match.received_at
            if self.on_match is not None:
                self.on_match(person, notice.match)
        return posted

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Show the edited message, which rings nobody."""
        self.day.seen[person].append(f"{self.clock.now()} {notice}")


class DayShared(FakeShared):
    """Shared conversations, whose messages ring both people."""

    def __init__(self, clock: VirtualClock, journal: Journal) -> None:
        super().__init__([])
        self.clock, self.day = clock, journal
        self.people: dict[str, Sequence[Person]] = {}

    async def open(self, people: Sequence[Person]) -> str:
        channel = await super().open(people)
        self.people[channel] = people
        return channel

    async def post(self, person: Person, channel: str, notice: Notice) -> None:
        await super().post(person, channel, notice)
        at = self.clock.now()
        self.day.sent += [Sent(at, each, notice, channel) for each in self.people[channel]]


@dataclass(frozen=True)
class Parts:
    """Periodic work that a day can do without, to show what it is for."""

    pauses: bool = True  # of those who do not react
    ends: bool = True  # of sessions that are cut short or cancelled
    quiet_hours: bool = True


class DayBot(Harness):
    """The services, and their periodic work as `slackbot.bootstrap.app` starts it.

    That goes by a clock of its own, whose `ticks` may be coarser.
    """

    def __init__(self, outside: Outside, parts: Parts, ticks: VirtualClock) -> None:
        super().__init__(outside)
        self.leaving.clock = self.reactions.clock = self.snoozing.clock = ticks
        shared: dict[str, Any] = {
            "store": self.store,
            "platform": self.platform,
            "delivery": self.delivery,
            "clock": ticks,
            "preferences": self.preferences,
        }
        self.reminders = Reminders(files=self.files, **shared)
        self.recaps = Recaps(matches=self.matches, **shared)
        self.login_expiry = LoginExpiry(self.store, self.platform, self.delivery, ticks)
        self.scheduler = Scheduler(
            store=self.store,
            matches=self.matches,
            contacts=self.contacts,
            delivery=self.delivery,
            clock=ticks,
            changes=self.changes,
        )
        self.notices.review = self.reminders.review
        if not parts.quiet_hours:
            self.notices.preferences = None
        work = [
            self.scheduler.run(TEAM),
            self.leaving.run(TEAM),
            self.snoozing.run(TEAM),
            self.reactions.run(),
            self.login_expiry.run(TEAM),
            *([SessionEnds(self.store, self.platform, ticks).run(TEAM)] if parts.ends else []),
            self.reminders.run(TEAM),
            self.recaps.run(TEAM),
        ]
        if parts.pauses:
            work.append(self.reactions.run_pauses(TEAM))
        self.periodic = [asyncio.create_task(each) for each in work]

    async def aclose(self) -> None:
        for task in self.periodic:
            task.cancel()
        await asyncio.gather(*self.periodic, return_exceptions=True)
        await super().aclose()


async def read_tables(store: SqlStore) -> dict[str, list[dict[str, object]]]:
    """Return all rows, by table, as the database holds them."""

    def work(connection: Connection) -> dict[str, list[dict[str, object]]]:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        return {
            name: [
                dict(row) for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()
            ]
            for name in names.scalars().all()
        }

    return await store.database.reading(work)
