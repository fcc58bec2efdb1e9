"""Attendees with plans and tempers of their own, drawn from a seed.

Everything that somebody does is drawn from the seed and who they are, or whom they met. So what one
person does changes nothing that others draw.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretStr

from slackbot.aio.deadline import Deadline
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Epoch, Match, Person, SessionId, UserId
from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.domain.text import digest
from slackbot.services.declines import NoRound
from tests.harness.fakes import link

from .bot import TEAM, DayBot, DayFeed, DayMessenger
from .journal import Act, Answer, Journal, Setting
from .loop import VirtualClock
from .platform import DayPlatform, Profile
from .programme import Slot

COMMAND_SECONDS: Final = 25.0
ZONES: Final = (
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles",
    "America/Sao_Paulo", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney",
)  # fmt: skip
LEADS: Final = (0, 1, 5, 10, 10, 10, 10, 15, 30, 60, 120)  # minutes
TITLES: Final = ("CTO", "Engineer", "Founder", "Designer", "Investor")
COMPANIES: Final = ("Northwind", "Loom", "Weft", "Contoso", "Fabrikam")
# How likely people react to a match.
TEMPERS: Final = (0.0, 0.0, 0.3, 0.6, 0.95, 0.95, 1.0)
# A yes is left unsaid by these people about these partners.
Unsaid = Collection[tuple[Person, Person]]


@dataclass(frozen=True)
class Day:
    """The surroundings of attendees."""

    seed: int
    begin: datetime
    end: datetime
    clock: VirtualClock
    bot: DayBot
    platform: DayPlatform
    feed: DayFeed
    messenger: DayMessenger
    journal: Journal
    unsaid: Unsaid


class Attendee:
    """A person with a plan for the day."""

    def __init__(self, day: Day, number: int) -> None:
        self.day, self.person = day, Person(TEAM, UserId(f"UA{number:05d}"))
        self.rng = random.Random(f"{day.seed} {number}")
        account = 5000 + number
        name = f"Guest {number:05d}"
        title, company = self.rng.choice(TITLES), self.rng.choice(COMPANIES)
        self.profile = Profile(account, name, title, company)
        self.temper = self.rng.choice(TEMPERS)
        self.setting = Setting(zone=self.rng.choice(ZONES))
        self.lives = 0  # how often they have connected
        self.expires_at: datetime | None = None
        if self.rng.random() < 0.03:
            self.expires_at = self._some_time()
            day.journal.expires[self.person] = self.expires_at
        day.platform.profiles[account] = self.profile
        day.platform.people[account] = self.person
        day.journal.profiles[self.person] = self.profile

    # --- the day ---------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Connect, set what is wanted, and start what the plan says."""
        await self.connect()
        if self.rng.random() < 0.6:
            await self._set(self._drawn_setting())
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            self._at(self._some_time(), self._change_setting)
        for _ in range(self.rng.choice((0, 1, 3))):
            self._at(self._some_time(), self.look)
        for _ in range(self.rng.choice((0, 0, 0, 1, 2))):
            seconds = self.rng.uniform(5, 240)
            self._at(self._some_time(), lambda s=seconds: self.day.feed.outage(self.person, s))
        if self.rng.random() < 0.05:
            self._at(self._some_time(), self.erase)
        slots = list(self.day.platform.slots.values())
        for slot in self.rng.sample(slots, min(len(slots), self.rng.randint(1, 6))):
            self._plan(slot)

    def _some_time(self) -> datetime:
        return self.day.begin + self.rng.random() * (self.day.end - self.day.begin)

    def _at(self, at: datetime, do: Callable[[], Awaitable[object]]) -> None:
        async def later() -> None:
            await self.day.clock.until(at)
            await do()

        self.day.bot.background.start(later(), "attendee")

    def _plan(self, slot: Slot) -> None:
        rng, number, first = self.rng, slot.id, slot.announced[0]
        before = self.day.begin + rng.random() * (first.starts_at - self.day.begin)
        account = self.profile.account

        async def in_hub(joined: bool) -> None:
            self.day.platform.register(account, number, joined)

        how = rng.random()
        if how < 0.2:
            self.day.platform.register(account, number, True)
        elif how < 0.4:
            self._at(before, lambda: in_hub(True))
        elif how < 0.75:
            self._at(before, lambda: self.join(number))
        if rng.random() < 0.1:
            self._at(self._between(before, first.starts_at), lambda: in_hub(False))
        if rng.random() < 0.15:
            self._at(self._between(before, first.starts_at), lambda: self.remind(number))
        if rng.random() < 0.1:
            self._at(self._between(before, first.starts_at), lambda: self.forget(number))
        if rng.random() < 0.65:
            self._attend(slot)

    def _between(self, one: datetime, other: datetime) -> datetime:
        return one + self.rng.random() * (other - one)

    def _attend(self, slot: Slot) -> None:
        """Be available in a session once it has begun, as its last announcement says."""
        held = [times for times in slot.announced if not times.is_cancelled][-1]
        at = self._between(held.starts_at, held.starts_at + (held.ends_at - held.starts_at) * 0.6)
        self._at(at, lambda: self.available(slot.id))
        later, rng = self._between(at, held.ends_at), self.rng
        how = rng.random()
        if how < 0.15:
            self._at(later, self.pause)
        elif how < 0.3:
            minutes = rng.randint(2, 25)
            self._at(later, lambda: self.snooze(minutes))

    # --- what people do in Slack -----------------------------------------------------------------

    async def _do(
        self,
        name: str,
        work: Callable[[], Awaitable[object]],
        session: SessionId | None = None,
        until: datetime | None = None,
        setting: Setting | None = None,
    ) -> object:
        """Do something as a command does: it is a reaction, and has a deadline."""
        done, answer = True, None
        self.day.bot.reactions.add(self.person)
        at = self.day.clock.now()
        try:
            with Deadline(self.day.clock, COMMAND_SECONDS):
                answer = await work()
        except (SlackbotError, NoRound):
            done = False
        except Exception as error:
            self.day.journal.failures.append(f"{name}: {error!r}")
            raise
        self.day.journal.acts.append(
            Act(at, self.person, name, session, done and answer is not None, until, setting)
        )
        return answer

    async def connect(self) -> None:
        """Connect the account. Each time, the person begins with nothing stored."""
        at, self.lives = self.day.clock.now(), self.lives + 1
        epoch = Epoch(digest(f"{self.day.seed} {self.person.user} {self.lives}")[:16])
        made = replace(
            link(self.person),
            person_epoch=epoch,
            linked_at=at,
            token=SecretStr(f"token-{self.profile.account}"),
            account_id=self.profile.account,
            account_name=self.profile.name,
            credential_digest=digest(f"{self.profile.account} {self.lives}")[:64],
            expires_at=self.expires_at,
        )

        async def save() -> bool:
            store = self.day.bot.store
            await store.people.enter_workspace(TEAM, at)
            await store.people.enter(self.person, epoch, at)
            await store.links.save(made)
            return True

        await self._do("connect", save, setting=Setting())

    async def erase(self) -> None:
        """Erase everything; some people connect again later."""
        await self._do("erase", lambda: self.day.bot.accounts.disconnect(self.person))
        if self.rng.random() < 0.5:
            await self.day.clock.sleep(self.rng.uniform(120, 3600))
            await self.connect()

    async def look(self) -> None:
        """Press or type something that changes nothing, and see whom they can be asked about."""
        offers = await self._do("look", lambda: self.day.bot.contacts.offers(self.person))
        if isinstance(offers, list):
            names = sorted(match.partner.name for match in offers)
            self.day.journal.seen[self.person].append(f"{self.day.clock.now()} {names}")

    async def join(self, number: SessionId) -> None:
        """Join a session."""
        join = self.day.bot.sessions.join
        await self._do("join", lambda: join(self.person, str(number)), number)

    async def remind(self, number: SessionId) -> None:
        """Ask for a reminder of a session."""
        bot = self.day.bot

        async def ask() -> object:
            link = await bot.accounts.link(self.person)
            return await bot.reminders.ask(link, await bot.sessions.find(link, str(number)))

        await self._do("remind", ask, number)

    async def forget(self, number: SessionId) -> None:
        """Ask for no reminder of a session."""
        bot = self.day.bot

        async def cancel() -> object:
            return await bot.reminders.cancel(await bot.accounts.link(self.person), number)

        await self._do("forget", cancel, number)

    async def available(self, number: SessionId) -> None:
        """Become available in a session."""
        start = self.day.bot.availabilities.start
        await self._do("available", lambda: start(self.person, str(number)), number)

    async def pause(self) -> None:
        """Pause."""
        await self._do("pause", lambda: self.day.bot.availabilities.pause(self.person))

    async def snooze(self, minutes: int) -> None:
        """Pause for a while."""
        until = self.day.clock.now() + timedelta(minutes=minutes)

        async def pause() -> object:
            status = await self.day.bot.availabilities.pause(self.person, until=until)
            return status.snooze  # None if they were in no session

        await self._do("snooze", pause, until=until)

    # --- settings --------------------------------------------------------------------------------

    def _drawn_setting(self) -> Setting:
        rng, quiet = self.rng, None
        if rng.random() < 0.6:
            begin = rng.randrange(0, 24 * 60, 15)
            quiet = begin, (begin + rng.choice((30, 120, 480, 720, 1425))) % (24 * 60)
        off = frozenset(kind.value for kind in NoticeKind if rng.random() < 0.08)
        return Setting(self.setting.zone, rng.choice(LEADS), quiet, off)

    async def _change_setting(self) -> None:
        await self._set(self._drawn_setting())

    async def _set(self, setting: Setting) -> None:
        bot = self.day.bot

        async def save() -> object:
            begin, end = setting.quiet or (None, None)
            muted = frozenset(NoticeKind(kind) for kind in setting.off)
            known = await bot.preferences.get(self.person)
            # Slack gives the zone, which is stored with what they set.
            await bot.store.preferences.save(replace(known, zone=setting.zone))
            changed: Preferences = await bot.preferences.change(
                self.person,
                quiet_from=begin,
                quiet_to=end,
                muted=muted,
                reminder_minutes=setting.reminder_minutes,
            )
            return changed

        await self._do("set", save, setting=setting)

    # --- matches ---------------------------------------------------------------------------------

    def read(self, match: Match) -> None:
        """React to the message of a match, or not."""
        rng = random.Random(
            f"{self.day.seed} {self.person.user} {match.partner_key} {match.ordinal}"
        )
        if rng.random() < self.temper:
            self.day.bot.background.start(self._react(match, rng), "attendee")

    async def _react(self, match: Match, rng: random.Random) -> None:
        bot, clock = self.day.bot, self.day.clock
        ends_at = match.ends_at or match.received_at + timedelta(minutes=5)
        await clock.sleep(rng.uniform(3, 100))
        how = rng.random()
        if how < 0.4:
            await self.look()
        elif how < 0.5:
            await self._do("decline", lambda: bot.declines.decline(self.person), match.session_id)
            if rng.random() < 0.3:
                await clock.sleep(rng.uniform(5, 60))
                await self._do(
                    "take_back", lambda: bot.declines.take_back(self.person), match.session_id
                )
        elif how < 0.6:
            await self.pause()
        elif how < 0.67:
            await self.snooze(rng.randint(2, 20))
        await clock.until(ends_at + timedelta(seconds=rng.uniform(2, 120)))
        await self._answer(match, rng)
        if rng.random() < 0.05:
            await self._do("report", lambda: bot.contacts.report(self.person, match.id, "Rude."))
        if how < 0.4 and rng.random() < 0.8:
            await self.available(match.session_id)

    async def _answer(self, match: Match, rng: random.Random) -> None:
        """Say yes or no to swapping contacts, or nothing."""
        bot, how = self.day.bot, rng.random()
        partner = self.day.platform.people[match.partner.account_id or 0]
        if how > 0.65:
            return
        wanted = how < 0.45
        if wanted and (self.person, partner) in self.day.unsaid:
            await self.look()
            return
        answer = await self._do(
            "swap", lambda: bot.contacts.answer(self.person, match.id, wanted=wanted)
        )
        if isinstance(answer, tuple):
            at = self.day.clock.now()
            self.day.journal.answers.append(
                Answer(at, self.person, partner, wanted, match.id, answer[1])
            )


async def play(day: Day, people: int) -> None:
    """Let these people begin their day, and live it until its end."""
    attendees = [Attendee(day, number) for number in range(people)]
    by_person = {each.person: each for each in attendees}
    day.messenger.on_match = lambda person, match: by_person[person].read(match)
    for attendee in attendees:
        await attendee.begin()
    with suppress(asyncio.CancelledError):
        await day.clock.until(day.end)
