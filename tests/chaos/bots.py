"""The bot's processes, started again when they end, as a service manager would."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from slackbot.sandbox.story.bot_process import free_port

ROOT = Path(__file__).parents[2]
READY_SECONDS = 40.0
PAUSE_SECONDS = 0.2


class Bot:
    """One process, kept alive until it is put away."""

    def __init__(self, name: str, role: str, environment: Mapping[str, str], folder: Path) -> None:
        self.name, self.role = name, role
        self.url = f"http://127.0.0.1:{free_port()}"
        # What the launcher is to change, for the next start.
        self.changed: Sequence[str] = ()
        self.starts = 0
        self.exits: list[int] = []
        self._environment = {**environment, "PORT": self.url.rsplit(":", 1)[1]}
        self._folder = folder
        self._wanted = True
        self.process: asyncio.subprocess.Process | None = None
        self._life = asyncio.create_task(self._live())

    async def _live(self) -> None:
        while self._wanted:
            with (self._folder / f"{self.name}.log").open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    *self._command(),
                    cwd=self._folder,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                )
            self.starts += 1
            self.exits.append(await self.process.wait())
            if self._wanted:
                await asyncio.sleep(PAUSE_SECONDS)

    def _command(self) -> list[str]:
        if self.changed:
            return [sys.executable, "-m", "tests.chaos.launcher", self.role, *self.changed]
        return [sys.executable, "-m", "slackbot", self.role]

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it says that it is ready."""
        async with asyncio.timeout(seconds), httpx.AsyncClient(trust_env=False) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    answer = await client.get(f"{self.url}/healthz", timeout=5.0)
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(0.02)

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        running = self.process is not None and self.process.returncode is None
        return self.process.pid if running and self.process is not None else None

    def is_stopped(self) -> bool:
        """Return whether a SIGSTOP holds it."""
        pid = self.pid
        if pid is None:
            return False
        with contextlib.suppress(FileNotFoundError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            return state == "T"
        return False

    async def again(self, dead: int) -> None:
        """Wait until another process than `dead` is ready."""
        while self.pid in {None, dead}:  # noqa: ASYNC110 - a process ends
            await asyncio.sleep(0.005)
        await self.ready()

    def send(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    async def dies(self, number: int = signal.SIGKILL, seconds: float = 15.0) -> float:
        """Send it and wait for the end; after how many seconds that came."""
        before, began = len(self.exits), time.monotonic()
        self.send(number)
        async with asyncio.timeout(seconds):
            while len(self.exits) == before:  # noqa: ASYNC110 - a process ends
                await asyncio.sleep(0.005)
        return time.monotonic() - began

    async def killed(self) -> None:
        """Kill it, and start no other until `back`."""
        self._wanted = False
        self.send(signal.SIGKILL)
        await self._life

    async def run_command(self, *arguments: str) -> None:
        """Run a command of the bot's to its end, with the same settings."""
        with (self._folder / f"{self.name}.log").open("ab") as log:
            command = [sys.executable, "-m", "slackbot", *arguments]
            place = {"cwd": self._folder, "env": self._environment}
            run = await asyncio.create_subprocess_exec(*command, **place, stdout=log, stderr=log)
        assert await run.wait() == 0, f"{arguments} failed"

    async def away(self) -> None:
        """Stop it for good."""
        self._wanted = False
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(12):
                await asyncio.shield(self._life)
        self.send(signal.SIGKILL)
        await self._life

    def back(self) -> None:
        """Start it again after `away` or `killed`."""
        self._wanted = True
        self._life = asyncio.create_task(self._live())


@asynccontextmanager
async def running(
    roles: Sequence[str], environment: Mapping[str, str], folder: Path
) -> AsyncIterator[list[Bot]]:
    """A process for each role."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    whole = {**kept, "PYTHONPATH": str(ROOT), "LOG_FORMAT": "json", **environment}
    bots = [Bot(f"{role}{n}", role, whole, folder) for n, role in enumerate(roles)]
    try:
        yield bots
    finally:
        await asyncio.gather(*(bot.away() for bot in bots))


# Seeded: a run can be made again.
rng = random.Random(20261128)
