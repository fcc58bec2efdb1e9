"""The demo's output: chapters, what people do, what they see, and the outcome."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.slack.mrkdwn import Reader
from slackbot.sandbox.story.rendering import PROBLEM, SMALL, button, lines_of, place_of
from slackbot.sandbox.story.timings import Row

WIDTH = 100


def _console() -> Console:
    """Return a console of fixed width, with colours only in a terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    terminal = sys.stdout.isatty()
    return Console(width=WIDTH, force_terminal=terminal, highlight=False, emoji=False, markup=False)


class Terminal:
    """Prints the demo as it runs."""

    def __init__(self) -> None:
        self.step = "the start"
        self._console = _console()
        self._chapters = 0

    def opening(self) -> None:
        """Print where to click instead of reading, and the legend."""
        self._print(Text("To play this in your browser, by clicking: make playground", "dim"))
        main, other = button("main button", main=True), button("another")
        self._print(Text("Two people, one mission: a match while they work in Slack.", "bold"))
        self._print(Text.assemble("Buttons: ", main, " ", other, "   ", ("· small print", SMALL)))

    def chapter(self, title: str) -> None:
        """Start a new step."""
        self._chapters += 1
        self.step = f"{self._chapters} {title}"
        self._print(Text())
        self._console.rule(Text(self.step, "bold cyan"), align="left", style="cyan")

    def act(self, who: str, does: str, what: Text | str = "") -> None:
        """Print what somebody does."""
        self._print(Text.assemble("→ ", (who, "bold"), f" {does}  ", what))

    def meanwhile(self, happening: str) -> None:
        """Print what happens elsewhere."""
        self._print(Text(f"~ {happening}", "italic"))

    def shows(self, who: str, item: ScreenItem, reader: Reader, *, in_place: bool = False) -> None:
        """Print a message, modal or refused form as this person sees it."""
        edited = ", in place of what stood there" if in_place else ""
        self._print(Text.assemble("┌ ", (who, "bold"), f" sees: {place_of(item)}{edited}"))
        for line in lines_of(item, reader):
            # No frame at the right, so that a longer number or time shifts nothing.
            for part in line.wrap(self._console, WIDTH - 2):
                part.rstrip()
                self._print(Text.assemble("│ ", part))

    def timings(self, rows: Iterable[Row]) -> None:
        """Print the table at the end."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("hop", width=60)
        for name in ("count", "median", "longest"):
            table.add_column(name, justify="right", width=9)
        for row in rows:
            times = (f"{row.median:.0f} ms", f"{row.longest:.0f} ms")
            table.add_row(row.hop, str(row.count), *times)
        self._print(table)

    def done(self) -> None:
        """Print that every step happened."""
        self._print(Text("Every step happened.", "bold green"))

    def failed(self, reason: str, log: str) -> None:
        """Print the step that did not happen, the reason, and the end of the bot's log."""
        first, _, rest = reason.partition("\n")
        self.plain(f"\nThe story stopped in “{self.step}”: {first}", PROBLEM)
        for more in (rest, f"The bot's last words:\n{log}" if log else ""):
            if more:
                self.plain(more)

    def plain(self, text: str, style: str | None = None) -> None:
        """Print text without wrapping, to be copied or searched."""
        self._console.print(text, style=style, soft_wrap=True)
        self._console.file.flush()

    def _print(self, output: Text | Table) -> None:
        self._console.print(output)
        self._console.file.flush()
