"""Run the demo, from the first process started to the last one stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from slackbot.sandbox.chime import missing_requirement
from slackbot.sandbox.slack import CannotDo
from slackbot.sandbox.story import bot_process, fault_demo, manners_demo, match_demo, memory_demo
from slackbot.sandbox.story.bot_process import BotError
from slackbot.sandbox.story.environment import Environment, demo_environment
from slackbot.sandbox.story.keep_running import guidance, reconnect_ada
from slackbot.sandbox.story.match_demo import Demo
from slackbot.sandbox.story.player import Player
from slackbot.sandbox.story.terminal import Terminal
from slackbot.sandbox.story.timings import Timings

PATIENCE = 8.0  # seconds for a step


async def play(
    *,
    keep: bool,
    bot_command: Sequence[str] = bot_process.COMMAND,
    patience: float = PATIENCE,
    no_page: str = "",
) -> int:
    """Start everything, run the demo, stop everything; return the exit status.

    With `keep` everything keeps running, and people can meet on the bot's own call page unless
    `no_page` gives a reason that there is none.

    The status is 0 if every step happened, 1 if one did not within `patience` seconds or the bot
    exited, 128 plus the signal's number if interrupted before the end.
    """
    no_calls = no_page or missing_requirement()
    runner = _Runner(keep=keep, bot_command=bot_command, patience=patience, no_calls=no_calls)
    with stop_signals() as stopped:
        running = asyncio.create_task(runner.run())
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            return 0 if runner.finished else 128 + stopped.result()
        return await running


@contextmanager
def stop_signals() -> Iterator[asyncio.Future[int]]:
    """Yield a future of the number of the first signal to stop."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if not stopped.done():
            stopped.set_result(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # Ignored signals stay ignored, as under nohup.
    handled = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    for number in handled:
        loop.add_signal_handler(number, stop, number)
    try:
        yield stopped
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


class _Runner:
    """One run of the demo, `finished` once every step has happened."""

    def __init__(
        self, *, keep: bool, bot_command: Sequence[str], patience: float, no_calls: str
    ) -> None:
        self.finished = False
        self._no_calls = no_calls
        self._keep = keep
        self._bot_command = bot_command
        self._patience = patience
        self._terminal = Terminal()

    async def run(self) -> int:
        """Run the demo and return the exit status."""
        # Calls need more than every machine has, so the demo itself does without them.
        calls = self._keep and not self._no_calls
        async with demo_environment(self._bot_command, calls=calls) as environment:
            try:
                await environment.bot.ready()
                await environment.bot.run_while_alive(self._run_steps(environment))
                if self._keep:
                    await environment.bot.run_while_alive(reconnect_ada(environment))
                    self._terminal.plain(guidance(environment, self._no_calls))
                    await environment.bot.run_while_alive(_wait_forever())
            except (BotError, CannotDo) as failure:
                self._terminal.failed(str(failure), environment.bot.last_lines())
                return 1
        return 0

    async def _run_steps(self, environment: Environment) -> None:
        timings = Timings()
        environment.platform.add_attendee("omar", "Omar Haddad", ticket_type="Speaker")
        environment.slack.workspace.add("omar", real_name="Omar Haddad")
        ada, priya, omar = (
            Player(environment.slack.user(name), self._terminal, timings, self._patience)
            for name in ("ada", "priya", "omar")
        )
        demo = Demo(environment, self._terminal, timings, ada, priya, omar)
        self._terminal.opening()
        await _run_acts(demo)
        _check_nothing_dropped(environment)
        self._terminal.chapter("How long it took")
        self._terminal.timings(timings.rows())
        self._terminal.done()
        self.finished = True


async def _run_acts(demo: Demo) -> None:
    """Run all acts. Omar's pause takes a minute, in which the others go on."""
    await match_demo.find_bot(demo)
    listed = await match_demo.connect_ada(demo)
    await match_demo.make_ada_available(demo, listed)
    await match_demo.connect_priya(demo)
    to_ada, to_priya = await match_demo.complete_match(demo)
    await match_demo.end_talk(demo, to_ada, to_priya)
    paused = await manners_demo.pause_omar(demo)
    await match_demo.ask_in_private(demo)
    await fault_demo.refuse_five_joins(demo)
    await fault_demo.miss_match(demo)
    await fault_demo.expire_token(demo)
    _, to_priya = await match_demo.match_again(demo)
    await manners_demo.decline_round(demo, to_priya)
    await memory_demo.search_matches(demo)
    await memory_demo.swap_contacts(demo)
    await manners_demo.remind_priya(demo)
    await memory_demo.switch_events(demo)
    await manners_demo.set_quiet_hours(demo)
    await memory_demo.erase_data(demo)
    await manners_demo.bring_omar_back(demo, paused)


def _check_nothing_dropped(environment: Environment) -> None:
    """Raise `CannotDo` if Slack would have silently dropped anything."""
    lost = [f"{problem.what}: {problem.detail}" for problem in environment.slack.problems]
    if lost:
        raise CannotDo("\n".join(["Slack would have dropped something in silence", *lost]))


async def _wait_forever() -> None:
    await asyncio.Event().wait()
