"""People at the clients of the playground's page, who see and click what is drawn there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import Browsers, Tab, running_browsers
from tests.browser.harness import IN_CALL, PREVIEW
from tests.harness.playground import playground

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Locator, Page

TIMEOUT = 30_000  # milliseconds
DESKTOP = {"width": 1440, "height": 900}
# `REPEAT=10` plays what is marked with it ten times in a row.
AGAIN = pytest.mark.parametrize("time", range(1, int(os.environ.get("REPEAT", "1")) + 1))
# Records when a pane last changed, so that the time from a click to its answer can be read.
_WATCH = """
window.changedAt = 0;
addEventListener('DOMContentLoaded', () => new MutationObserver((changes) => {
  if (changes.some((one) => one.addedNodes.length && one.target.closest?.('.feed, .layer')))
    window.changedAt ||= performance.now();
}).observe(document.body, { subtree: true, childList: true }));
addEventListener('click', () => {
  window.clickedAt = performance.now();
  window.changedAt = 0;
}, true);
"""


class Client:
    """One person's client on the page. `answers` has the milliseconds from clicks to answers."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.pane = page.locator(f"[data-person={name}]")
        self.answers: list[float] = []

    @property
    def feed(self) -> Locator:
        """The place that is shown."""
        return self.pane.locator("[role=tabpanel]:not([hidden])")

    @property
    def composer(self) -> Locator:
        """Where the person types; messages may have menus, which are comboboxes, too."""
        return self.feed.locator("input[role=combobox]")

    async def go(self, tab: str) -> None:
        """Choose a tab."""
        await self.pane.locator(f"[data-tab={tab}]").click()

    async def types(self, text: str) -> None:
        """Type into the composer that is shown, and press Enter."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def presses(self, label: str) -> None:
        """Press the last button with this label where the person looks, and time the answer."""
        await self.times(self.feed.locator(".button", has_text=label).last)

    async def times(self, target: Locator) -> None:
        """Click something, and time what appears in a client."""
        await target.scroll_into_view_if_needed()
        await target.click()
        spent = "() => window.changedAt ? window.changedAt - window.clickedAt : null"
        for _ in range(1000):
            if (milliseconds := await self.page.evaluate(spent)) is not None:
                self.answers.append(milliseconds)
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"no answer to {target}")

    async def sees(self, text: str, *, after: float = 0) -> None:
        """Wait until a text is shown where the person looks, about `after` seconds from now."""
        await self.feed.get_by_text(text).last.wait_for(timeout=1000 * after + TIMEOUT)

    async def counts(self, text: str) -> int:
        """Return how many messages with this text are shown where the person looks."""
        return await self.feed.locator("article", has_text=text).count()

    async def reads(self, text: str) -> None:
        """Wait for a notification with this text, and press it."""
        notification = self.pane.locator(".toast", has_text=text).get_by_role("button").first
        await notification.click(timeout=TIMEOUT)
        await self.sees(text)

    async def connects(self, *, again: bool = False) -> None:
        """Fill in the form that Connect opened from the inbox, with `again` from a new e-mail."""
        modal = self.pane.get_by_role("dialog")
        if again:
            await modal.get_by_role("button", name="Ask for a new e-mail").click()
            await self.pane.get_by_text("A new e-mail is here").wait_for(timeout=TIMEOUT)
        await modal.get_by_role("button", name="Paste magic link").click()
        await modal.locator("button[type=submit]").click()
        await modal.wait_for(state="detached", timeout=TIMEOUT)

    async def becomes_available(self) -> None:
        """Say it in one command, and connect when the answer asks for that."""
        await self.types("/networking available first network")
        await self.presses("Connect")
        await self.connects()

    async def opens_call(self) -> Tab:
        """Press Join call in the bot's messages, and return the tab that opens."""
        button = self.feed.locator(".button", has_text="Join call").last
        await button.wait_for(timeout=TIMEOUT)
        async with self.page.context.expect_page() as opening:
            await button.click()
        return Tab(await opening.value)


async def join_call(tab: Tab) -> None:
    """Get ready and join."""
    await tab.page.click("#enter")
    await tab.until(PREVIEW)
    await tab.page.click("#join")
    await tab.until(IN_CALL)


class Desk:
    """The desk of faults on the page, and the state of the bot above it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, title: str) -> None:
        """Press the button beside a fault's title."""
        row = self.page.locator(".faults li", has_text=title)
        await row.get_by_role("button").click()

    async def put_right(self) -> None:
        """Press the button of the fault that is broken, and wait until none is."""
        button = self.page.get_by_role("button", name="Put right")
        await button.click()
        await button.wait_for(state="detached", timeout=TIMEOUT)

    async def sees_bot(self, state: str) -> None:
        """Wait until the page says this about the bot."""
        await (
            self.page.get_by_role("status")
            .get_by_text(f"The bot is {state}")
            .wait_for(timeout=TIMEOUT)
        )


@asynccontextmanager
async def page_of(browsers: Browsers, address: str, **options: object) -> AsyncIterator[Page]:
    """Open the playground in a browser, with nothing in its console at the end."""
    context = await browsers.profile(**options)
    page = await context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # Chromium complains about every refusal, which the page answers with a sentence.
        if message.type in {"error", "warning"} and "status of 409" not in message.text:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    foreign: list[str] = []
    page.on("request", lambda r: foreign.append(r.url) if "//127.0.0.1:" not in r.url else 0)
    await page.add_init_script(_WATCH)
    await page.goto(address)
    await page.locator("body[data-bot=running]").wait_for()
    yield page
    assert complaints == []
    assert foreign == []
    await context.close()


@asynccontextmanager
async def opened_page(*, calls: bool = False, **options: object) -> AsyncIterator[Page]:
    """Start a playground of its own, and open its page as on a desktop."""
    async with (
        playground(calls=calls) as (_, address),
        running_browsers() as browsers,
        page_of(browsers, address, **({"viewport": DESKTOP} | options)) as page,
    ):
        yield page
