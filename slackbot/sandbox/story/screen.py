"""The terminal: chapters, what people do, what they see, and how it ended."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.slack.mrkdwn import Reader
from slackbot.sandbox.story.drawing import PROBLEM, SMALL, button, lines_of, place_of
from slackbot.sandbox.story.hops import Row

WIDTH = 100


def _console() -> Console:
    """The same width everywhere, colours only in a terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    terminal = sys.stdout.isatty()
    return Console(width=WIDTH, force_terminal=terminal, highlight=False, emoji=False, markup=False)


class Screen:
    """Draws the story as it goes."""

    def __init__(self) -> None:
        self.step = "the start"
        self._console = _console()
        self._chapters = 0

    def opening(self) -> None:
        """How to read what follows."""
        main, other = button("main button", main=True), button("another")
        self._print(Text("Two people, one mission: a match while they work in Slack.", "bold"))
        self._print(Text.assemble("Buttons: ", main, " ", other, "   ", ("· small print", SMALL)))

    def chapter(self, title: str) -> None:
        """A new step of the story."""
        self._chapters += 1
        self.step = f"{self._chapters} {title}"
        self._print(Text())
        self._console.rule(Text(self.step, "bold cyan"), align="left", style="cyan")

    def act(self, who: str, does: str, what: Text | str = "") -> None:
        """What somebody does."""
        self._print(Text.assemble("→ ", (who, "bold"), f" {does}  ", what))

    def meanwhile(self, happening: str) -> None:
        """What happens elsewhere."""
        self._print(Text(f"~ {happening}", "italic"))

    def shows(self, who: str, seen: ScreenItem, reader: Reader, *, in_place: bool = False) -> None:
        """One message, modal or form sent back, as this person sees it."""
        edited = ", in place of what stood there" if in_place else ""
        self._print(Text.assemble("┌ ", (who, "bold"), f" sees: {place_of(seen)}{edited}"))
        for line in lines_of(seen, reader):
            # Open at the right, so that a longer number or time moves nothing.
            for part in line.wrap(self._console, WIDTH - 2):
                part.rstrip()
                self._print(Text.assemble("│ ", part))

    def hops(self, rows: Iterable[Row]) -> None:
        """The table at the end."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("hop", width=60)
        for name in ("count", "median", "longest"):
            table.add_column(name, justify="right", width=9)
        for row in rows:
            times = (f"{row.median:.0f} ms", f"{row.longest:.0f} ms")
            table.add_row(row.hop, str(row.count), *times)
        self._print(table)

    def done(self) -> None:
        """Every step happened."""
        self._print(Text("Every step happened.", "bold green"))

    def failed(self, why: str, log: str) -> None:
        """Which step did not happen, why, and the end of the bot's log."""
        first, _, rest = why.partition("\n")
        self.plain(f"\nThe story stopped in “{self.step}”: {first}", PROBLEM)
        for more in (rest, f"The bot's last words:\n{log}" if log else ""):
            if more:
                self.plain(more)

    def plain(self, text: str, style: str | None = None) -> None:
        """Text to be copied or searched: not wrapped."""
        self._console.print(text, style=style, soft_wrap=True)
        self._console.file.flush()

    def _print(self, drawn: Text | Table) -> None:
        self._console.print(drawn)
        self._console.file.flush()
