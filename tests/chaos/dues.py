"""Who is due a notice that has no match, and whether each has it once, whatever is killed.

Nothing is due for people who were forgotten, nor in quiet hours.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle, islice
from zoneinfo import ZoneInfo

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.domain.preferences import Preferences
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import epoch_of

from .account import Figures
from .at_slack import lurking
from .bots import rng
from .stage import Stage

SETTLE_SECONDS = 120.0
# Afterwards, for what would be sent twice or outside of its hours.
QUIET_SECONDS = 6.0
# For the next post. One that may have been sent is searched for after three.
POST_SECONDS = 10.0
# Of a post: once Slack took it, as it arrives, and when it is lost.
MOMENTS = ("taken", "arrived", "lost")
ZONE = ZoneInfo("Europe/London")  # of the people of a stage
Change = Callable[[SqlStore, list[Person]], Awaitable[None]]


class NotAsDue(AssertionError):
    """Not everybody has their notice once, or somebody else has it."""

    def __init__(self, words: str, figures: Figures) -> None:
        super().__init__(words)
        self.figures = figures


class Dues:
    """Who is due a notice with these words, and who has it."""

    def __init__(self, here: Stage, words: str, due: Iterable[str]) -> None:
        self.here, self._words, self.due = here, words, set(due)
        channels = {here.slack.workspace.dm(user).id: user for user in here.people.values()}
        self._channels = channels

    def sent(self) -> Counter[str]:
        """Count the messages to each person."""
        return Counter(
            self._channels[message.channel]
            for message in self.here.slack.workspace.messages
            if message.by_bot and message.channel in self._channels
            if self._words in [*message.earlier, message.content][0].text
        )

    async def verify(self) -> None:
        """Wait until everybody has it, and check that nobody has it twice or wrongly.

        Raises:
            NotAsDue: Not everybody has it once, or somebody else has it.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while self.due - self.sent().keys():  # noqa: ASYNC110 - others send
                    await asyncio.sleep(0.2)
        await asyncio.sleep(QUIET_SECONDS)
        sent = self.sent()
        reached, wrong = len(sent.keys() & self.due), len(sent.keys() - self.due)
        twice = sum(count - 1 for count in sent.values())
        self.here.notes.append(
            f"{len(self.due)} due, {reached} sent, {twice} twice, "
            f"{wrong} outside of their hours or after forgetting"
        )
        if twice or set(sent) != self.due:
            figures = Figures(len(self.due), reached, twice, 0, 0.0, 0.0, 0)
            raise NotAsDue(self.here.notes[-1], figures)


def person(user: str) -> Person:
    return Person(TeamId("T0DEMO"), UserId(user))


@asynccontextmanager
async def store_of(here: Stage) -> AsyncIterator[SqlStore]:
    """Open the store beside the bots, which must be away on SQLite."""
    database = Database(DatabaseUrl.parse(here.database))
    try:
        yield SqlStore(database, Cipher([bytes(32)]))
    finally:
        await database.aclose()


async def prepare(here: Stage, change: Change) -> set[str]:
    """Change what is stored while no bot runs. Return who may be due the notice.

    Of every ten people, two have quiet hours and one is forgotten.
    """
    await asyncio.gather(*(bot.away() for bot in here.bots))
    users = list(here.people.values())
    quiet = set(one_in_ten(users, 3, 7))
    forgotten = set(one_in_ten(users, 5))
    local = datetime.now(ZONE)
    begin, end = (
        (each.hour * 60 + each.minute)
        for each in (local - timedelta(hours=2), local + timedelta(hours=2))
    )
    async with store_of(here) as store:
        await change(store, [person(user) for user in users])
        for user in quiet:
            await prefer(store, user, quiet_from=begin, quiet_to=end, zone=ZONE.key)
        for user in forgotten:
            await store.people.forget(person(user))
    for name in [name for name, user in here.people.items() if user in forgotten]:
        del here.people[name]
    for bot in here.bots:
        bot.back()
    return set(users) - quiet - forgotten


def one_in_ten(users: Iterable[str], *numbers: int) -> list[str]:
    """Return the people with these numbers of each ten."""
    return [user for number, user in enumerate(users) if number % 10 in numbers]


async def prefer(store: SqlStore, user: str, **changes: object) -> None:
    """Change what the person has set."""
    who = person(user)
    known = await store.preferences.get(who)
    known = known or Preferences(person=who, person_epoch=epoch_of(who))
    await store.preferences.save(replace(known, **changes))  # type: ignore[arg-type]


async def killed(here: Stage, times: int) -> None:
    """Kill who posts, as long as there is something to post, and then processes at random."""
    for moment in islice(cycle(MOMENTS), times):
        with lurking(here, moment) as assassin:
            await _all_ready(here)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POST_SECONDS):
                    while not assassin.pids:  # noqa: ASYNC110 - a hook kills
                        await asyncio.sleep(0.01)
        if not assassin.pids:
            break
        here.kills += 1
    for _ in range(times):
        bot = rng.choice(here.workers)
        await bot.ready()
        await asyncio.sleep(rng.uniform(0.2, 1.5))
        await bot.dies()
        here.kills += 1
    await _all_ready(here)


async def _all_ready(here: Stage) -> None:
    await asyncio.gather(*(bot.ready() for bot in here.bots))
