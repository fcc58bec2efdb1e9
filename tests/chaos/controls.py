"""Negative controls: with one part left out of the bots, its row must fail, and in its own way.

A row in which next to nothing works fails too, and shows nothing of the part that was left out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import click

from .account import Figures

# Parts without which matches are lost.
LOST = frozenset({"liveness", "reconciliation"})


@dataclass(frozen=True, slots=True)
class Control:
    """A part that is left out, and the row that must notice."""

    left_out: str
    row: str
    database: str

    def is_noticed(self, seen: Figures | AssertionError) -> bool:
        """Without some parts something is lost, without the others sent twice.

        Without the platform's clock the row itself finds that people's availability has ended.
        """
        if isinstance(seen, AssertionError):
            return self.left_out == "platform-clock"
        if self.left_out in LOST:
            return 0 < seen.sent < seen.made and seen.twice == 0
        return seen.twice > 0 and seen.sent > seen.made / 2


CONTROLS = (
    Control("history", "windows-at-slack", "sqlite"),
    Control("history", "dropped", "sqlite"),
    Control("fence", "stops-waiting", "postgresql"),
    Control("liveness", "newer-dies", "postgresql"),
    Control("reconciliation", "feed-restarts", "sqlite"),
    Control("reconciliation", "kills", "sqlite"),
    Control("partners", "lists", "sqlite"),
    Control("platform-clock", "hours-off", "sqlite"),
    # A worker whose lease ends meanwhile loses the matches that it could not store.
    Control("reconciliation", "database-read-only", "postgresql"),
    Control("history", "snoozes", "sqlite"),
    Control("history", "declines", "sqlite"),
    Control("history", "still-there", "sqlite"),
    Control("history", "reminders", "sqlite"),
    Control("history", "recaps", "sqlite"),
    Control("post-claim", "swaps", "sqlite"),
)

Carry = Callable[[Control], Awaitable[Figures | AssertionError]]


async def all_fail(carry_out: Carry) -> bool:
    """Whether each row fails as it should; `carry_out` brings its figures."""
    noticed = True
    for control in CONTROLS:
        click.echo(f"\nWithout {control.left_out}, `{control.row}` must fail:\n")
        seen = control.is_noticed(await carry_out(control))
        click.echo("\nIt did." if seen else "\nNot as it should: the row proves nothing.")
        noticed = noticed and seen
    return noticed
