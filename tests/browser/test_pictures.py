"""The pictures in docs/pictures, taken anew by `make pictures`; no other run changes a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import portrait
from tests.browser.chromium import LOOKS, Tab, visitors
from tests.browser.evening import ADA, IN_CALL, PARTNER_SEEN, PREVIEW, PRIYA, Evening, because
from tests.browser.requirements import PICTURES

# Chromium's own devices are called by numbers, and its camera by the path of the film.
NAMED_DEVICES = """
const devices = navigator.mediaDevices;
const all = devices.enumerateDevices.bind(devices);
const names = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Speakers' };
devices.enumerateDevices = async () => (await all())
  .filter((device, at, list) => list.findIndex(({ kind }) => kind === device.kind) === at)
  .map(({ deviceId, groupId, kind, label }) =>
    ({ deviceId, groupId, kind, label: label && `${names[kind]} (built in)` }));
"""


async def _taken(tab: Tab, screen: str, look: str) -> Path:
    file = PICTURES / f"call-{screen}-{look}.png"
    await tab.page.screenshot(path=file)
    return file


@pytest.mark.skipif(os.environ.get("PICTURES") != "1", reason="make pictures takes them")
@pytest.mark.parametrize("look", ["light", "narrow-dark"])
async def test_the_three_screens_are_pictured(evening: Evening, look: str, tmp_path: Path) -> None:
    """Lobby, call and over as Ada sees them, with somebody in front of each camera."""
    PICTURES.mkdir(exist_ok=True)
    films = {who: portrait.draw(who, tmp_path / f"{who}.y4m") for who in (ADA, PRIYA)}
    await evening.match()
    async with visitors(films[ADA]) as hers, visitors(films[PRIYA]) as theirs:
        ada = await hers.opens(await evening.follow(ADA), script=NAMED_DEVICES, **LOOKS[look])
        await ada.until(PREVIEW)
        await ada.until("document.getElementById('level').value > 0.02")
        files = [await _taken(ada, "lobby", look)]
        priya = await theirs.opens(await evening.follow(PRIYA))
        for tab in (ada, priya):
            await tab.until(PREVIEW)
            await tab.page.click("#join")
            await tab.until(IN_CALL)
        await ada.until(PARTNER_SEEN)
        await ada.until_media_flows()  # the picture has become sharp
        files.append(await _taken(ada, "call", look))
        await ada.page.click("#leave")
        await ada.until(because("left"))
        files.append(await _taken(ada, "over", look))
    assert all(file.stat().st_size > 10_000 for file in files)
