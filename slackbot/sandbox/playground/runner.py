"""Start the playground, print its address, and serve it until Ctrl-C."""

from __future__ import annotations

import asyncio
import secrets
import sys
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from slackbot.sandbox.chime import missing_requirement
from slackbot.sandbox.playground.access import Access
from slackbot.sandbox.playground.run import running
from slackbot.sandbox.playground.server import Playground
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.story import bot_process
from slackbot.sandbox.story.bot_process import BotError
from slackbot.sandbox.story.runner import stop_signals


async def open_playground(
    manifest: Json,
    *,
    port: int = 0,
    browser: bool = True,
    no_page: str = "",
    bot_command: Sequence[str] = bot_process.COMMAND,
    say: Callable[[str], object] = print,
) -> int:
    """Serve the playground until a signal to stop; return the exit status.

    `manifest` is the Slack app's, from which the page knows its command and shortcuts. `no_page`
    is the reason that there is no call page. With `browser`, the page is opened at once.

    The status is 0 after a signal, and 1 if the bot does not start or the port is taken.
    """
    no_calls = no_page or missing_requirement()
    playground = Playground(manifest, no_calls)
    token = secrets.token_urlsafe(24)
    with stop_signals() as stopped:
        try:
            async with serving(Access(playground.routes(), token), port=port) as url:
                address = f"{url}/{token}/"
                shown = asyncio.create_task(_announce(address, playground, say, browser=browser))
                runs = asyncio.create_task(_run_again(playground, bot_command, calls=not no_calls))
                await _first_of(runs, stopped)
                return await _end(runs, shown)
        except OSError as error:
            sys.stderr.write(f"The playground cannot be served on port {port}: {error.strerror}\n")
            return 1


async def _first_of(runs: asyncio.Task[None], stopped: asyncio.Future[int]) -> None:
    either: set[asyncio.Future[Any]] = {runs, stopped}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)


async def _end(*tasks: asyncio.Task[None]) -> int:
    failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for error in failed:
        if isinstance(error, BotError):
            sys.stderr.write(f"The playground ended: {error}\n")
            return 1
        if error is not None:
            raise error
    return 0


async def _announce(
    address: str, playground: Playground, say: Callable[[str], object], *, browser: bool
) -> None:
    """Print the address once the bot runs, and open it in the browser."""
    while playground.run is None:
        await playground.changed.wait()
    say(f"The playground is open, on this machine only: {address}\nCtrl-C ends it.")
    if browser:
        with suppress(webbrowser.Error):
            await asyncio.to_thread(webbrowser.open, address)


async def _run_again(playground: Playground, bot_command: Sequence[str], *, calls: bool) -> None:
    """Run everything, and again from a fresh start whenever the page asks for it."""
    while True:
        playground.start_over.clear()
        async with running(bot_command, calls=calls) as run:
            playground.enter(run)
            await playground.start_over.wait()
            playground.enter(None)
            run.slack.changes.notify()  # ends the streams of this run
