"""The story of two people, played one step at a time with their own clicks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from slackbot.sandbox.playground.cast import Cast
from slackbot.sandbox.playground.timeline import Timeline
from slackbot.sandbox.slack import Button, CannotDo, ScreenItem
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.story.environment import Environment
from slackbot.sandbox.story.match_demo import CREDENTIAL_FIELD, SESSION

PATIENCE: Final = 20.0  # seconds for what a step waits for


@dataclass(frozen=True)
class Step:
    """One step: a title, what to look at (a tab for each person), and its play."""

    title: str
    look: Mapping[str, str]
    play: Callable[[Stage], Awaitable[object]]


class Stage:
    """The two people of the story, and their usual moves."""

    def __init__(self, environment: Environment, cast: Cast, timeline: Timeline) -> None:
        self.platform = environment.platform
        self._slack = environment.slack
        self._cast = cast
        self._timeline = timeline

    async def types(self, name: str, command: str, answer: str) -> ScreenItem:
        """Type a command in the channel and wait for its answer."""
        user = self._slack.user(name)
        before = user.now
        self._timeline.begin(name, "types", command)
        self._timeline.answered(await user.types(command))
        return await user.waits_for(answer, where="#general", since=before, timeout=PATIENCE)

    async def opens_home(self, name: str, shown: str) -> ScreenItem:
        """Open the Home tab and wait for what it shows."""
        user = self._slack.user(name)
        self._timeline.begin(name, "opens", "Home")
        self._timeline.answered(await user.opens_home())
        return await user.waits_for(shown, where="home", timeout=PATIENCE)

    async def presses(self, name: str, label: str, answer: str, where: str | None = None) -> None:
        """Press the newest button with this label and wait for the answer."""
        user = self._slack.user(name)
        before = user.now
        surface = await user.waits_for(lambda item: _first(item, label) is not None, where=where)
        button = _first(surface, label)
        if button is None:
            raise CannotDo(f"There is no button {label!r}.")
        self._timeline.begin(name, "presses", label)
        self._timeline.answered(await user.clicks(surface, button))
        await user.waits_for(answer, since=before, timeout=PATIENCE)

    async def connects(self, name: str, answer: str) -> None:
        """Paste the magic link of a new ticket e-mail into the form, and submit it."""
        user = self._slack.user(name)
        before = user.now
        form = await user.waits_for("", where="modal")
        self._timeline.begin(name, "submits", form.title)
        response = await user.submits(form, {CREDENTIAL_FIELD: self._cast.write_to(name)})
        self._timeline.answered(response)
        await user.waits_for(answer, since=before, timeout=PATIENCE)

    async def sees(self, name: str, text: str) -> None:
        """Wait for a direct message."""
        await self._slack.user(name).waits_for(text, where="dm", timeout=PATIENCE)

    async def misses_match(self) -> None:
        """Make a match while no live connection is open, and let the connections return."""
        self._timeline.begin(None, "Live updates break off, and", "a match is made meanwhile")
        await self.platform.restart_sockets(60)
        async with asyncio.timeout(PATIENCE):
            await self.platform.disconnected("ada")
        await self.platform.pair("ada", "priya")
        await self.platform.restart_sockets(0)
        await self.sees("ada", "You were matched while I was offline")


def _first(item: ScreenItem, label: str) -> Button | None:
    """Return the first button with this label."""
    return next((button for button in item.buttons if button.text == label), None)


async def _both_matched(stage: Stage) -> None:
    await stage.types("priya", "/networking available first network", "")
    await stage.sees("ada", "You're matched with Priya Raman")
    await stage.sees("priya", "You're matched with Ada Example")


STEPS: Final = (
    Step(
        "Ada opens the app's Home and reads what it is for.",
        {"ada": "home"},
        lambda stage: stage.opens_home("ada", "Short one-to-one talks"),
    ),
    Step(
        "Ada asks in the channel which sessions are on. The bot asks to connect first.",
        {"ada": "channel"},
        lambda stage: stage.types("ada", "/networking sessions", "Then I'll do what you asked"),
    ),
    Step(
        "Ada presses Connect, and a form opens.",
        {"ada": "channel"},
        lambda stage: stage.presses("ada", "Connect", "", "#general"),
    ),
    Step(
        "Ada pastes the link from the ticket e-mail. The list that was asked for appears.",
        {"ada": "channel"},
        lambda stage: stage.connects("ada", "Networking now"),
    ),
    Step(
        "Ada joins the first session.",
        {"ada": "channel"},
        lambda stage: stage.presses("ada", "Join", f"You've joined {SESSION}", "#general"),
    ),
    Step(
        "Ada is available now, and goes back to work.",
        {"ada": "channel"},
        lambda stage: stage.presses("ada", "I'm available", "You're available in", "#general"),
    ),
    Step(
        "Priya says it all in one command.",
        {"priya": "channel"},
        lambda stage: stage.types("priya", "/networking join first network", "Then I'll do"),
    ),
    Step(
        "Priya presses Connect.",
        {"priya": "channel"},
        lambda stage: stage.presses("priya", "Connect", "", "#general"),
    ),
    Step(
        "Priya pastes the link, and the command goes on by itself.",
        {"priya": "channel"},
        lambda stage: stage.connects("priya", f"You've joined {SESSION}"),
    ),
    Step(
        "Priya is available too: Accelevents makes a match, and both have a message.",
        {"ada": "dm", "priya": "dm"},
        _both_matched,
    ),
    Step(
        "After the talk, Ada goes on to the next person.",
        {"ada": "dm"},
        lambda stage: stage.presses("ada", "Next person", "You were matched with", "dm"),
    ),
    Step(
        "Live updates break off, and a match is made meanwhile. The bot finds it in the list.",
        {"ada": "dm", "priya": "dm"},
        lambda stage: stage.misses_match(),
    ),
    Step(
        "Priya has had enough for today.",
        {"priya": "channel"},
        lambda stage: stage.types("priya", "/networking pause", ""),
    ),
)


class Story:
    """The steps played so far. A failed step is reported, and may be tried again."""

    def __init__(self, stage: Stage, changed: Callable[[], object]) -> None:
        self._stage = stage
        self._changed = changed
        self._played = 0
        self._playing = asyncio.Lock()
        self._problem = ""

    def as_json(self) -> Json:
        """Return the last step played, the next one, and the problem if it failed."""
        last = STEPS[self._played - 1] if self._played else None
        following = STEPS[self._played] if self._played < len(STEPS) else None
        shown = following if self._playing.locked() else last
        return {
            "number": self._played,
            "of": len(STEPS),
            "title": shown.title if shown else "",
            "look": dict(shown.look) if shown else {},
            "next": following.title if following else "",
            "playing": self._playing.locked(),
            "problem": self._problem,
        }

    async def play_next(self) -> None:
        """Play the next step; do nothing while one is being played, or after the last."""
        if self._playing.locked() or self._played == len(STEPS):
            return
        async with self._playing:
            self._problem = ""
            self._changed()
            try:
                await STEPS[self._played].play(self._stage)
                self._played += 1
            except (CannotDo, TimeoutError) as error:
                self._problem = str(error).partition("\n")[0] or "It took too long."
        self._changed()
