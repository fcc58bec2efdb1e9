"""The rows about being available: a pause's end, a declined round, and "still there?".

Each is due once for everybody to whom it applies, whatever is killed meanwhile. Nothing is due for
people who have quiet hours, or who were forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from itertools import cycle

import httpx
from sqlalchemy import update

from slackbot.domain.model import EventSlug, Person, SessionId
from slackbot.domain.snoozes import Snooze
from slackbot.sandbox.slack import CannotDo
from slackbot.slack import manner_texts
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import AvailabilityRow, MatchRow
from tests.harness.fakes import epoch_of

from .account import Account
from .bots import rng
from .dues import SETTLE_SECONDS, Dues, killed, prepare
from .stage import SESSION, Stage

TITLE = "First Network Session"


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
