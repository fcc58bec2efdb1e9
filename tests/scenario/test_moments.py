"""The pictures of the documentation show the cards that the bot sends today."""

from __future__ import annotations

import json

import pytest

from tests.browser.requirements import missing
from tests.moments.gallery import CARDS, PAGE, pictures, text
from tests.moments.scenes import SCENES
from tests.moments.stage import Scene, outline, set_for

RETAKE = "The card has another structure than its picture: make pictures"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.key)
async def test_the_pictures_of_the_cards_are_current(scene: Scene) -> None:
    """Every card of a scene has the blocks and buttons that its picture shows."""
    if scene.calls and (reason := missing()):
        pytest.skip(reason)
    shown, pictured = {}, {}
    async with set_for(scene) as stage:
        for moment in scene.moments:
            shown[moment.name] = outline((await moment.play(stage)).item)
            pictured[moment.name] = json.loads((CARDS / f"{moment.name}.json").read_text("utf-8"))
    assert shown == pictured, RETAKE


def test_every_moment_has_its_pictures() -> None:
    """Each is there light and dark, none is left from before, and the page shows them all."""
    names = [moment.name for scene in SCENES for moment in scene.moments]
    assert len(names) == len(set(names))
    expected = {file for name in names for file in (f"{name}.json", *pictures(name))}
    assert {file.name for file in CARDS.iterdir()} == expected
    assert PAGE.read_text("utf-8") == text()
