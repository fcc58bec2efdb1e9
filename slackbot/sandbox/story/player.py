"""One person in the demo: their actions in Slack and what they see are shown as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
from rich.text import Text

from slackbot.sandbox.slack import BotResponse, Button, CannotDo, ScreenItem, User
from slackbot.sandbox.slack.mrkdwn import Reader
from slackbot.sandbox.slack.rate_limits import CHANNEL_SECONDS
from slackbot.sandbox.story.rendering import button
from slackbot.sandbox.story.terminal import Terminal
from slackbot.sandbox.story.timings import Timings

GENERAL = "#general"


@dataclass(frozen=True)
class Player:
    """A person in the demo, who waits `patience` seconds for what they expect."""

    user: User
    terminal: Terminal
    timings: Timings
    patience: float

    @property
    def name(self) -> str:
        """The person's handle."""
        return self.user.member.name

    # Actions.

    async def types(self, command: str, answer: str) -> ScreenItem:
        """Send a slash command and wait for its answer in the channel."""
        before = self.user.now
        await self.sends(command)
        return await self.sees(answer, where=GENERAL, since=before)

    async def sends(self, command: str) -> None:
        """Send a slash command and record the time of the bot's first answer."""
        self.terminal.act(self.name, "types", Text(command, "cyan"))
        answer = _accepted(await self.user.types(command))
        self.timings.command(answer)

    async def writes(self, message: str, answer: str) -> ScreenItem:
        """Write a direct message to the bot and wait for its answer there."""
        before = self.user.now
        self.terminal.act(self.name, "writes to the bot", Text(message, "cyan"))
        _accepted(await self.user.types(message))
        return await self.sees(answer, where="dm", since=before)

    async def chooses_shortcut(self, callback_id: str, name: str, answer: str) -> ScreenItem:
        """Choose a global shortcut and wait for the answer in the direct messages."""
        before = self.user.now
        self.terminal.act(self.name, "chooses the shortcut", Text(name, "cyan"))
        _accepted(await self.user.uses_shortcut(callback_id))
        return await self.sees(answer, where="dm", since=before)

    async def opens_home(self, shown: str) -> ScreenItem:
        """Open the bot's Home tab and wait for what it shows."""
        before = self.user.now
        self.terminal.act(self.name, "opens the Home tab")
        _accepted(await self.user.opens_home())
        return await self.sees(shown, where="home", since=before)

    async def clicks(
        self, surface: ScreenItem, label: str, answer: str, *, beside: str = ""
    ) -> ScreenItem:
        """Press a button and wait for the answer that replaces its message.

        `beside` is the text above the button, if several have the same label.
        """
        before, began = self.user.now, self.user.slack.clock.now()
        await self._presses(surface, label, beside)
        item = await self.sees_in_place(surface, answer, since=before)
        self.timings.button(began, item)
        return item

    async def opens(self, surface: ScreenItem, label: str) -> ScreenItem:
        """Press a button and wait for the form that it opens."""
        before = self.user.now
        await self._presses(surface, label, "")
        return await self.sees("", where="modal", since=before)

    async def downloads(self, surface: ScreenItem, label: str, content: str) -> None:
        """Press a button that opens a file in the browser, and check what is in it."""
        pressed = await self._presses(surface, label, "")
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(pressed.url or "")
        if answer.status_code != 200 or content not in answer.text:
            raise CannotDo(f"the file has no “{content}”: HTTP status {answer.status_code}")
        name = answer.headers["content-disposition"].partition("filename=")[2]
        self.terminal.meanwhile(f"{self.name}'s browser saves {name}")

    async def _presses(self, surface: ScreenItem, label: str, beside: str) -> Button:
        pressed = _button(surface, label, beside)
        shown = button(pressed.text, main=pressed.style == "primary")
        at = f"  at “{beside}”" if beside else ""
        self.terminal.act(self.name, "presses", Text.assemble(shown, at))
        _accepted(await self.user.clicks(surface, pressed))
        return pressed

    async def submits(
        self, form: ScreenItem, values: Mapping[str, str], *, shown: Mapping[str, str]
    ) -> int:
        """Fill in a form and submit it; `shown` is displayed in place of secrets.

        Returns the count of changes before it, for `since` of what follows.
        """
        fields = "  ·  ".join(f"{label}: {shown.get(label, values[label])}" for label in values)
        self.terminal.act(self.name, "submits", fields)
        before = self.user.now
        _accepted(await self.user.submits(form, values))
        return before

    # Observations.

    async def sees(
        self, text: str, *, where: str, since: int = 0, patience: float | None = None
    ) -> ScreenItem:
        """Wait for a new item with this text."""

        def matches(item: ScreenItem) -> bool:
            return item.where == where and text in item.text

        item = await self._wait_for(matches, f"“{text}” in {where}", since, patience)
        self._show(item)
        return item

    async def sees_in_place(self, surface: ScreenItem, text: str, *, since: int) -> ScreenItem:
        """Wait until a message is replaced by one with this text."""

        def matches(item: ScreenItem) -> bool:
            return item.id == surface.id and text in item.text

        item = await self._wait_for(matches, f"“{text}” in place of a message", since)
        self._show(item, in_place=True)
        return item

    async def sees_refused(self, form: ScreenItem, sentence: str, *, since: int) -> None:
        """Wait until the form is refused with this error at one of its fields."""

        def matches(item: ScreenItem) -> bool:
            return item.id == form.id and sentence in item.errors.values()

        self._show(await self._wait_for(matches, f"“{sentence}” at a field", since))

    async def _wait_for(
        self,
        matches: Callable[[ScreenItem], bool],
        described: str,
        since: int,
        patience: float | None = None,
    ) -> ScreenItem:
        within = patience or self.patience
        try:
            return await self.user.waits_for(matches, since=since, timeout=within)
        except CannotDo as nothing:
            they_see = str(nothing).partition("\n")[2]
            raise CannotDo(
                f"{self.name} saw no {described} in {within:g} s, but:\n{they_see}"
            ) from None

    def _show(self, item: ScreenItem, *, in_place: bool = False) -> None:
        workspace, member = self.user.workspace, self.user.member
        names = {m.id: m.name for m in workspace.members.values()}
        reader = Reader(member.tz, self.user.slack.clock.now(), names)
        self.terminal.shows(self.name, item, reader, in_place=in_place)

    async def wait_for_rate_limit(self) -> None:
        """Wait until Slack accepts another message in their DM; its limit is one a second."""
        posted = [float(m.id) for m in await self.user.sees(where="dm")]
        since = self.user.slack.clock.now() - max(posted, default=0.0)
        await asyncio.sleep(max(0.0, CHANNEL_SECONDS - since))


def _accepted(answer: BotResponse) -> BotResponse:
    if not answer.ok:
        raise CannotDo(f"the bot's answer: {answer.error}, HTTP status {answer.status}")
    return answer


def _button(surface: ScreenItem, label: str, beside: str) -> Button:
    """Return the button with this label in the first row of buttons below the text `beside`."""
    below = not beside
    for block in surface.blocks:
        below = below or beside in str(block)
        for candidate in surface.buttons if below else ():
            if candidate.block_id == block["block_id"] and candidate.text == label:
                return candidate
    raise CannotDo(f"no button “{label}” {f'below “{beside}” ' if beside else ''}is there")
