"""The screenshots in docs/pictures, taken by `make pictures`; no other run changes a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import fake_camera
from tests.browser.chromium import LOOKS, Tab, running_browsers
from tests.browser.harness import ADA, IN_CALL, PARTNER_SEEN, PREVIEW, PRIYA, Harness, ended_because
from tests.browser.requirements import PICTURES

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


@pytest.mark.skipif(os.environ.get("PICTURES") != "1", reason="make pictures takes them")
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
