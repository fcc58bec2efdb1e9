"""Command answers: the whole bot (linked person, `/networking status`) beside Bolt alone."""

from __future__ import annotations

from dataclasses import dataclass

from .load import Question, Round, drive
from .stage import Stage

BOT, BARE, TUNED = "bot", "bare Bolt", "tuned Bolt"
PERSON = "ada"
WARM_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Side:
    """A server, and what to ask it."""

    name: str
    url: str
    expected: str

    def question(self, stage: Stage) -> Question:
        """Freshly signed: a signature is good for five minutes."""
        return stage.status_asked(PERSON, self.url, self.expected)


def sides(stage: Stage, bare_url: str, tuned_url: str) -> list[Side]:
    """Return what is compared; the bot must answer with the person's true status."""
    bot = Side(BOT, stage.bot_url, "not available")
    return [bot, Side(BARE, bare_url, "ok"), Side(TUNED, tuned_url, "ok")]


async def warm_up(stage: Stage, side: Side) -> None:
    """Let caches fill and first calls be over."""
    await drive(side.url, side.question(stage), clients=4, seconds=WARM_SECONDS)


async def answer_round(stage: Stage, side: Side, *, clients: int, seconds: float) -> Round:
    """One round of one side."""
    return await drive(side.url, side.question(stage), clients=clients, seconds=seconds)
