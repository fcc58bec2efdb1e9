"""The bot in its own process: started, awaited, watched, stopped."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

COMMAND = (sys.executable, "-m", "slackbot", "run")
_PORTS = range(16_000, 32_000)
READY_SECONDS = 60.0
STOP_SECONDS = 12.0  # the bot itself stops within 10
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_PACKAGE_ROOT = Path(__file__).parents[3]


class BotError(Exception):
    """The bot did not start, or exited unexpectedly."""


def free_port() -> int:
    """Return a free port of 127.0.0.1.

    It is below those that systems give to connections, one of which could take it otherwise before
    the bot does.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class BotProcess:
    """A bot on `port`, started in `folder` with these settings; its output goes to `log`."""

    def __init__(
        self, command: Sequence[str], settings: Mapping[str, str], folder: Path, port: int
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "bot.log"
        self._command = command
        self._settings = {**settings, "PORT": str(port)}
        self._folder = folder

    async def start(self) -> None:
        """Start the process, with few other environment variables."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,  # so that no `.env` of the current directory is read
                env={**inherited, "PYTHONPATH": str(_PACKAGE_ROOT), **self._settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the bot
            )

    async def ready(self) -> None:
        """Wait until the bot is ready; raise `BotError` if it is not in time."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self.run_while_alive(self._until_ready())
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

    async def run_while_alive(self, work: Coroutine[object, object, None]) -> None:
        """Run `work`; raise `BotError` if the bot exits meanwhile."""
        task = asyncio.ensure_future(work)
        exiting = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({task, exiting}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise BotError(f"the bot ended by itself, with exit status {exiting.result()}")
            await task
        finally:
            task.cancel()
            exiting.cancel()
            await asyncio.gather(task, exiting, return_exceptions=True)

    async def kill(self) -> None:
        """Send SIGKILL, as a crash or a lost machine would end the bot."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def exited(self) -> int:
        """Wait until the bot exits, and return its exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Send SIGTERM, and SIGKILL if the bot does not exit in time."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    def last_lines(self, count: int = 15) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


@asynccontextmanager
async def running_bot(
    command: Sequence[str], settings: Mapping[str, str], folder: Path, port: int
) -> AsyncIterator[BotProcess]:
    """Run the bot in `folder` for the block."""
    bot = BotProcess(command, settings, folder, port)
    await bot.start()
    try:
        yield bot
    finally:
        await bot.stop()
