"""What people do in Slack, all at once, and the two answers to each: the first, and the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from slackbot.sandbox.slack import Answer, Person, Seen
from slackbot.slack import words
from tests.scenario.conftest import Mission

from .sender import Sender, sender_to, sending

SLACK_GIVES_UP_SECONDS = 2.9
"""Slack's own limit is three."""


@dataclass
class Input:
    """What one person does. `text` is a command; other kinds are as they are called."""

    person: Person
    kind: str
    text: str = ""
    before: int = 0
    first: Answer = field(default_factory=lambda: Answer(None, "", 0.0, "not sent"))
    replaced_after: float | None = None
    """Seconds from the first answer to a click until its message was replaced."""

    async def prepare(self) -> None:
        """Come to where it begins; none of this needs the platform."""
        if self.kind == "click":
            await self.person.types("/networking help")
        elif self.kind == "submission":
            await self.person.types("/networking connect")
            await self.person.waits_for("Your event", where="modal")

    async def act(self, sender: Sender, token: str, patience: float) -> None:
        """Do it, up to the first answer; for a click, up to the result."""
        person = sending(self.person, sender)
        self.before = person.now
        if self.kind == "click":
            await self._click(person, patience)
        elif self.kind == "home":
            self.first = await person.opens_home()
        elif self.kind == "submission":
            form = {"event": "demo", "credential": token}
            self.first = await person.submits(None, form)
        else:
            self.first = await person.types(self.text)

    async def _click(self, person: Person, patience: float) -> None:
        (card,) = await person.sees(where="#general")
        message = person.workspace.message(str(card.channel), card.id)
        assert message is not None
        self.first = await person.clicks(card, "sessions:")
        loop = asyncio.get_running_loop()
        answered = loop.time()
        async with asyncio.timeout(patience):
            while message.changed <= self.before:
                await person.world.changes.next().wait()
        self.replaced_after = loop.time() - answered

    async def result(self, patience: float) -> Seen:
        """What they see in the end."""
        return await self.person.waits_for(self._is_result, since=self.before, timeout=patience)

    def _is_result(self, seen: Seen) -> bool:
        if seen.error is not None or seen.kind == "home":
            return True
        if seen.kind == "modal":
            return "Checking with Accelevents" not in seen.text
        return seen.kind == "ephemeral" and words.ASKING not in seen.text


MIXED: list[Callable[[Person], Input]] = [
    lambda person: Input(person, "command", "/networking sessions"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking join 11645"),
    lambda person: Input(person, "home"),
    lambda person: Input(person, "command", "/networking"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking sessions mine"),
    lambda person: Input(person, "submission"),
]


def inputs_of(people: list[Person]) -> list[Input]:
    """One input each, of all kinds."""
    return [MIXED[n % len(MIXED)](person) for n, person in enumerate(people)]


async def all_at_once(mission: Mission, inputs: list[Input], patience: float) -> list[Seen]:
    """Everybody acts in the same moment; gives the results, for each of which there is patience."""
    parts = urlsplit(mission.bot_url)
    async with sender_to(str(parts.hostname), int(parts.port or 80), len(inputs)) as sender:
        tokens = [mission.platform.token_for(one.person.member.name) for one in inputs]
        await asyncio.gather(
            *(one.act(sender, token, patience) for one, token in zip(inputs, tokens, strict=True))
        )
    # One after the other: each waiting person would draw their screen at every change.
    return [await one.result(patience) for one in inputs]
