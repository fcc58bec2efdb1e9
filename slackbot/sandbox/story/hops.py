"""How long each hop took, by the times that the sandbox noted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from slackbot.sandbox.accelevents.outbox import SentEvent
from slackbot.sandbox.slack import BotResponse, ScreenItem


@dataclass(frozen=True)
class Row:
    """One kind of hop; times in milliseconds."""

    hop: str
    count: int
    median: float
    longest: float


@dataclass
class Hops:
    """Seconds of every hop of the story."""

    commands: list[float] = field(default_factory=list)
    buttons: list[float] = field(default_factory=list)
    matches: list[float] = field(default_factory=list)

    def command(self, answer: BotResponse) -> None:
        """From a command to the bot's first answer."""
        self.commands.append(answer.seconds)

    def button(self, pressed_at: float, answered: ScreenItem) -> None:
        """From pressing (Unix seconds) to the edit of the message that the button stood in."""
        self.buttons.append(float(answered.raw["edited"]["ts"]) - pressed_at)

    def match(self, sent: SentEvent, told: ScreenItem) -> None:
        """From the socket event to the direct message, whose id is when Slack took it."""
        to_unix = time.time() - time.monotonic()
        self.matches.append(float(told.id) - (sent.at + to_unix))

    def rows(self) -> Iterator[Row]:
        """One row for each kind."""
        kinds = {
            "command typed → first answer": self.commands,
            "button pressed → answer in its place": self.buttons,
            "match sent by Accelevents → direct message accepted by Slack": self.matches,
        }
        for hop, seconds in kinds.items():
            middle, longest = statistics.median(seconds), max(seconds)
            yield Row(hop, len(seconds), middle * 1000, longest * 1000)
