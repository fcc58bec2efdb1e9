"""A row is carried out: whether the promise held, its figures, and its line of the table."""

from __future__ import annotations

import click

from .account import Figures
from .plans import Plan
from .rows import Size
from .secrets import scan
from .stage import stage

HEAD = (
    "| fault | database | kills | made | sent | twice | late | p50 s | p99 s | remarks |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def line(name: str, which: str, figures: Figures, kills: int, remarks: str) -> str:
    """A row of the table."""
    return (
        f"| {name} | {which} | {kills or ''} | {figures.made} | {figures.sent} "
        f"| {figures.twice} | {figures.late} | {figures.p50:.2f} | {figures.p99:.2f} | {remarks} |"
    )


async def row(
    name: str, plan: Plan, which: str, size: Size, left_out: str = ""
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
        good = figures.sent == figures.made and figures.twice == 0 and not found
        for story in account.doubled():
            click.echo(f"sent too often: {story}", err=True)
    return good, figures, line(name, which, figures, here.kills, ", ".join(remarks))
