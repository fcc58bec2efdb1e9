"""Negative controls: with one part left out of the bots, its row must fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Control:
    """A part that is left out, and the row that must notice."""

    left_out: str
    row: str
    database: str


CONTROLS = (
    Control("history", "windows-at-slack", "sqlite"),
    Control("history", "dropped", "sqlite"),
    Control("fence", "stops-waiting", "postgresql"),
    Control("reconciliation", "feed-restarts", "sqlite"),
    Control("reconciliation", "kills", "sqlite"),
)

Carry = Callable[[Control], Awaitable[bool]]


async def all_fail(carry_out: Carry) -> bool:
    """Whether each row fails; `carry_out` says whether the promise held."""
    noticed = True
    for control in CONTROLS:
        click.echo(f"\nWithout {control.left_out}, `{control.row}` must fail:\n")
        held = await carry_out(control)
        click.echo("\nIt did not: the row proves nothing." if held else "\nIt did.")
        noticed = noticed and not held
    return noticed
