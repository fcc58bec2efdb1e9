"""Measures the bot's process during a fault: memory, its event loop, and answers to others."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from slackbot.sandbox.slack import payloads
from tests.scenario.conftest import Mission
from tests.size.figures import read

from .sizes import FULL, figure

# What is promised: MiB at most, MiB afterwards, seconds without a turn of the loop, and seconds
# until the first answer to anybody else.
MOST_MEMORY: Final = 12.0
LASTING_MEMORY: Final = 5.0
STILL_SECONDS: Final = 0.1
ANSWER_SECONDS: Final = 0.3
# What a fault leaves may take a moment to be freed.
SETTLE_SECONDS: Final = 2.0
_RESET_PEAK: Final = "5"  # for `clear_refs`: the peak of resident memory begins again


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured during one fault. Memory is growth in MiB, times are in seconds."""

    memory_most: float
    memory_after: float
    still_cpu: float
    still_wall: float
    answers: int
    slowest_answer: float

    def check(self) -> None:
        """Fail if a bound is broken.

        Wall time is not checked for the loop: it holds the time in which other programs ran. In the
        short form, which may run beside other tests, answers may take longer for the same reason.
        """
        assert self.answers
        assert self.memory_most <= MOST_MEMORY
        assert self.memory_after <= LASTING_MEMORY
        assert self.still_cpu <= STILL_SECONDS
        if FULL:
            assert self.slowest_answer <= ANSWER_SECONDS


@dataclass(frozen=True, slots=True)
class Watch:
    """A started bot; `stalls` is written by its probe, `answers` by another process."""

    pid: int
    stalls: Path
    answers: Path

    def _status(self, name: str) -> float:
        """Return a figure of the process's memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) / 1024

    def _reset_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text(_RESET_PEAK)

    @asynccontextmanager
    async def during(self, what: str) -> AsyncIterator[None]:
        """Measure what happens within, print the figures and check them."""
        self._reset_peak()
        memory, since = self._status("VmRSS"), time.monotonic()
        yield
        until = time.monotonic()
        most = self._status("VmHWM") - memory
        await asyncio.sleep(SETTLE_SECONDS)
        stalls = [r for r in read(self.stalls, since, until) if r["kind"] == "stall"]
        answers = list(read(self.answers, since, until))
        assert {answer["status"] for answer in answers} == {200}
        figures = Figures(
            memory_most=most,
            memory_after=self._status("VmRSS") - memory,
            still_cpu=max((min(r["cpu"], r["wall"]) for r in stalls), default=0.0),
            still_wall=max((r["wall"] for r in stalls), default=0.0),
            answers=len(answers),
            slowest_answer=max(answer["seconds"] for answer in answers),
        )
        figure(
            f"{what}: memory {figures.memory_most:+.1f} MiB at most and "
            f"{figures.memory_after:+.1f} MiB afterwards; loop still for "
            f"{figures.still_wall * 1000:.0f} ms at most ({figures.still_cpu * 1000:.0f} ms of "
            f"processor time); {figures.answers} commands of others answered, the slowest "
            f"after {figures.slowest_answer * 1000:.0f} ms"
        )
        figures.check()


@asynccontextmanager
async def watching(mission: Mission, pid: int, stalls: Path, folder: Path) -> AsyncIterator[Watch]:
    """Let Priya ask for help again and again, and yield what measures the bot."""
    priya = mission.priya
    actor = payloads.Actor(mission.slack, priya.workspace, priya.member)
    channel = priya.workspace.by_name("general")
    assert channel is not None
    form = payloads.command(actor, channel, "/networking", "help")
    answers = folder / "answers.jsonl"
    answers.touch()
    url = f"{mission.bot_url}/slack/events"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.resilience.asker"),
        *(url, mission.slack.signing_secret, str(answers)),
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(urlencode(form).encode())
    process.stdin.close()
    try:
        async with asyncio.timeout(30):
            while answers.read_text().count("\n") < 50:  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)
        yield Watch(pid, stalls, answers)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
