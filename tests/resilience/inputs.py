"""What people do in Slack, all at once, and the two answers to each: the first, and the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from slackbot.sandbox.slack import BotResponse, ScreenItem, User
from slackbot.sandbox.slack.workspace import Message
from slackbot.slack import texts
from tests.scenario.conftest import Mission

from .sender import Sender, sender_to, sending

# Slack's own limit is three.
SLACK_GIVES_UP_SECONDS = 2.9


@dataclass
class Input:
    """What one person does. `text` is a command; other kinds are as they are called."""

    person: User
    kind: str
    text: str = ""
    before: int = 0
    first: BotResponse = field(default_factory=lambda: BotResponse(None, "", 0.0, "not sent"))
    # What is clicked in.
    message: Message | None = None
    answered_at: float = 0.0
    # When the message was seen to be replaced; both on `time.monotonic()`.
    replaced_at: float = 0.0

    @property
    def replaced_after(self) -> float:
        """Seconds from the first answer to a click until its message was replaced."""
        return self.replaced_at - self.answered_at

    async def prepare(self) -> None:
        """Come to where it begins; none of this needs the platform."""
        if self.kind == "click":
            await self.person.types("/networking help")
            (card,) = await self.person.sees(where="#general")
            self.message = self.person.workspace.message(str(card.channel), card.id)
        elif self.kind == "submission":
            await self.person.types("/networking connect")
            await self.person.waits_for("Event link", where="modal")

    async def act(self, sender: Sender, token: str) -> None:
        """Do it, up to the first answer."""
        person = sending(self.person, sender)
        self.before = person.now
        if self.kind == "click":
            (card,) = await person.sees(where="#general")
            self.first = await person.clicks(card, "sessions:")
        elif self.kind == "home":
            self.first = await person.opens_home()
        elif self.kind == "submission":
            form = {"event": "demo", "credential": token}
            self.first = await person.submits(None, form)
        else:
            self.first = await person.types(self.text)
        self.answered_at = person.line.answered_at

    @property
    def replaced(self) -> bool:
        """Whether the message that was clicked in has been replaced."""
        return self.message is not None and self.message.changed > self.before

    async def result(self, patience: float) -> ScreenItem:
        """What they see in the end."""
        return await self.person.waits_for(self._is_result, since=self.before, timeout=patience)

    def _is_result(self, seen: ScreenItem) -> bool:
        if seen.error is not None or seen.kind == "home":
            return True
        if seen.kind == "modal":
            return "checking with Accelevents" not in seen.text
        return seen.kind == "ephemeral" and texts.ASKING not in seen.text


MIXED: list[Callable[[User], Input]] = [
    lambda person: Input(person, "command", "/networking sessions"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking join 11645"),
    lambda person: Input(person, "home"),
    lambda person: Input(person, "command", "/networking"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking sessions mine"),
    lambda person: Input(person, "submission"),
]


# Commands and clicks alone; each asks the platform.
BUSY: list[Callable[[User], Input]] = [
    lambda person: Input(person, "command", "/networking sessions"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking join 11645"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking"),
    lambda person: Input(person, "click"),
    lambda person: Input(person, "command", "/networking sessions mine"),
    lambda person: Input(person, "click"),
]


def inputs_of(people: list[User], kinds: list[Callable[[User], Input]] = MIXED) -> list[Input]:
    """One input each, of all these kinds in turn."""
    return [kinds[n % len(kinds)](person) for n, person in enumerate(people)]


async def all_at_once(mission: Mission, inputs: list[Input], patience: float) -> list[ScreenItem]:
    """Everybody acts in the same moment; gives the results, for each of which there is patience."""
    parts = urlsplit(mission.bot_url)
    async with sender_to(str(parts.hostname), int(parts.port or 80), len(inputs)) as sender:
        tokens = [mission.platform.token_for(one.person.member.name) for one in inputs]
        acts = (one.act(sender, token) for one, token in zip(inputs, tokens, strict=True))
        clicks = [one for one in inputs if one.kind == "click"]
        await asyncio.gather(*acts, _note_replacements(clicks, patience))
    # One after the other: each waiting person would draw their screen at every change.
    return [await one.result(patience) for one in inputs]


async def _note_replacements(clicks: list[Input], patience: float) -> None:
    """Wait until all clicked messages have been replaced, and note when each was."""
    await asyncio.sleep(0)  # all have begun to act
    async with asyncio.timeout(patience):
        while clicks:
            bell = clicks[0].person.slack.changes.next()
            now = time.monotonic()
            for one in clicks:
                if one.replaced:
                    one.replaced_at = now
            clicks = [one for one in clicks if not one.replaced]
            if clicks:
                await bell.wait()
