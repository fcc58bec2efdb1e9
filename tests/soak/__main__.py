"""`python -m tests.soak`: let the bot live for hours, and compare its end with its start."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop
from rich.console import Console
from rich.table import Table

from tests.chaos.account import Account

from .chart import draw
from .load import Load
from .samples import Sample, take
from .stage import Stage, stage

Take = Callable[[], Awaitable[Sample]]
UP_SECONDS = 300.0
QUIET_SECONDS = 30.0  # before the first and the last sample
SAMPLE_SECONDS = 10.0
# Matches a second. A new match ends the message of the one before by an edit, of which Slack takes
# about 50 a minute; with more, those that wait at the end would look like a leak.
RATE = 0.7
SENT_SECONDS = 120.0
PIPED_WIDTH = 140
# What a process may have more at the end than at the start.
MORE_FILES, MORE_MEMORY_PERCENT, MORE_TASKS, MORE_CONNECTIONS = 12, 25, 20, 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run: the samples, and the two that are compared."""

    samples: list[Sample]
    first: Sample
    last: Sample
    done: dict[str, int]
    twice: int

    def broken(self) -> list[str]:
        """Return what is not as it was, in words."""
        first, last, found = self.first, self.last, []
        for name in first.files:
            more = last.files.get(name, 0) - first.files[name]
            tasks = last.tasks[name] - first.tasks[name]
            memory = 100 * (last.memory.get(name, 0.0) / first.memory[name] - 1)
            found += [f"{name}: {more} more files"] if more > MORE_FILES else []
            found += [f"{name}: {tasks} more tasks"] if tasks > MORE_TASKS else []
            found += [f"{name}: {memory:.0f} % memory"] if memory > MORE_MEMORY_PERCENT else []
        if last.people_rows != first.people_rows:
            found.append(f"rows: {_difference(first.people_rows, last.people_rows)}")
        if last.connections > first.connections + MORE_CONNECTIONS:
            found.append(f"connections: {first.connections} became {last.connections}")
        if last.feeds != first.feeds:
            found.append(f"feeds: {first.feeds} became {last.feeds}")
        if last.sent != last.made or self.twice:
            found.append(f"{last.sent} of {last.made} matches sent, {self.twice} twice")
        return found


def _difference(first: dict[str, int], last: dict[str, int]) -> str:
    names = sorted({*first, *last})
    changed = [name for name in names if first.get(name) != last.get(name)]
    return ", ".join(f"{name} {first.get(name)} became {last.get(name)}" for name in changed)


async def live(people: int, minutes: float, rate: float) -> Outcome:
    """Play the whole run."""
    async with stage(people) as here:
        account, began = here.account(), time.monotonic()
        samples: list[Sample] = []

        async def sample() -> Sample:
            seconds = time.monotonic() - began
            samples.append(await take(here, seconds, account.made(), account.sent()))
            return samples[-1]

        await _all_up(here)
        seconds = 60 * minutes
        load = Load(
            here,
            account,
            pairs_per_second=rate / 2,
            churn_seconds=1.0,
            restart_seconds=max(20.0, seconds / 12),
        )
        # What is loaded or opened at first use is there before the first sample.
        await _live(load, min(120.0, seconds / 4), sample)
        first = await _quiet(here, account, sample)
        await _live(load, seconds, sample)
        last = await _quiet(here, account, sample)
        return Outcome(samples, first, last, dict(load.done), account.figures().twice)


async def _live(load: Load, seconds: float, sample: Take) -> None:
    ends = time.monotonic() + seconds
    async with load.running():
        while (left := ends - time.monotonic()) > 0:
            await sample()
            await asyncio.sleep(min(SAMPLE_SECONDS, left))


async def _quiet(here: Stage, account: Account, sample: Take) -> Sample:
    """Wait until all is sent, all are connected and nothing happens; then look."""
    deadline = time.monotonic() + SENT_SECONDS
    while account.sent() < account.made() and time.monotonic() < deadline:  # noqa: ASYNC110 - the bot sends
        await asyncio.sleep(0.5)
    await _all_up(here)
    await asyncio.sleep(QUIET_SECONDS)
    return await sample()


async def _all_up(here: Stage) -> None:
    async with asyncio.timeout(UP_SECONDS):
        while len(here.mission.platform.sockets) != len(here.people):  # noqa: ASYNC110 - others connect
            await asyncio.sleep(0.2)


def show(outcome: Outcome, console: Console) -> None:
    """Print start and end side by side, and what is not as it was."""
    first, last = outcome.first, outcome.last
    table = Table(title="Start and end, both after a quiet time")
    for heading in ("", "start", "end"):
        table.add_column(heading)
    for name in first.files:
        for what in ("files", "memory", "tasks"):
            values = [getattr(one, what).get(name, 0) for one in (first, last)]
            table.add_row(f"{name}: {what}", *(f"{value:.0f}" for value in values))
    for name in sorted({*first.rows, *last.rows}):
        table.add_row(f"rows of {name}", str(first.rows.get(name)), str(last.rows.get(name)))
    table.add_row("database connections", str(first.connections), str(last.connections))
    table.add_row("feeds", str(first.feeds), str(last.feeds))
    console.print(table)
    did = ", ".join(f"{count} {what}" for what, count in sorted(outcome.done.items()))
    console.print(f"{did}; {last.sent} of {last.made} matches sent, {outcome.twice} twice")
    console.print("; ".join(outcome.broken()) or "The end is as the start.")


def write_chart(file: Path, samples: Sequence[Sample], people: int) -> None:
    """Write the chart of a run."""
    title = f"{people} attendees, web and two workers on PostgreSQL"
    file.write_text(draw(samples, title))


@click.command()
@click.option("--people", default=500, show_default=True)
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--hours", type=float, help="Instead of minutes.")
@click.option("--rate", default=RATE, show_default=True, help="Matches a second.")
@click.option("--chart", type=click.Path(path_type=Path), help="Write a chart here, as SVG.")
def main(
    *, people: int, minutes: float, hours: float | None, rate: float, chart: Path | None
) -> None:
    """Let 500 people come and go, be matched, and processes be restarted.

    Exit status: 0, or 1 when the end is not as the start.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    random.seed(people)
    gc.freeze()
    logging.disable()  # of the sandbox's servers, which see every restart
    outcome = uvloop.run(live(people, 60 * hours if hours else minutes, rate))
    if chart is not None:
        write_chart(chart, outcome.samples, people)
    show(outcome, console)
    sys.exit(1 if outcome.broken() else 0)


if __name__ == "__main__":
    main()
