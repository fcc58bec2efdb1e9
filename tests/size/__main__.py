"""`python -m tests.size`: hold very many feeds, and print where the loop stood still."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import click
import uvloop
from rich.console import Console
from rich.table import Table

from tests.chaos.account import Account
from tests.chaos.stage import SESSION

from .figures import LONGEST_STALL_SECONDS, STOP_SECONDS, Phase, Run, phase_of
from .stage import Stage, stage

UP_SECONDS = 900.0
SENT_SECONDS = 60.0
PIPED_WIDTH = 160


@dataclass
class Recorder:
    """Measures phases one after the other."""

    here: Stage
    phases: list[Phase] = field(default_factory=list)
    note: str = ""

    @asynccontextmanager
    async def phase(self, name: str) -> AsyncIterator[None]:
        """Measure what happens within."""
        began, cpu = time.monotonic(), self.here.cpu()
        self.note = ""
        yield
        self.phases.append(
            phase_of(
                name,
                self.here.records,
                began,
                time.monotonic(),
                cpu=max(0.0, self.here.cpu() - cpu),
                memory=self.here.memory(),
                note=self.note,
            )
        )
        done = self.phases[-1]
        click.echo(f"{name}: {done.seconds:.0f} s, stall {done.stall_cpu:.3f} s", err=True)


async def measure(feeds: int, quiet: float, rate: float, outage: float) -> Run:
    """Play the whole run."""
    random.seed(feeds)
    async with stage(feeds) as here:
        recorder, account = Recorder(here), here.account()
        async with recorder.phase("connecting"):
            await here.all_up(UP_SECONDS)
        async with recorder.phase("quiet"):
            await asyncio.sleep(quiet)
        async with recorder.phase(f"{rate:g} matches a second"):
            await _pair(here, rate, quiet)
            await _all_sent(here, account)
            figures = account.figures()
            recorder.note = f"sent after {figures.p50:.3f} s (p50), {figures.p99:.3f} s (p99)"
        async with recorder.phase(f"{outage:g} s outage"):
            await here.platform.restart_sockets(outage)
            await asyncio.sleep(outage)
            await here.all_up(UP_SECONDS)
        async with recorder.phase("afterwards"):
            await asyncio.sleep(quiet)
        async with recorder.phase("SIGTERM"):
            stop_seconds = await here.stop()
        figures = account.figures()
        return Run(
            feeds=feeds,
            phases=recorder.phases,
            made=figures.made,
            sent=figures.sent,
            twice=figures.twice,
            stop_seconds=stop_seconds,
            status=here.process.returncode,
        )


async def _pair(here: Stage, rate: float, seconds: float) -> None:
    """Pair two people at a time; each pairing is two matches."""
    names, began = list(here.people), time.monotonic()
    for number in range(round(rate * seconds / 2)):
        await asyncio.sleep(max(0.0, began + 2 * number / rate - time.monotonic()))
        await here.platform.pair(*random.sample(names, 2), SESSION)


async def _all_sent(here: Stage, account: Account) -> None:
    deadline = time.monotonic() + SENT_SECONDS
    while account.sent() < account.made() and time.monotonic() < deadline:  # noqa: ASYNC110 - the bot sends
        await asyncio.sleep(0.5)


def show(run: Run, console: Console) -> None:
    """Print the table, then which bounds are broken."""
    table = Table(title=f"{run.feeds:,} feeds over TLS in one process")
    for heading in (
        "phase",
        "s",
        "CPU %",
        "MiB",
        "longest stall, s CPU (wall)",
        "full collections",
        "longest, s",
        "",
    ):
        table.add_column(heading)
    for phase in run.phases:
        table.add_row(
            phase.name,
            f"{phase.seconds:.1f}",
            f"{phase.cpu_percent:.0f}",
            f"{phase.memory:.0f}",
            f"{phase.stall_cpu:.3f} ({phase.stall_wall:.3f})",
            str(phase.full_collections),
            f"{phase.longest_collection:.3f}",
            phase.note,
        )
    console.print(table)
    console.print(
        f"SIGTERM: ended after {run.stop_seconds:.1f} s with status {run.status}; "
        f"{run.sent} of {run.made} matches sent, {run.twice} twice"
    )
    bounds = f"stalls up to {LONGEST_STALL_SECONDS:g} s, stop within {STOP_SECONDS:g} s"
    console.print(f"Bounds ({bounds}): " + ("; ".join(run.broken()) or "all hold"))


@click.command()
@click.option("--feeds", default=10_000, show_default=True)
@click.option("--quiet", default=60.0, show_default=True, help="Seconds of each quiet phase.")
@click.option("--rate", default=50.0, show_default=True, help="Matches a second.")
@click.option("--outage", default=3.0, show_default=True, help="Seconds without socket server.")
def main(*, feeds: int, quiet: float, rate: float, outage: float) -> None:
    """Hold very many feeds in one process.

    Exit status: 0, or 1 when a bound is broken.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    gc.disable()  # this process holds the other end of each feed, and not for long
    logging.disable()  # uvicorn reports each handshake that an outage refuses
    run = uvloop.run(measure(feeds, quiet, rate, outage))
    show(run, console)
    sys.exit(1 if run.broken() else 0)


if __name__ == "__main__":
    main()
