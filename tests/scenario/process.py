"""The bot as an operator runs it: a process of `python -m slackbot run`."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")
START_SECONDS = 30.0


class BotProcess:
    """A running process; `lines` is its standard error so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self.url = ""
        self._serving = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.lines.append(line.decode().rstrip())
            if (found := _ADDRESS.search(self.lines[-1])) is not None:
                self.url = found[1]
                self._serving.set()
        self._serving.set()

    async def serving(self) -> str:
        """Wait until it listens, and return its address; empty if it ended."""
        async with asyncio.timeout(START_SECONDS):
            await self._serving.wait()
        return self.url

    async def ends(self, seconds: float = 30.0) -> int:
        """Wait for its end, and return its exit status."""
        async with asyncio.timeout(seconds):
            await asyncio.shield(self._reading)
            return await self._process.wait()

    def handles(self, number: int) -> bool:
        """Return whether it has a handler for a signal, according to Linux."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        [caught] = re.findall(r"^SigCgt:\t(\w+)$", status, re.MULTILINE)
        return bool(int(caught, 16) >> (number - 1) & 1)

    def send(self, number: int) -> None:
        """Send a signal without waiting."""
        self._process.send_signal(number)

    async def signal(self, number: int) -> int:
        """Send a signal, and return the exit status."""
        self._process.send_signal(number)
        return await self.ends()

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ends()


@asynccontextmanager
async def bot_process(
    environment: Mapping[str, str], folder: Path, *arguments: str
) -> AsyncIterator[BotProcess]:
    """Run the bot in an empty folder with only this environment; kill it at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "slackbot", *(arguments or ("run",))),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),  # this checkout, wherever the bot is installed
            "PORT": "0",
            "LOG_FORMAT": "json",
            **environment,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    bot = BotProcess(process)
    try:
        yield bot
    finally:
        await bot.kill()
