"""Lobby, call and last screen by axe-core, light and dark, wide and narrow; and the keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.chromium import LOOKS, Tab
from tests.browser.harness import ADA, PARTNER_SEEN, PREVIEW, PRIYA, Harness, ended_because
from tests.browser.requirements import AXE

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLOWS_OVER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('button, select, #slack')]
  .filter((e) => e.checkVisibility() && (e.getBoundingClientRect().height < 44))
  .map((e) => e.id)"""


async def examine(tab: Tab) -> list[str]:
    """Return the problems that axe-core finds on the page, and those it does not check."""
    found: dict[str, Any] = await tab.page.evaluate(
        "(tags) => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", RULES
    )
    assert len(found["passes"]) > 5  # the rules were run
    problems = [
        f"{violation['id']}: {node['target']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    if await tab.page.evaluate(f"() => {FLOWS_OVER}"):
        problems.append("the page scrolls sideways")
    return problems + [f"less than 44 px: {i}" for i in await tab.page.evaluate(SMALL_TARGETS)]


async def in_every_look(tab: Tab, screen: str) -> list[str]:
    """Examine the page light and dark, wide and narrow."""
    problems = []
    for look, how in LOOKS.items():
        colours = how["color_scheme"]  # without motion, which would show colours in transition
        await tab.page.emulate_media(color_scheme=colours, reduced_motion="reduce")
        await tab.page.set_viewport_size(how["viewport"])
        problems += [f"{screen}, {look}: {problem}" for problem in await examine(tab)]
    return problems


async def test_everybody_can_use_it(harness: Harness) -> None:
    """No violation at the entrance, in lobby and call, the list of devices and the end."""
    if not AXE.is_file():
        pytest.fail("axe-core is not installed (npm ci in slackbot/web/call/page)")
    await harness.match()
    tab = await harness.open(ADA, enter=False)
    await tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    await tab.until("document.body.dataset.state === 'entrance'")
    found = await in_every_look(tab, "entrance")
    await tab.page.click("#enter")
    await tab.until(PREVIEW)
    await tab.until("document.getElementById('level').value > 0.02")
    found += await in_every_look(tab, "lobby")
    await harness.join(PRIYA)
    await tab.page.click("#join")
    await tab.until(PARTNER_SEEN)
    found += await in_every_look(tab, "call")
    await tab.page.click("#devices")
    found += await in_every_look(tab, "devices")
    await tab.page.keyboard.press("Escape")
    await tab.page.click("#leave")
    await tab.until(ended_because("left"))
    found += await in_every_look(tab, "over")
    assert found == []


async def test_the_keyboard_is_enough(harness: Harness) -> None:
    """The keyboard alone reaches Join, the microphone and Leave."""
    await harness.match()
    tab = await harness.lobby(ADA)
    await _tab_to(tab, "join")
    await tab.page.keyboard.press("Enter")
    await tab.until("document.body.dataset.state === 'call'")
    assert await _focused(tab) == "heading"
    await _tab_to(tab, "mic")
    await tab.page.keyboard.press("Space")
    await tab.until("document.getElementById('mic').getAttribute('aria-pressed') === 'false'")
    await _tab_to(tab, "leave")
    await tab.page.keyboard.press("Enter")
    await tab.until(ended_because("left"))
    assert await _focused(tab) == "heading"


async def _focused(tab: Tab) -> str:
    return str(await tab.page.evaluate("() => document.activeElement?.id"))


async def _tab_to(tab: Tab, target: str) -> None:
    passed = []
    for _ in range(12):
        await tab.page.keyboard.press("Tab")
        passed.append(await _focused(tab))
        if passed[-1] == target:
            return
    raise AssertionError(f"Tab does not reach {target}: {passed}")
