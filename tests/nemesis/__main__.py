"""`python -m tests.nemesis`: every row on both databases, a table, and an exit status."""

from __future__ import annotations

import asyncio
import platform
import sqlite3
import sys
import time
import traceback
from asyncio import create_subprocess_exec
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata

import click

from .account import Figures
from .controls import Control, all_fail
from .plans import PLANS, Plan
from .rows import FULL, SHORT, Size
from .secrets import scan
from .stage import stage
from .takeover import take_over

HEAD = (
    "| fault | database | kills | made | told | twice | late | p50 s | p99 s | remarks |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def line(name: str, which: str, figures: Figures, kills: int, remarks: str) -> str:
    """A row of the table."""
    it = figures
    return (
        f"| {name} | {which} | {kills or ''} | {it.made} | {it.told} | {it.twice} | {it.late} "
        f"| {it.p50:.2f} | {it.p99:.2f} | {remarks} |"
    )


def versions() -> str:
    """When and with what: a line for above the table."""
    names = ("slackbot", "dbos", "slack_sdk", "python-socketio", "sqlalchemy")
    parts = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    parts += [f"{name} {metadata.version(name)}" for name in names]
    return f"{datetime.now(UTC):%d %B %Y}: {', '.join(parts)}."


async def row(
    name: str, plan: Plan, which: str, size: Size, left_out: str
) -> tuple[bool, Figures, str]:
    """Carry it out; whether the promise held, its figures and its line."""
    async with stage(which, people=plan.people, left_out=left_out) as here:
        account = here.account()
        await plan.harm(here, account, size)
        await here.quiet(account)
        figures, found = account.figures(), scan(here)
        remarks = [*here.notes, *([f"{found} secrets in clear"] if found else [])]
        if plan.people > 100:
            remarks.append(f"{figures.inversions} out of order")
        good = figures.told == figures.made and figures.twice == 0 and not found
        for story in account.doubled():
            click.echo(f"told too often: {story}", err=True)
    return good, figures, line(name, which, figures, here.kills, ", ".join(remarks))


async def carry_out(names: list[str], which: str, size: Size, left_out: str = "") -> bool:
    """All of these rows, one after the other; whether every promise held."""
    good = True
    for name in names:
        if which in PLANS[name].on:
            good &= await _carried_out(name, which, size, left_out)
    return good


async def side_by_side(databases: Sequence[str]) -> bool:
    """The same command for each database, in processes of their own; whether all held.

    Rows wait most of their time, so both take little longer together than the longer one alone.
    """
    command = [sys.executable, "-m", "tests.nemesis", *sys.argv[1:], "--rows-alone"]
    runs = [await create_subprocess_exec(*command, "--database", which) for which in databases]
    return not any(await asyncio.gather(*(run.wait() for run in runs)))


async def _carried_out(name: str, which: str, size: Size, left_out: str) -> bool:
    """One row and its line; one that breaks down is not held, and the others follow."""
    try:
        held, _, told = await row(name, PLANS[name], which, size, left_out)
    except Exception as error:  # noqa: BLE001 - told of, and counted against it
        traceback.print_exc()
        held, told = False, f"| {name} | {which} | broke down: {type(error).__name__} |"
    click.echo(told + ("" if held else "  ← not held"))
    return held


async def controls() -> bool:
    """Every negative control, in the short form; whether each was noticed."""

    async def carry(control: Control) -> Figures:
        plan = PLANS[control.row]
        _, figures, told = await row(control.row, plan, control.database, SHORT, control.left_out)
        click.echo(f"{HEAD}\n{told}")
        return figures

    return await all_fail(carry)


@click.command()
@click.option("--short", is_flag=True, help="The short form that `make check` has.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), multiple=True)
@click.option("--only", type=click.Choice(list(PLANS)), multiple=True, help="These rows alone.")
@click.option("--kills", type=int, help="How many random kills.")
@click.option("--controls", "controlled", is_flag=True, help="The negative controls, instead.")
@click.option("--takeover", is_flag=True, help="Many feeds, three workers on PostgreSQL, instead.")
@click.option("--feeds", default=2000, show_default=True, help="How many, with --takeover.")
@click.option("--without", default="", help="Leave out history, fence or reconciliation.")
@click.option("--rows-alone", is_flag=True, hidden=True)
def main(
    short: bool,
    database: tuple[str, ...],
    only: tuple[str, ...],
    kills: int | None,
    controlled: bool,
    takeover: bool,
    feeds: int,
    without: str,
    rows_alone: bool,
) -> None:
    """Matches told ÷ matches made = 1, told twice = 0, under every fault."""
    began = time.monotonic()
    if takeover or controlled:
        instead = take_over(feeds, left_out=without) if takeover else controls()
        sys.exit(0 if asyncio.run(instead) else 1)
    size = SHORT if short else FULL
    if kills is not None:
        size = replace(size, kills=kills)
    names = list(only) or [name for name, plan in PLANS.items() if plan.short or not short]
    databases = list(database) or (["sqlite"] if short else ["sqlite", "postgresql"])
    if rows_alone:
        databases = databases[-1:]
    else:
        click.echo(f"{versions()}\n\n{HEAD}")
    if len(databases) > 1:
        held = asyncio.run(side_by_side(databases))
    else:
        held = asyncio.run(carry_out(names, databases[0], size, without))
    if not rows_alone:
        click.echo(f"\n{(time.monotonic() - began) / 60:.1f} minutes")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
