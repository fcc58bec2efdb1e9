"""The duration of each hop, from the times that the sandbox recorded."""

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
class Timings:
    """Durations of every hop of the demo, in seconds."""

    commands: list[float] = field(default_factory=list)
    buttons: list[float] = field(default_factory=list)
    matches: list[float] = field(default_factory=list)

    def command(self, answer: BotResponse) -> None:
        """Record the time from a command to the bot's first answer."""
        self.commands.append(answer.seconds)

    def button(self, pressed_at: float, answered: ScreenItem) -> None:
        """Record the time from the press (Unix seconds) to the edit of the button's message."""
        self.buttons.append(float(answered.raw["edited"]["ts"]) - pressed_at)

    def match(self, sent: SentEvent, message: ScreenItem) -> None:
        """Record the time from the socket event to the message, whose id is its timestamp."""
        to_unix = time.time() - time.monotonic()
        self.matches.append(float(message.id) - (sent.at + to_unix))

    def rows(self) -> Iterator[Row]:
        """Yield a row for each kind of hop."""
        kinds = {
            "command typed → first answer": self.commands,
            "button pressed → answer in its place": self.buttons,
            "match sent by Accelevents → direct message accepted by Slack": self.matches,
        }
        for hop, seconds in kinds.items():
            middle, longest = statistics.median(seconds), max(seconds)
            yield Row(hop, len(seconds), middle * 1000, longest * 1000)
