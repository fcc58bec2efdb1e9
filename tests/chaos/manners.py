"""The rows about notices that have no match: a pause's end, a declined round, and "still there?".

Each is due once for everybody to whom it applies, whatever is killed meanwhile. Nothing is due for
people who have quiet hours, or who were forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import update

from slackbot.domain.model import EventSlug, Person, SessionId, TeamId, UserId
from slackbot.domain.preferences import Preferences
from slackbot.domain.snoozes import Snooze
from slackbot.sandbox.slack import CannotDo
from slackbot.slack import manner_texts
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import AvailabilityRow, MatchRow
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import epoch_of

from .account import Account
from .bots import rng
from .stage import SESSION, Stage

SETTLE_SECONDS = 90.0
# Afterwards, for what would be sent twice or outside of its hours.
QUIET_SECONDS = 6.0
TITLE = "First Network Session"
ZONE = ZoneInfo("Europe/London")  # of the people of a stage
Change = Callable[[SqlStore, list[Person]], Awaitable[None]]


class Dues:
    """Who is due a notice with these words, and who has it."""

    def __init__(self, here: Stage, words: str, due: Iterable[str]) -> None:
        self._here, self._words, self.due = here, words, set(due)
        channels = {here.slack.workspace.dm(user).id: user for user in here.people.values()}
        self._channels = channels

    def sent(self) -> Counter[str]:
        """Count the messages to each person."""
        return Counter(
            self._channels[message.channel]
            for message in self._here.slack.workspace.messages
            if message.by_bot and message.channel in self._channels
            if self._words in [*message.earlier, message.content][0].text
        )

    async def verify(self) -> None:
        """Wait until everybody has it, and check that nobody has it twice or wrongly.

        Raises:
            AssertionError: Not everybody has it once, or somebody else has it.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while self.due - self.sent().keys():  # noqa: ASYNC110 - others send
                    await asyncio.sleep(0.2)
        await asyncio.sleep(QUIET_SECONDS)
        sent = self.sent()
        twice = sum(count - 1 for count in sent.values())
        wrong = len(sent.keys() - self.due)
        self._here.notes.append(
            f"{len(self.due)} due, {len(sent.keys() & self.due)} sent, {twice} twice, "
            f"{wrong} outside of their hours or after forgetting"
        )
        assert set(sent) == self.due, self._here.notes[-1]
        assert not twice, self._here.notes[-1]


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
    """Change what is stored while no bot runs. Return who is due the notice.

    Of every ten people, two have quiet hours and one is forgotten.
    """
    await asyncio.gather(*(bot.away() for bot in here.bots))
    users = list(here.people.values())
    quiet = {user for number, user in enumerate(users) if number % 10 in {3, 7}}
    forgotten = {user for number, user in enumerate(users) if number % 10 == 5}
    local = datetime.now(ZONE)
    begin, end = (
        (each.hour * 60 + each.minute)
        for each in (local - timedelta(hours=2), local + timedelta(hours=2))
    )
    async with store_of(here) as store:
        await change(store, [person(user) for user in users])
        for user in quiet:
            who = person(user)
            hours = {"quiet_from": begin, "quiet_to": end, "zone": ZONE.key}
            made = Preferences(person=who, person_epoch=epoch_of(who), **hours)  # type: ignore[arg-type]
            await store.preferences.save(made)
        for user in forgotten:
            await store.people.forget(person(user))
    for name in [name for name, user in here.people.items() if user in forgotten]:
        del here.people[name]
    for bot in here.bots:
        bot.back()
    return set(users) - quiet - forgotten


async def killed(here: Stage, times: int) -> None:
    """Kill processes at random while the notices are being sent."""
    for _ in range(times):
        bot = rng.choice(here.workers)
        await bot.ready()
        await asyncio.sleep(rng.uniform(0.2, 1.5))
        await bot.dies()
        here.kills += 1
    await asyncio.gather(*(bot.ready() for bot in here.bots))


async def snoozes_end(here: Stage, _: Account, times: int) -> None:
    """Pauses end while processes are killed: everybody is available again, and notified once."""

    async def pause(store: SqlStore, people: list[Person]) -> None:
        now = datetime.now(UTC)
        for who in people:
            await store.availabilities.end(who)
            snooze = Snooze(
                person=who,
                person_epoch=epoch_of(who),
                event=EventSlug("demo"),
                session_id=SessionId(SESSION),
                session_title=TITLE,
                asked_at=now,
                until=now + timedelta(seconds=rng.uniform(0.0, 15.0)),
            )
            await store.snoozes.add(snooze)

    dues = Dues(here, "as you asked", await prepare(here, pause))
    await killed(here, times)
    await dues.verify()


async def nobody_reacts(here: Stage, account: Account, times: int) -> None:
    """Two matches without a reaction, while processes are killed: asked once, then paused."""
    names = list(here.people)
    for one, other in zip(names[::2], names[1::2], strict=False):
        await here.platform.pair(one, other, SESSION)
    await here.quiet(account)

    async def wind_back(store: SqlStore, _: list[Person]) -> None:
        now = datetime.now(UTC)
        over = {"received_at": now - timedelta(minutes=30), "ends_at": now - timedelta(minutes=5)}
        since = {"since": now - timedelta(hours=1), "reacted_at": None}
        here_only = MatchRow.team_id == "T0DEMO"
        await store.database.execute(update(MatchRow).where(here_only).values(**over))
        of_team = AvailabilityRow.team_id == "T0DEMO"
        await store.database.execute(update(AvailabilityRow).where(of_team).values(**since))

    dues = Dues(here, "Still there?", await prepare(here, wind_back))
    await killed(here, times)
    await dues.verify()
    left = here.platform.networking.statuses
    there = [name for name in here.people if left.get((SESSION, name)) != "LEFT"]
    assert not there, f"{len(there)} people are still available"


async def rounds_declined(here: Stage, _: Account, times: int) -> None:
    """One of each two can't make it, while processes are killed: the other is notified once."""
    met: dict[str, str] = {}
    for pairing in here.platform.pairings:
        met |= dict(zip(pairing.sides, reversed(pairing.sides), strict=True))
    leaving = {name for name in here.people if name in met and name < met[name]}
    notified = set[str]()
    webs = cycle([bot for bot in here.bots if bot.role != "worker"])

    async def decline(name: str) -> None:
        """Press until the bot answers, as somebody would."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                user = here.slack.user(here.people[name], bot_url=next(webs).url)
                with contextlib.suppress(CannotDo, httpx.HTTPError):
                    for seen in await user.sees("You're matched with", where="dm"):
                        await user.clicks(seen, manner_texts.BUTTON_CANT)
                    seen = await user.waits_for("can't make it", where="dm", timeout=8)
                    if "paused until you say" in seen.text and "out of this round" not in seen.text:
                        notified.add(here.people[met[name]])
                    return
                await asyncio.sleep(0.5)

    killing = asyncio.create_task(killed(here, times))
    await asyncio.gather(*map(decline, sorted(leaving)))
    await killing
    await Dues(here, "can't make it this time", notified).verify()
    assert len(notified) == len(leaving), (
        f"{len(notified)} of {len(leaving)} partners were notified"
    )
