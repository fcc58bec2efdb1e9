"""One person of the story: acts at their Slack client, and what they see is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.text import Text

from slackbot.sandbox.slack import BotResponse, Button, CannotDo, ScreenItem, User
from slackbot.sandbox.slack.mrkdwn import Reader
from slackbot.sandbox.slack.rate_limits import CHANNEL_SECONDS
from slackbot.sandbox.story.drawing import button
from slackbot.sandbox.story.hops import Hops
from slackbot.sandbox.story.screen import Screen

GENERAL = "#general"


@dataclass(frozen=True)
class Player:
    """`patience` is how many seconds they wait for what they expect."""

    person: User
    screen: Screen
    hops: Hops
    patience: float

    @property
    def name(self) -> str:
        """Their handle."""
        return self.person.member.name

    # --- acts

    async def types(self, command: str, answer: str) -> ScreenItem:
        """A slash command, and its answer in the channel."""
        before = self.person.now
        await self.sends(command)
        return await self.sees(answer, where=GENERAL, since=before)

    async def sends(self, command: str) -> None:
        """A slash command, up to the bot's first answer."""
        self.screen.act(self.name, "types", Text(command, "cyan"))
        answer = _taken(await self.person.types(command))
        self.hops.command(answer)

    async def clicks(
        self, surface: ScreenItem, label: str, answer: str, *, beside: str = ""
    ) -> ScreenItem:
        """A button whose answer comes in the place of what it stood in.

        `beside` is the text above it, where several buttons are called the same.
        """
        before, began = self.person.now, self.person.slack.clock.now()
        await self._presses(surface, label, beside)
        seen = await self.sees_in_place(surface, answer, since=before)
        self.hops.button(began, seen)
        return seen

    async def opens(self, surface: ScreenItem, label: str) -> ScreenItem:
        """A button that opens a form."""
        before = self.person.now
        await self._presses(surface, label, "")
        return await self.sees("", where="modal", since=before)

    async def _presses(self, surface: ScreenItem, label: str, beside: str) -> None:
        pressed = _button(surface, label, beside)
        drawn = button(pressed.text, main=pressed.style == "primary")
        at = f"  at “{beside}”" if beside else ""
        self.screen.act(self.name, "presses", Text.assemble(drawn, at))
        _taken(await self.person.clicks(surface, pressed))

    async def submits(
        self, form: ScreenItem, values: Mapping[str, str], *, shown: Mapping[str, str]
    ) -> int:
        """Fill in the form and send it; `shown` is drawn in the place of secrets.

        Returns the count of changes before it, to look for what follows.
        """
        drawn = "  ·  ".join(f"{label}: {shown.get(label, values[label])}" for label in values)
        self.screen.act(self.name, "submits", drawn)
        before = self.person.now
        _taken(await self.person.submits(form, values))
        return before

    # --- sight

    async def sees(
        self, text: str, *, where: str, since: int = 0, patience: float | None = None
    ) -> ScreenItem:
        """Wait for something new that holds this text."""

        def fits(seen: ScreenItem) -> bool:
            return seen.where == where and text in seen.text

        seen = await self._waits(fits, f"“{text}” in {where}", since, patience)
        self._draw(seen)
        return seen

    async def sees_in_place(self, surface: ScreenItem, text: str, *, since: int) -> ScreenItem:
        """Wait until a message holds this text instead of what it held."""

        def fits(seen: ScreenItem) -> bool:
            return seen.id == surface.id and text in seen.text

        seen = await self._waits(fits, f"“{text}” in place of a message", since)
        self._draw(seen, in_place=True)
        return seen

    async def sees_refused(self, form: ScreenItem, sentence: str, *, since: int) -> None:
        """Wait until the form comes back with this error at one of its fields."""

        def fits(seen: ScreenItem) -> bool:
            return seen.id == form.id and sentence in seen.errors.values()

        self._draw(await self._waits(fits, f"“{sentence}” at a field", since))

    async def _waits(
        self,
        fits: Callable[[ScreenItem], bool],
        described: str,
        since: int,
        patience: float | None = None,
    ) -> ScreenItem:
        within = patience or self.patience
        try:
            return await self.person.waits_for(fits, since=since, timeout=within)
        except CannotDo as nothing:
            they_see = str(nothing).partition("\n")[2]
            raise CannotDo(
                f"{self.name} saw no {described} in {within:g} s, but:\n{they_see}"
            ) from None

    def _draw(self, seen: ScreenItem, *, in_place: bool = False) -> None:
        workspace, member = self.person.workspace, self.person.member
        names = {m.id: m.name for m in workspace.members.values()}
        reader = Reader(member.tz, self.person.slack.clock.now(), names)
        self.screen.shows(self.name, seen, reader, in_place=in_place)

    async def lets_slack_rest(self) -> None:
        """Wait until Slack takes another message to their DM: it takes one a second."""
        world = self.person.slack
        posted = [float(m.id) for m in await self.person.sees(where="dm")]
        since = world.clock.now() - max(posted, default=0.0)
        await asyncio.sleep(max(0.0, CHANNEL_SECONDS - since))


def _taken(answer: BotResponse) -> BotResponse:
    if not answer.ok:
        raise CannotDo(f"the bot's answer: {answer.error}, HTTP status {answer.status}")
    return answer


def _button(surface: ScreenItem, label: str, beside: str) -> Button:
    """The button of this label, in the first row of buttons below the text `beside`."""
    below = not beside
    for block in surface.blocks:
        below = below or beside in str(block)
        for candidate in surface.buttons if below else ():
            if candidate.block_id == block["block_id"] and candidate.text == label:
                return candidate
    raise CannotDo(f"no button “{label}” {f'below “{beside}” ' if beside else ''}is there")
