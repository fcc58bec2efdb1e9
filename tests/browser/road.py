"""The whole road: matched in Slack, through the button, in the call, and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from slackbot.slack import texts as words
from tests.browser.chromium import PATIENCE, Tab
from tests.browser.evening import (
    ADA,
    IN_CALL,
    NAMES,
    PARTNER_SEEN,
    PREVIEW,
    PRIYA,
    Evening,
    because,
)
from tests.browser.figures import FIGURES

LISTENING = 1.5  # seconds; the microphone of the test beeps more often than that
DOWNTIME = 1e-3  # energy that is none: a beep has a hundred times as much
PARTNER_MUTED = "document.querySelector('.remote .muted').checkVisibility()"


async def walk(
    evening: Evening,
    *,
    links: Mapping[str, str] | None = None,
    seconds: Mapping[str, float] | None = None,
) -> None:
    """From the two buttons up to both having left; any step that does not come is an error.

    `seconds` has how long a step (lobby, join, picture, mute) may take where that is not the usual.
    """
    links = links or {name: await evening.follow(name) for name in NAMES}
    limit = dict.fromkeys(("lobby", "join", "picture", "mute"), PATIENCE) | dict(seconds or {})
    ada = await _lobby(evening, links[ADA], NAMES[PRIYA], limit["lobby"])
    priya = await _lobby(evening, links[PRIYA], NAMES[ADA], limit["lobby"])
    await _join(ada, limit["join"])
    began = await _join(priya, limit["join"])
    await priya.until(PARTNER_SEEN, limit["picture"])
    FIGURES.add("Join → partner's video", time.monotonic() - began)
    await ada.until(PARTNER_SEEN, limit["picture"])
    for tab in (ada, priya):
        await tab.until_media_flows()
    await _mute(evening, ada, priya, limit["mute"])
    await _leave(evening, ada, priya)
    for tab in (ada, priya):
        assert tab.violations == []


async def _lobby(evening: Evening, link: str, partner: str, patience: float) -> Tab:
    began = time.monotonic()
    tab = await evening.visitors.opens(link)
    await tab.until(PREVIEW, patience)
    FIGURES.add("click → lobby with live preview", time.monotonic() - began)
    assert await tab.text("#title") == partner
    return tab


async def _join(tab: Tab, patience: float) -> float:
    began = time.monotonic()
    await tab.page.click("#join")
    await tab.until(IN_CALL, patience)
    FIGURES.add("Join → audio started", time.monotonic() - began)
    return began


async def _mute(evening: Evening, ada: Tab, priya: Tab, patience: float) -> None:
    """Ada's microphone off: Priya is shown it and hears nothing; on again: she hears her."""
    await ada.page.click("#mic")
    assert await ada.page.get_attribute("#mic", "aria-pressed") == "false"
    await priya.until(PARTNER_MUTED, patience)
    assert evening.participant(ADA).muted
    began = time.monotonic()
    while await _heard_in(priya, LISTENING) > DOWNTIME:  # what was on its way
        assert time.monotonic() - began < patience, "a muted microphone is heard"
    await ada.page.click("#mic")
    await priya.until(f"!({PARTNER_MUTED})", patience)
    await priya.until_media_flows(patience)


async def _heard_in(tab: Tab, seconds: float) -> float:
    before = (await tab.media()).energy
    await asyncio.sleep(seconds)
    return (await tab.media()).energy - before


async def _leave(evening: Evening, ada: Tab, priya: Tab) -> None:
    """Priya leaves, and Ada is told; Ada leaves; nothing of them stays connected."""
    await priya.page.click("#leave")
    await priya.until(because("left"))
    await ada.until("document.body.dataset.partner === 'left'")
    await ada.page.click("#leave")
    await ada.until(because("left"))
    for name in NAMES:
        assert evening.participant(name).received.count("JOIN") == 1  # nobody had to come back
        await evening.goodbye(name)


async def is_over_in_slack(evening: Evening, lasts: float) -> None:
    """When the round has ended, the same message says so and offers no call any more.

    What the second face of a match shows besides is to be asserted here.
    """
    for name in NAMES:
        told = evening.told[name]
        over = await evening.mission.person(name).waits_for(
            lambda seen, told=told: seen.id == told.id and words.ROUND_OVER in seen.text,
            timeout=lasts + PATIENCE,
        )
        labels = [button.text for button in over.buttons]
        assert not {words.BUTTON_CALL, words.BUTTON_NEW_LINK} & set(labels)
        assert all("/call/" not in (button.url or "") for button in over.buttons)
