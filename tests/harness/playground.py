"""A page of the playground without a browser: its requests, and what its stream has shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from slackbot.sandbox.playground.access import Access
from slackbot.sandbox.playground.run import running
from slackbot.sandbox.playground.server import Playground
from slackbot.sandbox.serving import serving
from slackbot.sandbox.story.bot_process import COMMAND
from slackbot.slack.manifest import manifest

TOKEN = "a-token-of-the-test"
MANIFEST = manifest(None, "/networking")
SECONDS = 40.0  # for the bot to answer on a busy machine, and for a short round to end
Json = dict[str, Any]


class Page:
    """One open page. `state` has every part that the stream sent, `items` what people see."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.state: Json = {}
        self.items: dict[str, dict[str, Json]] = {}
        self._news = asyncio.Event()

    async def post(self, path: str, /, **given: object) -> httpx.Response:
        """Send one request as the page does."""
        origin = str(self.client.base_url).rsplit("/", 2)[0]
        return await self.client.post(path, json=given, headers={"origin": origin})

    async def act(self, person: str, do: str, **given: object) -> Json:
        """Let a person do something that the page accepts."""
        response = await self.post("act", person=person, do=do, **given)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    async def listen(self) -> None:
        """Read the stream until cancelled."""
        async with self.client.stream("GET", "events", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    self._take(json.loads(line.removeprefix("data: ")))

    def _take(self, news: Json) -> None:
        if news.get("fresh"):
            self.state, self.items = {}, {}
        self.state |= news
        for part, screen in news.items():
            if part.startswith("screen:"):
                items = self.items.setdefault(part.removeprefix("screen:"), {})
                items |= {item["key"]: item for item in screen["items"]}
                for gone in items.keys() - set(screen["order"]):
                    del items[gone]
        self._news.set()

    async def until(self, check: Callable[[], Any]) -> Any:
        """Wait until a condition on what was received holds, and return its value."""
        async with asyncio.timeout(SECONDS):
            while not (found := check()):
                self._news.clear()
                await self._news.wait()
        return found

    async def sees(self, person: str, text: str, place: str | None = None) -> Json:
        """Wait until a person has an item with this text; return the newest."""

        def found() -> Json | None:
            items = self.items.get(person, {}).values()
            fitting = [i for i in items if text in json.dumps(i, ensure_ascii=False)]
            fitting = [i for i in fitting if place in {None, i["place"]}]
            return max(fitting, key=lambda item: item["changed"], default=None)

        item: Json = await self.until(found)
        return item

    def person(self, name: str) -> Json:
        """Return what the page knows of somebody."""
        return next(person for person in self.state["people"] if person["name"] == name)

    async def press(self, person: str, item: Json, label: str) -> Json:
        """Press the first button with this label."""
        for block in item["blocks"]:
            for element in [*block.get("elements", ()), block.get("accessory") or {}]:
                is_button = element.get("type") == "button"
                if is_button and element["text"]["text"] == label:
                    where = {"block": block["block_id"], "action": element["action_id"]}
                    return await self.act(person, "press", item=item["id"], **where)
        raise AssertionError(f"no button {label!r} in {item['blocks']}")


@asynccontextmanager
async def playground(
    *, run: bool = True, calls: bool = False
) -> AsyncIterator[tuple[Playground, str]]:
    """Serve a playground, without a bot unless `run`; yield it and its address."""
    served = Playground(MANIFEST, "" if calls else "nobody needs calls here")
    async with serving(Access(served.routes(), TOKEN)) as url:
        if not run:
            yield served, f"{url}/{TOKEN}/"
            return
        async with running(COMMAND, calls=calls) as current:
            served.enter(current)
            try:
                yield served, f"{url}/{TOKEN}/"
            finally:
                served.enter(None)
                current.slack.changes.notify()


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Page]:
    """Open a page and listen to its stream."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=SECONDS) as client:
        page = Page(client)
        listening = asyncio.create_task(page.listen())
        try:
            yield page
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await listening
