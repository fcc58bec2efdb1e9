"""`python -m tests.mutants`: draw changes, try them, print who survived."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from .draw import Mutant, draw
from .targets import PACKAGES
from .trial import Copy, Outcome, Result

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
TARGET_PERCENT = 95
PIPED_WIDTH = 160


def equivalent() -> dict[str, str]:
    """Return the changes that change nothing that anybody could see, with the reason."""
    entries = tomllib.loads(EQUIVALENT.read_text())["mutant"]
    return {f"{one['path']}: {one['gone']} -> {one['came']}": one["why"] for one in entries}


async def attempt_all(drawn: Sequence[Mutant], workers: int, minutes: float) -> list[Result]:
    """Try them, as many at a time as there are workers, until the time is over."""
    left, done, known = list(reversed(drawn)), [], equivalent()
    deadline = time.monotonic() + 60 * minutes

    async def work(folder: Path) -> None:
        copy = Copy(ROOT, folder)
        while left and time.monotonic() < deadline:
            done.append(await copy.attempt(left.pop(), known))
            _tell(done[-1], len(done), len(drawn))

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        folders = [Path(folder, str(number)) for number in range(workers)]
        for one in folders:
            one.mkdir()
        async with asyncio.TaskGroup() as tasks:
            for one in folders:
                tasks.create_task(work(one))
    return done


def _tell(result: Result, number: int, drawn: int) -> None:
    mutant = result.mutant
    place = f"{mutant.path}:{mutant.line}"
    click.echo(
        f"{number}/{drawn} {result.outcome} {place} ({result.seconds:.0f} s) {result.by}", err=True
    )


def show(results: Sequence[Result], console: Console) -> bool:
    """Print the score by package and the survivors; return whether the target is reached."""
    table = Table(title="Mutants by package")
    for heading in ("package", "tried", "killed", "survived", "equivalent", "unclear", "score"):
        table.add_column(heading)
    counts = {
        name: Counter(r.outcome for r in results if r.mutant.package == name) for name in PACKAGES
    }
    counts["all"] = Counter(result.outcome for result in results)
    for name, count in counts.items():
        killed, survived = count[Outcome.KILLED], count[Outcome.SURVIVED]
        others = count[Outcome.EQUIVALENT], count[Outcome.UNCLEAR]
        numbers = (count.total(), killed, survived, *others)
        table.add_row(name, *map(str, numbers), f"{_percent(killed, survived):.1f} %")
    console.print(table)
    for result in sorted(results, key=lambda one: (one.mutant.path, one.mutant.line)):
        if result.outcome is not Outcome.KILLED:
            mutant, (gone, came) = result.mutant, result.change
            console.print(f"{result.outcome}: {mutant.path}:{mutant.line} ({mutant.operator})")
            console.print(f"  - {gone}\n  + {came}", markup=False, highlight=False)
            if result.by:
                console.print(f"  {result.by}", markup=False)
    total = counts["all"]
    return _percent(total[Outcome.KILLED], total[Outcome.SURVIVED]) >= TARGET_PERCENT


def _percent(killed: int, survived: int) -> float:
    return 100 * killed / (killed + survived) if killed + survived else 100.0


@click.command()
@click.option("--number", default=140, show_default=True, help="How many are drawn.")
@click.option("--seed", type=int, help="Of the drawing; without it the day's date.")
@click.option("--workers", default=2, show_default=True, help="How many are tried at a time.")
@click.option("--minutes", default=45.0, show_default=True, help="None is begun afterwards.")
@click.option("--only", default="", help="Only paths that contain this.")
def main(*, number: int, seed: int | None, workers: int, minutes: float, only: str) -> None:
    """Change the code in many places, one at a time, and see whether its tests notice.

    Exit status: 0, or 1 when fewer than 95 % of those that change something are noticed.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    seed = int(time.strftime("%Y%m%d")) if seed is None else seed
    drawn = [mutant for mutant in draw(ROOT, number, seed) if only in mutant.path]
    console.print(f"seed {seed}: {len(drawn)} mutants drawn")
    results = asyncio.run(attempt_all(drawn, workers, minutes))
    console.print(f"{len(results)} of {len(drawn)} tried")
    sys.exit(0 if show(results, console) else 1)


if __name__ == "__main__":
    main()
