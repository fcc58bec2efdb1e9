"""`python -m tests.chaos`: run every row on both databases, print a table."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import sqlite3
import sys
import time
import traceback
from asyncio import create_subprocess_exec
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import click

from slackbot import DISTRIBUTION
from tests.harness import postgres

from .account import Figures
from .controls import Control, all_fail
from .crossings import cross_many
from .dues import NotAsDue
from .handovers import hand_over
from .plans import FIXED, PLANS
from .report import HEAD, row
from .rows import FULL, SHORT, Size
from .takeover import take_over


def versions() -> str:
    """Return the date and the versions: the line above the table."""
    names = (DISTRIBUTION, "dbos", "slack_sdk", "python-socketio", "sqlalchemy")
    parts = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    parts += [f"{name} {metadata.version(name)}" for name in names]
    return f"{datetime.now(UTC):%d %B %Y}: {', '.join(parts)}."


async def carry_out(names: list[str], which: str, size: Size, left_out: str = "") -> bool:
    """All of these rows, one after the other; whether every promise held."""
    good = True
    for name in names:
        if which in PLANS[name].on:
            good &= await _carried_out(name, which, size, left_out)
    return good


# A database, and the rows that run on it one after the other.
Track = tuple[str, list[str]]


def tracks(names: Sequence[str], databases: Sequence[str]) -> list[Track]:
    """Deal the rows to tracks that run side by side: rows wait most of their time.

    On PostgreSQL they take twice as long, having more processes, so there are two tracks.
    """
    dealt: list[Track] = []
    for which in databases:
        rows = [name for name in names if which in PLANS[name].on]
        turns = [rows] if which == "sqlite" else [rows[::2], rows[1::2]]
        dealt += [(which, turn) for turn in turns if turn]
    return dealt


async def side_by_side(all_of_them: Sequence[Track], options: Sequence[str]) -> bool:
    """Run each track in a process of its own; return whether all held."""
    command = [sys.executable, "-m", "tests.chaos", "--rows-alone", *options]
    runs = [
        await create_subprocess_exec(
            *command, f"--database={which}", *(f"--only={name}" for name in names)
        )
        for which, names in all_of_them
    ]
    return not any(await asyncio.gather(*(run.wait() for run in runs)))


async def _carried_out(name: str, which: str, size: Size, left_out: str) -> bool:
    """One row and its line; one that breaks down is not held, and the others follow."""
    try:
        held, _, line = await row(name, PLANS[name], which, size, left_out)
    except postgres.NoPostgres as missing:
        held = os.environ.get("CI") != "true"  # there it must not be missing
        line = f"| {name} | {which} | not tried: {missing} |"
    except Exception as error:  # noqa: BLE001 - printed, and counted against the row
        traceback.print_exc()
        held, line = False, f"| {name} | {which} | broke down: {type(error).__name__} |"
    click.echo(line + ("" if held else "  ← not held"))
    return held


async def controls() -> bool:
    """Every negative control, in the short form; whether each was noticed."""

    async def carry(control: Control) -> Figures | AssertionError:
        name, plan = control.row, PLANS[control.row]
        try:
            _, figures, line = await row(name, plan, control.database, SHORT, control.left_out)
        except AssertionError as error:
            click.echo(f"{name} on {control.database}: {error}")
            return error.figures if isinstance(error, NotAsDue) else error
        click.echo(f"{HEAD}\n{line}")
        return figures

    return await all_fail(carry)


@click.command()
@click.option("--short", is_flag=True, help="Fewer rows, and less of each; on SQLite.")
@click.option("--fixed", is_flag=True, help="The part that `make check` has.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), multiple=True)
@click.option("--only", type=click.Choice(list(PLANS)), multiple=True, help="These rows alone.")
@click.option("--kills", type=int, help="How many random kills.")
@click.option("--controls", "controlled", is_flag=True, help="The negative controls, instead.")
@click.option("--takeover", is_flag=True, help="Many feeds, three workers on PostgreSQL, instead.")
@click.option("--feeds", default=2000, show_default=True, help="How many, with --takeover.")
@click.option("--handovers", type=int, help="So many hand-overs of feeds, instead.")
@click.option("--crossings", type=int, help="So many crossed connects and departures, instead.")
@click.option("--without", default="", help="Leave out a part: history, fence, liveness, …")
@click.option("--rows-alone", is_flag=True, hidden=True)
def main(
    short: bool,
    fixed: bool,
    database: tuple[str, ...],
    only: tuple[str, ...],
    kills: int | None,
    controlled: bool,
    takeover: bool,
    feeds: int,
    handovers: int | None,
    crossings: int | None,
    without: str,
    rows_alone: bool,
) -> None:
    """Matches sent ÷ matches made = 1, sent twice = 0, under every fault."""
    began = time.monotonic()
    # Each connection that the sandbox drops would be logged between the lines of the table.
    logging.getLogger("uvicorn.error").addFilter(lambda _: False)
    instead: Coroutine[Any, Any, bool] | None = None
    if takeover:
        instead = take_over(feeds, left_out=without)
    elif controlled:
        instead = controls()
    elif handovers is not None:
        instead = hand_over(handovers, left_out=without)
    elif crossings is not None:
        instead = cross_many(crossings, left_out=without)
    if instead is not None:
        sys.exit(0 if asyncio.run(instead) else 1)
    size = SHORT if short or fixed else FULL
    if kills is not None:
        size = replace(size, kills=kills)
    names = list(only) or [name for name, plan in PLANS.items() if plan.short or not short]
    databases = list(database) or (["sqlite"] if short else ["sqlite", "postgresql"])
    if rows_alone:
        sys.exit(0 if asyncio.run(carry_out(names, databases[0], size, without)) else 1)
    click.echo(f"{versions()}\n\n{HEAD}")
    options = [f"--without={without}", *(["--short"] if short or fixed else [])]
    options += [f"--kills={kills}"] if kills is not None else []
    beside = FIXED if fixed else tracks(names, databases)
    held = asyncio.run(side_by_side(beside, options))
    click.echo(f"\n{(time.monotonic() - began) / 60:.1f} minutes")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
