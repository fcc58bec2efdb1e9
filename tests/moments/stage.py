"""The stage of a scene: a running playground, whose page's requests its people send."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.playground.run import Run
from tests.harness.playground import Json, Page, opened, playground

CHANNEL: Final = "C0GENERAL"


@dataclass(frozen=True)
class Shown:
    """What a moment shows: an item on somebody's screen, in a tab of their client."""

    person: str
    item: Json
    tab: str


Play = Callable[["Stage"], Awaitable[Shown]]


@dataclass(frozen=True)
class Moment:
    """A moment: the name of its pictures, their caption, and its play."""

    name: str
    caption: str
    play: Play


@dataclass
class Scene:
    """Moments that are played one after the other in one playground. `calls` needs the call page.

    Add a moment with the decorator that `at` returns.
    """

    title: str
    calls: bool = False
    moments: list[Moment] = field(default_factory=list)

    def at(self, name: str) -> Callable[[Play], Play]:
        """Return the decorator of a moment's play, whose docstring is the caption."""

        def add(play: Play) -> Play:
            self.moments.append(Moment(name, inspect.getdoc(play) or "", play))
            return play

        return add

    @property
    def key(self) -> str:
        """The title as one word, for the id of a test."""
        return self.title.lower().replace(" ", "-")


class Stage:
    """The people of one scene and their moves. `address` is the page's, for a browser."""

    def __init__(self, page: Page, run: Run, address: str) -> None:
        self.page = page
        self.run = run
        self.address = address

    @property
    def platform(self) -> Accelevents:
        """The simulated Accelevents."""
        return self.run.platform

    async def sees(self, who: str, text: str, tab: str = "channel", since: int = -1) -> Shown:
        """Wait for an item with this text in a tab: channel, dm, home or modal; the newest.

        With `since`, it changed after that count of changes.
        """
        place = {"channel": CHANNEL, "dm": self.page.person(who)["dm"]}.get(tab, tab)

        def found() -> Json | None:
            items = [i for i in self.page.items.get(who, {}).values() if i["place"] == place]
            fitting = [i for i in items if i["changed"] > since and text in _words(i)]
            return max(fitting, key=lambda item: item["changed"], default=None)

        return Shown(who, await self.page.until(found), tab)

    async def types(self, who: str, command: str, answer: str) -> Shown:
        """Type a command in the channel, and wait for its answer."""
        before = self._count(who)
        await self.page.act(who, "type", text=command, place=CHANNEL)
        return await self.sees(who, answer, since=before)

    async def presses(self, shown: Shown, label: str, answer: str, tab: str = "") -> Shown:
        """Press a button of what is shown, and wait for the answer in a tab; default, its own."""
        before = self._count(shown.person)
        await self.page.press(shown.person, shown.item, label)
        return await self.sees(shown.person, answer, tab or shown.tab, since=before)

    async def opens(self, who: str, tab: str, text: str) -> Shown:
        """Open a tab of the app, home or dm, and wait for what it shows."""
        await self.page.act(who, "home", tab={"dm": "messages"}.get(tab, tab))
        return await self.sees(who, text, tab)

    async def submits(self, form: Shown, credential: str = "") -> None:
        """Submit the form of Connect, with the newest magic link unless another text is given."""
        link = self.page.person(form.person)["letters"][-1]["magic_link"]
        values = {"event": "demo", "credential": credential or link}
        await self.page.act(form.person, "submit", item=form.item["id"], values=values)

    async def connects(self, *people: str) -> None:
        """Connect people who are not connected yet."""
        for who in people:
            await self.page.act(who, "type", text="/networking connect", place=CHANNEL)
            await self.submits(await self.sees(who, "Magic link", "modal"))
            await self.sees(who, "You're connected")
            await self._closes_form(who)

    async def _closes_form(self, who: str) -> None:
        """Close the form of Connect, which stays open if Accelevents took long to answer.

        It may have closed by itself meanwhile, so a refusal is ignored.
        """
        for item in list(self.page.items[who].values()):
            if item["place"] == "modal":
                await self.page.post("act", person=who, do="close", item=item["id"])

    async def matches(self, *, seconds: int = 120) -> None:
        """Connect Ada and Priya and let them be matched, in a round of this length."""
        self.platform.knobs.round_seconds = seconds
        await self.connects("ada", "priya")
        for who in ("ada", "priya"):
            await self.types(who, "/networking available 11645", "in First Network Session")

    def _count(self, who: str) -> int:
        """Return the count of changes at which somebody's screen changed last."""
        items = self.page.items.get(who, {}).values()
        return max((item["changed"] for item in items), default=-1)


@asynccontextmanager
async def set_for(scene: Scene) -> AsyncIterator[Stage]:
    """Start a playground for a scene."""
    async with playground(calls=scene.calls) as (served, address), opened(address) as page:
        assert served.run is not None
        await page.until(lambda: page.state.get("bot") == "running")
        yield Stage(page, served.run, address)


def _words(item: Json) -> str:
    return json.dumps(item, ensure_ascii=False)


def outline(item: Json) -> list[str]:
    """Return the structure of a card: its blocks, with the labels of what can be pressed.

    Texts are left out, and a row of like blocks counts as one: sentences may be mended, and lists
    may grow, without new pictures.
    """
    buttons = [f"[{item[part]}]" for part in ("submit", "close") if item.get(part)]
    errors = [f"error at {block}" for block in item.get("errors") or ()]
    blocks = [kind for kind, _ in groupby(map(_block, item["blocks"]))]
    return [*blocks, *errors, *buttons]


def _block(block: Json) -> str:
    if block["type"] in {"rich_text", "header", "divider"}:
        return str(block["type"])
    inner = [block.get("accessory"), block.get("element"), *block.get("elements", ())]
    parts = [_element(element) for element in inner if element]
    return " ".join([str(block["type"]), *parts])


def _element(element: Json) -> str:
    options: Iterable[Json] = element.get("options", ())
    labels = [option["text"]["text"] for option in options]
    if isinstance(element.get("text"), dict):
        labels.insert(0, element["text"]["text"])
    elif element["type"] == "mrkdwn":
        return "text"
    style = f" {element['style']}" if "style" in element else ""
    return f"{element['type']}{style}" + (f" [{' | '.join(labels)}]" if labels else "")
