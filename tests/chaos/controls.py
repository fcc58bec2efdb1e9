"""Negative controls: with one part left out of the bots, its row must fail, and in its own way.

A row in which next to nothing works fails too, and shows nothing of the part that was left out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import click

from .account import Figures


@dataclass(frozen=True, slots=True)
class Control:
    """A part that is left out, and the row that must notice."""

    left_out: str
    row: str
    database: str

    def is_noticed(self, figures: Figures) -> bool:
        """Without the list or liveness something is lost, without the others sent twice."""
        if self.left_out in {"liveness", "reconciliation"}:
            return 0 < figures.sent < figures.made and figures.twice == 0
        return figures.twice > 0 and figures.sent > figures.made / 2


CONTROLS = (
    Control("history", "windows-at-slack", "sqlite"),
    Control("history", "dropped", "sqlite"),
    Control("fence", "stops-waiting", "postgresql"),
    Control("liveness", "newer-dies", "postgresql"),
    Control("reconciliation", "feed-restarts", "sqlite"),
    Control("reconciliation", "kills", "sqlite"),
)

Carry = Callable[[Control], Awaitable[Figures]]


async def all_fail(carry_out: Carry) -> bool:
    """Whether each row fails as it should; `carry_out` brings its figures."""
    noticed = True
    for control in CONTROLS:
        click.echo(f"\nWithout {control.left_out}, `{control.row}` must fail:\n")
        seen = control.is_noticed(await carry_out(control))
        click.echo("\nIt did." if seen else "\nNot as it should: the row proves nothing.")
        noticed = noticed and seen
    return noticed
