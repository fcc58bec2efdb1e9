"""The playground in a real browser: two people, by clicking only what a person sees.

`REPEAT=10` plays the mission ten times.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from slackbot.sandbox.playground.desk import ROUNDS
from slackbot.sandbox.slack.mrkdwn import Reader, draw_mrkdwn
from tests.browser.chromium import LOOKS, WIDE, running_browsers
from tests.browser.clients import AGAIN, DESKTOP, TIMEOUT, Client, Desk, join_call, opened_page
from tests.browser.harness import OVER, PARTNER_HERE, PARTNER_SEEN
from tests.browser.requirements import AXE
from tests.browser.timings import TIMINGS
from tests.harness.playground import playground

if TYPE_CHECKING:
    from playwright.async_api import Page

STEPS_IN_ROUND = 8  # the time until a call is joined, in times of connecting and joining a session


@AGAIN
async def test_the_mission_is_played_by_clicking(time: int) -> None:
    """Two people connect, list, join, become available, are matched and talk, until it is over."""
    async with opened_page(calls=True) as page:
        ada, priya = Client(page, "ada"), Client(page, "priya")
        began = monotonic()
        await ada.types("/networking sessions")
        await ada.presses("Connect")
        await ada.connects()
        await ada.sees("Networking now")
        await ada.feed.locator(".button", has_text="Join").first.click()
        await ada.sees("You've joined")
        await ada.presses("I'm available")
        await ada.sees("You're available in")
        # The shortest round in which two people can come, on a busy machine too.
        needed = STEPS_IN_ROUND * (monotonic() - began)
        length = next((seconds for seconds in ROUNDS if seconds >= needed), ROUNDS[-1])
        await page.get_by_label("A round lasts").select_option(str(length))
        await priya.becomes_available()
        await ada.reads("You're matched with Priya Raman")
        await priya.reads("You're matched with Ada Example")
        tabs = [await person.opens_call() for person in (ada, priya)]
        await asyncio.gather(*(join_call(tab) for tab in tabs))
        for tab in tabs:
            await tab.until(PARTNER_HERE)
        for person in (ada, priya):
            await person.sees("Time's up", after=length)
        for tab in tabs:
            await tab.until(OVER)
        await ada.presses("Next person")
        await priya.presses("Pause")
    for answer in ada.answers + priya.answers:
        TIMINGS.add("playground: a click to its answer on the page", answer / 1000)


async def test_both_see_each_other_in_two_tabs() -> None:
    """The tabs that Join call opens really connect, in one browser."""
    async with opened_page(calls=True) as page:
        await page.get_by_label("A round lasts").select_option("300")
        people = Client(page, "ada"), Client(page, "priya")
        for person in people:
            await person.becomes_available()
        for person in people:
            await person.go("dm")
        tabs = [await person.opens_call() for person in people]
        for tab in tabs:
            await tab.page.bring_to_front()
            await join_call(tab)
        for tab in tabs:
            await tab.page.bring_to_front()
            await tab.until(PARTNER_SEEN)


async def test_a_question_is_asked_first() -> None:
    """Disconnect asks; the answer no changes nothing, the answer yes disconnects."""
    async with opened_page() as page:
        ada = Client(page, "ada")
        await ada.types("/networking connect")
        await ada.connects()
        await ada.sees("You're connected")
        await ada.go("home")
        for answer in ("Stay connected", "Disconnect"):
            await ada.feed.locator(".button", has_text="Disconnect").click()
            question = ada.pane.get_by_role("dialog", name="Disconnect?")
            await question.get_by_role("button", name=answer).click()
            await question.wait_for(state="detached")
        await ada.sees("First, connect your Accelevents account")


@pytest.mark.parametrize("look", LOOKS)
async def test_nothing_stands_in_the_way(look: str) -> None:
    """axe finds nothing in any look, with messages, a modal with an error, Home and the inbox."""
    options = LOOKS[look] | ({"viewport": DESKTOP} if LOOKS[look]["viewport"] == WIDE else {})
    async with opened_page(**options) as page:
        ada = Client(page, "ada")
        await ada.types("/networking sessions")
        await ada.presses("Connect")
        await ada.pane.get_by_role("dialog").get_by_label("Magic link").fill("hello")
        await ada.pane.locator("button[type=submit]").click()
        await ada.pane.locator(".field .error").wait_for()
        assert await violations(page) == []
        await ada.connects()
        await ada.sees("Networking now")
        assert await violations(page) == []
        for tab in ("home", "mail", "dm"):
            await ada.go(tab)
            assert await violations(page) == []
        for view in ("happens", "faults"):
            if await page.locator(f"[data-show={view}]").is_visible():
                await page.locator(f"[data-show={view}]").click()
                assert await violations(page) == []
        wide = await page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
        assert not wide


async def test_mrkdwn_is_drawn_as_slack_draws_it() -> None:
    """The page shows the text that the sandbox's reader reads, with marks only where they pair."""
    samples = [
        "*bold* _it_ ~gone~ `code *no*` and *a _b_ c*",
        "snake_case_name 2*3*4 * not bold * _a_b",
        "*\u200bno* \u200b*\u200bno\u200b*",
        "<https://a.example|a &amp; b> &lt;tag&gt; https://b.example/x?y=1",
        "<@U0ADA> <#C0GENERAL> <!here> <!subteam^S1|@team> <!date^0^{date_short} {time}|then>",
        "> quoted *line*\nplain\n```fenced <https://c.example> *x*```",
        ":rocket: :no-such-one: <script>alert(1)</script>",
    ]
    async with (
        playground(run=False) as (_, address),
        running_browsers() as browsers,
    ):
        page = await (await browsers.profile()).new_page()
        await page.goto(address)
        names = {"U0ADA": "ada", "C0GENERAL": "general"}
        shown = await page.evaluate(
            """async ([url, samples, names]) => {
              const { drawMrkdwn } = await import(url);
              const reader = { tz: 'Asia/Kolkata', names, follow() {} };
              return samples.map((text) => {
                const div = document.createElement('div');
                div.append(...drawMrkdwn(text, reader));
                div.querySelectorAll('br').forEach((br) => br.replaceWith('\\n'));
                div.querySelectorAll('blockquote').forEach((q) => q.prepend('▎ '));
                return div.textContent;
              });
            }""",
            [f"{address}mrkdwn.js", samples, names],
        )
    reader = Reader("Asia/Kolkata", 0.0, names)
    expected = [draw_mrkdwn(text, reader).replace(":rocket:", "🚀") for text in samples]
    assert [flat(text) for text in shown] == [flat(text) for text in expected]


def flat(text: str) -> str:
    """Return the text without line breaks, which a quotation ends by itself."""
    return text.replace("\n", "")


async def violations(page: Page) -> list[str]:
    """Return what axe finds."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]


async def test_the_keyboard_is_enough() -> None:
    """Suggestions, tabs and modals work with keys, and the focus returns to where it was."""
    async with opened_page() as page:
        ada = Client(page, "ada")
        box = ada.composer
        await box.press_sequentially("/net")
        for key in ("ArrowDown", "Enter"):
            await box.press(key)
        assert await box.input_value() == "/networking "
        await box.press_sequentially("conn")
        for key in ("ArrowDown", "Enter", "Enter"):
            await box.press(key)
        modal = ada.pane.get_by_role("dialog")
        await modal.wait_for()
        assert await modal.get_by_label("Magic link").evaluate("e => e === document.activeElement")
        await page.keyboard.press("Escape")
        await modal.wait_for(state="detached")
        assert await box.evaluate("e => e === document.activeElement")
        await ada.pane.locator("[data-tab=channel]").focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Enter")
        assert await ada.pane.locator("[data-tab=dm]").get_attribute("aria-selected") == "true"


# Records what a screen reader speaks by itself: news of live regions that it reaches.
_SPEECH = """() => {
  window.spoken = [];
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const element = target.closest ? target : target.parentElement;
      const region = element?.closest('[role=log], [role=status], [role=alert]');
      if (!region || region.closest('[inert], [hidden]')) continue;
      const news = region.matches('[role=log]') ? [...addedNodes] : [region];
      window.spoken.push(...news.map((node) => node.textContent));
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


async def speaks(page: Page, text: str) -> None:
    """Wait until a text is spoken."""
    async with asyncio.timeout(TIMEOUT / 1000):
        while text not in " ".join(await page.evaluate("() => window.spoken")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_happens_is_spoken() -> None:
    """A screen reader hears answers, notifications and the bot's state, with a form open too."""
    async with opened_page() as page:
        ada, priya = Client(page, "ada"), Client(page, "priya")
        await page.evaluate(_SPEECH)
        await ada.becomes_available()
        await speaks(page, "You're available in First Network Session")
        await ada.types("/networking connect")
        form = ada.pane.get_by_role("dialog")
        await form.get_by_role("button", name="Ask for a new e-mail").click()
        await speaks(page, "A new e-mail is here.")
        await priya.becomes_available()
        await speaks(page, "You're matched with Priya Raman")
        await speaks(page, "You're matched with Ada Example")
        await Desk(page).press("The bot restarts")
        await speaks(page, "The bot is starting")
        await speaks(page, "The bot is running")
