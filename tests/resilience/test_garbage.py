"""A platform that answers garbage: everybody gets a sentence at once, and nothing breaks."""

from __future__ import annotations

import pytest

from slackbot.sandbox.slack import ScreenItem
from slackbot.slack import texts
from tests.scenario.conftest import Mission

# Bodies that cannot be read; a line that breaks is tried again, which takes its time.
GARBAGE = ["html", "truncated", "wrong_shape", "empty"]
COMMANDS = ["", " sessions", " sessions mine", " join 11645", " available 11645"]
DEFECT = texts.DEFECT.partition("*\n")[0].strip("*")
ALWAYS = 1000


@pytest.mark.parametrize("how", GARBAGE)
async def test_garbage_has_its_words(mission: Mission, how: str) -> None:
    """Commands, buttons and Home say what is wrong, until the platform is itself again."""
    ada = await mission.link("ada")
    card = await mission.ask(ada, "/networking help")
    mission.platform.broken(ALWAYS, how=how)
    for command in COMMANDS:
        answer = await mission.ask(ada, f"/networking{command}")
        assert "Accelevents" in answer.text
        assert DEFECT not in answer.text
    before = ada.now
    await ada.clicks(card, "sessions:")
    replaced = await ada.waits_for("Accelevents", where="#general", since=before)
    assert replaced.id == card.id
    await ada.opens_home()
    assert DEFECT not in (await ada.waits_for("Accelevents", where="home")).text
    await mission.platform.reset()
    assert "First Network Session" in (await mission.ask(ada, "/networking sessions")).text


@pytest.mark.parametrize("how", [*GARBAGE, "cut"])
async def test_the_form_says_it_at_its_field(
    mission: Mission, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """A submission meets garbage: an error in the form, which then goes through unchanged."""
    ada = mission.ada
    await ada.types("/networking connect")
    form = await ada.waits_for("Event link", where="modal")
    filled = {"event": "demo", "credential": mission.platform.token_for("ada")}
    mission.platform.broken(ALWAYS, how=how)
    before = ada.now
    await ada.submits(form, filled)

    def a_problem(seen: ScreenItem) -> bool:
        later = "Accelevents" in seen.text and "Event link" in seen.fields
        return bool(seen.errors) or later

    await ada.waits_for(a_problem, where="modal", since=before, timeout=20)
    await mission.platform.reset()
    await ada.submits(None, filled)
    await ada.waits_for("You're connected to demo")
    caplog.clear()  # the platform's server calls a line that it broke an error
