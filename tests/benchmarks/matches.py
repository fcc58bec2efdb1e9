"""From a match to its direct message: the bot on each database beside one that stores nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .load import Round, WrongAnswerError, summary
from .processes import peer
from .stage import POSTGRESQL, SESSION, SQLITE, Stage

DIRECT = "without persistence"
# On each side, in turn, so that nobody's history grows beyond that of a long event.
PEOPLE = 24
GUESTS = 7
# Between one message and the next match: everybody's turn comes after more than a second, since
# Slack takes one message a second in a conversation.
PAUSE_SECONDS = 0.05
LOST_SECONDS = 5.0

People = dict[str, list[str]]


@asynccontextmanager
async def audience(stage: Stage) -> AsyncIterator[People]:
    """People who are connected through the bot, as many who are without it, and guests."""
    people = {side: _people(stage, side) for side in (SQLITE, POSTGRESQL, DIRECT)}
    for number in range(GUESTS):
        stage.arrives(f"guest{number}", f"Guest Number {number}")
    # The platform pairs those who are available two by two: everybody's first message.
    for side in (SQLITE, POSTGRESQL):
        for name in people[side]:
            await stage.link(name, side)
            await stage.available(name, side)
        for name in people[side]:
            await stage.person(name).waits_for("You're matched with", where="dm", timeout=15)
    workspace = stage.slack.workspace
    given = [
        {"token": stage.platform.token_for(name), "channel": workspace.dm(_id(stage, name)).id}
        for name in people[DIRECT]
    ]
    async with peer(
        stage.folder,
        "direct",
        api_url=stage.api_url,
        token=stage.slack.token,
        platform_url=stage.platform_url,
        people=given,
    ):
        yield people


def _people(stage: Stage, side: str) -> list[str]:
    stem = side.partition(" ")[0].lower()
    names = [f"{stem}{number}" for number in range(PEOPLE)]
    for number, name in enumerate(names):
        stage.arrives(name, f"{stem.title()} Person {number}")
    return names


def _id(stage: Stage, name: str) -> str:
    return stage.slack.workspace.named(name).id


async def match_round(stage: Stage, names: list[str], matches: int) -> Round:
    """Make so many matches, one at a time; each must be sent once, to the right person.

    The time is from the event's leaving Accelevents to the post's arrival at Slack.
    """
    before = len(stage.slack.calls)
    began, times = time.monotonic(), []
    for number in range(matches):
        guest = f"guest{number % GUESTS}"
        await stage.platform.pair(names[number % len(names)], guest, SESSION)
        try:
            arrived = await asyncio.wait_for(stage.posts.arrived.get(), LOST_SECONDS)
        except TimeoutError:
            raise WrongAnswerError(f"match {number} was never sent") from None
        times.append(arrived - stage.platform.sent[-2].at)  # the last is the guest's
        await asyncio.sleep(PAUSE_SECONDS)
    seconds = time.monotonic() - began
    _check(stage, before, [names[number % len(names)] for number in range(matches)])
    return summary(times, seconds)


def _check(stage: Stage, before: int, sent: list[str]) -> None:
    posts = [call for call in stage.slack.calls[before:] if call.method == "chat.postMessage"]
    expected = [stage.slack.workspace.dm(_id(stage, name)).id for name in sent]
    if not all(post.ok for post in posts) or [p.args["channel"] for p in posts] != expected:
        raise WrongAnswerError("a match was sent twice, wrongly or not at all")


def forget_arrivals(stage: Stage) -> None:
    """Drop what arrived before the first round."""
    while not stage.posts.arrived.empty():
        stage.posts.arrived.get_nowait()
