"""`python -m tests.benchmarks`: measure, print, and report the outcome as exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import uvloop
from rich.console import Console

from .figures import GUARD, OK
from .noise import too_noisy
from .report import as_json, facts, show
from .run import Plan, guard, measure

PIPED_WIDTH = 160


@click.command()
@click.option("--guard", "guarding", is_flag=True, help="Only the wide ratio that CI looks at.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write every round here.")
@click.option("--rounds", default=Plan().rounds, show_default=True, help="Rounds of each side.")
@click.option("--seconds", default=Plan().load_seconds, show_default=True, help="Of steady load.")
@click.option("--burst", default=Plan().burst, show_default=True, help="Matches of a burst.")
def main(*, guarding: bool, file: Path | None, rounds: int, seconds: float, burst: int) -> None:
    """Measure the bot beside Bolt alone, and matches beside a client that stores nothing.

    Then 100 matches a second, and a burst of them at Slack's own limits, on each database.

    Exit status: 0, or 1 when a bound is broken, or 75 when the machine is too noisy to tell.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    if guarding:
        status = uvloop.run(guard(console.print))
        verdict = "holds" if status == OK else "is broken"
        console.print(f"guard {verdict}: {GUARD:g} × tuned Bolt's answers a second to one client")
        sys.exit(status)
    about = facts()
    plan = Plan(rounds=rounds, load_seconds=seconds, burst=burst)
    figures = uvloop.run(measure(plan, Console(stderr=True).print))
    show(figures, about, console)
    if file is not None:
        file.write_text(json.dumps(as_json(figures, about), indent=1) + "\n")
    unsteady = too_noisy(figures.steadiness())
    if unsteady:
        console.print(f"Too noisy to tell: {', '.join(unsteady)}.", soft_wrap=True)
    sys.exit(figures.status(unsteady))


if __name__ == "__main__":
    main()
