"""The whole way: matched in Slack, through the button, in the call, and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from slackbot.slack import texts
from tests.browser.chromium import TIMEOUT, Tab
from tests.browser.harness import (
    ADA,
    IN_CALL,
    NAMES,
    PARTNER_SEEN,
    PREVIEW,
    PRIYA,
    Harness,
    ended_because,
)
from tests.browser.timings import TIMINGS

LISTENING = 1.5  # seconds; the fake microphone beeps more often
SILENCE = 1e-3  # audio energy; a beep has a hundred times as much
PARTNER_MUTED = "document.querySelector('.remote .muted').checkVisibility()"


async def run_through(
    harness: Harness,
    *,
    links: Mapping[str, str] | None = None,
    seconds: Mapping[str, float] | None = None,
) -> None:
    """Follow both buttons, meet, and leave; fail at the first step that does not happen.

    `seconds` overrides the timeout of a step: lobby, join, picture or mute.
    """
    links = links or {name: await harness.follow(name) for name in NAMES}
    limit = dict.fromkeys(("lobby", "join", "picture", "mute"), TIMEOUT) | dict(seconds or {})
    ada = await _lobby(harness, links[ADA], NAMES[PRIYA], limit["lobby"])
    priya = await _lobby(harness, links[PRIYA], NAMES[ADA], limit["lobby"])
    await _join(ada, limit["join"])
    began = await _join(priya, limit["join"])
    await priya.until(PARTNER_SEEN, limit["picture"])
    TIMINGS.add("Join → partner's video", time.monotonic() - began)
    await ada.until(PARTNER_SEEN, limit["picture"])
    for tab in (ada, priya):
        await tab.until_media_flows()
    await _mute(harness, ada, priya, limit["mute"])
    await _leave(harness, ada, priya)
    for tab in (ada, priya):
        assert tab.violations == []


async def _lobby(harness: Harness, link: str, partner: str, within: float) -> Tab:
    began = time.monotonic()
    tab = await harness.browsers.open(link)
    await tab.until(PREVIEW, within)
    TIMINGS.add("click → lobby with live preview", time.monotonic() - began)
    assert await tab.text("#title") == partner
    return tab


async def _join(tab: Tab, within: float) -> float:
    began = time.monotonic()
    await tab.page.click("#join")
    await tab.until(IN_CALL, within)
    TIMINGS.add("Join → audio started", time.monotonic() - began)
    return began


async def _mute(harness: Harness, ada: Tab, priya: Tab, within: float) -> None:
    """Mute Ada: Priya sees it and hears nothing. Unmute her: Priya hears her again."""
    await ada.page.click("#mic")
    assert await ada.page.get_attribute("#mic", "aria-pressed") == "false"
    await priya.until(PARTNER_MUTED, within)
    assert harness.participant(ADA).muted
    began = time.monotonic()
    while await _audio_energy_in(priya, LISTENING) > SILENCE:  # frames in flight
        assert time.monotonic() - began < within, "a muted microphone is heard"
    await ada.page.click("#mic")
    await priya.until(f"!({PARTNER_MUTED})", within)
    await priya.until_media_flows(within)


async def _audio_energy_in(tab: Tab, seconds: float) -> float:
    before = (await tab.media()).energy
    await asyncio.sleep(seconds)
    return (await tab.media()).energy - before


async def _leave(harness: Harness, ada: Tab, priya: Tab) -> None:
    """Priya leaves, and Ada sees it; Ada leaves; neither stays connected."""
    await priya.page.click("#leave")
    await priya.until(ended_because("left"))
    await ada.until("document.body.dataset.partner === 'left'")
    await ada.page.click("#leave")
    await ada.until(ended_because("left"))
    for name in NAMES:
        assert harness.participant(name).received.count("JOIN") == 1  # nobody had to reconnect
        await harness.wait_until_left(name)


async def assert_round_over(harness: Harness, round_seconds: float) -> None:
    """Check that after the round the same message says so and offers no call any more."""
    for name in NAMES:
        message = harness.messages[name]
        over = await harness.mission.person(name).waits_for(
            lambda item, sent=message: item.id == sent.id and texts.ROUND_OVER in item.text,
            timeout=round_seconds + TIMEOUT,
        )
        labels = [button.text for button in over.buttons]
        assert not {texts.BUTTON_CALL, texts.BUTTON_NEW_LINK} & set(labels)
        assert all("/call/" not in (button.url or "") for button in over.buttons)
