"""The row about swapping contacts: two yeses are followed by one message, a single one by none."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from itertools import cycle

import httpx

from slackbot.domain.model import Person
from slackbot.sandbox.slack import CannotDo, ScreenItem, User
from slackbot.slack import contact_texts
from slackbot.storage.store import SqlStore

from .account import Account
from .bots import Bot, rng
from .dues import Dues, killed, one_in_ten, prepare
from .stage import Stage

NEWS = "both said yes"
ASKED = "is in this Slack too"
# What ends somebody's attempts to say yes: it is noted, or there is nobody left to ask about.
ANSWERED = ("If it's mutual", "can't swap contacts", "nobody to ask about")
# Of each five pairs, the one in which only one says yes.
ONE_SIDED = 4
SECONDS_PER_KILL = 3.0  # over which people answer
# For the answer to a press. One process that is killed again and again answers nobody meanwhile.
ANSWER_SECONDS = 300.0


class Swaps(Dues):
    """Who is due the news that both want to swap contacts."""

    def sent(self) -> Counter[str]:
        """Count what each person has, in the shared conversation or apart.

        If a process dies while it posts, somebody may have one of each, but none of them twice.
        """
        return self.shared() | super().sent()

    def shared(self) -> Counter[str]:
        """Count the messages in the conversations that each person shares with another one."""
        workspace = self.here.slack.workspace
        return Counter(
            user
            for message in workspace.messages
            if message.by_bot and workspace.channels[message.channel].name.startswith("mpdm-")
            for user in workspace.channels[message.channel].members - {workspace.bot_user_id}
        )


async def swapped(here: Stage, _: Account, times: int) -> None:
    """Partners say yes while processes are killed: each two get the news once, others nothing.

    Some have said yes and are forgotten, some have quiet hours, and of some only one says yes.
    """
    users, partner_of = list(here.people.values()), _partners(here)
    leaving = [user for user in one_in_ten(users, 5) if user in partner_of]
    webs = cycle([bot for bot in here.bots if bot.role != "worker"])
    await asyncio.gather(*(_say_yes(here, user, webs) for user in leaving))

    async def change_nothing(_store: SqlStore, _people: list[Person]) -> None:
        """Forget those who have said yes, and set the quiet hours."""

    may_be_due = await prepare(here, change_nothing)
    there = set(here.people.values()) & partner_of.keys()
    pairs = sorted((one, other) for one, other in partner_of.items() if one < other)
    silent = there & {other for _, other in pairs[ONE_SIDED::5]}
    willing = there & may_be_due - silent
    due = {user for user in willing if partner_of[user] in willing}
    before = {user: _visible(here, user) for user in silent}

    async def answer(user: str) -> None:
        await asyncio.sleep(rng.uniform(0.0, times * SECONDS_PER_KILL))
        await _say_yes(here, user, webs)

    killing = asyncio.create_task(killed(here, times))
    await asyncio.gather(*map(answer, sorted(there - silent)))
    await killing
    swaps = Swaps(here, NEWS, due)
    await swaps.verify()
    apart = len(due - swaps.shared().keys())
    here.notes.append(f"{apart} apart, {len(silent)} did not hear of a single yes")
    noticed = [user for user in silent if _visible(here, user) != before[user]]
    assert not noticed, f"{len(noticed)} people were shown a trace of a single yes"
    for user in silent:
        asked = await _ask(here.slack.user(user, bot_url=next(webs).url))
        assert (ASKED in asked.text) == (partner_of[user] in there), asked.text


def _partners(here: Stage) -> dict[str, str]:
    """Return whom each person has met, by their ids in Slack, if that is one person only."""
    pairs = [[here.people[name] for name in pairing.sides] for pairing in here.platform.pairings]
    times = Counter(user for pair in pairs for user in pair)
    once = [pair for pair in pairs if all(times[user] == 1 for user in pair)]
    return {one: other for pair in once for one, other in (pair, reversed(pair))}


def _visible(here: Stage, user: str) -> list[tuple[str, int]]:
    return [(each.ts, each.changed) for each in here.slack.workspace.visible(user)]


async def _say_yes(here: Stage, user_id: str, webs: Iterator[Bot]) -> None:
    """Ask and press until the bot answers, as somebody would."""
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            user = here.slack.user(user_id, bot_url=next(webs).url)
            with contextlib.suppress(CannotDo, httpx.HTTPError):
                seen = await _ask(user)
                if ASKED in seen.text:
                    await user.clicks(seen, contact_texts.BUTTON_SWAP)
                    seen = await user.waits_for(_is_final, since=seen.changed, timeout=8)
                if _is_final(seen):
                    return
            await asyncio.sleep(0.5)


async def _ask(user: User) -> ScreenItem:
    before = user.now
    await user.types("/networking swap")
    return await user.waits_for(
        lambda seen: seen.kind == "ephemeral", where="#general", since=before, timeout=8
    )


def _is_final(seen: ScreenItem) -> bool:
    return any(answer in seen.text for answer in ANSWERED)
