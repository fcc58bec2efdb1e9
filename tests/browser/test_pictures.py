"""The screenshots in docs/pictures, taken by `make pictures`; no other run changes a file."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import fake_camera
from tests.browser.chromium import LOOKS, Tab, running_browsers
from tests.browser.clients import opened_page, page_of
from tests.browser.harness import ADA, IN_CALL, PARTNER_SEEN, PREVIEW, PRIYA, Harness, ended_because
from tests.browser.requirements import PICTURES
from tests.moments.gallery import CARDS, pictures, write
from tests.moments.gallery import LOOKS as LOOKS_OF_CARDS
from tests.moments.scenes import SCENES
from tests.moments.stage import Scene, Shown, outline, set_for

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

# Chromium's fake devices are named by numbers, and its camera by the path of the video.
NAMED_DEVICES = """
const devices = navigator.mediaDevices;
const all = devices.enumerateDevices.bind(devices);
const names = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Speakers' };
devices.enumerateDevices = async () => (await all())
  .filter((device, i, list) => list.findIndex(({ kind }) => kind === device.kind) === i)
  .map(({ deviceId, groupId, kind, label }) =>
    ({ deviceId, groupId, kind, label: label && `${names[kind]} (built in)` }));
"""


async def _screenshot(tab: Tab, screen: str, look: str) -> Path:
    file = PICTURES / f"call-{screen}-{look}.png"
    await tab.page.screenshot(path=file)
    return file


TAKEN = pytest.mark.skipif(os.environ.get("PICTURES") != "1", reason="make pictures takes them")
TALL = {"width": 1440, "height": 1600}


@TAKEN
@pytest.mark.parametrize("look", ["light", "narrow-dark"])
async def test_the_three_screens_are_photographed(
    harness: Harness, look: str, tmp_path: Path
) -> None:
    """Lobby, call and last screen as Ada sees them, with somebody in front of each camera."""
    PICTURES.mkdir(exist_ok=True)
    videos = {who: fake_camera.draw(who, tmp_path / f"{who}.y4m") for who in (ADA, PRIYA)}
    await harness.match()
    async with running_browsers(videos[ADA]) as hers, running_browsers(videos[PRIYA]) as theirs:
        ada = await hers.open(await harness.follow(ADA), script=NAMED_DEVICES, **LOOKS[look])
        await ada.until(PREVIEW)
        await ada.until("document.getElementById('level').value > 0.02")
        files = [await _screenshot(ada, "lobby", look)]
        priya = await theirs.open(await harness.follow(PRIYA))
        for tab in (ada, priya):
            await tab.until(PREVIEW)
            await tab.page.click("#join")
            await tab.until(IN_CALL)
        await ada.until(PARTNER_SEEN)
        await ada.until_media_flows()  # the video has become sharp
        files.append(await _screenshot(ada, "call", look))
        await ada.page.click("#leave")
        await ada.until(ended_because("left"))
        files.append(await _screenshot(ada, "over", look))
    assert all(file.stat().st_size > 10_000 for file in files)


MATCHED = 10  # the step of the story after which both have a message of their match
# A place as tall as what is in it, so that nothing of a card is outside of the picture.
_GROWN = """(card) => {
  const grown = { overflow: 'visible', height: 'auto', maxHeight: 'none', flex: 'none' };
  const place = card.closest('.feed, .modal-body') ?? card.querySelector('.modal-body');
  for (let part = place; part && !part.matches('main'); part = part.parentElement)
    Object.assign(part.style, grown);
}"""


@TAKEN
@pytest.mark.parametrize("look", LOOKS_OF_CARDS)
async def test_the_playground_is_photographed(look: str) -> None:
    """Both people at the moment of their match, and what happened between them."""
    async with opened_page(calls=True, color_scheme=look) as page:
        following = page.locator("[data-story=next]")
        for step in range(1, MATCHED + 1):
            await following.click()
            await page.locator(".step", has_text=re.compile(rf"^{step} of")).wait_for()
            await page.locator("[data-story=next]:not([aria-busy])").wait_for()
        await page.get_by_text("You're matched with Ada Example").last.wait_for()
        await page.mouse.move(0, 0)
        await page.screenshot(path=PICTURES / f"playground-{look}.png")


@TAKEN
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.key)
async def test_the_cards_are_photographed(scene: Scene) -> None:
    """Every moment of a scene, light and dark, and its structure; then the page that shows them."""
    CARDS.mkdir(exist_ok=True)
    async with (
        set_for(scene) as stage,
        running_browsers() as browsers,
        page_of(browsers, stage.address, viewport=TALL, reduced_motion="reduce") as page,
    ):
        for moment in scene.moments:
            shown = await moment.play(stage)
            card = await _card(page, shown)
            for look, file in zip(LOOKS_OF_CARDS, pictures(moment.name), strict=True):
                await page.emulate_media(color_scheme=look, reduced_motion="reduce")
                await card.screenshot(path=CARDS / file)
            structure = json.dumps(outline(shown.item), indent=1, ensure_ascii=False)
            (CARDS / f"{moment.name}.json").write_text(structure + "\n", "utf-8")
    write()


async def _card(page: Page, shown: Shown) -> Locator:
    """Return the part of the page that shows a card, once it is there in full."""
    pane = page.locator(f"[data-person={shown.person}]")
    if shown.tab == "modal":
        card = pane.get_by_role("dialog")
    else:
        await pane.locator(f"[data-tab={shown.tab}]").evaluate("(tab) => tab.click()")
        key = "" if shown.tab == "home" else f' [data-key="{shown.item["key"]}"]'
        card = pane.locator(f"[role=tabpanel]:not([hidden]) .feed{key}")
    await card.wait_for()
    await page.mouse.move(0, 0)
    await card.evaluate(_GROWN)
    return card
