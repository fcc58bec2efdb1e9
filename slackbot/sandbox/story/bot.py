"""The bot as a process of its own: started, waited for, watched, stopped."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

COMMAND = (sys.executable, "-m", "slackbot", "run")
READY_SECONDS = 30.0
STOP_SECONDS = 12.0  # the bot itself promises 10
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_PACKAGE_ROOT = Path(__file__).parents[3]


class BotError(Exception):
    """The bot did not start, or ended before its time."""


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Bot:
    """A running bot. Everything it writes goes to `log`."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self.url = url
        self.log = log
        self._process = process

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self.outlives(self._until_ready())
        except TimeoutError:
            raise BotError(f"the bot was not ready in {READY_SECONDS:g} s") from None

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                with suppress(httpx.HTTPError):
                    answer = await client.get(f"{self.url}/readyz")
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(0.05)  # another process: nothing to await

    async def outlives(self, work: Coroutine[object, object, None]) -> None:
        """Do `work`, but only as long as the bot is there."""
        acting = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({acting, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not acting.done():
                raise BotError(f"the bot ended by itself, with exit status {ending.result()}")
            await acting
        finally:
            acting.cancel()
            ending.cancel()
            await asyncio.gather(acting, ending, return_exceptions=True)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that does not help in time."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


@asynccontextmanager
async def running_bot(
    command: Sequence[str], settings: Mapping[str, str], folder: Path, port: int
) -> AsyncIterator[Bot]:
    """Start the bot in `folder` with these settings and nothing else of this environment."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment = {**inherited, "PYTHONPATH": str(_PACKAGE_ROOT), **settings, "PORT": str(port)}
    log = folder / "bot.log"
    process = await _start(command, environment, log)
    bot = Bot(process, f"http://127.0.0.1:{port}", log)
    try:
        yield bot
    finally:
        await bot.stop()


async def _start(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> asyncio.subprocess.Process:
    with log.open("wb") as written:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=log.parent,  # no `.env` of the place the demo was started in
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,  # Ctrl-C is for the demo, which then stops the bot
        )
