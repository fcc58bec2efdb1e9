"""`python -m tests.day`: play an event day of a thousand attendees, and print what went wrong."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from .bot import Parts
from .oracle import LOOKED_AT, Oracle, Verdict
from .simulate import Plan, simulate
from .twins import differences

SHOWN: Final = 5  # things of each kind


def show(verdict: Verdict, console: Console) -> None:
    """Print a row for each figure, and the first things that were wrong."""
    table = Table("what should not have been", "count", "of", "looked at")
    for what, basis in LOOKED_AT.items():
        count = f"{verdict.count(what):,}"
        table.add_row(what, count, f"{verdict.looked_at[basis]:,}" if basis else "", basis)
    console.print(table)
    for what, found in verdict.wrong.items():
        for line in found[:SHOWN]:
            console.print(f"{what}: {line}", markup=False, highlight=False)


@click.command()
@click.option("--people", default=1000, show_default=True)
@click.option("--sessions", default=20, show_default=True)
@click.option("--minutes", default=60, show_default=True, help="Length of each session.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--without", type=click.Choice(list(Parts.__annotations__)), help="A part to disable."
)
@click.option("--twin", is_flag=True, help="Play it again without the single yeses, and compare.")
def main(
    *, people: int, sessions: int, minutes: int, seed: int, without: str | None, twin: bool
) -> None:
    """Play an event day in virtual time.

    Exit status: 0, or 1 if anything was wrong.
    """
    console, started_at = Console(), time.monotonic()
    parts = Parts(**{without: False}) if without else Parts()
    plan = Plan(people, seed=seed, sessions=sessions, minutes=minutes, parts=parts)
    journal = simulate(plan)
    verdict = Oracle(journal).judge()
    if twin:
        other = simulate(replace(plan, unsaid=frozenset(verdict.single_yeses)))
        verdict.wrong["traces of a single yes"] += differences(journal, other, verdict.single_yeses)
    show(verdict, console)
    ends = max(each.at for each in journal.minutes) - min(each.at for each in journal.minutes)
    console.print(
        f"{people:,} attendees, {ends.total_seconds() / 3600:.1f} hours, "
        f"{len(journal.acts):,} acts, {len(journal.sent):,} messages, seed {seed}, "
        f"{time.monotonic() - started_at:.0f} s"
    )
    sys.exit(1 if any(verdict.wrong.values()) else 0)


if __name__ == "__main__":
    main()
