"""Plays the story from the first process started to the last one stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from slackbot.sandbox.chime import missing_requirement
from slackbot.sandbox.slack import CannotDo
from slackbot.sandbox.story import bot, mishaps, mission
from slackbot.sandbox.story.bot import BotError
from slackbot.sandbox.story.hops import Hops
from slackbot.sandbox.story.keeping import connected_again, guidance
from slackbot.sandbox.story.mission import Cast
from slackbot.sandbox.story.player import Player
from slackbot.sandbox.story.screen import Screen
from slackbot.sandbox.story.stage import Stage, staged

PATIENCE = 8.0


async def play(
    *,
    keep: bool,
    bot_command: Sequence[str] = bot.COMMAND,
    patience: float = PATIENCE,
    no_page: str = "",
) -> int:
    """Start everything, play the story, draw it, stop everything; gives the exit status.

    With `keep` people can meet in the bot's own call page, unless `no_page` says why it has none.

    0: every step happened, and with `keep` somebody has ended it afterwards. 1: a step did not
    happen in `patience` seconds, or the bot died. 128 and the signal's number: interrupted.
    """
    no_calls = no_page or missing_requirement()
    performance = _Performance(
        keep=keep, bot_command=bot_command, patience=patience, no_calls=no_calls
    )
    with _stopping() as stopped:
        playing = asyncio.create_task(performance.run())
        await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
            return 0 if performance.told else 128 + stopped.result()
        return await playing


@contextmanager
def _stopping() -> Iterator[asyncio.Future[int]]:
    """A future that has the number of the first signal to stop."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if not stopped.done():
            stopped.set_result(number)

    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # What is ignored, as under nohup, stays ignored.
    heard = [number for number in ending if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        loop.add_signal_handler(number, stop, number)
    try:
        yield stopped
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


class _Performance:
    """One evening: `told` once the whole story has been."""

    def __init__(
        self, *, keep: bool, bot_command: Sequence[str], patience: float, no_calls: str
    ) -> None:
        self.told = False
        self._no_calls = no_calls
        self._keep = keep
        self._bot_command = bot_command
        self._patience = patience
        self._screen = Screen()

    async def run(self) -> int:
        """The exit status."""
        # The story itself is the same everywhere: without calls, which need what not all have.
        calls = self._keep and not self._no_calls
        async with staged(self._bot_command, calls=calls) as stage:
            try:
                await stage.bot.ready()
                await stage.bot.outlives(self._tell(stage))
                if self._keep:
                    await stage.bot.outlives(connected_again(stage))
                    self._screen.plain(guidance(stage, self._no_calls))
                    await stage.bot.outlives(_for_ever())
            except (BotError, CannotDo) as failure:
                self._screen.failed(str(failure), stage.bot.last_lines())
                return 1
        return 0

    async def _tell(self, stage: Stage) -> None:
        cast = _cast(stage, self._screen, self._patience)
        self._screen.opening()
        listed = await mission.ada_connects(cast)
        await mission.ada_waits(cast, listed)
        await mission.priya_connects(cast)
        told_ada, told_priya = await mission.they_are_matched(cast)
        await mission.after_the_talk(cast, told_ada, told_priya)
        await mishaps.five_refusals(cast)
        await mishaps.a_match_is_missed(cast)
        await mishaps.the_token_expires(cast)
        await mission.goodbye(cast)
        _nothing_lost(stage)
        self._screen.chapter("How long it took")
        self._screen.hops(cast.hops.rows())
        self._screen.done()
        self.told = True


def _cast(stage: Stage, screen: Screen, patience: float) -> Cast:
    hops = Hops()
    ada, priya = (
        Player(stage.slack.user(name), screen, hops, patience) for name in ("ada", "priya")
    )
    return Cast(stage, screen, hops, ada, priya)


def _nothing_lost(stage: Stage) -> None:
    """Slack drops some things without a word to the app: there should have been none."""
    lost = [f"{problem.what}: {problem.detail}" for problem in stage.slack.problems]
    if lost:
        raise CannotDo("\n".join(["Slack would have dropped something in silence", *lost]))


async def _for_ever() -> None:
    await asyncio.Event().wait()
